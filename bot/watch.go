package bot

import (
	"cmp"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// watchMark stands before what names a word that the channel watches.
const watchMark = "👁 "

// watch looks for the words that a channel watches, without regard to case
// and width. A word of ASCII letters matches whole words only: SAP is not in
// Sapporo. It remembers which words it has met.
type watch struct {
	words  []string // as the admin typed them
	folded []string
	met    []bool
}

func newWatch(words []string) *watch {
	w := &watch{}
	for _, word := range words {
		if f := fold(strings.TrimSpace(word)); f != "" {
			w.words, w.folded = append(w.words, word), append(w.folded, f)
		}
	}
	w.met = make([]bool, len(w.words))
	return w
}

// matches are the parts of text that a watched word takes, in order, without
// overlaps, as pairs of byte offsets.
func (w *watch) matches(text string) [][2]int {
	if len(w.words) == 0 || text == "" {
		return nil
	}
	m := newFoldMap(text)
	var found [][2]int
	for i, word := range w.folded {
		for at := 0; ; {
			n := strings.Index(m.text[at:], word)
			if n < 0 {
				break
			}
			from, to := at+n, at+n+len(word)
			at = to
			if !wholeWord(m.text, from, to) {
				continue
			}
			w.met[i] = true
			from, to = m.source(from, to)
			found = append(found, [2]int{from, to})
		}
	}
	return merged(found)
}

// merged puts ranges in order and joins those that touch.
func merged(ranges [][2]int) [][2]int {
	slices.SortFunc(ranges, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	var out [][2]int
	for _, r := range ranges {
		if n := len(out); n > 0 && r[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], r[1])
			continue
		}
		out = append(out, r)
	}
	return out
}

// wholeWord says whether no ASCII word goes on beyond an end of s[from:to].
func wholeWord(s string, from, to int) bool {
	joins := func(i int) bool { return i > 0 && i < len(s) && asciiWord(s[i-1]) && asciiWord(s[i]) }
	return !joins(from) && !joins(to)
}

func asciiWord(b byte) bool { return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' }

// seen are the words met so far, as the admin typed them.
func (w *watch) seen() []string {
	var words []string
	for i, word := range w.words {
		if w.met[i] {
			words = append(words, word)
		}
	}
	return words
}

// marked makes watched words bold and says whether there was one. A word is
// found across spans too.
func (l *layout) marked(spans []Span) ([]Span, bool) {
	ranges := l.watch.matches(joined(spans))
	if len(ranges) == 0 {
		return spans, false
	}
	var out []Span
	at := 0
	for _, s := range spans {
		for _, piece := range embolden(s, at, ranges) {
			out = appendSpan(out, piece)
		}
		at += len(s.Text)
	}
	return out, true
}

// appendSpan appends a span, to the text of the last one if they look alike:
// bold beside bold confuses the mark-up of platforms.
func appendSpan(spans []Span, s Span) []Span {
	if n := len(spans); n > 0 && s.Mention == "" {
		alike := s
		alike.Text = spans[n-1].Text
		if alike == spans[n-1] {
			spans[n-1].Text += s.Text
			return spans
		}
	}
	return append(spans, s)
}

// embolden makes those parts of a span bold that lie in ranges; at is where
// the span starts in the text that the ranges count in.
func embolden(s Span, at int, ranges [][2]int) []Span {
	var out []Span
	done := 0
	piece := func(to int, strong bool) {
		if to = min(to, len(s.Text)); to > done {
			p := s
			p.Text, p.Strong = s.Text[done:to], s.Strong || strong
			out, done = append(out, p), to
		}
	}
	for _, r := range ranges {
		piece(r[0]-at, false)
		piece(r[1]-at, true)
	}
	piece(len(s.Text), false)
	if len(s.Text) == 0 {
		return []Span{s}
	}
	return out
}

// heading marks a heading when it, or the text below it, names a watched
// word.
func (l *layout) heading(heading string, text briefing.Text) string {
	found := len(l.watch.matches(heading)) > 0
	for _, b := range text {
		found = len(l.watch.matches(joined(l.spans(b.Spans)))) > 0 || found
	}
	if found {
		return watchMark + heading
	}
	return heading
}

// watched is the line that names the watched words of the day. What comes
// before it in a run of Layout has been looked at.
func (l *layout) watched() Document {
	words := l.watch.seen()
	if len(words) == 0 {
		return nil
	}
	spans := []Span{
		{Text: watchMark + l.in("注目ワード: ", "Watched words: ")},
		{Text: strings.Join(words, l.in("、", ", ")), Strong: true},
	}
	if l.b.Options.Mention != "" {
		spans = append(spans, Span{Text: " "}, Span{Mention: l.b.Options.Mention})
	}
	return Document{Note{spans}}
}
