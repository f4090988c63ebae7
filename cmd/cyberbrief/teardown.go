package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// The process is gone within ten seconds of being told to stop: a step gets
// stepTimeout, unless it asks for its own time, and all together stopTimeout.
const (
	stopTimeout  = 9 * time.Second
	stepTimeout  = 2 * time.Second
	queueTimeout = 3 * time.Second // then its jobs are cancelled, which is safe
)

// teardown ends what was started, last in first out.
type teardown struct{ steps []step }

type step struct {
	name    string
	timeout time.Duration
	end     func(context.Context) error
}

// add registers how something that has just been started is ended.
func (t *teardown) add(name string, end func(context.Context) error) {
	t.addFor(stepTimeout, name, end)
}

// addFor is add for what takes its own time.
func (t *teardown) addFor(timeout time.Duration, name string, end func(context.Context) error) {
	t.steps = append(t.steps, step{name, timeout, end})
}

// goroutine starts f and registers its end: its context is cancelled and it
// is waited for.
func (t *teardown) goroutine(ctx context.Context, name string, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	ended := make(chan struct{})
	t.add(name, func(bound context.Context) error {
		cancel()
		go func() { wg.Wait(); close(ended) }()
		select {
		case <-ended:
			return nil
		case <-bound.Done():
			return context.Cause(bound)
		}
	})
}

// run ends everything. A step that fails or takes too long is logged and
// keeps no other from its end: what it leaves undone, the next start does.
func (t *teardown) run(log *slog.Logger) {
	all, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	for i := len(t.steps) - 1; i >= 0; i-- {
		s := t.steps[i]
		ctx, cancel := context.WithTimeout(all, s.timeout)
		if err := s.end(ctx); err != nil {
			log.Warn("not ended cleanly", "part", s.name, "error", err)
		}
		cancel()
	}
}
