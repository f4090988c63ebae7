package main

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// The admin and the member of a Discord server.
var (
	guildAdmin  = bottest.DiscordUser{ID: "900000000000000003", Name: "kanri", Permissions: "32"}
	guildMember = bottest.DiscordUser{ID: "900000000000000004", Name: "hana"}
)

// bySockets starts the program on Socket Mode and the gateway.
func (w *world) bySockets(now time.Time) *process {
	p := w.run(now)
	w.address(p)
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		w.t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		w.t.Fatal(err)
	}
	return p
}

// byHTTP starts the program on signed requests alone.
func (w *world) byHTTP(now time.Time) *process {
	delete(w.env, "SLACK_APP_TOKEN")
	w.env["SLACK_SIGNING_SECRET"], w.env["DISCORD_PUBLIC_KEY"] = bottest.SlackSigningSecret, w.discord.PublicKey()
	p := w.run(now)
	address := w.address(p)
	w.slack.UseHooks(bottest.SlackHooks{Commands: address + "/slack/commands", Interactions: address + "/slack/interactions", Events: address + "/slack/events"})
	w.discord.SignTo(address + "/discord/interactions")
	return p
}

// changes is what `channel log` prints.
func (w *world) changes(now time.Time) string {
	w.t.Helper()
	var out bytes.Buffer
	if err := (channelLogCommand{Limit: 50}).Run(w.environment(w.t.Context(), now, &out)); err != nil {
		w.t.Fatalf("channel log: %v\n%s", err, out.String())
	}
	return out.String()
}

// eachTransport runs a test over sockets and with signed requests.
func eachTransport(t *testing.T, check func(*testing.T, context.Context, *world, time.Time)) {
	for name, start := range map[string]func(*world, time.Time) *process{"sockets": (*world).bySockets, "signed": (*world).byHTTP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now() // signatures are of now
			w := newWorld(t, bottest.SQLite(t))
			w.publish("2025-07-03", "架空の事案")
			start(w, now)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			check(t, ctx, w, now)
			if refused := w.slack.Refusals(); len(refused) > 0 {
				t.Errorf("Slack refused %q", refused)
			}
		})
	}
}

// problems are what a form that was sent says is wrong: at its fields, or below
// them when the answer took longer than Slack waits.
func problems(v bottest.SlackView) []string {
	found := slices.Collect(maps.Values(v.Errors))
	for line := range strings.Lines(v.PlainText()) {
		if strings.Contains(line, "⚠️") {
			found = append(found, line)
		}
	}
	return found
}

// TestRunFormsOnSlack: the home tab shows an admin the channels, a setting is
// changed in a modal, and the audit log has it; a member gets neither.
func TestRunFormsOnSlack(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, ctx context.Context, w *world, now time.Time) {
		w.await("the digest is read", func() bool { return len(w.status(now).Sources) == 1 && w.status(now).Sources[0].Newest == "2025-07-03" })
		home, err := w.slack.OpenHome(ctx, bottest.SlackAdmin)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"架空の事案", "配信の管理", "#" + bottest.SlackChannelID} {
			if !strings.Contains(home.PlainText(), want) {
				t.Errorf("home lacks %q:\n%s", want, home.PlainText())
			}
		}
		if strings.Contains(home.PlainText(), testGuild) {
			t.Errorf("home shows another installation:\n%s", home.PlainText())
		}
		found, err := w.slack.TypeIn(ctx, home, "🔍 用語を調べる", "ｔｔ")
		if err != nil || !strings.Contains(found.PlainText(), "試験のために置かれた用語") {
			t.Errorf("searched: %q, %v", found.PlainText(), err)
		}

		form, err := w.slack.PressIn(ctx, home, "⚙️ 設定を変える")
		if err != nil || form.Fields()["配信時刻"] != "08:30" {
			t.Fatalf("form: %q, %v", form.PlainText(), err)
		}
		wrong, err := w.slack.Submit(ctx, form, map[string]string{"タイムゾーン": "Mars/Base", "遅れて届いたときに待つ時間": "soon"})
		if found := problems(wrong); err != nil || len(found) != 2 {
			t.Errorf("wrong input: %q in %q, %v", found, wrong.PlainText(), err)
		}
		saved, err := w.slack.Submit(ctx, form, map[string]string{"配信時刻": "09:15"})
		if err != nil || !strings.Contains(saved.PlainText(), "time 08:30 → 09:15") {
			t.Fatalf("saved: %q, %v", saved.PlainText(), err)
		}
		if log := w.changes(now); !strings.Contains(log, bottest.SlackAdmin+"  set "+w.slackRef()+"  time 08:30 → 09:15") {
			t.Errorf("audit log:\n%s", log)
		}
		w.await("home shows the new time", func() bool { return strings.Contains(w.slack.Home(bottest.SlackAdmin).PlainText(), " 09:15") })

		// A member sees no channels, opens no form, and sends none, not even
		// one that an admin has opened.
		members, err := w.slack.OpenHome(ctx, bottest.SlackMember)
		if err != nil || !strings.Contains(members.PlainText(), "架空の事案") || strings.Contains(string(members.Body), "briefing-admin") {
			t.Errorf("a member's home: %s, %v", members.Body, err)
		}
		settings, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "set")
		if err != nil {
			t.Fatal(err)
		}
		refused, err := w.slack.PressFor(ctx, bottest.SlackMember, settings.Message, "⚙️ 設定を変える")
		if err != nil || !strings.Contains(refused.PlainText(), "管理者だけ") || len(refused.Fields()) > 0 {
			t.Errorf("opened by a member: %q, %v", refused.PlainText(), err)
		}
		form, err = w.slack.PressFor(ctx, bottest.SlackAdmin, settings.Message, "⚙️ 設定を変える")
		if err != nil {
			t.Fatal(err)
		}
		form.User = bottest.SlackMember
		refused, err = w.slack.Submit(ctx, form, map[string]string{"配信時刻": "10:00"})
		if err != nil || !strings.Contains(refused.PlainText(), "管理者だけ") || strings.Contains(w.changes(now), "10:00") {
			t.Errorf("sent by a member: %q, %v\n%s", refused.PlainText(), err, w.changes(now))
		}
	})
}

