package digest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

// maxTermRunes is the longest headword; a longer text before a colon is the
// beginning of a sentence.
const maxTermRunes = 80

// takeGlossary reads the entries of a glossary section: list items, bold
// terms with the definition after them or on the next line, table rows, or a
// heading per term. What is no entry stays in the section, see rest.
func (r *reader) takeGlossary(s *section) (rest []*block) {
	if s.topic != "" && s.topic != s.heading.text { // 用語解説: X
		r.term(s.heading.line, s.topic, r.text(s.blocks).String())
		r.glossaryChildren(s)
		return nil
	}
	return append(r.entriesOf(s.blocks), r.glossaryChildren(s)...)
}

// glossaryChildren reads sub-headings: each is a term, unless it is a list
// of entries itself.
func (r *reader) glossaryChildren(s *section) (rest []*block) {
	for _, c := range s.children {
		switch {
		case c.role != roleNone && c.role != roleGlossary && c.role != roleBackground:
		case c.role == roleGlossary || manyEntries(c.blocks):
			if _, sure := bareRole(c.heading.text); !sure {
				r.advise(c.heading.line, codeNoRole, fmt.Sprintf("%q groups terms; the terms are kept, the group is not", c.heading.text))
			}
			rest = append(rest, r.takeGlossary(c)...)
		case len(c.blocks) > 0:
			own, after := untilRule(c.blocks)
			r.term(c.heading.line, unnumbered(c.heading.text), r.text(own).String())
			rest = append(append(rest, after...), r.glossaryChildren(c)...)
		default:
			rest = append(rest, r.glossaryChildren(c)...)
		}
	}
	return rest
}

// manyEntries says whether most blocks are list items with a headword.
func manyEntries(blocks []*block) bool {
	n := 0
	for _, b := range blocks {
		if _, _, ok := headword(b); ok && b.kind == briefing.Item {
			n++
		}
	}
	return n > 0 && n*2 > len(blocks)
}

// entriesOf reads entries from blocks in order. A block without a headword
// belongs to the entry before it; before the first entry, to the rest.
func (r *reader) entriesOf(blocks []*block) (rest []*block) {
	from := len(r.digest.Glossary)
	var cs columns
	blocks, after := untilRule(blocks)
	defer func() { rest = append(rest, after...) }()
	for i, b := range blocks {
		if b.kind == briefing.Row {
			if i == 0 || blocks[i-1].kind != briefing.Row {
				var head bool
				if cs, head = r.columnsOf(b); head {
					continue
				}
			}
			r.rowEntry(b, cs)
			continue
		}
		for _, part := range termLines(b) {
			head, def, ok := headword(part)
			nested := b.kind == briefing.Item && b.level > 0 && len(r.digest.Glossary) > from
			if ok && !nested {
				r.term(part.lines[0].no, head, strings.TrimSpace(spanText(r.spans(def, false))))
				continue
			}
			if n := len(r.digest.Glossary); n > from {
				last := &r.digest.Glossary[n-1]
				text := r.text([]*block{part}).String()
				if last.Definition == "" {
					last.Definition = text
				} else if text != "" {
					last.Definition += "\n" + text
				}
				continue
			}
			rest = append(rest, part)
		}
	}
	return rest
}

// untilRule parts blocks at a rule with prose below it, which closes the digest
// and explains no term.
func untilRule(blocks []*block) (own, after []*block) {
	i := slices.IndexFunc(blocks, func(b *block) bool {
		_, _, entry := headword(b)
		return b.ruled && b.kind == briefing.Paragraph && !entry
	})
	if i < 0 {
		return blocks, nil
	}
	return blocks[:i], blocks[i:]
}

// termLines parts a paragraph whose later lines begin with a term in bold, or
// whose every line is a term and its definition.
func termLines(b *block) []*block {
	if b.kind == briefing.Item || len(b.lines) < 2 {
		return []*block{b}
	}
	if list, ok := definitionList(b); ok {
		return list
	}
	every := !slices.ContainsFunc(b.lines, func(l line) bool { return !startsTerm(l) })
	var out []*block
	for i, l := range b.lines {
		if i > 0 && !every && !(l.spans[0].strong && !b.lines[i-1].spans[0].mark && startsTerm(l)) {
			last := out[len(out)-1]
			last.lines = append(last.lines, l)
			continue
		}
		copied := *b
		copied.lines = []line{l}
		out = append(out, &copied)
	}
	return out
}

