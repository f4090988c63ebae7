package discord_test

import (
	"fmt"
	"strconv"
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

// invited is what the bot asks for: it is no moderator of threads.
const invited = 309237730304

// TestRetractedThreadIsPutAway: of a post that is removed no title stays where
// the bot may change it, whether or not Discord has put the thread away before.
// A refusal is no failure, and is taken for an answer.
func TestRetractedThreadIsPutAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person    bool // has started the thread
		moderates bool // the bot does
		change    func(*bottest.Discord)
		taken     bool // the title is taken away
		archived  bool // in the end
		patches   int  // at most
	}{
		"open":                       {taken: true, archived: true, patches: 1},
		"put away":                   {change: (*bottest.Discord).ArchiveThreads, taken: true, archived: true, patches: 3},
		"a person's":                 {person: true, patches: 1},
		"a person's, put away":       {person: true, change: (*bottest.Discord).ArchiveThreads, archived: true, patches: 2},
		"a person's, as a moderator": {person: true, moderates: true, taken: true, archived: true, patches: 1},
		"locked":                     {change: func(d *bottest.Discord) { d.LockThreads(false) }, patches: 1},
		"locked and put away":        {change: func(d *bottest.Discord) { d.LockThreads(true) }, archived: true, patches: 2},
		"Discord is in trouble":      {change: func(d *bottest.Discord) { d.FailNext("PATCH channels/{channel}", bottest.DiscordFault{Status: 503}) }, patches: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			if !c.moderates {
				fake.SetPermissions(ref().Tenant, strconv.FormatUint(invited, 10))
			}
			to := bot.Target{Ref: ref(), Marker: bot.Marker{Delivery: "archived"}}
			messages, err := d.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "題"}}})
			if err != nil {
				t.Fatal(err)
			}
			parent, err := d.Send(testContext(t), to, messages[0])
			if err != nil {
				t.Fatal(err)
			}
			if c.person {
				fake.StartThread(channel, string(parent), "8", "詳細")
			}
			reply := to
			reply.Thread, reply.ThreadTitle, reply.Marker.Part = parent, "詳細", 1
			below, err := d.Send(testContext(t), reply, messages[0])
			if err != nil {
				t.Fatal(err)
			}
			thread, _ := fake.Thread(string(parent))
			if err := d.Delete(testContext(t), reply, below); err != nil {
				t.Fatal(err)
			}
			if name := fake.ThreadName(thread); name != "詳細" {
				t.Errorf("a reply was removed, and the thread is called %q", name)
			}
			if c.change != nil {
				c.change(fake)
			}
			for range 3 { // it may be repeated
				if err := d.Delete(testContext(t), to, parent); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
			want := map[bool]string{true: "（取り消しました）", false: "詳細"}[c.taken]
			if got := fake.ThreadName(thread); got != want || fake.ThreadArchived(thread) != c.archived {
				t.Errorf("the thread is called %q, put away %v; want %q, %v", got, fake.ThreadArchived(thread), want, c.archived)
			}
			if n := len(fake.Requests("PATCH channels/{channel}")); n > c.patches {
				t.Errorf("the thread was changed or tried to be %d times, want %d at most", n, c.patches)
			}
		})
	}
}

// TestLockedThread: what stands in a thread that a moderator has locked is kept
// as it is, which says nothing of the channel, and Discord is not asked again.
func TestLockedThread(t *testing.T) {
	t.Parallel()
	for _, archived := range []bool{false, true} {
		t.Run(fmt.Sprintf("put away %v", archived), func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			fake.SetPermissions(ref().Tenant, strconv.FormatUint(invited, 10))
			to, _, reply := threaded(t, d)
			fake.LockThreads(archived)
			changed, err := d.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "題"}}})
			if err != nil {
				t.Fatal(err)
			}
			before := len(fake.Requests(""))
			next := to
			next.Marker.Part = 2
			_, sent := d.Send(testContext(t), next, changed[0])
			edited := d.Edit(testContext(t), to, reply, changed[0])
			removed := d.Delete(testContext(t), to, reply)
			for what, err := range map[string]error{"send": sent, "edit": edited, "delete": removed} {
				if what == "delete" && !archived { // which Discord lets anybody do
					if err != nil {
						t.Errorf("delete: %v", err)
					}
					continue
				}
				if bot.ClassOf(err) != bot.MessageKept {
					t.Errorf("%s: %v, %v; want the message kept", what, bot.ClassOf(err), err)
				}
			}
			if n := len(fake.Requests("")) - before; n > 6 {
				t.Errorf("%d requests for three things that are refused", n)
			}
			fake.SetPermissions(ref().Tenant, "2251799813685247") // a moderator may
			if archived {
				if err := d.Edit(testContext(t), to, reply, changed[0]); err != nil {
					t.Errorf("edit as a moderator: %v", err)
				}
			}
		})
	}
}
