package slack_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// form has a field of every kind.
func form() bot.Form {
	days := []bot.Option{{Label: "月", Value: "mon"}, {Label: "火", Value: "tue"}, {Label: "水", Value: "wed"}}
	return bot.Form{
		Title: "配信の設定", Submit: "保存", Action: bot.Action{Command: "briefing-admin", Argument: "form 甲"}, Note: []bot.Span{{Text: "全部そろえてから保存します。"}},
		Fields: []bot.Field{
			{Name: "channel", Label: "チャンネル", Kind: bot.ChannelOf, Value: "C1"},
			{Name: "time", Label: "時刻", Kind: bot.TimeOfDay, Value: "08:30", Zone: "Asia/Tokyo", Hint: "現地の時刻"},
			{Name: "zone", Label: "タイムゾーン", Value: "Asia/Tokyo"},
			{Name: "days", Label: "曜日", Kind: bot.SomeOf, Options: days, Value: "mon,wed"},
			{Name: "language", Label: "言語", Kind: bot.OneOf, Options: []bot.Option{{Label: "日本語", Value: "ja"}, {Label: "English", Value: "en"}}, Value: "ja"},
			{Name: "thread", Label: "スレッド", Kind: bot.OnOff, Value: "on"},
			{Name: "watch", Label: "監視する語", Optional: true},
		},
	}
}

// answerForms answers "form" with a form, a form that was sent with what it
// says, and all else by echo.
func answerForms(ctx context.Context, req bot.Request) bot.Reply {
	f := form()
	switch {
	case req.Answers["zone"] == "Mars/Base":
		f.Fields[2].Problem = "「Mars/Base」は使えません。"
		return bot.Reply{Form: &f}
	case req.Answers["zone"] == "Old/Edition":
		f.Note = []bot.Span{{Text: "設定が変わりました。"}}
		return bot.Reply{Form: &f}
	case req.Answers["zone"] == "Quiet/Zone":
		return bot.Reply{Quiet: true}
	case req.Answers["zone"] == "Long/Answer":
		return say(strings.Repeat("長い答え。", 4000))
	case req.Answers != nil:
		reply := say("保存: " + req.Ref.String() + " " + req.Text + " " + req.Answers["channel"] + " " + req.Answers["time"] + " " + req.Answers["days"] + " " + req.Answers["thread"] + "。")
		reply.Document = append(reply.Document, bot.Buttons{{Label: "もう一度", Action: f.Action}, {Label: "共有", Action: bot.Action{Command: "share", Argument: "x"}}})
		reply.Changed = true
		return reply
	case strings.HasPrefix(req.Text, "form"):
		return bot.Reply{Form: &f, Document: say("開けません").Document}
	}
	reply := echo(ctx, req)
	reply.Document = append(reply.Document, bot.Buttons{{Label: "開く", Action: bot.Action{Command: "briefing-admin", Argument: "form"}}})
	return reply
}

// opened is the form, opened by a button.
func opened(t *testing.T, fake *bottest.Slack) bottest.SlackView {
	t.Helper()
	a, err := fake.Command(impatient(t, patience), "C1", "U1", "/briefing-admin", "set")
	if err != nil {
		t.Fatal(err)
	}
	v, err := fake.PressFor(impatient(t, patience), "U1", a.Message, "開く")
	if err != nil {
		t.Fatalf("%v; refused: %v", err, fake.Refusals())
	}
	return v
}

// bothWays runs a test over Socket Mode and with signed requests.
func bothWays(t *testing.T, check func(*testing.T, *bottest.Slack, *slack.Slack)) {
	t.Run("socket", func(t *testing.T) {
		fake, s := start(t, nil)
		check(t, fake, s)
	})
	t.Run("signed", func(t *testing.T) {
		fake, s := start(t, func(o *slack.Options) { o.AppToken, o.SigningSecret = "", bottest.SlackSigningSecret })
		mux := http.NewServeMux()
		mux.Handle("/commands", s.Commands())
		mux.Handle("/interactions", s.Interactions())
		mux.Handle("/events", s.Events())
		web := httptest.NewServer(mux)
		t.Cleanup(web.Close)
		fake.UseHooks(bottest.SlackHooks{Commands: web.URL + "/commands", Interactions: web.URL + "/interactions", Events: web.URL + "/events"})
		check(t, fake, s)
	})
}

