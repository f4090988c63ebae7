package bot

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cyberbrief/briefing"
)

// Layout lays a briefing out as a post: the parent is what everybody is to
// read, the thread below it is what those who want more find.
func Layout(b *briefing.Briefing) Post {
	l := layout{b: b, d: b.Digest, lang: b.Options.Language}
	l.numberDetails()
	thread := l.thread()
	return Post{
		Parent:      l.parent(thread),
		Thread:      thread,
		ThreadTitle: l.in("詳細: ", "Details: ") + l.d.Title,
		Language:    l.lang,
	}
}

// layout is one run of Layout.
type layout struct {
	b    *briefing.Briefing
	d    *briefing.Digest
	lang briefing.Language
	// number is the number under which the thread shows the heading that
	// stands at a line of the digest.
	number map[int]int
}

func (l *layout) in(ja, en string) string { return in(l.lang, ja, en) }

// in picks the words of a language; Japanese unless English is asked for.
func in(lang briefing.Language, ja, en string) string {
	if lang == briefing.English {
		return en
	}
	return ja
}

// numberDetails numbers what a key point can point to, in thread order.
func (l *layout) numberDetails() {
	l.number = map[int]int{}
	add := func(line int) { l.number[line] = len(l.number) + 1 }
	if l.b.Shows(briefing.PartStories) {
		for _, s := range l.d.Stories {
			add(s.Line)
		}
	}
	if l.b.Shows(briefing.PartDeepDive) {
		for _, s := range l.d.DeepDives {
			add(s.Line)
		}
	}
	if l.b.Shows(briefing.PartSections) {
		for _, s := range l.d.Sections {
			add(s.Line)
		}
	}
	// A story's other tellings are read at the story.
	for _, s := range l.d.Stories {
		for _, line := range s.Also {
			if n, ok := l.number[s.Line]; ok {
				l.number[line] = n
			}
		}
	}
}

func (l *layout) parent(thread Document) Document {
	doc := Document{
		Title{Text: l.d.Title, URL: l.page(0)},
		Note{Spans: plain(l.context())},
	}
	doc = append(doc, l.keyPoints()...)
	if len(l.d.CVEs) > 0 {
		doc = append(doc, l.cves())
	}
	doc = append(doc, l.earlier()...)
	doc = append(doc, l.terms()...)
	if len(thread) > 0 {
		doc = append(doc, Note{Spans: plain("🧵 " + l.contents())})
	}
	return doc
}

// context is the line under the title: date, size, edition.
func (l *layout) context() string {
	parts := []string{l.date(l.d.Date)}
	if n := len(l.d.Stories); n > 0 {
		parts = append(parts, fmt.Sprintf(l.in("ニュース %d 件", "%d stories"), n))
	}
	parts = append(parts, fmt.Sprintf(l.in("読了 約 %d 分", "%d min read"), l.b.ReadingMinutes))
	if !l.b.Revised.IsZero() {
		parts = append(parts, l.in("更新 ", "updated ")+l.b.Revised.Format("15:04"))
	}
	return strings.Join(parts, l.in(" ・ ", " · "))
}

var weekdaysJA = [...]string{"日", "月", "火", "水", "木", "金", "土"}

// date writes a date as people do.
func (l *layout) date(d briefing.Date) string {
	t := d.Time()
	if l.lang == briefing.English {
		return t.Format("Monday, 2 January 2006")
	}
	return fmt.Sprintf("%d年%d月%d日（%s）", t.Year(), t.Month(), t.Day(), weekdaysJA[t.Weekday()])
}

// keyPoints are the digest's own, or its headlines when it has none.
func (l *layout) keyPoints() Document {
	if len(l.d.KeyPoints) == 0 {
		return l.headlines()
	}
	var doc Document
	for i, k := range l.d.KeyPoints {
		doc = append(doc, ListItem{Marker: strconv.Itoa(i+1) + ".", Spans: l.spans(flatten(k.Text))})
		if refs := l.references(k); len(refs) > 0 {
			doc = append(doc, Note{Spans: refs})
		}
	}
	return doc
}

