package delivery

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"
)

const (
	// correctFor is how long after a post a newer edition of its digest is
	// edited in.
	correctFor = 48 * time.Hour
	// maxCorrections is how many corrections of a post begin on a local date.
	maxCorrections = 3
)

// due says whether the post is to be brought to an edition of its digest.
// today is the channel's local date.
func (s Slot) due(edition string, today briefing.Date, now time.Time) bool {
	shown := s.Edition
	if s.Correction.State == GivenUp && s.Correction.Edition != "" {
		shown = s.Correction.Edition // by some of the messages: going back is a correction too
	}
	switch {
	case s.State != Posted || !s.RetractAt.IsZero() || s.Edition == "":
		return false
	case s.Correction.State == Correcting:
		return true // what was begun ends, be it by giving up
	case edition == shown || !now.Before(s.PostedAt.Add(correctFor)):
		return false
	}
	return s.mayCorrect(today)
}

// correctUntil is when no more is done to correct the post: a correction that
// has begun gets a little longer, lest it leave half of the post as it was.
func (s Slot) correctUntil() time.Time {
	if s.Correction.State == Correcting {
		return s.PostedAt.Add(correctFor + afterward)
	}
	return s.PostedAt.Add(correctFor)
}

// mayCorrect says whether one more correction may begin today.
func (s Slot) mayCorrect(today briefing.Date) bool {
	return s.Correction.On != today || s.Correction.Times < maxCorrections
}

// Revise edits the newest edition of a digest into a post that shows an
// older one, as far as it gets now. What it returns is as with Deliver.
// Nothing is posted anew but what the thread needs more messages for.
func (d *Deliverer) Revise(ctx context.Context, key SlotKey) error {
	return d.alone(ctx, "revise", key, d.revise)
}

