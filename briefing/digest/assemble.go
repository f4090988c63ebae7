package digest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// minProse is how many characters below a heading make it a story of its
// own rather than the name of a group.
const minProse = 40

// assembly is what assemble has found, before it is tied together.
type assembly struct {
	stories []*told
	dives   []briefing.Section
}

// told is a story as one heading tells it.
type told struct {
	briefing.Story
	part  int  // see section.part; stories of one part are all different
	theme bool // a themed summary rather than a news item
	essay bool // reads like an essay: may be a deep dive without the name
	bag   bag  // of heading and text, the short telling's too
	title bag
}

// assemble puts every section into its field of the digest.
func (r *reader) assemble() {
	r.findTargets()
	r.dates()
	a := &assembly{}
	r.preamble()
	r.special()
	for _, s := range r.top() {
		r.place(a, s, "")
	}
	a.separateEssays()
	r.digest.DeepDives = append(r.digest.DeepDives, a.dives...)
	r.vocabulary(a.stories)
	r.told = merge(r.words, a.stories)
	for _, t := range r.told {
		r.digest.Stories = append(r.digest.Stories, t.Story)
	}
	r.digest.CVEs = r.cves()
}

// vocabulary collects the tokens that matter: those of key points, citations
// and headings, and of the stories that may be told again. Then it is closed,
// and the other stories are looked at for these tokens only.
func (r *reader) vocabulary(stories []*told) {
	d, v := r.digest, r.words
	v.reserve(len(r.src) / 16)
	r.points = make([]bag, 0, len(d.KeyPoints))
	r.cited = make([]bag, 0, len(d.Citations))
	for _, k := range d.KeyPoints {
		r.points = append(r.points, v.text("", k.Text))
	}
	for _, c := range d.Citations {
		r.cited = append(r.cited, v.list(c.Title))
	}
	for _, t := range stories {
		t.title = v.list(t.Heading)
	}
	for _, s := range d.DeepDives {
		r.diveTitles = append(r.diveTitles, v.list(s.Heading))
	}
	short, long := parts(stories)
	if len(long) > 0 {
		for _, t := range short {
			t.bag = v.text(t.Heading, t.Text)
		}
	}
	v.closed = true
	for _, t := range stories {
		if t.bag.set == nil {
			t.bag = v.text(t.Heading, t.Text)
		}
	}
}

// top are the sections that are no part of another: titles are transparent.
func (r *reader) top() []*section {
	var out []*section
	var walk func(*section)
	walk = func(s *section) {
		for _, c := range s.children {
			if c.title {
				walk(c)
			} else {
				out = append(out, c)
			}
		}
	}
	walk(r.root)
	return out
}

// preamble reads what stands before the first part: list items are the key
// points where no section has them, prose is kept as a section.
func (r *reader) preamble() {
	holders := []*section{r.root}
	keys := false
	r.eachSection(func(s *section) {
		if s.title {
			holders = append(holders, s)
		}
		keys = keys || s.role == roleKeyPoints
	})
	for _, s := range holders {
		var rest []*block
		if keys || len(r.digest.KeyPoints) > 0 || s.part > 0 {
			rest = s.blocks
		} else {
			rest = r.takeKeyPoints(s.blocks, true)
		}
		var kept []*block
		for _, b := range rest {
			if !dateOnly(b) {
				kept = append(kept, b)
			}
		}
		no, text := 1, r.digest.Title
		if s.heading != nil {
			no, text = s.heading.line, s.heading.text
		} else if len(kept) > 0 {
			no = kept[0].lines[0].no
		}
		r.keep(no, text, kept)
	}
}

// dateOnly says whether a block repeats a date and nothing else.
func dateOnly(b *block) bool {
	t := strings.TrimSpace(plain(b.lines[0].spans))
	return len(b.lines) == 1 && len(t) <= len("2025年12月31日（水曜日）") && dateIn(t) != ""
}

