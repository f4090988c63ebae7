package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cyberbrief/bot/delivery"
)

const (
	// maxGroup is how many steps are written together at the most.
	maxGroup = 256
	// groupTimeout bounds the tries of steps that are written together. It is
	// short, for one whose row is locked holds up the others, beside it and
	// behind it.
	groupTimeout = 2 * time.Second
	// maxPortion is how many steps of a larger group that failed are repeated
	// together: one that is to blame costs 16 transactions to find its portion,
	// and 16 to find it there. Halving would take as many after each other, and
	// wait seven times where a row is locked.
	maxPortion = 16
	// maxRepeats is how many transactions follow a group that failed. A database
	// in trouble fails them all, and is not to be asked 256 times for each group.
	maxRepeats = 64
	// repeating is how many of them are under way at the same time, for each
	// group that can be: more would wait for each other.
	repeating = 2
)

// errClosed says that the store was shut down.
var errClosed = errors.New("database is closed")

// group writes the steps of deliveries that wait at the same moment in one
// transaction: one commit, and one write of the disk, serves them all. A step
// that nothing is written beside goes at once and alone. Nobody is told of a
// success before the commit.
//
// Where one step's error would roll back the others, they are repeated in
// portions, and those of a portion that fails each by itself, so that the error
// is that of its own step alone. All of that is done out of the way of those
// that come after it, and ends after maxRepeats transactions: who has none by
// then is told of the error, and comes again by himself.
type group struct {
	ledger *Ledger
	// limit is how many transactions are under way at the same time, apart from
	// those that repeat, which take a place each.
	limit  int
	places chan struct{}
	// patience is groupTimeout, except in tests.
	patience time.Duration

	mu      sync.Mutex
	waiting []*step
	writers int
	closed  bool
	running sync.WaitGroup
	// alive ends when the store is shut down.
	alive context.Context
	end   context.CancelFunc
}

func newGroup(l *Ledger, limit int) *group {
	g := &group{ledger: l, limit: limit, places: make(chan struct{}, repeating*limit), patience: groupTimeout}
	g.alive, g.end = context.WithCancel(context.Background())
	return g
}

// do writes a step. When ctx ends first it is either not written at all, or
// nobody knows, as with a commit whose answer is lost.
func (g *group) do(ctx context.Context, s *step) error {
	s.ctx, s.done = ctx, make(chan error, 1)
	if err := g.add(s); err != nil {
		return err
	}
	select {
	case err := <-s.done:
		return err
	case <-ctx.Done():
		g.drop(s)
		return ctx.Err()
	}
}

// add lets a step wait for the next transaction, and begins one if it can.
func (g *group) add(s *step) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errClosed
	}
	g.waiting = append(g.waiting, s)
	if g.writers < g.limit {
		g.writers++
		g.running.Go(g.work)
	}
	return nil
}

// drop takes a step back that is not being written yet.
func (g *group) drop(s *step) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = slices.DeleteFunc(g.waiting, func(w *step) bool { return w == s })
}

// work writes until nothing waits.
func (g *group) work() {
	for steps := g.next(); len(steps) > 0; steps = g.next() {
		g.write(steps)
	}
}

// next takes the oldest steps, at most one of each slot: they follow each
// other, and the second has to see what the first did.
func (g *group) next() (steps []*step) {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := make(map[delivery.SlotKey]bool, min(len(g.waiting), maxGroup))
	rest := g.waiting[:0]
	for _, s := range g.waiting {
		if len(steps) == maxGroup || taken[s.SlotKey] {
			rest = append(rest, s)
			continue
		}
		taken[s.SlotKey] = true
		steps = append(steps, s)
	}
	clear(g.waiting[len(rest):])
	g.waiting = rest
	if len(steps) == 0 {
		g.writers--
	}
	return steps
}

// write writes steps together, and sees to it that they are repeated if one of
// them can be to blame for a failure.
func (g *group) write(steps []*step) {
	t := g.commit(steps, min(g.ledger.s.timeout, g.patience))
	r := &repetition{group: g}
	switch {
	case t.waited():
		g.running.Go(func() { r.repeat(steps, g.ledger.s.timeout, t.err) })
	case t.blames(steps):
		r.divide(steps, t.err)
	default:
		tell(steps, t.err)
	}
}

// repetition is what follows a group that failed.
type repetition struct {
	*group
	made atomic.Int32
}

// divide repeats steps in portions, or each by itself where they are few.
func (r *repetition) divide(steps []*step, cause error) {
	size, limit := 1, r.ledger.s.timeout
	if len(steps) > maxPortion {
		size, limit = maxPortion, min(limit, r.patience)
	}
	for portion := range slices.Chunk(steps, size) {
		r.running.Go(func() { r.repeat(portion, limit, cause) })
	}
}

// repeat is one more transaction, if there may be one, for those steps whose
// callers still wait.
func (r *repetition) repeat(steps []*step, limit time.Duration, cause error) {
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	case <-r.alive.Done():
		tell(steps, errClosed)
		return
	}
	var still []*step
	for _, s := range steps {
		if s.ctx.Err() == nil {
			s.reset()
			still = append(still, s)
		}
	}
	if len(still) == 0 {
		return
	}
	if r.made.Add(1) > maxRepeats {
		tell(still, cause)
		return
	}
	if t := r.commit(still, limit); len(still) > 1 && t.blames(still) {
		r.divide(still, t.err)
	} else {
		tell(still, t.err)
	}
}

// tell gives each caller the error of its step, or that of all.
func tell(steps []*step, err error) {
	for _, s := range steps {
		if err != nil {
			s.err = err
		}
		s.done <- s.err
	}
}

// try is how a transaction went.
type try struct {
	// begun says that there was one, committing that its statements were done.
	begun, committing bool
	err               error
}

// waited says that the database had no time for the transaction: somebody else
// writes, or all connections are in use. No step is to blame for that.
func (t try) waited() bool { return !t.begun && errors.Is(t.err, ErrStalled) }

// blames says that one of the steps can have caused the failure: not where there
// was no transaction, nor where the commit failed, for what that did nobody
// knows. A single step is to blame for what took long: its row may be locked.
func (t try) blames(steps []*step) bool {
	return t.err != nil && t.begun && !t.committing && (len(steps) > 1 || errors.Is(t.err, ErrStalled))
}

// commit is one transaction. A panic becomes an error: nobody but us could
// catch it.
func (g *group) commit(steps []*step, limit time.Duration) (t try) {
	ctx, cancel := context.WithTimeoutCause(g.alive, limit, ErrStalled)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			t.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	t.err = g.ledger.s.engine.inTx(ctx, func(x tx) error {
		t.begun = true
		err := g.ledger.write(ctx, x, steps)
		t.committing = err == nil
		return err
	})
	if t.err != nil && errors.Is(context.Cause(ctx), ErrStalled) {
		t.err = fmt.Errorf("%w: %w", ErrStalled, t.err)
	}
	return t
}

// reset forgets what a transaction that was rolled back found.
func (s *step) reset() {
	s.err = nil
	if s.claim != nil {
		s.claim = &claim{lease: s.claim.lease}
	}
}

// shutdown ends what is being written; nothing is written later.
func (g *group) shutdown() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.end()
	g.running.Wait()
}
