package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

const (
	// planEvery leaves time to spare of the minute in which a slot that is
	// due has to start.
	planEvery = 15 * time.Second
	// probeEach is how often it is looked for channels to probe.
	probeEach = 15 * time.Minute
	// tellEach is how often it is looked for notices whose job died.
	tellEach = 5 * time.Minute
	// deliveries is how many channels are posted to at the same time. Most of
	// them wait for their turn, or for the second between two messages.
	deliveries = 1000
	// amendments is how many posts are corrected or removed at the same time.
	amendments = 8
	// JobTimeout bounds a job. It exceeds the time that a delivery takes at
	// most, so that it ends by itself; a plan of very many channels goes on in
	// the next.
	JobTimeout = budget + sendTimeout + 2*bookTimeout
)

// Workers are River's workers for this package's jobs.
func Workers(d *Deliverer, p *Planner) (*river.Workers, error) {
	w := river.NewWorkers()
	err := errors.Join(
		river.AddWorkerSafely(w, deliverWorker(d)),
		river.AddWorkerSafely(w, &worker[ReviseArgs]{do: func(ctx context.Context, job *river.Job[ReviseArgs]) error {
			return withSlot(ctx, job.Args.DeliverArgs, d.Revise)
		}}),
		river.AddWorkerSafely(w, &worker[RetractArgs]{do: func(ctx context.Context, job *river.Job[RetractArgs]) error {
			return withSlot(ctx, job.Args.DeliverArgs, d.Remove)
		}}),
		river.AddWorkerSafely(w, &worker[ProbeArgs]{do: func(ctx context.Context, _ *river.Job[ProbeArgs]) error { return d.Probe(ctx) }}),
		river.AddWorkerSafely(w, &worker[NoticeArgs]{do: func(ctx context.Context, _ *river.Job[NoticeArgs]) error { return d.Tell(ctx) }}),
		river.AddWorkerSafely(w, &worker[PlanArgs]{do: func(ctx context.Context, _ *river.Job[PlanArgs]) error { return p.Plan(ctx) }}),
	)
	return w, err
}

// Queues are the queues to work on and how many jobs of each run at a time.
func Queues() map[string]int {
	return map[string]int{DeliverQueue: deliveries, AmendQueue: amendments, PlanQueue: 1}
}

// PeriodicJobs plan a few times a minute, and probe and tell a few times an
// hour, beginning at once.
func PeriodicJobs() []*river.PeriodicJob {
	plan := func() (river.JobArgs, *river.InsertOpts) { return PlanArgs{}, nil }
	probe := func() (river.JobArgs, *river.InsertOpts) { return ProbeArgs{}, nil }
	tell := func() (river.JobArgs, *river.InsertOpts) { return NoticeArgs{}, nil }
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(tellEach), tell, &river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(probeEach), probe, &river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(planEvery), plan, &river.PeriodicJobOpts{RunOnStart: true}),
	}
}

// worker does the jobs of one kind, each within JobTimeout.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	do func(context.Context, *river.Job[T]) error
}

// Work implements river.Worker. What has to wait comes back at its time.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	err := w.do(ctx, job)
	if later, ok := errors.AsType[*Later](err); ok {
		return river.JobSnooze(later.After)
	}
	return err
}

// Timeout implements river.Worker.
func (w *worker[T]) Timeout(*river.Job[T]) time.Duration { return JobTimeout }

// NextRetry implements river.Worker: when to come back after a panic, an
// error of the database, or the death of the process.
func (w *worker[T]) NextRetry(job *river.Job[T]) time.Time {
	return time.Now().Add(backOff(job.Attempt))
}

// deliverWorker brings slots to their end, one job for each.
func deliverWorker(d *Deliverer) *worker[DeliverArgs] {
	solo := newSolo()
	return &worker[DeliverArgs]{do: func(ctx context.Context, job *river.Job[DeliverArgs]) error {
		return withSlot(ctx, job.Args, func(ctx context.Context, key SlotKey) error {
			if solo.spare(key, job.ID) {
				return nil
			}
			err := d.Deliver(ctx, key)
			if later, ok := errors.AsType[*Later](err); ok {
				solo.putOff(key, job.ID, later.After)
			}
			return err
		})
	}}
}

// withSlot does something with the slot that a job names; a job that names
// none is given up.
func withSlot(ctx context.Context, args DeliverArgs, do func(context.Context, SlotKey) error) error {
	key, err := args.Key()
	if err != nil {
		return river.JobCancel(err)
	}
	return do(ctx, key)
}