// TestRunAddsAChannelByForm: a public channel is joined when it is added; the
// removed one is not saved to.
func TestRunAddsAChannelByForm(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, ctx context.Context, w *world, now time.Time) {
		w.slack.AddChannel(bottest.SlackChannel{ID: "C200000002", Name: "soc"})
		offer, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "add")
		if err != nil {
			t.Fatal(err)
		}
		form, err := w.slack.PressFor(ctx, bottest.SlackAdmin, offer.Message, "➕ チャンネルを選んで追加")
		if err != nil {
			t.Fatal(err)
		}
		there, err := w.slack.Submit(ctx, form, nil)
		if found := problems(there); err != nil || len(found) != 1 || !strings.Contains(found[0], "登録済み") {
			t.Errorf("the channel that is there: %q in %q, %v", found, there.PlainText(), err)
		}
		added, err := w.slack.Submit(ctx, form, map[string]string{"チャンネル": "C200000002", "配信時刻": "07:45"})
		if err != nil || !strings.Contains(added.PlainText(), "slack:T1/C200000002 を追加しました。07:45") || len(w.slack.Calls("conversations.join")) != 1 {
			t.Fatalf("added: %q, %v", added.PlainText(), err)
		}
		late, err := w.slack.PressIn(ctx, added, "⚙️ 設定を変える")
		if err != nil || late.Fields()["配信時刻"] != "07:45" {
			t.Fatalf("form: %q, %v", late.PlainText(), err)
		}
		if _, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "remove <#C200000002|soc>"); err != nil {
			t.Fatal(err)
		}
		gone, err := w.slack.Submit(ctx, late, map[string]string{"配信時刻": "07:50"})
		if err != nil || !strings.Contains(gone.PlainText(), "slack:T1/C200000002 は配信先に登録されていません") {
			t.Errorf("after its removal: %q, %v", gone.PlainText(), err)
		}
		if log := w.changes(now); !strings.Contains(log, "add slack:T1/C200000002") || strings.Contains(log, "07:50") {
			t.Errorf("audit log:\n%s", log)
		}
	})
}

