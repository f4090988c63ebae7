package digest

import (
	"strings"
	"unicode/utf8"
)

// minName is how many characters a quoted name has at least; a shorter one is
// a word like any other.
const minName = 5

// named says whether citation i puts a name into quotation marks that the
// headline of candidate n has too, and that no other story speaks of. Writers
// quote what a piece of news is about: a name of its own, found in one story
// only, says more than all other words of a title.
func (r *reader) named(t *ties, i, n int) bool {
	for _, name := range quoted(r.digest.Citations[i].Title) {
		if utf8.RuneCountInString(name) >= minName && strings.Contains(t.candidates[n].detail.Heading, name) && t.only(n, name) {
			return true
		}
	}
	return false
}

// only says whether no story but candidate n holds a name.
func (t *ties) only(n int, name string) bool {
	for other, c := range t.candidates {
		if other == n || c.story == nil {
			continue
		}
		if strings.Contains(c.detail.Heading, name) || strings.Contains(c.story.Text.String(), name) || strings.Contains(c.story.Short.String(), name) {
			return false
		}
	}
	return true
}

// quoted are the texts in Japanese quotation marks, the innermost ones.
func quoted(s string) []string {
	var names []string
	for {
		_, rest, found := strings.Cut(s, "「")
		if !found {
			return names
		}
		name, after, closed := strings.Cut(rest, "」")
		if !closed {
			return names
		}
		if i := strings.LastIndex(name, "「"); i >= 0 {
			name = name[i+len("「"):]
		}
		names, s = append(names, name), after
	}
}
