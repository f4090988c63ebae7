package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// patience is for what comes sooner or later, on however busy a machine: it
// ends a test that hangs, and no test waits for it.
const patience = time.Minute

// responder answers by a function.
type responder func(context.Context, bot.Request) bot.Reply

func (r responder) Respond(ctx context.Context, req bot.Request) bot.Reply { return r(ctx, req) }
func (r responder) Opens(req bot.Request) bool {
	return req.Answers == nil && (strings.HasPrefix(req.Text, "form") || req.Command == "term-form")
}

func (r responder) Complete(context.Context, string) []string { return nil }

func say(text string) bot.Reply {
	return bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: text}}}}}
}

func echo(_ context.Context, req bot.Request) bot.Reply {
	return say(fmt.Sprintf("%s|%s|%s|%s|%s", req.Ref, req.User.ID, req.User.Name, req.Command, req.Text))
}

// run runs s until the test ends or stop is called, which gives its error.
func run(t *testing.T, s *slack.Slack, r responder) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, r) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			return errors.New("run did not end when its context did")
		}
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return stop
}

// wait waits until the fake has seen what it should.
func wait(t *testing.T, fake *bottest.Slack, seen func() bool) {
	t.Helper()
	if err := fake.Wait(impatient(t, patience), seen); err != nil {
		t.Fatal(err)
	}
}

func waitSockets(t *testing.T, fake *bottest.Slack, n int) {
	t.Helper()
	if err := fake.WaitSockets(impatient(t, patience), n); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsSayWhoAskedWhere(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, echo)
	got, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "A&B <C> &amp;")
	if err != nil {
		t.Fatal(err)
	}
	if want := "slack:T1/C1|U2|member|term|A&B <C> &amp;"; got.Message.PlainText() != want {
		t.Errorf("answered %q, want %q", got.Message.PlainText(), want)
	}
}

func TestButtonsAndMenusAnswerLikeCommands(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, echo)
	parent, err := s.Send(t.Context(), bot.Target{Ref: ref("C1")}, rendered(t, bot.Prose{Spans: []bot.Span{{Text: "親"}}}))
	if err != nil {
		t.Fatal(err)
	}
	m := rendered(t, bot.Buttons{{Label: "開く", URL: "https://example.com/"}, {Label: "用語", Action: bot.Action{Command: "term", Argument: "多要素認証"}}},
		bot.Menu{Action: bot.Action{Command: "share"}, Options: []bot.Option{{Label: "選択肢", Value: "term 甲"}}})
	if _, err := s.Send(t.Context(), bot.Target{Ref: ref("C1"), Thread: parent}, m); err != nil {
		t.Fatal(err)
	}
	posted := fake.Messages("C1")[1]
	for label, want := range map[string]string{"用語": "|term|多要素認証", "選択肢": "|share|term 甲"} {
		got, err := fake.Press(impatient(t, patience), "U2", posted, label)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(got.Message.PlainText(), want) || got.Message.Thread != string(parent) {
			t.Errorf("%s answers %q in thread %q", label, got.Message.PlainText(), got.Message.Thread)
		}
	}
	// A button that opens an address is acknowledged and asks nothing.
	ctx, cancel := context.WithCancel(t.Context())
	before := len(fake.Acks())
	pressed := make(chan error, 1)
	go func() { _, err := fake.Press(ctx, "U2", posted, "開く"); pressed <- err }()
	wait(t, fake, func() bool { return len(fake.Acks()) > before })
	cancel()
	if err := <-pressed; !errors.Is(err, context.Canceled) {
		t.Errorf("a link button ended with %v", err)
	}
}

func rendered(t *testing.T, blocks ...bot.Block) bot.Message {
	t.Helper()
	messages, err := slack.Render(bot.Post{Parent: blocks})
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	return messages[0]
}

func TestTwoSocketsThatSayGoodbye(t *testing.T) {
	fake, s := start(t, nil)
	stop := run(t, s, echo)
	waitSockets(t, fake, 2)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	waitSockets(t, fake, 0)
	if n := fake.Goodbyes(); n != 2 {
		t.Errorf("%d of 2 connections were closed politely", n)
	}
}

func TestAcknowledgedWithoutPayload(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, echo)
	got, err := fake.CommandTwice(impatient(t, patience), "C1", "U2", "/term", "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, ack := range got.Acks {
		if string(ack.Payload) != "" || ack.Took > time.Second {
			t.Errorf("acknowledged with %q after %s", ack.Payload, ack.Took)
		}
	}
}