func (l *layout) headlines() Document {
	doc := Document{Heading{Level: 1, Text: l.in("見出し", "Headlines")}}
	for i, s := range l.d.Stories {
		doc = append(doc, ListItem{Marker: strconv.Itoa(i+1) + ".", Spans: []Span{{Text: s.Heading, URL: l.page(s.Line)}}})
	}
	return doc
}

// references are the links below a key point: where its story is told, and
// what it stands on.
func (l *layout) references(k briefing.KeyPoint) []Span {
	var spans []Span
	for _, d := range k.Details {
		switch n, shown := l.number[d.Line]; {
		case l.b.Options.PublicURL != "":
			spans = appendAfter(spans, " ・ ", Span{Text: l.in("詳細: ", "Details: ") + d.Heading, URL: l.page(d.Line)})
		case shown && !slices.ContainsFunc(spans, func(s Span) bool { return s.Text == l.pointer(n) }):
			spans = appendAfter(spans, " ・ ", Span{Text: l.pointer(n)})
		}
	}
	for _, s := range k.Sources {
		spans = appendAfter(spans, " ・ ", Span{Text: l.in("出典: ", "Source: ") + sourceTitle(s.Title, s.URL), URL: s.URL})
	}
	return spans
}

// pointer names a place in the thread by its number there.
func (l *layout) pointer(n int) string {
	return fmt.Sprintf(l.in("詳細 ▸ スレッドの %d", "Details ▸ thread, no. %d"), n)
}

func appendAfter(spans []Span, separator string, s Span) []Span {
	if len(spans) > 0 {
		spans = append(spans, Span{Text: separator})
	}
	return append(spans, s)
}

// sourceTitle is the title, or the host where there is none.
func sourceTitle(title, link string) string {
	if title != "" && title != link {
		return title
	}
	if u, err := url.Parse(link); err == nil && u.Host != "" {
		return u.Host
	}
	return cmp.Or(title, link)
}

// page is the address of a line of this digest on the bot's own pages, empty
// where there are none; line 0 is the top.
func (l *layout) page(line int) string { return PageURL(l.b.Options.PublicURL, l.d.Date, line) }

// PageURL is the address of a digest's page, or of the heading or key point
// at a line of it (0: the top); empty when base is.
func PageURL(base string, date briefing.Date, line int) string {
	if base == "" {
		return ""
	}
	u := strings.TrimSuffix(base, "/") + "/briefings/" + string(date)
	if line > 0 {
		u += "#s-" + strconv.Itoa(line)
	}
	return u
}

func (l *layout) cves() Block {
	spans := []Span{{Text: "🔎 "}}
	for i, id := range l.d.CVEs {
		if i > 0 {
			spans = append(spans, Span{Text: l.in("、", ", ")})
		}
		spans = append(spans, Span{Text: id, URL: NVD(id)})
		if l.lang != briefing.English {
			spans = append(spans, Span{Text: "（"}, Span{Text: "JVN", URL: JVN(id)}, Span{Text: "）"})
		}
	}
	return Note{Spans: spans}
}

// NVD is the page of a CVE ID in the National Vulnerability Database.
func NVD(id string) string { return "https://nvd.nist.gov/vuln/detail/" + url.PathEscape(id) }

// JVN is the search for a CVE ID in JVN iPedia, which is in Japanese and has
// its own numbers.
func JVN(id string) string {
	return "https://jvndb.jvn.jp/search/index.php?mode=_vulnerability_search_IA_VulnSearch&lang=ja&keyword=" + url.QueryEscape(id)
}

