package discord_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/briefing"
)

// responder answers with a function and keeps what it was asked.
type responder struct {
	reply func(context.Context, bot.Request) bot.Reply

	mu    sync.Mutex
	asked []bot.Request
}

func (r *responder) Respond(ctx context.Context, req bot.Request) bot.Reply {
	r.mu.Lock()
	r.asked = append(r.asked, req)
	r.mu.Unlock()
	return r.reply(ctx, req)
}

func (r *responder) Opens(req bot.Request) bool {
	return req.Answers == nil && strings.HasPrefix(req.Text, "form")
}

func (r *responder) Complete(_ context.Context, prefix string) []string {
	if prefix == "ない" {
		return nil
	}
	out := []string{"", strings.Repeat("長", 101)}
	for i := range 30 {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

func (r *responder) last() bot.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[len(r.asked)-1]
}

func prose(text string) bot.Document { return bot.Document{bot.Prose{Spans: spans(text)}} }

func echo(_ context.Context, req bot.Request) bot.Reply {
	return bot.Reply{Document: prose("答え: " + req.Command + " " + req.Text)}
}

// run starts the bot; stop ends it and checks that it ended well.
func run(t testing.TB, d *discord.Discord, reply func(context.Context, bot.Request) bot.Reply) (stop func()) {
	t.Helper()
	return runResponder(t, d, &responder{reply: reply})
}

func runResponder(t testing.TB, d *discord.Discord, r bot.Responder) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, r) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("run did not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

func option(name string, value any) bottest.DiscordOption {
	return bottest.DiscordOption{Name: name, Value: value}
}

// TestWhatIsAsked: a command with its arguments is what a person would have
// typed elsewhere.
func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	d, fake := start(t, func(o *discord.Options) {
		o.Language = func(r bot.Ref) briefing.Language { return briefing.English }
	})
	r := &responder{reply: echo}
	runResponder(t, d, r)
	sub := func(name string, options ...bottest.DiscordOption) bottest.DiscordOption {
		return bottest.DiscordOption{Name: name, Options: options}
	}
	for _, c := range []struct {
		do            bottest.DiscordInteraction
		command, text string
	}{
		{bottest.DiscordInteraction{Command: "term", Options: []bottest.DiscordOption{option("word", " ゼロトラスト ")}}, "term", "ゼロトラスト"},
		{bottest.DiscordInteraction{Command: "term"}, "term", ""},
		{bottest.DiscordInteraction{Command: "term", Options: []bottest.DiscordOption{option("other", 12.0)}}, "term", "12"},
		{bottest.DiscordInteraction{Command: "briefing", Options: []bottest.DiscordOption{option("date", "2025-07-02")}}, "briefing", "2025-07-02"},
		{bottest.DiscordInteraction{Command: "briefing", Options: []bottest.DiscordOption{option("search", "VPN 欠陥")}}, "briefing", "search VPN 欠陥"},
		{bottest.DiscordInteraction{Command: "briefing-admin", Options: []bottest.DiscordOption{sub("list")}}, "briefing-admin", "list"},
		{bottest.DiscordInteraction{Command: "briefing-admin", Options: []bottest.DiscordOption{
			sub("add", option("zone", "Asia/Tokyo"), option("time", "08:30"), option("channel", "<#"+channel+">"))}},
			"briefing-admin", "add <#" + channel + "> 08:30 Asia/Tokyo"},
		{bottest.DiscordInteraction{Command: "briefing-admin", Options: []bottest.DiscordOption{
			sub("set", option("channel", "<#"+channel+">"), option("name", "time"), option("value", "09:00"))}},
			"briefing-admin", "set <#" + channel + "> time 09:00"},
		{bottest.DiscordInteraction{Command: "briefing-admin", Options: []bottest.DiscordOption{sub("retract", option("date", "2025-07-02"))}}, "briefing-admin", "retract 2025-07-02"},
		{bottest.DiscordInteraction{CustomID: "term:能動的サイバー防御"}, "term", "能動的サイバー防御"},
		{bottest.DiscordInteraction{CustomID: "term~3:a:b"}, "term", "a:b"},
		{bottest.DiscordInteraction{CustomID: "briefing~1:", Values: []string{"2025-07-02 11"}}, "briefing", "2025-07-02 11"},
	} {
		c.do.Guild, c.do.Channel, c.do.User = guild, channel, member()
		a, err := fake.Interact(testContext(t), c.do)
		if err != nil {
			t.Fatalf("%+v: %v", c.do, err)
		}
		got := r.last()
		if got.Command != c.command || got.Text != c.text || got.Ref != ref() || got.User.ID != member().ID || got.User.Name != "hana" || got.ID == "" || got.Language != briefing.English {
			t.Errorf("%+v became %+v", c.do, got)
		}
		if !a.Original.Ephemeral || a.AckType != 5 {
			t.Errorf("%+v was answered %+v", c.do, a)
		}
	}
}

