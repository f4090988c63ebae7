package delivery_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing"
)

// process is a bot that runs: it plans and delivers as River would.
type process struct {
	*world
	p *delivery.Planner
	d *delivery.Deliverer
}

func (w *world) process() *process { return &process{w, w.planner(), w.deliverer()} }

// until runs the process up to an instant, or lets it sleep through.
func (p *process) until(end time.Time) {
	p.Helper()
	for time.Now().Before(end) {
		p.tick()
		time.Sleep(time.Minute)
	}
}

// tick plans once and delivers what is open.
func (p *process) tick() {
	p.Helper()
	if err := p.p.Plan(p.Context()); err != nil {
		p.Fatal(err)
	}
	rows, err := p.store.Ledger().Slots(p.Context(), p.channel.Ref, 30)
	if err != nil {
		p.Fatal(err)
	}
	for _, s := range rows {
		if s.State == delivery.Claimed {
			p.drive(p.d, s.SlotKey)
		}
	}
}

// clock is an instant of a day of January 2000 in Tokyo.
func clock(day, hour, minute int) time.Time {
	return time.Date(2000, 1, day, hour, minute, 0, 0, begin.Location())
}

func TestPlan(t *testing.T) {
	t.Parallel()
	const latest = "digest of 2000-01-04"
	for _, tt := range []struct {
		name   string
		run    func(*process)
		state  delivery.SlotState // empty: no row
		reason string
		texts  []string
	}{
		{"on time", func(p *process) {
			p.library.put("2000-01-04")
			p.until(clock(5, 9, 0))
		}, delivery.Posted, "", []string{latest}},
		{"before its time", func(p *process) {
			p.library.put("2000-01-04")
			p.until(clock(5, 8, 30))
		}, "", "", nil},
		{"waiting for a digest", func(p *process) {
			p.until(clock(5, 12, 29))
		}, "", "", nil},
		{"late digest", func(p *process) {
			p.until(clock(5, 11, 0))
			p.library.put("2000-01-04")
			p.until(clock(5, 11, 1))
		}, delivery.Posted, "", []string{latest}},
		{"no digest", func(p *process) {
			p.until(clock(5, 12, 31))
		}, delivery.NoDigest, "no new digest came", nil},
		{"digest after the window", func(p *process) {
			p.until(clock(5, 12, 30))
			p.library.put("2000-01-04")
			p.until(clock(5, 13, 0))
		}, delivery.NoDigest, "no new digest came", nil},
		{"too old", func(p *process) {
			p.library.put("2000-01-01")
			p.until(clock(5, 12, 31))
		}, delivery.NoDigest, "", nil},
		{"down at its time, back in the window", func(p *process) {
			p.library.put("2000-01-04")
			time.Sleep(time.Until(clock(5, 12, 0)))
			p.until(clock(5, 12, 1))
		}, delivery.Posted, "", []string{latest}},
		{"down for the whole window", func(p *process) {
			p.library.put("2000-01-04")
			time.Sleep(time.Until(clock(5, 13, 0)))
			p.until(clock(5, 13, 1))
		}, delivery.Missed, "not running", nil},
		{"down for the whole window, nothing there", func(p *process) {
			time.Sleep(time.Until(clock(5, 13, 0)))
			p.until(clock(5, 13, 1))
		}, delivery.NoDigest, "", nil},
		{"restarted after the post", func(p *process) {
			p.library.put("2000-01-04")
			p.library.put("2000-01-03")
			p.until(clock(5, 9, 0))
			p.process().until(clock(5, 13, 0))
		}, delivery.Posted, "", []string{latest}},
		{"added within the window", func(p *process) {
			p.library.put("2000-01-04")
			time.Sleep(time.Until(clock(5, 9, 0)))
			p.change(func(c *bot.Channel) { c.AddedAt = time.Now() })
			p.until(clock(5, 13, 0))
		}, "", "", nil},
		{"named at the start within the window", func(p *process) {
			p.library.put("2000-01-04")
			time.Sleep(time.Until(clock(5, 9, 0)))
			p.change(func(c *bot.Channel) { c.AddedAt, c.OpenAtStart = time.Now(), true })
			p.until(clock(5, 9, 1))
		}, delivery.Posted, "", []string{latest}},
		{"paused", func(p *process) {
			p.library.put("2000-01-04")
			p.change(func(c *bot.Channel) { c.Paused, c.Reason = true, "admin" })
			p.until(clock(5, 13, 0))
		}, delivery.Missed, "paused: admin", nil},
		{"resumed in the window", func(p *process) {
			p.library.put("2000-01-04")
			p.change(func(c *bot.Channel) { c.Paused = true })
			p.until(clock(5, 10, 0))
			p.change(func(c *bot.Channel) { c.Paused = false })
			p.until(clock(5, 10, 1))
		}, delivery.Posted, "", []string{latest}},
		{"days chosen anew find no fault with the past", func(p *process) {
			p.change(func(c *bot.Channel) { c.Days = bot.Weekdays{time.Monday} })
			p.until(clock(5, 14, 0))
			p.change(func(c *bot.Channel) { c.Days = nil })
			p.until(clock(5, 14, 1))
		}, "", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Console)
				tt.run(w.process())
				w.want(tt.state, tt.reason, tt.texts...)
			})
		})
	}
}

