package bot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"cyberbrief/briefing"
)

// TermIndex learns the terms of digests. Implemented by briefing/glossary.
type TermIndex interface {
	// Put replaces what this digest's date said before.
	Put(*briefing.Digest)
	Remove(briefing.Date)
}

// LibraryOptions are what a Library works with; all are needed.
type LibraryOptions struct {
	// Read reads a file; what keeps it from being posted is in its Err.
	Read func(name string, body []byte) *briefing.Digest
	// Reader names Read: what a reader of another name has read is read anew.
	// Nothing that was read is kept for the next start where it is empty.
	Reader string
	Keeper ArchiveKeeper
	Terms  TermIndex
	Clock  func() time.Time
	// Rank orders sources: where two have a digest of the same date, that of
	// the lower rank is kept. Nil takes whichever came last.
	Rank   func(source string) int
	Logger *slog.Logger
	// Changed is called after a digest came, was revised or was withdrawn.
	// It must not block.
	Changed func(briefing.Date)
}

// Library is the archive: it takes files in, keeps them in the store, and
// answers from memory. The archive is small, about 10 KB a day, so all of it
// is held, packed; see book. It is safe for concurrent use.
type Library struct {
	opts   LibraryOptions
	opened openBooks

	taking sync.Mutex // one intake at a time, so that memory follows the store

	mu    sync.RWMutex
	books map[briefing.Date]*book
	dates []briefing.Date // newest first
	rev   int64           // of the store, up to which memory is in step
	// aside are the names of files that the store keeps aside.
	aside map[string]bool
}

// NewLibrary makes an empty library; Refresh fills it from the store.
func NewLibrary(opts LibraryOptions) *Library {
	return &Library{opts: opts, books: map[briefing.Date]*book{}, aside: map[string]bool{}}
}

// Holds says that the archive has this very file, and that it is not kept
// aside for what it said meanwhile: to take it in again would change nothing.
func (l *Library) Holds(name string, body []byte) bool {
	edition := editionOf(body)
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.aside[name] {
		return false
	}
	for _, b := range l.books {
		if b.Edition == edition && b.file == name {
			return true
		}
	}
	return false
}

// Take reads a file and makes it part of the archive. A file that cannot be
// posted is kept aside with its reason; the error says so, and the digest,
// as far as it was read, is returned with its warnings all the same.
func (l *Library) Take(ctx context.Context, name string, body []byte, source string) (*briefing.Digest, error) {
	l.taking.Lock()
	defer l.taking.Unlock()
	d := l.opts.Read(name, body)
	now := l.opts.Clock()
	if err := d.Err(); err != nil {
		rejected := Rejected{File: name, Reason: err.Error(), At: now}
		l.setAside(name, true)
		if keepErr := l.opts.Keeper.RejectDigest(ctx, rejected); keepErr != nil {
			return d, fmt.Errorf("keep %s aside: %w", name, keepErr)
		}
		l.opts.Logger.Warn("digest kept aside", "file", name, "source", source, "reason", err)
		return d, fmt.Errorf("read %s: %w", name, err)
	}
	if owner, ok := l.outranked(d.Date, source); ok {
		l.opts.Logger.Info("digest left to another source", "date", d.Date, "file", name, "source", source, "kept", owner)
		return d, nil
	}
	file := DigestFile{Date: d.Date, Name: name, Body: body, Source: source, FirstAt: now, RevisedAt: now}
	edition, err := l.opts.Keeper.KeepDigest(ctx, file)
	if err != nil {
		return d, fmt.Errorf("keep digest %s: %w", d.Date, err)
	}
	l.setAside(name, false)
	if edition == Unchanged {
		return d, nil
	}
	l.opts.Logger.Info("digest taken in", "date", d.Date, "file", name, "revised", edition == Revised,
		"key_points", len(d.KeyPoints), "stories", len(d.Stories), "warnings", len(d.Warnings))
	return d, l.refresh(ctx, justRead{name: name, edition: editionOf(body), digest: d})
}

// setAside remembers whether the store keeps a file aside.
func (l *Library) setAside(name string, aside bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if aside {
		l.aside[name] = true
	} else {
		delete(l.aside, name)
	}
}

