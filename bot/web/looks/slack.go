package looks

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
)

// slackMessage is the body of chat.postMessage as far as it is drawn.
// https://docs.slack.dev/reference/block-kit/blocks
type slackMessage struct {
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string         `json:"type"`
	Text     *slackText     `json:"text"`
	Fields   []slackText    `json:"fields"`
	Elements []slackElement `json:"elements"`
	// The rest is that of an input block.
	Label    slackText    `json:"label"`
	Hint     slackText    `json:"hint"`
	Element  slackElement `json:"element"`
	Optional bool         `json:"optional"`
}

// slackText is a text object. Elements of actions have one as their label,
// elements of rich text a bare string.
type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (t *slackText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		t.Type = "plain_text"
		return json.Unmarshal(b, &t.Text)
	}
	type bare slackText
	return json.Unmarshal(b, (*bare)(t))
}

// slackElement is an element of any block: of rich text, context or actions.
type slackElement struct {
	Type        string         `json:"type"`
	Text        slackText      `json:"text"`
	URL         string         `json:"url"`
	UserID      string         `json:"user_id"`
	UsergroupID string         `json:"usergroup_id"`
	ChannelID   string         `json:"channel_id"`
	Range       string         `json:"range"`
	Name        string         `json:"name"`
	Indent      int            `json:"indent"`
	Offset      int            `json:"offset"`
	Placeholder slackText      `json:"placeholder"`
	Elements    []slackElement `json:"elements"`
	Options     []slackOption  `json:"options"`
	// What stands in an input at first.
	InitialValue        string        `json:"initial_value"`
	InitialTime         string        `json:"initial_time"`
	Timezone            string        `json:"timezone"`
	InitialConversation string        `json:"initial_conversation"`
	InitialOption       *slackOption  `json:"initial_option"`
	InitialOptions      []slackOption `json:"initial_options"`
	// Style is a word for lists and buttons, a set of marks for text.
	Style slackStyle `json:"style"`
}

type slackOption struct {
	Text  slackText `json:"text"`
	Value string    `json:"value"`
}

type slackStyle struct {
	Word                       string
	Bold, Italic, Strike, Code bool
}

func (s *slackStyle) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &s.Word)
	}
	type marks struct{ Bold, Italic, Strike, Code bool }
	var m marks
	err := json.Unmarshal(b, &m)
	s.Bold, s.Italic, s.Strike, s.Code = m.Bold, m.Italic, m.Strike, m.Code
	return err
}

// Slack draws messages as Slack shows them: the first in the channel, the
// others in its thread.
func Slack(at Scene, messages []json.RawMessage) (template.HTML, error) {
	all, err := read[slackMessage]("slack", messages)
	if err != nil {
		return "", err
	}
	s := &slackDrawer{at: at}
	s.box("section", "slack", func() {
		s.say("h2", "name", "Slack")
		s.box("div", "pane", func() {
			s.say("header", "bar", "# "+at.Channel)
			for i, m := range all[:min(1, len(all))] {
				s.message(m, len(all)-1-i)
			}
		})
		if len(all) > 1 {
			s.box("div", "pane side", func() {
				s.say("header", "bar", at.in("スレッド", "Thread"))
				for _, m := range all[1:] {
					s.message(m, 0)
				}
			})
		}
	})
	return s.html(), nil
}

type slackDrawer struct {
	paper
	at Scene
}

func (s *slackDrawer) message(m slackMessage, replies int) {
	s.box("article", "msg", func() {
		s.WriteString(face)
		s.box("div", "", func() {
			s.box("p", "who", func() {
				s.say("b", "", "cyberbrief")
				s.say("span", "app", s.at.in("アプリ", "APP"))
				s.say("time", "", s.at.Time)
			})
			if len(m.Blocks) == 0 {
				s.box("div", "sec", func() { s.mrkdwn(m.Text) })
			}
			for _, b := range m.Blocks {
				s.block(b)
			}
			if replies > 0 {
				s.say("p", "replies", fmt.Sprintf(s.at.in("%d 件の返信", "%d replies"), replies))
			}
		})
	})
}

