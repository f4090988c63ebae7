package bot

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Split cuts spans into pieces that each measure at most limit, at the end of
// a line if it can, else of a sentence (。！？ and their ASCII kin), else of a
// word, else between graphemes; never inside one, unless a single grapheme
// exceeds the limit (then between its runes). Joined, the pieces are the
// spans: nothing is dropped or repeated. measure must grow with the text.
func Split(spans []Span, limit int, measure func([]Span) int) [][]Span {
	var pieces [][]Span
	for len(spans) > 0 {
		if measure(spans) <= limit {
			return append(pieces, spans)
		}
		head, tail := cut(spans, limit, measure)
		pieces = append(pieces, head)
		spans = tail
	}
	return pieces
}

// cut parts spans at the best place at which the head still fits. The head
// is never empty, so that Split ends.
func cut(spans []Span, limit int, measure func([]Span) int) (head, tail []Span) {
	at, fits := 0, func(n int) bool { h, _ := splitAt(spans, n); return measure(h) <= limit }
	text := joined(spans)
	bounds := graphemeEnds(text)
	lo, hi := 0, len(bounds) // the largest count of graphemes that fits
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fits(bounds[mid-1]) {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	if lo == 0 {
		at = firstRunes(text, fits)
	} else {
		at = bestEnd(text[:bounds[lo-1]])
	}
	return splitAt(spans, at)
}

// firstRunes is the length of the longest prefix of whole runes that fits,
// at least one rune.
func firstRunes(text string, fits func(int) bool) int {
	at := 0
	for i, r := range text {
		end := i + len(string(r))
		if at > 0 && !fits(end) {
			break
		}
		at = end
	}
	return at
}

// graphemeEnds lists the byte offsets at which the graphemes of s end.
func graphemeEnds(s string) []int {
	var ends []int
	g := uniseg.NewGraphemes(s)
	for g.Next() {
		_, to := g.Positions()
		ends = append(ends, to)
	}
	return ends
}

// bestEnd is the offset in s after which a reader would turn the page: the
// last end of line, sentence or word in the second half of s, or its end.
func bestEnd(s string) int {
	for _, ends := range [][]string{{"\n"}, {"。", "！", "？", "．", ". ", "! ", "? "}, {"、", "，", "　", " ", ", "}} {
		best := -1
		for _, e := range ends {
			if i := strings.LastIndex(s, e); i >= 0 {
				best = max(best, i+len(e))
			}
		}
		// A closing bracket belongs to the sentence that it ends.
		for best > 0 {
			trimmed := strings.TrimPrefix(s[best:], firstOf(s[best:], "」", "』", "）", ")", "”", "\""))
			if len(trimmed) == len(s)-best {
				break
			}
			best = len(s) - len(trimmed)
		}
		if best > len(s)/2 {
			return best
		}
	}
	return len(s)
}

func firstOf(s string, prefixes ...string) string {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return p
		}
	}
	return ""
}

func joined(spans []Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return sb.String()
}

// splitAt parts spans after n bytes of text; both sides keep their styles.
func splitAt(spans []Span, n int) (head, tail []Span) {
	for i, s := range spans {
		if n >= len(s.Text) {
			n -= len(s.Text)
			continue
		}
		if n == 0 {
			return spans[:i:i], spans[i:]
		}
		left, right := s, s
		left.Text, right.Text = s.Text[:n], s.Text[n:]
		head = append(append(head, spans[:i]...), left)
		return head, append([]Span{right}, spans[i+1:]...)
	}
	return spans, nil
}
