package delivery_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing"
)

func TestPostNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		w.library.put("1999-07-02", "one")
		w.library.put("1999-07-01")
		d := w.deliverer()
		if _, bodies, err := d.Render(t.Context(), w.channel.Ref, ""); err != nil || len(bodies) != 2 {
			t.Errorf("render: %d messages, %v", len(bodies), err)
		}
		w.want("", "")
		slot, err := d.PostNow(t.Context(), w.channel.Ref, "")
		if err != nil || slot.Digest != "1999-07-02" || slot.Date != today || slot.PostedAt.IsZero() {
			t.Fatalf("posted %+v, %v", slot, err)
		}
		w.want(delivery.Posted, "", "digest of 1999-07-02", "one")
		for _, tt := range []struct {
			digest briefing.Date
			wait   time.Duration
			want   string
		}{
			{"1999-07-01", 0, "has its briefing for 2000-01-05 already: the digest of 1999-07-02, posted at"},
			{"1999-07-02", 24 * time.Hour, "has had the digest of 1999-07-02 already"},
		} {
			time.Sleep(tt.wait)
			_, err := d.PostNow(t.Context(), w.channel.Ref, tt.digest)
			if !errors.Is(err, delivery.ErrTaken) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("post %s: %v, want %q", tt.digest, err, tt.want)
			}
		}
	})
}

// TestPostNowMakesUp: a slot that ended without a post can be made up for by
// hand, once, and no digest comes twice.
func TestPostNowMakesUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		fault   func(int, bot.Target, bot.Message) outcome
		digest  briefing.Date // that the bot has at the slot's time; empty for none
		state   delivery.SlotState
		earlier briefing.Date // asked for by hand; empty for the newest
		want    string
	}{
		{"no digest", nil, "", delivery.NoDigest, "", "2000-01-04"},
		{"another digest", nil, "", delivery.NoDigest, "2000-01-03", "2000-01-03"},
		{"out of reach", onPart(0, always, fail(bot.Transient, "dial")), "2000-01-04", delivery.Missed, "", "2000-01-04"},
		{"refused", onPart(0, always, fail(bot.Payload, "invalid_blocks")), "2000-01-04", delivery.Failed, "2000-01-04", "2000-01-04"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.platform.fault = tt.fault
				if tt.digest != "" {
					w.library.put(tt.digest, "one")
				}
				p := w.process()
				p.until(clock(5, 13, 0))
				w.want(tt.state, "")
				w.platform.fault = nil
				w.library.put("2000-01-03")
				w.library.put("2000-01-04", "one")
				slot, err := p.d.PostNow(t.Context(), w.channel.Ref, tt.earlier)
				if err != nil || string(slot.Digest) != tt.want || slot.Date != today {
					t.Fatalf("posted %+v, %v", slot, err)
				}
				shown := w.platform.texts(w.channel.Ref)
				for _, digest := range []briefing.Date{"", "2000-01-03", "2000-01-04"} {
					if _, err := p.d.PostNow(t.Context(), w.channel.Ref, digest); err == nil {
						t.Errorf("%q was posted too", digest)
					}
				}
				p.until(clock(5, 20, 0))
				w.want(delivery.Posted, "", shown...)
				if digest := "digest of " + tt.want; len(shown) == 0 || !strings.HasPrefix(shown[0], digest) {
					t.Errorf("the channel shows %q, want %s", shown, digest)
				}
			})
		})
	}
}

// TestPostNowRefusesWhatMayStand: where something of the slot's briefing was,
// or may have been, posted there is no second one, and the refusal says why.
func TestPostNowRefusesWhatMayStand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*world, *delivery.Deliverer, delivery.SlotKey)
		state   delivery.SlotState
		want    string
	}{
		{"in doubt", func(w *world, d *delivery.Deliverer, key delivery.SlotKey) {
			w.platform.blind = &bot.OutcomeError{Class: bot.InstallationGone, Code: "missing_scope"}
			w.platform.fault = onPart(0, 1, fail(bot.Doubtful, "timeout"))
			w.drive(d, key)
		}, delivery.Doubtful, "it is not certain that nothing of the digest of 2000-01-04 stands in slack:T1/C1 for 2000-01-05 (doubtful: cannot read history)"},
		{"incomplete", func(w *world, d *delivery.Deliverer, key delivery.SlotKey) {
			w.platform.fault = onPart(1, always, fail(bot.Transient, "dial"))
			w.drive(d, key)
		}, delivery.Failed, "has its briefing for 2000-01-05 already: the digest of 2000-01-04"},
		{"under way", func(w *world, d *delivery.Deliverer, key delivery.SlotKey) {
			w.platform.fault = onPart(0, always, fail(bot.Transient, "dial"))
			w.try(d, key)
		}, delivery.Claimed, "the digest of 2000-01-04 is just being posted to slack:T1/C1 for 2000-01-05, dial: see \"cyberbrief status\""},
		{"retracted before it was posted", func(w *world, d *delivery.Deliverer, key delivery.SlotKey) {
			if _, err := d.Retract(w.Context(), "", "2000-01-04", "U1"); err != nil {
				w.Fatal(err)
			}
			w.work(d.Remove, key)
		}, delivery.Missed, "the briefing of slack:T1/C1 for 2000-01-05 was retracted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				d, key := w.deliverer(), w.open("one")
				w.library.put("2000-01-03")
				tt.prepare(w, d, key)
				if s := w.slot(today); s.State != tt.state {
					t.Fatalf("slot is %s %q", s.State, s.Reason)
				}
				shown := w.platform.texts(key.Ref)
				_, err := d.PostNow(t.Context(), key.Ref, "2000-01-03")
				if !errors.Is(err, delivery.ErrTaken) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%v\nwant %s", err, tt.want)
				}
				if got := w.platform.texts(key.Ref); len(got) != len(shown) {
					t.Errorf("the channel shows %q", got)
				}
			})
		})
	}
}

// TestPostNowTakesTheSlot: at its time the channel has had its briefing.
func TestPostNowTakesTheSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		w.library.put("2000-01-03")
		w.library.put("2000-01-04")
		p := w.process()
		if _, err := p.d.PostNow(t.Context(), w.channel.Ref, "2000-01-03"); err != nil {
			t.Fatal(err)
		}
		p.until(clock(5, 13, 0))
		w.want(delivery.Posted, "", "digest of 2000-01-03")
	})
}

func TestPostNowFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(*world)
		digest  briefing.Date
		want    string
	}{
		{"no such digest", func(w *world) {}, "2000-01-02", "not found"},
		{"nothing to post", func(w *world) {}, "", "no digest that it has not had"},
		{"paused", func(w *world) { w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, "is_archived" }) }, "", "paused: is_archived"},
		{"refused", func(w *world) {
			w.library.put("2000-01-04")
			w.platform.fault = onPart(0, always, fail(bot.ChannelGone, "not_in_channel"))
		}, "", "paused: not_in_channel"},
		{"out of reach", func(w *world) {
			w.library.put("2000-01-04")
			w.platform.fault = onPart(0, always, fail(bot.Transient, "dial"))
		}, "", "dial"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				tt.prepare(w)
				if _, err := w.deliverer().PostNow(t.Context(), w.channel.Ref, tt.digest); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("post: %v, want %q", err, tt.want)
				}
				if took := time.Since(begin); took > time.Minute {
					t.Errorf("answered after %v", took)
				}
			})
		})
	}
}
