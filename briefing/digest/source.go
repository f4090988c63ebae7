package digest

import (
	"slices"
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

// sourceWords begin a line, or a bracket, that names the source of an item.
var sourceWords = []string{"出典", "情報源", "引用元", "参照元", "参考元", "ソース", "参考", "参照", "引用", "source", "sources", "ref", "via"}

// takeSources takes the source lines out of the blocks of an item and gives
// them as citations, in order, and the blocks that are left.
func (r *reader) takeSources(blocks []*block) (rest []*block, sources []briefing.Citation) {
	listed := false // the last line was a source word, and a list of them follows
	for i, b := range blocks {
		if head := sourceHead(b); head && len(b.lines) > 1 {
			for _, l := range b.lines[1:] {
				sources = append(sources, r.citations(l.spans, l.no)...)
			}
			continue
		} else if head && i+1 < len(blocks) && listsLinks(blocks[i+1]) {
			listed = true
			continue
		}
		if listed = listed && b.kind == briefing.Item && hasURL(b); listed {
			for _, l := range b.lines {
				sources = append(sources, r.citations(l.spans, l.no)...)
			}
			continue
		}
		if b.kind == briefing.Code || b.kind == briefing.Row || !namesSource(b) {
			rest = append(rest, b)
			continue
		}
		kept := make([]line, 0, len(b.lines))
		for _, l := range b.lines {
			prose, found := r.sourcesIn(l)
			sources = append(sources, found...)
			listed = l.source >= 0 && len(prose) == 0 && len(found) == 0
			if len(prose) > 0 {
				kept = append(kept, line{no: l.no, spans: prose, source: -1})
			}
		}
		if len(kept) > 0 {
			copied := *b
			copied.lines = kept
			rest = append(rest, &copied)
		}
	}
	if len(sources) == 0 {
		return r.closingLinks(rest)
	}
	return rest, sources
}

// sourceHead says whether a paragraph is a heading for sources that is not
// marked as one: its first line names them and no other text, each later line
// has an address.
func sourceHead(b *block) bool {
	if b.kind != briefing.Paragraph || len(b.lines) == 0 || firstURL(b.lines[0].spans) != "" {
		return false
	}
	if role, sure := bareRole(strings.TrimRight(plain(b.lines[0].spans), ":： ")); !sure || role != roleCitations {
		return false
	}
	return !slices.ContainsFunc(b.lines[1:], func(l line) bool { return firstURL(l.spans) == "" })
}

// listsLinks says whether a block is an item with an address, or links alone:
// below a heading for sources that is what they are, and prose is not.
func listsLinks(b *block) bool {
	return b.kind == briefing.Item && hasURL(b) || !slices.ContainsFunc(b.lines, func(l line) bool { return !onlyLinks(l) })
}

// closingLinks takes the links that an item ends with, in lines that hold
// nothing else, for its sources.
func (r *reader) closingLinks(blocks []*block) (rest []*block, sources []briefing.Citation) {
	var closing []line // the last one first
	for rest = blocks; len(rest) > 0; rest = rest[:len(rest)-1] {
		last := rest[len(rest)-1]
		from := len(last.lines)
		for from > 0 && last.kind != briefing.Code && last.kind != briefing.Row && onlyLinks(last.lines[from-1]) {
			from--
			closing = append(closing, last.lines[from])
		}
		if from > 0 {
			copied := *last
			copied.lines = last.lines[:from]
			rest = append(rest[:len(rest)-1:len(rest)-1], &copied)
			break
		}
	}
	if len(rest) == 0 {
		return blocks, nil // an item that is nothing but links says only these
	}
	for _, l := range slices.Backward(closing) {
		sources = append(sources, r.citations(l.spans, l.no)...)
	}
	return rest, sources
}

// onlyLinks says whether a line is links and nothing else that can be read.
func onlyLinks(l line) bool {
	return firstURL(l.spans) != "" && !slices.ContainsFunc(l.spans, func(s span) bool { return s.url == "" && worded(s.text) })
}

// namesSource says whether a line of a block names a source.
func namesSource(b *block) bool {
	return slices.ContainsFunc(b.lines, func(l line) bool { return l.source >= 0 })
}

// sourcesIn parts a line into its prose and the sources it names. A source
// is a whole line (出典: …), a bracket in one ([出典: …]), or a link whose
// text begins with the word.
func (r *reader) sourcesIn(l line) (prose []span, found []briefing.Citation) {
	at, offset := l.source, l.offset
	if at < 0 {
		return l.spans, nil
	}
	prose = append(prose, l.spans[:at]...)
	rest := append([]span{}, l.spans[at:]...)
	if offset > 0 {
		head := rest[0]
		head.text = head.text[:offset]
		prose = append(prose, head)
		rest[0].text = rest[0].text[offset:]
	}
	if strings.Trim(plain(prose), " 　-*・|([（［") == "" {
		prose = nil
	}
	found = r.citations(rest, l.no)
	return prose, found
}

// sourceStart finds the span, and the byte in it, where sources begin: the
// start of the line, or a bracket that opens with a source word.
func sourceStart(spans []span) (at, offset int) {
	lead := true
	for i, s := range spans {
		if s.mark {
			continue
		}
		if !strings.Contains(s.text, ":") && !strings.Contains(s.text, "：") && !strings.Contains(s.text, "出典") {
			lead = lead && trimLead(s.text) == "" // no source word without one of these
			continue
		}
		if lead {
			if n := sourceWord(trimLead(s.text)); n > 0 {
				return i, 0
			}
		} else if s.url != "" && s.text != s.url && sourceWord(s.text) > 0 {
			return i, 0
		}
		if s.url == "" && !s.code {
			for at, tries := 0, 0; tries < maxInlineMarks; tries++ {
				n := indexOpening(s.text[at:min(len(s.text), at+longLine)])
				if n < 0 {
					break
				}
				at += n
				_, w := firstRune(s.text[at:])
				if sourceWord(s.text[at+w:]) > 0 {
					return i, at
				}
				at += w
			}
		}
		lead = lead && trimLead(s.text) == ""
	}
	return -1, 0
}

// indexOpening is where the first opening bracket of s is, or -1.
func indexOpening(s string) int {
	at := strings.IndexByte(s, '[')
	for _, other := range [...]string{"(", "（", "［"} {
		if at >= 0 {
			s = s[:at] // only an earlier one counts
		}
		if n := strings.Index(s, other); n >= 0 {
			at = n
		}
	}
	return at
}

// trimLead takes away what may stand before a source word.
func trimLead(s string) string {
	for s != "" {
		c, n := firstRune(s)
		if !strings.ContainsRune(" 　-*・|([（［▶►➡→\ufe0f", c) && (c < 0x2000 || !unicode.Is(unicode.So, c)) {
			return s
		}
		s = s[n:]
	}
	return s
}

// sourceWord is how many bytes of s are a source word and its colon, or 0.
func sourceWord(s string) int {
	t := strings.TrimLeft(s, " *")
	lead := len(s) - len(t)
	if !sourceFirst(t) {
		return 0
	}
	for _, w := range sourceWords {
		if len(t) < len(w) || !strings.EqualFold(t[:len(w)], w) {
			continue
		}
		rest := t[len(w):]
		for _, tail := range []string{"記事", "元", "URL", "url"} {
			rest = strings.TrimPrefix(rest, tail)
		}
		after := strings.TrimLeft(rest, "0123456789 　*")
		if strings.HasPrefix(after, ":") && !strings.HasPrefix(after, "://") {
			return lead + len(t) - len(after) + 1
		}
		if strings.HasPrefix(after, "：") {
			return lead + len(t) - len(after) + len("：")
		}
		if after == "" && w == "出典" { // **出典** and the rest in the next span
			return lead + len(t)
		}
	}
	return 0
}

// sourceFirst is a cheap test for a source word at the start of s.
func sourceFirst(s string) bool {
	c, _ := firstRune(s)
	switch c {
	case '出', '情', '引', '参', 'ソ', 's', 'S', 'r', 'R', 'v', 'V':
		return true
	}
	return false
}

// citations parts the spans of a source line: text and then a link is one
// source, a link with a text of its own is one, and every further source
// word begins another.
func (r *reader) citations(spans []span, no int) []briefing.Citation {
	var out []briefing.Citation
	title := ""
	add := func(url string) {
		t := sourceTitle(title)
		title = ""
		if t == "" && url == "" || isReference(t) && url == "" {
			if t != "" {
				r.leftover(no)
			}
			return
		}
		if t == "" && len(out) > 0 && out[len(out)-1].URL == url {
			return // [https://…](https://…) twice
		}
		if t == "" || url != "" && !worded(t) { // an arrow names nothing
			t = host(url)
		}
		out = append(out, briefing.Citation{Line: no, Title: t, URL: url})
	}
	for _, s := range spans {
		switch {
		case s.mark:
			for _, n := range markNumbers(s.text) {
				if url, ok := r.targets[n]; ok && url != "" {
					add(url)
				} else if !ok {
					r.leftover(no)
				}
			}
		case s.url != "":
			if sourceWord(s.text) > 0 && sourceTitle(title) != "" {
				add("") // the one before has no address
			}
			if !urlText(s.text) {
				title += s.text
			}
			add(s.url)
		default:
			pieces := splitSources(s.text)
			for i, piece := range pieces {
				if i > 0 && sourceTitle(title) != "" {
					add("")
				}
				title += piece
			}
		}
	}
	if t := sourceTitle(title); t != "" {
		if len(out) > 0 && len(spans) > 1 && sourceWord(strings.TrimLeft(title, " 　,、[(（［)]）］")) == 0 {
			out[len(out)-1].Title += " " + t // what follows the last link
		} else {
			add("")
		}
	}
	return out
}

// splitSources cuts a text before every bracket that opens with a source word.
func splitSources(s string) []string {
	var out []string
	from := 0
	for at, tries := 0, 0; at < len(s) && tries < maxInlineMarks; tries++ {
		n := indexOpening(s[at:min(len(s), at+longLine)])
		if n < 0 {
			break
		}
		at += n
		_, w := firstRune(s[at:])
		if at > from && sourceWord(s[at+w:]) > 0 {
			out = append(out, s[from:at])
			from = at
		}
		at += w
	}
	return append(out, s[from:])
}

// sourceTitle is the title in a piece of a source line: without the source
// word, brackets round it and punctuation that parted it from a link.
func sourceTitle(s string) string {
	for {
		t := strings.TrimSpace(strings.TrimLeft(s, " 　,、;・|"))
		t = strings.TrimRight(t, " 　,、;:：|")
		if n := sourceWord(t); n > 0 {
			t = t[n:]
		} else if lead := trimLead(t); sourceWord(lead) > 0 {
			t = lead // 🔗 出典: …
		}
		t = strings.ReplaceAll(t, "](", " (")
		t = trimBracket(t, "[", "]")
		t = trimBracket(t, "(", ")")
		t = trimBracket(t, "（", "）")
		t = trimBracket(t, "［", "］")
		if t == s {
			return t
		}
		s = t
	}
}

// trimBracket takes away a bracket round s, or one of the pair that has lost
// the other.
func trimBracket(s, open, end string) string {
	if strings.HasPrefix(s, open) && strings.HasSuffix(s, end) && strings.Count(s, open) == 1 {
		return strings.TrimSpace(s[len(open) : len(s)-len(end)])
	}
	if strings.Count(s, open) > strings.Count(s, end) {
		s = strings.TrimSuffix(strings.TrimPrefix(s, open), open)
	}
	if strings.Count(s, end) > strings.Count(s, open) {
		s = strings.TrimPrefix(strings.TrimSuffix(s, end), end)
	}
	return s
}

// urlText says whether the text of a link is only its address.
func urlText(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// host is the host name of a URL, a title for a source that gives none.
func host(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	h, _, _ := strings.Cut(rest, "/")
	return strings.TrimPrefix(h, "www.")
}
