package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// run is the work of one claim.
type run struct {
	Options
	gates  *gates
	policy Policy
	slot   Slot
	parts  []Part
	// ends is when the work is given up: the end of the slot's window, or of
	// the time in which a post is amended.
	ends   time.Time
	sender Sender
	// revised is set where the post is a correction: when it was read.
	revised time.Time
	// kept is why the platform does not let a message be removed.
	kept string
	// addressee is what the claim told of the channel; nil if it did not.
	addressee *Addressee
	// channel is how the channel stands now, composed its post; see post.
	channel  bot.Channel
	composed *composed
	// rendering is what is still to be stored with the first intent.
	rendering *Rendering
	// leased is when the claim ends at the earliest, asked is whether it has
	// made a request; see renew.
	leased time.Time
	asked  bool
	// settled is set when the last part was confirmed, and the slot with it.
	settled bool
	// anew is set when this run sends the parent itself.
	anew bool
	// working ends when no further request may begin: the budget is spent or
	// the bot is stopping. A request that runs is not cut off by it.
	working context.Context
}

// deliver does what can be done in this claim.
func (r *run) deliver(ctx context.Context) verdict {
	if v, stop := r.mayWork(ctx); stop {
		return v
	}
	if r.closed() && r.untouched() && !r.lost() {
		return verdict{state: Missed, reason: cmp.Or(r.slot.Reason, notRunning)}
	}
	if len(r.parts) == 0 {
		if v, stop := r.render(); stop {
			return v
		}
	}
	for i := 0; i < len(r.parts); i++ { // a fallback can change the number of parts
		if v, stop := r.part(ctx, i); stop {
			return v
		}
	}
	return verdict{state: Posted}
}

// mayWork finds out whether the channel can be posted to now.
func (r *run) mayWork(ctx context.Context) (verdict, bool) {
	if v, stop := r.meet(ctx); stop {
		return v, true
	}
	switch {
	case !r.addressee.Subscribed:
		return r.giveUp("the channel was removed"), true
	case r.channel.Paused:
		return r.wait(pausedWait, "paused: "+r.channel.Reason, nil), true
	}
	sender, ok := r.Senders[r.slot.Ref.Platform]
	if r.sender = sender; !ok {
		return r.wait(pausedWait, "platform is not set up", nil), true
	}
	if why := r.gates.whyStopped(r.slot.Ref.Platform); why != "" {
		return r.wait(pausedWait, "platform stopped: "+why, nil), true
	}
	if r.addressee.Behind {
		return r.wait(busyWait, "an older slot is not settled", nil), true
	}
	return verdict{}, false
}

// meet learns how the channel stands, unless the claim told.
func (r *run) meet(ctx context.Context) (verdict, bool) {
	if r.addressee == nil {
		to, err := r.Books.Addressee(ctx, r.slot.SlotKey)
		if err != nil {
			return r.wait(bookWait, "ledger", err), true
		}
		r.addressee = &to
	}
	r.channel = r.addressee.Channel
	return verdict{}, false
}

// render makes what will be sent. It is stored with the first intent, once:
// every later claim sends the same.
func (r *run) render() (verdict, bool) {
	edition, bodies, err := r.compose()
	switch {
	case errors.Is(err, briefing.ErrNotFound): // withdrawn, or not yet read here
		return r.wait(bookWait, "digest is not there", err), true
	case err != nil:
		return verdict{state: Failed, reason: "cannot be rendered", err: err}, true
	}
	r.parts, r.rendering = partsOf(bodies, 0), &Rendering{edition, bodies}
	return verdict{}, false
}

func partsOf(bodies []bot.Message, from int) []Part {
	parts := make([]Part, len(bodies))
	for i, b := range bodies {
		parts[i] = Part{Index: from + i, State: Rendered, Body: b}
	}
	return parts
}

// part brings one message to its end; stop ends the run with the verdict.
func (r *run) part(ctx context.Context, i int) (v verdict, stop bool) {
	if r.suspect(i) {
		if v, stop = r.intend(ctx, i, r.dawn()); stop {
			return v, true
		}
	}
	switch p := &r.parts[i]; {
	case p.State == Sent:
		return verdict{}, false
	case p.State == Sending: // left by an earlier claim, or suspect
		if v, stop = r.resolve(ctx, i); stop || p.State == Sent {
			return v, stop
		}
	}
	if i == 0 && r.closed() {
		return r.giveUp(cmp.Or(r.slot.Reason, "the window ended")), true
	}
	if v, stop = r.await(); stop {
		return v, true
	}
	r.anew = r.anew || i == 0
	return r.send(ctx, i)
}

// turn waits until the channel and the platform may be sent a request, and
// makes sure that the slot is still ours then.
func (r *run) turn(ctx context.Context) (verdict, bool) {
	if v, stop := r.await(); stop {
		return v, true
	}
	return r.renew(ctx)
}

// await is turn before an intent, which sees by itself whose the slot is.
func (r *run) await() (verdict, bool) {
	for {
		wait := r.gates.closedFor(r.slot.Ref)
		if deadline, ok := r.working.Deadline(); ok && time.Until(deadline) < wait {
			return r.later(wait, "its turn has not come"), true
		}
		if wait == 0 {
			break
		}
		if sleep(r.working, wait) != nil {
			return r.later(0, "out of time"), true
		}
	}
	if left, err := r.gates.turn(r.working, r.slot.Ref); err != nil {
		return r.later(left, "its turn has not come"), true
	}
	return verdict{}, false
}

