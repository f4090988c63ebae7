package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// stopTimeout bounds the whole teardown: the process is gone within ten
// seconds of being told to stop.
const stopTimeout = 8 * time.Second

// teardown ends what was started, last in first out.
type teardown struct{ steps []step }

type step struct {
	name string
	end  func(context.Context) error
}

// add registers how something that has just been started is ended.
func (t *teardown) add(name string, end func(context.Context) error) {
	t.steps = append(t.steps, step{name, end})
}

// goroutine starts f and registers its end: its context is cancelled and it
// is waited for.
func (t *teardown) goroutine(ctx context.Context, name string, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	t.add(name, func(bound context.Context) error {
		cancel()
		ended := make(chan struct{})
		go func() { wg.Wait(); close(ended) }()
		select {
		case <-ended:
			return nil
		case <-bound.Done():
			return bound.Err()
		}
	})
}

// run ends everything; a step that fails does not keep the others from it.
func (t *teardown) run() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for i := len(t.steps) - 1; i >= 0; i-- {
		if err := t.steps[i].end(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", t.steps[i].name, err))
		}
	}
	return errors.Join(errs...)
}
