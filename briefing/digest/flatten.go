package digest

import (
	"bytes"
	"cmp"
	"net/url"
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"cyberbrief/briefing"
)

// span is text in one style. A reference mark is a span of its own until it
// is known what it points at.
type span struct {
	text, url    string
	strong, code bool
	mark         bool
	anchor       string // where a link within the page leads, percent-decoded
}

// line is one line of the source, without markup. The number is 1-based.
type line struct {
	no     int
	spans  []span
	source int // the span where the line names sources, -1 for nowhere
	offset int // the byte in that span
}

// block is a paragraph, list item, quotation, piece of code or table row.
type block struct {
	kind   briefing.BlockKind
	level  int
	number int
	lines  []line
	split  bool // every line is an item of its own
	ruled  bool // a rule parts it from what stands before it
}

// heading is a heading of the source. Level 1 is the highest.
type heading struct {
	level int
	line  int
	spans []span
	text  string // cleaned, see cleanHeading
	bold  bool   // a paragraph in bold that serves as a heading
}

// item is either a heading or a block, or a thematic break (neither).
type item struct {
	heading *heading
	block   *block
}

// flattener walks goldmark's tree once, in the order of the source.
type flattener struct {
	src    []byte
	text   string // src; spans are pieces of it
	starts []int  // byte offset of every line
	last   int    // the line that was asked for last
	from   int
	items  []item
}

// flatten parses src and lists its headings and blocks in order.
func flatten(src []byte) []item {
	f := &flattener{src: src, text: string(src), starts: make([]int, 1, bytes.Count(src, []byte("\n"))+1)}
	for at := 0; ; {
		n := bytes.IndexByte(src[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
		f.starts = append(f.starts, at)
	}
	f.items = make([]item, 0, len(f.starts))
	doc := markdown.Parse(text.NewReader(src))
	f.children(doc, briefing.Paragraph, 0)
	return f.items
}

// lineAt is the line number of a byte offset.
func (f *flattener) lineAt(offset int) int {
	// Text is asked for in order, so the line is the last one or a next one.
	if f.last > 0 && f.starts[f.last-1] <= offset {
		for f.last < len(f.starts) && f.last-f.from < 8 && f.starts[f.last] <= offset {
			f.last++
		}
		if f.last == len(f.starts) || f.starts[f.last] > offset {
			f.from = f.last
			return f.last
		}
	}
	f.last = sort.Search(len(f.starts), func(i int) bool { return f.starts[i] > offset })
	f.from = f.last
	return f.last
}

// children emits the blocks inside n. Kind and level are what its paragraphs
// are: those of a list item are items, those of a quotation quotes.
func (f *flattener) children(n ast.Node, kind briefing.BlockKind, level int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Heading:
			f.heading(c)
		case *ast.Paragraph, *ast.TextBlock:
			f.emit(&block{kind: kind, level: level, lines: f.inline(c)})
		case *plainBlock:
			f.emit(&block{kind: kind, level: level, lines: f.plainLines(c)})
		case *ast.List:
			f.list(c, level, kind == briefing.Item)
		case *ast.Blockquote:
			f.children(c, briefing.Quote, 0)
		case *ast.FencedCodeBlock:
			f.code(c)
		case *ast.ThematicBreak:
			f.items = append(f.items, item{})
		case *east.Table:
			f.table(c)
		default:
			f.children(c, kind, level)
		}
	}
}

func (f *flattener) emit(b *block) {
	if len(b.lines) > 0 {
		f.items = append(f.items, item{block: b})
	}
}

// list emits the items of a list: the first paragraph of each is the item,
// later ones are paragraphs of their own.
func (f *flattener) list(l *ast.List, level int, nested bool) {
	if nested {
		level++
	}
	number := l.Start
	for c := l.FirstChild(); c != nil; c = c.NextSibling() {
		from := len(f.items)
		f.children(c, briefing.Item, level)
		first := true
		for _, it := range f.items[from:] {
			if it.block == nil || it.block.kind != briefing.Item || it.block.level != level {
				continue
			}
			if !first {
				it.block.kind, it.block.level = briefing.Paragraph, 0
				continue
			}
			first = false
			if l.IsOrdered() {
				it.block.number = max(number, 1)
			}
		}
		number++
	}
}

// heading emits a heading. A line of dashes below prose is a rule that lacks
// its empty line, not an underline.
func (f *flattener) heading(h *ast.Heading) {
	lines := f.inline(h)
	if len(lines) == 0 {
		return
	}
	if f.src[f.starts[lines[0].no-1]] != '#' && !strings.HasPrefix(strings.TrimLeft(string(f.rawLine(lines[0].no)), " "), "#") {
		if len(lines) > 1 || !titleLike(plain(lines[0].spans)) {
			f.emit(&block{lines: lines})
			f.items = append(f.items, item{})
			return
		}
	}
	f.items = append(f.items, item{heading: &heading{level: h.Level, line: lines[0].no, spans: lines[0].spans}})
}

