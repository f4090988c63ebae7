package bot

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

// readFiles notes what was read, from several goroutines.
type readFiles struct {
	mu     sync.Mutex
	bodies []string
}

func (r *readFiles) news(name string, body []byte) *briefing.Digest {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, string(body))
	return readNews(name, body)
}

// sorted gives what was read since the last time.
func (r *readFiles) sorted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	bodies := slices.Sorted(slices.Values(r.bodies))
	r.bodies = nil
	return bodies
}

// start is one more library on the same keeper, as after a restart, and the
// files that it had to read for being there.
func (s *shelf) start(t *testing.T, reader string) (*Library, *readFiles) {
	t.Helper()
	read := &readFiles{}
	l := NewLibrary(LibraryOptions{
		Read: read.news, Reader: reader, Keeper: s.keeper, Terms: s.terms, Logger: silent(),
		Clock: func() time.Time { return s.now },
	})
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, read
}

// TestKeptReadings: a start reads only what the same reader has not read yet,
// and whatever is wrong with a reading has the file read.
func TestKeptReadings(t *testing.T) {
	const second = "2025-07-02"
	change := func(by func(*Reading)) func(*keeper) {
		return func(k *keeper) {
			r := k.readings[second]
			r.Packed = bytes.Clone(r.Packed)
			by(&r)
			k.readings[second] = r
		}
	}
	flip := func(at func(Reading) int) func(*keeper) {
		return change(func(r *Reading) { r.Packed[at(*r)] ^= 1 })
	}
	// put makes a reading as a reader with a fault would.
	put := func(text string) func(*keeper) {
		return change(func(r *Reading) {
			r.Packed = briefing.Pack(readNews("", []byte(text)))
			*r = sealed(*r)
		})
	}
	all := []string{"2025-07-01|一日|本文", "2025-07-02|二日|本文", "2025-07-03|三日|本文"}
	for _, c := range []struct {
		name   string
		reader string
		before func(*keeper)
		read   []string
	}{
		{"the same reader", "first", func(*keeper) {}, nil},
		{"another reader", "second", func(*keeper) {}, all},
		{"a reader without a name", "", func(*keeper) {}, all},
		{"damaged", "first", flip(func(r Reading) int { return len(r.Packed) / 2 }), all},
		{"a damaged seal", "first", flip(func(r Reading) int { return len(r.Packed) - 1 }), all},
		{"cut short", "first", change(func(r *Reading) { r.Packed = r.Packed[:len(r.Packed)/2] }), all},
		{"nothing", "first", change(func(r *Reading) { r.Packed = []byte{} }), all},
		{"something else", "first", change(func(r *Reading) { r.Packed = []byte("二日") }), all},
		{"something else, sealed", "first", change(func(r *Reading) { r.Packed = []byte("二日"); *r = sealed(*r) }), all},
		{"without a seal", "first", change(func(r *Reading) { r.Packed = r.Packed[:len(r.Packed)-sealSize] }), all},
		{"a damaged edition", "first", change(func(r *Reading) { r.Edition = "0" + r.Edition[1:] }), all},
		{"the edition of another day", "first", change(func(r *Reading) { r.Edition = editionOf([]byte(all[0])) }), all},
		{"that of another day", "first", func(k *keeper) {
			r := k.readings["2025-07-01"]
			r.Date, r.Revision = second, k.readings[second].Revision
			k.readings[second] = r
		}, all},
		{"one of another day, sealed", "first", put(all[0]), all},
		{"one that cannot be posted", "first", put(second), all},
		{"revised since", "first", func(k *keeper) {
			f := k.files[second]
			f.Body = []byte("2025-07-02|新しい二日|本文")
			k.put(f)
		}, []string{"2025-07-02|新しい二日|本文"}},
		{"withdrawn since", "first", func(k *keeper) { k.withdraw(second, at(9, 0)) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf()
			s.mustTake(t, "2025-07-01", "一日|本文")
			s.mustTake(t, "2025-07-02", "二日|本文")
			s.mustTake(t, "2025-07-03", "三日|本文")
			first, _ := s.start(t, "first")
			if err := first.KeepReadings(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.before(s.keeper)

			fresh, _ := s.start(t, "")
			again, read := s.start(t, c.reader)
			if d := cmp.Diff(c.read, read.sorted()); d != "" {
				t.Errorf("files read (-want +got):\n%s", d)
			}
			sameArchive(t, fresh, again)
		})
	}
}

// sameArchive compares what two libraries answer.
func sameArchive(t *testing.T, want, got *Library) {
	t.Helper()
	if d := cmp.Diff(want.Dates(), got.Dates()); d != "" {
		t.Errorf("dates (-want +got):\n%s", d)
	}
	for _, date := range want.Dates() {
		w, err := want.Printing(date)
		g, gotErr := got.Printing(date)
		if d := cmp.Diff(w, g); d != "" || err != nil || gotErr != nil {
			t.Errorf("%s: %v, %v (-want +got):\n%s", date, err, gotErr, d)
		}
	}
	w, _ := want.SearchPage("本文", 0, 0)
	g, _ := got.SearchPage("本文", 0, 0)
	if d := cmp.Diff(w, g); d != "" {
		t.Errorf("search (-want +got):\n%s", d)
	}
}

// TestKeepReadings: what is kept is kept once, and again when it was not.
func TestKeepReadings(t *testing.T) {
	s := newShelf()
	l, _ := s.start(t, "first")
	keep := func() map[briefing.Date]Reading {
		t.Helper()
		clear(s.keeper.readings)
		if err := l.KeepReadings(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.keeper.readings
	}
	take := func(text string) {
		t.Helper()
		if _, err := l.Take(t.Context(), "x.md", []byte(text), "folder"); err != nil {
			t.Fatal(err)
		}
	}
	take("2025-07-01|一日|本文")
	s.keeper.broken = errors.New("disk full")
	if err := l.KeepReadings(t.Context()); !errors.Is(err, s.keeper.broken) {
		t.Errorf("error %v, want the store's", err)
	}
	s.keeper.broken = nil
	if got := keep(); len(got) != 1 || got["2025-07-01"].Edition != editionOf([]byte("2025-07-01|一日|本文")) {
		t.Errorf("kept %v, want that of 07-01", got)
	}
	if got := keep(); len(got) != 0 {
		t.Errorf("kept again: %v", got)
	}
	take("2025-07-01|直した一日|本文")
	take("2025-07-02|二日|本文")
	if got := keep(); len(got) != 2 || got["2025-07-01"].Revision != 2 {
		t.Errorf("kept %v, want those of 07-01 in its second edition and of 07-02", got)
	}
	nameless, _ := s.start(t, "")
	clear(s.keeper.readings)
	if err := nameless.KeepReadings(t.Context()); err != nil || len(s.keeper.readings) != 0 {
		t.Errorf("a reader without a name keeps %v, %v", s.keeper.readings, err)
	}
}

// TestTakeReadsOnce: a file that comes is read once, not again for memory.
func TestTakeReadsOnce(t *testing.T) {
	s := newShelf()
	l, read := s.start(t, "first")
	for _, text := range []string{"2025-07-01|一日|本文", "2025-07-01|直した一日|本文"} {
		if _, err := l.Take(t.Context(), "x.md", []byte(text), "folder"); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{text}, read.sorted()); d != "" {
			t.Errorf("files read (-want +got):\n%s", d)
		}
	}
}

// TestTermsStandAlone: what memory has of a digest does not hold the file that
// its reader took it from.
func TestTermsStandAlone(t *testing.T) {
	whole := strings.Repeat("長い本文。", 1000)
	s := newShelf()
	var given lastDigest
	l := NewLibrary(LibraryOptions{
		Read: func(string, []byte) *briefing.Digest {
			return &briefing.Digest{Date: "2025-07-01", Glossary: []briefing.Term{{Term: whole[:12]}}}
		},
		Keeper: s.keeper, Terms: &given, Logger: silent(), Clock: func() time.Time { return s.now },
	})
	if _, err := l.Take(t.Context(), "x.md", []byte(whole), "folder"); err != nil {
		t.Fatal(err)
	}
	if got := given.Glossary[0].Term; got != whole[:12] || unsafe.StringData(got) == unsafe.StringData(whole) {
		t.Errorf("term %q is a part of the whole file", got)
	}
}

// TestPanicOfAReader: a reader that panics over a digest which another replica
// took in ends no process: whoever asked for it catches that, and the digest is
// there once it can be read.
func TestPanicOfAReader(t *testing.T) {
	s := newShelf()
	s.mustTake(t, "2025-07-01", "一日|本文")
	s.mustTake(t, "2025-07-02", "二日|本文")
	broken := true
	l := NewLibrary(LibraryOptions{
		Read: func(name string, body []byte) *briefing.Digest {
			if broken && strings.Contains(name, "2025-07-02") {
				panic("no such layout")
			}
			return readNews(name, body)
		},
		Keeper: s.keeper, Terms: s.terms, Logger: silent(), Clock: func() time.Time { return s.now },
	})
	func() {
		defer func() {
			if p, _ := recover().(string); !strings.Contains(p, "no such layout") || !strings.Contains(p, "bind_test.go") {
				t.Errorf("caught %q, want the reader's panic and where it was", p)
			}
		}()
		t.Errorf("no panic, %v", l.Refresh(t.Context()))
	}()
	broken = false
	if err := l.Refresh(t.Context()); err != nil || len(l.Dates()) != 2 {
		t.Errorf("after that: %v, %v", l.Dates(), err)
	}
}

// lastDigest is the one that a TermIndex was given last.
type lastDigest struct{ briefing.Digest }

func (l *lastDigest) Put(d *briefing.Digest) { l.Digest = *d }
func (l *lastDigest) Remove(briefing.Date)   {}

// TestHolds: only what would change nothing need not be taken in.
func TestHolds(t *testing.T) {
	s := newShelf()
	const name = "2025-07-01.md"
	good, bad := newsOf("2025-07-01", "一日|本文"), newsOf("2025-07-01", "")
	holds := func(when string, l *Library, name string, body []byte, want bool) {
		t.Helper()
		if got := l.Holds(name, body); got != want {
			t.Errorf("%s: holds %v, want %v", when, got, want)
		}
	}
	restarted := func() *Library { l, _ := s.start(t, "first"); return l }

	holds("unknown", s.Library, name, good, false)
	s.mustTake(t, "2025-07-01", "一日|本文")
	holds("known", s.Library, name, good, true)
	holds("another name", s.Library, "x.md", good, false)
	holds("other bytes", s.Library, name, newsOf("2025-07-01", "別|本文"), false)
	holds("after a restart", restarted(), name, good, true)

	if _, err := s.Take(t.Context(), name, bad, "folder"); err == nil {
		t.Fatal("a bad edition was taken in")
	}
	holds("bad", s.Library, name, bad, false)
	holds("good again after a bad edition", s.Library, name, good, false)
	after := restarted()
	holds("the same after a restart", after, name, good, false)
	if _, err := after.Take(t.Context(), name, good, "folder"); err != nil || len(s.keeper.rejected) != 0 {
		t.Errorf("the good edition again: %v, still kept aside: %v", err, s.keeper.rejected)
	}
	holds("taken in again", after, name, good, true)

	if err := after.Withdraw(t.Context(), name, "folder"); err != nil {
		t.Fatal(err)
	}
	holds("withdrawn", after, name, good, false)
}

// TestOpened: more books than stay open are all given as they are, and a
// revised one is not given as it was.
func TestOpened(t *testing.T) {
	s := newShelf()
	date := func(i int) briefing.Date { return briefing.Date("2025-07-01").AddDays(i) }
	for i := range 2 * maxOpen {
		s.mustTake(t, date(i), "初版|本文")
	}
	for round := range 2 {
		for i := range 2 * maxOpen {
			if d, err := s.Digest(date(i)); err != nil || d.Date != date(i) {
				t.Fatalf("round %d, %s: %+v, %v", round, date(i), d, err)
			}
			if len(s.opened.books) > maxOpen {
				t.Fatalf("%d books are open, want %d at most", len(s.opened.books), maxOpen)
			}
		}
	}
	last := date(2*maxOpen - 1)
	a, _ := s.Digest(last)
	if b, _ := s.Digest(last); a != b {
		t.Error("an open book was opened again")
	}
	s.mustTake(t, last, "二版|本文")
	if d, _ := s.Digest(last); d.Stories[0].Heading != "二版" {
		t.Errorf("after a revision: %q", d.Stories[0].Heading)
	}
}
