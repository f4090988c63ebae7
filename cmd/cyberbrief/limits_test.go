package main

import (
	"context"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
)

// TestTooManyCommands through the wire of every platform: one person is told to
// wait, in private, and another is answered all the same.
func TestTooManyCommands(t *testing.T) {
	w := newWorld(t, bottest.SQLite(t))
	w.env["CONSOLE"], w.env["LISTEN"], w.env["CHANNELS"] = "true", unusedAddress(t), ""
	w.publish("2025-07-03", "架空の事案")
	w.run(morning)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		t.Fatal(err)
	}
	console := "http://" + w.env["LISTEN"]
	for name, people := range map[string][2]func(context.Context, string, string) (string, error){
		"slack":   {slackAsker(w, bottest.SlackMember), slackAsker(w, bottest.SlackAdmin)},
		"discord": {discordAsker(w, testGuild, testChannel, bottest.DiscordUser{ID: "1"}), discordAsker(w, testGuild, testChannel, bottest.DiscordUser{ID: "2"})},
		"console": {consoleAsker(t, console), consoleAsker(t, console)},
	} {
		const told = "⏳"
		for i := 0; ; i++ {
			answer, err := people[0](ctx, "term", "試験用語")
			if err != nil {
				t.Fatalf("%s: command %d: %v", name, i+1, err)
			}
			if strings.Contains(answer, told) {
				if i < 20 {
					t.Errorf("%s: told to wait after %d commands", name, i)
				}
				break
			}
		}
		if answer, err := people[1](ctx, "term", "試験用語"); err != nil || strings.Contains(answer, told) {
			t.Errorf("%s: another person gets %q, %v", name, answer, err)
		}
	}
	if posts := append(parents(w.inSlack()), parents(w.inDiscord())...); len(posts) > 0 {
		t.Errorf("everybody is told: %+v", posts)
	}
}
