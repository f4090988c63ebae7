package digest

import (
	"fmt"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// itemsAsSections gives the news that stands in lists and tables the form of
// all other news: a section per item or row, below the heading that groups
// them.
func (r *reader) itemsAsSections(all []*section) {
	for _, s := range all {
		if s.title || len(s.children) > 0 {
			continue
		}
		switch s.role {
		case roleNone, roleNews:
			if !r.listedNews(s) {
				r.tabledNews(s)
			}
		case roleOverview:
			r.tabledNews(s)
		}
	}
}

// below adds a section for one piece of news to its group.
func (s *section) below(no int, head []span, blocks []*block) {
	c := &section{
		heading: &heading{level: s.level + 1, line: no, spans: head, bold: true},
		level:   s.level + 1, parent: s, blocks: blocks, part: s.part, order: s.order,
	}
	c.heading.text, _, _ = cleanHeading(strings.TrimRight(plain(head), " :："))
	c.norm = normal(c.heading.text)
	s.children = append(s.children, c)
}

// listedNews reads a group whose blocks are nothing but list items, each
// headed by words in bold and followed by what they head.
func (r *reader) listedNews(s *section) bool {
	if s.level > 2 && s.role != roleNews || numbered(s.heading.text) && s.role != roleNews || !newsItems(s.blocks) {
		return false
	}
	blocks := s.blocks
	s.blocks = nil
	for len(blocks) > 0 {
		end := nextItem(blocks)
		head, rest := boldLead(blocks[0])
		var below []*block
		if len(rest) > 0 {
			below = append(below, &block{kind: briefing.Paragraph, lines: rest})
		}
		for _, b := range blocks[1:end] {
			b.level = max(0, b.level-1)
			below = append(below, b)
		}
		s.below(blocks[0].lines[0].no, head, below)
		blocks = blocks[end:]
	}
	return true
}

// nextItem is where the item after the first one begins.
func nextItem(blocks []*block) int {
	n := slices.IndexFunc(blocks[1:], func(b *block) bool { return b.kind == briefing.Item && b.level == 0 })
	if n < 0 {
		return len(blocks)
	}
	return n + 1
}

// newsItems says whether blocks are news items: most of them have a source or
// prose enough, and they are not the aspects of one story. A single one needs
// its source.
func newsItems(blocks []*block) bool {
	items, telling, sourced := 0, 0, 0
	for len(blocks) > 0 {
		b, end := blocks[0], nextItem(blocks)
		head, rest := boldLead(b)
		if b.kind != briefing.Item || b.level > 0 || len(head) == 0 || isAspect(normal(plain(head))) {
			return false
		}
		own := append([]*block{{lines: rest}}, blocks[1:end]...)
		items++
		switch {
		case slices.ContainsFunc(own, namesSource):
			sourced++
		case prose(own, minProse):
			telling++
		}
		blocks = blocks[end:]
	}
	return 2*(telling+sourced) > items && (items > 1 || sourced > 0)
}

// boldLead parts an item into the words in bold that it begins with and the
// lines after them; head is empty when it begins otherwise.
func boldLead(b *block) (head []span, rest []line) {
	if len(b.lines) == 0 {
		return nil, nil
	}
	first := b.lines[0]
	n := 0
	for n < len(first.spans) && first.spans[n].strong {
		n++
	}
	head = first.spans[:n]
	tail := append([]span{}, first.spans[n:]...)
	if len(tail) > 0 {
		tail[0].text = strings.TrimLeft(tail[0].text, ":：-–— 　")
	}
	if strings.TrimSpace(plain(tail)) != "" {
		l := line{no: first.no, spans: tail}
		l.source, l.offset = sourceStart(tail)
		rest = append(rest, l)
	}
	return head, append(rest, b.lines[1:]...)
}

// What the columns of a table of news are called.
var (
	headlineColumns = []string{"見出し", "タイトル", "題名", "件名", "ニュース", "記事", "トピック", "headline", "title", "news", "topic"}
	sourceColumns   = []string{"出典", "情報源", "引用元", "参照", "参考", "ソース", "リンク", "url", "link", "source", "reference"}
	numberColumns   = []string{"#", "no", "no.", "番号", "順位", ""}
)

// tabledNews reads a table whose head names a column of headlines: each row is
// a piece of news. Other columns are its text, one after the other.
func (r *reader) tabledNews(s *section) bool {
	head := slices.IndexFunc(s.blocks, func(b *block) bool { return b.kind == briefing.Row })
	if head < 0 {
		return false
	}
	columns := cells(s.blocks[head].lines[0])
	title := slices.IndexFunc(columns, func(c []span) bool { return slices.Contains(headlineColumns, normal(plain(c))) })
	if title < 0 || len(columns) < 2 {
		return false
	}
	r.advise(s.blocks[head].lines[0].no, codeNoRole, fmt.Sprintf("the head of a table of news is left out, and numbers of its rows: %s", plain(s.blocks[head].lines[0].spans)))
	kept := s.blocks[:head:head]
	for i, b := range s.blocks[head+1:] {
		if b.kind != briefing.Row {
			kept = append(kept, s.blocks[head+1+i:]...)
			break
		}
		row := cells(b.lines[0])
		if title >= len(row) || strings.TrimSpace(plain(row[title])) == "" {
			kept = append(kept, b)
			continue
		}
		s.below(b.lines[0].no, row[title], rowText(columns, row, title, b.lines[0].no))
	}
	s.blocks = kept
	return len(s.children) > 0
}

// rowText is a row's cells without the headline: a line of sources for those
// columns, a paragraph for any other, under the column's name where it has one
// to tell.
func rowText(columns, row [][]span, title, no int) []*block {
	var out []*block
	for i, c := range row {
		name := ""
		if i < len(columns) {
			name = normal(plain(columns[i]))
		}
		if i == title || strings.TrimSpace(plain(c)) == "" || slices.Contains(numberColumns, name) {
			continue
		}
		l := line{no: no, spans: c, source: -1}
		if slices.Contains(sourceColumns, name) {
			l.spans = append([]span{{text: "出典: "}}, c...)
			l.source, l.offset = sourceStart(l.spans)
		}
		out = append(out, &block{kind: briefing.Paragraph, lines: []line{l}})
	}
	return out
}

// cells are the cells of a table's row.
func cells(row line) [][]span {
	out := [][]span{nil}
	for _, s := range row.spans {
		if s.text == columnSeparator && s.url == "" {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], s)
	}
	return out
}
