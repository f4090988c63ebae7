package delivery_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// poisonous refuses what says "poison", unless it is plain.
func poisonous(plainToo bool) func(int, bot.Target, bot.Message) outcome {
	return func(_ int, _ bot.Target, m bot.Message) outcome {
		text, plain := textOf(m)
		if strings.Contains(text, "poison") && (plainToo || !plain) {
			return fail(bot.Payload, "invalid_blocks")
		}
		return outcome{}
	}
}

func TestFallback(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		stories  []string
		plainToo bool
		state    delivery.SlotState
		texts    []string
	}{
		{"in the first part of the thread", []string{"poison", "two"}, false, delivery.Posted, []string{parent, "poison", "two"}},
		{"in the last part of the thread", []string{"one", "two", "poison"}, false, delivery.Posted, []string{parent, "one", "two", "poison"}},
		{"twice", []string{"poison", "two", "more poison"}, false, delivery.Posted, []string{parent, "poison", "two", "more poison"}},
		{"plain text refused too", []string{"one", "poison"}, true, delivery.Failed, []string{parent, "one"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.open(tt.stories...)
				w.platform.fault = poisonous(tt.plainToo)
				w.drive(w.deliverer(), key)
				w.want(tt.state, "", tt.texts...)
			})
		})
	}
}

func TestFallbackOfParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one")
		w.platform.fault = func(_ int, to bot.Target, m bot.Message) outcome {
			if _, plain := textOf(m); to.Marker.Part == 0 && !plain {
				return fail(bot.Payload, "invalid_blocks")
			}
			return outcome{}
		}
		w.drive(w.deliverer(), key)
		w.want(delivery.Posted, "", parent, "one")
	})
}

// TestPoisonHarmsNobodyElse: one channel's post is refused, or its delivery
// panics; the other gets its own.
func TestPoisonHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		other := w.channel
		other.Ref.Channel = "C2"
		w.put(other)
		key := w.open("one")
		w.platform.fault = func(_ int, to bot.Target, _ bot.Message) outcome {
			if to.Ref == key.Ref {
				panic("a bug that one digest brings out")
			}
			return outcome{}
		}
		d := w.deliverer()
		if err := d.Deliver(t.Context(), key); err == nil || !strings.Contains(err.Error(), "a bug that one digest brings out") {
			t.Errorf("panic became %v", err)
		}
		w.drive(d, delivery.SlotKey{Ref: other.Ref, Date: today})
		if got := w.platform.texts(other.Ref); len(got) != 2 {
			t.Errorf("the other channel shows %q", got)
		}
	})
}

func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		neighbour, stranger := w.channel, w.channel
		neighbour.Ref.Channel, stranger.Tenant = "C2", "T2"
		w.put(neighbour)
		w.put(stranger)
		key := w.open("one")
		w.platform.fault = onPart(0, 1, fail(bot.InstallationGone, "account_inactive"))
		d := w.deliverer()
		if err := d.Deliver(t.Context(), key); err == nil {
			t.Fatal("delivered")
		}
		for _, tt := range []struct {
			ref    bot.Ref
			paused bool
		}{{w.channel.Ref, true}, {neighbour.Ref, true}, {stranger.Ref, false}} {
			c, err := w.store.Channel(t.Context(), tt.ref)
			if err != nil || c.Paused != tt.paused || tt.paused && c.Reason != "account_inactive" {
				t.Errorf("%s: paused %v %q, %v", tt.ref, c.Paused, c.Reason, err)
			}
		}
		// An admin sees to it: the slot is still open and gets its post.
		w.put(w.channel)
		w.drive(d, key)
		w.want(delivery.Posted, "", parent, "one")
	})
}

func TestStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one")
		w.platform.fault = onPart(0, always, fail(bot.Fatal, "invalid_auth"))
		d := w.deliverer()
		w.drive(d, key)
		if w.platform.requests != 1 {
			t.Errorf("%d requests, want none after the first", w.platform.requests)
		}
		if why := d.Stopped()[bot.Slack]; why != "invalid_auth" {
			t.Errorf("stopped: %q", why)
		}
	})
}