func TestFormIsFilledIn(t *testing.T) {
	bothWays(t, func(t *testing.T, fake *bottest.Slack, s *slack.Slack) {
		run(t, s, answerForms)
		v := opened(t, fake)
		want := map[string]string{"チャンネル": "C1", "時刻": "08:30", "タイムゾーン": "Asia/Tokyo", "曜日": "mon,wed", "言語": "ja", "スレッド": "on", "監視する語": ""}
		if diff := cmp.Diff(want, v.Fields()); diff != "" || v.Title != "配信の設定" {
			t.Errorf("%q has (-want +got):\n%s", v.Title, diff)
		}
		wrong, err := fake.Submit(impatient(t, patience), v, map[string]string{"タイムゾーン": "Mars/Base"})
		if diff := cmp.Diff(map[string]string{"タイムゾーン": "「Mars/Base」は使えません。"}, wrong.Errors); diff != "" || err != nil {
			t.Errorf("wrong input: %v (-want +got):\n%s", err, diff)
		}
		again, err := fake.Submit(impatient(t, patience), v, map[string]string{"タイムゾーン": "Old/Edition"})
		if err != nil || !strings.Contains(again.PlainText(), "設定が変わりました。") || len(again.Fields()) != 7 {
			t.Errorf("another edition: %q, %v", again.PlainText(), err)
		}
		saved, err := fake.Submit(impatient(t, patience), v, map[string]string{"時刻": "09:15", "曜日": "tue", "スレッド": "off"})
		if want := "保存: slack:T1/C1 form 甲 C1 09:15 tue off。\n[もう一度]"; err != nil || saved.PlainText() != want {
			t.Errorf("saved: %q, %v; want %q without a share button", saved.PlainText(), err, want)
		}
		// A modal goes on where it is.
		next, err := fake.PressIn(impatient(t, patience), saved, "もう一度")
		if err != nil || next.ID != v.ID || len(next.Fields()) != 7 {
			t.Errorf("again: %q in %s, %v; want the form in %s", next.PlainText(), next.ID, err, v.ID)
		}
		closed, err := fake.Submit(impatient(t, patience), next, map[string]string{"タイムゾーン": "Quiet/Zone"})
		if err != nil || !closed.Closed {
			t.Errorf("nothing to say: %+v, %v", closed, err)
		}
		if refused := fake.Refusals(); len(refused) > 0 {
			t.Errorf("refused: %v", refused)
		}
	})
}

// A long answer does not fit an acknowledgement.
func TestLongAnswerToAFormFollows(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, answerForms)
	long, err := fake.Submit(impatient(t, patience), opened(t, fake), map[string]string{"タイムゾーン": "Long/Answer"})
	if err != nil || strings.Count(long.PlainText(), "長い答え。") != 4000 {
		t.Errorf("%d of the answer, %v; refused %v", strings.Count(long.PlainText(), "長い答え。"), err, fake.Refusals())
	}
}

