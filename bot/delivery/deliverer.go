package delivery

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// How long things may take. The lease is what a delivery whose process died is
// idle for, so it is short: each request begins with enough of it left for the
// answer and for what is written then; see run.renew.
const (
	lease       = 20 * time.Second
	budget      = 25 * time.Second // no request begins later in a run
	sendTimeout = 12 * time.Second
	bookTimeout = 5 * time.Second // for what must be written at the end

	fencedWait = 10 * time.Second // after somebody else took over
	busyWait   = 5 * time.Second  // while another slot of the channel is at it
	bookWait   = 10 * time.Second // after an error of the ledger
	pausedWait = time.Minute      // until the channel or platform is asked again
	lookWait   = 10 * time.Minute // before looking again where it was forbidden
	// afterward is how long after its window a slot still completes a post
	// whose parent stands.
	afterward = 10 * time.Minute
)

// Later says that a slot is not settled, and when to deliver it again.
type Later struct {
	After  time.Duration
	Reason string
}

func (e *Later) Error() string {
	return fmt.Sprintf("not settled: %s; again in %s", e.Reason, e.After.Round(time.Second))
}

// Deliverer brings claimed slots to an end. It is safe for concurrent use,
// with any number of others on the same ledger.
type Deliverer struct {
	opts  Options
	gates *gates

	drained context.Context
	drain   context.CancelFunc
}

// NewDeliverer makes a Deliverer. It starts nothing.
func NewDeliverer(opts Options) *Deliverer {
	if opts.Meter == nil {
		opts.Meter = unmetered{}
	}
	drained, drain := context.WithCancel(context.Background())
	return &Deliverer{opts: opts, gates: newGates(opts.Policies), drained: drained, drain: drain}
}

// Drain makes running deliveries end after the request they are in; the next
// claim, here or elsewhere, goes on from there. New ones are put off.
func (d *Deliverer) Drain() { d.drain() }

// Stopped says which platforms are out of use and why: a token was revoked,
// or the platform refuses us for good.
func (d *Deliverer) Stopped() map[bot.Platform]string {
	d.gates.mu.Lock()
	defer d.gates.mu.Unlock()
	return maps.Clone(d.gates.stopped)
}

// Deliver brings a slot as far as it can get now. Nil means that the slot is
// settled, *Later that it is to be called again, anything else that it
// failed unexpectedly and may be called again. A panic becomes an error.
func (d *Deliverer) Deliver(ctx context.Context, key SlotKey) error {
	return d.alone(ctx, "deliver", key, d.claim)
}

// alone does some work on a slot while no other is done in its channel.
func (d *Deliverer) alone(ctx context.Context, what string, key SlotKey, work func(context.Context, SlotKey) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s %s of %s: panic: %v\n%s", what, key.Date, key.Ref, p, debug.Stack())
		}
	}()
	if d.drained.Err() != nil {
		return &Later{fencedWait, "the bot is stopping"}
	}
	if wait := d.gates.closedFor(key.Ref); wait > 0 {
		return &Later{wait, "the platform asked for a pause"}
	}
	if !d.gates.enter(key.Ref) {
		return &Later{busyWait, "another delivery to the channel is running"}
	}
	defer d.gates.leave(key.Ref)
	return work(ctx, key)
}

// claim takes the slot, works on it and gives it back.
func (d *Deliverer) claim(ctx context.Context, key SlotKey) error {
	leased := time.Now().Add(lease)
	held, err := d.opts.Books.Claim(ctx, key, lease)
	if other, ok := errors.AsType[*FencedError](err); ok {
		return &Later{other.Left, "somebody else is at it"}
	}
	switch slot := held.Slot; {
	case errors.Is(err, briefing.ErrNotFound):
		d.opts.Logger.Warn("nothing to deliver", "channel", key.Ref, "slot", key.Date)
		return nil
	case err != nil:
		return fmt.Errorf("claim %s of %s: %w", key.Date, key.Ref, err)
	case slot.State != Claimed && slot.State != Doubtful:
		return nil
	}
	r, end := d.begin(ctx, held.Slot, held.Parts, leased, held.Slot.ClosesAt)
	defer end()
	r.addressee = &held.Addressee
	return d.settle(ctx, r, r.deliver(ctx))
}

// begin makes a run of what was claimed; end is to be called after it.
func (d *Deliverer) begin(ctx context.Context, slot Slot, parts []Part, leased, ends time.Time) (r *run, end func()) {
	working, cancel := context.WithTimeout(ctx, budget)
	stop := context.AfterFunc(d.drained, cancel)
	r = &run{
		Options: d.opts, gates: d.gates, policy: d.opts.Policies[slot.Ref.Platform],
		slot: slot, parts: parts, leased: leased, ends: ends, working: working,
	}
	return r, func() { stop(); cancel() }
}

// verdict is what a run makes of its slot.
type verdict struct {
	state  SlotState
	reason string
	// after is when to try again; a slot that is settled for now has none.
	after time.Duration
	again bool
	// fenced is set when the slot is somebody else's by now.
	fenced bool
	err    error
}

// settle writes the verdict down, also when the process is about to end.
func (d *Deliverer) settle(ctx context.Context, r *run, v verdict) error {
	log := d.opts.Logger.With("channel", r.slot.Ref, "slot", r.slot.Date, "digest", r.slot.Digest, "attempt", r.slot.Attempts)
	if v.fenced {
		return &Later{fencedWait, "somebody else took over"}
	}
	var err error
	if !r.settled {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
		defer cancel()
		err = d.opts.Books.Settle(ctx, r.slot.SlotKey, r.slot.Fence, v.state, v.reason)
	}
	switch {
	case v.again:
		log.Info("delivery goes on later", "state", v.state, "reason", v.reason, "after", v.after, "cause", v.err)
		return &Later{v.after, v.reason} // an open claim ends by itself
	case err != nil:
		return fmt.Errorf("settle %s of %s: %w", r.slot.Date, r.slot.Ref, err)
	}
	if v.state != Doubtful { // which is no end: somebody may still look
		d.opts.Meter.Settled(r.slot.Ref.Platform, v.state, r.late())
	}
	if v.state == Posted {
		log.Info("briefing posted", "parts", len(r.parts))
	} else {
		log.Warn("briefing not posted", "state", v.state, "reason", v.reason, "cause", v.err)
	}
	return nil
}
