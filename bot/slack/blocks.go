package slack

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	slackgo "github.com/slack-go/slack"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// layer turns the blocks of a document into Slack's, from top to bottom.
// Running text becomes rich_text, whose strings Slack shows as they are:
// nothing in them can ping, link or style.
type layer struct {
	lang briefing.Language
	// view is true for a modal or the home tab: only there can be typed into
	// a block.
	view  bool
	units []unit
	open  group
}

// lay turns a document into blocks, each within Slack's limits.
func lay(doc bot.Document, lang briefing.Language) []unit {
	l := &layer{lang: lang}
	for _, b := range linkBelow(doc, lang) {
		l.block(b)
	}
	l.flush()
	return l.units
}

// linkBelow moves the links of headings, which cannot have one on Slack,
// into the small print below.
func linkBelow(doc bot.Document, lang briefing.Language) bot.Document {
	var out bot.Document
	var link []bot.Span
	for _, b := range doc {
		if note, ok := b.(bot.Note); ok && link != nil {
			out, link = append(out, bot.Note{Spans: slices.Concat(note.Spans, []bot.Span{{Text: " ・ "}}, link)}), nil
			continue
		}
		if link != nil {
			out, link = append(out, bot.Note{Spans: link}), nil
		}
		switch h := b.(type) {
		case bot.Title:
			link = readOn(h.URL, lang)
		case bot.Heading:
			if h.Level <= 1 {
				link = readOn(h.URL, lang)
			}
		}
		out = append(out, b)
	}
	if link != nil {
		out = append(out, bot.Note{Spans: link})
	}
	return out
}

func readOn(link string, lang briefing.Language) []bot.Span {
	if safeLink(link) == "" {
		return nil
	}
	return []bot.Span{{Text: in(lang, "ウェブで読む", "Read on the web"), URL: link}}
}

// in picks the words of a language; Japanese unless English is asked for.
func in(lang briefing.Language, ja, en string) string {
	if lang == briefing.English {
		return en
	}
	return ja
}

func (l *layer) block(b bot.Block) {
	switch b := b.(type) {
	case bot.Title:
		l.header(b.Text)
	case bot.Heading:
		l.heading(b)
	case bot.Prose:
		l.prose(b.Spans)
	case bot.Point:
		l.point(b)
	case bot.ListItem:
		l.item(b)
	case bot.CodeText:
		l.boxed(slackgo.RTEPreformatted, []bot.Span{{Text: b.Text}})
	case bot.QuoteText:
		l.boxed(slackgo.RTEQuote, b.Spans)
	case bot.Note:
		l.note(b.Spans)
	case bot.Divider:
		l.add(unit{block: slackgo.NewDividerBlock()})
	case bot.Buttons:
		l.buttons(b)
	case bot.Menu:
		l.menu(b)
	case bot.Ask:
		l.ask(b)
	}
}

// add ends the rich text that is open and puts a block below it.
func (l *layer) add(u unit) {
	l.flush()
	l.units = append(l.units, u)
}

// header is a header block, or several for a long text.
func (l *layer) header(text string) {
	spans := clean([]bot.Span{{Text: text}})
	for _, piece := range bot.Split(spans, maxHeaderText, func(s []bot.Span) int { return units(join(s)) }) {
		if s := strings.TrimSpace(join(piece)); s != "" {
			l.add(unit{block: slackgo.NewHeaderBlock(plainText(s)), weight: weight(piece), text: s, opens: true})
		}
	}
}

// heading is a header for a group and a bold line, above the text that
// belongs to it, for an item in one.
func (l *layer) heading(h bot.Heading) {
	if h.Level <= 1 {
		l.header(h.Text)
		return
	}
	l.flush()
	l.paragraph([]bot.Span{{Text: h.Text, URL: h.URL, Strong: true}})
	l.open.heading = true
}

// prose is a paragraph; below a heading it stands in the same block.
func (l *layer) prose(spans []bot.Span) {
	if !l.open.heading {
		l.flush()
	}
	l.paragraph(spans)
}

// paragraph puts lines of text into the open rich text.
func (l *layer) paragraph(spans []bot.Span) {
	for _, piece := range pieces(spans) {
		l.makeRoom(weight(piece))
		l.open.line(piece)
	}
}

