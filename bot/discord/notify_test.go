package discord_test

import (
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

func TestNotify(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	messages, err := d.Render(bot.Post{Parent: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "お知らせ"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	to := bot.Target{Ref: ref(), Marker: bot.Marker{Delivery: "notice"}}
	to.Channel = "77"
	for i := range 2 { // the conversation is there the second time
		to.Marker.Part = i
		if err := d.Notify(testContext(t), to, messages[0]); err != nil {
			t.Fatal(err)
		}
	}
	if got := fake.Conversation("77"); len(got) != 2 || got[0].Text != "お知らせ" {
		t.Errorf("the person sees %+v", got)
	}
	if got := fake.Seen(channel); len(got) != 0 {
		t.Errorf("the channel sees %+v", got)
	}
	// 50007: cannot send messages to this user.
	fake.FailNext("POST channels/{channel}/messages", bottest.DiscordFault{Status: 403, Code: 50007})
	to.Marker.Part = 2
	if err := d.Notify(testContext(t), to, messages[0]); err == nil {
		t.Error("the person refuses messages, and yet was told")
	}
}
