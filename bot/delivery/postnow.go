package delivery

import (
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

// inlinePatience is how far off a try may be that is waited for here. It is
// longer than a claim, for a running bot may have made one just now: the ledger
// can even say that it lasts a little longer than its lease, to who asked
// before it was made and was answered after.
const inlinePatience = lease + 5*time.Second

// minInlineWindow is how long a slot that is opened by hand stays open at
// the least, whatever the channel's own window is.
const minInlineWindow = 15 * time.Minute

// Reopening makes up by hand for a slot that ended without a post.
type Reopening interface {
	// Reopen is Ledger.Open for a slot that has a row but has posted nothing,
	// certainly, and is not at it any more: NoDigest, Missed or Failed. ErrTaken
	// for any other, and when the channel has had the digest in another slot.
	Reopen(ctx context.Context, s Slot) error
}

// TakenError says why a slot cannot be opened. It is an ErrTaken.
type TakenError struct {
	Ref bot.Ref
	// Slot is the row in the way; its Digest is empty where there is none.
	Slot Slot
	// Digest is set when the channel has had it before.
	Digest briefing.Date
}

func (e *TakenError) Error() string {
	switch {
	case e.Digest != "":
		return fmt.Sprintf("%s has had the digest of %s already: no digest is posted twice", e.Ref, e.Digest)
	case !e.Slot.PostedAt.IsZero():
		return fmt.Sprintf("%s has its briefing for %s already: the digest of %s, posted at %s",
			e.Ref, e.Slot.Date, e.Slot.Digest, e.Slot.PostedAt.Format(time.RFC3339))
	case !e.Slot.RetractAt.IsZero():
		return fmt.Sprintf("the briefing of %s for %s was retracted: a slot has one briefing, the next one is tomorrow's", e.Ref, e.Slot.Date)
	case e.Slot.State == Claimed:
		return fmt.Sprintf("the digest of %s is just being posted to %s for %s%s: see \"cyberbrief status\"", e.Slot.Digest, e.Ref, e.Slot.Date, because(e.Slot.Reason))
	}
	return fmt.Sprintf("it is not certain that nothing of the digest of %s stands in %s for %s (%s), and no briefing is posted twice: look in the channel; the next slot gets the next digest",
		e.Slot.Digest, e.Ref, e.Slot.Date, cmp.Or(e.Slot.Reason, string(e.Slot.State)))
}

// because is a reason behind something, if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ", " + reason
}

// Unwrap makes it an ErrTaken.
func (e *TakenError) Unwrap() error { return ErrTaken }

// PostNow opens the channel's slot of today right away and delivers it here,
// with or without a queue; one that ended without a post is opened once more.
// An empty digest is the newest that the channel has not had, however old.
// TakenError when the channel has had its briefing of today, or this digest,
// or may have had a part of it. Other errors say why it is not posted; what is
// not settled by then, a running bot goes on with.
func (d *Deliverer) PostNow(ctx context.Context, ref bot.Ref, digest briefing.Date) (Slot, error) {
	slot, err := d.slotNow(ctx, ref, digest)
	if err != nil {
		return Slot{}, err
	}
	err = d.opts.Books.Open(ctx, slot)
	if errors.Is(err, ErrTaken) {
		err = d.opts.Books.Reopen(ctx, slot)
	}
	if errors.Is(err, ErrTaken) {
		return Slot{}, d.taken(ctx, slot)
	} else if err != nil {
		return Slot{}, fmt.Errorf("post to %s: %w", ref, err)
	}
	d.opts.Meter.Due(ref.Platform)
	if err := d.now(ctx, slot.SlotKey, d.Deliver); err != nil {
		return Slot{}, fmt.Errorf("post to %s: %w", ref, err)
	}
	return d.outcome(ctx, slot.SlotKey)
}

// Render shows what PostNow would send, and sends and records nothing.
func (d *Deliverer) Render(ctx context.Context, ref bot.Ref, digest briefing.Date) (Slot, []bot.Message, error) {
	slot, err := d.slotNow(ctx, ref, digest)
	if err != nil {
		return Slot{}, nil, err
	}
	c, err := d.opts.Channels.Channel(ctx, ref)
	if err != nil {
		return Slot{}, nil, fmt.Errorf("render for %s: %w", ref, err)
	}
	p, err := compose(d.opts, c, slot, time.Time{})
	if err != nil {
		return Slot{}, nil, err
	}
	sender, ok := d.opts.Senders[ref.Platform]
	if !ok {
		return Slot{}, nil, fmt.Errorf("render for %s: platform %s is not set up", ref, ref.Platform)
	}
	bodies, err := sender.Render(p.Post)
	if err != nil {
		return Slot{}, nil, fmt.Errorf("render for %s: %w", ref, err)
	}
	return slot, bodies, nil
}

