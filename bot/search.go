package bot

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

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

// passage is what a search finds: a story, a deep dive, a term ….
type passage struct {
	line          int
	anchor        string
	heading, text string
}

// passages lists what of a digest can be found. A key point is a passage of
// its own only where no story tells it.
func passages(d *briefing.Digest) []passage {
	var all []passage
	anchors, title := d.Anchors(), shortTitle(d.Title)
	add := func(line int, heading string, texts ...string) {
		all = append(all, passage{line, anchors[line], heading, strings.Join(texts, "\n")})
	}
	for _, k := range d.KeyPoints {
		if len(k.Details) == 0 {
			add(k.Line, title, k.Text.String())
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
			add(p.Line, title, p.Text.String())
		}
	}
	for _, t := range d.Glossary {
		add(t.Line, t.Term, append(slices.Clone(t.Aliases), t.Definition)...)
	}
	return all
}

// maxTitleBytes is how much of a digest's title is searched and shown: 200
// kanji. It stands with every key point that no story tells, so a hostile one
// would be gigabytes; real ones have some fifty characters.
const maxTitleBytes = 600

// shortTitle cuts a title between graphemes.
func shortTitle(title string) string {
	kept, rest, state := 0, title, -1
	for rest != "" {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if kept+len(cluster) > maxTitleBytes {
			return title[:kept] + "…"
		}
		kept += len(cluster)
	}
	return title
}

// sought is what a search looks at: the passages of a digest, folded, one
// after the other. It is all that searches hold in memory.
type sought struct {
	folded string
	ends   []int // of the passages in folded
}

// seek folds the passages of a book.
func (b *book) seek() (s sought) {
	d, err := b.unpack()
	if err != nil {
		return s // it was opened when it was bound
	}
	var all strings.Builder
	for _, p := range passages(d) {
		all.WriteString(fold(p.heading + "\n" + p.text))
		s.ends = append(s.ends, all.Len())
	}
	s.folded, s.ends = strings.Clone(all.String()), slices.Clip(s.ends)
	return s
}

// holding are the passages that hold all words, by their index.
func (s sought) holding(words []string) (found []int) {
	from := 0
	for i, end := range s.ends {
		if holdsAll(s.folded[from:end], words) {
			found = append(found, i)
		}
		from = end
	}
	return found
}

// SearchPage finds the passages that hold all words, newest first: n of them
// (0: all that follow) from the one with index first on, together with how
// many there are in all. Case and width do not matter. A scan over ten years
// of digests takes a few milliseconds, so there is no index; the first search
// folds all digests.
func (l *Library) SearchPage(words string, first, n int) (hits []Hit, total int) {
	wanted := strings.Fields(fold(words))
	if len(wanted) == 0 {
		return nil, 0
	}
	books := l.newestFirst()
	found := make([][]int, len(books))
	abreast(len(books), func(i int) { found[i] = books[i].sought().holding(wanted) })
	for i, b := range books {
		from, to := max(0, first-total), len(found[i])
		if n > 0 {
			to = min(to, from+n-len(hits))
		}
		if from < to {
			hits = append(hits, l.hits(b, found[i][from:to], wanted[0])...)
		}
		total += len(found[i])
	}
	return hits, total
}

// newestFirst are all books.
func (l *Library) newestFirst() []*book {
	l.mu.RLock()
	defer l.mu.RUnlock()
	books := make([]*book, len(l.dates))
	for i, date := range l.dates {
		books[i] = l.books[date]
	}
	return books
}

// hits shows passages of a book.
func (l *Library) hits(b *book, found []int, word string) (hits []Hit) {
	d, err := l.opened.open(b)
	if err != nil {
		return nil // it was opened when it was bound
	}
	all := passages(d)
	for _, i := range found {
		p := all[i]
		hits = append(hits, Hit{Date: b.date, Line: p.line, Anchor: p.anchor, Heading: p.heading, Snippet: snippet(p.text, word)})
	}
	return hits
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
