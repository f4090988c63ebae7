package delivery

import (
	"context"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// OverdueAfter is how long after the later of its time and the coming of its
// digest a slot that is not posted is overdue: what the promise allows.
const OverdueAfter = 15 * time.Minute

// Survey is what an Overview reads beside the Board. Implemented by bot/store.
type Survey interface {
	// Unsettled are the slots of all channels that are Claimed or Doubtful.
	Unsettled(context.Context) ([]Slot, error)
	// SlotsSince are the slots of all channels from a local date on that have a
	// row; only their key, State and DueAt are filled in.
	SlotsSince(context.Context, briefing.Date) ([]Slot, error)
}

// Standing is how the channels of a platform stand.
type Standing struct {
	Active           int
	PausedByAdmin    int
	PausedByPlatform int
	// Overdue are channels, not paused, with a slot that is not posted and
	// should be: see OverdueAfter.
	Overdue int
	// Doubtful are slots of which nobody knows whether they were posted.
	Doubtful int
	// LastDay are the slots with a row that were due in the last 24 hours, by
	// state.
	LastDay map[SlotState]int
}

// Overview says how the channels stand in all, from the ledger and the
// calendar alone: every replica sees the same, and a restart changes nothing.
// A platform without a channel is not in it.
func (b *StatusBoard) Overview(ctx context.Context, s Survey) (map[bot.Platform]*Standing, error) {
	channels, err := b.Board.Channels(ctx)
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	now := b.Clock()
	unsettled, err := s.Unsettled(ctx)
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	// No window is longer than two days, and no zone further than one away.
	rows, err := s.SlotsSince(ctx, briefing.DateOf(now.UTC()).AddDays(-3))
	if err != nil {
		return nil, fmt.Errorf("overview: %w", err)
	}
	c := census{board: b, now: now, rows: map[SlotKey]bool{}, late: map[bot.Ref]bool{}, all: map[bot.Platform]*Standing{}}
	for _, slot := range rows {
		c.addRow(slot)
	}
	c.knows()
	for _, slot := range unsettled {
		c.addSlot(slot)
	}
	for _, channel := range channels {
		if err := c.addChannel(ctx, channel); err != nil {
			return nil, fmt.Errorf("overview of %s: %w", channel.Ref, err)
		}
	}
	return c.all, nil
}

// census is an Overview in the making.
type census struct {
	board *StatusBoard
	now   time.Time
	rows  map[SlotKey]bool
	dates []briefing.Date  // of digests that have been there for OverdueAfter, newest first
	late  map[bot.Ref]bool // channels with a row that should have been posted
	all   map[bot.Platform]*Standing
}

// knows notes which digests could have been posted by now.
func (c *census) knows() {
	for _, d := range c.board.Library.Dates() {
		if p, err := c.board.Library.Imprint(d); err == nil && c.overdue(p.First) {
			c.dates = append(c.dates, d)
		}
	}
}

func (c *census) overdue(since time.Time) bool { return !c.now.Before(since.Add(OverdueAfter)) }

// of is the standing of a platform.
func (c *census) of(p bot.Platform) *Standing {
	if c.all[p] == nil {
		c.all[p] = &Standing{LastDay: map[SlotState]int{}}
	}
	return c.all[p]
}

// addRow notes that a slot has a row.
func (c *census) addRow(s Slot) {
	c.rows[s.SlotKey] = true
	if age := c.now.Sub(s.DueAt); age >= 0 && age < lastDay {
		c.of(s.Ref.Platform).LastDay[s.State]++
	}
}

// lastDay is what Standing.LastDay looks back on.
const lastDay = 24 * time.Hour

// addSlot counts a slot that has a row. One that stays in doubt after its
// window is not overdue any more: it waits for somebody to look.
func (c *census) addSlot(s Slot) {
	if s.State == Doubtful {
		c.of(s.Ref.Platform).Doubtful++
		if c.now.After(s.ClosesAt.Add(afterward)) {
			return
		}
	}
	if !s.RetractAt.IsZero() {
		return
	}
	from := s.DueAt
	if p, err := c.board.Library.Imprint(s.Digest); err == nil && p.First.After(from) {
		from = p.First
	}
	if c.overdue(from) {
		c.late[s.Ref] = true
	}
}

func (c *census) addChannel(ctx context.Context, ch bot.Channel) error {
	late, err := c.isLate(ctx, ch)
	if err != nil {
		return err
	}
	standing := c.of(ch.Ref.Platform)
	switch {
	case ch.Paused && ch.Reason == bot.PausedByAdmin:
		standing.PausedByAdmin++
	case ch.Paused:
		standing.PausedByPlatform++
	default:
		standing.Active++
		if late {
			standing.Overdue++
		}
	}
	return nil
}

// isLate says whether a channel should have got a post by now. A slot without
// a row counts if 15 minutes ago it was due and there was a digest for it.
func (c *census) isLate(ctx context.Context, ch bot.Channel) (bool, error) {
	if ch.Paused || c.late[ch.Ref] {
		return c.late[ch.Ref], nil
	}
	v := view{channel: ch, dates: c.dates, now: c.now}
	due, open, err := v.current()
	switch {
	case err != nil: // a zone that is no longer known: status says so
		return false, nil
	case !open || !c.overdue(due.DueAt) || c.rows[SlotKey{ch.Ref, due.Date}]:
		return false, nil
	}
	if v.had, err = c.board.Board.Had(ctx, ch.Ref); err != nil {
		return false, err
	}
	_, _, ready := v.choose(due.Date)
	return ready, nil
}
