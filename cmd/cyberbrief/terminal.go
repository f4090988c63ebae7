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
func printPost(w io.Writer, p bot.Post) error {
	t := &terminal{printer: printer{w: w}}
	t.document(p.Parent)
	if len(p.Thread) > 0 {
		t.line("\n%s\n", "── "+bot.Clean(p.ThreadTitle)+" "+strings.Repeat("─", max(0, terminalWidth-4-uniseg.StringWidth(p.ThreadTitle))))
		t.document(p.Thread)
	}
	if len(t.links) > 0 {
		t.line("\n%s", strings.Repeat("─", terminalWidth))
	}
	for i, link := range t.links {
		t.line("[%d] %s", i+1, bot.Clean(link))
	}
	return t.err
}

// terminal prints the blocks of documents. Links are numbered and their
// addresses stand at the end, so that the text stays readable.
type terminal struct {
	printer
	links []string
}

func (t *terminal) document(d bot.Document) {
	for _, b := range d {
		t.block(b)
	}
}

func (t *terminal) block(b bot.Block) {
	switch b := b.(type) {
	case bot.Title:
		t.wrapped("", "", "━━ "+b.Text+" ━━")
	case bot.Heading:
		t.line("")
		t.wrapped("", "", strings.Repeat("■", max(1, 3-b.Level))+" "+b.Text)
	case bot.Prose:
		t.wrapped("  ", "  ", t.flat(b.Spans))
	case bot.QuoteText:
		t.wrapped("  │ ", "  │ ", t.flat(b.Spans))
	case bot.Point:
		t.block(bot.ListItem{Marker: fmt.Sprintf("%d.", b.Number), Spans: b.Spans})
		if len(b.Note) > 0 {
			t.block(bot.Note{Spans: b.Note})
		}
		t.line("")
	case bot.ListItem:
		indent := strings.Repeat("  ", b.Level+1)
		t.wrapped(indent+b.Marker+" ", indent+strings.Repeat(" ", uniseg.StringWidth(b.Marker)+1), t.flat(b.Spans))
	case bot.Note:
		t.wrapped("     ", "     ", t.flat(b.Spans))
	case bot.CodeText:
		for line := range strings.SplitSeq(bot.Clean(b.Text), "\n") {
			t.line("    %s", line)
		}
	case bot.Divider:
		t.line("\n%s", strings.Repeat("─", terminalWidth))
	case bot.Buttons:
		var labels []string
		for _, button := range b {
			labels = append(labels, "["+button.Label+"]")
		}
		t.wrapped("  ", "  ", strings.Join(labels, " "))
	case bot.Menu:
		var labels []string
		for _, o := range b.Options {
			labels = append(labels, o.Label)
		}
		t.wrapped("  ", "    ", b.Placeholder+" ▾ "+strings.Join(labels, " / "))
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
func (t *terminal) wrapped(first, rest, text string) {
	prefix, line, width := first, "", uniseg.StringWidth(first)
	flush := func() {
		t.line("%s%s", prefix, strings.TrimRight(line, " "))
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
