package digest

import (
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// section is a heading and what stands directly below it. The root has no
// heading: it holds what stands before the first one.
type section struct {
	heading  *heading
	level    int
	parent   *section
	children []*section
	blocks   []*block
	role     role
	words    meaning // of the heading
	norm     string  // the heading, see normal
	topic    string  // what the heading names besides its role, 用語解説: X
	listed   bool    // lists the sources of the story that it is part of
	sub      bool    // a numbered sub-topic of the heading before it
	title    bool    // names the whole digest, not a part of it
	part     int     // how many times the digest has started over before it
	order    int     // place among all sections, from 0
}

// outline turns r.src into a tree of sections with roles.
func (r *reader) outline() {
	items := flatten(r.src)
	if !headed(items) {
		items = markedHeadings(items)
	}
	items = slices.DeleteFunc(items, func(it item) bool { return it.block != nil && !r.anchors(it.block) })
	for i := range items {
		if b := items[i].block; b != nil {
			splitBullets(b)
		}
	}
	items = r.promote(items)
	r.root = &section{}
	var all []*section
	open, rules, ruled := r.root, 0, false
	for _, it := range items {
		switch {
		case it.heading != nil:
			s := r.newSection(it.heading, len(all), rules)
			open, ruled = attach(open, s), false
			all = append(all, s)
		case it.block != nil:
			it.block.ruled, ruled = ruled, false
			open.blocks = appendItems(open.blocks, it.block)
		default:
			rules, ruled = rules+1, true
		}
	}
	r.titles(all)
	r.classify(all)
	ownSources(all)
	r.dropContents(all)
	r.itemsAsSections(all)
}

// ownSources finds the lists of sources of single stories: headings for
// citations that come back, each inside another section.
func ownSources(all []*section) {
	var lists []*section
	for _, s := range all {
		if s.role == roleCitations && s.heading.level > 2 && s.topic == "" {
			lists = append(lists, s)
		}
	}
	if len(lists) < 2 {
		return
	}
	for _, s := range lists {
		before := all[s.order-1]
		if len(s.children) > 0 || before.role != roleNone || before.title || before.heading.level >= s.heading.level {
			continue
		}
		s.parent.children = slices.DeleteFunc(s.parent.children, func(c *section) bool { return c == s })
		s.role, s.listed, s.level, s.parent = roleNone, true, s.heading.level, before
		before.children = append(before.children, s)
	}
}

// newSection cleans a heading and takes a first look at its words.
func (r *reader) newSection(h *heading, order, rules int) *section {
	s := &section{heading: h, level: h.level, order: order, part: rules}
	var leftovers bool
	h.text, s.sub, leftovers = cleanHeading(plain(h.spans))
	if leftovers {
		r.leftover(h.line)
	}
	s.norm = normal(h.text)
	s.words = meaningOf(s.norm)
	// A heading that starts a known part of the digest starts it whatever its
	// level: some digests go down a level half-way and never come up again.
	switch role, sure := s.words.sure(); {
	case !sure:
	case role == roleKeyPoints && s.level == 1:
		s.level = 2
	case (role == roleNews || role == roleDeepDive || role == roleCitations) && s.level == 3 && rules > 0 || role == roleCitations && s.level > 2:
		s.level = 2
	}
	return s
}

// attach puts s below the open section that is of a higher level.
func attach(open, s *section) *section {
	for open.heading != nil && open.level >= s.level {
		open = open.parent
	}
	s.parent = open
	open.children = append(open.children, s)
	return s
}

// promote turns paragraphs that are a bare role word in bold into headings,
// and gives a heading that is only a numbered placeholder the bold line
// below it.
func (r *reader) promote(items []item) []item {
	if !headed(items) {
		items = boldHeadings(items)
	}
	out := items[:0]
	for i := 0; i < len(items); i++ {
		it := items[i]
		if h := it.heading; h != nil && i+1 < len(items) {
			if text, sub, _ := cleanHeading(plain(h.spans)); sub && text == "" {
				if b := items[i+1].block; b != nil && boldLine(b) {
					r.leftover(h.line)
					h.spans = append([]span{{text: plain(h.spans) + ": "}}, b.lines[0].spans...)
					i++
				}
			}
		}
		if b := it.block; b != nil && (boldLine(b) || listedRole(b)) {
			text := strings.TrimRight(strings.TrimSpace(plain(b.lines[0].spans)), ":： ")
			if role, sure := bareRole(text); sure {
				level := 2
				if role == roleCitations {
					level = 6 // of a story, perhaps: see ownSources
				}
				it = item{heading: &heading{level: level, line: b.lines[0].no, spans: b.lines[0].spans, bold: true}}
			}
		}
		out = append(out, it)
	}
	return out
}

// listedRole says whether a block is a short numbered item of one line: "1)
// 主要ポイント" is a list to Markdown.
func listedRole(b *block) bool {
	return b.kind == briefing.Item && b.level == 0 && b.number > 0 && len(b.lines) == 1 && len(plain(b.lines[0].spans)) <= maxRoleBytes/2
}

// headed says whether a digest marks its parts as headings: any beside its
// title, the first.
func headed(items []item) bool {
	n := 0
	for _, it := range items {
		if it.heading != nil {
			n++
		}
	}
	return n > 1
}

// boldHeadings makes headings of the lines in bold in a digest that has no
// others. Those of parts and groups are of level 2: a role's name, or one
// that the next heading follows at once. In a glossary they are its terms.
func boldHeadings(items []item) []item {
	var out []item
	glossary := false
	for i, it := range items {
		b := it.block
		if b == nil || b.kind != briefing.Paragraph || len(b.lines) == 0 || !boldLine(&block{lines: b.lines[:1]}) || !titleLike(plain(b.lines[0].spans)) {
			out = append(out, it)
			continue
		}
		role, sure := bareRole(plain(b.lines[0].spans))
		if glossary = sure && role == roleGlossary || glossary && !sure; glossary && !sure {
			out = append(out, it)
			continue
		}
		h := &heading{level: 3, line: b.lines[0].no, spans: b.lines[0].spans, bold: true}
		alone := len(b.lines) == 1
		if sure || alone && (i+1 == len(items) || items[i+1].block != nil && boldLine(&block{lines: items[i+1].block.lines[:1]})) {
			h.level = 2
		} else if m := meaningOf(normal(plain(h.spans))); m.names() {
			h.level = 2
		}
		if out = append(out, item{heading: h}); !alone {
			rest := *b
			rest.lines = b.lines[1:]
			out = append(out, item{block: &rest})
		}
	}
	return out
}

// boldLine says whether a block is one line in bold and nothing else.
func boldLine(b *block) bool {
	if b.kind != briefing.Paragraph || len(b.lines) != 1 {
		return false
	}
	for _, s := range b.lines[0].spans {
		if !s.strong && strings.Trim(s.text, " :：") != "" {
			return false
		}
	}
	return true
}

// bullets begin list items that Markdown does not know.
const bullets = "・●○■□◆◇▪▶►‣•◦※①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"

// splitBullets makes a paragraph whose lines begin with such a bullet, or
// with a full-width number, a list.
func splitBullets(b *block) {
	if b.kind != briefing.Paragraph || len(b.lines) == 0 {
		return
	}
	for i := range b.lines {
		if wideBullet(b.lines[i]) == 0 {
			return
		}
	}
	for i := range b.lines {
		s := &b.lines[i].spans[0]
		s.text = strings.TrimLeft(s.text[wideBullet(b.lines[i]):], " 　")
	}
	b.kind, b.split = briefing.Item, true
}

// wideBullet is how many bytes of the line are a full-width bullet or number.
func wideBullet(l line) int {
	if len(l.spans) == 0 {
		return 0
	}
	s := strings.TrimLeft(l.spans[0].text, " 　")
	lead := len(l.spans[0].text) - len(s)
	digits := 0
	for i, c := range s {
		switch {
		case c >= '０' && c <= '９':
			digits++
			continue
		case digits > 0 && strings.ContainsRune("．.、）)：", c):
			return lead + i + len(string(c))
		case digits == 0 && strings.ContainsRune(bullets, c):
			return lead + i + len(string(c))
		}
		return 0
	}
	return 0
}

// appendItems adds a block, or the items of a list that splitBullets has made.
func appendItems(out []*block, b *block) []*block {
	if b.kind != briefing.Item || len(b.lines) < 2 || b.number != 0 || !b.split {
		return append(out, b)
	}
	for _, l := range b.lines {
		out = append(out, &block{kind: briefing.Item, lines: []line{l}})
	}
	return out
}

// titles finds the headings that name the whole digest: the first one that
// is no part's name, and later ones of its level that say the same again.
func (r *reader) titles(all []*section) {
	var first *section
	for _, s := range all {
		if first == nil {
			if _, sure := s.words.sure(); sure || s.level > 1 && dateIn(s.heading.text) == "" {
				if s.level > 1 {
					break
				}
				continue
			}
			first = s
			s.title = true
			continue
		}
		if s.level == first.level && sameTitle(first.heading.text, s.heading.text) {
			s.title = true
		}
	}
	part := 0
	for _, s := range all {
		if s.title && s != first {
			part += 1000 // weighs more than any number of rules before it
		}
		s.part += part
	}
	if first == nil {
		return
	}
	r.digest.Title = first.heading.text
}

// sameTitle says whether two headings name the same digest: both have a
// date, or most of their characters are the same.
func sameTitle(a, b string) bool {
	if dateIn(a) != "" && dateIn(b) != "" {
		return true
	}
	return overlap(a, b) >= 0.6
}
