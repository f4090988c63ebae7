package glossary

import (
	"slices"
	"strings"
	"unicode/utf8"

	"cyberbrief/briefing"
)

const (
	// maxTerms is how many entries a prefix, a part or a typo may answer
	// with; what is over becomes suggestions.
	maxTerms = 5
	// maxSuggestions fits the buttons of one row.
	maxSuggestions = 5
	// maxQuery is how much of a query is looked at, in characters.
	maxQuery = 200
)

// Lookup finds what a query means. The layers, of which the first that finds
// something answers:
//
//	exact      a term, letter case aside
//	alias      another name of a term, letter case aside
//	variant    a term or another name in another writing: width, separators,
//	           kana, long vowels, an English plural, Latin letters for kana;
//	           the closest writing there is
//	prefix     terms that begin with the query
//	substring  terms that hold it, for two characters and more
//	typo       terms a few slips away
//
// What is not the very name of something is read once more as a question:
// without quotation marks and the words around a term (「…」とは？).
//
// Entries are newest first within exact, alias and variant, closest first
// within the others.
func (x *Index) Lookup(query string) briefing.Answer {
	s := x.snapshot()
	a := briefing.Answer{Query: query, Match: briefing.MatchNone, Terms: []briefing.Entry{}, Suggestions: []string{}}
	text := strings.TrimSpace(cut(query))
	if e, ok := s.exactly(text); ok {
		a.Match, a.Terms = briefing.MatchExact, s.entries[e:e+1:e+1]
		return a
	}
	if kanaKey(text) == "" {
		return a
	}
	match, ids, meant := s.read(text)
	if ids != nil {
		a.Match = match
		slices.Sort(ids)
		a.Terms = s.pick(slices.Compact(ids))
		return a
	}
	match, entries := s.near(kanaKey(meant))
	a.Match = match
	a.Terms = s.pick(entries[:min(len(entries), maxTerms)])
	a.Suggestions = s.suggest(meant, entries)
	return a
}

// exactly finds the term of this very name, letter case aside.
func (s *snapshot) exactly(text string) (entry int32, ok bool) {
	if entry, ok = s.byCase[text]; !ok {
		entry, ok = s.byCase[caseKey(text)]
	}
	return entry, ok
}

// read looks for equal names of what text can mean: of the text as it stands,
// then of what it asks for. A very name of the latter is better than another
// writing of the former. meant is the text without the words of a question,
// which is what remains to look for when there is no name.
func (s *snapshot) read(text string) (match briefing.Match, ids []int32, meant string) {
	match, ids = s.equal(text)
	if match == briefing.MatchAlias {
		return match, ids, text
	}
	meant = text
	for i, asked := range readings(text) {
		if asked == text || kanaKey(asked) == "" {
			continue
		}
		if i == 0 {
			meant = asked
		}
		if m, found := s.equal(asked); ids == nil || m == briefing.MatchExact || m == briefing.MatchAlias {
			match, ids = m, found
		}
		if match == briefing.MatchExact || match == briefing.MatchAlias {
			break
		}
	}
	for _, one := range singulars(meant) {
		if _, found := s.equal(one); ids == nil && found != nil {
			match, ids = briefing.MatchVariant, found
		}
	}
	if ids == nil {
		match, ids = s.equalRomaji(meant)
	}
	return match, ids, meant
}

// near goes through the layers after the equal ones and gives entries, at
// least as many as can be answered with or suggested.
func (s *snapshot) near(key string) (briefing.Match, []int32) {
	if ids := s.beginning(key, maxTerms+maxSuggestions); len(ids) > 0 {
		return briefing.MatchPrefix, ids
	}
	if ids := s.holding(key, maxTerms+maxSuggestions); len(ids) > 0 {
		return briefing.MatchSubstring, ids
	}
	if ids := s.mistyped(key); len(ids) > 0 {
		return briefing.MatchTypo, ids
	}
	return briefing.MatchNone, nil
}

// How two names are equal, sharpest first; a term goes before another name.
const (
	sameCase = iota
	sameWidth
	sameSpelling
	sameKana
	sameSound
	unequal
)