// TestRunFormsOnDiscord is the same by modal on Discord.
func TestRunFormsOnDiscord(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, ctx context.Context, w *world, now time.Time) {
		settings, err := w.discord.Command(ctx, testGuild, testChannel, guildAdmin, "briefing-admin", bottest.DiscordOption{Name: "set"})
		if err != nil {
			t.Fatal(err)
		}
		press := func(who bottest.DiscordUser) bottest.DiscordAnswer {
			t.Helper()
			for _, c := range settings.Original.Components {
				if c.Label == "⏰ 時刻と曜日を変える" {
					a, err := w.discord.Press(ctx, testGuild, testChannel, who, c.CustomID)
					if err != nil {
						t.Fatal(err)
					}
					return a
				}
			}
			t.Fatalf("no button for the form: %+v", settings.Original)
			return bottest.DiscordAnswer{}
		}
		if a := press(guildMember); a.Modal != nil || !strings.Contains(a.Original.Text(), "管理者だけ") || !a.Original.Ephemeral {
			t.Errorf("opened by a member: %+v", a)
		}
		modal := press(guildAdmin).Modal
		if modal == nil || modal.Input("配信時刻").Value != "08:30" {
			t.Fatalf("modal: %+v", modal)
		}
		send := func(who bottest.DiscordUser, values map[string]string) string {
			t.Helper()
			a, err := w.discord.SubmitModal(ctx, bottest.DiscordInteraction{Guild: testGuild, Channel: testChannel, User: who}, modal, values)
			if err != nil || a.Original == nil || !a.Original.Ephemeral {
				t.Fatalf("sent: %+v, %v", a, err)
			}
			return a.Original.Text()
		}
		if text := send(guildMember, map[string]string{"配信時刻": "10:00"}); !strings.Contains(text, "管理者だけ") {
			t.Errorf("sent by a member: %q", text)
		}
		if text := send(guildAdmin, map[string]string{"配信時刻": "25:00", "曜日": "someday"}); !strings.Contains(text, "25:00") || !strings.Contains(text, "someday") || !strings.Contains(text, "保存していません") {
			t.Errorf("wrong input: %q", text)
		}
		if text := send(guildAdmin, map[string]string{"配信時刻": "09:15", "曜日": "weekdays", "祝日": "はい"}); !strings.Contains(text, "time 08:30 → 09:15") {
			t.Errorf("saved: %q", text)
		}
		log := w.changes(now)
		if !strings.Contains(log, guildAdmin.ID+"  set "+w.discordRef()+"  time 08:30 → 09:15, days daily → weekdays, skip-holidays off → on") || strings.Contains(log, "10:00") {
			t.Errorf("audit log:\n%s", log)
		}
		answer, err := w.discord.Command(ctx, testGuild, testChannel, guildAdmin, "briefing-admin", bottest.DiscordOption{Name: "log"})
		if err != nil || !strings.Contains(answer.Original.Text(), "設定") || !strings.Contains(answer.Original.Text(), "time 08:30 → 09:15") {
			t.Errorf("/briefing-admin log: %+v, %v", answer.Original, err)
		}
	})
}

// TestRunAnswersOldButtons: what was posted a month and a restart ago still
// works, for it carries all that it needs.
func TestRunAnswersOldButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案")
	first := w.bySockets(morning)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	w.await("both channels get the briefing", func() bool { return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 })
	settings, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "set")
	if err != nil {
		t.Fatal(err)
	}
	open, err := w.slack.PressFor(ctx, bottest.SlackAdmin, settings.Message, "⚙️ 設定を変える")
	if err != nil {
		t.Fatal(err)
	}
	onDiscord, err := w.discord.Command(ctx, testGuild, testChannel, guildMember, "term", bottest.DiscordOption{Name: "word", Value: "試験用"})
	if err != nil || len(onDiscord.Original.Components) == 0 {
		t.Fatalf("Discord: %+v, %v", onDiscord, err)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}

	later := morning.AddDate(0, 1, 0)
	w.run(later)
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 2); err != nil {
		t.Fatal(err)
	}
	saved, err := w.slack.Submit(ctx, open, map[string]string{"配信時刻": "09:15"})
	if err != nil || !strings.Contains(saved.PlainText(), "time 08:30 → 09:15") {
		t.Errorf("a form that was open: %q, %v", saved.PlainText(), err)
	}
	again, err := w.slack.PressFor(ctx, bottest.SlackAdmin, settings.Message, "⚙️ 設定を変える")
	if err != nil || again.Fields()["配信時刻"] != "09:15" {
		t.Errorf("the button of then: %q, %v", again.PlainText(), err)
	}
	posts := 0
	for _, m := range w.slack.Messages(bottest.SlackChannelID) {
		if strings.Contains(m.PlainText(), "[試験用語]") && m.For == "" {
			posts++
			answer, err := w.slack.Press(ctx, bottest.SlackMember, m, "試験用語")
			if err != nil || !strings.Contains(answer.Message.PlainText(), "試験のために置かれた用語") {
				t.Errorf("a term of the post: %q, %v", answer.Message.PlainText(), err)
			}
			found, err := w.slack.MessageShortcut(ctx, bottest.SlackMember, m, slack.LookUpShortcut)
			if err != nil || !strings.Contains(found.Message.PlainText(), "試験のために置かれた用語") {
				t.Errorf("the shortcut: %q, %v", found.Message.PlainText(), err)
			}
		}
	}
	if posts == 0 {
		t.Errorf("no post has the term as a button: %+v", w.inSlack())
	}
	share := onDiscord.Original.Components[len(onDiscord.Original.Components)-1]
	shared, err := w.discord.Interact(ctx, bottest.DiscordInteraction{Guild: testGuild, Channel: testChannel, User: guildMember, CustomID: share.CustomID,
		Until: func(a bottest.DiscordAnswer) bool { return len(a.FollowUps) > 0 }})
	if err != nil || !strings.Contains(shared.FollowUps[0].Text(), "hana さんが共有しました") || shared.FollowUps[0].Ephemeral {
		t.Errorf("shared: %+v, %v", shared, err)
	}
}
