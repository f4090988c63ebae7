package discord_test

import (
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// TestAmendInAnArchivedThread: a thread that Discord has put away is taken out
// again to change what stands in it.
func TestAmendInAnArchivedThread(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	to, _, reply := threaded(t, d)
	fake.ArchiveThreads()
	fake.FailNext("PATCH channels/{channel}", bottest.DiscordFault{Status: 403, Code: 50013})
	changed, err := d.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "題"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Edit(testContext(t), to, reply, changed[0]); err == nil {
		t.Error("the thread stays put away, and yet it was edited")
	}
	if err := d.Edit(testContext(t), to, reply, changed[0]); err != nil {
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

// threaded posts a message with a reply in its thread, which to names.
func threaded(t *testing.T, d *discord.Discord) (to bot.Target, parent, reply bot.MessageID) {
	t.Helper()
	messages, err := d.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "題"}}, Thread: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "本文"}}}}, ThreadTitle: "詳細"})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	to = bot.Target{Ref: ref(), Marker: bot.Marker{Delivery: "archived"}}
	parent, err = d.Send(testContext(t), to, messages[0])
	if err != nil {
		t.Fatal(err)
	}
	to.Thread, to.ThreadTitle, to.Marker.Part = parent, "詳細", 1
	reply, err = d.Send(testContext(t), to, messages[1])
	if err != nil {
		t.Fatal(err)
	}
	return to, parent, reply
}

// TestRetractedThreadIsPutAway: of a post that is removed no title stays, and
// a thread that cannot be put away is no failure.
func TestRetractedThreadIsPutAway(t *testing.T) {
	t.Parallel()
	for _, fault := range []bottest.DiscordFault{{}, {Status: 403, Code: 50013}} {
		d, fake := start(t)
		to, parent, reply := threaded(t, d)
		if fault.Status != 0 {
			fake.FailNext("PATCH channels/{channel}", fault)
		}
		thread, _ := fake.Thread(string(parent))
		if err := d.Delete(testContext(t), to, reply); err != nil {
			t.Fatal(err)
		}
		if _, name := fake.Thread(string(parent)); name != "詳細" {
			t.Errorf("a reply was removed, and the thread is called %q", name)
		}
		to.Thread, to.Marker.Part = "", 0
		for range 2 { // it may be repeated
			if err := d.Delete(testContext(t), to, parent); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		want := "（取り消しました）"
		if fault.Status != 0 {
			want = "詳細"
		}
		if got := fake.ThreadName(thread); got != want {
			t.Errorf("the thread is called %q, want %q", got, want)
		}
	}
}
