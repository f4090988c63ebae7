package discord

import (
	"regexp"
	"strings"

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
	for _, s := range bot.CleanSpans(spans) {
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
	return a.URL == "" && b.URL == "" && a.Strong == b.Strong && a.Code == b.Code && a.Mention == "" && b.Mention == "" && a.Channel == "" && b.Channel == ""
}

// linkParts is a linked span as spans that can be rendered: a label that tells
// another place, or has a scheme, with which Discord makes no link, is followed
// by the true one; an address that cannot be linked is shown as text.
func linkParts(s bot.Span) []bot.Span {
	target, ok := safeURL(s.URL)
	plain := s
	plain.URL = ""
	switch {
	case !ok && strings.TrimSpace(s.Text) == strings.TrimSpace(s.URL):
		return []bot.Span{plain}
	case !ok:
		plain.Text += " (" + bot.Clean(s.URL) + ")"
		return []bot.Span{plain}
	case strings.TrimSpace(s.Text) == "" || sameAddress(s.Text, target):
		return []bot.Span{{Text: target, URL: target, Strong: s.Strong}}
	}
	s.URL, s.Code = target, false
	s.Text = oneLine(s.Text)
	if strings.Contains(s.Text, "://") {
		return bot.FollowedByHost(s)
	}
	return bot.HonestLink(s)
}

// safeURL writes an address anew; false when it cannot be linked.
func safeURL(raw string) (string, bool) {
	link := discordEnds.Replace(bot.SafeURL(raw))
	return link, link != "" && len(link) <= maxInlineURLChars
}

// discordEnds are characters of an address that end a link on Discord or
// that it reads as mark-up there.
var discordEnds = strings.NewReplacer("(", "%28", ")", "%29", "*", "%2A", "~", "%7E")

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
	if s.Text == "" || s.Strong || s.Code || s.URL != "" || s.Mention != "" || s.Channel != "" {
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
	case isID(s.Channel):
		return markup("<#" + s.Channel + ">")
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

// linkLabel renders the label of a link. No backslash works there: Discord
// shows it, and looks for the label's end before it looks at marks. What would
// be read as mark-up is written in its full-width form instead.
// https://github.com/discord/discord-api-docs/issues/6185
func linkLabel(s string) markup {
	var sb strings.Builder
	for i, r := range s {
		if active(s, i, r, lineMiddle) {
			r = wide(r)
		}
		sb.WriteRune(r)
	}
	return markup(sb.String())
}

// wide is the full-width form of a character of ASCII.
func wide(r rune) rune { return r + '！' - '!' }

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
