package console_test

import (
	"net/http"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/console"
)

// say posts a message for everyone.
func (v *visitor) say(text string) {
	v.t.Helper()
	if status, err := v.post(v.t.Context(), "messages", map[string]string{"channel": "general", "text": text}); err != nil || status != http.StatusNoContent {
		v.t.Fatal(status, err)
	}
}

// first is the first event that a browser gets which has seen the event last.
func (v *visitor) first(last string) event {
	v.t.Helper()
	next, done := v.resume(v.t.Context(), last)
	defer done()
	e, err := next()
	if err != nil {
		v.t.Fatal(err)
	}
	return e
}

// TestStreamGoesOnWhereItEnded loses a connection: the browser gets what it
// missed, each once, and nothing that was for somebody else.
func TestStreamGoesOnWhereItEnded(t *testing.T) {
	_, url := running(t, console.Options{})
	here, away := newVisitor(t, url), newVisitor(t, url)
	seen := away.first("")
	if seen.Name != "snapshot" {
		t.Fatalf("first event %q", seen.Name)
	}
	here.say("一つめ")
	if _, err := here.command(t.Context(), "", "/term 能動的サイバー防御"); err != nil {
		t.Fatal(err)
	}
	here.say("二つめ")

	next, done := away.resume(t.Context(), seen.ID)
	defer done()
	for _, want := range []string{"一つめ", "二つめ"} {
		e, err := next()
		if err != nil || e.Name != "message" || !strings.Contains(string(e.Data), want) {
			t.Fatalf("missed event: %s %s, %v; want %s", e.Name, e.Data, err, want)
		}
		seen = e
	}
	here.say("三つめ")
	if e, err := next(); err != nil || !strings.Contains(string(e.Data), "三つめ") {
		t.Errorf("after what was missed comes %s, %v", e.Data, err)
	}
	if e := away.first(seen.ID); !strings.Contains(string(e.Data), "三つめ") {
		t.Errorf("after the second event comes %s", e.Data)
	}
}

// TestStreamStartsAfresh names events that this console does not know, or not
// any more.
func TestStreamStartsAfresh(t *testing.T) {
	c, url := start(t, console.Options{})
	v := newVisitor(t, url)
	seen := v.first("")
	name, number, _ := strings.Cut(seen.ID, ".")
	for _, last := range []string{"", ".", "x", name, name + ".", name + ".-1", name + ".9", name + ".99999999999999999999", "OTHERRUN." + number, number} {
		if e := v.first(last); e.Name != "snapshot" {
			t.Errorf("after %q comes %s, want a snapshot", last, e.Name)
		}
	}
	if e := newVisitor(t, url).first(seen.ID); e.Name != "snapshot" {
		t.Errorf("somebody new gets %s, want a snapshot", e.Name)
	}
	messages, err := c.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := c.Send(t.Context(), bot.Target{Ref: general()}, messages[0]); err != nil {
			t.Fatal(err)
		}
	}
	if e := v.first(seen.ID); e.Name != "snapshot" {
		t.Errorf("after 300 events comes %s, want a snapshot", e.Name)
	}
}
