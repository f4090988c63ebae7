package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"

	"github.com/riverqueue/river"
)

const (
	// recentSlots is how many rows of a channel are looked at: a week of
	// slots and some that were posted out of turn.
	recentSlots = 16
	// jobPatience is how long after its time a slot's own job is left alone
	// before the slot is queued again.
	jobPatience = 2 * time.Minute
)

// PlannerOptions are what a Planner works with.
type PlannerOptions struct {
	Ledger  Ledger
	Board   Board
	Library Library
	// Refresh brings the library in step with the store before each plan, so
	// that it knows what other replicas took in; nil for none.
	Refresh func(context.Context) error
	// Enqueue inserts a job; nil where no queue runs.
	Enqueue func(context.Context, river.JobArgs) error
	// Meter counts slots; nil counts nothing.
	Meter SlotMeter
	// Done is called after each plan that knew the channels, whatever was wrong
	// with some of them; nil for none.
	Done   func(context.Context)
	Clock  func() time.Time
	Logger *slog.Logger
}

// Planner opens the slots that are due and closes those whose window ended
// without a post. Any number of planners may plan at the same time: the
// ledger lets each slot be opened or closed once.
type Planner struct {
	opts PlannerOptions

	mu sync.Mutex
	// known is what the last look at each channel found. When that was tells
	// a slot for which there was no digest from one that nobody looked at.
	known map[bot.Ref]memory
	dates []briefing.Date // of all digests at the last plan
	// editions are those of all digests at the last plan.
	editions map[briefing.Date]string
}

// NewPlanner makes a Planner. It starts nothing.
func NewPlanner(opts PlannerOptions) *Planner {
	if opts.Meter == nil {
		opts.Meter = unmetered{}
	}
	return &Planner{opts: opts, known: map[bot.Ref]memory{}}
}

// Plan looks at every channel once. What is wrong with one channel keeps no
// other from its briefing; all that went wrong is in the error.
func (p *Planner) Plan(ctx context.Context) error {
	if p.opts.Refresh != nil {
		if err := p.opts.Refresh(ctx); err != nil {
			p.opts.Logger.Error("plan with the digests known so far", "cause", err)
		}
	}
	channels, err := p.opts.Board.Channels(ctx)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if p.opts.Done != nil {
		defer p.opts.Done(ctx)
	}
	var failures []error
	now, dates := p.opts.Clock(), p.opts.Library.Dates()
	p.forget(channels)
	p.wake(dates)
	for _, c := range interleave(channels) {
		if ctx.Err() != nil {
			return errors.Join(append(failures, ctx.Err())...)
		}
		known := p.recall(c.Ref)
		if known.rests(c, now) {
			known.looked = now
			p.keep(c.Ref, known)
			continue
		}
		if err := p.plan(ctx, view{channel: c, dates: dates, last: known.looked, now: now}); err != nil {
			failures = append(failures, fmt.Errorf("plan %s: %w", c.Ref, err))
		}
	}
	return errors.Join(failures...)
}

// plan looks at one channel. A panic becomes an error.
func (p *Planner) plan(ctx context.Context, v view) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	ref := v.channel.Ref
	if v.rows, err = p.opts.Board.Slots(ctx, ref, recentSlots); err != nil {
		return err
	}
	if err := p.requeue(ctx, v.rows, v.last, v.now); err != nil {
		return err
	}
	if !v.inOrder() {
		if v.had, err = p.opts.Board.Had(ctx, ref); err != nil {
			return err
		}
		if err := p.closeEnded(ctx, v); err != nil {
			return err
		}
		if err := p.openDue(ctx, v); err != nil {
			return err
		}
	}
	if err := p.amend(ctx, v); err != nil {
		return err
	}
	p.keep(ref, v.remember())
	return nil
}

// amend queues the correction of each post that does not show the newest
// edition of its digest, and again each removal that is not over.
func (p *Planner) amend(ctx context.Context, v view) error {
	if p.opts.Enqueue == nil {
		return nil
	}
	for _, s := range v.rows {
		if !s.RetractAt.IsZero() {
			if !s.RetractedAt.IsZero() {
				continue
			}
			if err := p.opts.Enqueue(ctx, RetractArgsOf(s.SlotKey)); err != nil {
				return fmt.Errorf("queue removal of slot %s again: %w", s.Date, err)
			}
			continue
		}
		edition, ok := p.newest(s, v)
		if !ok {
			continue
		}
		if err := p.opts.Enqueue(ctx, ReviseArgs{ArgsOf(s.SlotKey), edition}); err != nil {
			return fmt.Errorf("queue correction of slot %s: %w", s.Date, err)
		}
	}
	return nil
}

// newest is the edition that a post is to be brought to, if any. A digest
// that its source has withdrawn stays where it was posted, apart from a
// correction that has begun.
func (p *Planner) newest(s Slot, v view) (edition string, ok bool) {
	if v.channel.Paused || s.State != Posted {
		return "", false
	}
	today, err := schedule.Today(v.channel.Settings, v.now)
	if err != nil {
		return "", false
	}
	imprint, err := p.opts.Library.Imprint(s.Digest)
	if err != nil && s.Correction.State != Correcting {
		return "", false
	}
	return imprint.Edition, s.due(imprint.Edition, today, v.now)
}

