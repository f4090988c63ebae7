package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/briefing"
)

// TestRunSpeaksTheLanguageOfTheChannel on both platforms, from the moment an
// admin has chosen it; and an admin can test the channel and read the log.
func TestRunSpeaksTheLanguageOfTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.run(morning)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		t.Fatal(err)
	}
	inSlack := func(user, text string) string {
		t.Helper()
		answer, err := w.slack.Command(ctx, bottest.SlackChannelID, user, "/briefing-admin", text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return answer.Message.PlainText()
	}
	if text := inSlack(bottest.SlackMember, "list"); !strings.Contains(text, "管理者だけ") {
		t.Errorf("before: %q", text)
	}
	inSlack(bottest.SlackAdmin, "set language en")
	if text := inSlack(bottest.SlackMember, "list"); !strings.Contains(text, "Only admins") {
		t.Errorf("after: %q", text)
	}
	if text := inSlack(bottest.SlackAdmin, "test"); !strings.Contains(text, "Posted a test message to "+w.slackRef()) {
		t.Errorf("test: %q", text)
	}
	if got := parents(w.inSlack()); len(got) != 1 || !strings.Contains(got[0].Text, "A test by cyberbrief") {
		t.Errorf("Slack shows %+v", got)
	}
	if text := inSlack(bottest.SlackAdmin, "log"); !strings.Contains(text, "set #"+bottest.SlackChannelID) || !strings.Contains(text, "by "+bottest.SlackAdmin) || !strings.Contains(text, "language ja → en") || strings.Contains(text, w.discordRef()) {
		t.Errorf("log: %q", text)
	}
	manager := bottest.DiscordUser{ID: "8", Permissions: "32"}
	reply, err := w.discord.Command(ctx, testGuild, testChannel, manager, "briefing-admin", bottest.DiscordOption{Name: "test"})
	if err != nil {
		t.Fatalf("Discord: %v", err)
	}
	if text := reply.Messages()[0].Text(); !strings.Contains(text, "テスト投稿をしました") {
		t.Errorf("Discord: %q", text)
	}
	if got := parents(w.inDiscord()); len(got) != 1 || !strings.Contains(got[0].Text, "cyberbrief のテスト投稿") {
		t.Errorf("Discord shows %+v", got)
	}
	var out bytes.Buffer
	if err := (channelTestCommand{Ref: w.slackRef()}).Run(w.environment(t.Context(), morning, &out)); err != nil || !strings.Contains(out.String(), "posted a test message") {
		t.Errorf("channel test: %v\n%s", err, out.String())
	}
	if n := len(parents(w.inSlack())); n != 2 {
		t.Errorf("Slack shows %d messages", n)
	}
}

func TestLanguages(t *testing.T) {
	ref := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T1"}, Channel: "C1"}
	l := &languages{}
	if got := l.language(ref); got != briefing.Japanese {
		t.Errorf("before anything is known: %s", got)
	}
	keeper := listening{oneChannel{bot.Channel{Ref: ref, Settings: bot.Settings{Language: briefing.English}}}, l}
	if err := keeper.PutChannel(t.Context(), bot.Channel{Ref: ref, Settings: bot.Settings{Language: briefing.English}}, bot.AuditEntry{}); err != nil {
		t.Fatal(err)
	}
	if got := l.language(ref); got != briefing.English {
		t.Errorf("after a change: %s", got)
	}
	home := bot.Ref{Installation: ref.Installation}
	if got := l.language(home); got != briefing.English {
		t.Errorf("in no channel, where all are in English: %s", got)
	}
	if err := keeper.PutChannel(t.Context(), bot.Channel{Ref: bot.Ref{Installation: ref.Installation, Channel: "C2"}, Settings: bot.Settings{Language: briefing.Japanese}}, bot.AuditEntry{}); err != nil {
		t.Fatal(err)
	}
	elsewhere := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T2"}}
	for at, want := range map[bot.Ref]briefing.Language{home: briefing.Japanese, elsewhere: briefing.Japanese, ref: briefing.English} {
		if got := l.language(at); got != want {
			t.Errorf("%s, where some are: %s, want %s", at, got, want)
		}
	}
	other := &languages{}
	if err := other.refresh(t.Context(), keeper); err != nil || other.language(ref) != briefing.English {
		t.Errorf("after a refresh: %s, %v", other.language(ref), err)
	}
}

// oneChannel keeps one channel.
type oneChannel struct{ ch bot.Channel }

func (k oneChannel) Channels(context.Context) ([]bot.Channel, error)             { return []bot.Channel{k.ch}, nil }
func (k oneChannel) Channel(context.Context, bot.Ref) (bot.Channel, error)       { return k.ch, nil }
func (oneChannel) PutChannel(context.Context, bot.Channel, bot.AuditEntry) error { return nil }
func (oneChannel) RemoveChannel(context.Context, bot.Ref, bot.AuditEntry) error  { return nil }