func (s *slackDrawer) block(b slackBlock) {
	switch b.Type {
	case "header":
		s.box("h3", "", func() { s.label(b.Text) })
	case "section":
		s.box("div", "sec", func() {
			if b.Text != nil {
				s.object(*b.Text)
			}
			for _, f := range b.Fields {
				s.box("div", "", func() { s.object(f) })
			}
		})
	case "context":
		s.box("div", "ctx", func() {
			for _, e := range b.Elements {
				s.box("span", "", func() { s.object(slackText{e.Type, e.Text.Text}) })
			}
		})
	case "divider":
		s.WriteString("<hr>")
	case "actions":
		s.box("div", "acts", func() {
			for _, e := range b.Elements {
				s.control(e)
			}
		})
	case "rich_text":
		for _, e := range b.Elements {
			s.rich(e)
		}
	case "input":
		s.input(b)
	default:
		s.say("p", "unknown", "["+b.Type+"]")
	}
}

func (s *slackDrawer) label(t *slackText) {
	if t != nil {
		s.text(t.Text)
	}
}

// object writes a text object: mrkdwn is read, plain text is not.
func (s *slackDrawer) object(t slackText) {
	if t.Type == "mrkdwn" {
		s.mrkdwn(t.Text)
		return
	}
	s.text(t.Text)
}

func (s *slackDrawer) control(e slackElement) {
	switch e.Type {
	case "button":
		s.link(e.URL, "", func() { s.say("span", "btn "+buttonClass(e.Style.Word), e.Text.Text) })
	case "static_select":
		s.box("select", "", func() {
			s.say("option", "", e.Placeholder.Text)
			for _, o := range e.Options {
				s.say("option", "", o.Text.Text)
			}
		})
	default:
		s.say("span", "unknown", "["+e.Type+"]")
	}
}

func buttonClass(style string) string {
	if style == "primary" || style == "danger" {
		return style
	}
	return "default"
}

// rich writes an element of a rich_text block.
func (s *slackDrawer) rich(e slackElement) {
	switch e.Type {
	case "rich_text_section":
		s.box("div", "sec", func() { s.runs(e.Elements) })
	case "rich_text_quote":
		s.box("blockquote", "", func() { s.runs(e.Elements) })
	case "rich_text_preformatted":
		s.box("pre", "", func() { s.runs(e.Elements) })
	case "rich_text_list":
		s.list(e)
	default:
		s.say("p", "unknown", "["+e.Type+"]")
	}
}

func (s *slackDrawer) list(e slackElement) {
	tag := "ul"
	if e.Style.Word == "ordered" {
		tag = "ol"
	}
	class := "in" + strconv.Itoa(min(max(e.Indent, 0), 8))
	s.WriteString(`<` + tag + ` class="` + class + `"`)
	if tag == "ol" {
		s.WriteString(` start="` + strconv.Itoa(e.Offset+1) + `"`)
	}
	s.WriteString(">")
	for _, item := range e.Elements {
		s.box("li", "", func() { s.runs(item.Elements) })
	}
	s.WriteString("</" + tag + ">")
}

func (s *slackDrawer) runs(elements []slackElement) {
	for _, e := range elements {
		s.styled(e.Style, func() { s.run(e) })
	}
}

func (s *slackDrawer) run(e slackElement) {
	switch e.Type {
	case "text":
		s.text(e.Text.Text)
	case "link":
		label := e.Text.Text
		if label == "" {
			label = e.URL
		}
		s.link(e.URL, "", func() { s.text(label) })
	case "channel":
		s.say("span", "ping", "#"+e.ChannelID)
	case "user", "usergroup", "broadcast":
		s.say("span", "ping", "@"+e.UserID+e.UsergroupID+e.Range)
	case "emoji":
		s.text(":" + e.Name + ":")
	default:
		s.say("span", "unknown", "["+e.Type+"]")
	}
}

func (s *slackDrawer) styled(st slackStyle, inside func()) {
	for _, x := range []struct {
		on  bool
		tag string
	}{{st.Code, "code"}, {st.Strike, "s"}, {st.Italic, "em"}, {st.Bold, "strong"}} {
		if x.on {
			next := inside
			inside = func() { s.box(x.tag, "", next) }
		}
	}
	inside()
}
