package delivery

import (
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/briefing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues of River that this package's jobs wait in.
const (
	DeliverQueue = "deliver"
	PlanQueue    = "plan"
)

// maxAttempts is River's count of runs that ended in an error or a panic;
// waiting for a platform is a snooze and not counted. The planner queues a
// slot again whose job was given up.
const maxAttempts = 10

// DeliverArgs asks for the delivery of one slot: all its messages, in order.
type DeliverArgs struct {
	Channel string `json:"channel"` // bot.Ref
	Date    string `json:"date"`    // the slot's local date
}

// ArgsOf names the slot in the form that a job keeps.
func ArgsOf(key SlotKey) DeliverArgs {
	return DeliverArgs{Channel: key.Ref.String(), Date: string(key.Date)}
}

// Key is the slot that the job is for.
func (a DeliverArgs) Key() (SlotKey, error) {
	ref, err := bot.ParseRef(a.Channel)
	if err != nil {
		return SlotKey{}, fmt.Errorf("job %s: %w", a.Kind(), err)
	}
	date, err := briefing.ParseDate(a.Date)
	if err != nil {
		return SlotKey{}, fmt.Errorf("job %s for %s: %w", a.Kind(), ref, err)
	}
	return SlotKey{Ref: ref, Date: date}, nil
}

// Kind is River's name of the job.
func (DeliverArgs) Kind() string { return "deliver" }

// InsertOpts holds one waiting or running job a slot. That spares work only:
// that nothing is posted twice is the ledger's to see to.
func (DeliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       DeliverQueue,
		MaxAttempts: maxAttempts,
		UniqueOpts:  river.UniqueOpts{ByArgs: true, ByState: unsettled()},
	}
}

// PlanArgs asks for a look at every channel: see Planner.
type PlanArgs struct{}

// Kind is River's name of the job.
func (PlanArgs) Kind() string { return "plan" }

// InsertOpts holds one waiting or running plan; there is always a next one,
// so a failed one is not repeated.
func (PlanArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{
		Queue:       PlanQueue,
		MaxAttempts: 1,
		UniqueOpts:  river.UniqueOpts{ByState: unsettled()},
	}
}

// unsettled are the states of jobs that will still run.
func unsettled() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}