// Slack renews connections every few hours; commands go on being answered.
func TestDisconnectIsSurvived(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "too_many_websockets", "a new one"} {
		t.Run(reason, func(t *testing.T) {
			fake, s := start(t, nil)
			run(t, s, echo)
			waitSockets(t, fake, 2)
			fake.Disconnect(reason)
			wait(t, fake, func() bool { return fake.SocketsOpened() >= 4 })
			waitSockets(t, fake, 2)
			if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCutConnectionIsRenewed(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, echo)
	waitSockets(t, fake, 2)
	fake.CutSockets()
	wait(t, fake, func() bool { return fake.SocketsOpened() >= 4 })
	waitSockets(t, fake, 2)
	if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x"); err != nil {
		t.Error(err)
	}
}

// A Slack that sends every connection away at once is not stormed.
func TestConnectStormIsHeldBack(t *testing.T) {
	fake, s := start(t, nil)
	fake.DisconnectNext(slices.Repeat([]string{"too_many_websockets"}, 10_000)...)
	run(t, s, echo)
	wait(t, fake, func() bool { return fake.SocketsOpened() >= 4 })
	// A storm makes hundreds in this time.
	if err := fake.Wait(impatient(t, 200*time.Millisecond), func() bool { return fake.SocketsOpened() > 5 }); err == nil {
		t.Errorf("%d connections were opened", fake.SocketsOpened())
	}
}

// What Slack will never change its mind about ends Run, once, in words that
// say which variable to look at.
func TestFatalReasons(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*slack.Options)
		prep   func(*bottest.Slack)
		code   string
		says   string
	}{
		{"bot token is wrong", func(o *slack.Options) { o.BotToken = "xoxb-wrong" }, nil, "invalid_auth", "SLACK_BOT_TOKEN"},
		{"tokens are swapped", func(o *slack.Options) { o.BotToken, o.AppToken = o.AppToken, o.BotToken }, nil, "not_allowed_token_type", "SLACK_BOT_TOKEN"},
		{"app token is wrong", func(o *slack.Options) { o.AppToken = "xapp-wrong" }, nil, "invalid_auth", "SLACK_APP_TOKEN"},
		{"app token is a bot token", func(o *slack.Options) { o.AppToken = o.BotToken }, nil, "not_allowed_token_type", "SLACK_APP_TOKEN"},
		{"app token lacks its scope", nil, func(f *bottest.Slack) {
			f.FailNext("apps.connections.open", bottest.SlackFault{Error: "missing_scope"}, bottest.SlackFault{Error: "missing_scope"})
		}, "missing_scope", "connections:write"},
		{"account is inactive", nil, func(f *bottest.Slack) { f.FailNext("auth.test", bottest.SlackFault{Error: "account_inactive"}) }, "account_inactive", "SLACK_BOT_TOKEN"},
		{"socket mode is off", nil, func(f *bottest.Slack) { f.DisconnectNext("link_disabled", "link_disabled") }, "link_disabled", "SLACK_SIGNING_SECRET"},
		{"address has no API", func(o *slack.Options) { o.APIURL = strings.TrimSuffix(o.APIURL, "api/") + "elsewhere" }, nil, "http 404", "SLACK_API_URL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fake, s := start(t, tc.change)
			if tc.prep != nil {
				tc.prep(fake)
			}
			err := s.Run(impatient(t, patience), responder(echo))
			oe, ok := errors.AsType[*bot.OutcomeError](err)
			if !ok || oe.Class != bot.Fatal || oe.Code != tc.code || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("run ended with %v, want %s and a word about %s", err, tc.code, tc.says)
			}
			if strings.Contains(fmt.Sprint(err), bottest.SlackAppToken) || strings.Contains(fmt.Sprint(err), bottest.SlackBotToken) {
				t.Errorf("error tells a token: %v", err)
			}
		})
	}
}

// A Slack that cannot be reached at the start is asked again.
func TestStartIsPatient(t *testing.T) {
	fake, s := start(t, nil)
	fake.FailNext("auth.test", bottest.SlackFault{Status: 503})
	fake.FailNext("apps.connections.open", bottest.SlackFault{Status: 500}, bottest.SlackFault{Status: 429, RetryAfter: "0.4"}, bottest.SlackFault{Body: "<html>"})
	run(t, s, echo)
	if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x"); err != nil {
		t.Error(err)
	}
}

