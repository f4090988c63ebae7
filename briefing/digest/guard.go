package digest

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"cyberbrief/briefing"
)

const (
	// maxBytes is the largest digest that is read, 1 MiB. Real ones have 10 KB.
	maxBytes = 1 << 20
	// maxLines is the most lines that are read. Real digests have some 100; a
	// mebibyte of lines with a character each costs a second and more.
	maxLines = 20_000
	// maxNesting is how many list and quotation markers may open on one line.
	// More is an attack on the parser, whose work grows with lines times depth.
	maxNesting = 32
)

var utf8BOM = []byte("\xef\xbb\xbf")

// guard says whether body can be read at all, and warns when it cannot.
func (r *reader) guard(body []byte) bool {
	if len(body) > maxBytes {
		r.fail(1, codeTooLarge, fmt.Sprintf("%s: has %d bytes; a digest may have %d", r.label(), len(body), maxBytes))
		return false
	}
	if at := invalidUTF8(body); at >= 0 {
		r.fail(1+bytes.Count(body[:at], []byte("\n")), codeNotUTF8,
			fmt.Sprintf("%s: not UTF-8 at byte %d; save the file as UTF-8", r.label(), at))
		return false
	}
	if n := bytes.Count(body, []byte("\n")); n > maxLines {
		r.fail(maxLines+1, codeTooLarge, fmt.Sprintf("%s: has %d lines; a digest may have %d", r.label(), n, maxLines))
		return false
	}
	if line, at := deepNesting(body); line > 0 {
		r.fail(line, codeTooDeep, fmt.Sprintf("%s: more than %d lists or quotations inside each other at byte %d", r.label(), maxNesting, at))
		return false
	}
	return true
}

// label is how messages name the file.
func (r *reader) label() string {
	if r.name == "" {
		return "digest"
	}
	return r.name
}

// invalidUTF8 is the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	at := 0
	for at < len(b) {
		c, n := utf8.DecodeRune(b[at:])
		if c == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	return at
}

// deepNesting finds the first line that opens too many containers, and the
// byte it starts at. Indentation counts too: two spaces can be one level.
func deepNesting(b []byte) (line, offset int) {
	for rest := b; len(rest) > 0; {
		line++
		text, next, _ := bytes.Cut(rest, []byte("\n"))
		if containers(text) > maxNesting {
			return line, offset
		}
		offset += len(text) + 1
		rest = next
	}
	return 0, 0
}

// containers counts the markers that open or continue lists and quotations
// at the start of a line, each run of indentation as one for every 4 columns.
func containers(text []byte) int {
	n, spaces := 0, 0
	for i, c := range text {
		switch {
		case c == ' ' || c == '\t':
			spaces++
		case c == '>':
			n++
		case (c == '-' || c == '+' || c == '*') && i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == '\t'):
			n++
		case c >= '0' && c <= '9', (c == '.' || c == ')') && i > 0 && text[i-1] >= '0' && text[i-1] <= '9':
			if c == '.' || c == ')' {
				n++
			}
		default:
			return n + spaces/8
		}
	}
	return n
}

// fail adds a warning that keeps the digest from being posted.
func (r *reader) fail(line int, code, message string) {
	r.digest.Warnings = append(r.digest.Warnings, briefing.Warning{
		Line: line, Code: code, Message: message, Severity: briefing.Error})
}

// advise adds a warning that does not.
func (r *reader) advise(line int, code, message string) {
	r.digest.Warnings = append(r.digest.Warnings, briefing.Warning{Line: line, Code: code, Message: message})
}
