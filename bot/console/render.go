package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"cyberbrief/bot"
)

// body is the JSON of a message. Its text is plain: the page makes elements
// and sets their textContent, so that nothing in it can become mark-up.
type body struct {
	Blocks []block `json:"blocks"`
}

// block is a bot.Block as the page reads it; Type says which one.
type block struct {
	Type        string   `json:"type"`
	Text        string   `json:"text,omitempty"`
	URL         string   `json:"url,omitempty"`
	Level       int      `json:"level,omitempty"`
	Marker      string   `json:"marker,omitempty"`
	Spans       []span   `json:"spans,omitempty"`
	Buttons     []button `json:"buttons,omitempty"`
	Placeholder string   `json:"placeholder,omitempty"`
	Command     string   `json:"command,omitempty"`
	Options     []option `json:"options,omitempty"`
	// Label stands beside a line to type into.
	Label string     `json:"label,omitempty"`
	Form  *shownForm `json:"form,omitempty"`
}

type span struct {
	Text    string `json:"text"`
	URL     string `json:"url,omitempty"`
	Strong  bool   `json:"strong,omitempty"`
	Code    bool   `json:"code,omitempty"`
	Mention bool   `json:"mention,omitempty"`
}

type button struct {
	Label    string `json:"label"`
	URL      string `json:"url,omitempty"`
	Command  string `json:"command,omitempty"`
	Argument string `json:"argument,omitempty"`
}

type option struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Render turns a post into messages: the parent, then one message for each
// part of the thread. What exceeds a message goes on in the next one.
func (c *Console) Render(p bot.Post) ([]bot.Message, error) {
	if len(p.Parent) == 0 {
		return nil, errors.New("render console post: the parent is empty")
	}
	return encode(append(pack(p.Parent, false), pack(p.Thread, true)...))
}

// renderReply turns an answer into messages.
func renderReply(d bot.Document) ([]bot.Message, error) { return encode(pack(d, false)) }

