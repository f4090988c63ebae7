package delivery_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// added says in the audit log that a person added a channel.
func (w *world) added(c bot.Channel, who string) {
	w.Helper()
	if err := w.store.PutChannel(w.Context(), c, bot.AuditEntry{At: time.Now(), Installation: c.ID(), Who: who, What: "add", Ref: c.Ref}); err != nil {
		w.Fatal(err)
	}
}

// try delivers once.
func (w *world) try(d *delivery.Deliverer, key delivery.SlotKey) {
	w.Helper()
	err := d.Deliver(w.Context(), key)
	if _, ok := errors.AsType[*delivery.Later](err); err != nil && !ok {
		w.Fatal(err)
	}
}

// TestProbe: a channel that the platform paused is asked about once a day and
// resumed; one that a person paused is left alone.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		reason  string
		check   error
		checks  int // within two days
		resumed bool
	}{
		{"fine again", "not_in_channel", nil, 1, true},
		{"still gone", "not_in_channel", &bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel"}, 3, false},
		{"not known", "not_in_channel", bot.ErrUnchecked, 12, false}, // six within five hours, then a day later again
		{"paused by a person", bot.PausedByAdmin, nil, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, tt.reason })
				w.platform.check = tt.check
				d := w.deliverer()
				for range 48 * 4 {
					if err := d.Probe(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(15 * time.Minute)
				}
				c, err := w.store.Channel(t.Context(), w.channel.Ref)
				if err != nil || c.Paused == tt.resumed || w.platform.checks != tt.checks {
					t.Errorf("paused %v after %d checks, %v", c.Paused, w.platform.checks, err)
				}
				audit, err := w.store.Audit(t.Context(), c.ID(), 1)
				if err != nil || (audit[0].Who == bot.ByProbe) != tt.resumed {
					t.Errorf("audit %+v, %v", audit, err)
				}
			})
		})
	}
}

// TestProbeUnanswered: a platform that could not be asked is asked again after
// an hour, so that a short trouble does not cost a day.
func TestProbeUnanswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, "not_in_channel" })
		w.platform.check = bot.ErrUnchecked
		d := w.deliverer()
		probe := func() {
			if err := d.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		probe()
		w.platform.check = nil
		time.Sleep(time.Hour - time.Minute)
		probe()
		if w.platform.checks != 1 {
			t.Errorf("asked %d times within an hour", w.platform.checks)
		}
		time.Sleep(time.Minute)
		probe()
		if c, err := w.store.Channel(t.Context(), w.channel.Ref); err != nil || c.Paused {
			t.Errorf("an hour later: %+v, %v", c, err)
		}
	})
}

// TestProbeBeforeTheNextSlot: a channel that was refused in the morning and
// mended during the day gets the next morning's briefing on time.
func TestProbeBeforeTheNextSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.platform.fault = onPart(0, always, fail(bot.ChannelGone, "not_in_channel"))
		w.platform.check = &bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel"}
		p, key := w.process(), w.open()
		w.try(p.d, key)
		probe := func() {
			if err := p.d.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(15 * time.Minute)
		}
		probe()
		w.drive(p.d, key) // to the end of its window
		w.platform.fault, w.platform.check = nil, nil
		for time.Now().Before(clock(6, 8, 30)) {
			probe()
		}
		w.library.put("2000-01-05")
		p.tick()
		if s := w.slot("2000-01-06"); s.State != delivery.Posted || s.PostedAt.After(clock(6, 8, 46)) {
			t.Errorf("slot is %s %q, posted at %v", s.State, s.Reason, s.PostedAt)
		}
	})
}
