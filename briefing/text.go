package briefing

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Text is running text as a reader sees it, already free of Markdown: blocks
// of spans. Its plain form (String, and JSON) keeps every visible character.
type Text []Block

// BlockKind says what a block of text is.
type BlockKind int

// The kinds of blocks.
const (
	Paragraph BlockKind = iota
	Heading             // a sub-heading inside a part; Level 2 to 6
	Item                // a list item; Level 0 is the outermost list
	Quote               // a quoted paragraph
	Code                // a code block; line breaks matter
	Row                 // a table row; its cells are joined by " | "
)

// Block is one paragraph, sub-heading, list item, quotation, piece of code
// or table row. Line is its first line in the digest's file, 1-based.
type Block struct {
	Kind   BlockKind
	Level  int
	Number int // of an item in a numbered list, 0 in a bulleted one
	Line   int
	Spans  []Span
}

// Span is text in one style. A span with a URL is a link; only http and
// https URLs are ever set.
type Span struct {
	Text   string
	URL    string
	Strong bool
	Code   bool
}

// Plain is a text of one unstyled paragraph, no block for the empty string.
func Plain(s string) Text {
	if s == "" {
		return nil
	}
	return Text{{Spans: []Span{{Text: s}}}}
}

// String is the plain text of the spans, each link followed by its address
// in round brackets unless the text is the address.
func (b Block) String() string {
	var sb strings.Builder
	for _, s := range b.Spans {
		sb.WriteString(s.Text)
		if s.URL != "" && s.URL != s.Text {
			sb.WriteString(" (" + s.URL + ")")
		}
	}
	return sb.String()
}

// String is the plain text: paragraphs parted by an empty line, items of a
// list on lines of their own after "- " or their number.
func (t Text) String() string {
	var sb strings.Builder
	for i, b := range t {
		if i > 0 {
			sb.WriteString(separator(t[i-1], b))
		}
		if b.Kind == Item {
			sb.WriteString(strings.Repeat("  ", b.Level) + b.Marker() + " ")
		}
		sb.WriteString(b.String())
	}
	return sb.String()
}

// MarshalJSON writes the plain text as one string.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.String()) }

// Marker is what stands before a list item: "-", or its number and a dot.
func (b Block) Marker() string {
	if b.Number > 0 {
		return strconv.Itoa(b.Number) + "."
	}
	return "-"
}

// separator parts two blocks: a list and a table keep their lines together.
func separator(a, b Block) string {
	if a.Kind == b.Kind && (b.Kind == Item || b.Kind == Row) {
		return "\n"
	}
	return "\n\n"
}
