package bot

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Split cuts spans into pieces that each measure at most limit, at the end of
// a line if it can, else of a sentence (。！？ and their ASCII kin), else of a
// word, else between graphemes; never inside one, unless a single grapheme
// exceeds the limit (then between its runes, at least one a piece). Joined,
// the pieces are the spans: nothing is dropped or repeated. measure must grow
// with the text. The time taken grows with the text times the logarithm of
// the length of a piece.
func Split(spans []Span, limit int, measure func([]Span) int) [][]Span {
	if len(spans) == 0 {
		return nil
	}
	if measure(spans) <= limit {
		return [][]Span{spans}
	}
	s := newSplitter(spans, func(head []Span) bool { return measure(head) <= limit })
	for len(s.ends) > 0 {
		if n := s.reach(s.ends); n > 0 {
			n = s.bestEnd(n)
			s.take(s.ends[n-1])
			s.ends = s.ends[n:]
			continue
		}
		// One grapheme alone is too much.
		for runes := s.runeEnds(s.ends[0]); len(runes) > 0; {
			n := max(1, s.reach(runes))
			s.take(runes[n-1])
			runes = runes[n:]
		}
		s.ends = s.ends[1:]
	}
	return s.pieces
}

// place is a place between two characters: after so many bytes of the joined
// text and so many whole spans. Both are needed, as spans may be empty.
type place struct{ bytes, spans int }

// splitter is one run of Split.
type splitter struct {
	spans []Span
	text  string
	// starts are the offsets in text at which the spans start, and its end.
	starts []int
	fits   func([]Span) bool

	pieces [][]Span
	at     place   // up to which the text is in pieces
	ends   []place // where graphemes and empty spans end after at
	last   int     // how many ends the last piece had: a good first guess
}

func newSplitter(spans []Span, fits func([]Span) bool) *splitter {
	s := &splitter{spans: spans, text: joined(spans), fits: fits, starts: make([]int, 0, len(spans)+1), last: 1}
	at := 0
	for _, span := range spans {
		s.starts = append(s.starts, at)
		at += len(span.Text)
	}
	s.starts = append(s.starts, at)
	s.ends = s.emptyEnds(s.ends, place{})
	rest, state, to := s.text, -1, place{}
	for rest != "" {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		to = s.advance(to, len(cluster))
		s.ends = s.emptyEnds(append(s.ends, to), to)
		to = s.ends[len(s.ends)-1]
	}
	return s
}

// advance is the place n bytes, at least one, after from.
func (s *splitter) advance(from place, n int) place {
	to := place{from.bytes + n, from.spans}
	for to.spans < len(s.spans) && s.starts[to.spans] < to.bytes && s.starts[to.spans+1] <= to.bytes {
		to.spans++
	}
	return to
}

// emptyEnds appends the ends of the empty spans that stand at a place.
func (s *splitter) emptyEnds(ends []place, at place) []place {
	for at.spans < len(s.spans) && s.starts[at.spans+1] == at.bytes {
		at.spans++
		ends = append(ends, at)
	}
	return ends
}

// runeEnds lists the places after each rune up to end.
func (s *splitter) runeEnds(end place) []place {
	var ends []place
	for at := s.at; at.bytes < end.bytes; {
		_, size := utf8.DecodeRuneInString(s.text[at.bytes:end.bytes])
		at = s.advance(at, size)
		ends = append(ends, at)
	}
	if len(ends) == 0 || ends[len(ends)-1] != end {
		ends = append(ends, end) // an empty span
	}
	return ends
}

// reach is the largest n for which all up to places[n-1] fits in a piece. It
// doubles its guess first, so that it never measures much more than a piece.
func (s *splitter) reach(places []place) int {
	fit := func(n int) bool { return s.fits(s.between(s.at, places[n-1])) }
	good, bad := 0, min(s.last, len(places))
	for fit(bad) {
		if bad == len(places) {
			return bad
		}
		good, bad = bad, min(2*bad, len(places))
	}
	n := good + sort.Search(bad-good-1, func(i int) bool { return !fit(good + 1 + i) })
	s.last = max(1, n)
	return n
}

// take ends a piece.
func (s *splitter) take(to place) {
	s.pieces = append(s.pieces, s.between(s.at, to))
	s.at = to
}

// between are the spans from one place to another, with their styles.
func (s *splitter) between(from, to place) []Span {
	out := make([]Span, 0, to.spans-from.spans+1)
	for i := from.spans; i < len(s.spans) && (i < to.spans || s.starts[i] < to.bytes); i++ {
		span := s.spans[i]
		span.Text = s.text[max(from.bytes, s.starts[i]):min(to.bytes, s.starts[i+1])]
		out = append(out, span)
	}
	return out
}

// bestEnd is where, among the first n ends, a reader would turn the page: the
// last end of a line, else of a sentence, else of a word in the second half
// of them, else all n. If everything that is left fits there is no cut.
func (s *splitter) bestEnd(n int) int {
	if n == len(s.ends) {
		return n
	}
	best, kind := n, graphemeEnd
	for i := n; i > n/2 && kind < lineEnd; i-- {
		at := s.ends[i-1].bytes
		if k := endOf(s.text[s.at.bytes:at], s.text[at:]); k > kind {
			best, kind = i, k
		}
	}
	return best
}

// end says what ends at a place; the greater, the better to cut there.
type end int

const (
	graphemeEnd end = iota
	wordEnd
	sentenceEnd
	lineEnd
)

// closers belong to the sentence that they follow.
const closers = "」』）)”’\"'"

// endBytes is how far endOf looks back: over a few brackets and spaces.
const endBytes = 32

// endOf says what ends between before and after.
func endOf(before, after string) end {
	if strings.HasSuffix(before, "\n") {
		return lineEnd
	}
	next, _ := utf8.DecodeRuneInString(after)
	if strings.ContainsRune(" 　", next) {
		return graphemeEnd // goes with what stands before it
	}
	before = before[max(0, len(before)-endBytes):]
	words := strings.TrimRight(before, " 　")
	spaced := len(words) < len(before)
	if !spaced && strings.ContainsRune(closers, next) {
		return graphemeEnd // so does this
	}
	sentence := strings.TrimRight(words, closers)
	switch last, _ := utf8.DecodeLastRuneInString(sentence); {
	case strings.ContainsRune("。！？．", last), spaced && strings.ContainsRune(".!?", last):
		return sentenceEnd
	case spaced, sentence == words && strings.ContainsRune("、，", last):
		return wordEnd
	}
	return graphemeEnd
}

func joined(spans []Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return sb.String()
}
