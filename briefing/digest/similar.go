package digest

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

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

// maxGrammar is the length of the longest word of grammar.
const maxGrammar = 5

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

// hashWord is the token of the Latin word or number at the start of s, 0 for
// one that says nothing, and its length in bytes.
func hashWord(s string) (word token, size int) {
	h, digits := uint64(fnvOffset), 0
	for size < len(s) && alphanumeric(s[size]) {
		c := s[size]
		if c <= '9' {
			digits++
		}
		h = (h ^ uint64(c|0x20)) * fnvPrime // |0x20 is lower case, and leaves digits
		size++
	}
	if digits == size && digits <= 4 || size <= maxGrammar && grammar[h] {
		return 0, size
	}
	return token(h | 1<<63), size
}

func alphanumeric(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// latin says whether a token is a word; a word says more than two characters.
func (t token) latin() bool { return t>>63 == 1 }

// overlap is how much of the tokens of the shorter text the other has, 0..1.
func overlap(a, b string) float64 {
	v := newVocabulary()
	defer v.free()
	x, y := v.list(a), v.bag(b)
	least := min(len(x.ids), len(y.ids))
	if least == 0 {
		return 0
	}
	shared := 0
	for _, id := range x.ids {
		if y.has(id) {
			shared++
		}
	}
	return float64(shared) / float64(least)
}

// vocabulary numbers the tokens of one digest in the order they come. It is
// an open hash table: one look-up per character is what comparing texts
// costs, and Go's map would double the time of reading.
//
// Only what is asked for needs a number. So the queries come first; then the
// vocabulary is closed, and the texts are looked at for those tokens alone.
type vocabulary struct {
	slots  []int32 // number + 1, by hash
	tokens []token // by number
	seen   []int32 // by number: the last bag that has it
	bags   int32
	ids    []int32 // of all bags, one after the other
	closed bool
	filter [filterWords]uint64 // a bit per hash: unset says that no token has it
	tally  index               // its slices serve one index after the other
}

// vocabularies are those that no reading uses. A table is bigger than most
// digests, and clearing one costs less than making it.
var vocabularies = sync.Pool{New: func() any { return new(vocabulary) }}

// newVocabulary is an empty vocabulary, to be given back with free.
func newVocabulary() *vocabulary { return vocabularies.Get().(*vocabulary) }

// maxKept is the largest table that is kept for the next reading.
const maxKept = 1 << 16

// free gives v back. No bag or index of it may be used any more.
func (v *vocabulary) free() {
	if len(v.slots) > maxKept || cap(v.ids) > maxKept {
		return
	}
	clear(v.slots)
	clear(v.filter[:])
	v.tokens, v.seen, v.ids = v.tokens[:0], v.seen[:0], v.ids[:0]
	v.bags, v.closed = 0, false
	v.tally.bodies, v.tally.titles = nil, nil
	vocabularies.Put(v)
}

// filterWords is the size of the filter, 4 KiB: a fifth of the bits are set
// for the 2,000 tokens of a real digest's queries at most.
const filterWords = 512

// number is the number of a token: a new one if it has none, or -1 when the
// vocabulary is closed.
func (v *vocabulary) number(k token, h uint64) int32 {
	if 4*len(v.tokens) >= 3*len(v.slots) {
		v.grow()
	}
	i := v.slot(k, h)
	if n := v.slots[i]; n != 0 {
		return n - 1
	}
	if v.closed {
		return -1
	}
	v.filter[h>>6%filterWords] |= 1 << (h & 63)
	v.tokens = append(v.tokens, k)
	v.seen = append(v.seen, 0)
	v.slots[i] = int32(len(v.tokens))
	return int32(len(v.tokens)) - 1
}

// hash spreads tokens, whose bits are mostly those of two characters.
func hash(k token) uint64 { return uint64(k) * 0x9e3779b97f4a7c15 >> 40 }

// slot is where a token is, or belongs.
func (v *vocabulary) slot(k token, h uint64) uint64 {
	last := uint64(len(v.slots) - 1)
	for i := h & last; ; i = (i + 1) & last {
		if n := v.slots[i]; n == 0 || v.tokens[n-1] == k {
			return i
		}
	}
}

func (v *vocabulary) grow() {
	const least, factor = 64, 4
	v.slots = make([]int32, max(least, factor*len(v.slots)))
	for n, k := range v.tokens {
		v.slots[v.slot(k, hash(k))] = int32(n + 1)
	}
}

// reserve makes room for n tokens.
func (v *vocabulary) reserve(n int) {
	size := max(64, len(v.slots))
	for size < 2*n {
		size *= 2
	}
	if size > len(v.slots) {
		v.slots = make([]int32, size)
	}
	v.tokens = slices.Grow(v.tokens, n)
	v.seen = slices.Grow(v.seen, n)
}

// bag is the tokens of a text, each once, by their numbers.
type bag struct {
	ids []int32
	set []uint64 // the same as bits
}

func (b *bag) has(id int32) bool {
	return int(id>>6) < len(b.set) && b.set[id>>6]&(1<<(id&63)) != 0
}

// bag collects the tokens of strings.
func (v *vocabulary) bag(texts ...string) bag {
	return v.seal(v.list(texts...))
}

// list is a bag that has only ids: it can be looked for, not looked into.
func (v *vocabulary) list(texts ...string) bag {
	from := v.open()
	for _, t := range texts {
		v.scan(t)
	}
	return v.since(from)
}

// maxCompared is how many bytes of a text are compared, some 500 Japanese
// characters: what a text is about stands at its beginning.
const maxCompared = 1500

// text collects the tokens of a heading and of the beginning of the text
// below it.
func (v *vocabulary) text(heading string, t briefing.Text) bag {
	from := v.open()
	v.scan(heading)
	left := maxCompared
	for _, block := range t {
		for _, s := range block.Spans {
			if left -= len(s.Text); left < 0 {
				v.scan(strings.ToValidUTF8(s.Text[:len(s.Text)+left], ""))
				return v.seal(v.since(from))
			}
			v.scan(s.Text)
		}
	}
	return v.seal(v.since(from))
}

// open begins a bag. Only one is open at a time.
func (v *vocabulary) open() (from int) {
	v.bags++
	return len(v.ids)
}

// since is the bag of what was added since open.
func (v *vocabulary) since(from int) bag { return bag{ids: slices.Clip(v.ids[from:])} }

func (v *vocabulary) seal(b bag) bag {
	b.set = make([]uint64, (len(v.tokens)+63)/64)
	for _, id := range b.ids {
		b.set[id>>6] |= 1 << (id & 63)
	}
	return b
}

// scan adds the tokens of s to the open bag. Pairs of hiragana are left out, like English
// articles: they are grammar, and every text has them. So are numbers of up
// to four digits, which count things or are years.
//
// Japanese characters are told apart by their UTF-8 bytes: nearly all of them
// have three, and decoding every one would take half of the time.
func (v *vocabulary) scan(s string) {
	prev := char(0)
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case alphanumeric(c):
			word, size := hashWord(s[i:])
			if word != 0 {
				v.add(word)
			}
			prev = 0
			i += size
		case c < 0x80:
			prev = 0
			i++
		case c >= 0xe3 && c <= 0xe9 && i+3 <= len(s):
			next := char(c)<<16 | char(s[i+1])<<8 | char(s[i+2])
			i += 3
			if next.mark() {
				prev = 0
				continue
			}
			if prev != 0 && !(prev.hiragana() && next.hiragana()) {
				v.add(token(prev)<<32 | token(next))
			}
			prev = next
		default:
			i += v.scanOther(s[i:])
			prev = 0
		}
	}
}

