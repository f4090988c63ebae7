package slack_test

import (
	"encoding/json"
	"testing"

	slackgo "github.com/slack-go/slack"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// Another reader of Block Kit knows every block that we write.
func TestBlocksAreKnownToTheLibrary(t *testing.T) {
	for name, post := range posts() {
		messages, err := slack.Render(post)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			var body struct {
				Blocks slackgo.Blocks `json:"blocks"`
			}
			if err := json.Unmarshal(m, &body); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i, b := range body.Blocks.BlockSet {
				if _, unknown := b.(*slackgo.UnknownBlock); unknown {
					t.Errorf("%s: block %d is unknown: %s", name, i, m)
				}
			}
		}
	}
}

// The fake serves the library too, which puts its token into the body.
func TestFakeServesTheLibrary(t *testing.T) {
	fake := bottest.NewSlack(t)
	api := slackgo.New(bottest.SlackBotToken, slackgo.OptionAPIURL(fake.URL), slackgo.OptionHTTPClient(bot.NewTransport(bot.TransportOptions{}).Client()))
	channel, ts, err := api.PostMessageContext(t.Context(), "C1", slackgo.MsgOptionText("本文", false),
		slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: "x", EventPayload: map[string]any{"a": "b"}}))
	if err != nil || channel != "C1" || ts == "" {
		t.Fatalf("posted to %q as %q: %v", channel, ts, err)
	}
	page, err := api.GetConversationHistoryContext(t.Context(), &slackgo.GetConversationHistoryParameters{ChannelID: "C1", IncludeAllMetadata: true})
	if err != nil || len(page.Messages) != 1 || page.Messages[0].Metadata.EventPayload["a"] != "b" {
		t.Errorf("history: %+v, %v", page, err)
	}
	if u, err := api.GetUserInfoContext(t.Context(), bottest.SlackAdmin); err != nil || !u.IsAdmin {
		t.Errorf("user: %+v, %v", u, err)
	}
}
