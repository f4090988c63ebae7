package discord

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"cyberbrief/bot"
)

// This file is the only place at which text from outside becomes Discord's
// Markdown. The fields of an embed that Discord reads Markdown in are of type
// markup, and only this file makes one.

// markup is safe Markdown as Discord reads it: nothing in it pings, forges a
// link or runs as mark-up unless a span asked for it.
type markup string

// maxInlineURLChars is the longest address that is made a link: each piece of
// a split link repeats it. A longer one is shown as text, nothing of it lost.
const maxInlineURLChars = 1000

// prepare makes spans ready to be measured and split: cleaned, addresses
// checked, neighbours of one style joined.
func prepare(spans []bot.Span) []bot.Span {
	var out []bot.Span
	add := func(s bot.Span) {
		if last := len(out) - 1; last >= 0 && sameStyle(out[last], s) {
			out[last].Text += s.Text
		} else if s.Text != "" || s.Mention != "" {
			out = append(out, s)
		}
	}
	for _, s := range spans {
		s.Text = bot.Clean(s.Text)
		if s.URL == "" {
			add(s)
			continue
		}
		for _, part := range linkParts(s) {
			add(part)
		}
	}
	return out
}

func sameStyle(a, b bot.Span) bool {
	return a.URL == "" && b.URL == "" && a.Strong == b.Strong && a.Code == b.Code && a.Mention == "" && b.Mention == ""
}

// linkParts is a linked span as spans that can be rendered: a link says where
// it goes, so a label that itself looks like an address is followed by the
// true one, and an address that cannot be linked is shown as text.
func linkParts(s bot.Span) []bot.Span {
	target, ok := safeURL(s.URL)
	plain := s
	plain.URL = ""
	bare := bot.Span{Text: target, URL: target, Strong: s.Strong}
	switch {
	case !ok && strings.TrimSpace(s.Text) == strings.TrimSpace(s.URL):
		return []bot.Span{plain}
	case !ok:
		plain.Text += " (" + bot.Clean(s.URL) + ")"
		return []bot.Span{plain}
	case strings.TrimSpace(s.Text) == "" || sameAddress(s.Text, target):
		return []bot.Span{bare}
	case looksLikeAddress(s.Text):
		return []bot.Span{{Text: s.Text + " (", Strong: s.Strong}, bare, {Text: ")", Strong: s.Strong}}
	}
	s.URL, s.Code = target, false
	s.Text = oneLine(s.Text)
	return []bot.Span{s}
}

// safeURL re-serialises an address: http and https only, no user info, host
// in ASCII, and no character in it that could end the link early.
func safeURL(raw string) (string, bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", false
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err == nil {
		u.Host = strings.Replace(u.Host, u.Hostname(), host, 1)
	}
	if !plainHost.MatchString(u.Host) {
		return "", false
	}
	u.User = nil
	var sb strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c >= 0x7F || strings.IndexByte("()<>\"\\^`{|}*~", c) >= 0 {
			sb.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		} else {
			sb.WriteByte(c)
		}
	}
	return sb.String(), sb.Len() <= maxInlineURLChars
}

// plainHost is a host in ASCII, or an address in brackets, with or without a
// port.
var plainHost = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?$`)

// addressShape is what a reader takes for an address: a scheme, or a name
// with a dot and a top-level domain.
var addressShape = regexp.MustCompile(`(?i)://|^\s*(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?:[/:?#]\S*)?\s*$`)

func looksLikeAddress(label string) bool { return addressShape.MatchString(label) }

// sameAddress says whether a label is just the address, written out.
func sameAddress(label, target string) bool {
	seen, ok := safeURL(label)
	return ok && strings.TrimSuffix(seen, "/") == strings.TrimSuffix(target, "/")
}

// inline renders prepared spans in one run of text that begins at a place.
func inline(spans []bot.Span, at linePlace) markup {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(string(span(s, at)))
		at = at.past(s)
	}
	return markup(sb.String())
}

// past is the place after a span: its text is followed, its marks are not
// space.
func (p linePlace) past(s bot.Span) linePlace {
	if s.Text == "" || s.Strong || s.Code || s.URL != "" || s.Mention != "" {
		return lineMiddle
	}
	for _, r := range s.Text {
		p = p.after(r)
	}
	return p
}

