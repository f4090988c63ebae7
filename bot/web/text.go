package web

import (
	"strings"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// node is a piece of text as HTML nests it. Kind is p, h, quote, code, list
// or table; the others fill the fields that they need.
type node struct {
	Kind    string
	ID      string // of a heading, its anchor; may be empty
	Line    int
	Level   int // of a heading
	Ordered bool
	Start   int // of an ordered list
	Spans   []briefing.Span
	Items   []item     // of a list
	Rows    [][][]span // of a table: rows, cells, spans
}

type span = briefing.Span

// item is a list item and what is listed below it.
type item struct {
	Spans []span
	Below []node
}

// linked is a text with its CVE IDs linked.
func linked(t briefing.Text, lang briefing.Language) briefing.Text {
	out := make(briefing.Text, len(t))
	for i, b := range t {
		out[i] = b
		out[i].Spans = nil
		for _, s := range b.Spans {
			out[i].Spans = append(out[i].Spans, bot.LinkCVEs(s, lang)...)
		}
	}
	return out
}

// nodes nests a text's blocks: items into lists, rows into tables.
func nodes(t briefing.Text) []node {
	var out []node
	for i := 0; i < len(t); {
		switch b := t[i]; b.Kind {
		case briefing.Item:
			n := run(t[i:], briefing.Item)
			out = append(out, lists(t[i:i+n])...)
			i += n
		case briefing.Row:
			n := run(t[i:], briefing.Row)
			table := node{Kind: "table"}
			for _, row := range t[i : i+n] {
				table.Rows = append(table.Rows, cells(row.Spans))
			}
			out = append(out, table)
			i += n
		default:
			out = append(out, plainNode(b))
			i++
		}
	}
	return out
}

// run counts the blocks of one kind at the start of t.
func run(t briefing.Text, kind briefing.BlockKind) int {
	n := 0
	for n < len(t) && t[n].Kind == kind {
		n++
	}
	return n
}

func plainNode(b briefing.Block) node {
	kinds := map[briefing.BlockKind]string{briefing.Heading: "h", briefing.Quote: "quote", briefing.Code: "code"}
	n := node{Kind: kinds[b.Kind], Line: b.Line, Level: b.Level, Spans: b.Spans}
	if n.Kind == "" {
		n.Kind = "p"
	}
	return n
}

// lists nests items by level; a change between bullets and numbers opens a
// list of its own. Blocks deeper than the first one go below the item before.
func lists(t briefing.Text) []node {
	var out []node
	for i := 0; i < len(t); {
		b := t[i]
		ordered := b.Number > 0
		if len(out) == 0 || out[len(out)-1].Ordered != ordered {
			out = append(out, node{Kind: "list", Ordered: ordered, Start: b.Number})
		}
		deeper := i + 1
		for deeper < len(t) && t[deeper].Level > b.Level {
			deeper++
		}
		list := &out[len(out)-1]
		list.Items = append(list.Items, item{Spans: b.Spans, Below: lists(t[i+1 : deeper])})
		i = deeper
	}
	return out
}

// cells parts the spans of a row at " | ".
func cells(spans []span) [][]span {
	row := [][]span{nil}
	for _, s := range spans {
		for i, part := range strings.Split(s.Text, " | ") {
			if i > 0 {
				row = append(row, nil)
			}
			if part != "" {
				piece := s
				piece.Text = part
				row[len(row)-1] = append(row[len(row)-1], piece)
			}
		}
	}
	return row
}

// plain is a text in one line, at most n characters long.
func plain(t string, n int) string {
	t = strings.Join(strings.Fields(bot.Clean(t)), " ")
	if r := []rune(t); len(r) > n {
		return strings.TrimSpace(string(r[:n-1])) + "…"
	}
	return t
}

// joined is the text of spans without their styles.
func joined(spans []span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return bot.Clean(sb.String())
}
