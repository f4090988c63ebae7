package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"cyberbrief/briefing"
)

// Reading is what a reader has made of a digest, kept so that the next start
// need not read the file.
type Reading struct {
	Date     briefing.Date
	Revision int64  // of the store, when it had the file
	Edition  string // names the bytes that were read
	Packed   []byte // see briefing.Pack; sealed where a store keeps it
}

// justRead is what was read of a file a moment ago.
type justRead struct {
	name, edition string
	digest        *briefing.Digest
}

// bind makes books of what the store has kept after revision rev: nil for
// digests that are withdrawn or cannot be read. It gives the newest revision
// too. A kept reading that cannot be used has everything read anew.
func (l *Library) bind(ctx context.Context, rev int64, known justRead) ([]KeptDigest, []*bound, int64, error) {
	for _, reader := range []string{l.opts.Reader, ""} {
		files, newest, err := l.opts.Keeper.DigestsSince(ctx, rev, reader)
		if err != nil {
			return nil, nil, 0, err
		}
		books, err := l.bindAll(files, known)
		if err == nil {
			return files, books, newest, nil
		}
		l.opts.Logger.Warn("what was read of the digests is read anew", "reason", err)
	}
	return nil, nil, 0, errors.New("the store gives readings in the place of files")
}

// bindAll works on all processors at once: at the first start of a new
// release everything is read.
func (l *Library) bindAll(files []KeptDigest, known justRead) ([]*bound, error) {
	books, errs := make([]*bound, len(files)), make([]error, len(files))
	abreast(len(files), func(i int) { books[i], errs[i] = l.bindOne(files[i], known) })
	return books, errors.Join(errs...)
}

// bindOne makes the book of one file; the error is that of a kept reading.
func (l *Library) bindOne(f KeptDigest, known justRead) (*bound, error) {
	switch {
	case !f.WithdrawnAt.IsZero():
		return nil, nil
	case f.Reading != nil:
		d, packed, err := reopened(f)
		if err != nil {
			return nil, err
		}
		f.Reading = packed
		return &bound{newBook(f, d), d}, nil
	}
	d := known.digest
	if d == nil || known.name != f.Name || known.edition != editionOf(f.Body) {
		d = l.opts.Read(f.Name, f.Body)
	}
	if d.Err() != nil {
		// The store holds it because an earlier reader read it.
		l.opts.Logger.Warn("digest in the store can no longer be read", "date", f.Date, "reason", d.Err())
		return nil, nil
	}
	d.Date = f.Date
	b := newBook(f, d)
	// Texts that a reader made can be parts of the whole file, which terms
	// would then hold in memory; those that were unpacked stand alone.
	alone, err := b.unpack()
	if err != nil { // it could be shown to nobody
		l.opts.Logger.Error("digest cannot be held in memory", "date", f.Date, "cause", err)
		return nil, nil
	}
	return &bound{b, alone}, nil
}

// reopened is what stands in a kept reading, if it is one of this digest, and
// the same packed without its seal.
func reopened(f KeptDigest) (*briefing.Digest, []byte, error) {
	r, whole := unsealed(Reading{f.Date, f.Revision, f.Edition, f.Reading})
	if !whole {
		return nil, nil, fmt.Errorf("reading of %s: it is damaged, or of another edition", f.Date)
	}
	d, err := briefing.Unpack(r.Packed)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading of %s: %w", f.Date, err)
	case d.Date != f.Date:
		return nil, nil, fmt.Errorf("reading of %s: it is one of %s", f.Date, d.Date)
	case d.Err() != nil:
		return nil, nil, fmt.Errorf("reading of %s: %w", f.Date, d.Err())
	}
	return d, r.Packed, nil
}

// readingsAtOnce is how many readings are written in one transaction, a
// megabyte or so.
const readingsAtOnce = 200

// KeepReadings has the store keep what was read since the last time, so that
// the next start is quick. Nothing is lost when it fails or is not called.
func (l *Library) KeepReadings(ctx context.Context) error {
	if l.opts.Reader == "" {
		return nil
	}
	for some := range slices.Chunk(l.unkept(), readingsAtOnce) {
		readings := make([]Reading, len(some))
		for i, b := range some {
			readings[i] = sealed(Reading{Date: b.date, Revision: b.revision, Edition: b.Edition, Packed: b.packed})
		}
		if err := l.opts.Keeper.KeepReadings(ctx, l.opts.Reader, readings); err != nil {
			return fmt.Errorf("keep what was read of the digests: %w", err)
		}
		l.mu.Lock()
		for _, b := range some {
			b.kept = true
		}
		l.mu.Unlock()
	}
	return nil
}

// unkept are the books that the store has no reading of.
func (l *Library) unkept() (books []*book) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, date := range l.dates {
		if b := l.books[date]; !b.kept {
			books = append(books, b)
		}
	}
	return books
}

// abreast calls do with 0 to n-1, as many at a time as there are processors. A
// panic in one of them is the caller's when all have ended: who reads a digest
// or answers a command catches it, and nobody could in a goroutine of ours.
func abreast(n int, do func(int)) {
	next, panics := make(chan int), make(chan string, 1)
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				catch(panics, func() { do(i) })
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	select {
	case p := <-panics:
		panic(p)
	default:
	}
}

// catch keeps the first panic, with the place where it was.
func catch(panics chan<- string, do func()) {
	defer func() {
		if p := recover(); p != nil {
			select {
			case panics <- fmt.Sprintf("%v\n%s", p, debug.Stack()):
			default:
			}
		}
	}()
	do()
}
