package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
)

// TestRunCorrectsAndRetracts: a revised file is edited into the posts of both
// platforms; an admin of one takes back the posts of that one only, and the
// operator those that are left.
func TestRunCorrectsAndRetracts(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.publish("2025-07-03", "架空の事案")
		p := w.run(morning)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := w.slack.WaitSockets(ctx, 2); err != nil {
			t.Fatal(err)
		}
		w.await("both channels get the briefing", func() bool { return w.allPosted(morning) })
		before := len(w.inSlack()) + len(w.inDiscord())

		w.publish("2025-07-03", "訂正された事案")
		corrected := func(seen []bottest.Seen) bool {
			return strings.Contains(seen[0].Text, "訂正された事案") && strings.Contains(seen[0].Text, "更新 08:4") &&
				strings.Contains(seen[1].Text, "訂正された事案")
		}
		w.await("both posts show the correction", func() bool { return corrected(w.inSlack()) && corrected(w.inDiscord()) })
		w.await("nobody is at the posts any more", func() bool { return strings.Count(p.out.String(), "post is up to date") == 2 })
		for _, m := range append(w.inSlack(), w.inDiscord()...) {
			if strings.Contains(m.Text, "架空の事案") {
				t.Errorf("a message shows the old text: %q", m.Text)
			}
		}
		if after := len(w.inSlack()) + len(w.inDiscord()); after != before {
			t.Errorf("%d messages after the correction, %d before", after, before)
		}

		answer, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "retract 2025-07-03")
		if err != nil || !strings.Contains(answer.Message.PlainText(), "削除します") {
			t.Fatalf("Slack: %q, %v", answer.Message.PlainText(), err)
		}
		w.await("nothing is left in Slack", func() bool { return len(shown(w.inSlack())) == 0 })
		if n := len(parents(w.inDiscord())); n != 1 {
			t.Errorf("Discord shows %d briefings", n)
		}
		var out bytes.Buffer
		if err := (retractCommand{Date: "2025-07-03"}).Run(w.environment(t.Context(), morning, &out)); err != nil {
			t.Errorf("retract: %v\n%s", err, out.String())
		}
		if n := len(w.inDiscord()); n != 0 || !strings.Contains(out.String(), "removed the digest of 2025-07-03 from "+w.discordRef()) {
			t.Errorf("Discord shows %d messages; %s", n, out.String())
		}
		for _, c := range w.status(morning).Channels {
			if c.Slot.State != "posted" || c.Slot.Reason != "retracted" {
				t.Errorf("%s: slot %+v", c.Ref, c.Slot)
			}
		}
		if err := (retractCommand{Date: "2025-07-03"}).Run(w.environment(t.Context(), morning, &out)); err == nil {
			t.Error("retracted twice")
		}
	})
}

// shown are the messages that the whole channel sees.
func shown(seen []bottest.Seen) []bottest.Seen {
	var out []bottest.Seen
	for _, m := range seen {
		if !m.Private {
			out = append(out, m)
		}
	}
	return out
}
