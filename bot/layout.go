package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cyberbrief/briefing"
)

// Layout lays a briefing out as a post: the parent is what everybody is to
// read, in ten seconds on a phone; the thread below it is what those who want
// more find.
func Layout(b *briefing.Briefing) Post {
	l := newLayout(b)
	thread := l.thread()
	return Post{
		Parent:      append(l.parent(thread), l.readMore()...),
		Thread:      thread,
		ThreadTitle: l.in("詳細: ", "Details: ") + l.d.Title,
		Language:    l.lang,
	}
}

// layout is one run of Layout.
type layout struct {
	b     *briefing.Briefing
	d     *briefing.Digest
	lang  briefing.Language
	watch *watch
	// number is the number under which the thread shows the heading that
	// stands at a line of the digest.
	number map[int]int
	// told is the line at which a story is told in full, by the lines of its
	// other tellings.
	told map[int]int
	// anchors are the places on the digest's page, by line.
	anchors briefing.Anchors
}

func newLayout(b *briefing.Briefing) *layout {
	l := &layout{b: b, d: b.Digest, lang: b.Options.Language, anchors: b.Digest.Anchors(), watch: newWatch(b.Options.WatchWords)}
	l.numberDetails()
	return l
}

func (l *layout) in(ja, en string) string { return in(l.lang, ja, en) }

// in picks the words of a language; Japanese unless English is asked for.
func in(lang briefing.Language, ja, en string) string {
	if lang == briefing.English {
		return en
	}
	return ja
}

// dot parts the things that stand in one line.
func (l *layout) dot() string { return l.in("・", " · ") }

// numberDetails numbers what a key point can point to, in thread order.
func (l *layout) numberDetails() {
	l.number, l.told = map[int]int{}, map[int]int{}
	add := func(p briefing.Part, line int) {
		if l.b.Shows(p) {
			l.number[line] = len(l.number) + 1
		}
	}
	for _, s := range l.d.Stories {
		add(briefing.PartStories, s.Line)
		for _, line := range s.Also {
			l.told[line] = s.Line
		}
	}
	for _, s := range l.d.DeepDives {
		add(briefing.PartDeepDive, s.Line)
	}
	for _, s := range l.d.Sections {
		add(briefing.PartSections, s.Line)
	}
}

func (l *layout) parent(thread Document) Document {
	points := l.keyPoints()
	doc := Document{
		Title{Text: l.d.Title, URL: l.page(0)},
		Note{Spans: plain(l.context())},
	}
	doc = append(doc, l.watched()...)
	doc = append(doc, points...)
	doc = append(doc, l.cves()...)
	doc = append(doc, l.earlier()...)
	doc = append(doc, l.terms()...)
	if len(thread) > 0 {
		doc = append(doc, Note{Spans: plain("🧵 " + l.contents())})
	}
	return doc
}

// context is the line under the title: date, size, edition.
func (l *layout) context() string {
	parts := []string{l.date(l.d.Date, l.d.Title)}
	if n := len(l.d.Stories); n > 0 {
		parts = append(parts, l.count(n, "ニュース %d 件", "%d story", "%d stories"))
	}
	parts = append(parts, fmt.Sprintf(l.in("約 %d 分で読めます", "%d min read"), l.b.ReadingMinutes))
	if !l.b.Revised.IsZero() {
		parts = append(parts, l.in("更新 ", "updated ")+l.b.Revised.Format("15:04"))
	}
	return strings.Join(parts, l.dot())
}

// count says how many; English tells one from many.
func (l *layout) count(n int, ja, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf(l.in(ja, many), n)
}

var weekdaysJA = [...]string{"日", "月", "火", "水", "木", "金", "土"}

// date writes a date as people do, without the year where the title beside
// it says the whole date already.
func (l *layout) date(d briefing.Date, title string) string {
	t := d.Time()
	if l.lang == briefing.English {
		return t.Format("Monday, 2 January 2006")
	}
	day := t.Format("2006年1月2日")
	if dated(title, d) {
		day = t.Format("1月2日")
	}
	return day + "（" + weekdaysJA[t.Weekday()] + "）"
}

