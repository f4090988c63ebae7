package digest

import (
	"fmt"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// takeCitations reads a list of citations: list items, or lines of a
// paragraph. An item may be a link, a title, a quotation, or all of them.
func (r *reader) takeCitations(s *section) {
	listed := slices.ContainsFunc(s.blocks, func(b *block) bool { return b.kind == briefing.Item })
	var rest []*block
	for i, b := range s.blocks {
		if i+1 < len(s.blocks) && b.kind == briefing.Item && s.blocks[i+1].kind == briefing.Item && s.blocks[i+1].level > b.level && !hasURL(b) && hasURL(s.blocks[i+1]) {
			r.advise(b.lines[0].no, codeNoRole, fmt.Sprintf("%q groups citations; the citations are kept, the group is not", plain(b.lines[0].spans)))
			continue
		}
		if listed && b.kind != briefing.Item && !citing(b) {
			rest = append(rest, b) // a closing word after the list
			continue
		}
		for _, entry := range entries(b) {
			r.citation(entry)
		}
	}
	r.keep(s.heading.line, s.heading.text, rest)
	for _, c := range s.children {
		if c.role == roleCitations || c.role == roleNone {
			r.takeCitations(c)
		}
	}
}

// citing says whether a block that is no list item is a citation after all.
func citing(b *block) bool {
	_, marked := leadingMark(b.lines[0])
	return marked || hasURL(b) || quotation(b)
}

// entries parts a block into citations: an item is one, and so is a line of
// a paragraph that begins with a mark or holds an address.
func entries(b *block) [][]line {
	if b.kind != briefing.Paragraph && b.kind != briefing.Quote || len(b.lines) == 1 {
		return [][]line{b.lines}
	}
	var out [][]line
	for i, l := range b.lines {
		_, marked := leadingMark(l)
		bare := urlText(plain(l.spans))
		before := len(out) > 0 && firstURL(out[len(out)-1][0].spans) != ""
		if i == 0 || marked || !bare && (firstURL(l.spans) != "" || before) || bare && before {
			out = append(out, []line{l})
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], l)
	}
	return out
}

// citation adds one entry. A second address in it becomes a citation of its
// own on the same line, so that none is lost.
func (r *reader) citation(lines []line) {
	var title strings.Builder
	var urls []string
	for i, l := range lines {
		if i > 0 {
			title.WriteString(joint(lines[i-1], l, false))
		}
		for k, s := range l.spans {
			switch {
			case s.mark && i == 0 && k == 0: // its number in the list
			case s.mark:
				for _, t := range r.resolve(s.text, l.no) {
					title.WriteString(t.Text)
				}
			case s.url != "" && urlText(s.text):
				urls = appendNew(urls, s.url)
			case s.url != "":
				urls = appendNew(urls, s.url)
				title.WriteString(s.text)
			default:
				title.WriteString(s.text)
			}
		}
	}
	c := briefing.Citation{Line: lines[0].no, Title: citationTitle(title.String())}
	if len(urls) == 0 {
		if n, ok := leadingMark(lines[0]); ok && c.Title != "" {
			c.Title = fmt.Sprintf("[%d] %s", n, c.Title) // all that the mark in the text can point at
		}
		if c.Title != "" {
			r.digest.Citations = append(r.digest.Citations, c)
		}
		return
	}
	for _, u := range urls {
		c.URL = u
		if c.Title == "" {
			c.Title = host(u)
		}
		r.digest.Citations = append(r.digest.Citations, c)
	}
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

// citationTitle is the text of an entry without its number, the brackets
// that held its address, and the dash before a name that was taken out.
func citationTitle(s string) string {
	t := trimBracket(strings.TrimSpace(strings.ReplaceAll(s, "**", "")), "[", "]")
	if n := sourceWord(t); n > 0 { // 引用 1: 「…」
		t = strings.TrimSpace(t[n:])
	}
	if head, rest, ok := cutColon(t); ok && isReference(head) {
		t = rest
	}
	for {
		before := t
		if strings.ContainsAny(t, ")]") || strings.Contains(t, "）") {
			for _, e := range []string{"()", "（）", "[]", "( )", "[ ]"} {
				t = strings.ReplaceAll(t, e, "")
			}
		}
		t = strings.TrimSpace(strings.TrimRight(t, " 　:：,、-—–"))
		t = strings.TrimSuffix(t, "(")
		if t == before {
			break
		}
	}
	if inner := strings.Trim(t, `"`); len(inner) == len(t)-2 && !strings.Contains(inner, `"`) {
		t = inner
	}
	return strings.TrimSuffix(unbracket(t), " .")
}

// unbracket takes the square brackets off a name after a dash: 「…」 — [name].
func unbracket(s string) string {
	at := strings.LastIndex(s, "[")
	if at <= 0 || !strings.HasSuffix(s, "]") {
		return s
	}
	if before := strings.TrimRight(s[:at], " "); strings.HasSuffix(before, "—") || strings.HasSuffix(before, "-") || strings.HasSuffix(before, "–") || strings.HasSuffix(before, "―") {
		return s[:at] + s[at+1:len(s)-1]
	}
	return s
}
