package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
)

// probeEvery is how often a paused channel is asked about: once a day, and a
// little earlier each time, so that a channel that was paused at its slot is
// resumed before the next.
const probeEvery = 23 * time.Hour

// Probe asks about each channel that its platform has paused whether the bot
// can post there again, and resumes those where it can. A channel that a
// person paused is left alone.
func (d *Deliverer) Probe(ctx context.Context) error {
	channels, err := d.opts.Books.Channels(ctx)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	var failures []error
	for _, c := range channels {
		if ctx.Err() != nil || d.drained.Err() != nil {
			break // the next probe goes on
		}
		if c.Paused && c.Reason != bot.PausedByAdmin {
			failures = append(failures, d.probe(ctx, c))
		}
	}
	return errors.Join(failures...)
}

// probe asks about one channel.
func (d *Deliverer) probe(ctx context.Context, c bot.Channel) error {
	ask := d.prober(c.Ref.Platform)
	if ask == nil || d.gates.closedFor(c.Ref) > 0 {
		return nil
	}
	now := d.opts.Clock()
	first, err := d.opts.Books.Once(ctx, "probe of "+c.Ref.String(), now, probeEvery)
	if err != nil || !first {
		return err
	}
	if _, err := d.gates.turn(ctx, c.Ref); err != nil {
		return nil // others have waited longer
	}
	limited, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := ask(limited, c.Ref); err != nil {
		d.opts.Logger.Info("channel stays paused", "channel", c.Ref, "reason", c.Reason, "cause", err)
		return nil
	}
	before, after := c, c
	after.Paused, after.Reason = false, ""
	entry := bot.AuditEntry{At: now, Installation: c.Ref.ID(), Who: bot.ByProbe, What: "resume", Ref: c.Ref, Before: before.State(), After: after.State()}
	resumed, err := d.opts.Books.Resume(ctx, c.Ref, c.Reason, entry)
	if resumed {
		d.opts.Logger.Info("channel resumed: the platform takes the bot again", "channel", c.Ref, "reason", c.Reason)
	}
	return err
}

// prober is how to ask a platform about a channel; nil where it cannot be
// asked now.
func (d *Deliverer) prober(p bot.Platform) func(context.Context, bot.Ref) error {
	if d.gates.whyStopped(p) != "" {
		return nil
	}
	switch s := d.opts.Senders[p].(type) {
	case Prober:
		return s.Probe
	case bot.Checker:
		return s.Check
	}
	return nil
}