// dated says whether a title names the date.
func dated(title string, d briefing.Date) bool {
	return strings.Contains(title, d.Time().Format("2006年1月2日")) || strings.Contains(title, string(d))
}

// keyPoints are the digest's own, or its headlines when it has none.
func (l *layout) keyPoints() Document {
	if len(l.d.KeyPoints) == 0 {
		return l.headlines()
	}
	var doc Document
	for i, k := range l.d.KeyPoints {
		spans, watched := l.marked(l.spans(flatten(k.Text)))
		if watched {
			spans = append(plain(watchMark), spans...)
		}
		doc = append(doc, ListItem{Marker: strconv.Itoa(i+1) + ".", Spans: spans})
		if refs := l.references(k); len(refs) > 0 {
			doc = append(doc, Note{Spans: refs})
		}
	}
	return doc
}

func (l *layout) headlines() Document {
	doc := Document{Heading{Level: 1, Text: l.in("見出し", "Headlines")}}
	for i, s := range l.d.Stories {
		doc = append(doc, ListItem{Marker: strconv.Itoa(i+1) + ".", Spans: []Span{{Text: l.heading(s.Heading, s.Text), URL: l.page(s.Line)}}})
	}
	return doc
}

// labelGraphemes is the length of a link's label: a line and a half on a
// phone. The whole heading or title stands where the link leads.
const labelGraphemes = 40

// references are the links below a key point: where its story is told, and
// what it stands on.
func (l *layout) references(k briefing.KeyPoint) []Span {
	spans := l.details(k.Details)
	for i, s := range k.Sources {
		switch {
		case i > 0:
			spans = append(spans, Span{Text: l.in("、", ", ")})
		case len(spans) > 0:
			spans = append(spans, Span{Text: l.in("　出典: ", " · Source: ")})
		default:
			spans = append(spans, Span{Text: l.in("出典: ", "Source: ")})
		}
		spans = append(spans, Span{Text: shorten(sourceTitle(s.Title, s.URL), labelGraphemes), URL: s.URL})
	}
	return spans
}

// details point at the tellings of a key point's story: on the bot's own
// page, else by their numbers in the thread.
func (l *layout) details(details []briefing.Detail) []Span {
	var links []Span
	var numbers []string
	seen := map[int]bool{}
	for _, d := range details {
		line := d.Line
		if told, ok := l.told[line]; ok {
			line = told
		}
		if seen[line] {
			continue
		}
		seen[line] = true
		if url := l.page(line); url != "" {
			if len(links) > 0 {
				links = append(links, Span{Text: l.in("、", ", ")})
			}
			links = append(links, Span{Text: shorten(d.Heading, labelGraphemes), URL: url})
		} else if n, shown := l.number[line]; shown {
			numbers = append(numbers, strconv.Itoa(n))
		}
	}
	switch {
	case len(links) > 0:
		return append(plain(l.in("詳細: ", "Details: ")), links...)
	case len(numbers) > 0:
		return plain(fmt.Sprintf(l.in("詳細: スレッドの %s", "Details: no. %s in the thread"), strings.Join(numbers, l.in("、", ", "))))
	}
	return nil
}

// cvesShown is how many CVE IDs the parent names when the stories that name
// them all, linked too, stand in the thread.
const cvesShown = 5

func (l *layout) cves() Document {
	ids := l.d.CVEs
	if len(ids) == 0 {
		return nil
	}
	if l.b.Shows(briefing.PartStories) {
		ids = ids[:min(cvesShown, len(ids))]
	}
	spans := plain(l.in("🔎 脆弱性: ", "🔎 CVEs: "))
	for i, id := range ids {
		if i > 0 {
			spans = append(spans, Span{Text: l.in("、", ", ")})
		}
		spans = append(spans, Span{Text: id, URL: NVD(id)})
		if l.lang != briefing.English {
			spans = append(spans, Span{Text: "（"}, Span{Text: "JVN", URL: JVN(id)}, Span{Text: "）"})
		}
	}
	if n := len(l.d.CVEs) - len(ids); n > 0 {
		spans = append(spans, Span{Text: fmt.Sprintf(l.in("、ほか %d 件はスレッドに", ", %d more in the thread"), n)})
	}
	return Document{Note{Spans: spans}}
}

