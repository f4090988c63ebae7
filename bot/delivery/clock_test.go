package delivery_test

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// TestClockSteps: an answer is lost while our clock is wrong, and the clock
// is set right, or the reverse, before the doubt is settled minutes later.
// Nothing is posted twice, whatever the platform remembers.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		for _, before := range []time.Duration{-time.Hour, 0, time.Hour} {
			for _, after := range []time.Duration{-time.Hour, 0, time.Hour} {
				t.Run(fmt.Sprintf("%s/%v then %v", p, before, after), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, p)
						w.platform.nonce = min(w.platform.nonce, time.Minute) // it forgets
						key := w.open("one")
						wrong := before
						d := w.delivererAt(func() time.Time { return time.Now().Add(wrong) })
						w.platform.fault = onPart(1, 1, outcome{err: &bot.OutcomeError{Class: bot.Doubtful, Code: "reset"}, after: func() { panic(errKilled) }})
						if err := d.Deliver(t.Context(), key); err == nil {
							t.Fatal("not killed")
						}
						wrong = after
						time.Sleep(5 * time.Minute)
						w.drive(w.delivererAt(func() time.Time { return time.Now().Add(wrong) }), key)
						w.want(delivery.Posted, "", parent, "one")
					})
				})
			}
		}
	}
}

// delivererAt is a new process with a clock of its own.
func (w *world) delivererAt(clock func() time.Time) *delivery.Deliverer {
	return delivery.NewDeliverer(delivery.Options{
		Books: w.store.Ledger(), Channels: w.store, Library: w.library, Layout: layout,
		Senders:  map[bot.Platform]delivery.Sender{w.channel.Platform: w.platform},
		Policies: map[bot.Platform]delivery.Policy{w.channel.Platform: w.policy},
		Clock:    clock, Logger: slog.New(slog.DiscardHandler),
	})
}
