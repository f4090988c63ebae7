package discord_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// TestMain lets many tests run side by side: each spends a second waiting for
// discordgo to say goodbye.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// The server and the channel of the tests.
const (
	guild   = "700000000000000001"
	channel = "700000000000000002"
	absent  = "700000000000000009"
)

func ref() bot.Ref {
	return bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: guild}, Channel: channel}
}

func member() bottest.DiscordUser { return bottest.DiscordUser{ID: "800000000000000001", Name: "hana"} }

// start makes a bot and the Discord that it talks to.
func start(t testing.TB, change ...func(*discord.Options)) (*discord.Discord, *bottest.Discord) {
	t.Helper()
	fake := bottest.NewDiscord(t)
	fake.AddChannel(guild, channel)
	o := discord.Options{Token: bottest.DiscordToken, APIURL: fake.URL(), Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, c := range change {
		c(&o)
	}
	d, err := discord.New(o)
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	return d, fake
}

// patience is for what comes sooner or later, on however busy a machine: it
// ends a test that hangs, and no test waits for it.
const patience = time.Minute

// testContext ends when the patience does.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestConformance(t *testing.T) {
	bottest.TestPlatform(t, func(t *testing.T) bottest.Subject {
		d, fake := start(t)
		elsewhere := ref()
		elsewhere.Channel = absent
		return bottest.Subject{
			Platform: d,
			Ref:      ref(),
			Absent:   elsewhere,
			Seen:     func() []bottest.Seen { return fake.Seen(channel) },
			Command: func(ctx context.Context, name, text string) (bottest.Seen, error) {
				return give(ctx, fake, bottest.DiscordInteraction{Command: name, Options: []bottest.DiscordOption{{Name: "word", Value: text}}})
			},
			Open: func(ctx context.Context, name, text, label string) (bottest.SeenForm, error) {
				a, err := fake.Command(ctx, guild, channel, member(), name, bottest.DiscordOption{Name: "word", Value: text})
				if err != nil {
					return bottest.SeenForm{}, err
				}
				for _, c := range a.Original.Components {
					if c.Label == label {
						a, err = fake.Press(ctx, guild, channel, member(), c.CustomID)
						return a.Seen(), err
					}
				}
				return bottest.SeenForm{}, fmt.Errorf("nothing is labelled %q", label)
			},
			Submit: func(ctx context.Context, f bottest.SeenForm, answers map[string]string) (bottest.SeenForm, error) {
				a, err := fake.SubmitModal(ctx, bottest.DiscordInteraction{Guild: guild, Channel: channel, User: member()}, f.Handle.(*bottest.DiscordModal), answers)
				return a.Seen(), err
			},
			Redeliver: func(ctx context.Context, name, text string) error {
				_, err := give(ctx, fake, bottest.DiscordInteraction{Command: name, Options: []bottest.DiscordOption{{Name: "word", Value: text}}, Twice: true})
				return err
			},
		}
	})
}

// give does what a member does, and gives the message that answers it: the
// one for everybody where there is one.
func give(ctx context.Context, fake *bottest.Discord, i bottest.DiscordInteraction) (bottest.Seen, error) {
	i.Guild, i.Channel, i.User = guild, channel, member()
	i.Until = func(a bottest.DiscordAnswer) bool {
		shared := a.Original != nil && strings.Contains(a.Original.Text(), "共有しました")
		return a.Withdrawn || a.Original != nil && (!shared || len(a.FollowUps) > 0)
	}
	a, err := fake.Interact(ctx, i)
	if err != nil {
		return bottest.Seen{}, err
	}
	all := a.Messages()
	if len(all) == 0 {
		return bottest.Seen{}, errors.New("the answer was withdrawn")
	}
	last := all[len(all)-1]
	return bottest.Seen{Text: last.Text(), Private: last.Ephemeral, Pings: last.Pings}, nil
}
