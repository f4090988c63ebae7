package bot

import (
	"slices"
	"testing"
)

// tally is a CommandMeter that writes down what it is told.
type tally struct{ told []string }

func (c *tally) Commanded(p Platform, command string, outcome CommandOutcome) {
	c.told = append(c.told, string(p)+" "+command+" "+string(outcome))
}

func TestRouterMetersCommands(t *testing.T) {
	d := newDesk(t)
	count := &tally{}
	d.opts.Meter = count
	for _, req := range []Request{
		{Command: "term", Text: "一語"},
		{Command: "share", Text: "term 一語"},
		{Command: "briefing", Text: "2031-13-45"},
		{Command: "briefing-admin", Text: "list"},
		{Command: "誰かの言葉"},
	} {
		req.Ref = here
		d.Respond(t.Context(), req)
	}
	d.opts.Glossary = nil
	d.Respond(t.Context(), Request{Ref: here, Command: "term", Text: "一語"})
	want := []string{
		"slack term answered", "slack share answered", "slack briefing refused", "slack briefing-admin refused",
		"slack unknown refused", "slack term failed",
	}
	if !slices.Equal(count.told, want) {
		t.Errorf("counted %q, want %q", count.told, want)
	}
}
