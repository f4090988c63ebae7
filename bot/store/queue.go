package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

const (
	// fetchCooldown is the shortest time between two looks for jobs.
	fetchCooldown = 50 * time.Millisecond
	// fetchPoll is the longest time between two looks. Both engines tell of a
	// new job at once, but of two within the cooldown only the first is told. A
	// look on SQLite is mostly the reading of its statement, so a shorter time
	// would keep an idle bot busy.
	fetchPoll = time.Second
	// defaultJobTimeout is for a QueueConfig without one.
	defaultJobTimeout = 5 * time.Minute
	// rescueMargin is how long after its time-out a job that is still marked
	// as running is taken for one whose process died.
	rescueMargin = 30 * time.Second
	// hardStop bounds the end of jobs whose contexts were cancelled.
	hardStop = 2 * time.Second
)

// client is what both kinds of River client can do.
type client interface {
	Start(context.Context) error
	Stop(context.Context) error
	Stopped() <-chan struct{}
	StopAndCancel(context.Context) error
	Insert(context.Context, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// QueueConfig says what a queue works on.
type QueueConfig struct {
	// Queues are the queues by name, and how many jobs of each run at a time
	// at the most: SQLite, which has one writer, runs fewer.
	Queues map[string]int
	// Periodic jobs are inserted by one process at a time, the leader.
	Periodic []*river.PeriodicJob
	// JobTimeout bounds a run of a job; 0 is five minutes.
	JobTimeout time.Duration
}

// Queue works on the jobs in the database. Its owner stops it.
type Queue struct{ client client }

// StartQueue begins to work on jobs. The context's end ends neither the queue
// nor its jobs: Stop does. Jobs of processes that died run again JobTimeout and
// about a minute and a half after they began.
func (s *Store) StartQueue(ctx context.Context, workers *river.Workers, c QueueConfig) (*Queue, error) {
	timeout := cmp.Or(c.JobTimeout, defaultJobTimeout)
	config := &river.Config{
		Logger:               s.logger,
		Workers:              workers,
		Queues:               make(map[string]river.QueueConfig, len(c.Queues)),
		PeriodicJobs:         c.Periodic,
		JobTimeout:           timeout,
		RescueStuckJobsAfter: timeout + rescueMargin,
		FetchCooldown:        fetchCooldown,
		FetchPollInterval:    fetchPoll,
	}
	for name, n := range c.Queues {
		config.Queues[name] = river.QueueConfig{MaxWorkers: min(n, s.engine.maxJobs())}
	}
	client, err := s.engine.client(config)
	if err != nil {
		return nil, fmt.Errorf("start queue: %w", err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("start queue: %w", explain(s.engine, err))
	}
	return &Queue{client}, nil
}

// Stop fetches no more jobs and waits for those that run. When ctx ends
// before, their contexts are cancelled, and the error says so.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), hardStop)
	defer cancel()
	if hardErr := q.client.StopAndCancel(hard); hardErr != nil {
		return fmt.Errorf("stop queue: jobs still run: %w", hardErr)
	}
	return fmt.Errorf("stop queue: jobs were cancelled: %w", err)
}

// Stopped is closed when the queue works no more, whoever ended it.
func (q *Queue) Stopped() <-chan struct{} { return q.client.Stopped() }

// Enqueue inserts a job, outside any transaction of the caller's. A job that
// is unique and waits or runs already is no error. It works whether or not a
// queue runs in this process.
func (s *Store) Enqueue(ctx context.Context, args river.JobArgs) error {
	return s.inTx(ctx, "queue job "+args.Kind(), func(ctx context.Context, t tx) error {
		return t.enqueue(ctx, args)
	})
}