// While the responder takes its time, views are opened and forms
// acknowledged within Slack's three seconds.
func TestSlowAnswersToFormsAreAwaitedInTheModal(t *testing.T) {
	bothWays(t, func(t *testing.T, fake *bottest.Slack, s *slack.Slack) {
		release := make(chan struct{})
		slow := func(ctx context.Context, req bot.Request) bot.Reply {
			if req.Answers != nil || strings.HasPrefix(req.Text, "form") {
				<-release
			}
			return answerForms(ctx, req)
		}
		run(t, s, slow)
		a, err := fake.Command(impatient(t, patience), "C1", "U1", "/briefing-admin", "set")
		if err != nil {
			t.Fatal(err)
		}
		waits := func() bool { return strings.Contains(fake.Modal("U1").PlainText(), "⏳") }
		pressed := make(chan bottest.SlackView, 1)
		go func() {
			v, _ := fake.PressFor(impatient(t, patience), "U1", a.Message, "開く")
			pressed <- v
		}()
		wait(t, fake, waits)
		release <- struct{}{}
		v := <-pressed
		if len(v.Fields()) != 7 {
			t.Fatalf("opened: %q", v.PlainText())
		}
		sent := make(chan bottest.SlackView, 1)
		go func() {
			v, _ := fake.Submit(impatient(t, patience), v, nil)
			sent <- v
		}()
		wait(t, fake, waits)
		release <- struct{}{}
		if v := <-sent; !strings.HasPrefix(v.PlainText(), "保存: ") {
			t.Errorf("after sending: %q", v.PlainText())
		}
	})
}

// An old trigger opens nothing; the person is answered all the same.
func TestExpiredTriggerIsAnsweredInTheChannel(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, answerForms)
	a, err := fake.Command(impatient(t, patience), "C1", "U1", "/briefing-admin", "set")
	if err != nil {
		t.Fatal(err)
	}
	fake.FailNext("views.open", bottest.SlackFault{Error: "expired_trigger_id"})
	got, err := fake.Press(impatient(t, patience), "U1", a.Message, "開く")
	if err != nil || !strings.Contains(got.Message.PlainText(), "開けません") || got.Message.For != "U1" {
		t.Errorf("answered %q for %q, %v", got.Message.PlainText(), got.Message.For, err)
	}
}

func TestHomeIsDrawnAndRefreshed(t *testing.T) {
	bothWays(t, func(t *testing.T, fake *bottest.Slack, s *slack.Slack) {
		var drawn atomic.Int32
		run(t, s, func(ctx context.Context, req bot.Request) bot.Reply {
			if req.Command != "home" {
				return answerForms(ctx, req)
			}
			reply := echo(ctx, req)
			if drawn.Add(1) > 1 {
				reply = say("二度目")
			}
			reply.Document = append(reply.Document,
				bot.Ask{Label: "調べる", Placeholder: "用語", Action: bot.Action{Command: "term"}},
				bot.Buttons{{Label: "開く", Action: bot.Action{Command: "briefing-admin", Argument: "form"}}})
			return reply
		})
		home, err := fake.OpenHome(impatient(t, patience), "U1")
		if err != nil || !strings.Contains(home.PlainText(), "slack:T1/|U1||home|") {
			t.Fatalf("home: %q, %v; refused %v", home.PlainText(), err, fake.Refusals())
		}
		found, err := fake.TypeIn(impatient(t, patience), home, "調べる", "多要素認証")
		if err != nil || !strings.Contains(found.PlainText(), "|term|多要素認証") || found.Type != "modal" {
			t.Errorf("searched: %q, %v", found.PlainText(), err)
		}
		settings, err := fake.PressIn(impatient(t, patience), home, "開く")
		if err != nil || len(settings.Fields()) != 7 {
			t.Fatalf("settings: %q, %v", settings.PlainText(), err)
		}
		if _, err := fake.Submit(impatient(t, patience), settings, nil); err != nil {
			t.Fatal(err)
		}
		wait(t, fake, func() bool { return strings.Contains(fake.Home("U1").PlainText(), "二度目") })
		if refused := fake.Refusals(); len(refused) > 0 {
			t.Errorf("refused: %v", refused)
		}
	})
}