// special reads the parts that may stand anywhere, also inside others: key
// points, glossaries, outlook, conclusion, citations.
func (r *reader) special() {
	r.eachSection(func(s *section) {
		switch s.role {
		case roleKeyPoints:
			r.keyPoints(s)
		case roleGlossary:
			if s.parent == nil || s.parent.role != roleGlossary {
				r.keep(s.heading.line, s.heading.text, r.takeGlossary(s))
			}
		case roleOutlook:
			r.looseCitations(s)
			r.closingQuotes(s)
			r.digest.Outlook = r.passage(s)
		case roleConclusion:
			r.looseCitations(s)
			r.closingQuotes(s)
			r.digest.Conclusion = r.passage(s)
		case roleCitations:
			if s.parent == nil || s.parent.role != roleCitations {
				r.takeCitations(s)
			}
		case roleNone, roleNews, roleDeepDive, roleBackground, roleOverview:
			r.looseCitations(s)
		}
	})
}

// keyPoints reads a section of key points: its list, or a sub-heading each.
func (r *reader) keyPoints(s *section) {
	if s.parent != nil && s.parent.role == roleKeyPoints {
		return // one of its parent's
	}
	rest := r.takeKeyPoints(s.blocks, false)
	r.keep(s.heading.line, s.heading.text, rest)
	if len(r.digest.KeyPoints) > 0 {
		return
	}
	for _, c := range s.children {
		if c.role != roleNone || numberedStory(c) {
			continue
		}
		text := append(briefing.Text{{Line: c.heading.line, Spans: r.spans([]line{{no: c.heading.line, spans: c.heading.spans}}, false)}}, r.text(c.blocks)...)
		r.digest.KeyPoints = append(r.digest.KeyPoints, newKeyPoint(c.heading.line, text))
		c.role = roleKeyPoints
	}
}

// numberedStory says whether a section under the key points is a news item
// in full after all.
func numberedStory(s *section) bool {
	const inFull = 400
	return prose(s.blocks, inFull)
}

// takeKeyPoints makes a key point of every outermost list item; without a
// list, of every paragraph, unless listOnly. It gives back what is neither.
func (r *reader) takeKeyPoints(blocks []*block, listOnly bool) (rest []*block) {
	items := 0
	for _, b := range blocks {
		if b.kind == briefing.Item {
			items++
		}
	}
	if items == 0 && (listOnly || len(blocks) == 0) {
		return blocks
	}
	if items == 0 && len(blocks) == 1 {
		if blocks = sentences(blocks[0]); len(blocks) < 2 {
			return blocks
		}
	}
	last := -1
	for i, b := range blocks {
		switch {
		case tableHead(blocks, i):
			r.advise(b.lines[0].no, codeNoRole, fmt.Sprintf("the head of a table of key points is left out: %s", plain(b.lines[0].spans)))
		case b.kind == briefing.Item && b.level == 0, items == 0 && b.kind != briefing.Code:
			text := r.text([]*block{b})
			if len(text) == 0 {
				continue
			}
			text[0].Kind, text[0].Number = briefing.Paragraph, 0
			r.digest.KeyPoints = append(r.digest.KeyPoints, newKeyPoint(b.lines[0].no, text))
			last = len(r.digest.KeyPoints) - 1
		case b.kind == briefing.Item && last >= 0:
			t := r.text([]*block{b})
			for i := range t {
				t[i].Level--
			}
			r.digest.KeyPoints[last].Text = append(r.digest.KeyPoints[last].Text, t...)
		default:
			rest = append(rest, b)
		}
	}
	return rest
}

// sentences parts a paragraph whose lines are a sentence each.
func sentences(b *block) []*block {
	var out []*block
	for _, l := range b.lines {
		if end := lastRune(strings.TrimSpace(plain(l.spans))); b.kind != briefing.Paragraph || !strings.ContainsRune("。．.！!）)", end) {
			return []*block{b}
		}
		out = append(out, &block{lines: []line{l}})
	}
	return out
}