// renew prolongs the claim where what is left of it is too short for one more
// request. A claim's first request is an attempt, and counted here.
func (r *run) renew(ctx context.Context) (verdict, bool) {
	if r.asked && time.Until(r.leased) >= sendTimeout+bookTimeout {
		return verdict{}, false
	}
	r.ask()
	leased := time.Now().Add(lease)
	if err := r.Books.Renew(ctx, r.slot.SlotKey, r.slot.Fence, r.slot.Attempts, lease); err != nil {
		return r.booked(err), true
	}
	r.leased = leased
	return verdict{}, false
}

// ask counts the first request of a claim as an attempt.
func (r *run) ask() {
	if !r.asked {
		r.asked = true
		r.slot.Attempts++
	}
}

// send makes one request: intent, request, id.
func (r *run) send(ctx context.Context, i int) (verdict, bool) {
	if v, stop := r.intend(ctx, i, r.Clock()); stop {
		return v, true
	}
	id, err := r.request(ctx, i)
	if err != nil {
		return r.failed(ctx, i, err)
	}
	return r.confirm(ctx, i, id)
}

// intend writes down that a part is about to be sent, or may have been.
func (r *run) intend(ctx context.Context, i int, at time.Time) (verdict, bool) {
	r.ask()
	leased := time.Now().Add(lease)
	in := Intent{Index: i, At: at, Lease: lease, Attempts: r.slot.Attempts, Rendering: r.rendering}
	if err := r.Books.Intend(ctx, r.slot.SlotKey, r.slot.Fence, in); err != nil {
		return r.booked(err), true
	}
	r.leased, r.rendering = leased, nil
	r.parts[i].State, r.parts[i].IntentAt = Sending, at
	return verdict{}, false
}

// request sends a part that is in state Sending, and never after the claim
// has ended: by then somebody else may be at it. Success without an id is none,
// whatever the sender says.
func (r *run) request(ctx context.Context, i int) (bot.MessageID, error) {
	left := time.Until(r.leased)
	if left <= 0 {
		return "", &bot.OutcomeError{Class: bot.Transient, Code: "claim ended before the request"}
	}
	ctx, cancel := context.WithTimeout(ctx, min(left, sendTimeout))
	defer cancel()
	id, err := r.sender.Send(ctx, r.target(i), r.parts[i].Body)
	r.gates.holdChannel(r.slot.Ref, r.policy.Spacing)
	if err == nil && id == "" {
		err = &bot.OutcomeError{Class: bot.Doubtful, Code: "no message id"}
	}
	return id, err
}

// confirm records the id, also when the process is about to end. If it
// cannot, the part stays in doubt and the next claim finds the message.
func (r *run) confirm(ctx context.Context, i int, id bot.MessageID) (verdict, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	receipt := Receipt{Index: i, ID: id, At: r.Clock(), Last: r.completes(i)}
	if err := r.Books.Confirm(ctx, r.slot.SlotKey, r.slot.Fence, receipt); err != nil {
		return r.booked(fmt.Errorf("message %s was posted: %w", id, err)), true
	}
	r.parts[i].State, r.parts[i].ID = Sent, id
	if i == 0 && r.slot.PostedAt.IsZero() {
		r.slot.PostedAt = receipt.At
	}
	r.settled = receipt.Last
	return verdict{}, false
}

// completes says that part i is all that the slot's post still needs.
func (r *run) completes(i int) bool {
	missing := func(p Part) bool { return p.Index != i && p.State != Sent }
	return !r.amending() && !slices.ContainsFunc(r.parts, missing)
}

// target says where a part goes: all but the parent into its thread.
func (r *run) target(i int) bot.Target {
	to := bot.Target{Ref: r.slot.Ref, Marker: bot.Marker{Delivery: bot.DeliveryID(r.slot.Ref, r.slot.Date), Part: i}}
	if i > 0 {
		to.Thread = r.parts[0].ID
		to.ThreadTitle = r.threadTitle()
	}
	return to
}

// closed says whether the time for the work is over.
func (r *run) closed() bool { return !r.Clock().Before(r.ends) }

// untouched says that nothing of the slot can have been posted.
func (r *run) untouched() bool {
	return !slices.ContainsFunc(r.parts, func(p Part) bool { return p.State != Rendered })
}

// doubtful says that a request may have been made whose outcome is not known.
func (r *run) doubtful() bool {
	return slices.ContainsFunc(r.parts, func(p Part) bool { return p.State == Sending })
}

// begun says that the parent stands in the channel.
func (r *run) begun() bool { return len(r.parts) > 0 && r.parts[0].State == Sent }

// later goes on in another claim; nothing is wrong.
func (r *run) later(after time.Duration, reason string) verdict {
	v := verdict{state: Claimed, reason: reason, after: after, again: true}
	if r.doubtful() {
		v.state = Doubtful
	}
	return v
}

// wait tries again after a while, or gives up at the end of the window. A
// post whose parent stands gets a little longer to become whole.
func (r *run) wait(after time.Duration, reason string, err error) verdict {
	left := r.ends.Sub(r.Clock())
	if r.begun() && !r.amending() {
		left += afterward
	}
	if left <= 0 {
		v := r.giveUp(reason)
		v.err = err
		return v
	}
	v := r.later(min(after, left), reason)
	v.err = err
	return v
}

// giveUp ends the slot for good, after what is known of it.
func (r *run) giveUp(reason string) verdict {
	switch {
	case r.amending():
		return verdict{state: Failed, reason: reason}
	case r.doubtful():
		return verdict{state: Doubtful, reason: reason}
	case r.begun():
		return verdict{state: Failed, reason: "incomplete: " + reason}
	default:
		return verdict{state: Missed, reason: reason}
	}
}

// booked is what follows from an error of the ledger.
func (r *run) booked(err error) verdict {
	if errors.Is(err, ErrFenced) {
		return verdict{fenced: true, err: err}
	}
	v := r.later(bookWait, "ledger")
	v.err = err
	return v
}
