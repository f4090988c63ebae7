package glossary

import (
	"cmp"
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
//	           kana, long vowels; the closest writing there is
//	prefix     terms that begin with the query
//	substring  terms that hold it, for two characters and more
//	typo       terms a few slips away
//
// What is not the very name of something is read once more without quotation
// marks and the words of a question (「…」とは？).
//
// Entries are newest first within exact, alias and variant, closest first
// within the others.
func (x *Index) Lookup(query string) briefing.Answer {
	s := x.snapshot()
	a := briefing.Answer{Query: query, Match: briefing.MatchNone, Terms: []briefing.Entry{}, Suggestions: []string{}}
	text := strings.TrimSpace(cut(query))
	if kanaKey(text) == "" {
		return a
	}
	match, ids := s.equal(text)
	if asked := bare(text); match != briefing.MatchExact && match != briefing.MatchAlias && kanaKey(asked) != "" {
		if m, found := s.equal(asked); ids == nil || m == briefing.MatchExact || m == briefing.MatchAlias {
			match, ids = m, found
		}
		text = asked
	}
	if ids != nil {
		a.Match = match
		slices.Sort(ids)
		a.Terms = s.pick(slices.Compact(ids))
		return a
	}
	match, names := s.near(kanaKey(text))
	entries := s.entriesOf(names)
	a.Match = match
	a.Terms = s.pick(entries[:min(len(entries), maxTerms)])
	a.Suggestions = s.suggest(text, entries)
	return a
}

// near goes through the layers after the equal ones and gives ids of names.
func (s *snapshot) near(key string) (briefing.Match, []int32) {
	if ids := s.beginning(key); len(ids) > 0 {
		return briefing.MatchPrefix, ids
	}
	if ids := s.holding(key); len(ids) > 0 {
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
	spelling := spellingKey(text)
	q := name{text: text, spelling: spelling, kana: kanaOf(spelling)}
	best := 2 * unequal
	var ids []int32
	for _, id := range s.bySound[soundKey(q.kana)] {
		n := &s.names[id]
		rank := 2 * equality(&q, n)
		if n.alias {
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

// minSound is how many letters two names need that differ in long vowels
// only: short words that do are different words (ビール, ビル).
const minSound = 4

// equality is the sharpest form in which two names of one sound are equal.
func equality(q, n *name) int {
	switch {
	case q.spelling != n.spelling && q.kana != n.kana:
		if utf8.RuneCountInString(soundKey(q.kana)) >= minSound {
			return sameSound
		}
		return unequal
	case q.spelling != n.spelling:
		return sameKana
	case caseKey(q.text) == caseKey(n.text):
		return sameCase
	case widthKey(q.text) == widthKey(n.text):
		return sameWidth
	default:
		return sameSpelling
	}
}

// beginning gives the names that begin with key, shortest first.
func (s *snapshot) beginning(key string) []int32 {
	from, _ := slices.BinarySearchFunc(s.sorted, key, func(id int32, key string) int { return strings.Compare(s.names[id].kana, key) })
	to := from
	for to < len(s.sorted) && strings.HasPrefix(s.names[s.sorted[to]].kana, key) {
		to++
	}
	return s.shortestFirst(slices.Clone(s.sorted[from:to]))
}

// holding gives the names that key is a part of, shortest first.
func (s *snapshot) holding(key string) []int32 {
	var ids []int32
	for _, id := range s.rarest(key) {
		if strings.Contains(s.names[id].kana, key) {
			ids = append(ids, id)
		}
	}
	return s.shortestFirst(ids)
}

// shortestFirst puts the names that the query is most of first; newer entries
// go before older ones, terms before other names.
func (s *snapshot) shortestFirst(ids []int32) []int32 {
	slices.SortStableFunc(ids, func(a, b int32) int {
		x, y := &s.names[a], &s.names[b]
		return cmp.Or(cmp.Compare(x.size, y.size), cmp.Compare(a, b))
	})
	return ids
}

// suggest gives terms that may have been meant: what was found but not
// answered with, then what is inside the query or resembles it.
func (s *snapshot) suggest(text string, answered []int32) []string {
	rest := answered[min(len(answered), maxTerms):]
	out := s.entryTerms(rest, maxSuggestions)
	for _, id := range s.resembling(kanaKey(text)) {
		e := s.names[id].entry
		if term := s.entries[e].Term; len(out) < maxSuggestions && !slices.Contains(answered, e) && !slices.Contains(out, term) {
			out = append(out, term)
		}
	}
	return out
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

// terms gives the terms of names, each once, at most n.
func (s *snapshot) terms(names []int32, n int) []string {
	return s.entryTerms(s.entriesOf(names), n)
}

func (s *snapshot) entryTerms(entries []int32, n int) []string {
	out := make([]string, 0, min(max(n, 0), len(entries)))
	for _, e := range entries[:min(max(n, 0), len(entries))] {
		out = append(out, s.entries[e].Term)
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

// questionEnds are what people type after a term when they ask for it.
var questionEnds = []string{
	"とは何ですか", "とはなんですか", "って何ですか", "ってなんですか", "とは何", "とはなに", "って何", "ってなに", "とは",
	"について教えて", "を教えてください", "を教えて", "について", "の意味は", "の意味", "の定義", "は何ですか",
}

// bare takes what is no part of a name off a query: quotation marks, question
// marks, and the words of a question.
func bare(query string) string {
	const signs = " \t　?？!！。．.、,\"'“”‘’「」『』【】()（）<>〈〉《》`*/"
	q := strings.Trim(strings.TrimLeft(query, "#"), signs)
	lower := strings.ToLower(q)
	for _, begin := range []string{"what is ", "what are ", "define ", "term "} {
		if strings.HasPrefix(lower, begin) {
			q = q[len(begin):]
			break
		}
	}
	for _, end := range questionEnds {
		if rest, ok := strings.CutSuffix(q, end); ok {
			q = rest
			break
		}
	}
	return strings.Trim(q, signs)
}