// TestLookRefused: the post was cut off and the platform will not be read.
// That keeps this slot in doubt, and nobody else from posting.
func TestLookRefused(t *testing.T) {
	t.Parallel()
	for _, refusal := range []bot.Class{bot.Fatal, bot.InstallationGone, bot.ChannelGone} {
		t.Run(refusal.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				other := w.channel
				other.Ref.Channel = "C2"
				w.put(other)
				key := w.open("one")
				w.platform.fault = onPart(0, 1, fail(bot.Doubtful, "http 502"))
				w.platform.blind = &bot.OutcomeError{Class: refusal, Code: "unknown_method"}
				d := w.deliverer()
				if err := d.Deliver(t.Context(), key); err == nil {
					t.Fatal("delivered")
				}
				w.drive(d, delivery.SlotKey{Ref: other.Ref, Date: today})
				if got := w.platform.texts(other.Ref); len(got) != 2 {
					t.Errorf("the other channel shows %q", got)
				}
				w.drive(d, key)
				if s := w.slot(today); s.State != delivery.Doubtful || s.Reason != "doubtful: cannot read history" {
					t.Errorf("slot is %s %q", s.State, s.Reason)
				}
				c, err := w.store.Channel(t.Context(), key.Ref)
				if err != nil || c.Paused {
					t.Errorf("channel paused %v, %v", c.Paused, err)
				}
			})
		})
	}
}

// TestAttempts: only claims in which the platform was asked count, for they
// say how it answers.
func TestAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one")
		paused := w.channel
		paused.Paused, paused.Reason = true, "admin"
		w.put(paused)
		d := w.deliverer()
		for range 5 {
			if err := d.Deliver(t.Context(), key); err == nil {
				t.Fatal("delivered to a paused channel")
			}
			time.Sleep(time.Minute)
		}
		if s := w.slot(today); s.Attempts != 0 || s.Fence != 5 {
			t.Errorf("%d attempts in %d claims of a paused channel", s.Attempts, s.Fence)
		}
		w.put(w.channel)
		w.platform.fault = onPart(0, 1, fail(bot.Transient, "http 503"))
		resumed := time.Now()
		w.drive(d, key)
		if s := w.slot(today); s.Attempts != 2 {
			t.Errorf("%d attempts, want 2", s.Attempts)
		}
		if took := w.slot(today).PostedAt.Sub(resumed); took > 10*time.Second {
			t.Errorf("posted after %v: the back-off began with the pause", took)
		}
	})
}

func TestUnknownAnswersPauseTheChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one")
		w.platform.fault = onPart(0, always, fail(bot.Unknown, "brand_new"))
		w.drive(w.deliverer(), key)
		w.want(delivery.Missed, "paused: brand_new")
		if w.platform.requests != 3 {
			t.Errorf("%d requests, want 3", w.platform.requests)
		}
	})
}

// TestThreadClosed: a thread in which people let nobody write any more ends the
// post, as far as it is, and one that the bot may not write in at the moment is
// tried as long as it may. Neither says anything of the channel.
func TestThreadClosed(t *testing.T) {
	for _, tt := range []struct {
		class bot.Class
		code  string
		once  bool // is enough
	}{{bot.MessageKept, "160005", true}, {bot.Transient, "no_thread_permission", false}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, bot.Discord)
			w.platform.fault = onPart(2, always, fail(tt.class, tt.code))
			w.drive(w.deliverer(), w.open("one", "two", "three"))
			w.want(delivery.Failed, "incomplete: "+tt.code, parent, "one")
			if once := w.platform.requests == 3; once != tt.once {
				t.Errorf("%s: %d requests", tt.code, w.platform.requests)
			}
			if c, err := w.store.Channel(t.Context(), w.channel.Ref); err != nil || c.Paused {
				t.Errorf("%s: %+v, %v", tt.code, c, err)
			}
			w.library.put("2000-01-05")
			w.nextDay()
			if got := w.platform.texts(w.channel.Ref); len(got) != 3 {
				t.Errorf("%s: the next day the channel shows %q", tt.code, got)
			}
		})
	}
}

// TestReviseThreadClosed: a correction that neither a message of the thread nor
// a reply can show is given up at once, and says why.
func TestReviseThreadClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Discord)
		key := w.posted("one", "two")
		before := w.platform.requests
		w.platform.amend = func(what string, part int) outcome {
			if part == 0 {
				return outcome{}
			}
			return fail(bot.MessageKept, "160005")
		}
		w.platform.fault = func(int, bot.Target, bot.Message) outcome { return fail(bot.MessageKept, "160005") }
		w.library.put(digest, "eins", "zwei")
		w.work(w.deliverer().Revise, key)
		c := w.slot(today).Correction
		if c.State != delivery.GivenUp || c.Reason != "160005" || w.platform.requests != before+1 {
			t.Errorf("correction %+v after %d replies", c, w.platform.requests-before)
		}
	})
}
