package bottest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// Where Discord documents modals.
const (
	discordModalDocs = "https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal"
	discordInputDocs = "https://discord.com/developers/docs/components/reference#text-input"
)

// DiscordModal is a form as a person sees it.
type DiscordModal struct {
	CustomID string
	Title    string
	Inputs   []DiscordInput
}

// DiscordInput is a line to type into.
type DiscordInput struct {
	Type        int    `json:"type"`
	CustomID    string `json:"custom_id"`
	Style       int    `json:"style"`
	Label       string `json:"label"`
	Value       string `json:"value"`
	Placeholder string `json:"placeholder"`
	Required    *bool  `json:"required"`
	MinLength   int    `json:"min_length"`
	MaxLength   int    `json:"max_length"`
}

// Input is the line whose label begins so, or nil.
func (m *DiscordModal) Input(label string) *DiscordInput {
	for i := range m.Inputs {
		if strings.HasPrefix(m.Inputs[i].Label, label) {
			return &m.Inputs[i]
		}
	}
	return nil
}

// readDiscordModal checks a modal that answers an interaction of a kind.
func readDiscordModal(data []byte, kind int) (*DiscordModal, []string) {
	var b struct {
		CustomID   string `json:"custom_id"`
		Title      string `json:"title"`
		Components []struct {
			Type       int            `json:"type"`
			Components []DiscordInput `json:"components"`
		} `json:"components"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return nil, []string{err.Error()}
	}
	var f discordFaults
	if kind != discordCommandGiven && kind != discordComponentUsed {
		f = append(f, "a modal cannot answer this interaction: "+discordModalDocs)
	}
	f.within(1, 100, b.CustomID, "custom_id", discordModalDocs)
	f.within(1, 45, b.Title, "title", discordModalDocs)
	f.atMost(5, len(b.Components), "components", discordModalDocs)
	if len(b.Components) == 0 {
		f = append(f, "no components: "+discordModalDocs)
	}
	m := &DiscordModal{CustomID: b.CustomID, Title: b.Title}
	ids := map[string]bool{}
	for i, row := range b.Components {
		at := fmt.Sprintf("components[%d].", i)
		if row.Type != 1 || len(row.Components) != 1 {
			f = append(f, at+"want an action row with one text input: "+discordInputDocs)
		}
		for _, in := range row.Components {
			in.check(&f, at)
			if ids[in.CustomID] {
				f = append(f, fmt.Sprintf("%scustom_id %q is there twice: %s", at, in.CustomID, discordInputDocs))
			}
			ids[in.CustomID] = true
			m.Inputs = append(m.Inputs, in)
		}
	}
	return m, f
}

func (f *discordFaults) within(least, most int, s, what, docs string) {
	f.short(most, s, what, docs)
	if discordLength(strings.TrimSpace(s)) < least {
		*f = append(*f, what+" is empty: "+docs)
	}
}

func (in DiscordInput) check(f *discordFaults, at string) {
	if in.Type != 4 || in.Style != 1 && in.Style != 2 {
		*f = append(*f, fmt.Sprintf("%stype %d, style %d are no text input: %s", at, in.Type, in.Style, discordInputDocs))
	}
	f.within(1, 100, in.CustomID, at+"custom_id", discordInputDocs)
	f.within(1, 45, in.Label, at+"label", discordInputDocs)
	f.short(4000, in.Value, at+"value", discordInputDocs)
	f.short(100, in.Placeholder, at+"placeholder", discordInputDocs)
	f.atMost(4000, in.MaxLength, at+"max_length", discordInputDocs)
	f.atMost(4000, in.MinLength, at+"min_length", discordInputDocs)
	if in.MaxLength > 0 && discordLength(in.Value) > in.MaxLength {
		*f = append(*f, at+"value is longer than max_length: "+discordInputDocs)
	}
}

// SubmitModal fills a modal in, by the beginnings of its labels, sends it and
// waits for the answer.
func (d *Discord) SubmitModal(ctx context.Context, do DiscordInteraction, m *DiscordModal, values map[string]string) (DiscordAnswer, error) {
	typed := map[string]string{}
	for label, value := range values {
		in := m.Input(label)
		if in == nil {
			return DiscordAnswer{}, fmt.Errorf("fake discord: no input is labelled %q in %+v", label, m)
		}
		typed[in.CustomID] = value
	}
	// What no library knows yet must not hide the rest.
	rows := []any{map[string]any{"type": 9999, "id": 1}, map[string]any{"type": 10, "id": 2}}
	for i, in := range m.Inputs {
		value, given := typed[in.CustomID]
		if !given {
			value = in.Value
		}
		if value == "" && (in.Required == nil || *in.Required) {
			return DiscordAnswer{}, fmt.Errorf("fake discord: the modal cannot be sent: %q is empty", in.Label)
		}
		field := map[string]any{"type": 4, "id": 10 + i, "custom_id": in.CustomID, "value": value}
		if i%2 == 0 {
			rows = append(rows, map[string]any{"type": 1, "id": 20 + i, "components": []any{field}})
		} else {
			rows = append(rows, map[string]any{"type": 18, "id": 20 + i, "component": field})
		}
	}
	do.Command, do.CustomID = "", ""
	return d.interactWith(ctx, do, discordModalSent, map[string]any{"custom_id": m.CustomID, "components": rows})
}

// Seen is the modal or the first message of an answer as people see it.
func (a DiscordAnswer) Seen() SeenForm {
	if a.Modal == nil && a.Original != nil {
		return SeenForm{Message: Seen{Text: a.Original.Text(), Private: a.Original.Ephemeral, Pings: a.Original.Pings}}
	}
	f := SeenForm{Handle: a.Modal}
	if a.Modal != nil {
		f.Title = a.Modal.Title
		for _, in := range a.Modal.Inputs {
			f.Fields = append(f.Fields, SeenField{Label: in.Label, Value: in.Value})
		}
	}
	return f
}

// DiscordRefusesModal says why Discord would refuse a modal; nothing for one
// that it takes.
func DiscordRefusesModal(data []byte) []string {
	_, why := readDiscordModal(data, discordComponentUsed)
	return why
}
