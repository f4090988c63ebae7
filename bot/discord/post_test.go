package discord_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

const createRoute = "POST channels/{channel}/messages"

func parentOf(t testing.TB) bot.Message {
	t.Helper()
	messages, err := discord.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "朝のまとめ"}, bot.Prose{Spans: spans("本文。")}}})
	if err != nil {
		t.Fatal(err)
	}
	return messages[0]
}

// TestSendFails lists what can go wrong with a post: the class, whether the
// message was posted all the same, and that there was one request.
func TestSendFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fault  bottest.DiscordFault
		class  bot.Class
		posted bool
		wait   time.Duration
	}{
		{name: "no access", fault: bottest.DiscordFault{Status: 403, Code: 50001}, class: bot.ChannelGone},
		{name: "no permission", fault: bottest.DiscordFault{Status: 403, Code: 50013}, class: bot.ChannelGone},
		{name: "unknown guild", fault: bottest.DiscordFault{Status: 404, Code: 10004}, class: bot.InstallationGone},
		{name: "filtered", fault: bottest.DiscordFault{Status: 400, Code: 200000}, class: bot.Payload},
		{name: "token revoked", fault: bottest.DiscordFault{Status: 401, Message: "401: Unauthorized"}, class: bot.Fatal},
		{name: "limited", fault: bottest.DiscordFault{Status: 429, RetryAfter: 3600}, class: bot.Limited, wait: time.Hour},
		{name: "limited by the header", fault: bottest.DiscordFault{Status: 429, Header: map[string]string{"Retry-After": "30"}}, class: bot.Limited, wait: 30 * time.Second},
		{name: "Cloudflare", fault: bottest.DiscordFault{Status: 429, Body: bottest.Cloudflare}, class: bot.Limited, wait: 10 * time.Minute},
		{name: "server error", fault: bottest.DiscordFault{Status: 500}, class: bot.Doubtful},
		{name: "bad gateway after acceptance", fault: bottest.DiscordFault{Status: 502, Body: bottest.Cloudflare, Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "an empty object", fault: bottest.DiscordFault{Status: 200, Body: "{}", Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "null", fault: bottest.DiscordFault{Status: 200, Body: "null", Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "half an answer", fault: bottest.DiscordFault{Status: 200, Body: `{"id":"1`, Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "a page", fault: bottest.DiscordFault{Status: 200, Body: bottest.Cloudflare}, class: bot.Doubtful},
		{name: "no content", fault: bottest.DiscordFault{Status: 204, Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "a redirect", fault: bottest.DiscordFault{Status: 307, Header: map[string]string{"Location": "http://127.0.0.1:1/"}, Body: "x"}, class: bot.Transient},
		{name: "64 MiB", fault: bottest.DiscordFault{Status: 200, Huge: 64 << 20, Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "reset after acceptance", fault: bottest.DiscordFault{Reset: true, Accepted: true}, class: bot.Doubtful, posted: true},
		{name: "reset before acceptance", fault: bottest.DiscordFault{Reset: true}, class: bot.Doubtful},
		{name: "unknown code", fault: bottest.DiscordFault{Status: 400, Code: 999999}, class: bot.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, fake := start(t)
			fake.FailNext(createRoute, c.fault)
			id, err := d.Send(testContext(t), target(0), parentOf(t))
			if id != "" || bot.ClassOf(err) != c.class {
				t.Errorf("got %q, %v; want class %v", id, err, c.class)
			}
			oe, ok := err.(*bot.OutcomeError)
			if !ok || oe.RetryAfter != c.wait || oe.Code == "" {
				t.Errorf("got %#v, want an outcome with a code and a wait of %v", err, c.wait)
			}
			if strings.Contains(err.Error(), bottest.DiscordToken) {
				t.Errorf("the error shows the token: %v", err)
			}
			if n := len(fake.Requests(createRoute)); n != 1 {
				t.Errorf("%d requests were made, want one", n)
			}
			if posted := len(fake.Messages(channel)) == 1; posted != c.posted {
				t.Errorf("posted: %v, want %v", posted, c.posted)
			}
		})
	}
}

// TestSilenceIsDoubtful: no answer within the caller's patience.
func TestSilenceIsDoubtful(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.FailNext(createRoute, bottest.DiscordFault{Silent: true, Accepted: true})
	ctx, cancel := context.WithCancel(testContext(t))
	go func() {
		defer cancel()
		for len(fake.Messages(channel)) == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}()
	if id, err := d.Send(ctx, target(0), parentOf(t)); id != "" || bot.ClassOf(err) != bot.Doubtful {
		t.Errorf("got %q, %v", id, err)
	}
	found, err := d.Find(testContext(t), target(0), time.Now().Add(-time.Minute))
	if err != nil || found != bot.MessageID(fake.Messages(channel)[0].ID) {
		t.Errorf("find: %q, %v", found, err)
	}
}

func TestUnreachableIsTransient(t *testing.T) {
	t.Parallel()
	d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: "http://127.0.0.1:1/api/v9/"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Send(testContext(t), target(0), parentOf(t)); bot.ClassOf(err) != bot.Transient {
		t.Errorf("got %v", err)
	}
}

// TestRepeatedSendGivesTheFirst: the same marker within Discord's minutes is
// the same message.
func TestRepeatedSendGivesTheFirst(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.FailNext(createRoute, bottest.DiscordFault{Reset: true, Accepted: true})
	if _, err := d.Send(testContext(t), target(0), parentOf(t)); err == nil {
		t.Fatal("no error")
	}
	id, err := d.Send(testContext(t), target(0), parentOf(t))
	posted := fake.Messages(channel)
	if err != nil || len(posted) != 1 || id != bot.MessageID(posted[0].ID) {
		t.Errorf("got %q, %v; posted %d", id, err, len(posted))
	}
	if n := posted[0].Nonce; n != target(0).Marker.String() || len(n) > 25 {
		t.Errorf("nonce is %q", n)
	}
}

func TestEveryBodyForbidsMentions(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	messages, err := discord.Render(posts()["briefing"])
	if err != nil {
		t.Fatal(err)
	}
	ids := sendAll(t, d, posts()["briefing"], messages)
	if err := d.Edit(testContext(t), target(0), ids[0], messages[0]); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, r := range fake.Requests("") {
		if !strings.HasSuffix(r.Route, "messages") && !strings.HasPrefix(r.Route, "PATCH") {
			continue
		}
		checked++
		var b struct {
			Allowed *struct{ Parse []string } `json:"allowed_mentions"`
		}
		if err := json.Unmarshal([]byte(r.Body), &b); err != nil || b.Allowed == nil || b.Allowed.Parse == nil || len(b.Allowed.Parse) > 0 {
			t.Errorf("%s: %s", r.Route, r.Body)
		}
	}
	if checked != 3 {
		t.Errorf("checked %d bodies, want 3", checked)
	}
}

func TestFindLooksPastOthers(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	since := time.Now()
	for range 250 {
		fake.Post(channel, "800000000000000001", "おはよう")
	}
	id, err := d.Send(testContext(t), target(0), parentOf(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		fake.Post(channel, "800000000000000001", target(0).Marker.String())
	}
	if found, err := d.Find(testContext(t), target(0), since); err != nil || found != id {
		t.Errorf("got %q, %v, want %q", found, err, id)
	}
	if found, err := d.Find(testContext(t), target(1), since); err != nil || found != "" {
		t.Errorf("another part: got %q, %v", found, err)
	}
	if found, err := d.Find(testContext(t), target(0), since.Add(time.Hour)); err != nil || found != "" {
		t.Errorf("since later: got %q, %v", found, err)
	}
}

func TestFindInAThreadThatWasNeverOpened(t *testing.T) {
	t.Parallel()
	d, _ := start(t)
	to := target(1)
	to.Thread = "700000000000000077"
	if found, err := d.Find(testContext(t), to, time.Now()); err != nil || found != "" {
		t.Errorf("got %q, %v", found, err)
	}
}

func TestFindThatCannotLook(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.FailNext("GET channels/{channel}/messages", bottest.DiscordFault{Status: 403, Code: 50001})
	if found, err := d.Find(testContext(t), target(0), time.Now()); found != "" || bot.ClassOf(err) != bot.ChannelGone {
		t.Errorf("got %q, %v", found, err)
	}
	fake.FailNext("GET channels/{channel}/messages", bottest.DiscordFault{Status: 500})
	if found, err := d.Find(testContext(t), target(0), time.Now()); found != "" || bot.ClassOf(err) != bot.Transient {
		t.Errorf("got %q, %v", found, err)
	}
}

func TestThreadIsOpenedOnce(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	parent, err := d.Send(testContext(t), target(0), parentOf(t))
	if err != nil {
		t.Fatal(err)
	}
	first := target(1)
	first.Thread, first.ThreadTitle = parent, strings.Repeat("長い題名", 60)
	// Opened, but the answer was lost: nothing was posted, so once more.
	fake.FailNext(threadRoute, bottest.DiscordFault{Reset: true, Accepted: true})
	if _, err := d.Send(testContext(t), first, parentOf(t)); bot.ClassOf(err) != bot.Transient {
		t.Fatalf("got %v, want it transient", err)
	}
	if _, err := d.Send(testContext(t), first, parentOf(t)); err != nil {
		t.Fatal(err)
	}
	second := target(2)
	second.Thread = parent
	if _, err := d.Send(testContext(t), second, parentOf(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(fake.Requests(threadRoute)); n != 2 {
		t.Errorf("%d requests to open the thread, want 2", n)
	}
	if n := len(fake.Messages(string(parent))); n != 2 {
		t.Errorf("%d messages in the thread, want 2", n)
	}
	if id, name := fake.Thread(string(parent)); id != string(parent) || !strings.HasSuffix(name, "…") {
		t.Errorf("the thread %s is named %q", id, name)
	}
}

// TestLaterPartOpensAMissingThread: after a crash between the parts.
func TestLaterPartOpensAMissingThread(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	parent, err := d.Send(testContext(t), target(0), parentOf(t))
	if err != nil {
		t.Fatal(err)
	}
	to := target(3)
	to.Thread = parent
	if _, err := d.Send(testContext(t), to, parentOf(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(fake.Messages(string(parent))); n != 1 {
		t.Errorf("%d messages in the thread", n)
	}
}

func TestEditReplacesEverything(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	messages, err := discord.Render(posts()["briefing"])
	if err != nil {
		t.Fatal(err)
	}
	id, err := d.Send(testContext(t), target(0), messages[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Edit(testContext(t), target(0), id, parentOf(t)); err != nil {
		t.Fatal(err)
	}
	m := fake.Messages(channel)[0]
	if !m.Edited || len(m.Components) != 0 || !strings.Contains(m.Text(), "本文。") {
		t.Errorf("after the edit: %+v", m)
	}
	if found, err := d.Find(testContext(t), target(0), time.Now().Add(-time.Minute)); err != nil || found != id {
		t.Errorf("the edited message is not found: %q, %v", found, err)
	}
	fake.FailNext("PATCH channels/{channel}/messages/{message}", bottest.DiscordFault{Status: 204, Accepted: true})
	if err := d.Edit(testContext(t), target(0), id, parentOf(t)); err != nil {
		t.Errorf("an edit that was made without a word: %v", err)
	}
	// Editing is repeatable, so a lost answer is no doubt.
	fake.FailNext("PATCH channels/{channel}/messages/{message}", bottest.DiscordFault{Reset: true, Accepted: true})
	if err := d.Edit(testContext(t), target(0), id, parentOf(t)); bot.ClassOf(err) != bot.Transient {
		t.Errorf("got %v, want it transient", err)
	}
}

// TestPaceWaits: after the last post of a window the next one waits for the
// next window instead of being refused.
func TestPaceWaits(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.SetRate(2, 200*time.Millisecond)
	for i := range 6 {
		to := target(i)
		if _, err := d.Send(testContext(t), to, parentOf(t)); err != nil {
			t.Fatalf("part %d: %v", i, err)
		}
	}
	if n := len(fake.Requests(createRoute)); n != 6 {
		t.Errorf("%d requests, want 6", n)
	}
}

// TestNothingIsSentWhileLimited: a wait too long to sit out comes back at
// once, without a request; other routes go on, unless the limit is global.
func TestNothingIsSentWhileLimited(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	send := func(to bot.Target) error {
		_, err := d.Send(testContext(t), to, parentOf(t))
		return err
	}
	fake.FailNext(createRoute, bottest.DiscordFault{Status: 429, RetryAfter: 600})
	for range 3 {
		if err := send(target(0)); bot.ClassOf(err) != bot.Limited {
			t.Fatalf("got %v", err)
		}
	}
	if n := len(fake.Requests(createRoute)); n != 1 {
		t.Errorf("%d requests while limited, want 1", n)
	}
	fake.AddChannel(guild, "700000000000000003")
	other := target(0)
	other.Channel = "700000000000000003"
	if err := send(other); err != nil {
		t.Errorf("another channel: %v", err)
	}
	fake.FailNext(createRoute, bottest.DiscordFault{Status: 429, RetryAfter: 600, Global: true})
	_ = send(other)
	before := len(fake.Requests(""))
	if _, err := d.Find(testContext(t), other, time.Now()); bot.ClassOf(err) != bot.Limited {
		t.Errorf("got %v", err)
	}
	if n := len(fake.Requests("")) - before; n != 0 {
		t.Errorf("%d requests while limited everywhere", n)
	}
}

func TestSendRefusesWhatItDidNotRender(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	if _, err := d.Send(testContext(t), target(0), bot.Message("{")); bot.ClassOf(err) != bot.Payload {
		t.Errorf("got %v", err)
	}
	long := target(0)
	long.Marker.Delivery += "0123456789"
	if _, err := d.Send(testContext(t), long, parentOf(t)); bot.ClassOf(err) != bot.Payload {
		t.Errorf("a marker too long for a nonce: got %v", err)
	}
	if n := len(fake.Requests("")); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]discord.Options{
		"DISCORD_TOKEN":      {},
		"DISCORD_API_URL":    {Token: "x", APIURL: "discord"},
		"DISCORD_PUBLIC_KEY": {Token: "x", PublicKey: "abcd"},
	} {
		if _, err := discord.New(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// writerFunc is a writer that is a function.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestNoSecretIsLogged: neither the token nor that of an interaction.
func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	const given = "reply not shown" // up
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	var log strings.Builder
	d, fake := start(t, func(o *discord.Options) {
		o.Logger = slog.New(slog.NewTextHandler(writerFunc(func(line []byte) (int, error) {
			if strings.Contains(string(line), given) {
				cancel() // the answer that would never come
			}
			return log.Write(line)
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	stop := run(t, d, echo)
	fake.FailNext("PATCH webhooks/{application}/{token}/messages/@original", bottest.DiscordFault{Status: http.StatusNotFound, Code: 10015, Times: 9})
	_, _ = fake.Command(ctx, guild, channel, member(), "term", bottest.DiscordOption{Name: "word", Value: "x"})
	stop()
	if text := log.String(); !strings.Contains(text, given) || strings.Contains(text, bottest.DiscordToken) || strings.Contains(text, "xyzTokenOfATest") {
		t.Errorf("the log says:\n%s", text)
	}
}
