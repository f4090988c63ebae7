package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

//go:embed assets templates
var embedded embed.FS

// page is what every template sees; Content is the page's own.
type page struct {
	Lang, OtherLang briefing.Language
	Words           words
	Title           string
	Description     string
	// Article is the date of the briefing that the page is about, if any.
	Article briefing.Date
	// Canonical is the page's absolute address, empty where the site does not
	// know its own.
	Canonical string
	// Picture is the absolute address of the picture that stands beside a
	// link to the page.
	Picture string
	// Operator says that there is a page for the operator.
	Operator bool
	// Here is the page's own address, without language.
	Here    *url.URL
	Query   string // of the search box
	Section string // of the navigation
	Content any
	// Body is the page's own part, which its template made of all this; the
	// layout stands around it.
	Body template.HTML
	// foreign is true where the page's language is not the site's.
	foreign bool
}

// Href is a link within the site that keeps the reader's language.
func (p page) Href(to string) string {
	if !p.foreign {
		return to
	}
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	q := u.Query()
	q.Set("lang", string(p.Lang))
	u.RawQuery = q.Encode()
	return u.String()
}

// PageHref is this page's address with another page number.
func (p page) PageHref(n int) string {
	u := *p.Here
	q := u.Query()
	q.Set("page", strconv.Itoa(n))
	u.RawQuery = q.Encode()
	return p.Href(u.String())
}

// Switch is the address of this page in the other language.
func (p page) Switch() string {
	u := *p.Here
	q := u.Query()
	q.Set("lang", string(p.OtherLang))
	u.RawQuery = q.Encode()
	return u.String()
}

// With is the page with other content, for templates inside it.
func (p page) With(content any) page {
	p.Content = content
	return p
}

// parsePages reads all templates: the layout once, and each page's own part.
func parsePages() (*template.Template, error) {
	t, err := template.New("layout.html").Funcs(functions()).ParseFS(embedded, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	return t, nil
}

// functions are what templates call. All text of digests passes clean.
func functions() template.FuncMap {
	return template.FuncMap{
		"clean":   bot.Clean,
		"link":    bot.SafeURL,
		"host":    bot.HostOf,
		"honest":  bot.Honest,
		"joined":  joined,
		"short":   plain,
		"mark":    mark,
		"nvd":     bot.NVD,
		"jvn":     bot.JVN,
		"termURL": termURL,
		"dayURL":  dayURL,
		"inc":     func(i int) int { return i + 1 },
		"level":   levelOf,
		// when is an instant in the zone of another one.
		"when":     func(t, zone time.Time) string { return t.In(zone.Location()).Format("2006-01-02 15:04") },
		"month":    monthOf,
		"monthURL": monthURL,
		"linked": func(text string, lang briefing.Language) []briefing.Span {
			return bot.LinkCVEs(briefing.Span{Text: text}, lang)
		},
	}
}

// dayURL is the page of a date, or of the place on it that an anchor names.
func dayURL(d briefing.Date, anchor string) string { return bot.PageURL("/", d, anchor) }

func termURL(term string) string { return "/terms/" + url.PathEscape(term) }

// newPage fills in what follows from the request.
func (s *Site) newPage(r *http.Request) page {
	p := page{Lang: s.language(r), Here: &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath}}
	p.OtherLang = briefing.English
	if p.Lang == briefing.English {
		p.OtherLang = briefing.Japanese
	}
	p.foreign = p.Lang != s.opts.Language
	p.Operator = s.operator != nil
	p.Words = wordsFor(p.Lang)
	kept := url.Values{}
	for _, name := range []string{"q", "month"} {
		if v := r.URL.Query().Get(name); v != "" {
			kept.Set(name, v)
		}
	}
	p.Here.RawQuery = kept.Encode()
	if s.opts.PublicURL != "" {
		if q := r.URL.Query(); !q.Has("q") && !q.Has("page") { // parts of lists are nobody's address
			p.Canonical = s.opts.PublicURL + p.Here.String()
		}
		p.Picture = s.opts.PublicURL + "/assets/card.png"
	}
	return p
}

// language is the one asked for with ?lang= if it is spoken here.
func (s *Site) language(r *http.Request) briefing.Language {
	switch l := briefing.Language(r.URL.Query().Get("lang")); l {
	case briefing.Japanese, briefing.English:
		return l
	}
	return s.opts.Language
}

// show fills in a page.
func (s *Site) show(name string, p page) (*answer, error) {
	return s.showAs(http.StatusOK, name, p)
}

func (s *Site) showAs(status int, name string, p page) (*answer, error) {
	a, err := s.fill(status, name, p)
	if err != nil {
		return nil, err
	}
	return a.pack(), nil
}

// fill fills in a page and leaves it as it is: a page that shows secrets
// beside what a reader sent must not be compressed.
func (s *Site) fill(status int, name string, p page) (*answer, error) {
	var body, whole bytes.Buffer
	if err := s.pages.ExecuteTemplate(&body, "page-"+name, p); err != nil {
		return nil, fmt.Errorf("fill in page %s: %w", name, err)
	}
	p.Body = template.HTML(body.String())
	if err := s.pages.Execute(&whole, p); err != nil {
		return nil, fmt.Errorf("fill in page %s: %w", name, err)
	}
	return newAnswer(status, "text/html; charset=utf-8", whole.Bytes()), nil
}

// hint is what a page without content says instead.
type hint struct {
	Hint string
	// Days are briefings that the reader may have looked for.
	Days []headline
}

// problem is the page of a failed request.
func (s *Site) problem(r *http.Request, status int) (*answer, error) {
	p := s.newPage(r)
	p.Canonical = ""
	p.Title, p.Content = p.Words.Sorry, hint{Hint: p.Words.Wrong}
	switch status {
	case http.StatusNotFound:
		p.Title, p.Content = p.Words.NotFound, hint{p.Words.NotFoundHint, s.instead(r)}
	case http.StatusBadRequest:
		p.Content = hint{Hint: p.Words.NotUnderstood}
	}
	return s.showAs(status, "problem", p)
}

// instead are the briefings around the date that an address names, or the
// newest ones.
func (s *Site) instead(r *http.Request) []headline {
	dates := s.opts.Library.Dates()
	if date, err := briefing.ParseDate(r.PathValue("date")); err == nil {
		dates = nearby(dates, date)
	}
	var days []headline
	for _, date := range dates[:min(len(dates), headlineStories)] {
		if h, err := s.headline(date); err == nil {
			days = append(days, h)
		}
	}
	return days
}

// base is the site's address, the request's where none is configured.
func (s *Site) base(r *http.Request) string {
	if s.opts.PublicURL != "" {
		return s.opts.PublicURL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host}).String()
}

// readFiles gives the embedded assets, ready to be sent.
func readFiles() (map[string]*answer, error) {
	kinds := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".svg": "image/svg+xml", ".png": "image/png",
	}
	files := map[string]*answer{}
	entries, err := embedded.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		content, err := embedded.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, err
		}
		a := newAnswer(http.StatusOK, kinds[path.Ext(e.Name())], content)
		if path.Ext(e.Name()) != ".png" {
			a.pack()
		}
		files[e.Name()] = a
	}
	return files, nil
}

func (s *Site) asset(r *http.Request) (*answer, error) {
	a, ok := s.files[r.PathValue("name")]
	if !ok {
		return nil, fmt.Errorf("asset: %w", briefing.ErrNotFound)
	}
	return a, nil
}
