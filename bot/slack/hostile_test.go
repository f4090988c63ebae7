package slack_test

import (
	"testing"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// slackLive is what Slack finds in the messages of a text in a place.
func slackLive(t testing.TB, place bottest.Place, text string) (live []bottest.Live) {
	t.Helper()
	messages, err := slack.Render(place.Post(text))
	if err != nil {
		t.Fatalf("%s: render %.80q: %v", place.Name, text, err)
	}
	for _, m := range messages {
		live = append(live, bottest.SlackLive(m))
	}
	return live
}

func checkHostile(t testing.TB, place bottest.Place, text string) {
	t.Helper()
	plain := slackLive(t, place, "無害な文。")[0]
	if place.Name == "marker" { // a number is one
		plain.Marks = map[string]bool{"rich_text_list": true}
	}
	for _, live := range slackLive(t, place, text) {
		if wrong := live.Wrong(plain, place.Post(text)); len(wrong) > 0 {
			t.Errorf("%.80q as %s: %.200q", text, place.Name, wrong)
		}
	}
}

// TestHostileTextIsText: no text from outside is anything but text on Slack,
// wherever it stands.
func TestHostileTextIsText(t *testing.T) {
	t.Parallel()
	bottest.InPlaces(func(place bottest.Place, text string) { checkHostile(t, place, text) })
}

func FuzzHostileText(f *testing.F) {
	places := bottest.Places()
	for i, p := range bottest.Hostile() {
		f.Add(p.Text, uint(i))
	}
	f.Fuzz(func(t *testing.T, text string, at uint) {
		checkHostile(t, places[at%uint(len(places))], text)
	})
}
