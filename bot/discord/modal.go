package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cyberbrief/bot"
)

// A modal has to be the very first answer to an interaction: it cannot be
// deferred. Its fields are lines of text, the only kind of component that
// every version of Discord's API takes in modals; choices are typed.

// modalBody is the data of a first answer that opens a modal.
// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
type modalBody struct {
	CustomID   string     `json:"custom_id"`
	Title      string     `json:"title"`
	Components []inputRow `json:"components"`
}

type inputRow struct {
	Type       int         `json:"type"`
	Components []textInput `json:"components"`
}

// textInput is a line, or several, to type into.
// https://discord.com/developers/docs/components/reference#text-input
type textInput struct {
	Type        int    `json:"type"`
	CustomID    string `json:"custom_id"`
	Style       int    `json:"style"`
	Label       string `json:"label"`
	Value       string `json:"value,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
	Required    bool   `json:"required"`
	MaxLength   int    `json:"max_length"`
}

// styleShort is one line.
const styleShort = 1

// newModal is a form as a modal. The error says what of it Discord would
// refuse.
func newModal(f bot.Form) (modalBody, error) {
	id, ok := customID(f.Action, 0)
	if !ok {
		return modalBody{}, fmt.Errorf("form %q: its action does not fit a custom_id", f.Title)
	}
	if n := len(f.Fields); n == 0 || n > maxModalRows {
		return modalBody{}, fmt.Errorf("form %q: %d fields, want 1 to %d", f.Title, n, maxModalRows)
	}
	m := modalBody{CustomID: id, Title: cutTo(label(f.Title), maxModalTitle)}
	for _, field := range f.Fields {
		m.Components = append(m.Components, inputRow{typeActionRow, []textInput{newInput(field)}})
	}
	return m, nil
}

// RenderForm turns a form into the data of the answer that opens it as a
// modal. It is pure. The error says what of it Discord would refuse.
func RenderForm(f bot.Form) ([]byte, error) {
	m, err := newModal(f)
	if err != nil {
		return nil, err
	}
	return encode(m)
}

// newInput is a field as a line of text. What can be typed stands in the
// label where it fits, for the placeholder is hidden by what is there.
func newInput(f bot.Field) textInput {
	in := textInput{
		Type: typeTextInput, CustomID: f.Name, Style: styleShort, Label: label(f.Label), Required: !f.Optional, MaxLength: maxInputChars,
		Value: cutTo(label(f.Value), maxInputChars), Placeholder: cutTo(label(f.Hint), maxInputPlaceholder),
	}
	if choices := choicesOf(f); choices != "" {
		if full := in.Label + " [" + choices + "]"; utf16Len(full) <= maxInputLabel {
			in.Label = full
		}
		in.Placeholder = cutTo(choices, maxInputPlaceholder)
	}
	in.Label = cutTo(in.Label, maxInputLabel)
	return in
}

// choicesOf is what can be typed into a field, if it is not just anything.
func choicesOf(f bot.Field) string {
	var values []string
	for _, o := range f.Options {
		values = append(values, o.Value)
	}
	switch f.Kind {
	case bot.OnOff:
		return "on / off"
	case bot.OneOf:
		return strings.Join(values, " / ")
	case bot.SomeOf:
		return strings.Join(values, ",")
	}
	return ""
}

// openWithin is how long the answer that opens a modal may take: less than
// Discord waits, the way there included.
const openWithin = 1500 * time.Millisecond

// open answers an interaction by a modal, or by why there is none. Whoever is
// slow to say loses: Discord waits for nobody.
func (d *Discord) open(ctx context.Context, i interaction, req bot.Request) beginning {
	req.Language = d.language(i)
	answered := make(chan bot.Reply, 1)
	d.intake.background(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, openWithin)
		defer cancel()
		answered <- d.respond(ctx, req)
	})
	patience := time.NewTimer(openWithin)
	defer patience.Stop()
	select {
	case reply := <-answered:
		return d.opened(i, reply)
	case <-patience.C:
		d.log.Warn("form not opened: the answer took too long", "interaction", i.ID, "command", req.Command)
	case <-ctx.Done():
	}
	return beginning{callback: privately(saysSlow.in(req.Language))}
}

// opened shows a reply as the first answer.
func (d *Discord) opened(i interaction, reply bot.Reply) beginning {
	if reply.Form != nil {
		m, err := newModal(*reply.Form)
		if err == nil {
			return beginning{callback: callback{callbackModal, m}}
		}
		d.log.Error("form not opened", "interaction", i.ID, "error", err)
	}
	messages := pack(reply.Document)
	if len(messages) == 0 {
		return beginning{callback: privately(saysSorry.in(d.language(i)))}
	}
	return beginning{callback{callbackMessage, followUp{*messages[0], flagEphemeral}}, func(ctx context.Context) {
		if err := d.followUps(ctx, i, messages[1:], flagEphemeral); err != nil {
			d.log.Warn("reply not shown", "interaction", i.ID, "error", fmt.Errorf("%w: %w", errCutShort, err))
		}
	}}
}

// filledIn is what was filled into a modal, by the custom_ids of its fields.
// Components come in rows, in labels, and in shapes yet to be invented: what
// has neither a value nor parts is passed over.
// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-modal-submit-data-structure
func filledIn(components json.RawMessage) map[string]string {
	answers := map[string]string{}
	var parts any
	if json.Unmarshal(components, &parts) == nil {
		gather(parts, answers)
	}
	return answers
}

func gather(v any, answers map[string]string) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			gather(part, answers)
		}
	case map[string]any:
		if id, ok := v["custom_id"].(string); ok {
			if value, ok := v["value"].(string); ok {
				answers[id] = value
			} else if values, ok := v["values"].([]any); ok {
				answers[id] = joinValues(values)
			}
		}
		gather(v["components"], answers)
		gather(v["component"], answers)
	}
}

func joinValues(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ",")
}
