package main

import (
	"context"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// The other tenant of each platform. Their channels have the ids of those of
// the first.
const (
	otherTeam  = "T2"
	otherGuild = "910000000000000001"
)

// byConfig is how the audit log names the configuration.
const byConfig = "起動時の設定"

// TestNothingCrossesTenants: two workspaces, and two servers, whose channels
// have equal ids. What an admin of one asks shows and changes nothing of the
// other; every answer is searched for what only the other has.
func TestNothingCrossesTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案")
	first := w.run(morning)
	w.await("both channels have their post", func() bool { return len(w.status(morning).Channels) == 2 && w.allPosted(morning) })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	w.addTenants()
	w.env["CHANNELS"] = ""
	w.run(morning)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.slack.AddUser(bottest.SlackUser{ID: "UOTHER", Team: otherTeam, Admin: true})
	inOtherTeam := func(ctx context.Context, command, text string) (string, error) {
		answer, err := w.slack.CommandFrom(ctx, otherTeam, bottest.SlackChannelID, "UOTHER", "/"+command, text, 1)
		return answer.Message.PlainText(), err
	}
	for name, c := range map[string]struct {
		ask           func(context.Context, string, string) (string, error)
		own, foreign  string // refs
		ownWho, other string // who stands in the audit log
		channel       string
	}{
		"slack, first":   {slackAsker(w, bottest.SlackAdmin), w.slackRef(), "slack:" + otherTeam + "/" + bottest.SlackChannelID, byConfig, "UOTHER", "#" + bottest.SlackChannelID},
		"slack, other":   {inOtherTeam, "slack:" + otherTeam + "/" + bottest.SlackChannelID, w.slackRef(), "UOTHER", byConfig, "#" + bottest.SlackChannelID},
		"discord, first": {discordAsker(w, testGuild, testChannel, manager), w.discordRef(), "discord:" + otherGuild + "/" + testChannel, byConfig, "UOTHER", "<#" + testChannel + ">"},
		"discord, other": {discordAsker(w, otherGuild, testChannel, manager), "discord:" + otherGuild + "/" + testChannel, w.discordRef(), "UOTHER", byConfig, "<#" + testChannel + ">"},
	} {
		t.Run(name, func(t *testing.T) {
			first := c.ownWho == byConfig
			say := func(text string, want ...string) {
				t.Helper()
				answer, err := c.ask(ctx, "briefing-admin", text)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				for _, s := range want {
					if !strings.Contains(answer, s) {
						t.Errorf("%s: %q lacks %q", text, answer, s)
					}
				}
				for _, s := range []string{c.foreign, c.other} {
					// A channel that was named may be named in the refusal.
					if strings.Contains(answer, s) && !strings.Contains(text, s) {
						t.Errorf("%s: %q shows %q of another tenant", text, answer, s)
					}
				}
			}
			at := map[bool]string{true: "08:30", false: "07:11"}[first]
			say("list", c.own, at)
			say("status", c.own)
			say("log", c.own, c.ownWho)
			say("set "+c.channel, "time "+at)
			for _, command := range []string{"pause", "resume", "remove", "preview", "test", "set"} {
				say(command+" "+c.foreign, "このワークスペースのチャンネルではありません")
			}
			say("add "+c.foreign, "このワークスペースのチャンネルではありません")
			if !first {
				say("retract 2025-07-03", "投稿はありません")
			}
			if _, err := c.ask(ctx, "term", "だれも知らない語"); err != nil {
				t.Error(err)
			}
		})
	}
	if n, m := len(parents(w.inSlack())), len(parents(w.inDiscord())); n != 1 || m != 1 {
		t.Errorf("%d posts in Slack and %d on Discord are left, want one each", n, m)
	}
	w.countedApart()
}

// manager may manage servers.
var manager = bottest.DiscordUser{ID: "800000000000000008", Permissions: "32"}

// addTenants gives each platform a second tenant with a channel that rests.
func (w *world) addTenants() {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.env["DATABASE_URL"], store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Shutdown()
	all, err := s.Channels(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, ch := range all {
		ch.Tenant = map[bot.Platform]string{bot.Slack: otherTeam, bot.Discord: otherGuild}[ch.Platform]
		ch.Time, ch.Paused, ch.Reason = 7*60+11, true, bot.PausedByAdmin
		if err := s.PutChannel(w.t.Context(), ch, bot.AuditEntry{At: morning, Installation: ch.ID(), Who: "UOTHER", What: "add", Ref: ch.Ref}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// countedApart: the words that tenants asked for are not one tenant's.
func (w *world) countedApart() {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.env["DATABASE_URL"], store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Shutdown()
	words, err := s.UnknownWords(w.t.Context(), 10)
	if err != nil || len(words) != 1 || words[0].Times != 4 {
		w.t.Errorf("unknown words: %+v, %v; want one that four tenants asked for", words, err)
	}
}
