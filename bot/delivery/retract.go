package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// retractFor is how long it is tried to remove what was retracted.
const retractFor = 48 * time.Hour

// retracted is the reason of a slot whose messages were removed.
const retracted = "retracted"

// Retract asks for the removal of every copy of a digest in an installation,
// in all for an empty one, and says which channels have one. Running bots
// remove them; so does Remove. The digest itself stays in the archive, and
// channels that have not had it yet still get it.
func (d *Deliverer) Retract(ctx context.Context, in bot.InstallationID, digest briefing.Date, who string) ([]bot.Ref, error) {
	copies, err := d.Copies(ctx, in, digest)
	if err != nil {
		return nil, err
	}
	var refs []bot.Ref
	for _, s := range copies {
		entry := bot.AuditEntry{
			At: d.opts.Clock(), Installation: s.Ref.ID(), Who: who, What: "retract", Ref: s.Ref,
			Before: "digest " + string(digest),
		}
		if err := d.opts.Books.Retract(ctx, s.SlotKey, entry); err != nil {
			return refs, fmt.Errorf("retract %s: %w", digest, err)
		}
		d.opts.Logger.Info("post retracted", "channel", s.Ref, "slot", s.Date, "digest", digest, "who", who)
		refs = append(refs, s.Ref)
	}
	return refs, nil
}

// Copies are the slots of an installation, of all for an empty one, in which
// a digest was posted, or is just being posted, and not removed since.
func (d *Deliverer) Copies(ctx context.Context, in bot.InstallationID, digest briefing.Date) ([]Slot, error) {
	all, err := d.opts.Books.SlotsWith(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("find copies of %s: %w", digest, err)
	}
	return slices.DeleteFunc(all, func(s Slot) bool {
		standing := s.State == Claimed || s.State == Doubtful || !s.PostedAt.IsZero()
		return in != "" && s.Ref.ID() != in || !standing || !s.RetractedAt.IsZero()
	}), nil
}

// Remove removes the messages of a slot that was retracted, as far as it gets
// now. What it returns is as with Deliver.
func (d *Deliverer) Remove(ctx context.Context, key SlotKey) error {
	return d.alone(ctx, "remove", key, d.removeAll)
}

// RemoveNow removes here what was retracted, with or without a queue. The
// error says what is left; a running bot goes on with it.
func (d *Deliverer) RemoveNow(ctx context.Context, s Slot) error {
	if err := d.now(ctx, s.SlotKey, d.Remove); err != nil {
		return err
	}
	rows, err := d.opts.Books.SlotsWith(ctx, s.Digest)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(r Slot) bool { return r.SlotKey == s.SlotKey })
	if i < 0 || rows[i].Reason == retracted {
		return nil
	}
	return errors.New(rows[i].Reason)
}

