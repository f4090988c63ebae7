package delivery_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// counts is a meter that writes down what it is told.
type counts struct {
	mu    sync.Mutex
	told  []string
	delay time.Duration
}

func (c *counts) tell(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, fmt.Sprintf(format, args...))
}

func (c *counts) Due(bot.Platform) { c.tell("due") }
func (c *counts) Settled(_ bot.Platform, s delivery.SlotState, late time.Duration) {
	c.tell("%s", s)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delay = late
}
func (c *counts) Failed(_ bot.Platform, class bot.Class, code string) { c.tell("%s: %s", class, code) }
func (c *counts) Resolved(_ bot.Platform, how delivery.Resolution)    { c.tell("%s", how) }
func (c *counts) Corrected(_ bot.Platform, done bool)                 { c.tell("corrected %t", done) }
func (c *counts) Retracted(_ bot.Platform, done bool)                 { c.tell("retracted %t", done) }

func TestMeter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		platform bot.Platform
		run      func(p *process)
		want     string
		delay    time.Duration // at least, and less than a minute more
	}{
		{"posted at its time", bot.Console, func(p *process) {
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
		}, "due, posted", 0},
		{"the digest comes late", bot.Console, func(p *process) {
			p.until(clock(5, 10, 0))
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 10, 5))
		}, "due, posted", 0},
		{"the bot is late", bot.Console, func(p *process) {
			p.library.put("2000-01-04", "one")
			time.Sleep(time.Until(clock(5, 10, 0)))
			p.tick()
		}, "due, posted", 90 * time.Minute},
		{"tried again", bot.Console, func(p *process) {
			p.platform.fault = onPart(0, 2, fail(bot.Transient, "http 503"))
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
		}, "due, transient: http 503, transient: http 503, posted", 0},
		{"nothing comes", bot.Console, func(p *process) { p.until(clock(5, 13, 0)) }, "due, no_digest", 0},
		{"the answer is lost, the message stands", bot.Slack, func(p *process) {
			p.platform.fault = onPart(0, 1, outcome{err: &bot.OutcomeError{Class: bot.Doubtful, Code: "timeout"}})
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
		}, "due, doubtful: timeout, found, posted", 0},
		{"the answer is lost, and the message", bot.Slack, func(p *process) {
			p.platform.fault = onPart(0, 1, fail(bot.Doubtful, "timeout"))
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
		}, "due, doubtful: timeout, repeated, posted", 0},
		{"a nonce repeats", bot.Discord, func(p *process) {
			p.platform.fault = onPart(0, 1, fail(bot.Doubtful, "timeout"))
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
		}, "due, doubtful: timeout, repeated, posted", 0},
		{"corrected and removed", bot.Console, func(p *process) {
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
			p.library.put("2000-01-04", "two")
			key := delivery.SlotKey{Ref: p.channel.Ref, Date: today}
			p.work(p.d.Revise, key)
			if _, err := p.d.Retract(p.Context(), "", "2000-01-04", "test"); err != nil {
				p.Fatal(err)
			}
			p.work(p.d.Remove, key)
		}, "due, posted, corrected true, retracted true", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, tt.platform)
				tt.run(w.process())
				if got := strings.Join(w.meter.told, ", "); got != tt.want {
					t.Errorf("counted %q, want %q", got, tt.want)
				}
				if slices.Contains(w.meter.told, "posted") && (w.meter.delay < tt.delay || w.meter.delay >= tt.delay+time.Minute) {
					t.Errorf("late by %s, want %s", w.meter.delay, tt.delay)
				}
			})
		})
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	missed := map[delivery.SlotState]int{delivery.Missed: 1}
	for _, tt := range []struct {
		name string
		run  func(p *process)
		want delivery.Standing // LastDay nil: not looked at
	}{
		{"before the first slot", func(p *process) {}, delivery.Standing{Active: 1}},
		{"posted", func(p *process) {
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 9, 0))
		}, delivery.Standing{Active: 1, LastDay: map[delivery.SlotState]int{delivery.Posted: 1}}},
		{"no digest", func(p *process) { p.until(clock(5, 12, 0)) }, delivery.Standing{Active: 1}},
		{"the digest came just now and nobody planned", func(p *process) {
			time.Sleep(time.Until(clock(5, 9, 0)))
			p.library.put("2000-01-04", "one")
			time.Sleep(14 * time.Minute)
		}, delivery.Standing{Active: 1}},
		{"nobody plans", func(p *process) {
			p.library.put("2000-01-04", "one")
			time.Sleep(time.Until(clock(5, 8, 45)))
		}, delivery.Standing{Active: 1, Overdue: 1}},
		{"nobody plans, and a newer digest comes", func(p *process) {
			p.library.put("2000-01-03", "one")
			time.Sleep(time.Until(clock(5, 9, 0)))
			p.library.put("2000-01-04", "two")
		}, delivery.Standing{Active: 1, Overdue: 1}},
		{"nobody delivers for a while", func(p *process) {
			p.open("one")
			time.Sleep(14 * time.Minute)
		}, delivery.Standing{Active: 1}},
		{"nobody delivers", func(p *process) {
			p.open("one")
			time.Sleep(15 * time.Minute)
		}, delivery.Standing{Active: 1, Overdue: 1, LastDay: map[delivery.SlotState]int{delivery.Claimed: 1}}},
		{"paused by a person", func(p *process) {
			p.open("one")
			p.channel.Paused, p.channel.Reason = true, bot.PausedByAdmin
			p.put(p.channel)
			time.Sleep(time.Hour)
		}, delivery.Standing{PausedByAdmin: 1}},
		{"paused by the platform", func(p *process) {
			p.platform.fault = onPart(0, 100, fail(bot.ChannelGone, "not_in_channel"))
			p.library.put("2000-01-04", "one")
			time.Sleep(time.Until(clock(5, 8, 30)))
			p.until(clock(5, 13, 0))
		}, delivery.Standing{PausedByPlatform: 1, LastDay: missed}},
		{"in doubt after its window", func(p *process) {
			p.platform.fault = onPart(0, 1, fail(bot.Doubtful, "timeout"))
			p.platform.blind = &bot.OutcomeError{Class: bot.ChannelGone, Code: "missing_scope"}
			p.library.put("2000-01-04", "one")
			p.until(clock(5, 13, 0))
		}, delivery.Standing{Active: 1, Doubtful: 1}},
		{"missed, the next morning", func(p *process) {
			p.library.put("2000-01-04", "one")
			time.Sleep(time.Until(clock(5, 13, 0)))
			p.until(clock(6, 8, 29))
		}, delivery.Standing{Active: 1, LastDay: missed}},
		{"missed, two days ago", func(p *process) {
			p.library.put("2000-01-04", "one")
			time.Sleep(time.Until(clock(5, 13, 0)))
			p.tick()
			time.Sleep(time.Until(clock(6, 8, 31)))
		}, delivery.Standing{Active: 1, LastDay: map[delivery.SlotState]int{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				tt.run(w.process())
				board := &delivery.StatusBoard{Board: w.store.Ledger(), Library: w.library, Clock: time.Now}
				all, err := board.Overview(t.Context(), w.store.Ledger())
				if err != nil || all[bot.Slack] == nil {
					t.Fatalf("overview: %v, %v", all, err)
				}
				got := *all[bot.Slack]
				if tt.want.LastDay == nil {
					got.LastDay = nil
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("overview %+v, want %+v", got, tt.want)
				}
			})
		})
	}
}
