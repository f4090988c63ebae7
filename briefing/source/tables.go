package source

import (
	"slices"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxCells is the size of the largest table that stays one, rows by columns.
// A table in Markdown has every cell that its HTML leaves out, so a few
// megabytes of HTML can ask for billions of them.
const maxCells = 10_000

// tameTables makes the tables of a page safe to convert. Markdown knows no
// cells that span others, so they do not. Tables that are too large, and those
// around other tables, which would be converted anew at every level, become
// plain blocks: their text stays.
func tameTables(_ converter.Context, doc *html.Node) {
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Table {
			continue
		}
		t := &tableSize{}
		t.measure(n)
		if t.nested || t.rows*t.columns > maxCells {
			flattenTable(n)
		}
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
