package main

import (
	"fmt"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/briefing"
)

// notifier is what tells a person of paused channels.
type notifier interface {
	delivery.Sender
	delivery.Notifier
}

// TestNoticeOfManyChannels tells of up to hundreds of channels at once, with
// long ids and as many reasons as there can be: it is one message that the
// platform takes, names the first twenty, says how many more there are, and
// pings nobody.
func TestNoticeOfManyChannels(t *testing.T) {
	t.Parallel()
	const named = 20
	for _, p := range []bot.Platform{bot.Slack, bot.Discord} {
		for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
			for _, n := range []int{1, named, named + 1, 700} {
				for _, reasons := range []int{1, named} {
					t.Run(fmt.Sprintf("%s/%s/%d/%d", p, lang, n, reasons), func(t *testing.T) {
						paused := manyPaused(p, n, reasons)
						seen := notified(t, p, bot.PauseNotice(lang, paused))
						for i, c := range paused {
							if strings.Contains(seen.Text, c.Ref.String()) != (i < named) || i < named && !strings.Contains(seen.Text, c.Code) {
								t.Errorf("channel %d, %+v, is not told as it should be", i, c)
							}
						}
						more := fmt.Sprintf(map[briefing.Language]string{briefing.Japanese: "ほか %d チャンネル", briefing.English: "And %d more"}[lang], n-named)
						if strings.Contains(seen.Text, more) != (n > named) || len(seen.Pings) > 0 {
							t.Errorf("%d channels: it says %q and pings %q", n, seen.Text, seen.Pings)
						}
					})
				}
			}
		}
	}
}

// manyPaused are channels of one installation with ids as long as they come.
func manyPaused(p bot.Platform, n, reasons int) (all []bot.Paused) {
	codes := map[bot.Platform][]string{
		bot.Slack:   {"restricted_action_read_only_channel", "channel_not_found", "missing_scope"},
		bot.Discord: {"50001", "50013", "10003"},
	}[p]
	for len(codes) < reasons { // a platform has other words, which are shown as they are
		codes = append(codes, fmt.Sprintf("restricted_action_thread_only_channel_%02d", len(codes)))
	}
	for i := range n {
		ref := bot.Ref{Installation: bot.Installation{Platform: p, Tenant: "T0123456789AB"}, Channel: fmt.Sprintf("C0123456%05d", i)}
		if p == bot.Discord {
			ref.Tenant, ref.Channel = "18446744073709551615", fmt.Sprintf("184467440737095%05d", i)
		}
		all = append(all, bot.Paused{Ref: ref, Code: codes[i%reasons]})
	}
	return all
}

// notified is what a person sees of a notice.
func notified(t *testing.T, p bot.Platform, notice bot.Document) bottest.Seen {
	t.Helper()
	var n notifier
	var err error
	var read func() []bottest.Seen
	person := bottest.SlackAdmin
	refusals := func() []string { return nil }
	if p == bot.Slack {
		fake := bottest.NewSlack(t)
		n, err = slack.New(slack.Options{BotToken: bottest.SlackBotToken, APIURL: fake.URL})
		read = func() []bottest.Seen { return fake.Seen(bottest.SlackConversation(person)) }
	} else {
		person = "77"
		fake := bottest.NewDiscord(t)
		n, err = discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: fake.URL()})
		read, refusals = func() []bottest.Seen { return fake.Conversation(person) }, fake.Refusals
	}
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := n.Render(bot.Post{Parent: notice})
	if err != nil || len(bodies) != 1 {
		t.Fatalf("%d messages, %v", len(bodies), err)
	}
	to := markedTarget(p)
	to.Channel = person
	if err := n.Notify(t.Context(), to, bodies[0]); err != nil || len(refusals()) > 0 {
		t.Fatalf("notify: %v, %q", err, refusals())
	}
	seen := read()
	if len(seen) != 1 {
		t.Fatalf("the person sees %+v", seen)
	}
	return seen[0]
}
