package source

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"cyberbrief/briefing"
)

const (
	// maxBackOff is the longest pause after failures in a row. A digest that
	// appears meanwhile is at most this late.
	maxBackOff = 15 * time.Minute
	// jitter is the part of a pause that is left to chance, so that many
	// sources of one host are not asked at the same instant.
	jitter = 0.1
)

// Run looks at each source at once and then every so often, until ctx ends;
// it returns when all its goroutines have ended. After a failure of all that a
// source has, the pause doubles up to maxBackOff, or is as long as the server
// asked for. Report is
// told of every look, from several goroutines.
func Run(ctx context.Context, sources []Source, every time.Duration, sink Sink, report func(Check)) {
	var wg sync.WaitGroup
	for _, s := range sources {
		wg.Go(func() { follow(ctx, s, every, sink, report) })
	}
	wg.Wait()
}

// follow is the life of one source.
func follow(ctx context.Context, s Source, every time.Duration, sink Sink, report func(Check)) {
	var changes <-chan struct{}
	if w, ok := s.(Watcher); ok {
		changes = w.Changes(ctx)
		defer func() {
			for range changes { // closed when the watcher's goroutine has ended
			}
		}()
	}
	for failures := 0; ctx.Err() == nil; {
		newest, err := scan(ctx, s, sink)
		if ctx.Err() != nil {
			return
		}
		report(Check{Source: s.String(), Newest: newest, At: time.Now(), Err: err})
		partial := (*partialError)(nil)
		if failures++; err == nil || changes != nil || errors.As(err, &partial) {
			failures = 0 // looking at something local again costs nothing
		}
		if !wait(ctx, pause(every, failures, err), changes) {
			return
		}
	}
}

// scan turns a panic over hostile input into an error of this source.
func scan(ctx context.Context, s Source, sink Sink) (newest briefing.Date, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("look at %s: panic: %v\n%s", s, p, debug.Stack())
		}
	}()
	return s.Scan(ctx, sink)
}

// retryError is a failure after which the server named a pause.
type retryError struct {
	after time.Duration
	error
}

func (e *retryError) Unwrap() error { return e.error }

// partialError is a failure of a part of what a source has: the rest of it is
// looked at as often as ever.
type partialError struct{ error }

func (e *partialError) Unwrap() error { return e.error }

// pause is how long to wait for the next look.
func pause(every time.Duration, failures int, err error) time.Duration {
	d := every
	for range failures {
		if d >= maxBackOff {
			break
		}
		d = min(2*d, maxBackOff)
	}
	d -= time.Duration(jitter * rand.Float64() * float64(d))
	if retry := (*retryError)(nil); errors.As(err, &retry) {
		d = max(d, min(retry.after, maxBackOff))
	}
	return d
}

// wait returns false when ctx has ended.
func wait(ctx context.Context, d time.Duration, changes <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-changes:
	}
	return ctx.Err() == nil
}
