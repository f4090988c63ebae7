package slack_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ref(channel string) bot.Ref {
	return bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: bottest.SlackTeam}, Channel: channel}
}

// start makes a fake Slack and a bot that talks to it.
func start(t *testing.T, change func(*slack.Options)) (*bottest.Slack, *slack.Slack) {
	t.Helper()
	fake := bottest.NewSlack(t)
	o := slack.Options{BotToken: bottest.SlackBotToken, AppToken: bottest.SlackAppToken, APIURL: fake.URL}
	if change != nil {
		change(&o)
	}
	s, err := slack.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return fake, s
}

func TestConformance(t *testing.T) {
	bottest.TestPlatform(t, func(t *testing.T) bottest.Subject {
		fake, s := start(t, nil)
		return bottest.Subject{
			Platform: s,
			Ref:      ref(bottest.SlackChannelID),
			Absent:   ref("C404"),
			Seen:     func() []bottest.Seen { return fake.Seen(bottest.SlackChannelID) },
			Command: func(ctx context.Context, name, text string) (bottest.Seen, error) {
				a, err := fake.Command(ctx, bottest.SlackChannelID, bottest.SlackMember, "/"+name, text)
				return a.Message.Seen(), err
			},
			Open: func(ctx context.Context, name, text, label string) (bottest.SeenForm, error) {
				a, err := fake.Command(ctx, bottest.SlackChannelID, bottest.SlackMember, "/"+name, text)
				if err != nil {
					return bottest.SeenForm{}, err
				}
				v, err := fake.PressFor(ctx, bottest.SlackMember, a.Message, label)
				return v.Seen(), err
			},
			Submit: func(ctx context.Context, f bottest.SeenForm, answers map[string]string) (bottest.SeenForm, error) {
				v, err := fake.Submit(ctx, f.Handle.(bottest.SlackView), answers)
				return v.Seen(), err
			},
			Redeliver: func(ctx context.Context, name, text string) error {
				_, err := fake.CommandTwice(ctx, bottest.SlackChannelID, bottest.SlackMember, "/"+name, text)
				return err
			},
		}
	})
}
