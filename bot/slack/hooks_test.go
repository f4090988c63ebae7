package slack_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// Signed requests share the intake of Socket Mode: the same commands and
// buttons give the same answers.
func TestSignedRequestsAreAnswered(t *testing.T) {
	fake, s := start(t, func(o *slack.Options) { o.AppToken, o.SigningSecret = "", bottest.SlackSigningSecret })
	mux := http.NewServeMux()
	mux.Handle("/slack/commands", s.Commands())
	mux.Handle("/slack/interactions", s.Interactions())
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	fake.UseHooks(bottest.SlackHooks{Commands: web.URL + "/slack/commands", Interactions: web.URL + "/slack/interactions"})
	run(t, s, func(ctx context.Context, req bot.Request) bot.Reply {
		reply := echo(ctx, req)
		reply.Document = append(reply.Document, bot.Buttons{{Label: "もっと", Action: bot.Action{Command: "term", Argument: "次"}}})
		return reply
	})
	got, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "語 & <x>")
	if err != nil || !strings.Contains(got.Message.PlainText(), "slack:T1/C1|U2|member|term|語 & <x>") {
		t.Fatalf("answer: %q, %v", got.Message.PlainText(), err)
	}
	if len(got.Acks[0].Payload) != 0 {
		t.Errorf("acknowledged with %s", got.Acks[0].Payload)
	}
	pressed, err := fake.Press(impatient(t, patience), "U2", got.Message, "もっと")
	if err != nil || !strings.Contains(pressed.Message.PlainText(), "|term|次") {
		t.Errorf("answer to a button: %q, %v", pressed.Message.PlainText(), err)
	}
	fake.UseHooks(bottest.SlackHooks{Commands: web.URL + "/slack/commands", Secret: "stolen-from-elsewhere"})
	if _, err := fake.Command(impatient(t, patience), "C1", "U2", "/term", "x"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a forged command: %v", err)
	}
}
