package digest

import (
	"bytes"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxInlineMarks is how many brackets, delimiters or the like of one kind are
// tried in one paragraph. Beyond it they are plain text: goldmark's work is
// quadratic in them, and no honest paragraph has so many.
const (
	maxInlineMarks = 400
	// longLine is where a line is so long that every try to find the end of a
	// link in it is dear, and fewer are made.
	longLine       = 8 << 10
	maxMarksOfLong = 50
	// maxMarks is how many are tried in a digest, of all kinds together: each
	// can become a node of half a kilobyte. Real digests have some 300.
	maxMarks        = 10_000
	maxTableColumns = 100
	// maxTableCells is how many cells the tables of a digest have together:
	// each takes half a kilobyte and more, and a row of three bytes can have
	// maxTableColumns of them. No honest digest has a tenth of it.
	maxTableCells = 10_000
)

// markdown is goldmark with the digests' habits. It differs from CommonMark:
// emphasis works between Japanese characters; indented text and HTML are
// prose, not code; reference definitions stay visible, as citations; bare
// URLs are kept whole. Immutable after its construction.
var markdown = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewThematicBreakParser(), 200),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(&bounded{InlineParser: parser.NewCodeSpanParser(), key: parser.NewContextKey()}, 100),
		util.Prioritized(&bounded{InlineParser: markParser{}, key: parser.NewContextKey()}, 150),
		util.Prioritized(&bounded{InlineParser: urlParser{}, key: parser.NewContextKey()}, 160),
		util.Prioritized(&bounded{InlineParser: parser.NewLinkParser(), key: parser.NewContextKey()}, 200),
		util.Prioritized(&bounded{InlineParser: parser.NewAutoLinkParser(), key: parser.NewContextKey()}, 300),
		util.Prioritized(&bounded{InlineParser: parser.NewRawHTMLParser(), key: parser.NewContextKey()}, 400),
		util.Prioritized(&bounded{InlineParser: emphasisParser{}, key: parser.NewContextKey()}, 500),
	),
	parser.WithParagraphTransformers(
		util.Prioritized(plainText{}, 300),
		util.Prioritized(tables{extension.NewTableParagraphTransformer()}, 200),
	),
	parser.WithASTTransformers(
		util.Prioritized(extension.NewTableASTTransformer(), 0),
	),
)

// bounded stops an inline parser after maxInlineMarks tries in one block.
type bounded struct {
	parser.InlineParser
	key parser.ContextKey
}

type tries struct {
	block ast.Node
	n     int
}

func (b *bounded) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	t, ok := pc.Get(b.key).(*tries)
	if !ok {
		t = &tries{}
		pc.Set(b.key, t)
	}
	if t.block != parent {
		t.block, t.n = parent, 0
	}
	limit := maxInlineMarks
	if line, _ := block.PeekLine(); len(line) > longLine {
		limit = maxMarksOfLong
	}
	if t.n++; t.n > limit || !spend(pc, marksKey, 1, maxMarks) {
		return nil
	}
	return b.InlineParser.Parse(parent, block, pc)
}

// What a document has so far of what is dear, by its context.
var (
	marksKey = parser.NewContextKey()
	cellsKey = parser.NewContextKey()
)

// spend takes so many of what a document may have at most; false when there are
// not so many left.
func spend(pc parser.Context, key parser.ContextKey, n, most int) bool {
	spent, _ := pc.Get(key).(*int)
	if spent == nil {
		spent = new(int)
		pc.Set(key, spent)
	}
	if *spent+n > most {
		return false
	}
	*spent += n
	return true
}

// CloseBlock ends a block for parsers that keep state inside one.
func (b *bounded) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	if c, ok := b.InlineParser.(parser.CloseBlocker); ok {
		c.CloseBlock(parent, block, pc)
	}
}

// plainBlock is a paragraph whose only markup is bold text in pairs of **. It
// is raw: goldmark does not look for inline nodes in it.
type plainBlock struct{ ast.BaseBlock }

var kindPlainBlock = ast.NewNodeKind("PlainBlock")

