package glossary

import (
	"cmp"
	"math/bits"
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

// maxTyped is the longest name that slips are counted in, in letters.
const maxTyped = 64

// maxSlips is how many slips a name of n letters may hold.
func maxSlips(n int) int {
	switch {
	case n < 6:
		return 1
	case n < 16:
		return 2
	default:
		return 3
	}
}

// slips says whether at most d letters were mistyped, left out, added or
// swapped with a neighbour between q and n. They may not be when the two are
// rather different words than one word and its typo:
//
//   - numbers differ (TLS 1.2, TLS 1.3; 二重脅迫, 三重脅迫);
//   - more than one Chinese character differs (サイバー攻撃, サイバー犯罪), one
//     was added (非標的型攻撃), or, in a word of up to four letters, one that
//     does not sound the same (暗号鍵, 暗号化);
//   - they are too short for that many slips. Latin words of up to four letters
//     are mostly acronyms and never typos of each other (IPS, ISP); longer ones
//     may hold one slip in five letters. Kana words of up to three letters have
//     neighbours everywhere (ビール, ビル, ボール); longer ones may hold one
//     slip in three letters, as may words with Chinese characters.
func slips(q, n []rune, d int) bool {
	size := max(len(q), len(n))
	if size > maxTyped || d > maxSlips(size) || abs(len(q)-len(n)) > d {
		return false
	}
	if distance(q, n, d) > d || !sameNumbers(q, n) {
		return false
	}
	switch hanQ, hanN := count(q, unicode.Han), count(n, unicode.Han); {
	case hanQ == 0 && hanN == 0 && count(q, unicode.Latin)+count(n, unicode.Latin) > size:
		return size > 4 && 5*d <= size
	case hanQ == 0 && hanN == 0:
		return size > 3 && 3*d <= size
	default:
		return size > 2 && 3*d <= size && sameHan(q, n)
	}
}

// shortHan is up to how many letters a word with Chinese characters is another
// word when a character is replaced by one of another sound.
const shortHan = 4

// sameHan says whether the Chinese characters of q may be meant to be those of
// n.
func sameHan(q, n []rune) bool {
	switch otherHan(q, n) {
	case 0:
		return true
	case 1:
		return len(q) <= len(n) && (len(n) > shortHan || len(q) < len(n) || soundsAlike(q, n))
	}
	return false
}

// soundsAlike says whether the first letters in which q and n differ are
// characters that an input method offers for one sound.
func soundsAlike(q, n []rune) bool {
	for i := range q {
		if q[i] != n[i] {
			return slices.ContainsFunc(homophones, func(group string) bool {
				return strings.ContainsRune(group, q[i]) && strings.ContainsRune(group, n[i])
			})
		}
	}
	return true
}

// homophones are characters of the same reading that terms are made of.
var homophones = []string{
	"性生正制政整成精製静清声勢姓", "証承障症照商省称章傷賞", "防坊房妨暴望謀亡", "要用容溶様陽養", "能脳納農", "迫拍白泊薄", "撃激劇",
	"対待耐体退帯態隊代台", "権検険件券圏研見", "監管感完観換環間関館官", "侵進浸新信真診深審申", "号合豪剛", "策作索錯", "犯範反半判版般",
	"攻公工構功効交抗口港行校項", "機器記期基規危企起揮鬼気", "視施使始指私士支試資紙詞", "盗統等当投党透登頭答", "認人任忍", "暗安案",
	"弱若", "脆税", "電伝田", "書署所処緒", "名明命", "量料両領", "情状場条上常", "報方法包放", "漏労", "洩影営映", "選線戦占専", "設接説摂",
	"定程低提停", "的敵適摘", "標評表票", "動導同堂", "復複服副", "限元原減現", "素組祖", "装送総操相", "化下可加価科家仮", "鍵建件",
	"面麺", "解改回会開", "罪在材", "網盲", "遮写", "断段談", "査差", "識式", "路炉", "位異移医",
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

// numerals are the numbers that are written in Chinese characters.
const numerals = "一二三四五六七八九十"

// sameNumbers says whether two names have the same digits, in order.
func sameNumbers(q, n []rune) bool {
	digits := func(s []rune) string {
		var out [maxTyped * utf8.UTFMax]byte
		b := out[:0]
		for _, r := range s {
			if unicode.IsDigit(r) || strings.ContainsRune(numerals, r) {
				b = utf8.AppendRune(b, r)
			}
		}
		return string(b)
	}
	return digits(q) == digits(n)
}

func abs(n int) int { return max(n, -n) }

// distance is the optimal string alignment distance of a and b, which are at
// most maxTyped long; anything over limit for more than that.
func distance(a, b []rune, limit int) int {
	var rows [3][maxTyped + 1]uint8 // small: they are cleared each time
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		best := row[0]
		for j := 1; j <= len(b); j++ {
			cost := uint8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			best = min(best, row[j])
		}
		if int(best) > limit {
			return int(best)
		}
		before, last, row = last, row, before
	}
	return int(last[len(b)])
}