// change replaces the channel; its AddedAt is kept by the store, so a new one
// needs a removal.
func (w *world) change(f func(*bot.Channel)) {
	w.Helper()
	f(&w.channel)
	entry := bot.AuditEntry{At: time.Now(), Installation: w.channel.ID(), Who: "test", What: "remove", Ref: w.channel.Ref}
	if err := w.store.RemoveChannel(w.Context(), w.channel.Ref, entry); err != nil {
		w.Fatal(err)
	}
	w.put(w.channel)
}

// TestPlanAfterOutage lets the bot sleep from a Wednesday to a Saturday: one
// briefing follows, which names the days between.
func TestPlanAfterOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		w.library.put("2000-01-04")
		w.process().until(clock(5, 9, 0))
		for _, d := range []briefing.Date{"2000-01-05", "2000-01-06", "2000-01-07"} {
			w.library.put(d)
		}
		time.Sleep(time.Until(clock(8, 10, 0)))
		w.process().until(clock(8, 10, 1))
		want := []string{"digest of 2000-01-04", "digest of 2000-01-07\nearlier 2000-01-06\nearlier 2000-01-05"}
		if got := w.platform.texts(w.channel.Ref); !slices.Equal(got, want) {
			t.Errorf("channel shows %q, want %q", got, want)
		}
		for date, state := range map[briefing.Date]delivery.SlotState{
			"2000-01-05": delivery.Posted, "2000-01-06": delivery.Missed,
			"2000-01-07": delivery.Missed, "2000-01-08": delivery.Posted,
		} {
			if s := w.slot(date); s.State != state {
				t.Errorf("slot %s is %s, want %s", date, s.State, state)
			}
		}
	})
}

// TestPlanBesideBrokenChannel: one channel's zone has disappeared.
func TestPlanBesideBrokenChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		broken := w.channel
		broken.Channel, broken.Zone = "A0", "Mars/Olympus"
		w.put(broken)
		w.library.put("2000-01-04")
		time.Sleep(time.Until(clock(5, 8, 30)))
		p := w.process()
		if err := p.p.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), "Mars/Olympus") {
			t.Errorf("plan: %v, want the zone that is not known", err)
		}
		w.drive(p.d, delivery.SlotKey{Ref: w.channel.Ref, Date: today})
		w.want(delivery.Posted, "", "digest of 2000-01-04")
	})
}

// TestReplicas lets three processes plan and deliver at the same instants.
func TestReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.library.put("2000-01-04", "one", "two", "three")
		time.Sleep(time.Until(clock(5, 8, 30)))
		done := make(chan error)
		for range 3 {
			p := w.process()
			go func() {
				err := p.p.Plan(t.Context())
				for err == nil {
					err = p.d.Deliver(t.Context(), delivery.SlotKey{Ref: w.channel.Ref, Date: today})
					if later, ok := errors.AsType[*delivery.Later](err); ok {
						time.Sleep(later.After)
						err = nil
						continue
					}
					break
				}
				done <- err
			}()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		w.want(delivery.Posted, "", "digest of 2000-01-04", "one", "two", "three")
		if w.platform.requests != 4 {
			t.Errorf("%d requests, want 4", w.platform.requests)
		}
	})
}

// TestOrder holds today's briefing back until yesterday's is settled.
func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		l := w.store.Ledger()
		w.library.put("2000-01-03")
		w.library.put("2000-01-04")
		older := delivery.SlotKey{Ref: w.channel.Ref, Date: "2000-01-04"}
		newer := delivery.SlotKey{Ref: w.channel.Ref, Date: today}
		for i, key := range []delivery.SlotKey{older, newer} {
			s := delivery.Slot{SlotKey: key, Digest: briefing.Date("2000-01-03").AddDays(i), DueAt: time.Now(), ClosesAt: time.Now().Add(time.Hour)}
			if err := l.Open(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		d := w.deliverer()
		var later *delivery.Later
		if err := d.Deliver(t.Context(), newer); !errors.As(err, &later) {
			t.Fatalf("newer slot first: %v", err)
		}
		w.drive(d, older)
		time.Sleep(later.After)
		w.drive(d, newer)
		w.want(delivery.Posted, "", "digest of 2000-01-03", "digest of 2000-01-04")
	})
}

// TestDrain stops the bot in the middle of a thread; another goes on.
func TestDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one", "two", "three")
		d := w.deliverer()
		w.platform.fault = onPart(1, 1, outcome{after: func() { d.Drain() }})
		begin := time.Now()
		err := d.Deliver(t.Context(), key)
		if _, ok := errors.AsType[*delivery.Later](err); !ok || time.Since(begin) > 3*time.Second {
			t.Fatalf("drained after %v: %v", time.Since(begin), err)
		}
		w.want(delivery.Claimed, "", parent, "one")
		w.drive(w.deliverer(), key)
		w.want(delivery.Posted, "", parent, "one", "two", "three")
	})
}

// TestInterrupted cuts a request off: nobody knows, so the next claim looks.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, bot.Slack)
			key := w.open("one")
			ctx, cancel := context.WithCancel(t.Context())
			w.platform.fault = onPart(1, 1, outcome{refused: !taken, hang: true, after: cancel})
			if _, ok := errors.AsType[*delivery.Later](w.deliverer().Deliver(ctx, key)); !ok {
				t.Fatal("interrupted delivery is not put off")
			}
			w.drive(w.deliverer(), key)
			w.want(delivery.Posted, "", parent, "one")
		})
	}
}
