package bottest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// PlainText is what people read of a message: its blocks, parted by line
// breaks, or the text where there are none. Buttons and options stand in
// square brackets.
func (m SlackMessage) PlainText() string {
	if len(m.Blocks) == 0 {
		return slackMrkdwn(m.Text)
	}
	return slackBlocksText(m.Blocks)
}

func slackBlocksText(blocks []json.RawMessage) string {
	var lines []string
	for _, raw := range blocks {
		var b slackObject
		if json.Unmarshal(raw, &b) == nil {
			lines = append(lines, slackBlockText(b))
		}
	}
	return strings.Join(lines, "\n")
}

func slackBlockText(b slackObject) string {
	switch b["type"] {
	case "header", "section":
		texts := []string{slackTextObject(b["text"])}
		for _, f := range slackObjects(b["fields"]) {
			texts = append(texts, slackTextObject(f))
		}
		return strings.Join(texts, "\n")
	case "context":
		var sb strings.Builder
		for _, e := range slackObjects(b["elements"]) {
			sb.WriteString(slackTextObject(e))
		}
		return sb.String()
	case "input":
		hint := slackTextObject(b["hint"])
		return strings.TrimSpace(slackTextObject(b["label"]) + "\n" + hint)
	case "divider":
		return "――――"
	case "actions":
		return strings.Join(slackLabels(b), " ")
	case "rich_text":
		var parts []string
		for _, e := range slackObjects(b["elements"]) {
			parts = append(parts, slackRichText(e))
		}
		return strings.Join(parts, "\n")
	}
	return ""
}

// slackLabels are what stands on buttons and in options.
func slackLabels(b slackObject) []string {
	var all []string
	for _, e := range slackObjects(b["elements"]) {
		if e["type"] == "button" {
			all = append(all, "["+slackTextObject(e["text"])+"]")
		}
		for _, o := range slackObjects(e["options"]) {
			all = append(all, "["+slackTextObject(o["text"])+"]")
		}
	}
	return all
}

func slackObjects(v any) []slackObject {
	var all []slackObject
	list, _ := v.([]any)
	for _, e := range list {
		if o, ok := e.(slackObject); ok {
			all = append(all, o)
		}
	}
	return all
}

func slackTextObject(v any) string {
	o, _ := v.(slackObject)
	s, _ := o["text"].(string)
	if o["type"] == "mrkdwn" {
		return slackMrkdwn(s)
	}
	return s
}

func slackRichText(e slackObject) string {
	if e["type"] == "rich_text_list" {
		offset, _ := e["offset"].(float64)
		indent, _ := e["indent"].(float64)
		var lines []string
		for i, item := range slackObjects(e["elements"]) {
			marker := "• "
			if e["style"] == "ordered" {
				marker = fmt.Sprintf("%d. ", int(offset)+i+1)
			}
			lines = append(lines, strings.Repeat("  ", int(indent))+marker+slackRichText(item))
		}
		return strings.Join(lines, "\n")
	}
	var sb strings.Builder
	for _, p := range slackObjects(e["elements"]) {
		sb.WriteString(slackPiece(p))
	}
	return sb.String()
}

func slackPiece(p slackObject) string {
	get := func(name string) string { s, _ := p[name].(string); return s }
	switch p["type"] {
	case "link":
		if text := get("text"); text != "" {
			return text
		}
		return get("url")
	case "user":
		return "@" + get("user_id")
	case "usergroup":
		return "@" + get("usergroup_id")
	case "channel":
		return "#" + get("channel_id")
	case "broadcast":
		return "@" + get("range")
	case "emoji":
		return ":" + get("name") + ":"
	}
	return get("text")
}

// slackAngle matches what Slack acts on in mrkdwn.
var slackAngle = regexp.MustCompile(`<([^<>]*)>`)

var slackUnescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// slackMrkdwn is mrkdwn as people read it, styles left as they are.
func slackMrkdwn(s string) string {
	s = slackAngle.ReplaceAllStringFunc(s, func(tag string) string {
		target, label, labelled := strings.Cut(tag[1:len(tag)-1], "|")
		if labelled {
			return label
		}
		return target
	})
	return slackUnescape.Replace(s)
}

// slackNamedPings are names that become mentions when names are linked.
var slackNamedPings = regexp.MustCompile(`@(?:everyone|channel|here)\b`)

// Pings are the mentions in a message that notify somebody.
func (m SlackMessage) Pings() []string {
	pings := slackMrkdwnPings(m.Text)
	if m.LinksNames {
		pings = append(pings, slackNamedPings.FindAllString(m.Text, -1)...)
	}
	for _, raw := range m.Blocks {
		var b any
		if json.Unmarshal(raw, &b) == nil {
			pings = append(pings, slackPingsBelow(b)...)
		}
	}
	return pings
}

func slackMrkdwnPings(s string) []string {
	var pings []string
	for _, tag := range slackAngle.FindAllStringSubmatch(s, -1) {
		if strings.HasPrefix(tag[1], "!") || strings.HasPrefix(tag[1], "@") {
			pings = append(pings, tag[0])
		}
	}
	return pings
}

// slackPingsBelow finds mentions in mrkdwn texts and in pieces of rich text.
func slackPingsBelow(v any) []string {
	var pings []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			pings = append(pings, slackPingsBelow(e)...)
		}
	case slackObject:
		switch text, _ := v["text"].(string); v["type"] {
		case "mrkdwn":
			return slackMrkdwnPings(text)
		case "user", "usergroup", "broadcast":
			return []string{slackPiece(v)}
		}
		for _, e := range v {
			pings = append(pings, slackPingsBelow(e)...)
		}
	}
	return pings
}
