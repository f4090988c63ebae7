package discord

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"cyberbrief/bot"
)

// message is the body of Create Message as far as the bot writes it.
// https://discord.com/developers/docs/resources/message#create-message
type message struct {
	// Content holds nothing but mentions an admin chose: a mention inside an
	// embed notifies nobody.
	Content         markup          `json:"content,omitempty"`
	Embeds          []embed         `json:"embeds,omitempty"`
	Components      []actionRow     `json:"components,omitempty"`
	AllowedMentions allowedMentions `json:"allowed_mentions"`
}

// embed is one box of text.
type embed struct {
	Title       markup `json:"title,omitempty"`
	URL         string `json:"url,omitempty"`
	Description markup `json:"description,omitempty"`
	Color       int    `json:"color,omitempty"`
}

// allowedMentions always says that nothing in the text may ping; only the
// roles listed are allowed. There is no way to write a body without it.
type allowedMentions struct{ Roles []string }

func (m allowedMentions) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Parse []string `json:"parse"`
		Roles []string `json:"roles,omitempty"`
	}{[]string{}, m.Roles})
}

// The types of components and the styles of buttons that the bot uses.
// https://discord.com/developers/docs/components/reference
const (
	typeActionRow    = 1
	typeButton       = 2
	typeStringSelect = 3
	typeTextInput    = 4

	styleSecondary = 2
	styleLink      = 5
)

type actionRow struct {
	Type       int         `json:"type"`
	Components []component `json:"components"`
}

// component is a button or a string select.
type component struct {
	Type        int            `json:"type"`
	Style       int            `json:"style,omitempty"`
	Label       string         `json:"label,omitempty"`
	CustomID    string         `json:"custom_id,omitempty"`
	URL         string         `json:"url,omitempty"`
	Placeholder string         `json:"placeholder,omitempty"`
	Options     []selectOption `json:"options,omitempty"`
}

type selectOption struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// body is m as JSON that a person can read too.
func (m message) body() (bot.Message, error) {
	b, err := encode(m)
	return bot.Message(b), err
}

// encode is JSON without the escapes meant for HTML.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// decodeMessage reads what body wrote, maybe by an earlier version.
func decodeMessage(b bot.Message) (message, error) {
	var m message
	if err := json.Unmarshal(b, &m); err != nil {
		return m, &bot.OutcomeError{Class: bot.Payload, Code: "not a message", Err: fmt.Errorf("read rendered message: %w", err)}
	}
	return m, nil
}

// A custom_id carries an action: the command, a colon, the argument. Equal
// actions in one message are told apart by a number after the command, since
// Discord refuses a custom_id twice.

// customID writes an action, the n-th of its kind in a message. It fails when
// the action does not fit: a cut argument would be another action.
func customID(a bot.Action, n int) (string, bool) {
	id := a.Command + ":" + a.Argument
	if n > 0 {
		id = a.Command + "~" + strconv.Itoa(n) + ":" + a.Argument
	}
	return id, utf16Len(id) <= maxCustomIDChars && strings.TrimSpace(id) == id
}

// actionOf reads a custom_id that customID wrote.
func actionOf(id string) (bot.Action, bool) {
	command, argument, ok := strings.Cut(id, ":")
	command, _, _ = strings.Cut(command, "~")
	return bot.Action{Command: command, Argument: argument}, ok && command != ""
}
