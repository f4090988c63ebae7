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
// date said before.
func (x *Index) Put(d *briefing.Digest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d.Date == "" {
		return
	}
	x.days[d.Date] = slices.Clone(d.Glossary)
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
	all := slices.Clone(x.snapshot().entries)
	slices.SortStableFunc(all, func(a, b briefing.Entry) int {
		return cmp.Or(cmp.Compare(kanaKey(a.Term), kanaKey(b.Term)), cmp.Compare(a.Term, b.Term))
	})
	return all
}

// Newest are the n terms that were defined for the first time most recently,
// newest first, in the order of their digest.
func (x *Index) Newest(n int) []briefing.Entry {
	newest := slices.Clone(x.snapshot().entries)
	slices.SortStableFunc(newest, func(a, b briefing.Entry) int { return cmp.Compare(b.FirstSeen, a.FirstSeen) })
	return newest[:min(max(n, 0), len(newest))]
}

// Complete gives at most n terms for what was typed so far: those that begin
// with it, then those that hold it; the newest terms for nothing typed.
func (x *Index) Complete(prefix string, n int) []string {
	s := x.snapshot()
	key := kanaKey(cut(prefix))
	if key == "" {
		var terms []string
		for _, e := range x.Newest(n) {
			terms = append(terms, e.Term)
		}
		return terms
	}
	ids := s.beginning(key)
	if len(ids) < n {
		ids = append(ids, s.holding(key)...)
	}
	return s.terms(ids, n)
}

// name is one name of an entry, as look-ups see it.
type name struct {
	text     string
	spelling string
	kana     string
	size     int // letters of kana
	entry    int32
	alias    bool
}

// snapshot has the entries, newest last seen first, and their names in three
// orders: by sound for equal names, sorted for prefixes, and by letter pair
// for parts and typos.
type snapshot struct {
	entries []briefing.Entry
	names   []name
	bySound map[string][]int32
	sorted  []int32 // by kana
	byPair  map[pair][]int32
}

func newSnapshot(entries []briefing.Entry) *snapshot {
	slices.SortStableFunc(entries, func(a, b briefing.Entry) int { return cmp.Compare(b.LastSeen, a.LastSeen) })
	s := &snapshot{entries: entries, bySound: map[string][]int32{}, byPair: map[pair][]int32{}}
	for i, e := range entries {
		s.add(e.Term, int32(i), false)
		for _, a := range e.Aliases {
			s.add(a, int32(i), true)
		}
	}
	s.sorted = make([]int32, len(s.names))
	for i := range s.sorted {
		s.sorted[i] = int32(i)
	}
	slices.SortFunc(s.sorted, func(a, b int32) int { return strings.Compare(s.names[a].kana, s.names[b].kana) })
	return s
}

func (s *snapshot) add(text string, entry int32, alias bool) {
	id := int32(len(s.names))
	text = cut(text) // a name that is longer than any query
	n := name{text: text, spelling: spellingKey(text), entry: entry, alias: alias}
	n.kana = kanaOf(n.spelling)
	n.size = utf8.RuneCountInString(n.kana)
	s.names = append(s.names, n)
	sound := soundKey(n.kana)
	s.bySound[sound] = append(s.bySound[sound], id)
	for _, p := range pairsOf(n.kana) {
		s.byPair[p] = append(s.byPair[p], id)
	}
}
