package discord_test

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

const threadRoute = "POST channels/{channel}/messages/{message}/threads"

// below is the n-th part, in the thread of a parent.
func below(parent bot.MessageID, n int) bot.Target {
	to := target(n)
	to.Thread, to.ThreadTitle = parent, "スレッド"
	return to
}

func send(t *testing.T, d *discord.Discord, to bot.Target) bot.MessageID {
	t.Helper()
	id, err := d.Send(testContext(t), to, parentOf(t))
	if err != nil {
		t.Fatalf("send part %d: %v", to.Marker.Part, err)
	}
	return id
}

// restarted is another process at the same Discord.
func restarted(t *testing.T, fake *bottest.Discord) *discord.Discord {
	t.Helper()
	d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// inThread are the ids of the messages below a parent.
func inThread(fake *bottest.Discord, parent bot.MessageID) (ids []bot.MessageID) {
	thread, _ := fake.Thread(string(parent))
	for _, m := range fake.Messages(thread) {
		ids = append(ids, bot.MessageID(m.ID))
	}
	return ids
}

// TestThreadWithAnIDOfItsOwn: whatever happens to a message of a thread
// happens in the thread that Discord named, before and after a restart.
func TestThreadWithAnIDOfItsOwn(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.OwnThreadIDs()
	since := time.Now()
	parent := send(t, d, target(0))
	first, second := send(t, d, below(parent, 1)), send(t, d, below(parent, 2))
	if n := len(fake.Requests("GET channels/{channel}/messages/{message}")); n != 0 {
		t.Errorf("%d questions for an id that Discord had just given", n)
	}
	again := restarted(t, fake)
	third := send(t, again, below(parent, 3))
	if got, want := inThread(fake, parent), []bot.MessageID{first, second, third}; !slices.Equal(got, want) {
		t.Errorf("in the thread: %v, want %v", got, want)
	}
	again = restarted(t, fake)
	if found, err := again.Find(testContext(t), below(parent, 2), since); err != nil || found != second {
		t.Errorf("find: %q, %v, want %q", found, err, second)
	}
	again = restarted(t, fake)
	if err := again.Edit(testContext(t), below(parent, 1), first, parentOf(t)); err != nil {
		t.Errorf("edit: %v", err)
	}
	again = restarted(t, fake)
	if err := again.Delete(testContext(t), below(parent, 2), second); err != nil {
		t.Errorf("delete: %v", err)
	}
	if got, want := inThread(fake, parent), []bot.MessageID{first, third}; !slices.Equal(got, want) {
		t.Errorf("in the thread at last: %v, want %v", got, want)
	}
}

// TestThreadWhoseIDWasLost: the thread was started, but its id did not arrive.
func TestThreadWhoseIDWasLost(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]bottest.DiscordFault{
		"started before":  {Status: 400, Code: 160004, Accepted: true},
		"no content":      {Status: 204, Accepted: true},
		"an empty object": {Status: 200, Body: "{}", Accepted: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			fake.OwnThreadIDs()
			parent := send(t, d, target(0))
			fake.FailNext(threadRoute, lost)
			first := send(t, d, below(parent, 1))
			if got := inThread(fake, parent); !slices.Equal(got, []bot.MessageID{first}) {
				t.Errorf("in the thread: %v, want %v", got, first)
			}
		})
	}
}