// definitionList parts a paragraph of terms, each with its definition on the
// next line after a colon.
func definitionList(b *block) (list []*block, ok bool) {
	for i := 0; i < len(b.lines); i += 2 {
		if i+1 == len(b.lines) || len(b.lines[i].spans) == 0 {
			return nil, false
		}
		def := b.lines[i+1].spans
		if len(def) == 0 || !strings.HasPrefix(def[0].text, ":") && !strings.HasPrefix(def[0].text, "：") {
			return nil, false
		}
		entry := line{no: b.lines[i].no, spans: slices.Concat(b.lines[i].spans, def), source: -1}
		if term := b.lines[i].spans; len(term) == 1 && !term[0].strong {
			entry.spans = append([]span{{text: term[0].text + def[0].text}}, def[1:]...)
		}
		list = append(list, &block{kind: briefing.Item, lines: []line{entry}})
	}
	return list, true
}

// startsTerm says whether a line is a term in bold and a colon, or alone.
func startsTerm(l line) bool {
	_, _, ok := headword(&block{lines: []line{l}})
	return ok
}

// headword parts an entry into its headword and definition. The headword is
// what stands in bold at the start, or before the first colon or dash that
// is not in brackets.
func headword(b *block) (head string, def []line, ok bool) {
	if len(b.lines) == 0 || len(b.lines[0].spans) == 0 {
		return "", nil, false
	}
	spans := b.lines[0].spans
	strong := 0
	for strong < len(spans) && spans[strong].strong {
		head += spans[strong].text
		strong++
	}
	rest := append([]span{}, spans[strong:]...)
	if strong > 0 {
		// A colon may stand inside the bold, with the definition in it too.
		if h, d, found := cutTerm(head); found && strings.TrimSpace(d) != "" {
			head, rest = h, append([]span{{text: d}}, rest...)
		} else if len(rest) > 0 { // **Term** (alias): definition
			if inner, after, found := leadingBracket(rest[0].text); found {
				head += inner
				rest[0].text = after
			}
		}
		head = strings.TrimRight(strings.TrimSpace(head), ":： ")
		if len(rest) > 0 {
			t := strings.TrimLeft(rest[0].text, " 　")
			if !definitionStart(t) && t == rest[0].text && len(b.lines) == 1 && b.kind != briefing.Item {
				return "", nil, false // a sentence that begins in bold
			}
			rest[0].text = strings.TrimLeft(t, ":：-–—=＝ 　")
		}
	} else {
		h, d, found := cutTerm(spans[0].text)
		if !found || spans[0].url != "" {
			return "", nil, false
		}
		head = h
		rest[0].text = strings.TrimLeft(d, " 　")
	}
	if head = strings.TrimSpace(head); head == "" || len([]rune(head)) > maxTermRunes || strings.Contains(head, "。") {
		return "", nil, false
	}
	def = append([]line{{no: b.lines[0].no, spans: rest}}, b.lines[1:]...)
	return head, def, true
}

// definitionStart says whether t goes on after a headword: with a colon, a
// dash, or nothing.
func definitionStart(t string) bool {
	return t == "" || strings.HasPrefix(t, ":") || strings.HasPrefix(t, "：") || strings.HasPrefix(t, "-") ||
		strings.HasPrefix(t, "–") || strings.HasPrefix(t, "—") || strings.HasPrefix(t, "とは") || strings.HasPrefix(t, "は、")
}

// cutTerm parts a text at its first colon, or dash between spaces, that is
// in no bracket.
func cutTerm(s string) (head, def string, ok bool) {
	depth, runes := 0, 0
	for i, c := range s {
		if runes++; runes > maxTermRunes {
			return "", "", false
		}
		switch {
		case strings.ContainsRune("(（「[【", c):
			depth++
		case strings.ContainsRune(")）」]】", c):
			depth--
		case depth > 0:
		case c == ':' || c == '：':
			return s[:i], s[i+len(string(c)):], i > 0
		case c == '…' || c == '→':
			return s[:i], strings.TrimLeft(s[i:], "…→"), i > 0
		case strings.ContainsRune("-–—=＝", c) && strings.HasSuffix(s[:i], " ") && strings.HasPrefix(s[i+len(string(c)):], " "):
			return s[:i], s[i+len(string(c)):], i > 0
		case c == '。':
			return "", "", false
		}
	}
	return "", "", false
}

