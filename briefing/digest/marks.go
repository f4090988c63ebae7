package digest

import (
	"strings"

	"cyberbrief/briefing"
)

// headingMarks begin the headings of texts that know no Markdown: ■, or a
// line in 【】.
const headingMarks = "■□◆◇▼▽▲△★☆●○◎▶►【"

// markedHeadings makes headings of such lines in a digest that has no other
// headings. The mark that comes first is of level 2, the next one of level 3,
// and so on; a first line that has no mark but a date is the title. A mark that two lines in a row begin with, or one that begins a
// sentence, makes a list instead.
func markedHeadings(items []item) []item {
	levels := markLevels(items)
	if len(levels) == 0 {
		return items
	}
	var out []item
	for n, it := range items {
		b := it.block
		if b == nil || b.kind != briefing.Paragraph {
			out = append(out, it)
			continue
		}
		from := 0
		flush := func(to int) {
			if to > from {
				part := *b
				part.lines = b.lines[from:to]
				out = append(out, item{block: &part})
			}
		}
		for i, l := range b.lines {
			if n == 0 && i == 0 && headingMark(l) == 0 && titleLike(plain(l.spans)) && dateIn(plain(l.spans)) != "" {
				from = 1
				out = append(out, item{heading: &heading{level: 1, line: l.no, spans: l.spans, bold: true}})
			} else if level, ok := levels[headingMark(l)]; ok {
				flush(i)
				from = i + 1
				out = append(out, item{heading: &heading{level: level, line: l.no, spans: unmarked(l.spans), bold: true}})
			}
		}
		flush(len(b.lines))
	}
	return out
}

// markLevels are the levels of the marks that make headings.
func markLevels(items []item) map[rune]int {
	const least = 2 // a mark that comes once is an ornament
	var order []rune
	times, lists := map[rune]int{}, map[rune]bool{}
	before := rune(0)
	for _, it := range items {
		if it.block == nil || it.block.kind != briefing.Paragraph {
			before = 0
			continue
		}
		for _, l := range it.block.lines {
			m := headingMark(l)
			if m != 0 && times[m] == 0 {
				order = append(order, m)
			}
			times[m]++
			lists[m] = lists[m] || m == before || !titleLike(plain(l.spans))
			before = m
		}
	}
	levels := map[rune]int{}
	for _, m := range order {
		if times[m] >= least && !lists[m] {
			levels[m] = min(2+len(levels), 6)
		}
	}
	return levels
}

// unmarked are the spans of a line without its mark. Brackets stay: they may
// belong to the words.
func unmarked(spans []span) []span {
	out := append([]span{}, spans...)
	text := strings.TrimLeft(out[0].text, " 　")
	if m, size := firstRune(text); m != '【' && strings.TrimSpace(text[size:]) != "" {
		out[0].text = strings.TrimLeft(text[size:], " 　")
	}
	return out
}

// headingMark is the mark that a line begins with, 0 for none.
func headingMark(l line) rune {
	text := strings.TrimSpace(plain(l.spans))
	m, _ := firstRune(text)
	if !strings.ContainsRune(headingMarks, m) || m == '【' && !strings.HasSuffix(text, "】") {
		return 0
	}
	return m
}
