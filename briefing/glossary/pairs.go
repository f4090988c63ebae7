package glossary

import (
	"cmp"
	"math/bits"
	"slices"
	"unicode"
)

// pair is two letters that follow each other in a name. The first and the
// last letter of a name also make pairs with edge.
type pair uint64

// edge is no letter: people can type U+0000.
const edge rune = unicode.MaxRune + 1

func pairOf(a, b rune) pair { return pair(a)<<32 | pair(b) }

// pairsOf appends each pair of a key once, in order.
func pairsOf(pairs []pair, key string) []pair {
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

// sign tells most names apart that a query is not near to: a set of pairs in
// 120 bits, some of which share a bit, and in the other 8 how many letters the
// name has, 255 and more being one.
type sign struct{ low, high uint64 }

const signBits = 120

func (p pair) sign() sign {
	const golden = 0x9E3779B97F4A7C15 // spreads the pairs over the bits
	bit := uint64(p) * golden >> 32 % signBits
	if bit < 64 {
		return sign{low: 1 << bit}
	}
	return sign{high: 1 << (bit - 64)}
}

func signOf(pairs []pair, letters int) sign {
	all := sign{high: uint64(min(letters, 255)) << (signBits - 64)}
	for _, p := range pairs {
		b := p.sign()
		all.low, all.high = all.low|b.low, all.high|b.high
	}
	return all
}

// without counts the pairs of s that other does not have.
func (s sign) without(other sign) int {
	return bits.OnesCount64(s.low&^other.low) + bits.OnesCount64(s.high&^other.high<<8)
}

// has says whether p may be among the pairs of s.
func (s sign) has(p pair) bool {
	b := p.sign()
	return s.low&b.low|s.high&b.high != 0
}

func (s sign) letters() int { return int(s.high >> (signBits - 64)) }

// pairIndex finds names by their pairs. All lists of names stand in one slice.
type pairIndex struct {
	lists map[pair]list
	names []int32
	signs []sign // by name
}

// list is a part of pairIndex.names.
type list struct{ from, size int32 }

func newPairIndex(names []name) pairIndex {
	x := pairIndex{lists: map[pair]list{}, signs: make([]sign, len(names))}
	var buf []pair
	total := int32(0)
	for i, n := range names {
		buf = pairsOf(buf[:0], n.kana)
		x.signs[i] = signOf(buf, int(n.size))
		for _, p := range buf {
			l := x.lists[p]
			l.size++
			x.lists[p] = l
		}
		total += int32(len(buf))
	}
	from := int32(0)
	for p, l := range x.lists {
		x.lists[p] = list{from, 0}
		from += l.size
	}
	x.names = make([]int32, total)
	for i, n := range names {
		buf = pairsOf(buf[:0], n.kana)
		for _, p := range buf {
			l := x.lists[p]
			x.names[l.from+l.size] = int32(i)
			l.size++
			x.lists[p] = l
		}
	}
	return x
}

// rareFirst are the lists of names of each pair, shortest first.
func (x *pairIndex) rareFirst(pairs []pair) [][]int32 {
	lists := make([][]int32, len(pairs))
	for i, p := range pairs {
		l := x.lists[p]
		lists[i] = x.names[l.from : l.from+l.size]
	}
	slices.SortStableFunc(lists, func(a, b []int32) int { return cmp.Compare(len(a), len(b)) })
	return lists
}