// counted hands on how many connections stand.
type counted struct {
	bot.Unmetered
	open chan int
}

func (c counted) Connections(_ bot.Platform, open int) { c.open <- open }

// A bot that has never reached Slack says that no connection stands: what is
// not said raises no alert.
func TestNoConnectionIsSaid(t *testing.T) {
	c := counted{open: make(chan int, 1)}
	_, s := start(t, func(o *slack.Options) { o.Meter, o.APIURL = c, "http://127.0.0.1:1/api/" })
	run(t, s, echo)
	select {
	case n := <-c.open:
		if n != 0 {
			t.Errorf("%d connections stand", n)
		}
	case <-time.After(patience):
		t.Error("nothing was said of connections")
	}
}

// A server that stands in for Slack need not know auth.test.
func TestStartNeedsNoIntroduction(t *testing.T) {
	for _, fault := range []bottest.SlackFault{{Error: "unknown_method"}, {Status: 404}, {Body: `{"ok":true}`}, {Body: `{}`}} {
		fake, s := start(t, nil)
		fake.FailNext("auth.test", slices.Repeat([]bottest.SlackFault{fault}, 100)...)
		stop := run(t, s, echo)
		if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x"); err != nil {
			t.Errorf("%+v: %v", fault, err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// slack-go cannot read these; they are acknowledged all the same, and the
// command in the last is answered.
func TestBadMessagesAreAcknowledged(t *testing.T) {
	fake, s := start(t, nil)
	answered := make(chan string, 10)
	run(t, s, func(_ context.Context, req bot.Request) bot.Reply {
		answered <- req.Text
		return bot.Reply{Quiet: true}
	})
	for _, tc := range []struct {
		kind, payload string
	}{
		{"a_type_of_tomorrow", `{}`},
		{"events_api", `17`},
		{"interactive", `[]`},
		{"interactive", `{"type":"block_actions","message":{"blocks":[{"type":"actions","elements":[{"type":"hologram"}]}]},"actions":17}`},
		{"interactive", `{"type":"view_submission","user":{"id":"U2"},"actions":[{"action_id":"cb:term:0"}]}`},
		{"slash_commands", `{"is_enterprise_install":[],"command":null}`},
		{"slash_commands", `{"is_enterprise_install":[],"command":"/term","text":"読めた","user_id":"U2","team_id":"T1","channel_id":"C1"}`},
	} {
		if _, err := fake.Deliver(impatient(t, patience), tc.kind, json.RawMessage(tc.payload), 1); err != nil {
			t.Errorf("%s %s: %v", tc.kind, tc.payload, err)
		}
	}
	select {
	case text := <-answered:
		if text != "読めた" {
			t.Errorf("answered %q", text)
		}
	case <-time.After(patience):
		t.Error("the command was not answered")
	}
}

// A panic of one answer is that answer's alone.
func TestPanicIsContained(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, func(ctx context.Context, req bot.Request) bot.Reply {
		if req.Text == "落ちる" {
			panic("boom")
		}
		return echo(ctx, req)
	})
	got, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "落ちる")
	if err != nil || !strings.Contains(got.Message.PlainText(), "⚠️") {
		t.Errorf("answer to a panic: %q, %v", got.Message.PlainText(), err)
	}
	if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "次"); err != nil {
		t.Error(err)
	}
}

