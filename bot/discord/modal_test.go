package discord_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// form has a field of every kind that Discord has something for.
func form() bot.Form {
	days := []bot.Option{{Label: "月", Value: "mon"}, {Label: "火", Value: "tue"}}
	return bot.Form{
		Title: "配信の設定", Submit: "保存", Action: bot.Action{Command: "briefing-admin", Argument: "form 甲"},
		Fields: []bot.Field{
			{Name: "time", Label: "時刻", Kind: bot.TimeOfDay, Value: "08:30", Zone: "Asia/Tokyo"},
			{Name: "days", Label: "曜日", Kind: bot.SomeOf, Options: days, Value: "mon"},
			{Name: "language", Label: "言語", Kind: bot.OneOf, Options: []bot.Option{{Label: "日本語", Value: "ja"}, {Label: "English", Value: "en"}}, Value: "ja"},
			{Name: "thread", Label: strings.Repeat("長", 44), Kind: bot.OnOff, Value: "on"},
			{Name: "watch", Label: "監視する語", Hint: "製品名", Optional: true},
		},
	}
}

func answerForms(ctx context.Context, req bot.Request) bot.Reply {
	f := form()
	switch {
	case req.Answers != nil:
		says := "保存: " + req.Ref.String() + " " + req.Text
		for _, field := range f.Fields {
			says += " " + field.Name + "=" + req.Answers[field.Name]
		}
		return bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: says}}}}, Form: &f}
	case req.Text == "form many":
		f.Fields = append(f.Fields, f.Fields...)
		return bot.Reply{Form: &f, Document: echo(ctx, req).Document}
	case req.Text == "form no":
		return bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "管理者だけが使えます。"}}}}}
	case strings.HasPrefix(req.Text, "form"):
		return bot.Reply{Form: &f}
	}
	return echo(ctx, req)
}

func press(action string) bottest.DiscordInteraction {
	return bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), CustomID: "briefing-admin:" + action}
}

// eachWay runs a test over the gateway and with signed requests.
func eachWay(t *testing.T, check func(*testing.T, *discord.Discord, *bottest.Discord)) {
	t.Run("gateway", func(t *testing.T) {
		t.Parallel()
		d, fake := start(t)
		check(t, d, fake)
	})
	t.Run("signed", func(t *testing.T) {
		t.Parallel()
		d, fake, _ := signed(t)
		check(t, d, fake)
	})
}

func TestModalIsFilledIn(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, d *discord.Discord, fake *bottest.Discord) {
		run(t, d, answerForms)
		ready(t, fake)
		a, err := fake.Interact(testContext(t), press("form"))
		if err != nil || a.Modal == nil {
			t.Fatalf("opened %+v, %v", a, err)
		}
		if in := a.Modal.Input("曜日"); a.Modal.Title != "配信の設定" || in.Label != "曜日 [mon,tue]" || in.Value != "mon" {
			t.Errorf("modal: %+v", a.Modal)
		}
		if in := a.Modal.Input("長"); in.Placeholder != "on / off" || in.Value != "on" {
			t.Errorf("a long label: %+v", in)
		}
		a, err = fake.SubmitModal(testContext(t), press(""), a.Modal, map[string]string{"時刻": "09:15", "監視する語": "Exchange、FortiGate"})
		want := "保存: discord:" + guild + "/" + channel + " form 甲 time=09:15 days=mon language=ja thread=on watch=Exchange、FortiGate"
		if err != nil || a.Original == nil || a.Original.Text() != want || !a.Original.Ephemeral {
			t.Errorf("after sending: %+v, %v; want %q", a, err, want)
		}
	})
}

// What cannot be opened is answered by a message, for no other eyes.
func TestModalThatIsNotOpened(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, d *discord.Discord, fake *bottest.Discord) {
		run(t, d, answerForms)
		ready(t, fake)
		for action, want := range map[string]string{"form no": "管理者だけが使えます。", "form many": "答え: briefing-admin form many"} {
			a, err := fake.Interact(testContext(t), press(action))
			if err != nil || a.Original == nil || a.Modal != nil || !strings.Contains(a.Original.Text(), want) || !a.Original.Ephemeral {
				t.Errorf("%s: %+v, %v", action, a, err)
			}
		}
	})
}

// A modal cannot be deferred: while the responder takes its time, the person
// is told within Discord's three seconds.
func TestSlowModalIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, d *discord.Discord, fake *bottest.Discord) {
		release := make(chan struct{})
		run(t, d, func(ctx context.Context, req bot.Request) bot.Reply {
			if strings.HasPrefix(req.Text, "form") {
				<-release
			}
			return answerForms(ctx, req)
		})
		ready(t, fake)
		a, err := fake.Interact(testContext(t), press("form"))
		close(release)
		if err != nil || a.Original == nil || !strings.Contains(a.Original.Text(), "今は設定画面を開けません") || a.AckAfter > 3*time.Second {
			t.Errorf("answered %+v, %v", a, err)
		}
	})
}

func TestCommandOfMessagesLooksTheTextUp(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, d *discord.Discord, fake *bottest.Discord) {
		run(t, d, echo)
		a, err := fake.Interact(testContext(t), bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "Look up a term", On: `C\+\+ と多要素認証`})
		if err != nil || a.Original == nil || !strings.Contains(a.Original.Text(), "答え: lookup C++ と多要素認証") || !a.Original.Ephemeral {
			t.Errorf("answered %+v, %v", a, err)
		}
	})
}

// ready waits until the fake can bring something to the bot.
func ready(t *testing.T, fake *bottest.Discord) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := fake.Interact(ctx, bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member(), Command: "term"}); err != nil {
		t.Fatal(err)
	}
}
