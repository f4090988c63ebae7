package glossary

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// holding gives the entries with a name that key is a part of, the shortest
// name first, at most n; none when key is shorter than two letters.
func (s *snapshot) holding(key string, n int) []int32 {
	pairs := pairsOf(make([]pair, 0, maxTyped), key)
	if len(pairs) < 3 {
		return nil
	}
	inside := slices.DeleteFunc(pairs, func(p pair) bool { return p>>32 == pair(edge) || p&(1<<32-1) == pair(edge) })
	best := shortest{s: s, most: n}
	want := signOf(inside, 0)
	for _, id := range s.pairs.rareFirst(inside)[0] {
		if want.without(s.pairs.signs[id]) == 0 && strings.Contains(s.names[id].kana, key) {
			best.add(id)
		}
	}
	return best.entries()
}

// shortest keeps the names that the query is most of, one an entry: the
// shortest first, newer entries before older ones, terms before other names.
type shortest struct {
	s    *snapshot
	most int
	ids  []int32 // best first
}

func (b *shortest) before(x, y int32) int {
	return cmp.Or(cmp.Compare(b.s.names[x].size, b.s.names[y].size), cmp.Compare(x, y))
}

func (b *shortest) add(id int32) {
	if b.most <= 0 || len(b.ids) == b.most && b.before(id, b.ids[b.most-1]) > 0 {
		return
	}
	sameEntry := func(other int32) bool { return b.s.names[other].entry == b.s.names[id].entry }
	if i := slices.IndexFunc(b.ids, sameEntry); i >= 0 {
		if b.before(b.ids[i], id) < 0 {
			return
		}
		b.ids = slices.Delete(b.ids, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(b.ids, id, b.before)
	b.ids = slices.Insert(b.ids, at, id)
	b.ids = b.ids[:min(len(b.ids), b.most)]
}

func (b *shortest) entries() []int32 { return b.s.entriesOf(b.ids) }

// spoiled is how many pairs of a word d slips spoil: each two, and two letters
// that are swapped three. Who swaps twice is not understood.
func spoiled(d int) int { return 2*d + 1 }

// mistyped gives the entries that key is a few slips away from: all with the
// fewest slips, newest first. What is near lacks few pairs of key, so it has
// one of the rarest; only such names are compared letter by letter.
func (s *snapshot) mistyped(key string) []int32 {
	q := []rune(key)
	if len(q) < 2 || len(q) > maxTyped {
		return nil
	}
	if len(q) == 2 { // swapped, it shares no pair with what was meant
		return s.named(string([]rune{q[1], q[0]}))
	}
	pairs := pairsOf(make([]pair, 0, maxTyped+1), key)
	lists := s.pairs.rareFirst(pairs)
	looks := signOf(pairs, len(q))
	for d := 1; d <= maxSlips(len(q)+maxSlips(len(q))); d++ {
		var likely []int32
		for _, ids := range lists[:min(len(lists), spoiled(d)+1)] {
			for _, id := range ids {
				n := s.pairs.signs[id]
				if looks.without(n) <= spoiled(d) && abs(n.letters()-len(q)) <= d {
					likely = append(likely, id)
				}
			}
		}
		slices.Sort(likely)
		found := slices.DeleteFunc(slices.Compact(likely), func(id int32) bool { return !s.within(q, id, d) })
		if len(found) > 0 {
			return s.entriesOf(found)
		}
	}
	return nil
}

// within says whether a name is d slips from q.
func (s *snapshot) within(q []rune, id int32, d int) bool {
	n := &s.names[id]
	if n.size > maxTyped {
		return false
	}
	var letters [maxTyped]rune
	return slips(q, appendRunes(letters[:0], n.kana), d)
}

func appendRunes(to []rune, s string) []rune {
	for _, r := range s {
		to = append(to, r)
	}
	return to
}

// named gives the entries with a name in Chinese characters with this very key.
func (s *snapshot) named(key string) []int32 {
	if han := count([]rune(key), unicode.Han); han < 2 {
		return nil
	}
	var ids []int32
	for at := s.from(key); at < len(s.sorted) && s.names[s.sorted[at]].kana == key; at++ {
		ids = append(ids, s.sorted[at])
	}
	slices.Sort(ids)
	return s.entriesOf(ids)
}

const (
	// minAlike is how alike a suggestion must be, from 0 to 1 (Dice).
	minAlike = 0.25
	// maxCandidates bounds the names that are compared for suggestions. Those
	// that share a rare pair come first, so the likely ones are among them.
	maxCandidates = 100
)

// resembling gives entries to suggest, best first: those inside the query, the
// longest first, then those that share most pairs with it.
func (s *snapshot) resembling(key string) []int32 {
	pairs := pairsOf(make([]pair, 0, maxTyped), key)
	type candidate struct {
		id    int32
		alike float64
	}
	var all []candidate
	looks := signOf(pairs, 0)
	for _, id := range s.candidates(pairs) {
		n, sign := &s.names[id], s.pairs.signs[id]
		dice := func(shared int) float64 { return 2 * float64(shared) / float64(len(pairs)+sign.letters()+1) }
		if dice(len(pairs)-looks.without(sign)) < minAlike && sign.without(looks) > 2 {
			continue // neither alike nor inside the query: there all but the edges are shared
		}
		a := dice(sharedPairs(pairs, looks, n.kana))
		if n.size >= 2 && strings.Contains(key, n.kana) {
			a = float64(n.size)
		}
		if a >= minAlike {
			all = append(all, candidate{id, a})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.alike, a.alike), cmp.Compare(a.id, b.id)) })
	ids := make([]int32, len(all))
	for i, c := range all {
		ids[i] = c.id
	}
	return s.entriesOf(ids)
}

// sharedPairs counts the pairs of a key that are among pairs, whose sign is
// looks.
func sharedPairs(pairs []pair, looks sign, key string) int {
	shared := 0
	among := func(p pair) {
		if looks.has(p) && slices.Contains(pairs, p) {
			shared++
		}
	}
	last := edge
	for _, r := range key {
		among(pairOf(last, r))
		last = r
	}
	among(pairOf(last, edge))
	return shared
}

// candidates are names that share one of pairs, rare pairs first, at most
// maxCandidates of them.
func (s *snapshot) candidates(pairs []pair) []int32 {
	out := make([]int32, 0, maxCandidates)
	for _, ids := range s.pairs.rareFirst(pairs) {
		out = append(out, ids[:min(len(ids), maxCandidates-len(out))]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
