package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"

	"github.com/riverqueue/river"
)

// promptly is a generous bound for what takes some 100 ms at most: a job that
// nobody tells of would wait for the scheduler, 5 s.
const promptly = 3 * time.Second

// worker hands each job to the test, and then waits for hold or its context.
type worker struct {
	river.WorkerDefaults[delivery.DeliverArgs]
	jobs chan delivery.DeliverArgs
	hold chan struct{}
}

func newWorker() *worker {
	w := &worker{jobs: make(chan delivery.DeliverArgs, 16), hold: make(chan struct{})}
	close(w.hold)
	return w
}

func (w *worker) Work(ctx context.Context, job *river.Job[delivery.DeliverArgs]) error {
	w.jobs <- job.Args
	select {
	case <-w.hold:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func start(t *testing.T, s *store.Store, w *worker) *store.Queue {
	t.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // only Stop ends a queue
	q, err := s.StartQueue(ctx, workers, store.QueueConfig{Queues: map[string]int{delivery.DeliverQueue: 2}})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func (w *worker) next(t *testing.T) delivery.DeliverArgs {
	t.Helper()
	select {
	case args := <-w.jobs:
		return args
	case <-time.After(promptly):
		t.Fatalf("no job within %s", promptly)
		return delivery.DeliverArgs{}
	}
}

func TestQueue(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		w := newWorker()
		q := start(t, s, w)
		want := slot(here, "2025-07-03", "2025-07-02")
		if err := s.Ledger().Open(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if key, err := w.next(t).Key(); key != want.SlotKey || err != nil {
			t.Errorf("job for %v, %v; want %v", key, err, want.SlotKey)
		}
		// In quick succession, so that the queue is not told of each.
		const more = 5
		began := time.Now()
		for i := range more {
			if err := s.Enqueue(t.Context(), delivery.DeliverArgs{Channel: here.String(), Date: string('a' + rune(i))}); err != nil {
				t.Fatal(err)
			}
		}
		for range more {
			w.next(t)
		}
		t.Logf("%d jobs in %s", more, time.Since(began))
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A command line without workers leaves its jobs to the bot.
func TestQueueOfAnotherProcess(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		cli, bot := open(t, url), open(t, url)
		before, while := slot(here, "2025-07-03", "2025-07-02"), slot(there, "2025-07-03", "2025-07-02")
		if err := cli.Ledger().Open(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		w := newWorker()
		q := start(t, bot, w)
		if got := w.next(t); got != delivery.ArgsOf(before.SlotKey) {
			t.Errorf("job %v, want the one that waited", got)
		}
		if err := cli.Ledger().Open(t.Context(), while); err != nil {
			t.Fatal(err)
		}
		if got := w.next(t); got != delivery.ArgsOf(while.SlotKey) {
			t.Errorf("job %v, want the new one", got)
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestQueueStop(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s, w := open(t, url), newWorker()
		w.hold = make(chan struct{})
		q := start(t, s, w)
		if err := s.Enqueue(t.Context(), delivery.DeliverArgs{Channel: here.String(), Date: "2025-07-03"}); err != nil {
			t.Fatal(err)
		}
		w.next(t)
		stopped := make(chan error, 1)
		go func() { stopped <- q.Stop(t.Context()) }()
		close(w.hold)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if n := count(t, raw(t, url), "SELECT count(*) FROM river_job WHERE state = 'completed'"); n != 1 {
			t.Errorf("%d jobs are completed after the stop, want the one that ran", n)
		}
	})
}

func TestQueueStopInTime(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		w := newWorker()
		w.hold = make(chan struct{}) // never closed
		q := start(t, s, w)
		if err := s.Enqueue(t.Context(), delivery.DeliverArgs{Channel: here.String(), Date: "2025-07-03"}); err != nil {
			t.Fatal(err)
		}
		w.next(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := q.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stop with a job that does not end: %v", err)
		}
	})
}