// item puts an item of a list into the open rich text; a marker that Slack
// does not draw itself is written out.
func (l *layer) item(it bot.ListItem) {
	for i, piece := range pieces(it.Spans) {
		style, number, drawn := markerStyle(it.Marker)
		if i > 0 || !drawn {
			if marker := strings.TrimSpace(bot.Clean(it.Marker)); i == 0 && marker != "" {
				piece = append([]bot.Span{{Text: marker + " "}}, piece...)
			}
			l.makeRoom(weight(piece))
			l.open.line(piece)
			continue
		}
		l.makeRoom(weight(piece))
		l.open.listItem(style, min(max(it.Level, 0), maxIndent), number, piece)
	}
}

// point is a key point in a block of its own: an item of a numbered list, its
// small print on a line of the same item, so that both stand on one edge.
func (l *layer) point(p bot.Point) {
	l.flush()
	l.item(bot.ListItem{Marker: strconv.Itoa(p.Number) + ".", Spans: p.Spans})
	for _, piece := range pieces(p.Note) {
		l.makeRoom(weight(piece))
		l.open.below(piece)
	}
	l.flush()
}

// maxIndent is how deep Slack's own editor indents a list.
const maxIndent = 8

var numberMarker = regexp.MustCompile(`^([0-9]{1,4})[.)]?$`)

// markerStyle is how Slack draws a marker, and its number.
func markerStyle(marker string) (style slackgo.RichTextListElementType, number int, ok bool) {
	if m := numberMarker.FindStringSubmatch(marker); m != nil {
		n, _ := strconv.Atoi(m[1])
		return slackgo.RTEListOrdered, n, n > 0
	}
	return slackgo.RTEListBullet, 0, slices.Contains([]string{"", "-", "*", "+", "•", "・"}, marker)
}

// boxed is a quotation or a piece of code.
func (l *layer) boxed(kind slackgo.RichTextElementType, spans []bot.Span) {
	if !l.open.heading {
		l.flush()
	}
	for _, piece := range pieces(spans) {
		l.makeRoom(weight(piece))
		l.open.box(kind, piece)
	}
}

// makeRoom ends the open rich text when a piece of weight w does not fit.
func (l *layer) makeRoom(w int) {
	if l.open.weight > 0 && l.open.weight+w > maxText {
		l.flush()
	}
}

// flush ends the open rich text.
func (l *layer) flush() {
	g := l.open
	l.open = group{}
	if len(g.elements) > 0 {
		l.units = append(l.units, unit{
			block:  slackgo.NewRichTextBlock("", g.elements...),
			weight: g.weight, text: g.text, opens: g.heading,
		})
	}
}

// pieces cleans spans and splits what is too long for one text; what has
// nothing to show gives none.
func pieces(spans []bot.Span) [][]bot.Span {
	spans = clean(spans)
	if strings.TrimSpace(join(spans)) == "" {
		return nil
	}
	return bot.Split(spans, maxText, weight)
}

// clean makes spans safe to render: cleaned text, links that may be linked
// with labels that do not lie, mentions that are ids. Spans that show nothing
// are left out.
func clean(spans []bot.Span) []bot.Span {
	var out []bot.Span
	for _, s := range bot.CleanSpans(spans) {
		s.URL = safeLink(s.URL)
		if s.URL != "" && strings.TrimSpace(s.Text) == "" {
			s.Text = s.URL // a link that nobody sees is none
		}
		if !mentionID.MatchString(s.Mention) {
			s.Mention = ""
		}
		if s.Mention != "" {
			s.Text = cmp.Or(s.Text, "@"+s.Mention)
		}
		if !channelID.MatchString(s.Channel) {
			s.Channel = ""
		}
		if s.Text != "" {
			out = append(out, bot.HonestLink(s)...)
		}
	}
	return out
}

func join(spans []bot.Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return sb.String()
}

// note is small print, which takes no mark-up from outside. A note that
// mentions somebody is running text, the only place where that works.
func (l *layer) note(spans []bot.Span) {
	if slices.ContainsFunc(clean(spans), func(s bot.Span) bool { return s.Mention != "" }) {
		l.prose(spans)
		return
	}
	for _, piece := range pieces(spans) {
		for elements := range slices.Chunk(smallPrint(piece), maxContextElements) {
			l.add(unit{block: slackgo.NewContextBlock("", elements...), weight: weight(piece), text: join(piece)})
			piece = nil // counted and told once
		}
	}
}

