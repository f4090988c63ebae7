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

// TestPostNowTakesTheSlot: at its time the channel has had its briefing.
func TestPostNowTakesTheSlot(t *testing.T) {
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
