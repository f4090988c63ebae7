package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
)

// TestRunTellsAnAdminThatAChannelIsPaused, privately and once, and resumes it
// when the platform takes the bot again.
func TestRunTellsAnAdminThatAChannelIsPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	first := w.run(morning)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		t.Fatal(err)
	}
	// Nobody added the channels by hand, so who changed them last cares.
	if _, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "set thread off"); err != nil {
		t.Fatal(err)
	}
	manager := bottest.DiscordUser{ID: "8", Permissions: "32"}
	set := bottest.DiscordOption{Name: "set", Options: []bottest.DiscordOption{{Name: "setting", Value: "thread"}, {Name: "value", Value: "off"}}}
	if _, err := w.discord.Command(ctx, testGuild, testChannel, manager, "briefing-admin", set); err != nil {
		t.Fatal(err)
	}
	// The bot is out, and finds nothing better when it asks.
	w.slack.AddChannel(bottest.SlackChannel{ID: bottest.SlackChannelID, Name: "news"})
	w.discord.SetPermissions(testGuild, "309237728256") // all that the bot asks for, but to send messages
	w.slack.FailNext("chat.postMessage", bottest.SlackFault{Error: "restricted_action"})
	w.discord.FailNext("POST channels/{channel}/messages", bottest.DiscordFault{Status: 403, Code: 50013})
	w.publish("2025-07-03", "架空の事案")
	told := func(seen []bottest.Seen, ref, code string) bool {
		return len(seen) == 1 && strings.Contains(seen[0].Text, ref) && strings.Contains(seen[0].Text, code)
	}
	w.await("both admins are told", func() bool {
		return told(w.slack.Seen(bottest.SlackConversation(bottest.SlackAdmin)), w.slackRef(), "restricted_action") &&
			told(w.discord.Conversation("8"), w.discordRef(), "50013")
	})
	w.await("both channels are paused", func() bool {
		for _, c := range w.status(morning).Channels {
			if c.State != "paused" {
				return false
			}
		}
		return true
	})
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	// The probe comes with the start, here on the next morning.
	w.slack.AddChannel(bottest.SlackChannel{ID: bottest.SlackChannelID, Name: "news", Member: true})
	w.discord.SetPermissions(testGuild, "309237730304")
	tomorrow := morning.AddDate(0, 0, 1)
	w.run(tomorrow)
	w.await("both channels get the next briefing", func() bool { return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 })
	for _, c := range w.status(tomorrow).Channels {
		if c.State != "active" {
			t.Errorf("%s is %s %s", c.Ref, c.State, c.Reason)
		}
	}
	var out bytes.Buffer
	if err := (channelLogCommand{Limit: 1}).Run(w.environment(t.Context(), tomorrow, &out)); err != nil || !strings.Contains(out.String(), "probe  resume") {
		t.Errorf("channel log: %v, %q", err, out.String())
	}
}
