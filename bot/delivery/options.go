package delivery

import (
	"context"
	"log/slog"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Books is the whole ledger. Implemented by bot/store.
type Books interface {
	Ledger
	Progress
	Settlement
	Amendment
	Care
	Outbox
	Reopening
	Board
}

// Library is the archive of digests, safe for concurrent use.
type Library interface {
	// Printing is briefing.ErrNotFound when there is no digest of the date,
	// or not yet in this process.
	Printing(briefing.Date) (bot.Printing, error)
	// Imprint is what Printing has beside the digest, at no cost.
	Imprint(briefing.Date) (bot.Imprint, error)
	// Dates are the dates of all digests, newest first.
	Dates() []briefing.Date
}

// Subscriptions knows what a channel chose.
type Subscriptions interface {
	// Channel is briefing.ErrNotFound when the ref is not subscribed.
	Channel(context.Context, bot.Ref) (bot.Channel, error)
}

// Options are what a Deliverer works with.
type Options struct {
	Books    Books
	Channels Subscriptions
	Library  Library
	// Refresh brings the library in step with the store before a correction,
	// which another replica may have planned; nil for none.
	Refresh func(context.Context) error
	// Senders are the platforms in use, Policies what is known of them: see
	// DefaultPolicies.
	Senders  map[bot.Platform]Sender
	Policies map[bot.Platform]Policy
	// Layout makes the post; bot.Layout.
	Layout    func(*briefing.Briefing) bot.Post
	PublicURL string
	// Meter counts what becomes of slots; nil counts nothing.
	Meter  Meter
	Clock  func() time.Time
	Logger *slog.Logger
}

// sleep waits, unless the context ends before. It uses a timer and not a
// clock of ours, for no wait here is longer than budget.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
