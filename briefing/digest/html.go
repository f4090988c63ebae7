package digest

import (
	"bytes"
	"strings"
)

// htmlHeadings writes the headings that a digest gives in HTML as Markdown:
// <h2>, and the <summary> of a part that can be folded, which is a level below
// the heading before it. Lines of <details> become empty, so that what they
// hold is read like any other text. Every line keeps its number.
func (r *reader) htmlHeadings() {
	if !bytes.Contains(r.src, []byte("</summary>")) && !bytes.Contains(r.src, []byte("</h")) {
		return
	}
	lines := strings.Split(string(r.src), "\n")
	level, fenced := 1, false
	for i, l := range lines {
		text := strings.TrimSpace(l)
		if strings.HasPrefix(text, "```") || strings.HasPrefix(text, "~~~") {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		if n := atxLevel(text); n > 0 {
			level = n
			continue
		}
		text = joinedSummary(withoutDetails(text), lines[i+1:])
		if inner, ok := inTag(text, "summary"); ok {
			lines[i] = strings.Repeat("#", min(level+1, 6)) + " " + inner
		} else if n := htmlLevel(text); n > 0 {
			inner, _ := inTag(text, text[1:3])
			level = n
			lines[i] = strings.Repeat("#", level) + " " + inner
		} else if text == "" {
			lines[i] = ""
		}
	}
	r.src = []byte(strings.Join(lines, "\n"))
}

// atxLevel is the level of a Markdown heading, 0 for any other line.
func atxLevel(line string) int {
	n := len(line) - len(strings.TrimLeft(line, "#"))
	if n > 6 || !strings.HasPrefix(line[n:], " ") {
		return 0
	}
	return n
}

// withoutDetails is a line without the tag that begins or ends a folded part.
func withoutDetails(line string) string {
	if rest, ok := strings.CutPrefix(line, "<details"); ok {
		if _, after, closed := strings.Cut(rest, ">"); closed {
			line = after
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "</details>"))
}

// joinedSummary is a <summary> that goes on in the lines below it as one line.
// They become empty, so that every line keeps its number.
func joinedSummary(text string, below []string) string {
	const most = 3 // lines that a headline and its tags take
	if !strings.HasPrefix(text, "<summary") || strings.Contains(text, "</summary>") {
		return text
	}
	for n := range min(most, len(below)) {
		if strings.Contains(below[n], "</summary>") {
			whole := strings.Join(append([]string{text}, below[:n+1]...), " ")
			clear(below[:n+1])
			return strings.TrimSpace(whole)
		}
	}
	return text
}

// htmlLevel is the level of a line that is an HTML heading, 0 for any other.
func htmlLevel(line string) int {
	if len(line) < len("<h1>") || line[:2] != "<h" || line[2] < '1' || line[2] > '6' {
		return 0
	}
	if _, ok := inTag(line, line[1:3]); !ok {
		return 0
	}
	return int(line[2] - '0')
}

// inTag is what stands between the tags of a line that is one element.
func inTag(line, name string) (inner string, ok bool) {
	rest, opens := strings.CutPrefix(line, "<"+name)
	rest, closes := strings.CutSuffix(rest, "</"+name+">")
	attributes, inner, ended := strings.Cut(rest, ">")
	inner = strings.TrimSpace(inner)
	return inner, opens && closes && ended && inner != "" && (attributes == "" || attributes[0] == ' ') && !strings.Contains(inner, "</"+name+">")
}
