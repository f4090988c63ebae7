package digest

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Machine leftovers are what the tools that write digests forget to take out:
// commas where citation marks stood (した,,。), numbers of sources that only
// the tool knew (「…」 — [report, 49-51]), marks in odd brackets (【3†source】).
// They are taken out of the source line by line, before it is parsed, so that
// line numbers stay and emphasis or links around them come out right.
// Marks in [ ] wait for the tree, because some have a target.

// maxMarkBytes is the longest reference mark, brackets included.
const maxMarkBytes = 64

// clean sets r.src to body without byte order mark, CR and leftovers. A file
// that has none of them is not copied.
func (r *reader) clean(body []byte) {
	body = bytes.TrimPrefix(body, utf8BOM)
	r.src = body
	odd := oddMarks(body)
	if !odd && bytes.IndexByte(body, '\r') < 0 && !suspicious(body) {
		return
	}
	var out []byte // with the lines up to the last one that changed
	from, fenced := 0, false
	for no, at := 1, 0; at < len(body); no++ {
		line, _, _ := bytes.Cut(body[at:], []byte("\n"))
		start, end := at, at+len(line)
		at = end + 1
		line = bytes.TrimSuffix(line, []byte("\r"))
		if t := bytes.TrimLeft(line, " "); bytes.HasPrefix(t, []byte("```")) || bytes.HasPrefix(t, []byte("~~~")) {
			fenced = !fenced
		}
		if !fenced && (suspicious(line) || odd && oddMarks(line)) {
			if s := cleanLine(string(line)); s != string(line) {
				r.leftover(no)
				line = []byte(s)
			}
		}
		if string(line) == string(body[start:end]) {
			continue
		}
		if out == nil {
			out = make([]byte, 0, len(body))
		}
		out = append(append(out, body[from:start]...), line...)
		from = end
	}
	if out != nil {
		r.src = append(out, body[from:]...)
	}
}

// suspicious is a cheap test for what dropCommas and dropTrailingNumbers may
// change.
func suspicious(line []byte) bool {
	for at := 0; ; at++ {
		n := bytes.IndexByte(line[at:], ',')
		if n < 0 {
			break
		}
		at += n
		if at+1 == len(line) || line[at+1] == '\n' || line[at+1] == ',' || line[at+1] >= 0x80 || line[at+1] == ')' || line[at+1] == ']' || line[at+1] == '.' {
			return true
		}
	}
	for at := 0; ; at++ {
		n := bytes.IndexByte(line[at:], ']')
		if n < 0 {
			return false
		}
		if at += n; at > 0 && (isDigit(line[at-1]) || line[at-1] == ',' || line[at-1] == ' ') {
			return true
		}
	}
}

// oddMarks says whether a text may have marks in brackets other than [ ].
func oddMarks(body []byte) bool {
	for _, m := range [...]string{"†", "\ue200", "ource_", "【", "(cite", "（cite", "{%", "{{", "TOC"} {
		if bytes.Contains(body, []byte(m)) {
			return true
		}
	}
	return false
}

func cleanLine(s string) string {
	if templateTag(strings.TrimSpace(s)) {
		return ""
	}
	s = dropToolMarks(s)
	s = dropTrailingNumbers(s)
	return dropCommas(s)
}

// templateTag says whether a line is a tag of a site generator and nothing
// else: {% include … %}, {{ … }}, [TOC].
func templateTag(line string) bool {
	for _, pair := range [][2]string{{"{%", "%}"}, {"{{", "}}"}} {
		if strings.HasPrefix(line, pair[0]) && strings.HasSuffix(line, pair[1]) {
			return true
		}
	}
	return line == "[TOC]" || line == "[[TOC]]" || line == "[[_TOC_]]"
}

// dropCommas takes out commas that have lost the marks between them: two and
// more in a row, or one before a Japanese full stop, comma or bracket's end.
func dropCommas(s string) string {
	var out strings.Builder
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i] != ',' {
			continue
		}
		end, n := commaRun(s, i)
		next, _ := utf8.DecodeRuneInString(s[end:])
		prev, _ := utf8.DecodeLastRuneInString(s[:i])
		keep, strange := ",", n > 1
		switch {
		case end == len(s):
			keep, strange = "", n > 1 || isCJK(prev)
		case strings.ContainsRune("。、．，」』）】)]", next), next == '.' && n > 1:
			keep, strange = "", true
		case n > 1 && isCJK(prev) && isCJK(next):
			keep = "、"
		}
		if strange && !insideURL(s, i) {
			out.WriteString(s[from:i])
			out.WriteString(keep)
			from = end
		}
		i = end - 1
	}
	if from == 0 {
		return s
	}
	return out.String() + s[from:]
}

// commaRun is the end of the commas that begin at i, and their number. Spaces
// between two commas belong to the run; those after it do not.
func commaRun(s string, i int) (end, n int) {
	for end = i; ; {
		for end < len(s) && s[end] == ',' {
			end, n = end+1, n+1
		}
		gap := len(s[end:]) - len(strings.TrimLeft(s[end:], " "))
		if gap == 0 || end+gap >= len(s) || s[end+gap] != ',' {
			return end, n
		}
		end += gap
	}
}

