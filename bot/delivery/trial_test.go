package delivery_test

import (
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

const testMessage = "🔔 cyberbrief のテスト投稿です。このチャンネルに投稿できます。"

// TestTest: each test is a message of its own, and no slot knows of it.
func TestTest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Discord) // which knows a message by its name
		w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, "admin" })
		d := w.deliverer()
		for range 2 {
			if err := d.Test(t.Context(), w.channel.Ref, briefing.Japanese); err != nil {
				t.Fatal(err)
			}
		}
		w.want("", "", testMessage, testMessage)
		if gap := w.platform.messages[1].at.Sub(w.platform.messages[0].at); gap < time.Second {
			t.Errorf("two messages within %v", gap)
		}
		if err := d.Test(t.Context(), bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T1"}, Channel: "C1"}, briefing.Japanese); err == nil {
			t.Error("posted on a platform that is not set up")
		}
	})
}

func TestTestFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault outcome
		class bot.Class
	}{
		{"refused", fail(bot.ChannelGone, "not_in_channel"), bot.ChannelGone},
		{"silent", outcome{hang: true}, bot.Doubtful},
		{"without an id", outcome{refused: true}, bot.Doubtful},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.platform.fault = onPart(0, always, tt.fault)
				if err := w.deliverer().Test(t.Context(), w.channel.Ref, briefing.Japanese); bot.ClassOf(err) != tt.class {
					t.Errorf("%v, want %v", err, tt.class)
				}
				if c, err := w.store.Channel(t.Context(), w.channel.Ref); err != nil || c.Paused {
					t.Errorf("channel paused %v, %v", c.Paused, err)
				}
				if time.Since(begin) > 15*time.Second {
					t.Error("answered late")
				}
			})
		})
	}
}
