package glossary

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pair is two letters that follow each other in a name. The first and the
// last letter of a name also make pairs with edge.
type pair uint64

const edge rune = 0

func pairOf(a, b rune) pair { return pair(a)<<32 | pair(b) }

// pairsOf gives each pair of a key once, in order.
func pairsOf(key string) []pair {
	pairs := make([]pair, 0, len(key)/2)
	add := func(p pair) {
		if !slices.Contains(pairs, p) {
			pairs = append(pairs, p)
		}
	}
	last := edge
	for _, r := range key {
		add(pairOf(last, r))
		last = r
	}
	add(pairOf(last, edge))
	return pairs
}

// rarest gives the names that have the pair of key that fewest names have; no
// names when key is shorter than two letters.
func (s *snapshot) rarest(key string) []int32 {
	if utf8.RuneCountInString(key) < 2 {
		return nil
	}
	var best []int32
	found := false
	last := edge
	for _, r := range key {
		if last != edge {
			if ids := s.byPair[pairOf(last, r)]; !found || len(ids) < len(best) {
				best, found = ids, true
			}
		}
		last = r
	}
	return best
}

// mistyped gives the names that key is a few slips away from, fewest first.
// Each slip spoils at most pairsPerSlip pairs, so a name that is near shares
// all others with key; only such names are compared letter by letter.
func (s *snapshot) mistyped(key string) []int32 {
	const pairsPerSlip = 3
	q := []rune(key)
	if len(q) < 2 || len(q) > maxTyped {
		return nil
	}
	if len(q) == 2 { // swapped, it shares no pair with what was meant
		return s.named(string([]rune{q[1], q[0]}))
	}
	pairs := pairsOf(key)
	enough := max(1, len(pairs)-pairsPerSlip*maxSlips(len(q)+maxSlips(len(q))))
	shared := make([]uint8, len(s.names)) // at most maxTyped+1 each
	hits := map[int32]int{}               // slips by name
	for _, p := range pairs {
		for _, id := range s.byPair[p] {
			if shared[id]++; int(shared[id]) != enough {
				continue
			}
			n := &s.names[id]
			if abs(n.size-len(q)) > maxSlips(max(n.size, len(q))) {
				continue
			}
			if d, ok := slips(q, []rune(n.kana)); ok {
				hits[id] = d
			}
		}
	}
	return fewest(hits)
}

// fewest gives the names with the fewest slips, newest entry first.
func fewest(hits map[int32]int) []int32 {
	best := maxTyped
	for _, d := range hits {
		best = min(best, d)
	}
	var out []int32
	for id, d := range hits {
		if d == best {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// named gives the names in Chinese characters with this very key.
func (s *snapshot) named(key string) []int32 {
	return slices.DeleteFunc(s.beginning(key), func(id int32) bool {
		return s.names[id].kana != key || otherHan([]rune(key), nil) < 2
	})
}

// pairLists are the lists of names of each pair of key, shortest first.
func (s *snapshot) pairLists(key string) [][]int32 {
	var lists [][]int32
	for _, p := range pairsOf(key) {
		lists = append(lists, s.byPair[p])
	}
	slices.SortStableFunc(lists, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
	return lists
}

const (
	// minAlike is how alike a suggestion must be, from 0 to 1 (Dice).
	minAlike = 0.25
	// maxCandidates bounds the names that are compared for suggestions. Those
	// that share a rare pair come first, so the likely ones are among them.
	maxCandidates = 500
)

// resembling gives names to suggest, best first: those inside the query, the
// longest first, then those that share most pairs with it.
func (s *snapshot) resembling(key string) []int32 {
	pairs := pairsOf(key)
	alike := map[int32]float64{}
	for _, id := range s.candidates(key) {
		n := &s.names[id]
		shared := 0
		for _, p := range pairsOf(n.kana) {
			if slices.Contains(pairs, p) {
				shared++
			}
		}
		a := 2 * float64(shared) / float64(len(pairs)+n.size+1)
		if n.size >= 2 && strings.Contains(key, n.kana) {
			a = float64(n.size)
		}
		if a >= minAlike {
			alike[id] = a
		}
	}
	return slices.SortedFunc(maps.Keys(alike), func(a, b int32) int {
		return cmp.Or(cmp.Compare(alike[b], alike[a]), cmp.Compare(a, b))
	})
}

// candidates are names that share a pair with key, rare pairs first, at most
// maxCandidates of them.
func (s *snapshot) candidates(key string) []int32 {
	var out []int32
	seen := map[int32]bool{}
	for _, ids := range s.pairLists(key) {
		for _, id := range ids {
			if len(out) == maxCandidates {
				return out
			}
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	return out
}

// maxTyped is the longest name that slips are counted in, in letters.
const maxTyped = 64

// maxSlips is how many slips a name of n letters may hold.
func maxSlips(n int) int {
	switch {
	case n < 6:
		return 1
	case n < 12:
		return 2
	default:
		return 3
	}
}

// slips counts the letters that were mistyped, left out, added or swapped
// with a neighbour between q and n. It is not ok when the two are rather
// different words than one word and its typo:
//
//   - numbers differ (TLS 1.2, TLS 1.3);
//   - more than one Chinese character differs (サイバー攻撃, サイバー犯罪);
//   - they are too short for that many slips. Latin words of up to four letters
//     are mostly acronyms and never typos of each other (IPS, ISP); longer ones
//     may hold one slip in five letters. Kana words of up to three letters have
//     neighbours everywhere (ビール, ビル, ボール); longer ones may hold one
//     slip in three letters, as may words with Chinese characters.
func slips(q, n []rune) (int, bool) {
	size := max(len(q), len(n))
	limit := maxSlips(size)
	if size > maxTyped || abs(len(q)-len(n)) > limit {
		return 0, false
	}
	d := distance(q, n, limit)
	if d > limit || numbers(q) != numbers(n) {
		return 0, false
	}
	switch hanQ, hanN := count(q, unicode.Han), count(n, unicode.Han); {
	case hanQ == 0 && hanN == 0 && count(q, unicode.Latin)+count(n, unicode.Latin) > size:
		return d, size > 4 && 5*d <= size
	case hanQ == 0 && hanN == 0:
		return d, size > 3 && 3*d <= size
	default:
		return d, size > 2 && 3*d <= size && otherHan(q, n) <= 1
	}
}

func count(s []rune, script *unicode.RangeTable) int {
	n := 0
	for _, r := range s {
		if unicode.Is(script, r) {
			n++
		}
	}
	return n
}

// otherHan counts the Chinese characters of q that n does not have.
func otherHan(q, n []rune) int {
	c := 0
	for _, r := range q {
		if unicode.Is(unicode.Han, r) && !slices.Contains(n, r) {
			c++
		}
	}
	return c
}

// numbers are the digits of a name, in order.
func numbers(s []rune) string {
	var sb strings.Builder
	for _, r := range s {
		if unicode.IsDigit(r) {
			sb.WriteRune(r)
		}
	}
	return sb.String()
}

func abs(n int) int { return max(n, -n) }

// distance is the optimal string alignment distance of a and b, which are at
// most maxTyped long; anything over limit for more than that.
func distance(a, b []rune, limit int) int {
	var rows [3][maxTyped + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			best = min(best, row[j])
		}
		if best > limit {
			return best
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