// earlier lists what the channel has not seen since its last post.
func (l *layout) earlier() Document {
	if len(l.b.Earlier) == 0 {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 2, Text: l.in("前回の配信のあとに出たまとめ", "Since the last post")}}
	for _, h := range l.b.Earlier {
		spans := []Span{{Text: h.Title, URL: PageURL(l.b.Options.PublicURL, h.Date, "")}}
		if !dated(h.Title, h.Date) {
			spans = append([]Span{{Text: l.date(h.Date, h.Title), Strong: true}, {Text: " "}}, spans...)
		}
		if l.b.Options.PublicURL == "" {
			spans = append(spans, Span{Text: " "}, Span{Text: "/briefing " + string(h.Date), Code: true})
		}
		doc = append(doc, ListItem{Marker: "-", Spans: spans})
	}
	return doc
}

// terms offers the day's terms: a few as buttons, more as menus.
func (l *layout) terms() Document {
	var options []Option
	for _, t := range l.d.Glossary {
		if t.Term != "" {
			options = append(options, Option{Label: t.Term, Value: t.Term})
		}
	}
	options = distinct(options)
	if len(options) > MaxButtons {
		return menus(l.in("📖 用語を調べる", "📖 Look up a term"), Action{Command: "term"}, options)
	}
	var row Buttons
	for _, o := range options {
		row = append(row, Button{Label: "📖 " + o.Label, Action: Action{Command: "term", Argument: o.Value}})
	}
	if len(row) == 0 {
		return nil
	}
	return Document{row}
}

// menus offers options in as few menus as hold them, numbered if several.
func menus(placeholder string, action Action, options []Option) Document {
	options = distinct(options)
	of := (len(options) + MaxOptions - 1) / MaxOptions
	var doc Document
	for chunk := range slices.Chunk(options, MaxOptions) {
		m := Menu{Placeholder: placeholder, Action: action, Options: chunk}
		if of > 1 {
			m.Placeholder += fmt.Sprintf(" (%d/%d)", len(doc)+1, of)
		}
		doc = append(doc, m)
	}
	return doc
}

// distinct leaves each value once: platforms refuse a menu that has one twice.
func distinct(options []Option) []Option {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(options), func(o Option) bool {
		again := seen[o.Value]
		seen[o.Value] = true
		return again
	})
}

// contents says in one line what the thread holds.
func (l *layout) contents() string {
	var parts []string
	add := func(p briefing.Part, n int, says string) {
		if n > 0 && l.b.Shows(p) {
			parts = append(parts, says)
		}
	}
	there := func(p *briefing.Passage) int {
		if p == nil {
			return 0
		}
		return 1
	}
	stories, citations := len(l.d.Stories), len(l.d.Citations)
	add(briefing.PartStories, stories, l.count(stories, "ニュース全文（%d 件）", "%d story in full", "%d stories in full"))
	add(briefing.PartDeepDive, len(l.d.DeepDives), l.in("深掘り", "deep dive"))
	add(briefing.PartSections, len(l.d.Sections), l.in("そのほか", "more"))
	add(briefing.PartOutlook, there(l.d.Outlook), l.in("今後の展望", "outlook"))
	add(briefing.PartConclusion, there(l.d.Conclusion), l.in("結論", "conclusion"))
	add(briefing.PartCitations, citations, l.count(citations, "引用 %d 件", "%d citation", "%d citations"))
	return l.in("スレッドに: ", "In the thread: ") + strings.Join(parts, l.in("・", ", "))
}

// readMore lets a channel without a thread open the stories.
func (l *layout) readMore() Document {
	if !l.b.Options.KeyPointsOnly || len(l.d.Stories)+len(l.d.DeepDives)+len(l.d.Sections) == 0 {
		return nil
	}
	return Document{Buttons{{
		Label:  l.in("📰 記事を読む", "📰 Read the stories"),
		Action: Action{Command: "briefing", Argument: string(l.d.Date)},
	}}}
}
