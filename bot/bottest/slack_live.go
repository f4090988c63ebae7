package bottest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// SlackLive reads a body of chat.postMessage as Slack does.
// https://docs.slack.dev/messaging/formatting-message-text/
func SlackLive(body []byte) Live {
	live := Live{Hidden: HiddenIn(body)}
	var m struct {
		Text      string            `json:"text"`
		LinkNames bool              `json:"link_names"`
		Parse     string            `json:"parse"`
		Blocks    []json.RawMessage `json:"blocks"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		live.mark("no JSON: " + err.Error())
		return live
	}
	if m.LinkNames || m.Parse != "none" {
		live.mark("names and addresses in the text are read")
	}
	// The text stands in notifications, where styles are not drawn.
	live.slackAngles(m.Text)
	for _, raw := range m.Blocks {
		var b any
		if err := json.Unmarshal(raw, &b); err != nil {
			live.mark("no JSON: " + err.Error())
		}
		live.slackBelow(b)
	}
	return live
}

// slackBelow walks through whatever blocks hold.
func (l *Live) slackBelow(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			l.slackBelow(e)
		}
	case slackObject:
		l.slackObject(v)
		for _, e := range v {
			l.slackBelow(e)
		}
	}
}

func (l *Live) slackObject(o slackObject) {
	text, _ := o["text"].(string)
	switch kind, _ := o["type"].(string); kind {
	case "mrkdwn":
		l.slackAngles(text)
		l.slackStyles(text)
		if o["verbatim"] != true && slackBare.MatchString(text) {
			l.Links = append(l.Links, LiveLink{text, slackBare.FindString(text)})
		}
	case "plain_text":
		if o["emoji"] != false && slackEmoji.MatchString(text) {
			l.mark("emoji")
		}
	case "link":
		address, _ := o["url"].(string)
		l.Links = append(l.Links, LiveLink{text, address})
	case "button":
		if address, ok := o["url"].(string); ok {
			label, _ := o["text"].(slackObject)["text"].(string)
			l.Links = append(l.Links, LiveLink{label, address})
		}
	case "user", "usergroup", "channel", "broadcast", "team":
		l.Pings = append(l.Pings, slackPiece(o))
	case "emoji", "date", "color", "markdown", "rich_text_list", "rich_text_quote", "rich_text_preformatted":
		l.mark(kind)
	}
	if style, ok := o["style"].(slackObject); ok {
		for name, on := range style {
			if on == true {
				l.mark(name)
			}
		}
	}
}

var (
	slackTag   = regexp.MustCompile(`<([^<>]*)>`)
	slackBare  = regexp.MustCompile(`(?i)\b(?:https?|ftp|slack|mailto|tel):\S+|\bwww\.\S+`)
	slackEmoji = regexp.MustCompile(`:[a-z0-9_+'-]+:`)
	slackQuote = regexp.MustCompile(`(?m)^\s*(?:>|&gt;)`)
	slackStyle = map[string]*regexp.Regexp{
		"bold":   regexp.MustCompile(`\*[^*\n]+\*`),
		"italic": regexp.MustCompile(`_[^_\n]+_`),
		"strike": regexp.MustCompile(`~[^~\n]+~`),
		"code":   regexp.MustCompile("`[^`\n]+`|```"),
	}
)

// slackAngles finds what stands in angle brackets.
func (l *Live) slackAngles(s string) {
	for _, m := range slackTag.FindAllStringSubmatch(s, -1) {
		if strings.HasPrefix(m[1], "@") || strings.HasPrefix(m[1], "!") || strings.HasPrefix(m[1], "#") {
			l.Pings = append(l.Pings, m[0])
			continue
		}
		address, label, _ := strings.Cut(m[1], "|")
		l.Links = append(l.Links, LiveLink{slackUnescape.Replace(label), slackUnescape.Replace(address)})
	}
	if rest := slackTag.ReplaceAllString(s, ""); strings.ContainsAny(rest, "<>") {
		l.mark("an angle bracket that is not escaped")
	}
}

// slackStyles finds marks outside of angle brackets, and in labels.
func (l *Live) slackStyles(s string) {
	shown := slackTag.ReplaceAllStringFunc(s, func(tag string) string {
		_, label, _ := strings.Cut(strings.Trim(tag, "<>"), "|")
		return label
	})
	for kind, marks := range slackStyle {
		if marks.MatchString(shown) {
			l.mark(kind)
		}
	}
	if slackEmoji.MatchString(shown) {
		l.mark("emoji")
	}
	if slackQuote.MatchString(shown) {
		l.mark("quote")
	}
}
