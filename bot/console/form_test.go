package console_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/console"
)

// formal answers a command with a button that opens a form, and the form with
// what it says.
type formal struct{ scripted }

func (formal) Respond(_ context.Context, req bot.Request) bot.Reply {
	switch {
	case req.Answers != nil:
		return bot.Reply{Document: bot.Document{bot.Prose{Spans: spans(req.Command + " " + req.Text + ": " + req.Answers["channel"])}}}
	case req.Text == "form":
		return bot.Reply{Form: &bot.Form{Title: "追加", Submit: "追加", Action: bot.Action{Command: "briefing-admin", Argument: "add"},
			Fields: []bot.Field{{Name: "channel", Label: "チャンネル", Kind: bot.ChannelOf, Value: "soc"}}}}
	}
	return bot.Reply{Document: bot.Document{bot.Buttons{{Label: "開く", Action: bot.Action{Command: "briefing-admin", Argument: "form"}}}}}
}

// A form is filled in only where it was shown, once, and by whom it was shown
// to; what else is sent with it counts for nothing. A browser that sends it
// without a script is led back to the page.
func TestFormsAreOfTheirReader(t *testing.T) {
	c, address := start(t, console.Options{Channels: []string{"general", "soc"}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, formal{}) }()
	t.Cleanup(func() { cancel(); <-ended })
	someone, other := newVisitor(t, address), newVisitor(t, address)
	untilAnswered(t, someone)
	other.snapshot()
	f, err := someone.open(t.Context(), "briefing-admin", "add", "開く")
	if err != nil || f.Value("チャンネル") != "soc" {
		t.Fatalf("form: %+v, %v", f, err)
	}
	if options := f.Handle.(shown).Body.Blocks[0].Form.Fields[0].Options; len(options) != 2 || options[1].Value != "soc" {
		t.Errorf("channels to pick from: %+v", options)
	}
	id := string(f.Handle.(shown).ID)
	for _, x := range []struct {
		name   string
		who    *visitor
		data   url.Values
		header http.Header
		want   int
	}{
		{"somebody else", other, url.Values{"message": {id}}, nil, http.StatusNotFound},
		{"no such message", someone, url.Values{"message": {"1"}}, nil, http.StatusNotFound},
		{"too much", someone, url.Values{"message": {id}, "field.channel": {strings.Repeat("x", 20_000)}}, nil, http.StatusRequestEntityTooLarge},
		{"far too much", someone, url.Values{"message": {strings.Repeat("x", 64<<10)}}, nil, http.StatusRequestEntityTooLarge},
		{"filled in", someone, url.Values{"message": {id}, "id": {"a"}, "field.channel": {"soc"}, "command": {"share"}}, http.Header{"Sec-Fetch-Mode": {"navigate"}}, http.StatusSeeOther},
		{"the same again", someone, url.Values{"message": {id}, "id": {"a"}, "field.channel": {"general"}}, nil, http.StatusNoContent},
		{"an answered form", someone, url.Values{"message": {id}, "id": {"b"}, "field.channel": {"soc"}}, nil, http.StatusNotFound},
	} {
		if status, err := x.who.send(t.Context(), x.data, x.header); status != x.want || err != nil {
			t.Errorf("%s: status %d, %v; want %d", x.name, status, err, x.want)
		}
	}
	if got := someone.newest(); strings.TrimSpace(got.Message.Text) != "briefing-admin add: soc" || string(got.Handle.(shown).ID) != id {
		t.Errorf("answered %+v in %s, want it in place of the form", got.Message, id)
	}
}
