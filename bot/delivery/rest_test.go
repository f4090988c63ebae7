package delivery_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// counting counts how often channels are looked at, and fails when it is told
// to.
type counting struct {
	delivery.Board
	looks int
	fails error
}

func (c *counting) Slots(ctx context.Context, ref bot.Ref, n int) ([]delivery.Slot, error) {
	c.looks++
	if c.fails != nil {
		return nil, c.fails
	}
	return c.Board.Slots(ctx, ref, n)
}

// TestPlanLooksRarely: a channel for which nothing can be due is left alone,
// and looked at again as soon as something can.
func TestPlanLooksRarely(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		at     time.Time
		change func(*process)
		looks  int // one minute after the first
	}{
		{"nothing due", clock(5, 8, 10), func(*process) {}, 0},
		{"its time comes", clock(5, 8, 29), func(p *process) { p.library.put("2000-01-04") }, 1},
		{"a digest comes before its time", clock(5, 8, 10), func(p *process) { p.library.put("2000-01-04") }, 0},
		{"no digest for an open slot", clock(5, 9, 0), func(*process) {}, 0},
		{"a digest comes for an open slot", clock(5, 9, 0), func(p *process) { p.library.put("2000-01-04") }, 1},
		{"the window ends", clock(5, 12, 29), func(*process) {}, 1},
		{"other settings", clock(5, 8, 10), func(p *process) { p.change(func(c *bot.Channel) { c.Time = 20 * 60 }) }, 1},
		{"paused", clock(5, 8, 10), func(p *process) { p.change(func(c *bot.Channel) { c.Paused = true }) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Console)
				time.Sleep(time.Until(tt.at))
				board := &counting{Board: w.store.Ledger()}
				p := delivery.NewPlanner(delivery.PlannerOptions{
					Ledger: w.store.Ledger(), Board: board, Library: w.library, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
				})
				plan := func() {
					if err := p.Plan(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				plan()
				board.looks = 0
				tt.change(w.process())
				time.Sleep(time.Minute)
				plan()
				if board.looks != tt.looks {
					t.Errorf("looked %d times, want %d", board.looks, tt.looks)
				}
			})
		})
	}
}

// TestPlanLooksAgain: a digest that came when the ledger did not answer is not
// waited for any longer than until it does.
func TestPlanLooksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		time.Sleep(time.Until(clock(5, 9, 0)))
		w.process()
		board := &counting{Board: w.store.Ledger()}
		p := delivery.NewPlanner(delivery.PlannerOptions{
			Ledger: w.store.Ledger(), Board: board, Library: w.library, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		if err := p.Plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.library.put("2000-01-04")
		board.fails = errors.New("connection lost")
		if err := p.Plan(t.Context()); !errors.Is(err, board.fails) {
			t.Fatalf("planned: %v", err)
		}
		board.fails = nil
		if err := p.Plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.want(delivery.Claimed, "")
	})
}
