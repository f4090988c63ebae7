package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"
)

// StatusBoard says how the channels stand, from the ledger and the calendar
// alone: the bot need not run. It is a bot.Reporter.
type StatusBoard struct {
	Board   Board
	Library Library
	Clock   func() time.Time
}

// Status gives every channel of an installation; of all for an empty one.
func (b *StatusBoard) Status(ctx context.Context, in bot.InstallationID) ([]bot.ChannelStatus, error) {
	channels, err := b.Board.Channels(ctx)
	if err != nil {
		return nil, fmt.Errorf("status: %w", err)
	}
	now := b.Clock()
	all := []bot.ChannelStatus{}
	for _, c := range channels {
		if in != "" && c.ID() != in {
			continue
		}
		s, err := b.status(ctx, c, now)
		if err != nil {
			return nil, fmt.Errorf("status of %s: %w", c.Ref, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// edition is the newest one of a digest; empty for none.
func (b *StatusBoard) edition(d briefing.Date) string {
	p, err := b.Library.Imprint(d)
	if err != nil {
		return ""
	}
	return p.Edition
}

func (b *StatusBoard) status(ctx context.Context, c bot.Channel, now time.Time) (bot.ChannelStatus, error) {
	s := bot.ChannelStatus{Ref: c.Ref, State: "active"}
	if c.Paused {
		s.State, s.Reason = "paused", c.Reason
	}
	rows, err := b.Board.Slots(ctx, c.Ref, recentSlots)
	if err != nil {
		return s, err
	}
	had, err := b.Board.Had(ctx, c.Ref)
	if err != nil {
		return s, err
	}
	if i := slices.IndexFunc(rows, func(r Slot) bool { return !r.PostedAt.IsZero() }); i >= 0 {
		s.LastPost = &bot.LastPost{Slot: rows[i].Date, Digest: rows[i].Digest, At: rows[i].PostedAt}
	}
	next, err := schedule.Next(c, now)
	switch {
	case err == nil:
		s.NextSlot = next.DueAt
	case !errors.Is(err, schedule.ErrNoSlot): // a zone that is no longer known
		s.Slot.Reason = err.Error()
		return s, nil
	}
	s.Slot = view{channel: c, rows: rows, had: had, dates: b.Library.Dates(), editions: b.edition, now: now}.slotStatus(next)
	return s, nil
}

// slotStatus is how the newest slot stands: the one with the newest row, or
// a later one that is due and has no row yet, or else the next.
func (v view) slotStatus(next schedule.Slot) bot.SlotStatus {
	latest, err := schedule.Latest(v.channel, v.now)
	switch {
	case len(v.rows) > 0 && (err != nil || v.rows[0].Date >= latest.Date):
		return v.rowStatus(v.rows[0])
	case err == nil:
		return v.openStatus(latest)
	}
	return bot.SlotStatus{Date: next.Date, State: "waiting", Reason: "the first slot of this channel is still to come"}
}

// openStatus is how a slot without a row stands.
func (v view) openStatus(s schedule.Slot) bot.SlotStatus {
	status := bot.SlotStatus{Date: s.Date, State: "waiting"}
	_, _, ready := v.choose(s.Date)
	switch {
	case v.channel.Paused:
		status.Reason = "paused: " + v.channel.Reason
	case !v.now.Before(s.ClosesAt):
		state, _ := v.why(s)
		status.State, status.Reason = string(state), "the window has ended"
	case ready:
		status.State, status.Reason = "due", "a digest is ready; the bot posts it within a minute if it runs"
	default:
		status.Reason = "there is no new digest yet; waiting until " + local(s.ClosesAt, v.channel.Zone)
	}
	return status
}

// rowStatus is how a slot with a row stands.
func (v view) rowStatus(r Slot) bot.SlotStatus {
	status := bot.SlotStatus{Date: r.Date, State: string(r.State), Reason: r.Reason}
	if r.State == Claimed {
		status.State = "due"
		if r.Fence == 0 {
			status.Reason = "delivery has not begun"
		}
	}
	if amended := v.amendStatus(r); amended != "" {
		status.Reason = amended
	}
	return status
}

// amendStatus is how the correction or the removal of a post stands; empty
// where there is none, or nothing to say of it any more.
func (v view) amendStatus(r Slot) string {
	with := func(what string) string { return strings.TrimSuffix(what+": "+r.Correction.Reason, ": ") }
	switch {
	case !r.RetractedAt.IsZero():
		return ""
	case !r.RetractAt.IsZero():
		return with("being retracted")
	case r.Correction.State == Correcting:
		return with("a correction is being shown")
	case r.Correction.State == GivenUp:
		return with("the correction is not shown")
	case v.enough(r):
		return "a newer edition is shown tomorrow: three corrections a day are enough"
	}
	return ""
}

// enough says that a newer edition of a post waits for the next day.
func (v view) enough(r Slot) bool {
	edition := v.editions(r.Digest)
	today, err := schedule.Today(v.channel.Settings, v.now)
	return err == nil && edition != "" && !r.mayCorrect(today) && r.due(edition, today.AddDays(1), v.now)
}

// local is a time of day as the people of the channel read it.
func local(t time.Time, zone string) string {
	if loc, err := time.LoadLocation(zone); err == nil {
		t = t.In(loc)
	}
	return t.Format("15:04")
}