// tableHead says whether blocks[i] names the columns of the rows below it.
func tableHead(blocks []*block, i int) bool {
	row := func(i int) bool { return i >= 0 && i < len(blocks) && blocks[i].kind == briefing.Row }
	return row(i) && row(i+1) && !row(i-1)
}

func newKeyPoint(no int, text briefing.Text) briefing.KeyPoint {
	return briefing.KeyPoint{Line: no, Text: text, Details: []briefing.Detail{}, Sources: []briefing.Source{}}
}

// passage is a section as one text. A heading that says more than the role's
// name stays in the text.
func (r *reader) passage(s *section) *briefing.Passage {
	text := r.body(s)
	if head := s.heading.text; s.topic != "" {
		text = append(briefing.Text{{Kind: briefing.Heading, Level: 3, Line: s.heading.line, Spans: []briefing.Span{{Text: s.topic}}}}, text...)
	} else if _, sure := s.words.sure(); !sure || utf8.RuneCountInString(s.norm) > maxPlainRole {
		text = append(briefing.Text{{Kind: briefing.Heading, Level: 3, Line: s.heading.line, Spans: []briefing.Span{{Text: head}}}}, text...)
	}
	return &briefing.Passage{Line: s.heading.line, Text: text}
}

// maxPlainRole is the longest role heading, in characters, that its field's
// name can stand for. A longer one says something of its own.
const maxPlainRole = 8

// body is the text of a section with its sub-headings, as far as they have
// no role of their own.
func (r *reader) body(s *section) briefing.Text {
	text := r.text(s.blocks)
	for _, c := range s.children {
		if placed(c.role) {
			continue
		}
		if c.heading.text != "" {
			text = append(text, r.subheading(c, s.level))
		}
		text = append(text, r.body(c)...)
	}
	return text
}

// subheading is the heading of c inside the text of a section at level.
func (r *reader) subheading(c *section, level int) briefing.Block {
	spans := r.spans([]line{{no: c.heading.line, spans: c.heading.spans}}, false)
	if spanText(spans) != c.heading.text && firstURL(c.heading.spans) == "" {
		spans = []briefing.Span{{Text: c.heading.text}}
	}
	return briefing.Block{Kind: briefing.Heading, Level: min(6, max(2, 2+c.level-level)), Line: c.heading.line, Spans: spans}
}

// taken says whether a section of this role is read elsewhere, wherever it
// stands.
func taken(c role) bool {
	return c == roleKeyPoints || c == roleGlossary || c == roleOutlook || c == roleConclusion || c == roleCitations
}

// placed says whether a section of this role is read elsewhere, or on its
// own where it stands.
func placed(c role) bool { return taken(c) || c == roleDeepDive || c == roleBackground }

// place puts a section among stories, deep dives or the sections without a
// role. Group is the heading it stands under.
func (r *reader) place(a *assembly, s *section, group string) {
	switch {
	case taken(s.role):
		r.below(a, s, group)
	case s.role == roleDeepDive:
		r.deepDive(a, s)
	case s.role == roleBackground:
		r.background(a, s)
	case s.role == roleOverview:
		r.keep(s.heading.line, s.heading.text, s.blocks)
		for _, c := range s.children {
			r.place(a, c, group)
		}
	default:
		r.news(a, s, group)
	}
}

// below places what stands under a part that is read elsewhere, where it is
// not part of its text: news that sank below the key points, for example.
func (r *reader) below(a *assembly, s *section, group string) {
	if s.role == roleGlossary || s.role == roleCitations {
		return
	}
	for _, c := range s.children {
		if s.role == roleKeyPoints || placed(c.role) || c.role == roleNews {
			r.place(a, c, group)
		}
	}
}