func TestWhoIsAdmin(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	r := &responder{reply: echo}
	runResponder(t, d, r)
	for permissions, want := range map[string]bool{"": false, "0": false, "2048": false, "32": true, "8": true, "2251799813685247": true} {
		user := member()
		user.Permissions = permissions
		if _, err := fake.Command(testContext(t), guild, channel, user, "term"); err != nil {
			t.Fatal(err)
		}
		if ok, err := r.last().User.Admin(testContext(t)); ok != want || err != nil {
			t.Errorf("permissions %q: %v, %v, want %v", permissions, ok, err, want)
		}
	}
	user := member()
	user.Permissions = "all"
	if _, err := fake.Command(testContext(t), guild, channel, user, "term"); err != nil {
		t.Fatal(err)
	}
	if ok, err := r.last().User.Admin(testContext(t)); ok || err == nil {
		t.Errorf("unreadable permissions: %v, %v, want no", ok, err)
	}
}

func TestAutocomplete(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, echo)
	choices, err := fake.Autocomplete(testContext(t), guild, channel, member(), "term", "word", "能動")
	if err != nil || len(choices) != 25 || choices[0] != "能動0" {
		t.Errorf("got %q, %v", choices, err)
	}
	if choices, err := fake.Autocomplete(testContext(t), guild, channel, member(), "term", "word", "ない"); err != nil || len(choices) != 0 {
		t.Errorf("nothing to offer: got %q, %v", choices, err)
	}
}

func TestOutsideAServer(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, echo)
	a, err := fake.Interact(testContext(t), bottest.DiscordInteraction{Channel: "1", User: member(), Command: "term"})
	if err != nil || a.AckType != 4 || !strings.Contains(a.Original.Text(), "サーバー") {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestForgottenButton(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, echo)
	if err := fake.AwaitReady(testContext(t), 1); err != nil {
		t.Fatal(err)
	}
	a, err := fake.Press(testContext(t), guild, channel, member(), "button-of-another-bot")
	if err != nil || a.AckType != 4 || !a.Original.Ephemeral {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestLongAnswerGoesOn(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, func(context.Context, bot.Request) bot.Reply {
		return bot.Reply{Document: prose(strings.Repeat("とても長い答えです。", 2000))}
	})
	i := bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "term",
		Until: func(a bottest.DiscordAnswer) bool { return len(a.FollowUps) >= 7 }}
	a, err := fake.Interact(testContext(t), i)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, m := range a.Messages() {
		if !m.Ephemeral {
			t.Error("a part of a private answer is public")
		}
		text += m.Text()
	}
	if n := strings.Count(text, "とても長い答えです。"); n != 2000 {
		t.Errorf("%d of 2000 sentences were shown", n)
	}
}

