package digest

import (
	"bytes"
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

// clean sets r.src to body without byte order mark, CR and leftovers.
func (r *reader) clean(body []byte) {
	body = bytes.TrimPrefix(body, utf8BOM)
	out := make([]byte, 0, len(body)+1)
	fenced := false
	for no := 1; len(body) > 0; no++ {
		line, rest, more := bytes.Cut(body, []byte("\n"))
		body = rest
		line = bytes.TrimSuffix(line, []byte("\r"))
		if t := bytes.TrimLeft(line, " "); bytes.HasPrefix(t, []byte("```")) || bytes.HasPrefix(t, []byte("~~~")) {
			fenced = !fenced
		}
		if !fenced && suspicious(line) {
			if s := cleanLine(string(line)); s != string(line) {
				r.leftover(no)
				line = []byte(s)
			}
		}
		out = append(out, line...)
		if more {
			out = append(out, '\n')
		}
	}
	r.src = out
}

// suspicious is a cheap test for what cleanLine may change.
func suspicious(line []byte) bool {
	for i, c := range line {
		switch c {
		case ',':
			if i+1 == len(line) || line[i+1] != ' ' && (line[i+1] < '0' || line[i+1] > '9') {
				return true
			}
		case ']':
			if i > 0 && line[i-1] >= '0' && line[i-1] <= '9' || i > 0 && line[i-1] == ',' {
				return true
			}
		case 0xe2: // † and its neighbours
			if i+2 < len(line) && line[i+1] == 0x80 && line[i+2] == 0xa0 {
				return true
			}
		case 0xee: // private use: U+E200 opens a mark of some chat tools
			return true
		case '_':
			if i >= 6 && bytes.EqualFold(line[i-6:i], []byte("source")) {
				return true
			}
		}
	}
	return false
}

func cleanLine(s string) string {
	s = dropToolMarks(s)
	s = dropTrailingNumbers(s)
	return dropCommas(s)
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

// dropTrailingNumbers takes ", 49-51" out of "[report, 49-51]".
func dropTrailingNumbers(s string) string {
	for at := 0; ; {
		n := strings.IndexByte(s[at:], ']')
		if n < 0 {
			return s
		}
		end := at + n
		at = end + 1
		cut := numbersBefore(s[:end])
		open := strings.LastIndexByte(s[:end], '[')
		if cut == end || open < 0 || cut <= open+1 || strings.HasPrefix(s[at:], "(http") {
			continue
		}
		s, at = s[:cut]+s[end:], cut+1
	}
}

// numbersBefore is where ", 12, 49-51" at the end of s begins, or len(s).
func numbersBefore(s string) int {
	cut := len(s)
	for {
		t := strings.TrimRight(s[:cut], " ")
		digits := len(t)
		for digits > 0 && (isDigit(t[digits-1]) || t[digits-1] == '-') {
			digits--
		}
		for strings.HasSuffix(t[:digits], "–") { // an en dash in a range
			digits -= len("–")
			for digits > 0 && isDigit(t[digits-1]) {
				digits--
			}
		}
		head := strings.TrimRight(t[:digits], " ")
		number := t[digits:]
		if number == "" || !strings.HasSuffix(head, ",") || !isReference(number) {
			return cut
		}
		cut = len(head) - 1
	}
}

// dropToolMarks takes out marks in brackets other than [ ]: 【3†source】,
// (source_9), and what stands between U+E200 and U+E201.
func dropToolMarks(s string) string {
	for _, pair := range [][2]string{{"\ue200", "\ue201"}, {"【", "】"}, {"〔", "〕"}, {"(", ")"}, {"（", "）"}} {
		for at := 0; ; {
			n := strings.Index(s[at:], pair[0])
			if n < 0 {
				break
			}
			open := at + n
			body, _, closed := strings.Cut(s[open+len(pair[0]):], pair[1])
			at = open + len(pair[0])
			if !closed || len(body) > maxMarkBytes {
				continue
			}
			if pair[0] == "\ue200" || isToolMark(body) {
				s = s[:open] + s[open+len(pair[0])+len(body)+len(pair[1]):]
				at = open
			}
		}
	}
	return s
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