// outranked says whether the digest of a date comes from a source that is
// named before this one, and from which. Two sources that tell one day in
// different words would else revise each other for ever.
func (l *Library) outranked(date briefing.Date, source string) (owner string, ok bool) {
	if l.opts.Rank == nil {
		return "", false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	b, known := l.books[date]
	if !known {
		return "", false
	}
	return b.source, l.opts.Rank(b.source) < l.opts.Rank(source)
}

// Withdraw takes back the digest that came from a file of this name of this
// source; a file that the archive does not hold is no error.
func (l *Library) Withdraw(ctx context.Context, name, source string) error {
	l.taking.Lock()
	defer l.taking.Unlock()
	date, ok := l.dateOf(name, source)
	if !ok {
		return nil
	}
	now := l.opts.Clock()
	file := DigestFile{Date: date, Name: name, Source: source, FirstAt: now, RevisedAt: now, WithdrawnAt: now}
	if _, err := l.opts.Keeper.KeepDigest(ctx, file); err != nil {
		return fmt.Errorf("withdraw digest %s: %w", date, err)
	}
	l.opts.Logger.Warn("digest withdrawn by its source: copies that were posted stay until they are retracted", "date", date, "file", name)
	return l.refresh(ctx, justRead{})
}

// dateOf is the date of the digest that came from a file of a source.
func (l *Library) dateOf(name, source string) (briefing.Date, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for date, b := range l.books {
		if b.file == name && b.source == source {
			return date, true
		}
	}
	return "", false
}

// Refresh brings memory in step with the store: at the start everything,
// later what other replicas have taken in.
func (l *Library) Refresh(ctx context.Context) error {
	l.taking.Lock()
	defer l.taking.Unlock()
	names, err := l.opts.Keeper.RejectedFiles(ctx)
	if err != nil {
		return fmt.Errorf("refresh archive: %w", err)
	}
	for _, name := range names {
		l.setAside(name, true)
	}
	return l.refresh(ctx, justRead{})
}

// refresh shelves what is new in the store; known is what its caller has read
// already.
func (l *Library) refresh(ctx context.Context, known justRead) error {
	l.mu.RLock()
	rev := l.rev
	l.mu.RUnlock()
	files, books, newest, err := l.bind(ctx, rev, known)
	if err != nil {
		return fmt.Errorf("refresh archive: %w", err)
	}
	for i, f := range files {
		l.shelve(f.Date, books[i])
	}
	l.mu.Lock()
	l.rev = newest
	l.mu.Unlock()
	if l.opts.Changed != nil {
		for _, f := range files {
			l.opts.Changed(f.Date)
		}
	}
	return nil
}

// shelve gives a date its book and its terms, or takes them away for nil.
func (l *Library) shelve(date briefing.Date, b *bound) {
	if b == nil {
		l.place(date, nil)
		l.opts.Terms.Remove(date)
		return
	}
	l.place(date, b.book)
	l.opts.Terms.Put(b.digest)
}

// place gives a date its book, or none.
func (l *Library) place(date briefing.Date, b *book) {
	newestFirst := func(a, b briefing.Date) int { return cmp.Compare(b, a) }
	l.mu.Lock()
	defer l.mu.Unlock()
	at, known := slices.BinarySearchFunc(l.dates, date, newestFirst)
	switch {
	case b == nil && known:
		l.dates = slices.Delete(l.dates, at, at+1)
	case b != nil && !known:
		l.dates = slices.Insert(l.dates, at, date)
	}
	if b == nil {
		delete(l.books, date)
	} else {
		l.books[date] = b
	}
}

// Latest is the newest digest; briefing.ErrNotFound when there is none.
func (l *Library) Latest() (*briefing.Digest, error) {
	l.mu.RLock()
	var newest *book
	if len(l.dates) > 0 {
		newest = l.books[l.dates[0]]
	}
	l.mu.RUnlock()
	if newest == nil {
		return nil, fmt.Errorf("digest: %w", briefing.ErrNotFound)
	}
	return l.opened.open(newest)
}

// book is the one of a date; briefing.ErrNotFound when there is none.
func (l *Library) book(date briefing.Date) (*book, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	b, ok := l.books[date]
	if !ok {
		return nil, fmt.Errorf("digest %s: %w", date, briefing.ErrNotFound)
	}
	return b, nil
}

// Digest is the digest of a date; briefing.ErrNotFound when there is none.
// Digests are shared: they must not be changed.
func (l *Library) Digest(date briefing.Date) (*briefing.Digest, error) {
	b, err := l.book(date)
	if err != nil {
		return nil, err
	}
	return l.opened.open(b)
}

// Printing is the digest of a date with its imprint; briefing.ErrNotFound
// when there is none.
func (l *Library) Printing(date briefing.Date) (Printing, error) {
	b, err := l.book(date)
	if err != nil {
		return Printing{}, err
	}
	d, err := l.opened.open(b)
	return Printing{Digest: d, Imprint: b.Imprint}, err
}

// Imprint says which edition of a date's digest the archive has, without
// opening it; briefing.ErrNotFound when there is none.
func (l *Library) Imprint(date briefing.Date) (Imprint, error) {
	b, err := l.book(date)
	if err != nil {
		return Imprint{}, err
	}
	return b.Imprint, nil
}

// Revised is when the newest edition of a date's digest came; zero for a
// first edition or none.
func (l *Library) Revised(date briefing.Date) time.Time {
	imprint, _ := l.Imprint(date)
	return imprint.Revised
}

// FirstAt is when the digest of a date was taken in; zero for none.
func (l *Library) FirstAt(date briefing.Date) time.Time {
	imprint, _ := l.Imprint(date)
	return imprint.First
}

// Revision is that of the store which memory is in step with: it grows with
// every digest that comes, is revised or is withdrawn.
func (l *Library) Revision() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.rev
}

// Dates are the dates of all digests, newest first.
func (l *Library) Dates() []briefing.Date {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.dates)
}