// rawLine is the source of a line, without its line feed.
func (f *flattener) rawLine(no int) []byte {
	end := len(f.src)
	if no < len(f.starts) {
		end = f.starts[no] - 1
	}
	return f.src[f.starts[no-1]:end]
}

// titleLike says whether a text reads as a heading and not as a sentence.
func titleLike(s string) bool {
	const maxTitle = 60
	return len([]rune(s)) <= maxTitle && !strings.ContainsAny(s, "。") && !strings.HasSuffix(s, ".") &&
		!strings.HasSuffix(s, "]") && !strings.HasSuffix(s, ")") && !strings.Contains(s, "出典")
}

func (f *flattener) code(c *ast.FencedCodeBlock) {
	b := &block{kind: briefing.Code}
	for i := range c.Lines().Len() {
		s := c.Lines().At(i)
		b.lines = append(b.lines, line{no: f.lineAt(s.Start), spans: []span{{text: strings.TrimRight(string(s.Value(f.src)), "\n"), code: true}}, source: -1})
	}
	f.emit(b)
}

// columnSeparator stands between the cells of a table's row in its text.
const columnSeparator = " | "

func (f *flattener) table(t *east.Table) {
	for r := t.FirstChild(); r != nil; r = r.NextSibling() {
		row := line{source: -1}
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			if c != r.FirstChild() {
				row.spans = append(row.spans, span{text: columnSeparator}) // also beside an empty cell
			}
			for _, l := range f.inline(c) {
				row.no = cmp.Or(row.no, l.no)
				row.spans = append(row.spans, l.spans...)
			}
		}
		if row.no > 0 {
			f.emit(&block{kind: briefing.Row, lines: []line{row}})
		}
	}
}

// plainLines are the lines of a block whose only markup is bold text.
func (f *flattener) plainLines(p *plainBlock) []line {
	lines := make([]line, 0, p.Lines().Len())
	strong := false
	for i := range p.Lines().Len() {
		s := p.Lines().At(i)
		t := strings.TrimSpace(f.text[s.Start:s.Stop])
		l := line{no: f.lineAt(s.Start)}
		for {
			text, rest, more := strings.Cut(t, "**")
			if text != "" {
				l.spans = append(l.spans, span{text: text, strong: strong})
			}
			if !more {
				break
			}
			t, strong = rest, !strong
		}
		if len(l.spans) > 0 {
			l.source, l.offset = sourceStart(l.spans)
			lines = append(lines, l)
		}
	}
	return lines
}

// inliner turns the inline nodes of one block into lines of spans.
type inliner struct {
	*flattener
	lines []line
	no    int // of the line being filled
	style span
}

// inline is the text of a block, line by line; lines without text are left out.
func (f *flattener) inline(n ast.Node) []line {
	in := &inliner{flattener: f}
	if n.Lines().Len() > 0 {
		in.no = f.lineAt(n.Lines().At(0).Start)
	}
	in.walk(n)
	kept := in.lines[:0]
	for _, l := range in.lines {
		if strings.TrimSpace(plain(l.spans)) != "" {
			l.source, l.offset = sourceStart(l.spans)
			kept = append(kept, l)
		}
	}
	return kept
}

func (in *inliner) walk(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			in.no = in.lineAt(c.Segment.Start)
			in.add(unescape(in.value(c), c.IsRaw()))
			if c.SoftLineBreak() || c.HardLineBreak() {
				in.no++
			}
		case *ast.String:
			in.add(string(c.Value))
		case *ast.CodeSpan:
			in.styled(span{code: true, strong: in.style.strong, url: in.style.url}, c)
		case *ast.Emphasis:
			st := in.style
			st.strong = st.strong || c.Level >= 2
			in.styled(st, c)
		case *ast.Link:
			in.link(c, string(c.Destination), string(c.Title))
		case *ast.Image:
			in.link(c, string(c.Destination), string(c.Title))
		case *ast.AutoLink:
			in.autolink(string(c.URL(in.src)), string(c.Label(in.src)))
		case *mark:
			in.push(span{text: c.raw, mark: true, code: c.defines})
		case *urlTail:
			in.bareURL(c.raw)
		case *ast.RawHTML:
			in.rawHTML(c)
		default:
			in.walk(c)
		}
	}
}

