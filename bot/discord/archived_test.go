package discord_test

import (
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

// TestAmendInAnArchivedThread: a thread that Discord has put away is taken out
// again to change what stands in it.
func TestAmendInAnArchivedThread(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	messages, err := d.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "題"}}, Thread: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "本文"}}}}, ThreadTitle: "詳細"})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	to := bot.Target{Ref: ref(), Marker: bot.Marker{Delivery: "archived"}}
	parent, err := d.Send(testContext(t), to, messages[0])
	if err != nil {
		t.Fatal(err)
	}
	to.Thread, to.ThreadTitle, to.Marker.Part = parent, "詳細", 1
	reply, err := d.Send(testContext(t), to, messages[1])
	if err != nil {
		t.Fatal(err)
	}
	fake.ArchiveThreads()
	fake.FailNext("PATCH channels/{channel}", bottest.DiscordFault{Status: 403, Code: 50013})
	if err := d.Edit(testContext(t), to, reply, messages[0]); err == nil {
		t.Error("the thread stays put away, and yet it was edited")
	}
	if err := d.Edit(testContext(t), to, reply, messages[0]); err != nil {
		t.Errorf("edit: %v", err)
	}
	if got := fake.Seen(channel); len(got) != 2 || got[1].Text != "題" {
		t.Errorf("the channel shows %+v", got)
	}
	fake.ArchiveThreads()
	if err := d.Delete(testContext(t), to, reply); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got := fake.Seen(channel); len(got) != 1 {
		t.Errorf("the channel shows %+v", got)
	}
}