func TestQuietAnswerIsWithdrawn(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, func(context.Context, bot.Request) bot.Reply { return bot.Reply{Quiet: true} })
	if a, err := fake.Command(testContext(t), guild, channel, member(), "term"); err != nil || !a.Withdrawn {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestPanicBecomesAnApology(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, func(context.Context, bot.Request) bot.Reply { panic("a bug") })
	if a, err := fake.Command(testContext(t), guild, channel, member(), "term"); err != nil || !strings.Contains(a.Original.Text(), "処理できませんでした") {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestAnswerIsTriedAgain: the webhook of an interaction may be unknown for a
// moment, or limited.
func TestAnswerIsTriedAgain(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	d.Hasten(5*time.Second, 10*time.Millisecond)
	run(t, d, echo)
	const route = "PATCH webhooks/{application}/{token}/messages/@original"
	fake.FailNext(route, bottest.DiscordFault{Status: 404, Code: 10015})
	fake.FailNext(route, bottest.DiscordFault{Status: 503})
	if _, err := fake.Command(testContext(t), guild, channel, member(), "term"); err != nil {
		t.Error(err)
	}
	if n := len(fake.Requests(route)); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

// TestAnsweredElsewhere: another process with the same token was faster.
func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	r := &responder{reply: echo}
	runResponder(t, d, r)
	const route = "POST interactions/{interaction}/{token}/callback"
	fake.FailNext(route, bottest.DiscordFault{Status: 400, Code: 40060, Accepted: true})
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	i := bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "term", Until: func(a bottest.DiscordAnswer) bool { return a.AckType != 0 }}
	if _, err := fake.Interact(ctx, i); err != nil {
		t.Fatal(err)
	}
	// A later command is answered, the one taken elsewhere never was.
	if _, err := fake.Command(testContext(t), guild, channel, member(), "term", option("word", "後")); err != nil {
		t.Fatal(err)
	}
	if len(r.asked) != 1 {
		t.Errorf("%d requests were answered, want 1", len(r.asked))
	}
}

// TestAckWhileEverybodyIsBusy: an answer that hangs holds a worker, not the
// acknowledgements; when too many wait, people are told.
func TestAckWhileEverybodyIsBusy(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	const workers, waiting, load = 2, 8, 25
	d.Crowd(workers, waiting)
	release := make(chan struct{})
	run(t, d, func(ctx context.Context, req bot.Request) bot.Reply {
		<-release
		return echo(ctx, req)
	})
	if err := fake.AwaitReady(testContext(t), 1); err != nil {
		t.Fatal(err)
	}
	answers := make(chan bottest.DiscordAnswer, load)
	var all sync.WaitGroup
	for range load {
		all.Go(func() {
			i := bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "term",
				Until: func(a bottest.DiscordAnswer) bool { return a.AckType != 0 }}
			a, err := fake.Interact(testContext(t), i)
			if err != nil {
				t.Error(err)
			}
			answers <- a
		})
	}
	all.Wait()
	close(answers)
	close(release)
	busy, slowest := 0, time.Duration(0)
	for a := range answers {
		if a.AckType == 4 {
			busy++
		}
		slowest = max(slowest, a.AckAfter)
	}
	if want := load - workers - waiting; busy != want {
		t.Errorf("%d of %d were told to come back, want %d", busy, load, want)
	}
	t.Logf("slowest acknowledgement of %d at once: %v", load, slowest)
}

// TestRoomForAStall: what comes in the ten seconds of a stalled database, 50
// commands a second, is all answered after it.
func TestRoomForAStall(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	const load = 10 * 50
	stalled := make(chan struct{})
	run(t, d, func(ctx context.Context, req bot.Request) bot.Reply {
		<-stalled
		return echo(ctx, req)
	})
	if err := fake.AwaitReady(testContext(t), 1); err != nil {
		t.Fatal(err)
	}
	var acked, all sync.WaitGroup
	acked.Add(load)
	for range load {
		all.Go(func() {
			once := sync.OnceFunc(acked.Done)
			defer once()
			i := bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "term",
				Until: func(a bottest.DiscordAnswer) bool {
					if a.AckType != 0 {
						once()
					}
					return a.Original != nil && a.Original.Text() != ""
				}}
			if a, err := fake.Interact(testContext(t), i); err != nil || !strings.Contains(a.Original.Text(), "答え: term") {
				t.Errorf("answered %+v, %v", a.Original, err)
			}
		})
	}
	acked.Wait()
	close(stalled)
	all.Wait()
}

