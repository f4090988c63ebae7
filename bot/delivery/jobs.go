package delivery

import (
	"encoding/json"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The queues of River that this package's jobs wait in.
const (
	DeliverQueue = "deliver"
	// AmendQueue is for corrections, removals, probes and notices, which keep
	// no due briefing waiting.
	AmendQueue = "amend"
	PlanQueue  = "plan"
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

// ReviseArgs asks for the correction of one slot's post. The edition is that
// which the planner saw; the newest one is taken.
type ReviseArgs struct {
	DeliverArgs
	Edition string `json:"edition"`
}

// Kind is River's name of the job.
func (ReviseArgs) Kind() string { return "revise" }

// InsertOpts holds one waiting or running job a slot and edition.
func (a ReviseArgs) InsertOpts() river.InsertOpts { return amendOpts(a.DeliverArgs) }

// RetractArgs asks for the removal of one slot's messages.
type RetractArgs struct{ DeliverArgs }

// RetractArgsOf names the slot in the form that a job keeps.
func RetractArgsOf(key SlotKey) RetractArgs { return RetractArgs{ArgsOf(key)} }

// Kind is River's name of the job.
func (RetractArgs) Kind() string { return "retract" }

// InsertOpts holds one waiting or running job a slot.
func (a RetractArgs) InsertOpts() river.InsertOpts { return amendOpts(a.DeliverArgs) }

func amendOpts(a DeliverArgs) river.InsertOpts {
	opts := a.InsertOpts()
	opts.Queue = AmendQueue
	return opts
}

// ProbeArgs asks for a look at the paused channels: see Deliverer.Probe.
type ProbeArgs struct{}

// Kind is River's name of the job.
func (ProbeArgs) Kind() string { return "probe" }

// InsertOpts holds one waiting or running probe. There is always a next one.
func (ProbeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: AmendQueue, MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByState: unsettled()}}
}

// NoticeArgs asks to tell admins of paused channels: see Deliverer.Tell.
type NoticeArgs struct {
	// Paused says that a channel was paused just now.
	Paused bool `json:"paused,omitempty"`
}

// Kind is River's name of the job.
func (NoticeArgs) Kind() string { return "notice" }

// InsertOpts holds one waiting or running job: it comes back until everybody
// was told. A pause has a job of its own, for all pauses of a few seconds: one
// that runs already may have looked just before.
func (a NoticeArgs) InsertOpts() river.InsertOpts {
	opts := river.InsertOpts{Queue: AmendQueue, MaxAttempts: maxAttempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unsettled()}}
	if a.Paused {
		opts.UniqueOpts.ByPeriod = gather
	}
	return opts
}

// PlanArgs asks for a look at every channel: see Planner.
type PlanArgs struct{}

// Kind is River's name of the job.
func (PlanArgs) Kind() string { return "plan" }

// InsertOpts lets plans come as often as somebody asks: a second one finds
// nothing to do. There is always a next one, so a failed one is not repeated.
func (PlanArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: PlanQueue, MaxAttempts: 1}
}

// requeueEvery is how often a slot that nobody settles is queued anew. The
// job that it got first may still be marked as running although its process
// died, and would keep a second one out.
const requeueEvery = 5 * time.Minute

// againArgs is DeliverArgs for a slot whose job may have died.
type againArgs struct {
	DeliverArgs
	// once lets at most one such job in for every requeueEvery.
	once bool
}

// MarshalJSON writes nothing but the DeliverArgs.
func (a againArgs) MarshalJSON() ([]byte, error) { return json.Marshal(a.DeliverArgs) }

// InsertOpts is that of DeliverArgs apart from what keeps a second job out.
func (a againArgs) InsertOpts() river.InsertOpts {
	opts := a.DeliverArgs.InsertOpts()
	opts.UniqueOpts.ByPeriod = requeueEvery
	if !a.once {
		opts.UniqueOpts = river.UniqueOpts{}
	}
	return opts
}

// unsettled are the states of jobs that will still run.
func unsettled() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}
