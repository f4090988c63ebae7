package slack_test

import (
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

func TestNotify(t *testing.T) {
	fake, s := start(t, nil)
	to, m := oneMessage(t)
	to.Channel = bottest.SlackAdmin
	if err := s.Notify(t.Context(), to, m); err != nil {
		t.Fatal(err)
	}
	if got := fake.Seen(bottest.SlackConversation(bottest.SlackAdmin)); len(got) != 1 {
		t.Errorf("the person sees %+v", got)
	}
	if got := fake.Seen(bottest.SlackChannelID); len(got) != 0 {
		t.Errorf("the channel sees %+v", got)
	}
	to.Channel = "U404"
	if err := s.Notify(t.Context(), to, m); bot.ClassOf(err) != bot.ChannelGone {
		t.Errorf("nobody was told: %v", err)
	}
}

// TestProbe: a look joins no channel.
func TestProbe(t *testing.T) {
	fake, s := start(t, nil)
	fake.AddChannel(bottest.SlackChannel{ID: "C9", Name: "nine"})
	if err := s.Probe(t.Context(), ref("C9")); bot.ClassOf(err) != bot.ChannelGone {
		t.Errorf("outside of a public channel: %v", err)
	}
	if n := len(fake.Calls("conversations.join")); n != 0 {
		t.Errorf("joined %d times", n)
	}
	fake.AddChannel(bottest.SlackChannel{ID: "C9", Name: "nine", Member: true})
	if err := s.Probe(t.Context(), ref("C9")); err != nil {
		t.Errorf("in the channel: %v", err)
	}
}
