package bot

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// fold makes texts equal that differ in case or width only.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

// foldMap is a folded text that remembers where each part of it came from:
// folding changes lengths (㈱ becomes (株), ｶﾞ becomes ガ).
type foldMap struct {
	text string // fold(source)
	// from[i] is where in the source the character begins whose folded form
	// holds byte i; the last entry is the end of the source.
	from []int
}

func newFoldMap(source string) foldMap {
	var sb strings.Builder
	var m foldMap
	var it norm.Iter
	it.InitString(norm.NFKC, source)
	for !it.Done() {
		at := it.Pos()
		piece := strings.ToLower(string(it.Next()))
		sb.WriteString(piece)
		for range len(piece) {
			m.from = append(m.from, at)
		}
	}
	m.text, m.from = sb.String(), append(m.from, len(source))
	return m
}

// source gives the bytes of the source that the folded bytes from to to came
// from, in whole characters.
func (m foldMap) source(from, to int) (int, int) {
	end := m.from[to]
	for to < len(m.text) && m.from[to] == m.from[to-1] {
		to++ // a match that ends inside a character takes all of it
		end = m.from[to]
	}
	return m.from[from], end
}