// earlier lists what the channel has not seen since its last post.
func (l *layout) earlier() Document {
	if len(l.b.Earlier) == 0 {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 2, Text: l.in("前回の投稿からのまとめ", "Since the last post")}}
	for _, h := range l.b.Earlier {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{
			{Text: string(h.Date) + " ", Strong: true},
			{Text: h.Title, URL: PageURL(l.b.Options.PublicURL, h.Date, 0)},
		}})
	}
	return doc
}

// terms offers the day's terms: a few as buttons, more as menus.
func (l *layout) terms() Document {
	lookUp := func(t string) Action { return Action{Command: "term", Argument: t} }
	terms := l.d.Glossary
	if len(terms) <= MaxButtons {
		var row Buttons
		for _, t := range terms {
			row = append(row, Button{Label: "📖 " + t.Term, Action: lookUp(t.Term)})
		}
		if len(row) == 0 {
			return nil
		}
		return Document{row}
	}
	var doc Document
	for chunk := range slices.Chunk(terms, MaxOptions) {
		menu := Menu{Placeholder: l.in("📖 用語を調べる", "📖 Look up a term"), Action: lookUp("")}
		for _, t := range chunk {
			menu.Options = append(menu.Options, Option{Label: t.Term, Value: t.Term})
		}
		doc = append(doc, menu)
	}
	return doc
}

// contents says in one line what the thread holds.
func (l *layout) contents() string {
	var parts []string
	add := func(p briefing.Part, n int, ja, en string) {
		if n > 0 && l.b.Shows(p) {
			parts = append(parts, fmt.Sprintf(l.in(ja, en), n))
		}
	}
	name := func(p briefing.Part, there bool, ja, en string) {
		if there && l.b.Shows(p) {
			parts = append(parts, l.in(ja, en))
		}
	}
	add(briefing.PartStories, len(l.d.Stories), "ニュース %d 件", "%d stories")
	name(briefing.PartDeepDive, len(l.d.DeepDives) > 0, "深掘り", "deep dive")
	name(briefing.PartOutlook, l.d.Outlook != nil, "今後の展望", "outlook")
	name(briefing.PartConclusion, l.d.Conclusion != nil, "結論", "conclusion")
	add(briefing.PartCitations, len(l.d.Citations), "引用 %d 件", "%d citations")
	return l.in("スレッド: ", "In the thread: ") + strings.Join(parts, l.in("・", ", "))
}

// thread is everything the channel wants to see below the parent.
func (l *layout) thread() Document {
	var doc Document
	section := ""
	for _, p := range briefing.Parts() {
		if !l.b.Shows(p) {
			continue
		}
		switch p {
		case briefing.PartStories:
			for _, s := range l.d.Stories {
				if s.Section != section && s.Section != "" {
					doc = append(doc, Heading{Level: 1, Text: s.Section})
				}
				section = s.Section
				doc = append(doc, l.story(s)...)
			}
		case briefing.PartDeepDive:
			doc = append(doc, l.sections(l.in("深掘り", "Deep dive"), l.d.DeepDives)...)
		case briefing.PartSections:
			doc = append(doc, l.sections(l.in("そのほか", "More"), l.d.Sections)...)
		case briefing.PartOutlook:
			doc = append(doc, l.passage(l.in("今後の展望", "Outlook"), l.d.Outlook)...)
		case briefing.PartConclusion:
			doc = append(doc, l.passage(l.in("結論", "Conclusion"), l.d.Conclusion)...)
		case briefing.PartCitations:
			doc = append(doc, l.citations()...)
		}
	}
	return doc
}

func (l *layout) story(s briefing.Story) Document {
	doc := Document{l.numbered(s.Line, s.Heading)}
	doc = append(doc, l.text(s.Text)...)
	if len(s.Text) == 0 {
		doc = append(doc, l.text(s.Short)...)
	}
	if len(s.Sources) > 0 {
		var spans []Span
		for _, c := range s.Sources {
			spans = appendAfter(spans, " ・ ", Span{Text: sourceTitle(c.Title, c.URL), URL: c.URL})
		}
		doc = append(doc, Note{Spans: append([]Span{{Text: l.in("出典: ", "Source: ")}}, spans...)})
	}
	return doc
}

