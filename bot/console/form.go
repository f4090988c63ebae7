package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// A form is a private message with fields in it. Its action stays here: what
// a browser sends names only the message, and fills in only what the message
// asks for.

// shownForm is a form as the page reads it.
type shownForm struct {
	Title  string       `json:"title"`
	Submit string       `json:"submit"`
	Note   string       `json:"note,omitempty"`
	Fields []shownField `json:"fields"`
}

// shownField is a field as the page reads it; Kind is one of fieldKinds.
type shownField struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Hint     string   `json:"hint,omitempty"`
	Kind     string   `json:"kind"`
	Value    string   `json:"value,omitempty"`
	Options  []option `json:"options,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	Zone     string   `json:"zone,omitempty"`
	Problem  string   `json:"problem,omitempty"`
}

var fieldKinds = map[bot.FieldKind]string{
	bot.TextLine: "text", bot.TimeOfDay: "time", bot.OneOf: "one", bot.SomeOf: "some", bot.OnOff: "switch", bot.ChannelOf: "one",
}

// renderForm is a form in the page's shape. Channels are picked from those that
// the console has.
func (c *Console) renderForm(f bot.Form) *shownForm {
	out := &shownForm{Title: bot.Clean(f.Title), Submit: bot.Clean(f.Submit), Note: textOf(f.Note), Fields: []shownField{}}
	for _, x := range f.Fields {
		if x.Kind == bot.ChannelOf {
			for _, r := range c.rooms {
				x.Options = append(x.Options, bot.Option{Label: "# " + r.name, Value: r.name})
			}
		}
		y := shownField{
			Name: x.Name, Label: bot.Clean(x.Label), Hint: bot.Clean(x.Hint), Kind: fieldKinds[x.Kind],
			Value: bot.Clean(x.Value), Optional: x.Optional, Zone: x.Zone, Problem: bot.Clean(x.Problem),
		}
		for _, o := range x.Options {
			y.Options = append(y.Options, option{Label: bot.Clean(o.Label), Value: o.Value})
		}
		out.Fields = append(out.Fields, y)
	}
	return out
}

// textOf is the text of spans; the page's note has no links.
func textOf(spans []bot.Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return bot.Clean(sb.String())
}

// showForm shows a form to one person, in place of the message that it was
// sent from where there is one.
func (c *Console) showForm(at place, f bot.Form, to *person) error {
	rendered, err := json.Marshal(body{[]block{{Type: "form", Form: c.renderForm(f)}}})
	if err != nil {
		return fmt.Errorf("render console form: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.room(at.channel) == nil {
		return errNoChannel
	}
	m := c.place(at, to)
	m.Body, m.form = rendered, &f
	c.publish("message", m, to)
	return nil
}

// place is the message in which an answer for one person is shown: the one
// that it takes the place of, or a new one. The caller holds mu.
func (c *Console) place(at place, to *person) *message {
	if m := to.find(at.instead); m != nil {
		m.form = nil
		return m
	}
	now := c.opts.Clock()
	m := &message{ID: c.nextID(now), Channel: at.channel, Thread: at.thread, At: now, Private: true, Command: at.command}
	to.private = add(to.private, m)
	return m
}

// maxAnswerRunes is what one field may hold.
const maxAnswerRunes = 3000

// serveForm takes a form that was filled in, as browsers send forms. A page
// whose script sends it gets an empty answer, a browser that came by itself
// is led back.
func (c *Console) serveForm(w http.ResponseWriter, r *http.Request) {
	p := c.person(w, r)
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	err := r.ParseForm()
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = errTooLong
	} else if err != nil {
		err = fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if err == nil {
		err = c.once(p, r.PostForm.Get("id"), func() error { return c.fill(r.Context(), p, r.PostForm) })
	}
	if err == nil && r.Header.Get("Sec-Fetch-Mode") == "navigate" {
		http.Redirect(w, r, "/console", http.StatusSeeOther)
		return
	}
	c.done(w, r, err)
}

// fill has a form answered that was filled in.
func (c *Console) fill(ctx context.Context, p *person, sent map[string][]string) error {
	first := func(name string) string { return strings.Join(sent[name][:min(1, len(sent[name]))], "") }
	c.mu.Lock()
	m := p.find(bot.MessageID(first("message")))
	var form *bot.Form
	var at place
	if m != nil && m.form != nil {
		form, at = m.form, place{channel: m.Channel, thread: m.Thread, instead: m.ID}
	}
	c.mu.Unlock()
	if form == nil {
		return errNoMessage
	}
	answers := map[string]string{}
	for _, f := range form.Fields {
		answers[f.Name] = strings.Join(sent["field."+f.Name], ",")
		if len(answers[f.Name]) > 4*maxAnswerRunes {
			return errTooLong
		}
	}
	return c.answer(ctx, p, at, bot.Request{Command: form.Action.Command, Text: form.Action.Argument, Answers: answers}, briefing.Language(first("lang")))
}
