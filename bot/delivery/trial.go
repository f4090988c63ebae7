package delivery

import (
	"context"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Test posts a short message to a channel right away, outside the slots and
// whether or not the channel is paused or known. The error is an
// *bot.OutcomeError where the platform was asked.
func (d *Deliverer) Test(ctx context.Context, ref bot.Ref, lang briefing.Language) error {
	sender, ok := d.opts.Senders[ref.Platform]
	if !ok {
		return fmt.Errorf("test %s: platform %s is not set up", ref, ref.Platform)
	}
	bodies, err := sender.Render(bot.Post{Parent: bot.TestMessage(lang), Language: lang})
	if err != nil || len(bodies) == 0 {
		return fmt.Errorf("test %s: cannot be rendered: %w", ref, err)
	}
	if wait := d.gates.closedFor(ref); wait > inlineWait {
		return &bot.OutcomeError{Class: bot.Limited, Code: "the platform asked for a pause", RetryAfter: wait}
	} else if err := sleep(ctx, wait); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if left, err := d.gates.turn(ctx, ref); err != nil {
		return &bot.OutcomeError{Class: bot.Limited, Code: "too many messages wait", RetryAfter: left, Err: err}
	}
	// No two tests have the same name, or the platform would take the second
	// for the first repeated.
	name := bot.DeliveryID(ref, briefing.Date("test "+d.opts.Clock().Format(time.RFC3339Nano)))
	id, err := sender.Send(ctx, bot.Target{Ref: ref, Marker: bot.Marker{Delivery: name}}, bodies[0])
	d.gates.holdChannel(ref, d.opts.Policies[ref.Platform].Spacing)
	if err == nil && id == "" {
		err = &bot.OutcomeError{Class: bot.Doubtful, Code: "no message id"}
	}
	return err
}
