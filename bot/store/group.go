package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"cyberbrief/bot/delivery"
)

const (
	// maxGroup is how many steps are written together at the most.
	maxGroup = 256
	// groupTimeout bounds the first try of every step. It is short, for one
	// whose row is locked holds up the others, beside it and behind it.
	groupTimeout = 2 * time.Second
)

// errClosed says that the store was shut down.
var errClosed = errors.New("database is closed")

// group writes the steps of deliveries that wait at the same moment in one
// transaction: one commit, and one write of the disk, serves them all. A step
// that nothing is written beside goes at once and alone. Nobody is told of a
// success before the commit.
//
// Where one step's error would roll back the others, each is repeated in a
// transaction of its own, so that the error is that of its own step alone. One
// that takes long is repeated out of the way of those that come after it.
type group struct {
	ledger *Ledger
	// limit is how many transactions are under way at the same time.
	limit int

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
	g := &group{ledger: l, limit: limit}
	g.alive, g.end = context.WithCancel(context.Background())
	return g
}

// do writes a step. When ctx ends first it is either not written at all, or
// nobody knows, as with a commit whose answer is lost.
func (g *group) do(ctx context.Context, s *step) error {
	s.done = make(chan error, 1)
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

// write writes steps together, or each by itself if that fails before the
// commit. What a commit did that failed nobody knows: it is not repeated.
func (g *group) write(steps []*step) {
	committing, err := g.commit(steps, min(g.ledger.s.timeout, groupTimeout))
	if !committing && (errors.Is(err, ErrStalled) || err != nil && len(steps) > 1) {
		for _, s := range steps {
			s.reset()
			g.running.Go(func() { g.writeAlone(s) })
		}
		return
	}
	tell(steps, err)
}

// writeAlone gives one step all the time that a call may take.
func (g *group) writeAlone(s *step) {
	steps := []*step{s}
	_, err := g.commit(steps, g.ledger.s.timeout)
	tell(steps, err)
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

// commit is one transaction; committing says that its statements were done. A
// panic becomes an error: nobody but us could catch it.
func (g *group) commit(steps []*step, limit time.Duration) (committing bool, err error) {
	ctx, cancel := context.WithTimeoutCause(g.alive, limit, ErrStalled)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = g.ledger.s.engine.inTx(ctx, func(t tx) error {
		err := g.ledger.write(ctx, t, steps)
		committing = err == nil
		return err
	})
	if err != nil && errors.Is(context.Cause(ctx), ErrStalled) {
		err = fmt.Errorf("%w: %w", ErrStalled, err)
	}
	return committing, err
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