// slotNow is the channel's slot of today as it would be opened now.
func (d *Deliverer) slotNow(ctx context.Context, ref bot.Ref, digest briefing.Date) (Slot, error) {
	c, err := d.opts.Channels.Channel(ctx, ref)
	if err != nil {
		return Slot{}, fmt.Errorf("post to %s: %w", ref, err)
	}
	if c.Paused {
		return Slot{}, fmt.Errorf("post to %s: the channel is paused: %s", ref, c.Reason)
	}
	now := d.opts.Clock()
	today, err := schedule.Today(c.Settings, now)
	if err != nil {
		return Slot{}, fmt.Errorf("post to %s: %w", ref, err)
	}
	had, err := d.opts.Books.Had(ctx, ref)
	if err != nil {
		return Slot{}, fmt.Errorf("post to %s: %w", ref, err)
	}
	slot := Slot{SlotKey: SlotKey{ref, today}, State: Claimed, Digest: digest, DueAt: now, ClosesAt: now.Add(max(c.CatchUp, minInlineWindow))}
	if digest != "" {
		if _, err := d.opts.Library.Imprint(digest); err != nil {
			return Slot{}, fmt.Errorf("post to %s: %w", ref, err)
		}
		return slot, nil
	}
	c.MaxAge = 0
	v := view{channel: c, had: had, dates: d.opts.Library.Dates(), now: now}
	var ok bool
	if slot.Digest, slot.Earlier, ok = v.choose(today); !ok {
		return Slot{}, fmt.Errorf("post to %s: %w: there is no digest that it has not had", ref, briefing.ErrNotFound)
	}
	return slot, nil
}

// taken finds out what is in the way.
func (d *Deliverer) taken(ctx context.Context, want Slot) error {
	rows, err := d.opts.Books.Slots(ctx, want.Ref, recentSlots)
	if err != nil {
		return fmt.Errorf("post to %s: %w: %w", want.Ref, ErrTaken, err)
	}
	i := slices.IndexFunc(rows, func(s Slot) bool { return s.Date == want.Date })
	if i >= 0 && !rows[i].mayReopen() {
		return &TakenError{Ref: want.Ref, Slot: rows[i]}
	}
	return &TakenError{Ref: want.Ref, Digest: want.Digest}
}

// mayReopen says that the slot ended without a post, as far as its row tells.
func (s Slot) mayReopen() bool {
	ended := s.State == NoDigest || s.State == Missed || s.State == Failed
	return ended && s.PostedAt.IsZero() && s.RetractAt.IsZero()
}

// now works until the slot is settled, as long as the next try is not far
// off. A running bot may be at it too: then it is waited for.
func (d *Deliverer) now(ctx context.Context, key SlotKey, work func(context.Context, SlotKey) error) error {
	for {
		err := work(ctx, key)
		later, ok := errors.AsType[*Later](err)
		if !ok {
			return err
		}
		if later.After > inlinePatience {
			return err
		}
		if sleepErr := sleep(ctx, min(later.After, time.Second)); sleepErr != nil {
			return fmt.Errorf("%w: %w", sleepErr, err)
		}
	}
}

// outcome is the row of a settled slot, an error unless it was posted.
func (d *Deliverer) outcome(ctx context.Context, key SlotKey) (Slot, error) {
	rows, err := d.opts.Books.Slots(ctx, key.Ref, recentSlots)
	if err != nil {
		return Slot{}, fmt.Errorf("post to %s: %w", key.Ref, err)
	}
	i := slices.IndexFunc(rows, func(s Slot) bool { return s.Date == key.Date })
	switch {
	case i < 0:
		return Slot{}, fmt.Errorf("post to %s: the row of %s is gone", key.Ref, key.Date)
	case rows[i].State != Posted:
		return rows[i], fmt.Errorf("post to %s: %s: %s", key.Ref, rows[i].State, rows[i].Reason)
	}
	return rows[i], nil
}