// equal finds the entries with the name that is equal to text in the sharpest
// form. Names that are equal in any form are equal in sound, so one map does.
func (s *snapshot) equal(text string) (briefing.Match, []int32) {
	q := newWriting(text)
	best := 2 * unequal
	var ids []int32
	for _, id := range s.bySound.of(q.sound) {
		n := s.names[id]
		rank := 2 * q.equality(n.kana, s.text(n))
		if n.alias != headword {
			rank++
		}
		if rank < best {
			best, ids = rank, ids[:0]
		}
		if rank == best && best < 2*unequal {
			ids = append(ids, n.entry)
		}
	}
	switch {
	case len(ids) == 0:
		return briefing.MatchNone, nil
	case best == 2*sameCase:
		return briefing.MatchExact, ids
	case best == 2*sameCase+1:
		return briefing.MatchAlias, ids
	default:
		return briefing.MatchVariant, ids
	}
}

// writing is a query in all its forms.
type writing struct{ text, spelling, kana, sound string }

func newWriting(text string) writing {
	q := writing{text: text, spelling: spellingKey(text)}
	q.kana = kanaOf(q.spelling)
	q.sound = soundKey(q.kana)
	return q
}

// minSound is how many letters two names need that differ in long vowels
// only: short words that do are different words (ビール, ビル).
const minSound = 4

// equality is the sharpest form in which q equals a name.
func (q *writing) equality(kana, text string) int {
	if q.kana != kana {
		if q.sound == soundKey(kana) && utf8.RuneCountInString(q.sound) >= minSound {
			return sameSound
		}
		return unequal
	}
	switch {
	case q.spelling != spellingKey(text):
		return sameKana
	case caseKey(q.text) == caseKey(text):
		return sameCase
	case widthKey(q.text) == widthKey(text):
		return sameWidth
	default:
		return sameSpelling
	}
}

// equalRomaji finds the entries with a name in kana that sounds like a text in
// Latin letters.
func (s *snapshot) equalRomaji(text string) (match briefing.Match, ids []int32) {
	typed := romajiOf(text)
	match = briefing.MatchNone
	if typed == "" {
		return match, nil
	}
	for _, id := range s.byRomaji.of(typed) {
		if n := s.names[id]; romajiKey(s.text(n)) == typed {
			match, ids = briefing.MatchVariant, append(ids, n.entry)
		}
	}
	return match, ids
}

// from is where in s.sorted the names from key on begin.
func (s *snapshot) from(key string) int {
	at, _ := slices.BinarySearchFunc(s.sorted, key, func(id int32, key string) int { return strings.Compare(s.names[id].kana, key) })
	return at
}

// beginning gives the entries with a name that begins with key, the shortest
// name first, at most n.
func (s *snapshot) beginning(key string, n int) []int32 {
	best := shortest{s: s, most: n}
	for at := s.from(key); at < len(s.sorted) && strings.HasPrefix(s.names[s.sorted[at]].kana, key); at++ {
		best.add(s.sorted[at])
	}
	return best.entries()
}

// suggest gives terms that may have been meant: what was found but not
// answered with, then what is inside the query or resembles it.
func (s *snapshot) suggest(text string, answered []int32) []string {
	entries := slices.Clone(answered[min(len(answered), maxTerms):])
	if len(entries) < maxSuggestions {
		for _, e := range s.resembling(kanaKey(text)) {
			if !slices.Contains(answered, e) {
				entries = append(entries, e)
			}
		}
	}
	return s.terms(entries, maxSuggestions)
}

// entriesOf turns names into their entries, each once, in the same order.
func (s *snapshot) entriesOf(names []int32) []int32 {
	var out []int32
	seen := map[int32]bool{}
	for _, id := range names {
		if e := s.names[id].entry; !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	return out
}

func (s *snapshot) pick(entries []int32) []briefing.Entry {
	out := make([]briefing.Entry, len(entries))
	for i, e := range entries {
		out[i] = s.entries[e]
	}
	return out
}

// terms gives the terms of entries, at most n.
func (s *snapshot) terms(entries []int32, n int) []string {
	entries = entries[:min(max(n, 0), len(entries))]
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = s.entries[e].Term
	}
	return out
}

// cut bounds the work that a query can make.
func cut(query string) string {
	n := 0
	for i := range query {
		if n++; n > maxQuery {
			return query[:i]
		}
	}
	return query
}
