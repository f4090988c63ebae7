package delivery_test

import (
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing/briefingtest"
)

const parent = "digest of 2000-01-04"

func TestDeliver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one", "two")
		w.drive(w.deliverer(), key)
		w.want(delivery.Posted, "", parent, "one", "two")
		for i, m := range w.platform.messages[1:] {
			if gap := m.at.Sub(w.platform.messages[i].at); gap < time.Second {
				t.Errorf("part %d came %v after the one before", m.Marker.Part, gap)
			}
			if m.Thread != "m1" || m.ThreadTitle != parent {
				t.Errorf("part %d stands in thread %q %q", m.Marker.Part, m.Thread, m.ThreadTitle)
			}
		}
		if s := w.slot(today); s.PostedAt.Before(s.DueAt) || s.PostedAt.After(s.DueAt.Add(time.Minute)) {
			t.Errorf("posted at %v, due at %v", s.PostedAt, s.DueAt)
		}
	})
}

// onPart gives an outcome for the first times requests of one part.
func onPart(part, times int, o outcome) func(int, bot.Target, bot.Message) outcome {
	return func(_ int, to bot.Target, _ bot.Message) outcome {
		if to.Marker.Part != part || times == 0 {
			return outcome{}
		}
		times--
		return o
	}
}

const always = 1 << 30

// until keeps the platform from taking anything but the parent.
func until(end time.Time) func(int, bot.Target, bot.Message) outcome {
	return func(_ int, to bot.Target, _ bot.Message) outcome {
		if to.Marker.Part > 0 && time.Now().Before(end) {
			return fail(bot.Transient, "http 503")
		}
		return outcome{}
	}
}

// everywhere are the platforms: each settles doubt in its own way. None has a
// race of its own.
var everywhere = func() []bot.Platform {
	if briefingtest.Racing {
		return []bot.Platform{bot.Discord}
	}
	return []bot.Platform{bot.Slack, bot.Discord, bot.Console}
}()

