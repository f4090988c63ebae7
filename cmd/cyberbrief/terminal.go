package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"cyberbrief/bot"
)

// terminalWidth is how many columns a preview uses: what every terminal has.
const terminalWidth = 80

// printPost prints a post for people at a terminal: wide characters count as
// two columns, and what comes from outside is cleaned of control characters.
// With colour, headings and small print stand out.
func printPost(w io.Writer, p bot.Post, colour bool) error {
	t := &terminal{printer: printer{w: w}, colour: colour, blank: true}
	t.document(p.Parent)
	if len(p.Thread) > 0 {
		t.gap()
		title := bot.Clean(p.ThreadTitle)
		t.put(bold, "", "-- "+title+" "+strings.Repeat("-", max(0, terminalWidth-4-uniseg.StringWidth(title))))
		t.inThread = true
		t.document(p.Thread)
	}
	if len(t.links) > 0 {
		t.gap()
		t.put(dim, "", rule("-"))
	}
	for i, link := range t.links {
		t.put(dim, "", fmt.Sprintf("%*s %s", len(fmt.Sprint(len(t.links)))+2, fmt.Sprintf("[%d]", i+1), bot.Clean(link)))
	}
	return t.err
}

// look is how a terminal shows a line: an SGR parameter of ECMA-48.
type look string

const (
	normal look = ""
	bold   look = "1"
	dim    look = "2"
	accent look = "1;36"
)

// terminal prints the blocks of documents. Links are numbered and their
// addresses stand at the end, so that the text stays readable.
type terminal struct {
	printer
	colour bool
	blank  bool // the line before is empty, or there is none
	prose  bool // the block before was a paragraph
	// inThread is set below the parent, where text stands further left.
	inThread bool
	links    []string
}

// put prints one line, what stands before the text as it is.
func (t *terminal) put(l look, before, text string) {
	before, text = bot.Clean(before), bot.Clean(text)
	t.blank = before+text == ""
	if t.colour && l != normal && text != "" {
		text = "\x1b[" + string(l) + "m" + text + "\x1b[0m"
	}
	t.raw(before + text)
}

// gap prints an empty line unless there is one.
func (t *terminal) gap() {
	if !t.blank {
		t.put(normal, "", "")
	}
}

func (t *terminal) document(d bot.Document) {
	for _, b := range d {
		_, prose := b.(bot.Prose)
		if prose && t.prose {
			t.gap()
		}
		t.block(b)
		t.prose = prose
	}
}

// rule is a line across the terminal. It is in ASCII because what Unicode has
// for lines is two columns wide on many terminals in East Asia.
func rule(mark string) string { return strings.Repeat(mark, terminalWidth) }

// underText is where the text of a key point begins: all small print does.
const underText = "     "

func (t *terminal) block(b bot.Block) {
	switch b := b.(type) {
	case bot.Title:
		t.put(accent, "", rule("="))
		t.wrapped(accent, "  ", "  ", b.Text)
		t.put(accent, "", rule("="))
	case bot.Heading:
		t.heading(b)
	case bot.Prose:
		t.wrapped(normal, "  ", "  ", t.flat(b.Spans))
	case bot.QuoteText:
		t.wrapped(normal, "  > ", "  > ", t.flat(b.Spans))
	case bot.Point:
		t.gap()
		t.wrapped(normal, fmt.Sprintf("%3d. ", b.Number), underText, t.flat(b.Spans))
		if len(b.Note) > 0 {
			t.wrapped(dim, underText, underText, t.flat(b.Note))
		}
		t.gap()
	case bot.ListItem:
		indent := strings.Repeat("  ", b.Level+1)
		t.wrapped(normal, indent+b.Marker+" ", indent+strings.Repeat(" ", uniseg.StringWidth(b.Marker)+1), t.flat(b.Spans))
	case bot.Note:
		indent := underText
		if t.inThread {
			indent = "  "
		}
		t.wrapped(dim, indent, indent, t.flat(b.Spans))
	case bot.CodeText:
		for line := range strings.SplitSeq(bot.Clean(b.Text), "\n") {
			t.put(normal, "    ", line)
		}
	case bot.Divider:
		t.gap()
		t.put(dim, "", rule("-"))
	case bot.Buttons:
		var labels []string
		for _, button := range b {
			labels = append(labels, "["+button.Label+"]")
		}
		t.wrapped(normal, underText, underText, strings.Join(labels, " "))
	case bot.Menu:
		var labels []string
		for _, o := range b.Options {
			labels = append(labels, o.Label)
		}
		t.wrapped(normal, underText, underText+"  ", b.Placeholder+" ▾ "+strings.Join(labels, " / "))
	}
}

// heading marks a group more than an item in it, and that more than a
// sub-heading.
func (t *terminal) heading(h bot.Heading) {
	t.gap()
	switch {
	case h.Level <= 1:
		t.wrapped(accent, "", "  ", "■ "+h.Text)
	case h.Level == 2:
		t.wrapped(bold, "", "", h.Text)
	default:
		t.wrapped(bold, "  ", "  ", h.Text)
	}
}

// flat is the text of spans, the number of its address after each link.
func (t *terminal) flat(spans []bot.Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
		if s.URL == "" {
			continue
		}
		i := slices.Index(t.links, s.URL)
		if i < 0 {
			i = len(t.links)
			t.links = append(t.links, s.URL)
		}
		fmt.Fprintf(&sb, "[%d]", i+1)
	}
	return sb.String()
}

// wrapped prints text in lines of at most terminalWidth columns; first and
// rest stand before its first and its other lines. Lines break where Unicode
// allows it, so that no word of Latin script is cut.
func (t *terminal) wrapped(l look, first, rest, text string) {
	prefix, line, width := first, "", uniseg.StringWidth(first)
	flush := func() {
		t.put(l, prefix, strings.TrimRight(line, " "))
		prefix, line, width = rest, "", uniseg.StringWidth(rest)
	}
	state := -1
	remaining := strings.ReplaceAll(bot.Clean(text), "\n", " ")
	for remaining != "" {
		var segment string
		segment, remaining, _, state = uniseg.FirstLineSegmentInString(remaining, state)
		w := uniseg.StringWidth(segment)
		if line != "" && width+uniseg.StringWidth(strings.TrimRight(segment, " ")) > terminalWidth {
			flush()
		}
		line += segment
		width += w
	}
	flush()
}