func (d *Deliverer) revise(ctx context.Context, key SlotKey) error {
	if d.opts.Refresh != nil {
		if err := d.opts.Refresh(ctx); err != nil {
			d.opts.Logger.Warn("revise with the digests known so far", "cause", err)
		}
	}
	leased := time.Now().Add(lease)
	slot, parts, err := d.opts.Books.Reclaim(ctx, key, lease)
	if held, ok := errors.AsType[*FencedError](err); ok {
		return &Later{held.Left, "somebody else is at it"}
	}
	switch {
	case errors.Is(err, briefing.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("revise %s of %s: %w", key.Date, key.Ref, err)
	case !slot.RetractAt.IsZero() && slot.RetractedAt.IsZero():
		return d.opts.Books.Release(ctx, key, slot.Fence, slot.Correction.Reason)
	case slot.State != Posted || !slot.RetractAt.IsZero():
		return nil
	}
	_, err = d.opts.Library.Imprint(slot.Digest)
	if errors.Is(err, briefing.ErrNotFound) && slot.Correction.State != Correcting {
		// Withdrawn: what was posted stays as it is. Should the digest come
		// back, the planner asks again.
		return d.opts.Books.Release(ctx, key, slot.Fence, slot.Correction.Reason)
	}
	r, end := d.begin(ctx, slot, parts, leased, slot.correctUntil())
	defer end()
	return d.settleCorrection(ctx, r, r.correct(ctx))
}

// settleCorrection writes down how a correction stands.
func (d *Deliverer) settleCorrection(ctx context.Context, r *run, v verdict) error {
	log := d.opts.Logger.With("channel", r.slot.Ref, "slot", r.slot.Date, "digest", r.slot.Digest)
	if v.fenced {
		return &Later{fencedWait, "somebody else took over"}
	}
	edition, c := r.slot.Edition, r.slot.Correction
	switch {
	case v.again:
		c.Reason = v.reason
	case v.state == Posted && c.State != Correcting: // there was nothing to do
	case v.state == Posted:
		edition, c = c.Edition, Correction{}
	default:
		c.State, c.Reason = GivenUp, v.reason
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	err := d.opts.Books.SettleCorrection(ctx, r.slot.SlotKey, r.slot.Fence, edition, c)
	switch {
	case v.again:
		log.Info("correction goes on later", "reason", v.reason, "after", v.after, "cause", v.err)
		return &Later{v.after, v.reason}
	case err != nil:
		return fmt.Errorf("settle correction of %s of %s: %w", r.slot.Date, r.slot.Ref, err)
	case v.state == Posted && r.slot.Correction.State != Correcting: // there was nothing to do
	case v.state == Posted:
		d.opts.Meter.Corrected(r.slot.Ref.Platform, true)
		log.Info("post is up to date", "edition", edition)
	default:
		d.opts.Meter.Corrected(r.slot.Ref.Platform, false)
		log.Warn("correction not shown", "edition", c.Edition, "reason", v.reason, "cause", v.err)
	}
	return nil
}

// amending says that the run is about messages of a post that was made.
func (r *run) amending() bool { return r.slot.State == Posted || !r.slot.RetractAt.IsZero() }

// correct does what can be done in this claim. Each step is written down, and
// each but the sending of a further message can be repeated without harm.
func (r *run) correct(ctx context.Context) verdict {
	if v, stop := r.mayWork(ctx); stop {
		return v
	}
	if r.closed() {
		return r.tooLate()
	}
	if v, stop := r.yield(ctx); stop {
		return v
	}
	if v, stop := r.stage(ctx); stop {
		return v
	}
	for {
		i := slices.IndexFunc(r.parts, func(p Part) bool { return p.unfinished() })
		if i < 0 {
			return verdict{state: Posted}
		}
		if v, stop := r.amend(ctx, i); stop {
			return v
		}
	}
}

// tooLate ends a correction whose time is over; there may be none to end.
func (r *run) tooLate() verdict {
	if r.slot.Correction.State != Correcting {
		p, err := r.Library.Imprint(r.slot.Digest)
		if err != nil || p.Edition == r.slot.Edition {
			return verdict{state: Posted}
		}
		r.slot.Correction.Edition = p.Edition
	}
	return r.giveUp(cmp.Or(r.slot.Correction.Reason, "too long ago"))
}

// yield lets a briefing of the channel that is due go first.
func (r *run) yield(ctx context.Context) (verdict, bool) {
	rows, err := r.Books.Slots(ctx, r.slot.Ref, recentSlots)
	if err != nil {
		return r.wait(bookWait, "ledger", err), true
	}
	due := func(s Slot) bool { return s.State == Claimed && s.RetractAt.IsZero() && s.Date != r.slot.Date }
	if slices.ContainsFunc(rows, due) {
		return r.wait(busyWait, "a briefing that is due goes first", nil), true
	}
	return verdict{}, false
}

// unfinished says that the message is not yet as it is to be.
func (p Part) unfinished() bool {
	return p.State == Stale || p.State == Surplus || p.State == Rendered || p.State == Sending
}

// stage decides what is to become of each message and writes it down, unless
// an earlier claim has. A still newer edition takes the place of one that is
// being put in.
func (r *run) stage(ctx context.Context) (verdict, bool) {
	begun := r.slot.Correction.State == Correcting
	p, err := r.Library.Imprint(r.slot.Digest)
	switch {
	case errors.Is(err, briefing.ErrNotFound) && begun: // withdrawn: better the correction than half of it
		return verdict{}, false
	case errors.Is(err, briefing.ErrNotFound): // not yet read here
		return r.wait(bookWait, "digest is not there", err), true
	case err != nil:
		return r.wait(bookWait, "archive", err), true
	}
	today, err := schedule.Today(r.channel.Settings, r.Clock())
	if err != nil {
		return r.giveUp("time zone: " + err.Error()), true
	}
	r.revised = r.localTime(p.Revised)
	next := Correction{Edition: p.Edition, State: Correcting, Times: 1, On: today}
	if r.slot.Correction.On == today {
		next.Times += r.slot.Correction.Times
	}
	switch {
	case begun && p.Edition == r.slot.Correction.Edition, begun && !r.slot.mayCorrect(today):
		return verdict{}, false
	case !begun && !r.slot.due(p.Edition, today, r.Clock()):
		return verdict{state: Posted}, true
	}
	return r.restageAll(ctx, next)
}

// restageAll decides what is to become of each message for an edition that
// was not yet begun.
func (r *run) restageAll(ctx context.Context, next Correction) (verdict, bool) {
	for i, part := range r.parts { // before its body changes, see whether it was sent
		if part.State == Sending {
			if v, stop := r.resolve(ctx, i); stop {
				return v, true
			}
		}
	}
	if r.parts[0].State == Gone { // people removed the post, which is their right
		r.slot.Correction = next
		return verdict{state: Posted}, true
	}
	edition, bodies, err := r.compose()
	if err != nil {
		r.slot.Correction = next
		return r.giveUp("cannot be rendered: " + err.Error()), true
	}
	next.Edition = edition
	if slices.ContainsFunc(r.parts, func(p Part) bool { return p.State == Kept }) {
		return r.stageNote(ctx, next)
	}
	return r.restage(ctx, next, replaced(r.parts, bodies))
}

// restage writes down what will become of the parts.
func (r *run) restage(ctx context.Context, c Correction, parts []Part) (verdict, bool) {
	if err := r.Books.Stage(ctx, r.slot.SlotKey, r.slot.Fence, c, parts); err != nil {
		return r.booked(err), true
	}
	r.parts, r.slot.Correction, r.slot.Attempts, r.asked = parts, c, 0, false
	r.ends = r.slot.correctUntil()
	return verdict{}, false
}

// localTime is t in the channel's zone, now where it is not known.
func (r *run) localTime(t time.Time) time.Time {
	if t.IsZero() {
		t = r.Clock()
	}
	if loc, err := time.LoadLocation(r.channel.Zone); err == nil {
		t = t.In(loc)
	}
	return t
}

// replaced are the parts as they have to become to show these bodies. What
// people removed keeps its place and does not come back; what we removed
// leaves its number unused, for the platform may know it still.
func replaced(parts []Part, bodies []bot.Message) []Part {
	next := slices.Clone(parts)
	for i := range next {
		p := &next[i]
		switch {
		case p.State == Removed || p.Note:
			continue
		case len(bodies) == 0:
			p.drop()
			continue
		}
		p.show(bodies[0])
		bodies = bodies[1:]
	}
	return append(next, partsOf(bodies, len(next))...)
}

// drop makes the part go away.
func (p *Part) drop() {
	switch p.State {
	case Sent, Stale:
		p.State = Surplus
	case Rendered:
		p.State = Removed // it never was
	}
}

// show makes the part say something else.
func (p *Part) show(body bot.Message) {
	if p.State == Surplus || p.State == Sent && !bytes.Equal(p.Body, body) {
		p.State = Stale
	}
	p.Body = body
}

// amend makes one message as it is to be.
func (r *run) amend(ctx context.Context, i int) (verdict, bool) {
	switch r.parts[i].State {
	case Stale:
		return r.edit(ctx, i)
	case Surplus:
		return r.remove(ctx, i)
	}
	return r.part(ctx, i) // a further message in the thread
}

// edit makes one message show its body. It may be repeated.
func (r *run) edit(ctx context.Context, i int) (verdict, bool) {
	editor, ok := r.sender.(Editor)
	if !ok {
		return r.giveUp("the platform edits no messages"), true
	}
	if v, stop := r.turn(ctx); stop {
		return v, true
	}
	limited, cancel := context.WithTimeout(ctx, min(time.Until(r.leased), sendTimeout))
	defer cancel()
	err := editor.Edit(limited, r.target(i), r.parts[i].ID, r.parts[i].Body)
	r.gates.holdChannel(r.slot.Ref, r.policy.Spacing)
	if err != nil {
		return r.notEdited(ctx, i, err)
	}
	return r.mark(ctx, i, Sent)
}

// mark records what became of a message, also when the process is about to
// end.
func (r *run) mark(ctx context.Context, i int, state PartState) (verdict, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	if err := r.Books.Mark(ctx, r.slot.SlotKey, r.slot.Fence, i, state); err != nil {
		return r.booked(err), true
	}
	r.parts[i].State = state
	return verdict{}, false
}

// notEdited decides what follows an edit that did not succeed.
func (r *run) notEdited(ctx context.Context, i int, err error) (verdict, bool) {
	r.count(err)
	class, code := bot.ClassOf(err), codeOf(err)
	switch class {
	case bot.MessageGone:
		if v, stop := r.mark(ctx, i, Gone); stop || i > 0 {
			return v, stop
		}
		return verdict{state: Posted, err: err}, true // without the parent there is nothing to correct
	case bot.MessageKept:
		return r.keep(ctx, i)
	case bot.Payload:
		return r.editPlain(ctx, i, err)
	}
	return r.notAmended(ctx, class, code, err)
}

// notAmended is what follows from a failure that has nothing to do with the
// message. The request may be made again whatever became of it.
func (r *run) notAmended(ctx context.Context, class bot.Class, code string, err error) (verdict, bool) {
	switch class {
	case bot.Limited:
		return r.sitOut(ctx, err)
	case bot.Unknown:
		r.Logger.Error("platform gave an answer that nobody knows", "channel", r.slot.Ref, "code", code, "cause", err)
		if r.slot.Attempts >= maxUnknown {
			v := r.giveUp(code)
			v.err = err
			return v, true
		}
	case bot.ChannelGone, bot.InstallationGone, bot.Fatal:
		return r.refused(ctx, class, code, err), true
	}
	return r.hold(backOff(r.slot.Attempts), code, err), true
}

// editPlain makes plain text of the whole correction, once.
func (r *run) editPlain(ctx context.Context, i int, cause error) (verdict, bool) {
	p, err := r.post()
	if err != nil {
		return r.wait(bookWait, "digest is not there", errors.Join(cause, err)), true
	}
	bodies, err := r.sender.Render(plainPost(p.Post))
	aside := r.giveUp("refused: " + codeOf(cause))
	aside.err = errors.Join(cause, err)
	if err != nil || r.parts[i].Note {
		return aside, true
	}
	next := replaced(r.parts, bodies)
	if bytes.Equal(next[i].Body, r.parts[i].Body) {
		return aside, true
	}
	r.Logger.Warn("correction refused: its text is shown plain", "channel", r.slot.Ref, "slot", r.slot.Date, "part", i, "cause", cause)
	return r.restage(ctx, r.slot.Correction, next)
}

// keep leaves the messages as they are from now on, for the platform does
// not let us change this one, and says so in the thread. Both are written
// down at once: a message that is kept without a word would look corrected.
func (r *run) keep(ctx context.Context, i int) (verdict, bool) {
	if r.parts[i].Note {
		return r.mark(ctx, i, Kept)
	}
	return r.stageNote(ctx, r.slot.Correction)
}

// stageNote makes one reply that names the correction stand for all messages
// that do not show it.
func (r *run) stageNote(ctx context.Context, c Correction) (verdict, bool) {
	p, err := r.post()
	if err != nil {
		return r.wait(bookWait, "digest is not there", err), true
	}
	bodies, err := r.replies(p, bot.CorrectionNote(r.slot.Digest, r.channel.Language, r.PublicURL, r.revised))
	if err != nil || len(bodies) != 1 {
		return r.giveUp(fmt.Sprintf("note cannot be rendered: %v", err)), true
	}
	return r.restage(ctx, c, noted(r.parts, bodies[0]))
}

// noted are the parts as they have to become if none but the note changes.
func noted(parts []Part, body bot.Message) []Part {
	next := slices.Clone(parts)
	known := false
	for i := range next {
		switch p := &next[i]; {
		case p.Note:
			p.show(body)
			known = true
		case p.State == Stale || p.State == Surplus:
			p.State = Kept
		case p.State == Rendered:
			p.State = Removed
		}
	}
	if known {
		return next
	}
	return append(next, Part{Index: len(next), State: Rendered, Body: body, Note: true})
}

// place is the number of messages of the post before part i.
func (r *run) place(i int) int {
	n := 0
	for _, p := range r.parts[:i] {
		if p.State != Removed && !p.Note {
			n++
		}
	}
	return n
}
