package glossary

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// maxMentionText is how much of a text is searched for terms, in characters:
// a long message of a chat.
const maxMentionText = 4000

// shortestMention is the shortest name that is looked for in running text;
// single characters are everywhere.
const shortestMention = 2

// Mentioned are at most n terms that a text names, in the order in which it
// does. Where names overlap the longest is meant. Width, case, separators and
// a long vowel mark at the end do not matter; part of a longer word in ASCII
// letters or katakana is no mention.
func (x *Index) Mentioned(text string, n int) []briefing.Entry {
	s := x.snapshot()
	in := newRunning(text)
	kana := kanaOf(in.text)
	var found []spot
	for _, name := range s.names {
		if name.size >= shortestMention && strings.Contains(kana, name.kana) {
			found = append(found, in.mentions(spellingKey(s.text(name)), name.entry)...)
		}
	}
	var entries []briefing.Entry
	known := map[int32]bool{}
	for _, m := range withoutOverlaps(found) {
		if !known[m.entry] && len(entries) < n {
			known[m.entry] = true
			entries = append(entries, s.entries[m.entry])
		}
	}
	return entries
}

// spot is where a name stands in the spelling of a text, in bytes.
type spot struct {
	from, to int
	entry    int32
}

// withoutOverlaps keeps of overlapping mentions the longest, in order.
func withoutOverlaps(all []spot) []spot {
	slices.SortStableFunc(all, func(a, b spot) int {
		return cmp.Or(cmp.Compare(b.to-b.from, a.to-a.from), cmp.Compare(a.from, b.from))
	})
	var kept []spot
	for _, m := range all {
		overlaps := func(k spot) bool { return m.from < k.to && k.from < m.to }
		if !slices.ContainsFunc(kept, overlaps) {
			kept = append(kept, m)
		}
	}
	slices.SortFunc(kept, func(a, b spot) int { return cmp.Compare(a.from, b.from) })
	return kept
}

// running is running text spelled as names are, without separators. apart
// holds where in it something separated two letters.
type running struct {
	text  string
	apart map[int]bool
}

func newRunning(text string) running {
	if r := []rune(text); len(r) > maxMentionText {
		text = string(r[:maxMentionText])
	}
	in := running{apart: map[int]bool{}}
	var sb strings.Builder
	for word := range strings.FieldsFuncSeq(widthKey(text), func(r rune) bool { return unicode.IsSpace(r) || isSeparator(r) }) {
		in.apart[sb.Len()] = true
		sb.WriteString(string(letters(word)))
	}
	in.text = sb.String()
	return in
}

// mentions are the places where the text has a name of an entry as a word.
func (in running) mentions(spelling string, entry int32) []spot {
	var found []spot
	for at := 0; ; {
		i := strings.Index(in.text[at:], spelling)
		if i < 0 {
			return found
		}
		from, to := at+i, at+i+len(spelling)
		at = to
		if in.ends(from) && (in.ends(to) || strings.HasPrefix(in.text[to:], string(longVowel)) && in.ends(to+len(string(longVowel)))) {
			found = append(found, spot{from, to, entry})
		}
	}
}

// ends says whether no word goes on over the byte at.
func (in running) ends(at int) bool {
	if at == 0 || at >= len(in.text) || in.apart[at] {
		return true
	}
	a, _ := utf8.DecodeLastRuneInString(in.text[:at])
	b, _ := utf8.DecodeRuneInString(in.text[at:])
	return !(asciiLetter(a) && asciiLetter(b)) && !(katakanaLetter(a) && katakanaLetter(b))
}

func asciiLetter(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' }

func katakanaLetter(r rune) bool { return isKatakana(r) || r == longVowel }