func TestFailures(t *testing.T) {
	t.Parallel()
	taken := func(c bot.Class, code string) outcome {
		return outcome{err: &bot.OutcomeError{Class: c, Code: code}}
	}
	limited := func(after time.Duration, global bool) outcome {
		return outcome{refused: true, err: &bot.OutcomeError{Class: bot.Limited, Code: "ratelimited", RetryAfter: after, Global: global}}
	}
	whole := []string{parent, "one", "two"}
	for _, tt := range []struct {
		name   string
		fault  func(int, bot.Target, bot.Message) outcome
		state  delivery.SlotState
		reason string
		texts  []string
		within time.Duration // of its time
	}{
		{"transient parent", onPart(0, 1, fail(bot.Transient, "http 503")), delivery.Posted, "", whole, time.Minute},
		{"transient part", onPart(1, 3, fail(bot.Transient, "http 503")), delivery.Posted, "", whole, 5 * time.Minute},
		{"transient for ever", onPart(0, always, fail(bot.Transient, "http 503")), delivery.Missed, "http 503", nil, 4*time.Hour + time.Minute},
		{"transient thread for ever", onPart(1, always, fail(bot.Transient, "http 503")), delivery.Failed, "incomplete: http 503", whole[:1], 4*time.Hour + 11*time.Minute},
		{"thread completed after the window", until(clock(5, 12, 35)), delivery.Posted, "", whole, 4*time.Hour + 11*time.Minute},
		{"limited for a moment", onPart(1, 1, limited(2*time.Second, false)), delivery.Posted, "", whole, time.Minute},
		{"limited for minutes", onPart(0, 1, limited(5*time.Minute, false)), delivery.Posted, "", whole, 7 * time.Minute},
		{"limited everywhere", onPart(1, 1, limited(time.Minute, true)), delivery.Posted, "", whole, 3 * time.Minute},
		{"limited without a word", onPart(1, 1, limited(0, false)), delivery.Posted, "", whole, time.Minute},
		{"limited for an hour", onPart(0, 4, limited(time.Hour, false)), delivery.Posted, "", whole, 80 * time.Minute},
		{"doubtful, taken", onPart(0, 1, taken(bot.Doubtful, "http 502")), delivery.Posted, "", whole, time.Minute},
		{"doubtful, not taken", onPart(0, 1, fail(bot.Doubtful, "http 502")), delivery.Posted, "", whole, time.Minute},
		{"doubtful part, taken", onPart(2, 1, taken(bot.Doubtful, "reset")), delivery.Posted, "", whole, time.Minute},
		{"doubtful part, not taken", onPart(2, 2, fail(bot.Doubtful, "reset")), delivery.Posted, "", whole, 2 * time.Minute},
		{"doubtful for ever, not taken", onPart(0, always, fail(bot.Doubtful, "reset")), delivery.Missed, "reset", nil, 4*time.Hour + time.Minute},
		{"silent, taken", onPart(1, 1, outcome{hang: true}), delivery.Posted, "", whole, time.Minute},
		{"silent, not taken", onPart(1, 1, outcome{hang: true, refused: true}), delivery.Posted, "", whole, 2 * time.Minute},
		{"success without an id", onPart(1, 1, outcome{refused: true}), delivery.Posted, "", whole, time.Minute},
		{"unknown, taken", onPart(0, 1, taken(bot.Unknown, "new_error")), delivery.Posted, "", whole, time.Minute},
		{"payload refused for ever", onPart(0, always, fail(bot.Payload, "invalid_blocks")), delivery.Failed, "invalid_blocks", nil, time.Minute},
		{"people removed the parent", onPart(1, always, fail(bot.MessageGone, "thread_not_found")), delivery.Posted, "removed by people", whole[:1], time.Minute},
		{"bot refused", onPart(0, always, fail(bot.Fatal, "invalid_auth")), delivery.Missed, "platform stopped: invalid_auth", nil, 4*time.Hour + time.Minute},
		{"channel gone", onPart(0, always, fail(bot.ChannelGone, "not_in_channel")), delivery.Missed, "paused: not_in_channel", nil, 4*time.Hour + time.Minute},
	} {
		for _, p := range everywhere {
			t.Run(tt.name+"/"+string(p), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, p)
					key := w.open("one", "two")
					w.platform.fault = tt.fault
					w.drive(w.deliverer(), key)
					w.want(tt.state, tt.reason, tt.texts...)
					if took := time.Since(w.slot(today).DueAt); took > tt.within {
						t.Errorf("settled after %v, want at most %v", took, tt.within)
					}
				})
			})
		}
	}
}

// TestRetryAfter: no request to the channel, or to the whole platform where
// that is meant, before the time that the platform asked for.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		asked       time.Duration
		global      bool
		least, most time.Duration
	}{
		{"a moment", 3 * time.Second, false, 3 * time.Second, 4 * time.Second},
		{"minutes", 5 * time.Minute, false, 5 * time.Minute, 6 * time.Minute},
		{"everybody", time.Minute, true, time.Minute, 72 * time.Second},
		{"unsaid", 0, false, 30 * time.Second, 36 * time.Second},
		{"less than nothing", -time.Hour, false, 30 * time.Second, 36 * time.Second},
		{"next to nothing", time.Millisecond, false, time.Second, 2 * time.Second},
		{"a day", 24 * time.Hour, false, 15 * time.Minute, 18 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				other := w.channel
				other.Ref.Channel = "C2"
				w.put(other)
				key := w.open()
				w.platform.fault = onPart(0, 1, outcome{refused: true, err: &bot.OutcomeError{
					Class: bot.Limited, Code: "ratelimited", RetryAfter: tt.asked, Global: tt.global,
				}})
				d := w.deliverer()
				refused := time.Now()
				first := d.Deliver(t.Context(), key) // may sit a moment out by itself
				w.drive(d, delivery.SlotKey{Ref: other.Ref, Date: today})
				if held := time.Since(refused) >= tt.least; first != nil && held != tt.global {
					t.Errorf("the other channel was held back: %v", held)
				}
				w.drive(d, key)
				if took := w.slot(today).PostedAt.Sub(refused); took < tt.least || took > tt.most {
					t.Errorf("sent again after %v, want %v to %v", took, tt.least, tt.most)
				}
			})
		})
	}
}