func (p *plainBlock) Kind() ast.NodeKind     { return kindPlainBlock }
func (p *plainBlock) IsRaw() bool            { return true }
func (p *plainBlock) Dump(src []byte, l int) { ast.DumpHelper(p, src, l, nil, nil) }

// plainText turns paragraphs without other markup than bold into plain
// blocks: most Japanese prose is so, and looking for more in it is half of
// goldmark's time.
type plainText struct{}

func (plainText) Transform(p *ast.Paragraph, r text.Reader, pc parser.Context) {
	if line, _ := r.PeekLine(); underline(line) {
		return // it is a heading
	}
	stars := 0
	for i := range p.Lines().Len() {
		l := p.Lines().At(i)
		n, ok := boldMarks(l.Value(r.Source()), stars%2 == 1)
		if !ok || l.Padding > 0 {
			return
		}
		stars += n
	}
	if stars%2 == 1 || !spend(pc, marksKey, stars, maxMarks) {
		return
	}
	plain := &plainBlock{}
	plain.SetLines(p.Lines())
	plain.SetBlankPreviousLines(p.HasBlankPreviousLines())
	p.Parent().ReplaceChild(p.Parent(), p, plain)
}

// underline says whether a line can make the one above it a heading.
func underline(line []byte) bool {
	t := bytes.TrimSpace(line)
	return len(t) > 0 && (t[0] == '=' || t[0] == '-') && len(bytes.Trim(t, string(t[:1]))) == 0
}

// boldMarks counts the ** of a line. It fails on any other markup, and on a
// ** that would not open or close by CommonMark's rule for spaces.
func boldMarks(line []byte, open bool) (n int, ok bool) {
	line = bytes.TrimRight(line, "\n")
	if bytes.HasSuffix(line, []byte("  ")) || bytes.Contains(line, []byte("://")) {
		return 0, false
	}
	for _, c := range []byte("[]_`<\\&") {
		if bytes.IndexByte(line, c) >= 0 {
			return 0, false
		}
	}
	for at := 0; ; at += 2 {
		i := bytes.IndexByte(line[at:], '*')
		if i < 0 {
			return n, true
		}
		at += i
		if at+1 >= len(line) || line[at+1] != '*' || at+2 < len(line) && line[at+2] == '*' {
			return 0, false
		}
		if before, after := at > 0 && line[at-1] != ' ', at+2 < len(line) && line[at+2] != ' '; open && !before || !open && !after {
			return 0, false
		}
		n, open = n+1, !open
	}
}

// tables leaves tables beyond all reason as they are written.
type tables struct{ parser.ParagraphTransformer }

func (t tables) Transform(p *ast.Paragraph, r text.Reader, pc parser.Context) {
	rows := p.Lines().Len()
	if rows < 2 {
		return
	}
	first, second := p.Lines().At(0), p.Lines().At(1)
	columns := bytes.Count(first.Value(r.Source()), []byte("|"))
	if columns == 0 || columns > maxTableColumns || bytes.IndexByte(second.Value(r.Source()), '-') < 0 {
		return
	}
	// A row has a cell for every column, whether or not it is written.
	if spend(pc, cellsKey, rows*(columns+1), maxTableCells) {
		t.ParagraphTransformer.Transform(p, r, pc)
	}
}

// mark is a reference mark: [3], [^3], [1, 4-6], 【3†source】, [cite: 2].
type mark struct {
	ast.BaseInline
	raw     string
	defines bool // "[3]:" at the start of a line
}

var kindMark = ast.NewNodeKind("ReferenceMark")

func (m *mark) Inline()                {}
func (m *mark) Kind() ast.NodeKind     { return kindMark }
func (m *mark) Dump(src []byte, l int) { ast.DumpHelper(m, src, l, nil, nil) }

// markParser reads ASCII-bracketed marks before they can turn into links;
// marks in other brackets are found in the text, see splitMarks.
type markParser struct{}

func (markParser) Trigger() []byte { return []byte{'['} }