// scanOther adds the token of a run of other characters, such as full-width
// or accented letters, and gives its length in bytes, at least one character.
func (v *vocabulary) scanOther(s string) int {
	n := 0
	for i, c := range s {
		if n = i; !unicode.IsLetter(c) && !unicode.IsDigit(c) || c < 0x80 || c >= 0x3000 && c < 0xa000 {
			break
		}
		n = i + utf8.RuneLen(c)
	}
	if n == 0 {
		_, n = utf8.DecodeRuneInString(s)
		return n
	}
	run := strings.ToLower(halfWidth(s[:n]))
	if alphanumeric(run[0]) {
		v.scan(run)
		return n
	}
	h := uint64(fnvOffset)
	for i := range len(run) {
		h = (h ^ uint64(run[i])) * fnvPrime
	}
	v.add(token(h | 1<<63))
	return n
}

// char is a character by its three UTF-8 bytes, U+3000 to U+9FFF.
type char uint32

// mark says whether c is a punctuation mark: U+3000 to U+303F, or ・.
func (c char) mark() bool { return c>>8 == 0xe380 && c != 0xe38085 || c == 0xe383bb }

func (c char) hiragana() bool { return c>>8 == 0xe381 || c>>8 == 0xe382 && c&0xff < 0xa0 }