// smallPrint is one line of mrkdwn where no text of it can be read as mark-up;
// else it is parted into plain text and links, which Slack sets apart.
func smallPrint(spans []bot.Span) []slackgo.MixedElement {
	if line, ok := mrkdwnLine(spans); ok {
		return []slackgo.MixedElement{mrkdwn(line)}
	}
	var elements []slackgo.MixedElement
	plain := ""
	endPlain := func() {
		if strings.TrimSpace(plain) != "" {
			elements = append(elements, plainText(plain))
		}
		plain = ""
	}
	for _, s := range spans {
		if s.URL == "" || strings.TrimSpace(s.Text) == "" {
			plain += s.Text
			continue
		}
		link, ok := mrkdwnLink(s.URL, s.Text)
		if !ok {
			plain += s.Text + " "
			link, _ = mrkdwnLink(s.URL, bot.HostOf(s.URL))
		}
		endPlain()
		if link == "" {
			link = "<" + escape(s.URL) + ">"
		}
		elements = append(elements, mrkdwn(link))
	}
	endPlain()
	return elements
}

// plainText is text that Slack shows as it is, emoji names included.
func plainText(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, s, false, false)
}

// buttons is one row of buttons a chunk. A button that cannot do what it
// says becomes small print.
func (l *layer) buttons(row bot.Buttons) {
	for chunk := range slices.Chunk(row, bot.MaxButtons) {
		var elements []slackgo.BlockElement
		for i, b := range chunk {
			if e := button(i, b); e != nil {
				elements = append(elements, e)
			} else {
				l.note([]bot.Span{{Text: b.Label}})
			}
		}
		l.actions(elements)
	}
}

// actions is a row of what can be pressed.
func (l *layer) actions(elements []slackgo.BlockElement) {
	if len(elements) == 0 {
		return
	}
	w := 0
	for _, e := range elements {
		b, err := marshal(e)
		if err != nil {
			continue
		}
		w += units(string(b))
	}
	l.add(unit{block: slackgo.NewActionBlock("", elements...), weight: w})
}

func button(i int, b bot.Button) *slackgo.ButtonBlockElement {
	label := label(b.Label, maxButtonText)
	link := safeLink(b.URL)
	if label == "" || b.URL != "" && (link == "" || !bot.Honest(label, link)) || units(b.Action.Argument) > maxButtonValue {
		return nil
	}
	e := slackgo.NewButtonBlockElement(actionID(b.Action.Command, i), b.Action.Argument, plainText(label))
	if link != "" {
		e.ActionID, e.Value, e.URL = actionID(linkCommand, i), "", link
	}
	return e
}

// menu is a select menu. An option that cannot be picked, for its value is
// too long, becomes small print.
func (l *layer) menu(m bot.Menu) {
	var options []*slackgo.OptionBlockObject
	for _, o := range m.Options {
		label := label(o.Label, maxOptionText)
		if label == "" || o.Value == "" || units(o.Value) > maxOptionValue {
			l.note([]bot.Span{{Text: o.Label}})
			continue
		}
		options = append(options, slackgo.NewOptionBlockObject(o.Value, plainText(label), nil))
	}
	placeholder := cmp.Or(label(m.Placeholder, maxPlaceholder), in(l.lang, "選択", "Choose"))
	for chunk := range slices.Chunk(options, bot.MaxOptions) {
		l.actions([]slackgo.BlockElement{
			slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, plainText(placeholder), actionID(m.Action.Command, 0), chunk...),
		})
	}
}

// ask is a line to type into; Enter sends it.
func (l *layer) ask(a bot.Ask) {
	if !l.view {
		l.buttons(bot.Buttons{{Label: a.Label, Action: a.Action}})
		return
	}
	b := slackgo.NewInputBlock("", plainText(label(a.Label, maxLabel)), nil, &slackgo.PlainTextInputBlockElement{
		Type: slackgo.METPlainTextInput, ActionID: actionID(a.Action.Command, 0), MaxLength: maxInput,
		Placeholder:          plainText(cmp.Or(label(a.Placeholder, maxPlaceholder), "…")),
		DispatchActionConfig: &slackgo.DispatchActionConfig{TriggerActionsOn: []string{"on_enter_pressed"}},
	})
	b.DispatchAction = true
	l.add(unit{block: b, text: a.Label})
}

// linkCommand marks a button that only opens an address: Slack reports that
// it was pressed all the same.
const linkCommand = "link"

// actionID names a command, and the place in the row, since Slack wants the
// ids of a row to differ.
func actionID(command string, i int) string { return fmt.Sprintf("cb:%s:%d", command, i) }

// commandOf reads what actionID wrote.
func commandOf(actionID string) (command string, ok bool) {
	rest, ours := strings.CutPrefix(actionID, "cb:")
	command, _, _ = strings.Cut(rest, ":")
	return command, ours && command != "" && command != linkCommand
}

// mrkdwn is text that Slack reads as mrkdwn; verbatim keeps it from making
// links and names out of what is none.
func mrkdwn(text string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.MarkdownType, text, false, true)
}