func (d *Deliverer) removeAll(ctx context.Context, key SlotKey) error {
	leased := time.Now().Add(lease)
	slot, parts, err := d.opts.Books.Reclaim(ctx, key, lease)
	if held, ok := errors.AsType[*FencedError](err); ok {
		return &Later{held.Left, "somebody else is at it"}
	}
	switch {
	case errors.Is(err, briefing.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("remove %s of %s: %w", key.Date, key.Ref, err)
	case slot.RetractAt.IsZero() || !slot.RetractedAt.IsZero():
		return nil
	}
	r, end := d.begin(ctx, slot, parts, leased, slot.RetractAt.Add(retractFor))
	defer end()
	return d.settleRetraction(ctx, r, r.clear(ctx))
}

// settleRetraction writes down how a removal stands.
func (d *Deliverer) settleRetraction(ctx context.Context, r *run, v verdict) error {
	log := d.opts.Logger.With("channel", r.slot.Ref, "slot", r.slot.Date, "digest", r.slot.Digest)
	if v.fenced {
		return &Later{fencedWait, "somebody else took over"}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	if v.again {
		log.Info("removal goes on later", "reason", v.reason, "after", v.after, "cause", v.err)
		// A claim that stays open ends by itself.
		_ = d.opts.Books.Release(ctx, r.slot.SlotKey, r.slot.Fence, v.reason)
		return &Later{v.after, v.reason}
	}
	reason := retracted
	if v.reason != "" {
		reason += ", but not everything: " + v.reason
		log.Warn("post not removed to its end", "reason", v.reason, "cause", v.err)
	}
	if err := d.opts.Books.SettleRetraction(ctx, r.slot.SlotKey, r.slot.Fence, r.Clock(), reason); err != nil {
		return fmt.Errorf("settle removal of %s of %s: %w", r.slot.Date, r.slot.Ref, err)
	}
	d.opts.Meter.Retracted(r.slot.Ref.Platform, v.reason == "")
	log.Info("post removed")
	return nil
}

// clear removes every message that there is, the parent last: a thread whose
// parent is gone cannot be reached on every platform. What cannot be looked
// for, or not be removed, keeps nothing else in its place.
func (r *run) clear(ctx context.Context) verdict {
	sender, ok := r.Senders[r.slot.Ref.Platform]
	if r.sender = sender; !ok {
		return r.wait(pausedWait, "platform is not set up", nil)
	}
	if why := r.gates.whyStopped(r.slot.Ref.Platform); why != "" {
		return r.wait(pausedWait, "platform stopped: "+why, nil)
	}
	var unseen *verdict
	if v, stop := r.recall(ctx); stop && v.reason != cannotLook {
		return v
	} else if stop {
		unseen = &v
	}
	for i := len(r.parts) - 1; i >= 0; i-- {
		v, stop := r.clearPart(ctx, i)
		switch {
		case stop && v.reason == cannotLook:
			unseen = &v
		case stop:
			return v
		}
	}
	switch {
	case unseen != nil:
		return *unseen
	case slices.ContainsFunc(r.parts, func(p Part) bool { return p.State == Kept }):
		return verdict{reason: "the platform does not let the bot remove a message: " + r.kept}
	}
	return verdict{}
}

// clearPart removes one message, if it is there.
func (r *run) clearPart(ctx context.Context, i int) (verdict, bool) {
	switch r.parts[i].State {
	case Kept: // what cannot be edited can perhaps be removed
		r.parts[i].State = Surplus
	case Sending:
		if v, stop := r.look(ctx, i); stop {
			return v, true
		}
	}
	for r.parts[i].stands() {
		if v, stop := r.remove(ctx, i); stop {
			return v, true
		}
	}
	return verdict{}, false
}

// stands says that the message is there and can be removed.
func (p Part) stands() bool { return p.State == Sent || p.State == Stale || p.State == Surplus }

// remove removes one message. It may be repeated.
func (r *run) remove(ctx context.Context, i int) (verdict, bool) {
	editor, ok := r.sender.(Editor)
	if !ok {
		return r.giveUp("the platform removes no messages"), true
	}
	if v, stop := r.turn(ctx); stop {
		return v, true
	}
	limited, cancel := context.WithTimeout(ctx, min(time.Until(r.leased), sendTimeout))
	defer cancel()
	err := editor.Delete(limited, r.target(i), r.parts[i].ID)
	r.gates.holdChannel(r.slot.Ref, r.policy.Spacing)
	switch class := bot.ClassOf(err); {
	case err == nil, class == bot.MessageGone:
		return r.mark(ctx, i, Removed)
	case class == bot.MessageKept, class == bot.Payload, class == bot.Unknown && r.retracting() && r.slot.Attempts >= maxUnknown:
		return r.notRemoved(ctx, i, codeOf(err))
	default:
		r.count(err)
		return r.notAmended(ctx, class, codeOf(err), err)
	}
}

// notRemoved leaves a message that cannot be removed. In a correction that is
// one more that does not show it.
func (r *run) notRemoved(ctx context.Context, i int, code string) (verdict, bool) {
	if !r.retracting() {
		return r.keep(ctx, i)
	}
	r.kept = code
	return r.mark(ctx, i, Kept)
}

// retracting says that the run removes all messages.
func (r *run) retracting() bool { return !r.slot.RetractAt.IsZero() }
