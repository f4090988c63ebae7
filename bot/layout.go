package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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
		ThreadTitle: l.in(l.day(l.d.Date)+"の詳細", "Details of "+l.day(l.d.Date)),
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
	// linked are the CVE IDs that a text laid out so far links to JVN.
	linked map[string]bool
}

func newLayout(b *briefing.Briefing) *layout {
	l := &layout{b: b, d: b.Digest, lang: b.Options.Language, anchors: b.Digest.Anchors(),
		watch: newWatch(b.Options.WatchWords), linked: map[string]bool{}}
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
	if len(thread) > 0 {
		doc = append(doc, Note{Spans: plain("🧵 " + l.contents())})
	}
	doc = append(doc, l.earlier()...)
	return append(doc, l.terms()...)
}

// context is the line under the title: correction, date, size.
func (l *layout) context() string {
	var parts []string
	if !l.b.Revised.IsZero() {
		parts = append(parts, l.in("📝 更新 ", "📝 updated ")+l.b.Revised.Format("15:04"))
	}
	parts = append(parts, l.date(l.d.Date, l.d.Title))
	if n := len(l.d.Stories); n > 0 {
		parts = append(parts, l.count(n, "ニュース %d 件", "%d story", "%d stories"))
	}
	parts = append(parts, fmt.Sprintf(l.in("読了 約 %d 分", "%d min read"), l.b.ReadingMinutes))
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

// date writes a date as people do, without the year where the title beside it
// says the whole date already.
func (l *layout) date(d briefing.Date, title string) string {
	t := d.Time()
	switch said := dated(title, d); {
	case l.lang == briefing.English && said && !strings.Contains(title, "年"):
		return t.Format("Monday, 2 January")
	case l.lang == briefing.English:
		return t.Format("Monday, 2 January 2006")
	case said:
		return t.Format("1月2日") + "（" + weekdaysJA[t.Weekday()] + "）"
	}
	return t.Format("2006年1月2日") + "（" + weekdaysJA[t.Weekday()] + "）"
}

// day is a date in the few characters that a list of threads shows.
func (l *layout) day(d briefing.Date) string {
	t := d.Time()
	if l.lang == briefing.English {
		return t.Format("Mon 2 January")
	}
	return t.Format("1月2日") + "（" + weekdaysJA[t.Weekday()] + "）"
}

// dateLayouts are the ways in which titles write a date.
var dateLayouts = [...]string{time.DateOnly, "2006年1月2日", "2006年01月02日", "2006/1/2", "2006/01/02", "2006.1.2", "2006.01.02"}

// dated says whether a title names the date.
func dated(title string, d briefing.Date) bool {
	return slices.ContainsFunc(dateLayouts[:], func(layout string) bool {
		return namesNumber(title, d.Time().Format(layout))
	})
}

// namesNumber says whether s holds a text that ends in a digit, or in none,
// with no other digit after it.
func namesNumber(s, text string) bool {
	_, after, found := strings.Cut(s, text)
	return found && (after == "" || after[0] < '0' || after[0] > '9')
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
		doc = append(doc, Point{Number: i + 1, Spans: spans, Note: l.references(k)})
	}
	return doc
}

func (l *layout) headlines() Document {
	doc := Document{Heading{Level: 1, Text: l.in("見出し", "Headlines")}}
	for i, s := range l.d.Stories {
		told := briefing.KeyPoint{Details: []briefing.Detail{{Line: s.Line, Heading: s.Heading}}}
		for _, c := range s.Sources {
			if c.URL != "" {
				told.Sources = append(told.Sources, briefing.Source{Title: c.Title, URL: c.URL})
			}
		}
		headline := l.heading(ownNumber.ReplaceAllString(s.Heading, ""), s.Text)
		doc = append(doc, Point{Number: i + 1, Spans: plain(headline), Note: l.references(told)})
	}
	return doc
}

// references are the small print of a key point: who published what it
// stands on, and where its story is told. The label stands first: there no
// end of a line parts it from what it names.
func (l *layout) references(k briefing.KeyPoint) []Span {
	var spans []Span
	for i, s := range sourceHosts(k.Sources) {
		label := l.in("、", ", ")
		if i == 0 {
			label = l.in("出典:"+unbroken, "Source:"+unbroken)
		}
		spans = append(spans, Span{Text: label}, s)
	}
	details := l.details(k.Details)
	if len(spans) > 0 && len(details) > 0 {
		spans = append(spans, Span{Text: l.in(" ・ ", " · ")})
	}
	return append(spans, details...)
}

// unbroken is a space at which no line ends, so that no label hangs there.
const unbroken = "\u00A0"

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
			links = append(links, Span{Text: l.detailLabel(line, len(links)), URL: url})
		} else if n, shown := l.number[line]; shown {
			numbers = append(numbers, strconv.Itoa(n))
		}
	}
	if len(numbers) > 0 {
		return plain(fmt.Sprintf(l.in("詳細: スレッド"+unbroken+"%s", "Details: no."+unbroken+"%s in the thread"), strings.Join(numbers, l.in("、", ", "))))
	}
	return links
}

// detailLabel names a telling: what it adds to those before it.
func (l *layout) detailLabel(line, before int) string {
	switch {
	case slices.ContainsFunc(l.d.DeepDives, func(s briefing.Section) bool { return s.Line == line }):
		return l.in("深掘り", "Deep dive")
	case before > 0:
		return l.in("関連", "Related")
	}
	return l.in("詳細", "Details")
}

// cvesShown is how many CVE IDs the parent names when the stories that name
// them all, linked too, stand in the thread.
const cvesShown = 5

// cves names the vulnerabilities of the day. The ID leads to NVD; JVN's page
// stands behind the ID in the text for readers of Japanese, and here only
// where no text shown says the ID.
func (l *layout) cves() Document {
	ids := l.d.CVEs
	if len(ids) == 0 {
		return nil
	}
	if l.b.Shows(briefing.PartStories) {
		ids = ids[:min(cvesShown, len(ids))]
	}
	spans := plain(l.in("🔎 脆弱性:"+unbroken, "🔎 CVEs:"+unbroken))
	for i, id := range ids {
		if i > 0 {
			spans = append(spans, Span{Text: l.in("、", ", ")})
		}
		spans = append(spans, Span{Text: id, URL: NVD(id)})
		if l.lang != briefing.English && !l.linked[id] {
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
	switch n := len(options); {
	case n == 0:
		return nil
	case n > MaxButtons:
		return menus(l.count(n, "📖 今日の用語を調べる（%d 語）", "📖 Look up %d term of the day", "📖 Look up the %d terms of the day"), Action{Command: "term"}, options)
	}
	var row Buttons
	for _, o := range options {
		row = append(row, Button{Label: o.Label, Action: Action{Command: "term", Argument: o.Value}})
	}
	return Document{Note{Spans: plain(l.in("📖 今日の用語", "📖 Terms of the day"))}, row}
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
