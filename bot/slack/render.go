package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	slackgo "github.com/slack-go/slack"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// message is the body of chat.postMessage, chat.update or a response_url
// without the channel and the thread. No link opens a card, no name in the
// text becomes a mention.
type message struct {
	ResponseType string            `json:"response_type,omitempty"` // of replies only
	Text         string            `json:"text"`
	Blocks       []json.RawMessage `json:"blocks"`
	UnfurlLinks  bool              `json:"unfurl_links"`
	UnfurlMedia  bool              `json:"unfurl_media"`
	LinkNames    bool              `json:"link_names"`
	Parse        string            `json:"parse"`
}

// Render turns a post into messages: the parent, then those of its thread,
// where also goes what the parent has no room for. It is pure.
func Render(p bot.Post) ([]bot.Message, error) {
	parent, thread := pack(lay(p.Parent, p.Language)), pack(lay(p.Thread, p.Language))
	if len(parent) == 0 {
		return nil, errors.New("render slack post: the parent is empty")
	}
	return encode(append(parent, thread...), "")
}

// RenderReply turns a reply into messages for a response_url; a quiet or
// empty one into none.
func RenderReply(r bot.Reply, lang briefing.Language) ([]bot.Message, error) {
	if r.Quiet {
		return nil, nil
	}
	seenBy := "ephemeral"
	if r.Public {
		seenBy = "in_channel"
	}
	return encode(pack(lay(r.Document, lang)), seenBy)
}

// unit is a block with what it costs of a message's budget.
type unit struct {
	block  slackgo.Block
	weight int
	text   string // for the notification
	// opens is true for a heading: it must not be the last of its message.
	opens bool
}

// pack fills messages with units, in order, within Slack's limits.
func pack(units []unit) [][]unit {
	var messages [][]unit
	var current []unit
	spent := 0
	for _, u := range units {
		if len(current) == maxBlocks || len(current) > 0 && spent+u.weight > messageBudget {
			full, left := partBeforeHeadings(current)
			messages = append(messages, full)
			current, spent = left, total(left)
		}
		current, spent = append(current, u), spent+u.weight
	}
	if len(current) > 0 {
		messages = append(messages, current)
	}
	return messages
}

// partBeforeHeadings takes headings off the end, unless there is nothing else.
func partBeforeHeadings(us []unit) (full, headings []unit) {
	at := len(us)
	for at > 0 && us[at-1].opens {
		at--
	}
	if at == 0 {
		return us, nil
	}
	return us[:at:at], us[at:]
}

func total(us []unit) int {
	n := 0
	for _, u := range us {
		n += u.weight
	}
	return n
}

// encode writes messages as JSON, without the escapes that JSON needs only
// inside of HTML.
func encode(messages [][]unit, responseType string) ([]bot.Message, error) {
	var bodies []bot.Message
	for _, us := range messages {
		m := message{ResponseType: responseType, Text: fallback(us), Parse: "none"}
		for _, u := range us {
			b, err := marshal(u.block)
			if err != nil {
				return nil, fmt.Errorf("render slack block: %w", err)
			}
			m.Blocks = append(m.Blocks, b)
		}
		body, err := marshal(m)
		if err != nil {
			return nil, fmt.Errorf("render slack message: %w", err)
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// fallback is what a notification shows: the beginning of the text.
func fallback(us []unit) string {
	var lines []string
	n := 0
	for _, u := range us {
		if line := oneLine(u.text); line != "" && n < maxFallback {
			lines = append(lines, line)
			n += units(line)
		}
	}
	if len(lines) == 0 {
		return "…" // Slack refuses a message without any text.
	}
	return escape(shorten(strings.Join(lines, "\n"), maxFallback))
}