// news reads a section as a story, a group of stories, or both.
func (r *reader) news(a *assembly, s *section, group string) {
	kids := r.plainChildren(s)
	own := prose(s.blocks, minProse)
	if len(kids) == 0 || own && allListed(kids) || r.isItem(s, kids, own) {
		if len(kids) == 0 && len(s.blocks) == 0 {
			r.extras(a, s)
			if s.role == roleNone && len(s.children) == 0 {
				r.warnEmpty(s)
			}
			return
		}
		r.addStory(a, s, r.story(s, kids), group)
		r.extras(a, s)
		return
	}
	if own && s.role != roleNews {
		r.addStory(a, s, r.story(s, nil), group)
	} else {
		r.keep(s.heading.line, s.heading.text, s.blocks)
	}
	name := s.heading.text
	for _, c := range s.children {
		if c.role == roleNone || c.role == roleNews || c.role == roleOverview {
			r.place(a, c, name)
		} else {
			r.place(a, c, group)
		}
	}
}

// plainChildren are the sub-sections that have no role of their own.
func (r *reader) plainChildren(s *section) []*section {
	var out []*section
	for _, c := range s.children {
		if c.role == roleNone || c.role == roleOverview || c.role == roleNews {
			out = append(out, c)
		}
	}
	return out
}

// extras places the sub-sections of a story that have a role.
func (r *reader) extras(a *assembly, s *section) {
	for _, c := range s.children {
		if placed(c.role) {
			r.place(a, c, "")
		} else {
			r.extras(a, c)
		}
	}
}

// aspects are what sub-headings of one story are called. A group of stories
// is not divided like this.
var aspects = []string{"概要", "背景", "影響", "対策", "詳細", "経緯", "原因", "対応", "手口", "攻撃手法", "技術的", "推奨", "被害", "問題", "教訓", "ポイント", "今後", "何が起きた", "なぜ重要", "まとめ", "解説", "summary", "impact", "background", "mitigation", "details"}

// isAspect says whether a heading in its normal form names an aspect.
func isAspect(norm string) bool {
	return slices.ContainsFunc(aspects, func(w string) bool { return len(norm) <= len(w)+18 && strings.Contains(norm, w) })
}

// isItem says whether a section with sub-sections is one story in parts.
func (r *reader) isItem(s *section, kids []*section, own bool) bool {
	named, sourced, counted := 0, 0, 0
	for _, c := range kids {
		if isAspect(c.norm) {
			named++
		}
		if hasSource(c) {
			sourced++
		}
		if numbered(c.heading.text) {
			counted++
		}
	}
	if s.role == roleNews || sourced > 1 {
		return false
	}
	if named*2 > len(kids) {
		return true
	}
	if numbered(s.heading.text) && counted == 0 && underNews(s) {
		return true
	}
	return own && (hasSource(s) || underNews(s))
}

// underNews says whether s stands in a group of news items.
func underNews(s *section) bool {
	p := s.parent
	return p != nil && p.heading != nil && !p.title && (p.role == roleNews || p.role == roleNone && !prose(p.blocks, minProse))
}

// hasSource says whether a section names a source in a line of its own.
func hasSource(s *section) bool {
	return slices.ContainsFunc(s.blocks, namesSource)
}

// prose says whether blocks have at least so many characters that are not
// source lines.
func prose(blocks []*block, least int) bool {
	for _, b := range blocks {
		for _, l := range b.lines {
			if l.source >= 0 {
				continue
			}
			for _, sp := range l.spans {
				if least -= utf8.RuneCountInString(sp.text); least <= 0 {
					return true
				}
			}
		}
	}
	return false
}

// story makes a story of a section and those of its sub-sections in kids.
func (r *reader) story(s *section, kids []*section) briefing.Story {
	st := briefing.Story{Line: s.heading.line, Also: []int{}, Heading: s.heading.text, Sources: []briefing.Citation{}}
	if u := firstURL(s.heading.spans); u != "" {
		st.Sources = append(st.Sources, briefing.Citation{Line: s.heading.line, Title: s.heading.text, URL: u})
	}
	rest, sources := r.takeSources(s.blocks)
	st.Text = r.text(rest)
	st.Sources = append(st.Sources, sources...)
	for _, c := range kids {
		if c.listed {
			st.Sources = append(st.Sources, r.listedSources(c)...)
			continue
		}
		st.Text = append(st.Text, r.subheading(c, s.level))
		inner := r.story(c, r.plainChildren(c))
		st.Text = append(st.Text, inner.Text...)
		st.Sources = append(st.Sources, inner.Sources...)
	}
	return st
}

