package discord_test

import (
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// discordLive is what Discord finds in the messages of a text in a place.
func discordLive(t testing.TB, place bottest.Place, text string) (live []bottest.Live) {
	t.Helper()
	messages, err := discord.Render(place.Post(text))
	if err != nil {
		t.Fatalf("%s: render %.80q: %v", place.Name, text, err)
	}
	for _, m := range messages {
		live = append(live, bottest.DiscordLive(m))
	}
	return live
}

func checkHostile(t testing.TB, place bottest.Place, text string) {
	t.Helper()
	plain := discordLive(t, place, "無害な文。")[0]
	allowOwn(&plain, place, text)
	for _, live := range discordLive(t, place, text) {
		if wrong := live.Wrong(plain, place.Post(text)); len(wrong) > 0 {
			t.Errorf("%.80q as %s: %.200q", text, place.Name, wrong)
		}
	}
}

// allowOwn allows the mark-up with which the bot itself shows what has no
// room in a title, button or option, or is kept out of it.
func allowOwn(plain *bottest.Live, place bottest.Place, text string) {
	const longest = 200 // in bytes of text, less than any of these can hold
	if plain.Marks == nil {
		plain.Marks = map[string]bool{}
	}
	for _, name := range []string{"title", "button", "option"} {
		if strings.Contains(place.Name, name) {
			plain.Marks["small print"] = true
		}
	}
	for _, name := range []string{"title", "heading"} {
		if strings.Contains(place.Name, name) && len(text) > longest {
			plain.Marks["bold"] = true
		}
	}
}

// TestHostileTextIsText: no text from outside is anything but text on Discord,
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