// insideURL says whether the byte at i belongs to a URL.
func insideURL(s string, i int) bool {
	start := i
	for start > 0 && s[start-1] > ' ' && s[start-1] < 0x7f {
		start--
	}
	at := strings.LastIndex(s[start:i], "://")
	return at >= 0 && !strings.ContainsAny(s[start+at:i], ")]>\"")
}

// maxCitationBytes is how far before a ] its [ is looked for.
const maxCitationBytes = 600

// dropTrailingNumbers takes ", 49-51" out of "[report, 49-51]".
func dropTrailingNumbers(s string) string {
	var out strings.Builder
	from := 0
	for at, tries := 0, 0; tries < maxInlineMarks; tries++ {
		n := strings.IndexByte(s[at:], ']')
		if n < 0 {
			break
		}
		end := at + n
		at = end + 1
		window := s[max(from, end-maxCitationBytes):end]
		open := strings.LastIndexByte(window, '[')
		cut := numbersBefore(window)
		if cut == len(window) || open < 0 || cut <= open+1 || strings.HasPrefix(s[at:], "(http") {
			continue
		}
		out.WriteString(s[from : end-len(window)+cut])
		from = end
	}
	if from == 0 {
		return s
	}
	return out.String() + s[from:]
}

// trailingNumbers is what a tool leaves before a closing bracket.
var trailingNumbers = regexp.MustCompile(`(?:\s*,\s*\d{1,3}(?:\s*[-–]\s*\d{1,3})?)+\s*$`)

// numbersBefore is where ", 12, 49-51" at the end of s begins, or len(s).
// Numbers of four digits are years: (Dec 5, 2026).
func numbersBefore(s string) int {
	if t := strings.TrimRightFunc(s, unicode.IsSpace); t == "" || !isDigit(t[len(t)-1]) {
		return len(s) // spares most of the texts a regular expression
	}
	tail := s[max(0, len(s)-maxMarkBytes):]
	if at := trailingNumbers.FindStringIndex(tail); at != nil {
		return len(s) - len(tail) + at[0]
	}
	return len(s)
}

// dropToolMarks takes out marks in brackets other than [ ]: 【3†source】,
// (source_9), and what stands between U+E200 and U+E201.
func dropToolMarks(s string) string {
	for _, pair := range [][2]string{{"\ue200", "\ue201"}, {"【", "】"}, {"〔", "〕"}, {"(", ")"}, {"（", "）"}} {
		if strings.Contains(s, pair[0]) {
			s = dropMarks(s, pair[0], pair[1])
		}
	}
	return s
}

// dropMarks takes out tool's marks in one kind of brackets.
func dropMarks(s, open, end string) string {
	var out strings.Builder
	from := 0
	for at := 0; ; {
		n := strings.Index(s[at:], open)
		if n < 0 {
			break
		}
		start := at + n
		at = start + len(open)
		window := s[at:min(len(s), at+maxMarkBytes)]
		body, _, closed := strings.Cut(window, end)
		if closed && (open == "\ue200" || isToolMark(body)) {
			out.WriteString(s[from:start])
			at += len(body) + len(end)
			from = at
		}
	}
	if from == 0 {
		return s
	}
	return out.String() + s[from:]
}

// isToolMark says whether s can only be a tool's mark: a keyword of such
// tools and numbers, or a dagger.
func isToolMark(s string) bool {
	if strings.Contains(s, "†") {
		return true
	}
	rest, ok := cutKeyword(s)
	return ok && isReference(rest)
}

// cutKeyword cuts the word that tools put before the number of a source.
func cutKeyword(s string) (rest string, ok bool) {
	t := strings.ToLower(strings.TrimSpace(s))
	for _, k := range []string{"cite_start", "citation", "cite", "source", "src", "ref", "web"} {
		if after, found := strings.CutPrefix(t, k); found {
			return strings.TrimLeft(after, "_:： #"), true
		}
	}
	return s, false
}

// isReference says whether what stands in brackets is a reference mark: one
// to three digits, ranges and lists of them, perhaps after ^ or a keyword.
// Numbers with four digits are years.
func isReference(s string) bool {
	s = strings.TrimPrefix(strings.TrimSpace(s), "^")
	if strings.Contains(s, "†") {
		return true
	}
	rest, keyword := cutKeyword(s)
	if keyword {
		if strings.EqualFold(strings.TrimSpace(s), "cite_start") {
			return true
		}
		s = rest
	}
	for _, k := range []string{"出典", "引用", "参照", "脚注", "注"} {
		if after, ok := strings.CutPrefix(s, k); ok {
			s = strings.TrimLeft(after, ":： ")
			break
		}
	}
	digits, any := 0, false
	for _, c := range s {
		switch {
		case unicode.IsDigit(c):
			any = true
			if digits++; digits > 3 {
				return false
			}
		case strings.ContainsRune(" ,，、;-–—~〜", c):
			digits = 0
		default:
			return false
		}
	}
	return any
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