// TestThreadThatIsNotTold: Discord does not say which thread there is, so the
// one with the parent's id is meant.
func TestThreadThatIsNotTold(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]bottest.DiscordFault{
		"no such message": {Status: 404, Code: 10008},
		"no such route":   {Status: 405, Body: "Method Not Allowed"},
		"no JSON":         {Status: 200, Body: "<html>"},
		"a bare message":  {Status: 200, Body: `{"id":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			parent := send(t, d, target(0))
			send(t, d, below(parent, 1))
			fake.FailNext("GET channels/{channel}/messages/{message}", fault)
			second := send(t, restarted(t, fake), below(parent, 2))
			if got := inThread(fake, parent); len(got) != 2 || got[1] != second {
				t.Errorf("in the thread: %v, want %v last", got, second)
			}
		})
	}
	d, fake := start(t)
	parent := send(t, d, target(0))
	fake.FailNext("GET channels/{channel}/messages/{message}", bottest.DiscordFault{Status: 503})
	if _, err := d.Send(testContext(t), below(parent, 2), parentOf(t)); bot.ClassOf(err) != bot.Transient {
		t.Errorf("while Discord cannot be asked: %v, want it transient", err)
	}
}

func TestThreadsAreForgotten(t *testing.T) {
	t.Parallel()
	if kept, newest := discord.RememberedThreads(2500); kept != 1000 || newest != "-2499" {
		t.Errorf("%d are kept, the newest is %q", kept, newest)
	}
}

// TestThreadsForbidden: a channel in which the bot may post and not open a
// thread, or not write in one, is not closed to it. The rest of a post is tried
// again, and stands below its parent when an admin has given the permission.
func TestThreadsForbidden(t *testing.T) {
	t.Parallel()
	const createThreads, writeInThreads = 1 << 35, 1 << 38
	for name, c := range map[string]struct {
		lacks   uint64
		started bool // before the permission was taken away
	}{
		"opening":          {createThreads, false},
		"writing":          {writeInThreads, false},
		"writing any more": {writeInThreads, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			parent, part := send(t, d, target(0)), 1
			if c.started {
				send(t, d, below(parent, part))
				part++
			}
			fake.SetPermissions(ref().Tenant, strconv.FormatUint(invited&^c.lacks, 10))
			_, err := d.Send(testContext(t), below(parent, part), parentOf(t))
			oe, _ := errors.AsType[*bot.OutcomeError](err)
			if oe == nil || oe.Class != bot.Transient || oe.Code != "no_thread_permission" {
				t.Errorf("got %v, want it transient and named", err)
			}
			send(t, d, target(0)) // the channel's next post
			fake.SetPermissions(ref().Tenant, strconv.FormatUint(invited, 10))
			last := send(t, d, below(parent, part))
			if got := inThread(fake, parent); len(got) != part || got[part-1] != last {
				t.Errorf("in the thread: %v, want %v last", got, last)
			}
		})
	}
}

// TestThreadRefused: what Discord says of a thread is not said of its channel.
func TestThreadRefused(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]struct{ thread, channel bot.Class }{
		50013:  {bot.Transient, bot.ChannelGone}, // a permission
		160002: {bot.Transient, bot.ChannelGone},
		160006: {bot.Transient, bot.Transient}, // too many threads
		160007: {bot.Transient, bot.Transient},
		50024:  {bot.MessageKept, bot.ChannelGone},
		50083:  {bot.MessageKept, bot.ChannelGone},
		160005: {bot.MessageKept, bot.ChannelGone},
		50001:  {bot.ChannelGone, bot.ChannelGone}, // nobody hides a thread alone
	} {
		for _, route := range []string{threadRoute, "POST channels/{channel}/messages"} {
			d, fake := start(t)
			parent := send(t, d, target(0))
			fault := bottest.DiscordFault{Status: 403, Code: code}
			fake.FailNext(route, fault)
			if _, err := d.Send(testContext(t), below(parent, 1), parentOf(t)); bot.ClassOf(err) != want.thread {
				t.Errorf("%s: %d is %v in a thread, want %v", route, code, bot.ClassOf(err), want.thread)
			}
			fake.FailNext("POST channels/{channel}/messages", fault)
			if _, err := d.Send(testContext(t), target(3), parentOf(t)); bot.ClassOf(err) != want.channel {
				t.Errorf("%d is %v in the channel itself, want %v", code, bot.ClassOf(err), want.channel)
			}
		}
	}
}
