package source

import (
	"errors"
	"slices"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxCells is the size of the largest table that stays one, rows by
	// columns. A table in Markdown has every cell that its HTML leaves out, so
	// a few megabytes of HTML can ask for billions of them.
	maxCells = 10_000
	// maxIndents is how deep quotations and lists may stand in each other:
	// Markdown writes all of them before every line.
	maxIndents = 10
	// maxBrackets is how many opening brackets times bytes an item may have:
	// the converter looks for the end of each bracket up to the end of the
	// text. A digest has a tenth of it; this much takes a second.
	maxBrackets = 200 << 20
)

// errBrackets refuses a page that would take too long.
var errBrackets = errors.New("too many opening brackets for its length")

// convertible says why a page cannot be converted in good time.
func convertible(page string) error {
	if strings.Count(page, "[")*len(page) > maxBrackets {
		return errBrackets
	}
	return nil
}

// tame makes a page safe to convert: what would cost more than its size says
// becomes plain blocks, of which the text stays.
func tame(_ converter.Context, doc *html.Node) {
	tameBelow(doc, 0)
}

// tameBelow tames what is below n, which stands in so many quotations and
// lists. The parser limits how deep a page can be.
func tameBelow(n *html.Node, indents int) {
	for c := range n.ChildNodes() {
		below := indents
		switch c.DataAtom {
		case atom.Table:
			tameTable(c)
		case atom.Blockquote, atom.Ul, atom.Ol, atom.Dl:
			if below++; below > maxIndents {
				c.Data, c.DataAtom = "div", atom.Div
			}
		case atom.Li, atom.Dd, atom.Dt:
			if below > maxIndents {
				c.Data, c.DataAtom = "div", atom.Div
			}
		}
		tameBelow(c, below)
	}
}

// tameTable takes away spans: Markdown has none. Tables that are too large, and
// those around other tables, which would be converted anew at every level, are
// tables no more.
func tameTable(n *html.Node) {
	t := &tableSize{}
	t.measure(n)
	if t.nested || t.rows*t.columns > maxCells {
		flattenTable(n)
	}
}

// tableSize is what a table would be in Markdown.
type tableSize struct {
	rows, columns int
	nested        bool // another table is inside
}

// measure counts the cells below n, without those of tables inside, and takes
// their spans away.
func (t *tableSize) measure(n *html.Node) {
	cells := 0
	for c := range n.ChildNodes() {
		switch c.DataAtom {
		case atom.Table:
			t.nested = true
			continue
		case atom.Tr:
			t.rows++
		case atom.Td, atom.Th:
			cells++
			c.Attr = slices.DeleteFunc(c.Attr, func(a html.Attribute) bool { return a.Key == "colspan" || a.Key == "rowspan" })
		}
		t.measure(c)
	}
	t.columns = max(t.columns, cells)
}

// flattenTable turns a table into blocks. Tables inside it, which have their
// own turn, stay.
func flattenTable(n *html.Node) {
	switch n.DataAtom {
	case atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption:
		n.Data, n.DataAtom = "div", atom.Div
	}
	for c := range n.ChildNodes() {
		if c.DataAtom != atom.Table {
			flattenTable(c)
		}
	}
}
