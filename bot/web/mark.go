package web

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// piece is a part of a text; Hit where it is a word that was searched for.
type piece struct {
	Text string
	Hit  bool
}

// mark parts text where a word of the search stands in it. Like the search
// it looks through case and width, character by character.
func mark(text, search string) []piece {
	folded, origin := foldWithOrigin(text)
	hit := make([]bool, len(text)+1)
	for _, word := range strings.Fields(fold(search)) {
		for at := 0; ; {
			i := strings.Index(folded[at:], word)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(word)
			for o := origin[from]; o < origin[to]; o++ {
				hit[o] = true
			}
			at = to
		}
	}
	var out []piece
	for i, r := range text {
		if n := len(out); n > 0 && out[n-1].Hit == hit[i] {
			out[n-1].Text += string(r)
		} else {
			out = append(out, piece{string(r), hit[i]})
		}
	}
	return out
}

// foldWithOrigin folds a text and says for each byte of the result, and for
// its end, at which byte of the text it began.
func foldWithOrigin(text string) (folded string, origin []int) {
	var sb strings.Builder
	for i, r := range text {
		f := fold(string(r))
		for range len(f) {
			origin = append(origin, i)
		}
		sb.WriteString(f)
	}
	return sb.String(), append(origin, len(text))
}

// fold makes texts equal that differ in case or width only.
func fold(s string) string { return strings.ToLower(norm.NFKC.String(s)) }