// numbered is the heading that key points point at.
func (l *layout) numbered(line int, heading string) Heading {
	h := Heading{Level: 2, Text: heading, URL: l.page(line)}
	if n, ok := l.number[line]; ok {
		h.Text = strconv.Itoa(n) + ". " + heading
	}
	return h
}

func (l *layout) sections(group string, sections []briefing.Section) Document {
	if len(sections) == 0 {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: group}}
	for _, s := range sections {
		doc = append(doc, l.numbered(s.Line, s.Heading))
		doc = append(doc, l.text(s.Text)...)
	}
	return doc
}

func (l *layout) passage(heading string, p *briefing.Passage) Document {
	if p == nil {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: heading, URL: l.page(p.Line)}}
	return append(doc, l.text(p.Text)...)
}

func (l *layout) citations() Document {
	if len(l.d.Citations) == 0 {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: l.in("主要引用", "Citations")}}
	for _, c := range l.d.Citations {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: sourceTitle(c.Title, c.URL), URL: c.URL}}})
	}
	return doc
}

// text turns a digest's text into blocks of a document.
func (l *layout) text(t briefing.Text) Document {
	var doc Document
	for _, b := range t {
		spans := l.spans(b.Spans)
		switch b.Kind {
		case briefing.Heading:
			doc = append(doc, Heading{Level: 3, Text: plainText(spans)})
		case briefing.Item:
			doc = append(doc, ListItem{Level: b.Level, Marker: b.Marker(), Spans: spans})
		case briefing.Quote:
			doc = append(doc, QuoteText{Spans: spans})
		case briefing.Code:
			doc = append(doc, CodeText{Text: plainText(spans)})
		default:
			doc = append(doc, Prose{Spans: spans})
		}
	}
	return doc
}

// spans turns a digest's spans into a document's, with CVE IDs linked.
func (l *layout) spans(from []briefing.Span) []Span {
	var to []Span
	for _, s := range from {
		span := Span{Text: s.Text, URL: s.URL, Strong: s.Strong, Code: s.Code}
		if s.URL != "" || s.Code {
			to = append(to, span)
			continue
		}
		to = append(to, l.linkCVEs(span)...)
	}
	return to
}

var cveID = regexp.MustCompile(`CVE-\d{4}-\d{4,}`)

// linkCVEs parts a span around the CVE IDs in it.
func (l *layout) linkCVEs(s Span) []Span {
	link := NVD
	if l.lang != briefing.English {
		link = JVN
	}
	var out []Span
	end := 0
	piece := func(to int) {
		if end < to {
			out = append(out, Span{Text: s.Text[end:to], Strong: s.Strong})
		}
	}
	for _, at := range cveID.FindAllStringIndex(s.Text, -1) {
		piece(at[0])
		id := s.Text[at[0]:at[1]]
		out = append(out, Span{Text: id, URL: link(id), Strong: s.Strong})
		end = at[1]
	}
	piece(len(s.Text))
	return out
}

// flatten joins the blocks of a key point into one line of spans.
func flatten(t briefing.Text) []briefing.Span {
	var spans []briefing.Span
	for i, b := range t {
		if i > 0 {
			spans = append(spans, briefing.Span{Text: " "})
		}
		spans = append(spans, b.Spans...)
	}
	return spans
}

func plain(s string) []Span { return []Span{{Text: s}} }

// plainText is the text of spans without styles and addresses.
func plainText(spans []Span) string { return joined(spans) }

// localTime writes an instant for people in a zone.
func localTime(t time.Time, zone string) string {
	if loc, err := time.LoadLocation(zone); err == nil {
		t = t.In(loc)
	}
	return t.Format("2006-01-02 15:04")
}
