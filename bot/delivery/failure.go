package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
)

// inlineWait is the longest Retry-After that a run sits out by itself.
const inlineWait = 5 * time.Second

// maxUnknown is how many claims an answer that nobody knows is worth.
const maxUnknown = 3

// failed decides what follows a request that did not succeed, by the class
// of its error; stop ends the run.
func (r *run) failed(ctx context.Context, i int, err error) (verdict, bool) {
	if ctx.Err() != nil { // we were cut off: the next claim looks
		v := r.later(0, "interrupted")
		v.err = err
		return v, true
	}
	r.count(err)
	class, code := bot.ClassOf(err), codeOf(err)
	switch class {
	case bot.Doubtful, bot.Unknown:
		return r.inDoubt(ctx, i, class, code, err)
	}
	if v, stop := r.refuse(ctx, i); stop {
		return v, true
	}
	switch class {
	case bot.Limited:
		return r.limited(ctx, i, err)
	case bot.Payload:
		return r.fallBack(ctx, i, err)
	case bot.MessageGone, bot.MessageKept:
		return r.gone(i, err), true
	}
	return r.refused(ctx, class, code, err), true
}

// refuse records that the platform certainly did not take a part, so that
// nobody has to look for it.
func (r *run) refuse(ctx context.Context, i int) (verdict, bool) {
	if err := r.Books.Refuse(ctx, r.slot.SlotKey, r.slot.Fence, i); err != nil {
		return r.booked(err), true
	}
	r.parts[i].State = Rendered
	return verdict{}, false
}

// refused is what follows a refusal that has nothing to do with the message.
func (r *run) refused(ctx context.Context, class bot.Class, code string, err error) verdict {
	switch {
	case r.amending() && (class == bot.ChannelGone || class == bot.InstallationGone):
		return r.wait(lookWait, code, err) // new posts may be welcome all the same
	case class == bot.ChannelGone:
		return r.pause(ctx, code, err, r.slot.Ref)
	case class == bot.InstallationGone:
		return r.pauseAll(ctx, code, err)
	case class == bot.Fatal:
		r.gates.stop(r.slot.Ref.Platform, code)
		r.Logger.Error("platform stopped: it refuses the bot itself", "platform", r.slot.Ref.Platform, "code", code, "cause", err)
		return r.wait(pausedWait, "platform stopped: "+code, err)
	default: // bot.Transient
		return r.hold(backOff(r.slot.Attempts), code, err)
	}
}

// hold keeps the channel back and tries again. What was posted before is
// amended without keeping back what is due.
func (r *run) hold(d time.Duration, code string, err error) verdict {
	v := r.wait(d, code, err)
	if v.again && !r.amending() {
		r.gates.holdChannel(r.slot.Ref, v.after)
	}
	return v
}

// limited waits as the platform asks, in place if that is short.
func (r *run) limited(ctx context.Context, i int, err error) (verdict, bool) {
	if v, stop := r.sitOut(ctx, err); stop {
		return v, true
	}
	return r.send(ctx, i)
}

// sitOut waits as the platform asks, or ends the run if that takes long.
func (r *run) sitOut(ctx context.Context, err error) (verdict, bool) {
	wait := r.heed(err)
	r.gates.holdChannel(r.slot.Ref, wait)
	if wait > inlineWait {
		return r.wait(wait, codeOf(err), err), true
	}
	return r.turn(ctx)
}

// heed is how long the platform wants to be left alone, and leaves the whole
// platform alone where that is meant.
func (r *run) heed(err error) time.Duration {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if !ok {
		return retryAfter(0)
	}
	wait := retryAfter(oe.RetryAfter)
	if oe.Global {
		r.gates.holdPlatform(r.slot.Ref.Platform, wait)
	}
	return wait
}

// gone is what follows when the thing to reply to does not exist, or lets nobody
// reply: people removed the post or closed its thread, which is their right; it
// is not posted anew.
func (r *run) gone(i int, err error) verdict {
	switch {
	case i == 0:
		return verdict{state: Failed, reason: codeOf(err), err: err}
	case bot.ClassOf(err) == bot.MessageKept:
		v := r.giveUp(codeOf(err))
		v.err = err
		return v
	}
	return verdict{state: Posted, reason: "removed by people", err: err}
}

// pause stops deliveries to channels until an admin resumes them. The slot
// waits for that as long as its window is open.
func (r *run) pause(ctx context.Context, code string, err error, refs ...bot.Ref) verdict {
	for _, ref := range refs {
		now, bookErr := r.Books.Pause(ctx, ref, code, r.Clock())
		if bookErr != nil {
			return r.booked(errors.Join(err, bookErr))
		}
		if now {
			r.Logger.Error("channel paused: the platform refuses the bot there", "channel", ref, "code", code, "cause", err)
		}
	}
	return r.wait(pausedWait, "paused: "+code, err)
}

// pauseAll pauses every channel of the slot's installation.
func (r *run) pauseAll(ctx context.Context, code string, err error) verdict {
	channels, bookErr := r.Books.Channels(ctx)
	if bookErr != nil {
		return r.booked(errors.Join(err, bookErr))
	}
	var refs []bot.Ref
	for _, c := range channels {
		if c.ID() == r.slot.Ref.ID() && !c.Paused {
			refs = append(refs, c.Ref)
		}
	}
	return r.pause(ctx, code, err, refs...)
}

// fallBack puts plain text in the place of what the platform refuses to
// show, once: if that is what it refused, the digest is kept aside.
func (r *run) fallBack(ctx context.Context, i int, cause error) (verdict, bool) {
	aside := verdict{state: Failed, reason: "refused: " + codeOf(cause), err: cause}
	if r.parts[i].Note {
		return aside, true
	}
	bodies, err := r.composePlain(r.place(i))
	if err != nil || len(bodies) == 0 || bytes.Equal(bodies[0], r.parts[i].Body) {
		aside.err = errors.Join(cause, err)
		return aside, true
	}
	if err := r.Books.Replace(ctx, r.slot.SlotKey, r.slot.Fence, i, bodies); err != nil {
		return r.booked(errors.Join(cause, err)), true
	}
	r.Logger.Warn("message refused: its text is posted plain", "channel", r.slot.Ref, "slot", r.slot.Date, "part", i, "cause", cause)
	r.parts = append(r.parts[:i:i], partsOf(bodies, i)...)
	if v, stop := r.await(); stop {
		return v, true
	}
	return r.send(ctx, i)
}

// codeOf is the platform's word for an error.
func codeOf(err error) string {
	if oe, ok := errors.AsType[*bot.OutcomeError](err); ok {
		return oe.Code
	}
	return fmt.Sprintf("unknown: %v", err)
}
