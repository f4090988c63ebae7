// Package glossary answers what a term means. It holds the terms of every
// digest in memory: one entry a term, however many days define it, with all
// its names, its meanings and its history.
//
// A look-up goes through layers, from the very name to a slip of the finger,
// and stops at the first that finds something (see Lookup). What looks alike
// but is another word (ビール, ビル; IPS, ISP) is suggested, never answered.
package glossary

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// Index is the glossary of all digests it was given. It is safe for
// concurrent use. Entries that it returns share memory with it and must not
// be changed.
type Index struct {
	mu   sync.Mutex
	days map[briefing.Date][]briefing.Term
	// current is what look-ups read. It is nil after a change: the next
	// look-up builds it, so that reading a whole archive builds it once.
	current atomic.Pointer[snapshot]
}

// New makes an empty index.
func New() *Index { return &Index{days: map[briefing.Date][]briefing.Term{}} }

// Put takes in the terms of a digest, in place of what the digest of the same
// date said before. It keeps the digest's glossary, which must not be changed
// any more.
func (x *Index) Put(d *briefing.Digest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d.Date == "" {
		return
	}
	x.days[d.Date] = d.Glossary
	x.current.Store(nil)
}

// Remove forgets the digest of a date.
func (x *Index) Remove(date briefing.Date) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.days, date)
	x.current.Store(nil)
}

// snapshot is the index at one point in time; nothing in it changes.
func (x *Index) snapshot() *snapshot {
	if s := x.current.Load(); s != nil {
		return s
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if s := x.current.Load(); s != nil {
		return s
	}
	s := newSnapshot(merge(x.days))
	x.current.Store(s)
	return s
}

// All are all entries in the order of their names.
func (x *Index) All() []briefing.Entry {
	s := x.snapshot()
	all := make([]briefing.Entry, 0, len(s.entries))
	for _, id := range s.sorted {
		if n := s.names[id]; n.alias == headword {
			all = append(all, s.entries[n.entry])
		}
	}
	return all
}

// Newest are the n terms that were defined for the first time most recently,
// newest first, in the order of their digest.
func (x *Index) Newest(n int) []briefing.Entry {
	s := x.snapshot()
	return s.pick(s.newest[:min(max(n, 0), len(s.newest))])
}

// Complete gives at most n terms for what was typed so far: those that begin
// with it, then those that hold it; the newest terms for nothing typed.
func (x *Index) Complete(prefix string, n int) []string {
	s := x.snapshot()
	key := kanaKey(cut(prefix))
	if key == "" {
		return s.terms(s.newest, n)
	}
	found := s.beginning(key, n)
	for _, e := range s.holding(key, n) {
		if len(found) < n && !slices.Contains(found, e) {
			found = append(found, e)
		}
	}
	return s.terms(found, n)
}

// name is one name of an entry, as look-ups see it. It is kept small: there
// may be many.
type name struct {
	kana  string
	entry int32
	// alias is which of the entry's other names it is, or headword.
	alias int16
	size  uint16 // letters of kana
}

const (
	// headword in the place of another name's number means the term itself.
	headword = -1
	// maxAliases is how many other names of an entry can be looked up.
	maxAliases = 1000
)

// snapshot has the entries, newest last seen first, and their names in the
// orders that look-ups need.
type snapshot struct {
	entries []briefing.Entry
	newest  []int32 // entries, the newest first seen first
	names   []name
	// byCase has the caseKey of every term.
	byCase map[string]int32
	// bySound and byRomaji find names by their soundKey and romajiKey.
	bySound, byRomaji byHash
	sorted            []int32 // names by kana
	pairs             pairIndex
}

func newSnapshot(entries []briefing.Entry) *snapshot {
	slices.SortStableFunc(entries, func(a, b briefing.Entry) int { return cmp.Compare(b.LastSeen, a.LastSeen) })
	s := &snapshot{entries: entries, byCase: make(map[string]int32, len(entries)), newest: upTo(len(entries))}
	slices.SortStableFunc(s.newest, func(a, b int32) int { return cmp.Compare(entries[b].FirstSeen, entries[a].FirstSeen) })
	for i, e := range entries {
		s.byCase[orSame(caseKey(cut(e.Term)), e.Term)] = int32(i)
	}
	s.names = namesOf(entries)
	s.bySound = newByHash(s.names, func(n name) string { return soundKey(n.kana) })
	s.byRomaji = newByHash(s.names, func(n name) string { return romajiKey(s.text(n)) })
	s.sorted = upTo(len(s.names))
	slices.SortFunc(s.sorted, func(a, b int32) int {
		x, y := &s.names[a], &s.names[b]
		return cmp.Or(strings.Compare(x.kana, y.kana), strings.Compare(s.text(*x), s.text(*y)), cmp.Compare(a, b))
	})
	s.pairs = newPairIndex(s.names)
	return s
}

// upTo gives 0 to n-1.
func upTo(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i)
	}
	return ids
}

// orSame gives same where key equals it, so that one copy is kept.
func orSame(key, same string) string {
	if key == same {
		return same
	}
	return key
}

// namesOf lists the names of all entries. Their kana share one string.
func namesOf(entries []briefing.Entry) []name {
	total := len(entries)
	for _, e := range entries {
		total += len(e.Aliases)
	}
	names := make([]name, 0, total)
	var all strings.Builder
	ends := make([]int, 0, total)
	add := func(text string, entry, alias int) {
		kana := kanaKey(cut(text)) // a name may be longer than any query
		all.WriteString(kana)
		ends = append(ends, all.Len())
		names = append(names, name{entry: int32(entry), alias: int16(alias), size: uint16(utf8.RuneCountInString(kana))})
	}
	for i, e := range entries {
		add(e.Term, i, headword)
		for j, a := range e.Aliases[:min(len(e.Aliases), maxAliases)] {
			add(a, i, j)
		}
	}
	kana, from := strings.Clone(all.String()), 0
	for i, to := range ends {
		names[i].kana, from = kana[from:to], to
	}
	return names
}

// text is how a name is written, as far as a query can reach.
func (s *snapshot) text(n name) string {
	e := &s.entries[n.entry]
	if n.alias == headword {
		return cut(e.Term)
	}
	return cut(e.Aliases[n.alias])
}

// byHash finds names by the hash of a key. Who asks compares the key itself.
// Two slices take a quarter of what a map does.
type byHash struct {
	seed   maphash.Seed
	hashes []uint32 // ascending
	ids    []int32  // of the names, ascending for equal hashes
}

// newByHash leaves out names whose key is empty.
func newByHash(names []name, key func(name) string) byHash {
	x := byHash{seed: maphash.MakeSeed()}
	hashOf := make([]uint32, len(names))
	for i, n := range names {
		if k := key(n); k != "" {
			hashOf[i] = x.hash(k)
			x.ids = append(x.ids, int32(i))
		}
	}
	x.ids = slices.Clip(x.ids)
	slices.SortFunc(x.ids, func(a, b int32) int { return cmp.Or(cmp.Compare(hashOf[a], hashOf[b]), cmp.Compare(a, b)) })
	x.hashes = make([]uint32, len(x.ids))
	for i, id := range x.ids {
		x.hashes[i] = hashOf[id]
	}
	return x
}

func (x *byHash) hash(key string) uint32 { return uint32(maphash.String(x.seed, key)) }

// of gives the names that may have this key, in their order.
func (x *byHash) of(key string) []int32 {
	h := x.hash(key)
	from, _ := slices.BinarySearch(x.hashes, h)
	to := from
	for to < len(x.hashes) && x.hashes[to] == h {
		to++
	}
	return x.ids[from:to]
}
