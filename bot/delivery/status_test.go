package delivery_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		run      func(*process)
		slot     bot.SlotStatus // Reason is a part of it
		lastPost bool
		next     time.Time
	}{
		{"before the first slot", func(p *process) {}, bot.SlotStatus{Date: today, State: "waiting", Reason: "still to come"}, false, clock(5, 8, 30)},
		{"waiting", func(p *process) { p.until(clock(5, 9, 0)) }, bot.SlotStatus{Date: today, State: "waiting", Reason: "waiting until 12:30"}, false, clock(6, 8, 30)},
		{"due and the bot is down", func(p *process) {
			p.library.put("2000-01-04")
			time.Sleep(time.Until(clock(5, 9, 0)))
		}, bot.SlotStatus{Date: today, State: "due", Reason: "a digest is ready"}, false, clock(6, 8, 30)},
		{"down until after the window", func(p *process) {
			p.library.put("2000-01-04")
			time.Sleep(time.Until(clock(5, 13, 0)))
		}, bot.SlotStatus{Date: today, State: "missed", Reason: "window has ended"}, false, clock(6, 8, 30)},
		{"posted", func(p *process) {
			p.library.put("2000-01-04")
			p.until(clock(5, 9, 0))
		}, bot.SlotStatus{Date: today, State: "posted"}, true, clock(6, 8, 30)},
		{"trouble", func(p *process) {
			p.open("one")
			p.platform.fault = onPart(0, 1, fail(bot.Transient, "http 503"))
			if err := p.d.Deliver(p.Context(), delivery.SlotKey{Ref: p.channel.Ref, Date: today}); err == nil {
				p.Fatal("delivered")
			}
		}, bot.SlotStatus{Date: today, State: "due", Reason: "http 503"}, false, clock(6, 8, 30)},
		{"no digest", func(p *process) { p.until(clock(5, 13, 0)) }, bot.SlotStatus{Date: today, State: "no_digest", Reason: "no new digest"}, false, clock(6, 8, 30)},
		{"next morning", func(p *process) {
			p.library.put("2000-01-04")
			p.until(clock(6, 8, 0))
		}, bot.SlotStatus{Date: today, State: "posted"}, true, clock(6, 8, 30)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Console)
				tt.run(w.process())
				board := &delivery.StatusBoard{Board: w.store.Ledger(), Library: w.library, Clock: time.Now}
				all, err := board.Status(t.Context(), w.channel.ID())
				if err != nil || len(all) != 1 {
					t.Fatalf("status: %v, %v", all, err)
				}
				s := all[0]
				if s.State != "active" || s.Slot.Date != tt.slot.Date || s.Slot.State != tt.slot.State || !strings.Contains(s.Slot.Reason, tt.slot.Reason) {
					t.Errorf("status %+v, want slot %+v", s, tt.slot)
				}
				if (s.LastPost != nil) != tt.lastPost || !s.NextSlot.Equal(tt.next) {
					t.Errorf("last post %+v, next slot %v", s.LastPost, s.NextSlot)
				}
				if others, err := board.Status(t.Context(), "slack:T9"); len(others) != 0 || err != nil {
					t.Errorf("another installation sees %v, %v", others, err)
				}
			})
		})
	}
}

func TestStatusOfPausedChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, "not_in_channel" })
		time.Sleep(time.Until(clock(5, 9, 0)))
		board := &delivery.StatusBoard{Board: w.store.Ledger(), Library: w.library, Clock: time.Now}
		all, err := board.Status(t.Context(), "")
		if err != nil || len(all) != 1 || all[0].State != "paused" || all[0].Reason != "not_in_channel" || all[0].Slot.Reason != "paused: not_in_channel" {
			t.Errorf("status %+v, %v", all, err)
		}
	})
}
