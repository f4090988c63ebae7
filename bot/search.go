package bot

import (
	"slices"
	"strings"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// Hit is one place in the archive where all words of a search stand.
type Hit struct {
	Date    briefing.Date
	Line    int
	Anchor  string // of the place on the digest's page
	Heading string
	// Snippet is the text around the first word, about snippetChars long.
	Snippet string
}

// snippetChars is the length of a snippet: about three lines on a phone.
const snippetChars = 90

// passage is what a search looks at: a story, a deep dive, a term ….
type passage struct {
	line          int
	anchor        string
	heading, text string
	folded        string
}

// passages lists what of a digest can be found. A key point is a passage of
// its own only where no story tells it.
func passages(d *briefing.Digest) []passage {
	var all []passage
	anchors := d.Anchors()
	add := func(line int, heading string, texts ...string) {
		text := strings.Join(texts, "\n")
		all = append(all, passage{line, anchors[line], heading, text, fold(heading + "\n" + text)})
	}
	for _, k := range d.KeyPoints {
		if len(k.Details) == 0 {
			add(k.Line, d.Title, k.Text.String())
		}
	}
	for _, s := range d.Stories {
		add(s.Line, s.Heading, s.Text.String(), s.Short.String())
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		add(s.Line, s.Heading, s.Text.String())
	}
	for _, p := range []*briefing.Passage{d.Outlook, d.Conclusion} {
		if p != nil {
			add(p.Line, d.Title, p.Text.String())
		}
	}
	for _, t := range d.Glossary {
		add(t.Line, t.Term, append(slices.Clone(t.Aliases), t.Definition)...)
	}
	return all
}

// SearchPage finds the passages that hold all words, newest first: n of them
// (0: all that follow) from the one with index first on, together with how
// many there are in all. Case and width do not matter. A scan over ten years
// of digests takes a few milliseconds, so there is no index.
func (l *Library) SearchPage(words string, first, n int) (hits []Hit, total int) {
	wanted := strings.Fields(fold(words))
	if len(wanted) == 0 {
		return nil, 0
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, date := range l.dates {
		for _, p := range l.books[date].passages {
			if !holdsAll(p.folded, wanted) {
				continue
			}
			if total >= first && (n == 0 || len(hits) < n) {
				hits = append(hits, Hit{Date: date, Line: p.line, Anchor: p.anchor, Heading: p.heading, Snippet: snippet(p.text, wanted[0])})
			}
			total++
		}
	}
	return hits, total
}

func holdsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// Places are where the words of a search stand in a text: from and to in bytes,
// in order and apart. Case and width do not matter.
func Places(text, words string) [][2]int {
	m := newFoldMap(text)
	var all [][2]int
	for _, word := range strings.Fields(fold(words)) {
		for at := 0; ; {
			i := strings.Index(m.text[at:], word)
			if i < 0 {
				break
			}
			from, to := m.source(at+i, at+i+len(word))
			all = append(all, [2]int{from, to})
			at += i + len(word)
		}
	}
	return merged(all)
}

// snippet is the part of text around a folded word, or its beginning where
// the word is not in it.
func snippet(text, word string) string {
	text = strings.Join(strings.Fields(text), " ")
	at := 0
	m := newFoldMap(text)
	if i := strings.Index(m.text, word); i >= 0 {
		at = m.from[i]
	}
	runes := []rune(text)
	from := max(0, utf8.RuneCountInString(text[:at])-snippetChars/4)
	to := min(len(runes), from+snippetChars)
	s := Clean(string(runes[from:to]))
	if from > 0 {
		s = "…" + s
	}
	if to < len(runes) {
		s += "…"
	}
	return s
}