// view is what is known of a channel at an instant.
type view struct {
	channel bot.Channel
	rows    []Slot // newest date first
	had     map[briefing.Date]bool
	dates   []briefing.Date // of all digests, newest first
	last    time.Time       // when this process looked before; zero for never
	now     time.Time
	// editions is the newest edition of a digest, for status only.
	editions func(briefing.Date) string
}

// row is the ledger's row for a local date.
func (v view) row(d briefing.Date) (Slot, bool) {
	for _, s := range v.rows {
		if s.Date == d {
			return s, true
		}
	}
	return Slot{}, false
}

// choose picks the digest for a slot, and those to name with it.
func (v view) choose(slot briefing.Date) (briefing.Date, []briefing.Date, bool) {
	var newest briefing.Date
	for d := range v.had {
		newest = max(newest, d)
	}
	return schedule.Choose(v.dates, v.had, newest, v.channel.MaxAge, slot)
}

// current is the newest slot that is open.
func (v view) current() (schedule.Slot, bool, error) {
	open, err := schedule.Open(v.channel, v.now)
	if err != nil || len(open) == 0 {
		return schedule.Slot{}, false, err
	}
	return open[len(open)-1], true, nil
}

// openDue opens the newest slot that is due, if there is a digest for it.
// After an outage that is one slot, however many have passed.
func (p *Planner) openDue(ctx context.Context, v view) error {
	due, ok, err := v.current()
	if err != nil || !ok || v.channel.Paused {
		return err
	}
	if _, taken := v.row(due.Date); taken {
		return nil
	}
	digest, earlier, ok := v.choose(due.Date)
	if !ok {
		return nil
	}
	err = p.opts.Ledger.Open(ctx, Slot{
		SlotKey: SlotKey{v.channel.Ref, due.Date}, State: Claimed,
		Digest: digest, Earlier: earlier, DueAt: due.DueAt, ClosesAt: due.ClosesAt,
	})
	switch {
	case errors.Is(err, ErrTaken): // another planner was faster
		return nil
	case err != nil:
		return fmt.Errorf("open slot %s: %w", due.Date, err)
	}
	p.opts.Meter.Due(v.channel.Ref.Platform)
	p.opts.Logger.Info("slot opened", "channel", v.channel.Ref, "slot", due.Date, "digest", digest, "earlier", len(earlier))
	return nil
}

// closeEnded writes a row for each slot that ended without one. Slots older
// than the newest row, or that ended before the last look, were not the
// channel's then: its settings have changed since.
func (p *Planner) closeEnded(ctx context.Context, v view) error {
	ended, err := schedule.Ended(v.channel, v.last, v.now)
	if err != nil {
		return err
	}
	for _, s := range ended {
		if len(v.rows) > 0 && s.Date <= v.rows[0].Date {
			continue
		}
		state, reason := v.why(s)
		err := p.opts.Ledger.Close(ctx, Slot{
			SlotKey: SlotKey{v.channel.Ref, s.Date}, State: state, Reason: reason,
			DueAt: s.DueAt, ClosesAt: s.ClosesAt,
		})
		switch {
		case errors.Is(err, ErrTaken):
		case err != nil:
			return fmt.Errorf("close slot %s: %w", s.Date, err)
		default:
			p.opts.Meter.Due(v.channel.Ref.Platform)
			p.opts.Meter.Settled(v.channel.Ref.Platform, state, 0)
			p.opts.Logger.Warn("briefing not posted", "channel", v.channel.Ref, "slot", s.Date, "state", state, "reason", reason)
		}
	}
	return nil
}

// why says what became of a slot that ended without a row.
func (v view) why(s schedule.Slot) (SlotState, string) {
	if v.channel.Paused {
		return Missed, "paused: " + v.channel.Reason
	}
	// Had there been a digest at a look within the window, there were a row.
	lookedInside := !v.last.Before(s.DueAt) && v.last.Before(s.ClosesAt)
	if _, _, ok := v.choose(s.Date); ok && !lookedInside {
		return Missed, notRunning
	}
	return NoDigest, "no new digest came before the end of the window"
}

// notRunning is the reason of a slot that nobody looked at in time.
const notRunning = "the bot was not running"

// requeue sees to slots whose job may have died with its process: all when
// this process begins, later those that take long.
func (p *Planner) requeue(ctx context.Context, rows []Slot, last, now time.Time) error {
	if p.opts.Enqueue == nil {
		return nil
	}
	for _, s := range rows {
		begins := last.IsZero()
		switch {
		case s.State != Claimed && s.State != Doubtful:
			continue
		case begins:
		case s.State == Doubtful && now.After(s.ClosesAt.Add(afterward+jobPatience)):
			continue // it stays in doubt until somebody lets us look
		case now.Before(s.DueAt.Add(jobPatience)):
			continue
		}
		if err := p.opts.Enqueue(ctx, againArgs{ArgsOf(s.SlotKey), !begins}); err != nil {
			return fmt.Errorf("queue slot %s again: %w", s.Date, err)
		}
	}
	return nil
}
