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
		river.AddWorkerSafely(w, &deliverWorker{deliverer: d, solo: newSolo()}),
		river.AddWorkerSafely(w, &reviseWorker{deliverer: d}),
		river.AddWorkerSafely(w, &retractWorker{deliverer: d}),
		river.AddWorkerSafely(w, &probeWorker{deliverer: d}),
		river.AddWorkerSafely(w, &noticeWorker{deliverer: d}),
		river.AddWorkerSafely(w, &planWorker{planner: p}),
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

type deliverWorker struct {
	river.WorkerDefaults[DeliverArgs]
	deliverer *Deliverer
	solo      *solo
}

// Work implements river.Worker.
func (w *deliverWorker) Work(ctx context.Context, job *river.Job[DeliverArgs]) error {
	key, err := job.Args.Key()
	if err != nil {
		return river.JobCancel(err)
	}
	if w.solo.spare(key, job.ID) {
		return nil
	}
	err = w.deliverer.Deliver(ctx, key)
	if later, ok := errors.AsType[*Later](err); ok {
		w.solo.putOff(key, job.ID, later.After)
		return river.JobSnooze(later.After)
	}
	return err
}

// Timeout implements river.Worker.
func (w *deliverWorker) Timeout(*river.Job[DeliverArgs]) time.Duration { return JobTimeout }

// NextRetry implements river.Worker: when to come back after a panic, an
// error of the database, or the death of the process.
func (w *deliverWorker) NextRetry(job *river.Job[DeliverArgs]) time.Time {
	return time.Now().Add(backOff(job.Attempt))
}

// amend does what a job asks for; what is not settled comes again.
func amend(ctx context.Context, args DeliverArgs, do func(context.Context, SlotKey) error) error {
	key, err := args.Key()
	if err != nil {
		return river.JobCancel(err)
	}
	err = do(ctx, key)
	if later, ok := errors.AsType[*Later](err); ok {
		return river.JobSnooze(later.After)
	}
	return err
}

type reviseWorker struct {
	river.WorkerDefaults[ReviseArgs]
	deliverer *Deliverer
}

// Work implements river.Worker.
func (w *reviseWorker) Work(ctx context.Context, job *river.Job[ReviseArgs]) error {
	return amend(ctx, job.Args.DeliverArgs, w.deliverer.Revise)
}

// Timeout implements river.Worker.
func (w *reviseWorker) Timeout(*river.Job[ReviseArgs]) time.Duration { return JobTimeout }

// NextRetry implements river.Worker.
func (w *reviseWorker) NextRetry(job *river.Job[ReviseArgs]) time.Time {
	return time.Now().Add(backOff(job.Attempt))
}

type retractWorker struct {
	river.WorkerDefaults[RetractArgs]
	deliverer *Deliverer
}

// Work implements river.Worker.
func (w *retractWorker) Work(ctx context.Context, job *river.Job[RetractArgs]) error {
	return amend(ctx, job.Args.DeliverArgs, w.deliverer.Remove)
}

// Timeout implements river.Worker.
func (w *retractWorker) Timeout(*river.Job[RetractArgs]) time.Duration { return JobTimeout }

// NextRetry implements river.Worker.
func (w *retractWorker) NextRetry(job *river.Job[RetractArgs]) time.Time {
	return time.Now().Add(backOff(job.Attempt))
}

type probeWorker struct {
	river.WorkerDefaults[ProbeArgs]
	deliverer *Deliverer
}

// Work implements river.Worker.
func (w *probeWorker) Work(ctx context.Context, _ *river.Job[ProbeArgs]) error {
	return w.deliverer.Probe(ctx)
}

// Timeout implements river.Worker.
func (w *probeWorker) Timeout(*river.Job[ProbeArgs]) time.Duration { return JobTimeout }

type noticeWorker struct {
	river.WorkerDefaults[NoticeArgs]
	deliverer *Deliverer
}

// Work implements river.Worker.
func (w *noticeWorker) Work(ctx context.Context, _ *river.Job[NoticeArgs]) error {
	err := w.deliverer.Tell(ctx)
	if later, ok := errors.AsType[*Later](err); ok {
		return river.JobSnooze(later.After)
	}
	return err
}

// Timeout implements river.Worker.
func (w *noticeWorker) Timeout(*river.Job[NoticeArgs]) time.Duration { return JobTimeout }

// NextRetry implements river.Worker.
func (w *noticeWorker) NextRetry(job *river.Job[NoticeArgs]) time.Time {
	return time.Now().Add(backOff(job.Attempt))
}

type planWorker struct {
	river.WorkerDefaults[PlanArgs]
	planner *Planner
}

// Work implements river.Worker.
func (w *planWorker) Work(ctx context.Context, job *river.Job[PlanArgs]) error {
	return w.planner.Plan(ctx)
}

// Timeout implements river.Worker.
func (w *planWorker) Timeout(*river.Job[PlanArgs]) time.Duration { return JobTimeout }