func (markParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	n := bytes.IndexByte(line[:min(len(line), maxMarkBytes)], ']')
	if n < 2 || !isReference(string(line[1:n])) {
		return nil
	}
	m := &mark{raw: string(line[:n+1])}
	m.SetPos(-1)
	end := n + 1
	if end < len(line) {
		switch line[end] {
		case '(':
			return nil // a link whose text is a number
		case ':':
			if before := block.PrecendingCharacter(); before == '\n' {
				m.defines, end = true, end+1
			}
		}
	}
	block.Advance(end)
	return m
}

// urlTail is "://" and what follows of a bare URL; its scheme is the end of
// the text before it.
type urlTail struct {
	ast.BaseInline
	raw string
}

var kindURLTail = ast.NewNodeKind("BareURLTail")

func (u *urlTail) Inline()                {}
func (u *urlTail) Kind() ast.NodeKind     { return kindURLTail }
func (u *urlTail) Dump(src []byte, l int) { ast.DumpHelper(u, src, l, nil, nil) }

// urlParser keeps a bare URL in one piece, so that no underscore or asterisk
// in it becomes emphasis, wherever in a Japanese sentence it stands.
type urlParser struct{}

func (urlParser) Trigger() []byte { return []byte{':'} }

func (urlParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	before := block.PrecendingCharacter()
	if !bytes.HasPrefix(line, []byte("://")) || (before != 's' && before != 'p' && before != 'S' && before != 'P') {
		return nil
	}
	n := urlLength(line)
	if n <= len("://") {
		return nil
	}
	u := &urlTail{raw: string(line[:n])}
	u.SetPos(-1)
	block.Advance(n)
	return u
}

// urlLength is how many bytes of text belong to the URL that it begins in.
// Round brackets count as long as they are in pairs; punctuation at the end
// belongs to the sentence.
func urlLength(text []byte) int {
	n, open := 0, 0
scan:
	for n < len(text) {
		switch c := text[n]; {
		case c <= ' ' || c >= 0x7f || bytes.IndexByte([]byte("<>\"`[]{}|\\^"), c) >= 0:
			break scan
		case c == '(':
			open++
		case c == ')':
			if open--; open < 0 {
				break scan
			}
		}
		n++
	}
	for n > 0 && bytes.IndexByte([]byte(".,;:!?'*_~("), text[n-1]) >= 0 {
		n--
	}
	return n
}

// emphasisParser is CommonMark's rule for * and _ with one change: beside a
// Japanese character, punctuation does not forbid emphasis. CommonMark leaves
// **「重要」**です as it stands, because 」 is punctuation and で is not space.
type emphasisParser struct{}

func (emphasisParser) Trigger() []byte               { return []byte{'*', '_'} }
func (emphasisParser) IsDelimiter(b byte) bool       { return b == '*' || b == '_' }
func (emphasisParser) OnMatch(consumes int) ast.Node { return ast.NewEmphasis(consumes) }
func (emphasisParser) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char
}

func (e emphasisParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	d := parser.ScanDelimiter(line, before, 1, e)
	if d == nil {
		return nil
	}
	after := ' '
	if d.OriginalLength < len(line) {
		after = util.ToRune(line, d.OriginalLength)
	}
	if d.Char == '*' && (isCJK(before) || isCJK(after)) {
		d.CanOpen = d.CanOpen || !unicode.IsSpace(after)
		d.CanClose = d.CanClose || !unicode.IsSpace(before)
	}
	d.Segment = segment.WithStop(segment.Start + d.OriginalLength)
	block.Advance(d.OriginalLength)
	pc.PushDelimiter(d)
	return d
}

// isCJK says whether r is a Japanese character or punctuation mark, or a
// full-width form.
func isCJK(r rune) bool {
	return r >= 0x2e80 && (r <= 0x9fff || r >= 0xac00 && r <= 0xd7af || r >= 0xf900 && r <= 0xfaff ||
		r >= 0xfe30 && r <= 0xfe4f || r >= 0xff00 && r <= 0xffef || r >= 0x20000 && r <= 0x3ffff)
}