// leadingBracket cuts a bracket at the start of s.
func leadingBracket(s string) (bracket, after string, ok bool) {
	t := strings.TrimLeft(s, " 　")
	for _, pair := range [][2]string{{"(", ")"}, {"（", "）"}} {
		if strings.HasPrefix(t, pair[0]) {
			if n := strings.Index(t, pair[1]); n > 0 {
				return s[:len(s)-len(t)] + t[:n+len(pair[1])], t[n+len(pair[1]):], true
			}
		}
	}
	return "", s, false
}

// unnumbered is a heading without the number before it and the space after
// that: 5.1 踏み台.
func unnumbered(text string) string {
	if n := numbering(text); n > 0 && n < len(text) {
		if c, _ := firstRune(text[n:]); unicode.IsSpace(c) || text[n-1] == '.' && n > 1 {
			return strings.TrimSpace(text[n:])
		}
	}
	return text
}

// columns says of each column of a glossary's table whether it holds other
// names of the term. The first one is the term.
type columns []bool

// Words for the columns of a glossary's table: of the term, and of its other
// names.
var (
	termColumns  = []string{"用語", "term", "語", "キーワード", "名称"}
	aliasColumns = []string{"英語", "英名", "英文", "別名", "別称", "略称", "略語", "読み", "正式名称", "english", "alias", "abbreviation", "acronym"}
)

// columnsOf reads the first row of a table, its head when it names columns.
func (r *reader) columnsOf(b *block) (cs columns, head bool) {
	cells := strings.Split(spanText(r.spans(b.lines, false)), columnSeparator)
	if len(cells) < 2 || !slices.Contains(termColumns, normal(cells[0])) {
		return nil, false
	}
	for _, c := range cells {
		cs = append(cs, slices.ContainsFunc(aliasColumns, func(w string) bool { return strings.Contains(normal(c), w) }))
	}
	return cs, true
}

// rowEntry reads a table row, term first.
func (r *reader) rowEntry(b *block, cs columns) {
	cells := strings.Split(spanText(r.spans(b.lines, false)), columnSeparator)
	if len(cells) < 2 {
		return
	}
	var aliases, definition []string
	for i, c := range cells[1:] {
		switch {
		case i+1 >= len(cs) || !cs[i+1]:
			definition = append(definition, c)
		case strings.Trim(c, "-—–ー− ") != "": // nothing is written as a dash
			aliases = append(aliases, splitAliases(c)...)
		}
	}
	r.term(b.lines[0].no, cells[0], strings.Join(definition, columnSeparator))
	t := &r.digest.Glossary[len(r.digest.Glossary)-1]
	for _, a := range aliases {
		if a != t.Term {
			t.Aliases = appendAlias(t.Aliases, a)
		}
	}
}

// term adds an entry under its headword, its other names apart.
func (r *reader) term(no int, head, definition string) {
	name, aliases := splitNames(head)
	r.digest.Glossary = append(r.digest.Glossary, briefing.Term{
		Line: no, Term: name, Aliases: aliases, Definition: strings.TrimSpace(definition)})
}

// splitNames parts a headword into the name to look it up by and the other
// names it gives: in brackets, after a slash. 国家サイバー統括室（NCO: National
// Cybersecurity Office） has two; KEV (Known …) カタログ is a KEV カタログ.
func splitNames(head string) (name string, aliases []string) {
	aliases = []string{}
	name = strings.TrimSpace(head)
	for {
		before, inner, after, ok := cutBracket(name)
		if !ok {
			break
		}
		for _, a := range splitAliases(inner) {
			aliases = appendAlias(aliases, a)
		}
		if strings.TrimSpace(after) == "" || strings.TrimSpace(before) == "" {
			name = strings.TrimSpace(before + after)
		} else {
			name = strings.TrimRight(before, " ")
			if strings.HasSuffix(before, " ") && strings.HasPrefix(after, " ") {
				name += " "
			}
			name += strings.TrimLeft(after, " ")
		}
	}
	names := splitSlash(name)
	name = trimQuotes(names[0])
	var more []string
	for _, n := range names[1:] {
		more = appendAlias(more, trimQuotes(n))
	}
	out := []string{}
	for _, a := range append(more, aliases...) {
		if a != name {
			out = appendAlias(out, a)
		}
	}
	return name, out
}

