package discord

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// accent is the colour of every embed's edge.
const accent = 0x2F6FED

// Render turns a post into messages; see delivery.Sender.
func (*Discord) Render(p bot.Post) ([]bot.Message, error) { return Render(p) }

// Render turns a post into messages, the parent first; what does not fit into
// the parent goes on in the thread. It is pure.
func Render(p bot.Post) ([]bot.Message, error) {
	messages := pack(p.Parent)
	if len(messages) == 0 {
		return nil, errors.New("render post: the parent says nothing")
	}
	messages[0].mention(p.Parent, p.Thread)
	return bodies(append(messages, pack(p.Thread)...))
}

// RenderReply turns a reply into messages. A quiet or empty one is none. No
// reply notifies anyone.
func (*Discord) RenderReply(r bot.Reply, _ briefing.Language) ([]bot.Message, error) {
	if r.Quiet {
		return nil, nil
	}
	return bodies(pack(r.Document))
}

func bodies(messages []*message) ([]bot.Message, error) {
	out := make([]bot.Message, len(messages))
	for i, m := range messages {
		var err error
		if out[i], err = m.body(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// maxMentions is how many roles one post can tell; an admin chooses one.
const maxMentions = 5

// mention lets the roles that the documents name be notified by m.
func (m *message) mention(docs ...bot.Document) {
	for _, b := range slices.Concat(docs...) {
		for _, s := range spansOf(b) {
			roles := m.AllowedMentions.Roles
			if isID(s.Mention) && !slices.Contains(roles, s.Mention) && len(roles) < maxMentions {
				m.AllowedMentions.Roles = append(m.AllowedMentions.Roles, s.Mention)
				m.Content += span(s, lineMiddle)
			}
		}
	}
}

func spansOf(b bot.Block) []bot.Span {
	switch b := b.(type) {
	case bot.Prose:
		return b.Spans
	case bot.Point:
		return slices.Concat(b.Spans, b.Note)
	case bot.ListItem:
		return b.Spans
	case bot.QuoteText:
		return b.Spans
	case bot.Note:
		return b.Spans
	}
	return nil
}

// style is how a run of text stands on the page.
type style struct {
	kind   kind
	indent int
	marker string
}

type kind int

const (
	prose kind = iota
	heading
	item
	quote
	note
	below // small print that belongs to the paragraph above it
	code
)

// render puts prepared spans into the style.
func (st style) render(spans []bot.Span) markup {
	if st.kind == code && fenceable(spans) {
		return fence(joinText(spans))
	}
	text := string(inline(spans, lineStart))
	pad := strings.Repeat("  ", st.indent)
	switch st.kind {
	case heading:
		return markup(st.marker + " " + text)
	case item:
		return markup(pad + st.marker + " " + strings.ReplaceAll(text, "\n", "\n"+pad+"  "))
	case quote:
		return markup("> " + strings.ReplaceAll(text, "\n", "\n> "))
	case note, below:
		return markup("-# " + strings.ReplaceAll(text, "\n", "\n-# "))
	}
	return markup(text)
}

// fenceable says whether text can stand between fences, where nothing can be
// escaped. Other code is shown as it is, in ordinary type.
func fenceable(spans []bot.Span) bool { return !strings.Contains(joinText(spans), "```") }

func joinText(spans []bot.Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return sb.String()
}

// gap is what parts text in style b from text in style a above it. Headings
// and small print have space of their own.
func gap(a, b kind) markup {
	switch {
	case a == heading, b == heading, b == below, b == note && a != below, a == item && b == item:
		return "\n"
	}
	return "\n\n"
}

// maxHeadingChars is the longest heading that is shown as one; a longer one
// is a paragraph in bold, which can be split.
const maxHeadingChars = 300

// maxIndent is how deep a list is shown; deeper levels look alike.
const maxIndent = 4

// pack lays a document out in as few messages as its limits and good page
// breaks allow. Nothing of it is dropped.
func pack(doc bot.Document) []*message {
	p := &packer{}
	for _, b := range doc {
		p.block(b)
	}
	p.flushHeadings()
	return p.messages
}

func (p *packer) block(b bot.Block) {
	switch b := b.(type) {
	case bot.Title:
		p.title(b)
	case bot.Heading:
		p.heading(b)
	case bot.Prose:
		p.text(style{kind: prose}, prepare(b.Spans))
	case bot.Point:
		p.point(b)
	case bot.ListItem:
		p.item(b)
	case bot.QuoteText:
		p.text(style{kind: quote}, prepare(b.Spans))
	case bot.Note:
		p.text(style{kind: note}, prepare(b.Spans))
	case bot.CodeText:
		p.text(style{kind: code}, []bot.Span{{Text: bot.Clean(b.Text)}})
	case bot.Divider:
		// One between a heading and its text parts nothing.
		p.endEmbed = len(p.held) == 0 || p.endEmbed
	case bot.Buttons:
		p.buttons(b)
	case bot.Menu:
		p.menu(b)
	case bot.Ask:
		p.buttons(bot.Buttons{{Label: b.Label, Action: b.Action}})
	}
}

// title opens an embed of its own. What exceeds Discord's limit for a title
// goes on in bold below it.
func (p *packer) title(t bot.Title) {
	p.flushHeadings()
	text := label(t.Text)
	if text == "" {
		return
	}
	pieces := bot.Split([]bot.Span{{Text: text}}, maxTitleChars, func(s []bot.Span) int { return utf16Len(string(inline(s, lineMiddle))) })
	target, _ := safeURL(t.URL)
	honest := bot.Honest(text, target)
	e := embed{Title: inline(pieces[0], lineMiddle), Color: accent}
	if honest {
		e.URL = target
	}
	p.openEmbed(e)
	for _, rest := range pieces[1:] {
		p.text(style{kind: prose}, strong(rest))
	}
	if !honest && target != "" {
		p.text(style{kind: note}, prepare([]bot.Span{{Text: bot.HostOf(target), URL: target}}))
	}
}

// heading is held back until the text below it comes, so that no message
// ends with one.
func (p *packer) heading(h bot.Heading) {
	spans := prepare([]bot.Span{{Text: oneLine(h.Text), URL: h.URL}})
	marker := "##"
	if h.Level > 1 {
		marker = "###"
	}
	st := style{kind: heading, marker: marker}
	switch text := st.render(spans); {
	case strings.TrimSpace(h.Text) == "" || len(spans) == 0:
	case utf16Len(string(text)) > maxHeadingChars:
		p.text(style{kind: prose}, strong(spans))
	default:
		p.hold(text)
	}
}

func strong(spans []bot.Span) []bot.Span {
	out := slices.Clone(spans)
	for i := range out {
		out[i].Strong = true
	}
	return out
}

// point renders a key point. It is a paragraph and no item of a list, since
// Discord has small print only at the left edge: this way both stand there.
func (p *packer) point(b bot.Point) {
	number := bot.Span{Text: strconv.Itoa(b.Number) + ".", Strong: true}
	p.text(style{kind: prose}, prepare(append([]bot.Span{number, {Text: " "}}, b.Spans...)))
	p.text(style{kind: below}, prepare(b.Note))
}

// listNumber is a marker that Discord reads as one, besides "-".
var listNumber = regexp.MustCompile(`^[0-9]{1,3}\.$`)

// item renders a list item. A marker that is neither a number nor a bullet
// becomes the beginning of its text.
func (p *packer) item(b bot.ListItem) {
	st := style{kind: item, indent: min(max(b.Level, 0), maxIndent), marker: "-"}
	spans := b.Spans
	if listNumber.MatchString(b.Marker) {
		st.marker = b.Marker
	} else if other := strings.Trim(b.Marker, "-*・• "); other != "" {
		spans = append([]bot.Span{{Text: other + " "}}, spans...)
	}
	p.text(st, prepare(spans))
}
