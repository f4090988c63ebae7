package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

//go:embed assets templates
var embedded embed.FS

// pages are the templates by name, each with the layout around it.
type pages map[string]*template.Template

// page is what every template sees; Content is the page's own.
type page struct {
	Lang, OtherLang briefing.Language
	Words           words
	Title           string
	Description     string
	// Article is the date of the briefing that the page is about, if any.
	Article   briefing.Date
	Canonical string
	// Here is the page's own address, without language.
	Here    *url.URL
	Query   string // of the search box
	Section string // of the navigation
	Content any
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

func parsePages() (pages, error) {
	names, err := fs.Glob(embedded, "templates/page-*.html")
	if err != nil {
		return nil, err
	}
	all := pages{}
	for _, name := range names {
		t, err := template.New("layout.html").Funcs(functions()).ParseFS(embedded, "templates/layout.html", "templates/parts.html", name)
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		all[strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "page-"), ".html")] = t
	}
	return all, nil
}

// functions are what templates call. All text of digests passes clean.
func functions() template.FuncMap {
	return template.FuncMap{
		"clean":   bot.Clean,
		"link":    safeURL,
		"host":    hostOf,
		"short":   plain,
		"nvd":     bot.NVD,
		"jvn":     bot.JVN,
		"termURL": termURL,
		"dayURL":  dayURL,
		"inc":     func(i int) int { return i + 1 },
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
	p.Words = wordsFor(p.Lang)
	if q := r.URL.Query().Get("q"); q != "" {
		p.Here.RawQuery = url.Values{"q": {q}}.Encode()
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

// show writes a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, name string, p page) error {
	return s.showAs(w, r, http.StatusOK, name, p)
}

func (s *Site) showAs(w http.ResponseWriter, r *http.Request, status int, name string, p page) error {
	var b bytes.Buffer
	if err := s.pages[name].Execute(&b, p); err != nil {
		return fmt.Errorf("fill in page %s: %w", name, err)
	}
	send(w, r, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// problem is the page of a failed request.
func (s *Site) problem(w http.ResponseWriter, r *http.Request, status int) error {
	p := s.newPage(r)
	p.Title, p.Content = p.Words.Sorry, p.Words.Wrong
	switch status {
	case http.StatusNotFound:
		p.Title, p.Content = p.Words.NotFound, p.Words.NotFoundHint
	case http.StatusBadRequest:
		p.Title, p.Content = p.Words.Sorry, p.Words.NotUnderstood
	}
	return s.showAs(w, r, status, "problem", p)
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

// file is an embedded asset.
type file struct {
	kind    string
	content []byte
}

func readFiles() (map[string]file, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	files := map[string]file{}
	entries, err := embedded.ReadDir("assets")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		content, err := embedded.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, err
		}
		files[e.Name()] = file{kinds[path.Ext(e.Name())], content}
	}
	return files, nil
}

func (s *Site) asset(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.files[r.PathValue("name")]
	if !ok {
		return fmt.Errorf("asset: %w", briefing.ErrNotFound)
	}
	send(w, r, http.StatusOK, f.kind, f.content)
	return nil
}
