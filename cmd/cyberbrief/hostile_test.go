package main

import (
	"bytes"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

// checkTerminal prints a post and fails for what would steer a terminal, or
// show what is not there.
func checkTerminal(t *testing.T, name string, post bot.Post) {
	t.Helper()
	var out bytes.Buffer
	if err := printPost(&out, post, false); err != nil {
		t.Fatal(err)
	}
	if hidden := bottest.HiddenInText(out.String()); len(hidden) > 0 {
		t.Errorf("%s: prints %q", name, hidden)
	}
}

func TestHostileTextDoesNotSteerTheTerminal(t *testing.T) {
	bottest.InPlaces(func(at bottest.Place, text string) { checkTerminal(t, at.Name, at.Post(text)) })
}

func FuzzTerminal(f *testing.F) {
	places := bottest.Places()
	for i, p := range bottest.Hostile() {
		f.Add(p.Text, uint(i))
	}
	f.Fuzz(func(t *testing.T, text string, at uint) {
		place := places[at%uint(len(places))]
		checkTerminal(t, place.Name, place.Post(text))
	})
}

// TestErrorsDoNotSteerTheTerminal: a file's name and a warning's words are
// text from outside too.
func TestErrorsDoNotSteerTheTerminal(t *testing.T) {
	var out, errs bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	run(t.Context(), []string{"digest", "lint", "no\x1b[31m\u202Esuch.md", "-"}, none, strings.NewReader("\x1b]0;x\x07\u202E"), &out, &errs)
	for _, said := range []string{out.String(), errs.String()} {
		if hidden := bottest.HiddenInText(said); said == "" || len(hidden) > 0 {
			t.Errorf("%q prints %q", said, hidden)
		}
	}
}
