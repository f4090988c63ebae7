package slack

import (
	"regexp"

	slackgo "github.com/slack-go/slack"

	"cyberbrief/bot"
)

// group is rich text in the making: what will stand in one block.
type group struct {
	elements []slackgo.RichTextElement
	weight   int
	text     string
	// heading is true while the group is a heading without its text.
	heading bool
	// next is the number that the last list goes on with.
	next int
}

// grew notes what was put in.
func (g *group) grew(spans []bot.Span) {
	g.weight += weight(spans)
	g.text += join(spans) + "\n"
	g.heading = false
}

// line adds a line of running text. Lines share a section, parted by line
// breaks: Slack does not say how it parts two sections.
func (g *group) line(spans []bot.Span) {
	defer g.grew(spans)
	if n := len(g.elements); n > 0 {
		if section, ok := g.elements[n-1].(*slackgo.RichTextSection); ok {
			section.Elements = append(section.Elements, slackgo.NewRichTextSectionTextElement("\n", nil))
			section.Elements = append(section.Elements, literals(spans)...)
			return
		}
	}
	g.elements = append(g.elements, slackgo.NewRichTextSection(literals(spans)...))
}

// listItem adds an item to the last list, or to a new one when the style,
// the depth or the count differs.
func (g *group) listItem(style slackgo.RichTextListElementType, indent, number int, spans []bot.Span) {
	defer g.grew(spans)
	section := slackgo.NewRichTextSection(literals(spans)...)
	if n := len(g.elements); n > 0 {
		list, ok := g.elements[n-1].(*slackgo.RichTextList)
		if ok && list.Style == style && list.Indent == indent && (number == 0 || number == g.next) {
			list.Elements = append(list.Elements, section)
			g.next = number + 1
			return
		}
	}
	list := slackgo.NewRichTextList(style, indent, section)
	list.Offset = max(0, number-1)
	g.elements = append(g.elements, list)
	g.next = number + 1
}

// below adds a line to the last item of a list, or a line of running text
// where there is none. It is small print: notifications leave it out.
func (g *group) below(spans []bot.Span) {
	defer func(said string) { g.text = said }(g.text)
	if n := len(g.elements); n > 0 {
		if list, ok := g.elements[n-1].(*slackgo.RichTextList); ok {
			if item, ok := list.Elements[len(list.Elements)-1].(*slackgo.RichTextSection); ok {
				item.Elements = append(item.Elements, slackgo.NewRichTextSectionTextElement("\n", nil))
				item.Elements = append(item.Elements, literals(spans)...)
				g.grew(spans)
				return
			}
		}
	}
	g.line(spans)
}

// box adds a quotation or a piece of code.
func (g *group) box(kind slackgo.RichTextElementType, spans []bot.Span) {
	defer g.grew(spans)
	if kind == slackgo.RTEQuote {
		g.elements = append(g.elements, &slackgo.RichTextQuote{Type: kind, Elements: literals(spans)})
		return
	}
	g.elements = append(g.elements, &slackgo.RichTextPreformatted{Type: kind, Elements: literals(spans)})
}

// mentionID matches the ids of what can be told: a group of users or a user.
// https://docs.slack.dev/reference/block-kit/blocks/rich-text-block/
var mentionID = regexp.MustCompile(`^[SUW][A-Z0-9]{2,20}$`)

// channelID matches the ids of channels.
var channelID = regexp.MustCompile(`^[CG][A-Z0-9]{1,20}$`)

// literals are elements that show spans as they are. Only here does a span
// become something that Slack acts on: a link, or the mention an admin chose.
func literals(spans []bot.Span) []slackgo.RichTextSectionElement {
	var out []slackgo.RichTextSectionElement
	for _, s := range spans {
		var style *slackgo.RichTextSectionTextStyle
		if s.Strong || s.Code {
			style = &slackgo.RichTextSectionTextStyle{Bold: s.Strong, Code: s.Code}
		}
		switch {
		case s.Mention != "" && s.Mention[0] == 'S':
			out = append(out, slackgo.NewRichTextSectionUserGroupElement(s.Mention))
		case s.Mention != "":
			out = append(out, slackgo.NewRichTextSectionUserElement(s.Mention, nil))
		case s.Channel != "":
			out = append(out, slackgo.NewRichTextSectionChannelElement(s.Channel, style))
		case s.URL != "":
			out = append(out, slackgo.NewRichTextSectionLinkElement(s.URL, s.Text, style))
		default:
			out = append(out, slackgo.NewRichTextSectionTextElement(s.Text, style))
		}
	}
	return out
}