func allListed(kids []*section) bool {
	return !slices.ContainsFunc(kids, func(c *section) bool { return !c.listed })
}

// listedSources reads a list of sources below a heading of its own.
func (r *reader) listedSources(s *section) []briefing.Citation {
	var out []briefing.Citation
	for _, b := range s.blocks {
		for _, l := range b.lines {
			out = append(out, r.citations(l.spans, l.no)...)
		}
	}
	return out
}

func (r *reader) addStory(a *assembly, s *section, st briefing.Story, group string) {
	st.Section = group
	a.stories = append(a.stories, &told{
		Story: st, part: s.part,
		theme: s.level <= 2 && !numbered(s.heading.text) && len(st.Sources) == 0,
		essay: essayLike(s.heading.text) && !numbered(s.heading.text) && s.level <= 2,
	})
}

// What headings that explain rather than report end in, or hold.
var (
	essayEnds  = []string{"とは", "重要性", "課題", "意義", "強化", "あり方", "必要性", "教訓", "ベストプラクティス"}
	essayWords = []string{"現状と", "考察", "メカニズム", "仕組み"}
)

func essayLike(heading string) bool {
	return slices.ContainsFunc(essayEnds, func(w string) bool { return strings.HasSuffix(heading, w) }) ||
		slices.ContainsFunc(essayWords, func(w string) bool { return strings.Contains(heading, w) })
}

// separateEssays makes deep dives of the last stories of a digest that has
// no deep dive: those that explain and name no source, when the stories
// before them report and do.
func (a *assembly) separateEssays() {
	if len(a.dives) > 0 {
		return
	}
	from := len(a.stories)
	for from > 0 && a.stories[from-1].essay && len(a.stories[from-1].Sources) == 0 {
		from--
	}
	if from == 0 || from == len(a.stories) || len(a.stories[from-1].Sources) == 0 {
		return
	}
	for _, t := range a.stories[from:] {
		a.dives = append(a.dives, briefing.Section{Line: t.Line, Heading: t.Heading, Text: t.Text})
	}
	a.stories = a.stories[:from]
}

// deepDive reads a deep-dive wrapper: each heading in it is a topic, or the
// wrapper itself where it names one or has text and no headings.
func (r *reader) deepDive(a *assembly, s *section) {
	kids := r.plainChildren(s)
	if s.topic != "" || len(kids) == 0 {
		if len(kids) > 0 || len(s.blocks) > 0 {
			head := s.heading.text
			if s.topic != "" {
				head = s.topic
			}
			a.dives = append(a.dives, briefing.Section{Line: s.heading.line, Heading: head, Text: r.body(s)})
		}
		r.extras(a, s)
		return
	}
	lead := r.text(s.blocks)
	for i, c := range s.children {
		if placed(c.role) {
			r.place(a, c, "")
			continue
		}
		n := len(a.dives)
		if c.sub && i > 0 && n > 0 {
			a.dives[n-1].Text = append(append(a.dives[n-1].Text, r.subheading(c, s.level)), r.body(c)...)
		} else {
			a.dives = append(a.dives, briefing.Section{Line: c.heading.line, Heading: c.heading.text, Text: append(lead, r.body(c)...)})
			lead = nil
		}
		r.extras(a, c)
	}
}