// add adds a token to the open bag, once.
func (v *vocabulary) add(k token) {
	h := hash(k)
	if v.closed && v.filter[h>>6%filterWords]&(1<<(h&63)) == 0 {
		return // nobody asks for it
	}
	v.collect(k, h)
}

func (v *vocabulary) collect(k token, h uint64) {
	if id := v.number(k, h); id >= 0 && v.seen[id] != v.bags {
		v.seen[id] = v.bags
		v.ids = append(v.ids, id)
	}
}

// union is the tokens of two bags.
func union(a, b bag) bag {
	if len(a.set) < len(b.set) {
		a, b = b, a
	}
	out := bag{ids: slices.Clip(a.ids), set: slices.Clone(a.set)}
	for _, id := range b.ids {
		if !a.has(id) {
			out.ids = append(out.ids, id)
			out.set[id>>6] |= 1 << (id & 63)
		}
	}
	return out
}

// index compares texts, each with a title, with queries. Rare tokens weigh
// more than common ones: see score.
type index struct {
	bodies []bag // each with the tokens of its title
	titles []bag
	weight []float64 // by token
	inAny  []uint64  // the tokens that any text has
	texts  []int32   // by token: how many texts have it
	titled []int32   // by token: how many titles have it
}

// zeros is n zeros, in the memory of s where it is enough.
func zeros[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// newIndex is an index of the texts. It is valid until the next one is made.
func newIndex(v *vocabulary, bodies, titles []bag) *index {
	x := &v.tally
	x.bodies, x.titles = bodies, titles
	x.weight = zeros(x.weight, len(v.tokens))
	x.inAny = zeros(x.inAny, (len(v.tokens)+63)/64)
	x.texts = zeros(x.texts, len(v.tokens))
	x.titled = zeros(x.titled, len(v.tokens))
	for i := range bodies {
		for _, id := range titles[i].ids {
			x.titled[id]++
		}
		for _, id := range bodies[i].ids {
			x.texts[id]++
		}
		for w, bits := range bodies[i].set {
			x.inAny[w] |= bits
		}
	}
	weights := make([]float64, 2*len(bodies)+2)
	for n := range len(bodies) + 1 {
		rare := math.Log(1 + float64(len(bodies))/float64(max(1, n)))
		weights[2*n] = rare * rare
		weights[2*n+1] = 4 * rare * rare
	}
	for id, n := range x.texts {
		kind := 0
		if v.tokens[id].latin() {
			kind = 1
		}
		x.weight[id] = weights[2*int(n)+kind]
	}
	return x
}

// score says how well text n tells what the query says, from 0 to 2:
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
// story from a theme that mentions it. Known is the divisor of the first
// term, the same for every text.
func (x *index) score(query *bag, n int, known float64) float64 {
	return x.share(query, n, known) + x.headline(query, n)
}

// known is the weight of the query's tokens that any text has.
func (x *index) known(query *bag) float64 {
	all := 0.0
	for _, id := range query.ids {
		if x.inAny[id>>6]&(1<<(id&63)) != 0 {
			all += x.weight[id]
		}
	}
	return all
}

// share is the first term of score. See known.
func (x *index) share(query *bag, n int, known float64) float64 {
	have := 0.0
	for _, id := range query.ids {
		if x.bodies[n].has(id) {
			have += x.weight[id]
		}
	}
	return quotient(have, known)
}

// headline is the second term of score.
func (x *index) headline(query *bag, n int) float64 {
	have, all := 0.0, 0.0
	for _, id := range x.titles[n].ids {
		all += x.weight[id]
		if query.has(id) {
			have += x.weight[id]
		}
	}
	return quotient(have, all)
}

// covered is how much of the query's weight text n has, counting also what
// no text has.
func (x *index) covered(query *bag, n int) float64 {
	have, all := 0.0, 0.0
	for _, id := range query.ids {
		all += x.weight[id]
		if x.bodies[n].has(id) {
			have += x.weight[id]
		}
	}
	return quotient(have, all)
}

func quotient(have, all float64) float64 {
	if all == 0 {
		return 0
	}
	return have / all
}
