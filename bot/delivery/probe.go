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

// unansweredWait is how soon it is asked again where the platform could not
// be asked, or did not say; after maxUnanswered times in a row that takes as
// long as any other answer.
const (
	unansweredWait = time.Hour
	maxUnanswered  = 5
)

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
	unanswered, first, err := d.opts.Books.TakeProbe(ctx, c.Ref, now, probeEvery)
	if err != nil || !first {
		return err
	}
	if _, err := d.gates.turn(ctx, c.Ref); err != nil {
		return d.opts.Books.PutOffProbe(ctx, c.Ref, now, unanswered) // others have waited longer
	}
	limited, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := ask(limited, c.Ref); err != nil {
		d.opts.Logger.Info("channel stays paused", "channel", c.Ref, "reason", c.Reason, "cause", err)
		return d.unresumed(ctx, c.Ref, now, unanswered, err)
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

// unresumed says when a channel that stays paused is asked about next.
func (d *Deliverer) unresumed(ctx context.Context, ref bot.Ref, now time.Time, unanswered int, answer error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	if !errors.Is(answer, bot.ErrUnchecked) || unanswered >= maxUnanswered {
		return d.opts.Books.PutOffProbe(ctx, ref, now.Add(probeEvery), 0)
	}
	return d.opts.Books.PutOffProbe(ctx, ref, now.Add(unansweredWait), unanswered+1)
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
