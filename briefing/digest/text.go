package digest

import (
	"strconv"
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

// text is blocks as the domain keeps them: lines joined, marks resolved.
func (r *reader) text(blocks []*block) briefing.Text {
	var out briefing.Text
	for _, b := range blocks {
		spans := r.spans(b.lines, b.kind == briefing.Code)
		if b.kind == briefing.Paragraph && len(spans) == 1 && len(b.lines) == 1 {
			if inner, bracketed := wholeBracket(spans[0].Text); bracketed && spans[0].URL == "" {
				spans[0].Text = inner
				r.leftover(b.lines[0].no)
			}
		}
		if len(spans) > 0 {
			out = append(out, briefing.Block{Kind: b.kind, Level: b.level, Number: b.number, Line: b.lines[0].no, Spans: spans})
		}
	}
	return out
}

// spans joins lines into one run of spans. A line break between Japanese
// characters is nothing, between Latin words a space; code keeps it.
func (r *reader) spans(lines []line, keepBreaks bool) []briefing.Span {
	all := make([]briefing.Span, 0, 2*len(lines))
	marks := false
	for i, l := range lines {
		if i > 0 {
			if j := joint(lines[i-1], l, keepBreaks); j != "" {
				all = append(all, briefing.Span{Text: j, Code: keepBreaks})
			}
		}
		for _, s := range l.spans {
			if s.mark {
				all, marks = append(all, r.resolve(s.text, l.no)...), true
				continue
			}
			all = append(all, briefing.Span{Text: s.text, URL: s.url, Strong: s.strong, Code: s.code})
		}
	}
	if all = joinSpans(all); keepBreaks {
		return all
	}
	return tidy(all, marks)
}

// joinSpans joins neighbours that look alike.
func joinSpans(all []briefing.Span) []briefing.Span {
	out := all[:0]
	for i := 0; i < len(all); {
		s, n := all[i], i+1
		for n < len(all) && all[n].URL == s.URL && all[n].Strong == s.Strong && all[n].Code == s.Code {
			n++
		}
		if n > i+1 {
			var sb strings.Builder
			for _, part := range all[i:n] {
				sb.WriteString(part.Text)
			}
			s.Text = sb.String()
		}
		if s.Text != "" {
			out = append(out, s)
		}
		i = n
	}
	return out
}

// joint is what stands between two lines that were one paragraph.
func joint(a, b line, keepBreaks bool) string {
	if keepBreaks {
		return "\n"
	}
	end, start := rune(0), rune(0)
	if n := len(a.spans); n > 0 {
		end = lastRune(a.spans[n-1].text)
	}
	if len(b.spans) > 0 {
		start, _ = firstRune(b.spans[0].text)
	}
	if end == '\n' || start == '\n' || isCJK(end) || isCJK(start) {
		return ""
	}
	return " "
}

func lastRune(s string) rune {
	var last rune
	for _, c := range s[max(0, len(s)-4):] {
		last = c
	}
	return last
}

// tidy trims the ends, drops asterisks that never became emphasis, and
// brackets that dropped marks have left empty.
func tidy(spans []briefing.Span, marks bool) []briefing.Span {
	out := spans[:0]
	for _, s := range spans {
		if !s.Code && s.URL == "" {
			if strings.Contains(s.Text, "**") {
				s.Text = strings.ReplaceAll(s.Text, "**", "")
			}
			if marks {
				for _, e := range []string{"()", "（）", "[]", "( )"} {
					s.Text = strings.ReplaceAll(s.Text, e, "")
				}
			}
		}
		if s.Text != "" {
			out = append(out, s)
		}
	}
	for len(out) > 0 {
		if out[0].Text = strings.TrimLeft(out[0].Text, " \t\n　"); out[0].Text != "" {
			break
		}
		out = out[1:]
	}
	for len(out) > 0 {
		last := &out[len(out)-1]
		if last.Text = strings.TrimRightFunc(last.Text, unicode.IsSpace); last.Text != "" {
			break
		}
		out = out[:len(out)-1]
	}
	return out
}

// resolve is what a reader sees of a reference mark: a link per number that
// has a target, nothing for those that have none.
func (r *reader) resolve(raw string, no int) []briefing.Span {
	var out []briefing.Span
	lost := false
	for _, n := range markNumbers(raw) {
		url, ok := r.targets[n]
		switch {
		case !ok:
			lost = true
		default:
			out = append(out, briefing.Span{Text: "[" + strconv.Itoa(n) + "]", URL: url})
		}
	}
	if lost || len(out) == 0 {
		r.leftover(no)
	}
	return out
}

// markNumbers lists the numbers of a mark; a range counts all of them.
func markNumbers(raw string) []int {
	const maxRange = 50
	var out []int
	n, digits, from := 0, 0, -1
	flush := func() {
		if digits == 0 {
			return
		}
		if from >= 0 && n > from && n-from < maxRange {
			for i := from + 1; i < n; i++ {
				out = append(out, i)
			}
		}
		out = append(out, n)
		from = -1
	}
	for _, c := range halfWidth(raw) {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int(c-'0'), digits+1
			continue
		case strings.ContainsRune("-–—~〜", c):
			flush()
			if digits > 0 {
				from = n
			}
		case c == '†':
			flush()
			return out
		default:
			flush()
		}
		n, digits = 0, 0
	}
	flush()
	return out
}

// findTargets collects what reference marks may point at: lines that begin
// with a mark, [3] Title https://…, also as a list item or inside a link,
// and the places of a numbered list of citations.
func (r *reader) findTargets() {
	r.targets = map[int]string{}
	r.eachSection(func(s *section) {
		for _, b := range s.blocks {
			for _, l := range b.lines {
				if n, ok := leadingMark(l); ok {
					if _, known := r.targets[n]; !known || r.targets[n] == "" {
						if u := firstURL(l.spans); u != "" || s.role == roleCitations {
							r.targets[n] = u
						}
					}
				}
			}
			if s.role == roleCitations && b.number > 0 && b.level == 0 {
				if _, known := r.targets[b.number]; !known {
					r.targets[b.number] = firstURL(b.lines[0].spans)
				}
			}
		}
	})
}

// leadingMark is the number of the reference mark that a line begins with.
func leadingMark(l line) (int, bool) {
	for _, s := range l.spans {
		if s.mark {
			if n := markNumbers(s.text); len(n) == 1 {
				return n[0], true
			}
			return 0, false
		}
		t := strings.TrimSpace(s.text)
		if t == "" {
			continue
		}
		if s.url != "" { // [3: Title](https://…)
			if head, _, ok := cutColon(t); ok && isReference(head) {
				return markNumbers(head)[0], true
			}
		}
		return 0, false
	}
	return 0, false
}

func firstURL(spans []span) string {
	for _, s := range spans {
		if s.url != "" {
			return s.url
		}
	}
	return ""
}

// eachSection visits the root and all sections in order.
func (r *reader) eachSection(visit func(*section)) {
	var walk func(*section)
	walk = func(s *section) {
		visit(s)
		for _, c := range s.children {
			walk(c)
		}
	}
	walk(r.root)
}