func appendAlias(list []string, a string) []string {
	if a = strings.TrimSpace(a); a == "" {
		return list
	}
	return appendNew(list, a)
}

// cutBracket cuts the first round bracket out of s, pairs inside it included.
func cutBracket(s string) (before, inner, after string, ok bool) {
	depth, open, from := 0, 0, 0
	for i, c := range s {
		switch c {
		case '(', '（':
			if depth++; depth == 1 {
				open, from = i, i+len(string(c))
			}
		case ')', '）':
			if depth--; depth == 0 {
				return s[:open], s[from:i], s[i+len(string(c)):], true
			}
			depth = max(depth, 0)
		}
	}
	return s, "", "", false
}

// splitAliases parts what stands in a bracket: at colons and slashes, and at
// commas where one side is an abbreviation or the script changes. A comma
// inside one long English name stays: Reporting, and Conformance.
func splitAliases(s string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(s, func(c rune) bool {
		return c == ':' || c == '：' || c == ';' || c == '；' || c == '／' || c == '、' || c == '='
	}) {
		for _, slash := range splitSlash(part) {
			out = append(out, splitComma(slash)...)
		}
	}
	for i, a := range out {
		out[i] = trimQuotes(trimLabel(a))
	}
	return out
}

// trimLabel takes away the word that says what kind of name follows.
func trimLabel(s string) string {
	s = strings.TrimSpace(s)
	for _, l := range []string{"別名", "略称", "通称", "旧称", "旧", "英語", "英", "略", "または", "aka ", "a.k.a. ", "also "} {
		if rest, ok := strings.CutPrefix(s, l); ok && (len(l) > len("略") || strings.HasPrefix(strings.TrimSpace(rest), ":")) {
			return strings.TrimLeft(rest, ":：・ ")
		}
	}
	return s
}

func splitComma(s string) []string {
	parts := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == '，' })
	if len(parts) < 2 {
		return []string{s}
	}
	for i := 1; i < len(parts); i++ {
		a, b := strings.TrimSpace(parts[i-1]), strings.TrimSpace(parts[i])
		if !isAbbreviation(a) && !isAbbreviation(b) && japanese(a) == japanese(b) {
			return []string{s}
		}
	}
	return parts
}

// isAbbreviation says whether s is one short word with capitals or digits.
func isAbbreviation(s string) bool {
	upper := 0
	for _, c := range s {
		if unicode.IsUpper(c) || unicode.IsDigit(c) {
			upper++
		} else if unicode.IsSpace(c) {
			return false
		}
	}
	return upper >= 2 && len(s) <= 14 && !japanese(s)
}

func japanese(s string) bool {
	for _, c := range s {
		if isCJK(c) {
			return true
		}
	}
	return false
}

// splitSlash parts names at a slash between spaces, at a full-width one, and
// at one where the script changes. CI/CD and TCP/IP are one name.
func splitSlash(s string) []string {
	s = strings.ReplaceAll(s, " ／ ", "／")
	if parts := strings.Split(s, "／"); len(parts) > 1 {
		return parts
	}
	if parts := strings.Split(s, " / "); len(parts) > 1 {
		return parts
	}
	if a, b, ok := strings.Cut(s, "/"); ok && japanese(a) != japanese(b) && !strings.Contains(b, "/") {
		return []string{a, b}
	}
	return []string{s}
}

// trimQuotes takes quotation marks away that hold the whole of s.
func trimQuotes(s string) string {
	s = strings.TrimSpace(s)
	for _, q := range [][2]string{{"「", "」"}, {"『", "』"}, {"\"", "\""}, {"“", "”"}, {"[", "]"}, {"【", "】"}, {"`", "`"}} {
		if inner, ok := strings.CutPrefix(s, q[0]); ok {
			if inner, ok = strings.CutSuffix(inner, q[1]); ok && !strings.Contains(inner, q[0]) {
				return inner
			}
		}
	}
	return s
}

func spanText(spans []briefing.Span) string { return briefing.Block{Spans: spans}.String() }
