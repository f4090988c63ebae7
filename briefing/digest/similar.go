package digest

import (
	"math"
	"math/bits"
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

// token is a piece of text that two texts can share: two Japanese characters
// in a row, or a whole Latin word or number.
type token uint64

// FNV-1a, the hash of Latin words.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// grammar are the English words that every text has, hashed.
var grammar = func() map[uint64]bool {
	set := map[uint64]bool{}
	for _, w := range strings.Fields("a an and are as at be by for from has in into is it its no not of on or over that the this to up via was with new s http https www com co jp html") {
		h := uint64(fnvOffset)
		for _, c := range []byte(w) {
			h = (h ^ uint64(c)) * fnvPrime
		}
		set[h] = true
	}
	return set
}()

// tokens calls yield for every token of s. Pairs of hiragana are left out,
// like English articles: they are grammar, and every text has them. So are
// numbers of up to four digits, which count things or are years.
func tokens(s string, yield func(token)) {
	prev := rune(0)
	word, length, digits := uint64(fnvOffset), 0, 0 // of the Latin word so far
	endWord := func() {
		if length > 0 && (digits < length || digits > 4) && !grammar[word] {
			yield(token(word | 1<<63))
		}
		word, length, digits = fnvOffset, 0, 0
	}
	for _, c := range s {
		if c >= '！' && c <= '～' {
			c -= '！' - '!'
		}
		switch {
		case c < 0x80 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'):
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c <= '9' {
				digits++
			}
			length++
			word = (word ^ uint64(c)) * fnvPrime
			prev = 0
			continue
		case letter(c):
			if prev != 0 && !(hiragana(prev) && hiragana(c)) {
				yield(token(prev)<<32 | token(c))
			}
			endWord()
			prev = c
			continue
		}
		prev = 0
		endWord()
	}
	endWord()
}

func hiragana(c rune) bool { return c >= 'ぁ' && c <= 'ゟ' }

// letter says whether c is a letter of a word in any script but Latin's
// basic one.
func letter(c rune) bool {
	return c >= 0x3041 && c <= 0x30ff && c != '・' || c >= 0x3400 && c <= 0x9fff || c > 0x7f && (c < 0x3000 || c > 0xa000) && unicode.IsLetter(c) || c == '々'
}

// latin says whether a token is a word; a word says more than two characters.
func (t token) latin() bool { return t>>63 == 1 }

// textTokens are the tokens of a text, blocks apart.
func textTokens(t briefing.Text, yield func(token)) {
	for _, b := range t {
		for _, s := range b.Spans {
			tokens(s.Text, yield)
		}
	}
}

// overlap is how much of the tokens of the shorter text the other has, 0..1.
func overlap(a, b string) float64 {
	set := func(s string) map[token]bool {
		m := map[token]bool{}
		tokens(s, func(t token) { m[t] = true })
		return m
	}
	sa, sb := set(a), set(b)
	if len(sa) > len(sb) {
		sa, sb = sb, sa
	}
	if len(sa) == 0 {
		return 0
	}
	n := 0
	for t := range sa {
		if sb[t] {
			n++
		}
	}
	return float64(n) / float64(len(sa))
}

// index knows in which texts each token stands, so that rare tokens can
// weigh more than common ones. It only keeps tokens that a query has: the
// queries come first, then the texts, then the questions.
type index struct {
	ids    map[token]int32
	body   []bitset // by token: the texts that have it
	title  []bitset
	texts  int
	titles [][]int32 // by text: the tokens of its title
	weight []float64
}

// bitset is a set of small numbers.
type bitset []uint64

func (b bitset) has(i int) bool { return i>>6 < len(b) && b[i>>6]&(1<<(i&63)) != 0 }

func (b *bitset) add(i int) {
	for len(*b) <= i>>6 {
		*b = append(*b, 0)
	}
	(*b)[i>>6] |= 1 << (i & 63)
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

func newIndex() *index { return &index{ids: map[token]int32{}} }

// query registers the tokens of a text to look for, each once.
func (x *index) query(each func(func(token))) []int32 {
	var out []int32
	seen := map[int32]bool{}
	each(func(t token) {
		id, ok := x.ids[t]
		if !ok {
			id = int32(len(x.ids))
			x.ids[t] = id
			w := 1.0
			if t.latin() {
				w = 2 // a Latin word is worth two pairs of characters
			}
			x.weight = append(x.weight, w)
			x.body = append(x.body, nil)
			x.title = append(x.title, nil)
		}
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	})
	return out
}

// text adds a text with its title and gives it the next number.
func (x *index) text(title string, body ...briefing.Text) int {
	n := x.texts
	x.texts++
	own := x.query(func(yield func(token)) { tokens(title, yield) })
	for _, id := range own {
		x.title[id].add(n)
		x.body[id].add(n)
	}
	x.titles = append(x.titles, own)
	for _, b := range body {
		textTokens(b, func(t token) {
			if id, ok := x.ids[t]; ok {
				x.body[id].add(n)
			}
		})
	}
	return n
}

// rarity turns the weights into their final form; call it once, after the
// last text.
func (x *index) rarity() {
	for id := range x.weight {
		w := x.weight[id] * math.Log(1+float64(x.texts)/float64(max(1, x.body[id].count())))
		x.weight[id] = w * w
	}
}

// score says how well text n tells what the query says, from 0 to about 2:
//
//	  weight of the query's tokens that the text has, body or title
//	  ÷ weight of those that any text has
//	+ weight of the title's tokens that the query has
//	  ÷ weight of the title's tokens
//
// A token weighs the square of log(1 + texts / texts that have it), so
// ランサムウェア weighs little on a day that is full of it and a company's name
// weighs much; a Latin word counts as two tokens before the square. The
// first term says how much of the key point is in the text; the second how
// much of the headline is in the key point, which tells the item about the
// story from a theme that mentions it.
func (x *index) score(query []int32, n int) float64 {
	return x.share(query, n) + x.headline(query, n)
}

// share is the first term of score.
func (x *index) share(query []int32, n int) float64 {
	have, all := 0.0, 0.0
	for _, id := range query {
		if len(x.body[id]) == 0 {
			continue
		}
		all += x.weight[id]
		if x.body[id].has(n) {
			have += x.weight[id]
		}
	}
	return part(have, all)
}

// headline is the second term of score.
func (x *index) headline(query []int32, n int) float64 {
	have, all := 0.0, 0.0
	for _, id := range x.titles[n] {
		all += x.weight[id]
	}
	for _, id := range query {
		if x.title[id].has(n) {
			have += x.weight[id]
		}
	}
	return part(have, all)
}

// covered is how much of the query's weight text n has, counting also what
// no text has.
func (x *index) covered(query []int32, n int) float64 {
	have, all := 0.0, 0.0
	for _, id := range query {
		all += x.weight[id]
		if x.body[id].has(n) {
			have += x.weight[id]
		}
	}
	return part(have, all)
}

func part(have, all float64) float64 {
	if all == 0 {
		return 0
	}
	return have / all
}