// The same event comes again under another envelope until it is acknowledged.
func TestHomeEventIsTakenOnce(t *testing.T) {
	fake, s := start(t, nil)
	var drawn atomic.Int32
	run(t, s, func(_ context.Context, req bot.Request) bot.Reply {
		if req.Command == "home" {
			drawn.Add(1)
		}
		return say("家")
	})
	event := map[string]any{"type": "event_callback", "team_id": "T1", "event_id": "Ev9",
		"event": map[string]any{"type": "app_home_opened", "user": "U1", "tab": "home"}}
	for range 2 {
		if _, err := fake.Deliver(impatient(t, patience), "events_api", event, 2); err != nil {
			t.Fatal(err)
		}
	}
	event["event"] = map[string]any{"type": "app_home_opened", "user": "U1", "tab": "messages"}
	event["event_id"] = "Ev10"
	if _, err := fake.Deliver(impatient(t, patience), "events_api", event, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := fake.OpenHome(impatient(t, patience), "U2"); err != nil {
		t.Fatal(err)
	}
	wait(t, fake, func() bool { return len(fake.Calls("views.publish")) == 2 })
	if drawn.Load() != 2 {
		t.Errorf("drawn %d times, want once for each of two members", drawn.Load())
	}
}

func TestShortcuts(t *testing.T) {
	bothWays(t, func(t *testing.T, fake *bottest.Slack, s *slack.Slack) {
		run(t, s, func(ctx context.Context, req bot.Request) bot.Reply {
			if req.Command == "term-form" {
				return bot.Reply{Form: &bot.Form{Title: "用語を調べる", Action: bot.Action{Command: "term"}, Fields: []bot.Field{{Name: "word", Label: "用語"}}}}
			}
			if req.Answers != nil {
				return say(req.Command + " " + req.Answers["word"])
			}
			return echo(ctx, req)
		})
		v, err := fake.Shortcut(impatient(t, patience), "U2", slack.SearchShortcut)
		if err != nil || v.Title != "用語を調べる" {
			t.Fatalf("search: %q, %v", v.Title, err)
		}
		found, err := fake.Submit(impatient(t, patience), v, map[string]string{"用語": "多要素認証"})
		if err != nil || found.PlainText() != "term 多要素認証" {
			t.Errorf("found: %q, %v", found.PlainText(), err)
		}
		if _, err := s.Send(t.Context(), bot.Target{Ref: ref("C1")}, rendered(t, bot.Prose{Spans: []bot.Span{{Text: "多要素"}, {Text: "認証", Strong: true}, {Text: " & パスキー"}}})); err != nil {
			t.Fatal(err)
		}
		fake.Say("C1", "a &lt;b&gt; *ゼロトラスト*")
		for i, want := range []string{"|lookup|多要素認証 & パスキー", "|lookup|a <b> *ゼロトラスト*"} {
			got, err := fake.MessageShortcut(impatient(t, patience), "U2", fake.Messages("C1")[i], slack.LookUpShortcut)
			if err != nil || !strings.HasSuffix(got.Message.PlainText(), want) || got.Message.For != "U2" {
				t.Errorf("looked up: %q for %q, %v; want %q", got.Message.PlainText(), got.Message.For, err, want)
			}
		}
	})
}

// What is no form of ours, or comes twice, changes nothing.
func TestForeignSubmissionsAreLeftAlone(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, func(context.Context, bot.Request) bot.Reply { t.Error("asked"); return bot.Reply{} })
	for _, view := range []map[string]any{
		{"id": "V1", "type": "modal", "callback_id": "other"},
		{"id": "V1", "type": "modal", "callback_id": "cb:form", "private_metadata": "{"},
		{"id": "V1", "type": "modal", "callback_id": "cb:form", "private_metadata": `{"channel":"C1"}`},
	} {
		acks, err := fake.Deliver(impatient(t, patience), "interactive", map[string]any{"type": "view_submission", "user": map[string]any{"id": "U1"}, "team": map[string]any{"id": "T1"}, "view": view}, 2)
		if err != nil || len(acks[0].Payload) != 0 {
			t.Errorf("%v is acknowledged with %v, %v", view, acks, err)
		}
	}
}