// background reads a section of background knowledge. As a part of its own
// its topics are deep dives; inside a deep dive they are sections.
func (r *reader) background(a *assembly, s *section) {
	own := s.level <= 2
	add := func(no int, head string, text briefing.Text) {
		if len(text) == 0 {
			return
		}
		part := briefing.Section{Line: no, Heading: head, Text: text}
		if own {
			a.dives = append(a.dives, part)
		} else {
			r.digest.Sections = append(r.digest.Sections, part)
		}
	}
	head := s.heading.text
	if s.topic != "" {
		head = s.topic
	}
	if s.topic != "" && own {
		add(s.heading.line, head, r.body(s))
		r.extras(a, s)
		return
	}
	add(s.heading.line, head, r.text(s.blocks))
	for _, c := range s.children {
		if c.role == roleNone || c.role == roleOverview || c.role == roleNews {
			add(c.heading.line, c.heading.text, r.body(c))
			r.extras(a, c)
		} else {
			r.place(a, c, "")
		}
	}
}

// keep keeps blocks that have no role as a section, and says so.
func (r *reader) keep(no int, heading string, blocks []*block) {
	text := r.text(blocks)
	if len(text) == 0 {
		return
	}
	r.digest.Sections = append(r.digest.Sections, briefing.Section{Line: no, Heading: heading, Text: text})
	r.advise(no, codeNoRole, "this text has no role that is known; it is kept as a section")
}

// looseCitations takes lines that begin with a reference mark and hold an
// address out of any other section: footnotes at the end of the file.
func (r *reader) looseCitations(s *section) {
	kept := s.blocks[:0]
	for _, b := range s.blocks {
		lines := b.lines[:0]
		for _, l := range b.lines {
			if len(l.spans) > 1 && l.spans[0].mark && (l.spans[0].code || b.kind == briefing.Item) && firstURL(l.spans) != "" {
				r.citation([]line{l})
				continue
			}
			lines = append(lines, l)
		}
		if b.lines = lines; len(lines) > 0 {
			kept = append(kept, b)
		}
	}
	s.blocks = kept
}

// closingQuotes takes a list of quotations at the end of the last part for
// the citations of a digest that has no part for them.
func (r *reader) closingQuotes(s *section) {
	has := false
	r.eachSection(func(c *section) { has = has || c.role == roleCitations })
	if !has {
		r.takeQuotes(s)
	}
}

// takeQuotes moves a list at the end of a section to the citations when all
// its items are quotations.
func (r *reader) takeQuotes(s *section) {
	from := len(s.blocks)
	for from > 0 && s.blocks[from-1].kind == briefing.Item && quotation(s.blocks[from-1]) {
		from--
	}
	if len(s.blocks)-from < 2 {
		return
	}
	for _, b := range s.blocks[from:] {
		r.citation(b.lines)
	}
	s.blocks = s.blocks[:from]
}

// quotation says whether an item is a quotation: 「…」, or 引用 1: 「…」.
func quotation(b *block) bool {
	t := strings.TrimLeft(plain(b.lines[0].spans), " \"“*")
	return strings.HasPrefix(t, "「") && strings.ContainsAny(t, "-—–") || sourceWord(t) > 0 && strings.HasPrefix(t, "引用")
}

// cves lists the CVE IDs of the file, each once, in order.
func (r *reader) cves() []string {
	out, seen := []string{}, map[string]bool{}
	for rest := r.src; ; {
		at := bytes.IndexByte(rest, '-')
		if at < 0 {
			return out
		}
		if at >= 3 && bytes.EqualFold(rest[at-3:at], []byte("CVE")) {
			if id := cveID(rest[at:]); id != "" && !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
		rest = rest[at+1:]
	}
}

// cveID reads what follows CVE in an ID: -2025-12345, four to seven digits
// after a year.
func cveID(b []byte) string {
	const year, most = len("-2025-"), 7
	n := year
	for n < len(b) && n < year+most && isDigit(b[n]) {
		n++
	}
	if n < year+4 || b[year-1] != '-' || string(b[1:3]) != "19" && string(b[1:3]) != "20" || !isDigit(b[3]) || !isDigit(b[4]) {
		return ""
	}
	return "CVE" + string(b[:n])
}
