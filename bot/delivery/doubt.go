package delivery

import (
	"context"
	"time"

	"cyberbrief/bot"
)

// cannotLook is the reason of a slot in doubt where we may not read.
const cannotLook = "doubtful: cannot read history"

// inDoubt settles whether a request that was just made was taken. If it was
// not, it is tried again like any other.
func (r *run) inDoubt(ctx context.Context, i int, class bot.Class, code string, err error) (verdict, bool) {
	if class == bot.Unknown {
		r.Logger.Error("platform gave an answer that nobody knows", "channel", r.slot.Ref, "code", code, "cause", err)
	}
	if r.repeatable(i) {
		return r.hold(backOff(r.slot.Attempts), code, err), true
	}
	if v, stop := r.look(ctx, i); stop || r.parts[i].State == Sent {
		return v, stop
	}
	if class == bot.Unknown && r.slot.Attempts >= maxUnknown && !r.amending() {
		return r.pause(ctx, code, err, r.slot.Ref), true
	}
	return r.hold(backOff(r.slot.Attempts), code, err), true
}

// resolve settles a part that an earlier claim left in doubt: it is Sent
// afterwards, or Rendered since it is not there, or the run stops.
func (r *run) resolve(ctx context.Context, i int) (verdict, bool) {
	if !r.repeatable(i) {
		return r.look(ctx, i)
	}
	// The platform gives back the first message for the same marker. The
	// intent keeps its time, for that is what the platform remembers from.
	if v, stop := r.turn(ctx); stop {
		return v, true
	}
	id, err := r.request(ctx, i)
	if err == nil {
		r.Meter.Resolved(r.slot.Ref.Platform, Repeated)
		return r.confirm(ctx, i, id)
	}
	r.count(err)
	// Whatever this answer says, it says nothing of the first request: the
	// part stays in doubt, and is repeated or looked for later.
	if bot.ClassOf(err) == bot.Fatal {
		return r.refused(ctx, bot.Fatal, codeOf(err), err), true
	}
	return r.blind(err), true
}

// repeatable says that sending the part again cannot make a second message,
// and would still be in time. An intent that lies ahead was written by a clock
// that has been set back since: how old it is, nobody knows.
func (r *run) repeatable(i int) bool {
	age := r.Clock().Sub(r.parts[i].IntentAt)
	return !r.closed() && age >= 0 && age < r.policy.RepeatWithin-sendTimeout
}

// look searches the channel for a part in doubt. It is Sent afterwards, or
// Rendered since it is not there, or the run stops.
func (r *run) look(ctx context.Context, i int) (verdict, bool) {
	for n := range max(r.policy.Looks, 1) {
		if n > 0 && sleep(r.working, r.policy.LookGap) != nil {
			return r.later(0, "out of time"), true
		}
		if v, stop := r.turn(ctx); stop {
			return v, true
		}
		id, err := r.find(ctx, i)
		if i > 0 && bot.ClassOf(err) == bot.MessageGone {
			id, err = "", nil // no thread, so nothing in it
		}
		if err != nil {
			r.count(err)
			return r.blind(err), true
		}
		if id != "" {
			r.Meter.Resolved(r.slot.Ref.Platform, Found)
			return r.confirm(ctx, i, id)
		}
	}
	r.Meter.Resolved(r.slot.Ref.Platform, Repeated)
	return r.refuse(ctx, i)
}

// clockError is how far ahead of the platform's clock ours may have been when
// an intent was written: a look from the intent on would miss the message.
const clockError = time.Hour + 5*time.Minute

// find is one look, from some time before the last intent on.
func (r *run) find(ctx context.Context, i int) (bot.MessageID, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return r.sender.Find(ctx, r.target(i), r.parts[i].IntentAt.Add(-clockError))
}

// blind is what follows when the doubt could not be settled: it is tried
// again later; where reading is forbidden or not known, the doubt stays. It
// stops nothing but this slot: those who may not read can still post.
func (r *run) blind(err error) verdict {
	code := codeOf(err)
	switch bot.ClassOf(err) {
	case bot.Limited:
		return r.hold(r.heed(err), code, err)
	case bot.Transient, bot.Doubtful, bot.Unknown, bot.Payload:
		return r.hold(backOff(r.slot.Attempts), code, err)
	}
	return r.wait(lookWait, cannotLook, err)
}