func encode(pages [][]block) ([]bot.Message, error) {
	messages := make([]bot.Message, 0, len(pages))
	for _, p := range pages {
		m, err := json.Marshal(body{p})
		if err != nil {
			return nil, fmt.Errorf("render console message: %w", err)
		}
		if len(m) > maxMessageBytes {
			return nil, fmt.Errorf("render console message: %d bytes of JSON, at most %d", len(m), maxMessageBytes)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// pack fills pages with the blocks of a document. With byPart every heading
// of level 1 opens a page of its own, as one reply in a thread.
func pack(d bot.Document, byPart bool) [][]block {
	var pages [][]block
	var page []block
	runes := 0
	turn := func() {
		if len(page) > 0 {
			pages = append(pages, page)
		}
		page, runes = nil, 0
	}
	for _, b := range d {
		if h, ok := b.(bot.Heading); ok && byPart && h.Level <= 1 {
			turn()
		}
		for _, piece := range pieces(b) {
			n := piece.runes()
			if len(page) == maxMessageBlocks || runes+n > maxMessageRunes {
				turn()
			}
			page = append(page, piece)
			runes += n
		}
	}
	turn()
	return pages
}

// pieces is a block in the page's form, cut where it exceeds a message.
func pieces(b bot.Block) []block {
	switch b := b.(type) {
	case bot.Title:
		return textPieces(block{Type: "title", URL: safeURL(b.URL)}, b.Text)
	case bot.Heading:
		return textPieces(block{Type: "heading", Level: b.Level, URL: safeURL(b.URL)}, b.Text)
	case bot.CodeText:
		return textPieces(block{Type: "code"}, b.Text)
	case bot.Prose:
		return spanPieces(block{Type: "prose"}, b.Spans)
	case bot.Point:
		item := spanPieces(block{Type: "item", Marker: fmt.Sprintf("%d.", b.Number)}, b.Spans)
		return append(item, spanPieces(block{Type: "note"}, b.Note)...)
	case bot.ListItem:
		return spanPieces(block{Type: "item", Level: b.Level, Marker: bot.Clean(b.Marker)}, b.Spans)
	case bot.QuoteText:
		return spanPieces(block{Type: "quote"}, b.Spans)
	case bot.Note:
		return spanPieces(block{Type: "note"}, b.Spans)
	case bot.Divider:
		return []block{{Type: "divider"}}
	case bot.Buttons:
		return []block{buttons(b)}
	case bot.Menu:
		return []block{menu(b)}
	case bot.Ask:
		return []block{{Type: "ask", Label: bot.Clean(b.Label), Placeholder: bot.Clean(b.Placeholder), Command: b.Action.Command}}
	}
	return nil
}

func textPieces(kind block, text string) []block {
	cut := bot.Split([]bot.Span{{Text: bot.Clean(text)}}, maxMessageRunes, countRunes)
	blocks := make([]block, 0, len(cut))
	for _, spans := range cut {
		kind.Text = spans[0].Text
		blocks = append(blocks, kind)
	}
	return blocks
}

// spanPieces cuts a paragraph; only the first piece of a list item has its
// marker.
func spanPieces(kind block, in []bot.Span) []block {
	clean := make([]bot.Span, 0, len(in))
	for _, s := range bot.CleanSpans(in) {
		if s.Mention != "" && s.Text == "" {
			s.Text = bot.Clean("@" + s.Mention)
		}
		s.URL = safeURL(s.URL)
		if s.URL != "" {
			s.Text = cmp.Or(s.Text, s.URL)
		}
		if s.Text != "" {
			clean = append(clean, bot.HonestLink(s)...)
		}
	}
	var blocks []block
	for _, spans := range bot.Split(clean, maxMessageRunes, countRunes) {
		b := kind
		for _, s := range spans {
			b.Spans = append(b.Spans, span{Text: s.Text, URL: s.URL, Strong: s.Strong, Code: s.Code, Mention: s.Mention != ""})
		}
		blocks = append(blocks, b)
		kind.Marker = ""
	}
	return blocks
}

func buttons(in bot.Buttons) block {
	b := block{Type: "buttons"}
	for _, x := range in {
		b.Buttons = append(b.Buttons, button{
			Label: bot.Clean(x.Label), URL: safeURL(x.URL),
			Command: x.Action.Command, Argument: x.Action.Argument,
		})
	}
	return b
}

func menu(in bot.Menu) block {
	b := block{Type: "menu", Placeholder: bot.Clean(in.Placeholder), Command: in.Action.Command}
	for _, o := range in.Options {
		b.Options = append(b.Options, option{Label: bot.Clean(o.Label), Value: o.Value})
	}
	return b
}

// offers says whether the message has a button or menu with this action.
func offers(m bot.Message, a bot.Action) bool {
	var b body
	if json.Unmarshal(m, &b) != nil {
		return false
	}
	for _, x := range b.Blocks {
		for _, y := range x.Buttons {
			if y.URL == "" && (bot.Action{Command: y.Command, Argument: y.Argument}) == a {
				return true
			}
		}
		if x.Type == "ask" && x.Command == a.Command {
			return true
		}
		for _, o := range x.Options {
			if (bot.Action{Command: x.Command, Argument: o.Value}) == a {
				return true
			}
		}
	}
	return false
}

// safeURL is an address that may become a link, written anew, else empty.
func safeURL(u string) string {
	if link := bot.SafeURL(u); len(link) <= maxURLBytes {
		return link
	}
	return ""
}

func countRunes(spans []bot.Span) int {
	n := 0
	for _, s := range spans {
		n += utf8.RuneCountInString(s.Text)
	}
	return n
}

// runes is the text of a block in characters.
func (b block) runes() int {
	n := utf8.RuneCountInString(b.Text)
	for _, s := range b.Spans {
		n += utf8.RuneCountInString(s.Text)
	}
	return n
}