func TestAcknowledgedWorkIsFinishedAtTheEnd(t *testing.T) {
	fake, s := start(t, nil)
	working, release := make(chan struct{}), make(chan struct{})
	stop := run(t, s, func(ctx context.Context, req bot.Request) bot.Reply {
		close(working)
		<-release
		return echo(ctx, req)
	})
	answer := make(chan error, 1)
	go func() {
		_, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x")
		answer <- err
	}()
	<-working
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	waitSockets(t, fake, 0)
	close(release)
	if err := <-answer; err != nil {
		t.Errorf("the command was not answered: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A response URL is good for five messages; the rest goes another way.
func TestLongAnswerIsWhole(t *testing.T) {
	fake, s := start(t, nil)
	const sentences = 3600
	run(t, s, func(context.Context, bot.Request) bot.Reply {
		return say(strings.Repeat("これは長い答えの一文です。", sentences) + "終わり")
	})
	got, err := fake.Command(impatient(t, patience), "C1", "U2", "/briefing", "")
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := got.Next(impatient(t, patience)); err != nil {
			t.Fatal(err)
		}
	}
	text := ""
	wait(t, fake, func() bool {
		text = ""
		for _, m := range fake.Messages("C1") {
			text += m.For + m.PlainText()
		}
		return strings.Contains(text, "終わり")
	})
	if parts := len(fake.Messages("C1")); strings.Count(text, "U2") != parts {
		t.Errorf("not all of the %d parts are private", parts)
	}
	if refusals := fake.Refusals(); len(refusals) > 0 {
		t.Errorf("refused: %q", refusals)
	}
	if n := strings.Count(text, "一文です。"); n != sentences {
		t.Errorf("%d sentences, want %d", n, sentences)
	}
}

func TestAnswerFindsAnotherWay(t *testing.T) {
	for name, fault := range map[string]bottest.SlackFault{
		"response url expired": {Error: "expired_url"},
		"response url says so": {Body: `{"error":"used_url"}`},
		"response url is 404":  {Status: 404},
	} {
		t.Run(name, func(t *testing.T) {
			fake, s := start(t, nil)
			run(t, s, echo)
			fake.FailNext("response_url", fault)
			ctx, cancel := context.WithCancel(t.Context())
			t.Cleanup(cancel)
			asked := make(chan struct{})
			go func() { defer close(asked); fake.Command(ctx, "C1", "U2", "/term", "別の道") }()
			wait(t, fake, func() bool { return len(fake.Messages("C1")) > 0 })
			cancel()
			<-asked
			if m := fake.Messages("C1")[0]; m.For != "U2" || !strings.Contains(m.PlainText(), "別の道") {
				t.Errorf("answer: %+v", m)
			}
		})
	}
}

// Whatever a response_url answers with 200 is a success, unless it says no.
func TestAnswerTaken(t *testing.T) {
	for _, body := range []string{"ok", "", "{}", `{"ok":true}`, `[]`, `{"ok":null}`} {
		t.Run(body, func(t *testing.T) {
			var out syncBuffer
			fake, s := start(t, func(o *slack.Options) { o.Logger = slog.New(slog.NewTextHandler(&out, nil)) })
			stop := run(t, s, echo)
			fake.FailNext("response_url", bottest.SlackFault{Accept: true, Body: body})
			if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "一度だけ"); err != nil {
				t.Fatal(err)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out.String(), "not delivered") {
				t.Errorf("taken for a failure:\n%s", out.String())
			}
		})
	}
}

// While nothing gets done, commands beyond the queue are told so in their
// acknowledgement, and none is left without one.
func TestFullQueueSaysSo(t *testing.T) {
	fake, s := start(t, nil)
	release := make(chan struct{})
	run(t, s, func(context.Context, bot.Request) bot.Reply { <-release; return bot.Reply{Quiet: true} })
	defer close(release)
	for i := range 2000 {
		acks, err := fake.Deliver(impatient(t, patience), "slash_commands", map[string]any{"command": "/term", "user_id": "U2", "team_id": "T1", "channel_id": "C1"}, 1)
		if err != nil {
			t.Fatalf("command %d: %v", i, err)
		}
		if strings.Contains(string(acks[0].Payload), "混み合って") {
			if i < 1000 {
				t.Errorf("busy after %d commands", i)
			}
			return
		}
	}
	t.Error("2000 commands were taken in and nobody was told to wait")
}

func TestLogHoldsNoSecret(t *testing.T) {
	var out syncBuffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	fake, s := start(t, func(o *slack.Options) { o.Logger = log })
	fake.FailNext("auth.test", bottest.SlackFault{Reset: true})
	fake.FailNext("apps.connections.open", bottest.SlackFault{Reset: true})
	fake.FailNext("response_url", bottest.SlackFault{Accept: true, Reset: true})
	stop := run(t, s, echo)
	if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x"); err != nil {
		t.Fatal(err)
	}
	fake.Disconnect("warning")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, secret := range []string{bottest.SlackBotToken, bottest.SlackAppToken, "ticket=", "/response/"} {
		if strings.Contains(got, secret) {
			t.Errorf("log holds %q:\n%s", secret, got)
		}
	}
	if !strings.Contains(got, "not delivered") {
		t.Errorf("nothing was logged of the answer that was lost:\n%s", got)
	}
}

// syncBuffer is a buffer that several goroutines may write to.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