func (in *inliner) styled(st span, n ast.Node) {
	old := in.style
	in.style = st
	in.walk(n)
	in.style = old
}

// add appends text in the current style.
func (in *inliner) add(s string) {
	st := in.style
	st.text = s
	in.push(st)
}

// maxJoin is the longest text that more is joined to: joining piece by piece
// is quadratic, and joinSpans does the rest in one go.
const maxJoin = 1 << 10

// push appends a span to the current line, joining it to a span like it.
func (in *inliner) push(s span) {
	if s.text == "" {
		return
	}
	if n := len(in.lines); n == 0 || in.lines[n-1].no != in.no {
		in.lines = append(in.lines, line{no: in.no})
	}
	l := &in.lines[len(in.lines)-1]
	if n := len(l.spans); n > 0 && !s.mark && len(l.spans[n-1].text) < maxJoin {
		if last := &l.spans[n-1]; !last.mark && last.url == s.url && last.anchor == s.anchor && last.strong == s.strong && last.code == s.code {
			last.text += s.text
			return
		}
	}
	l.spans = append(l.spans, s)
}

// link adds a link, or its text and target where the target is no web
// address; a target that is a tool's own mark is dropped, see check.
func (in *inliner) link(n ast.Node, dest, title string) {
	dest = string(util.UnescapePunctuations([]byte(dest)))
	st := in.style
	if u, ok := webURL(dest); ok {
		st.url = u
		before := len(in.lines)
		in.styled(st, n)
		if len(in.lines) == before && n.FirstChild() == nil {
			in.push(span{text: u, url: u})
		}
	} else if anchor, ok := strings.CutPrefix(dest, "#"); ok && anchor != "" && !isReference(dest) {
		if decoded, err := url.PathUnescape(anchor); err == nil {
			anchor = decoded
		}
		st.anchor = anchor
		in.styled(st, n)
	} else {
		in.walk(n)
		if dest != "" && !isReference(dest) {
			in.add(" (" + dest + ")")
		} else if dest != "" {
			in.push(span{text: "(" + dest + ")", mark: true})
		}
	}
	if title != "" {
		in.add(" " + title)
	}
}

func (in *inliner) autolink(dest, label string) {
	st := in.style
	st.text = label
	if u, ok := webURL(dest); ok {
		st.url = u
	}
	in.push(st)
}

// bareURL joins the tail of a bare URL to the scheme that ends the text so far.
func (in *inliner) bareURL(tail string) {
	scheme := ""
	if n := len(in.lines); n > 0 && len(in.lines[n-1].spans) > 0 {
		spans := in.lines[n-1].spans
		last := &spans[len(spans)-1]
		lower := strings.ToLower(last.text)
		for _, s := range []string{"https", "http"} {
			if strings.HasSuffix(lower, s) && !last.mark {
				scheme = last.text[len(last.text)-len(s):]
				last.text = last.text[:len(last.text)-len(s)]
				break
			}
		}
		if last.text == "" {
			in.lines[n-1].spans = spans[:len(spans)-1]
		}
	}
	st := in.style
	st.text = scheme + tail
	if u, ok := webURL(st.text); ok && st.url == "" {
		st.url = u
	}
	in.push(st)
}

// rawHTML keeps the text around tags and drops the tags; a <br> ends a line.
func (in *inliner) rawHTML(h *ast.RawHTML) {
	if h.Segments.Len() == 0 {
		return
	}
	tag := strings.ToLower(string(h.Segments.Value(in.src)))
	if strings.HasPrefix(tag, "<br") {
		in.add("\n")
	}
}

// value is the source of a text node.
func (in *inliner) value(t *ast.Text) string {
	if t.Segment.Padding > 0 || t.Segment.ForceNewline {
		return string(t.Segment.Value(in.src))
	}
	return in.text[t.Segment.Start:t.Segment.Stop]
}

// unescape resolves backslashes and character references.
func unescape(s string, raw bool) string {
	if raw || strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '&') < 0 {
		return s
	}
	return string(util.UnescapePunctuations(util.ResolveEntityNames(util.ResolveNumericReferences([]byte(s)))))
}

// webURL says whether s is a web address that may be shown, and gives it
// percent-encoded where it has characters that URLs do not have.
func webURL(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) < len("http://x") || !strings.EqualFold(s[:4], "http") {
		return "", false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return "", false
		}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	return s, true
}

// plain is the text of spans without marks and addresses.
func plain(spans []span) string {
	if len(spans) == 1 && !spans[0].mark {
		return spans[0].text
	}
	var sb strings.Builder
	for _, s := range spans {
		if !s.mark {
			sb.WriteString(s.text)
		}
	}
	return sb.String()
}