// TestHelpIsRegistered: what the help tells people to type can be given.
func TestHelpIsRegistered(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	run(t, d, echo)
	if err := fake.AwaitReady(testContext(t), 1); err != nil {
		t.Fatal(err)
	}
	registered := fake.Requests("PUT applications/{application}/commands")[0].Body
	help := bot.NewRouter(bot.RouterOptions{Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}).Respond(testContext(t), bot.Request{Command: "briefing", Text: "help"})
	told := 0
	for _, e := range help.Document {
		item, ok := e.(bot.ListItem)
		if !ok {
			continue
		}
		words := strings.Fields(item.Spans[0].Text)
		name := strings.TrimPrefix(words[0], "/")
		if name == "briefing-admin" {
			name = words[1]
		}
		told++
		if !strings.Contains(registered, `"name":"`+name+`"`) {
			t.Errorf("%q is not registered", item.Spans[0].Text)
		}
	}
	if told < 10 {
		t.Errorf("the help tells of %d commands", told)
	}
}

func TestCommandsAreRegisteredOnce(t *testing.T) {
	t.Parallel()
	fake := bottest.NewDiscord(t)
	for range 3 {
		d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: fake.URL()})
		if err != nil {
			t.Fatal(err)
		}
		before := len(fake.Requests("GET applications/{application}/commands"))
		stop := run(t, d, echo)
		for len(fake.Requests("GET applications/{application}/commands")) == before || fake.Registrations() == 0 {
			time.Sleep(time.Millisecond)
		}
		stop()
	}
	if n := fake.Registrations(); n != 1 {
		t.Errorf("the commands were written %d times, want once", n)
	}
}

// TestStopFinishesAnswers: what was acknowledged is answered before Run ends.
func TestStopFinishesAnswers(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	began := make(chan struct{})
	release := make(chan struct{})
	stop := run(t, d, func(ctx context.Context, req bot.Request) bot.Reply {
		close(began)
		<-release
		return echo(ctx, req)
	})
	got := make(chan error, 1)
	go func() {
		_, err := fake.Command(testContext(t), guild, channel, member(), "term")
		got <- err
	}()
	<-began
	go func() { time.Sleep(50 * time.Millisecond); close(release) }()
	stop()
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// TestAnswerTakenWithoutAnID: a success is one, whatever its body says; the
// answer is not written over by an apology.
func TestAnswerTakenWithoutAnID(t *testing.T) {
	t.Parallel()
	const (
		edit     = "PATCH webhooks/{application}/{token}/messages/@original"
		followUp = "POST webhooks/{application}/{token}"
	)
	for name, taken := range map[string]bottest.DiscordFault{
		"no content":      {Status: 204, Accepted: true},
		"an empty object": {Status: 200, Body: "{}", Accepted: true},
		"a word":          {Status: 200, Body: "ok", Accepted: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			stop := run(t, d, func(context.Context, bot.Request) bot.Reply {
				return bot.Reply{Document: prose(strings.Repeat("とても長い答えです。", 500))}
			})
			fake.FailNext(edit, taken)
			fake.FailNext(followUp, taken)
			i := bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "term",
				Until: func(a bottest.DiscordAnswer) bool { return len(a.FollowUps) > 0 }}
			a, err := fake.Interact(testContext(t), i)
			if err != nil {
				t.Fatal(err)
			}
			stop()
			if text := a.Original.Text(); !strings.Contains(text, "とても長い答えです。") {
				t.Errorf("the answer is now %q", text)
			}
			if edits, posts := len(fake.Requests(edit)), len(fake.Requests(followUp)); edits != 1 || posts != 1 {
				t.Errorf("%d edits and %d follow-ups, want one each", edits, posts)
			}
		})
	}
}