func span(s bot.Span, at linePlace) markup {
	var text markup
	switch bold := s.Strong && strings.TrimSpace(s.Text) != ""; {
	case s.Mention != "" && isID(s.Mention):
		return markup("<@&" + s.Mention + ">")
	case s.URL != "" && s.Text == s.URL:
		text = markup("<" + s.URL + ">")
	case s.URL != "":
		text = markup("[" + string(linkLabel(s.Text)) + "](" + s.URL + ")")
	case s.Code && codeFits(s.Text):
		text = markup("`" + s.Text + "`")
	case bold:
		text = escape(s.Text, lineMiddle)
	default:
		return escape(s.Text, at)
	}
	if s.Strong {
		text = "**" + text + "**"
	}
	return text
}

// codeFits says whether a text can stand between backticks, where nothing
// can be escaped.
func codeFits(s string) bool { return strings.TrimSpace(s) != "" && !strings.ContainsAny(s, "`\n") }

// wideBrackets replaces square brackets in the label of a link: Discord
// looks for the label's end before it looks at backslashes.
var wideBrackets = strings.NewReplacer("[", "［", "]", "］")

func linkLabel(s string) markup { return escape(wideBrackets.Replace(s), lineMiddle) }

// isID accepts what can be an id of Discord.
func isID(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" && len(s) <= 20 }

// shortcode is how Discord's clients spell an emoji in text.
var shortcode = regexp.MustCompile(`^:[A-Za-z0-9_+-]+:`)

// everybody are the words that ping after an @.
var everybody = regexp.MustCompile(`(?i)^@(everyone|here)`)

// escape puts a backslash before every character that Discord would read as
// mark-up where it stands, and before no other: text stays searchable.
func escape(s string, line linePlace) markup {
	var sb strings.Builder
	for i, r := range s {
		if active(s, i, r, line) {
			sb.WriteByte('\\')
		}
		sb.WriteRune(r)
		line = line.after(r)
	}
	return markup(sb.String())
}

// linePlace is how far into a line a character stands.
type linePlace int

const (
	lineStart  linePlace = iota // nothing but space before it
	lineNumber                  // nothing but digits before it
	lineMiddle
)

func (p linePlace) after(r rune) linePlace {
	switch {
	case r == '\n':
		return lineStart
	case p == lineStart && (r == ' ' || r == '\t'):
		return lineStart
	case p != lineMiddle && r >= '0' && r <= '9':
		return lineNumber
	}
	return lineMiddle
}

// active says whether Discord would read the character at s[i:] as mark-up.
func active(s string, i int, r rune, line linePlace) bool {
	rest := s[i:]
	switch r {
	case '\\', '*', '_', '`', '[', ']', '<':
		return true
	case '~', '|':
		return strings.HasPrefix(rest[1:], string(r)) || strings.HasSuffix(s[:i], string(r))
	case '#', '>', '-', '+':
		return line == lineStart
	case '.', ')':
		return line == lineNumber
	case ':':
		return strings.HasPrefix(rest, "://") || shortcode.MatchString(rest)
	case '@':
		return everybody.MatchString(rest)
	}
	return false
}

// fence renders text whose line breaks matter and that has no fence in it.
func fence(text string) markup { return markup("```\n" + text + "\n```") }

// label is text for the places that Discord shows as they are: buttons,
// options, names of threads. It is one line.
func label(s string) string { return strings.TrimSpace(oneLine(bot.Clean(s))) }

// oneLine puts a space where a line ended.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(s)
}

// cutTo is s in at most n characters, with an ellipsis where it was cut,
// never inside a grapheme.
func cutTo(s string, n int) string {
	if utf16Len(s) <= n {
		return s
	}
	head := bot.Split([]bot.Span{{Text: s}}, n-1, func(spans []bot.Span) int {
		total := 0
		for _, p := range spans {
			total += utf16Len(p.Text)
		}
		return total
	})[0]
	return strings.TrimSpace(head[0].Text) + "…"
}

// utf16Len counts UTF-16 code units.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
