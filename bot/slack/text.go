package slack

import (
	"regexp"
	"strings"

	"github.com/rivo/uniseg"

	"cyberbrief/bot"
)

// This file is the only place where text from outside becomes Slack's. Most
// of it goes into plain_text and rich_text elements, which Slack shows as
// they are; escape is for the two kinds of text that Slack reads as mrkdwn:
// links in small print and the text of notifications.

// mrkdwnEscapes are the three characters that start anything that pings,
// links or dates in mrkdwn.
// https://docs.slack.dev/messaging/formatting-message-text/#escaping
var mrkdwnEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escape(s string) string { return mrkdwnEscapes.Replace(s) }

// mrkdwnMarks are the characters that can style text in mrkdwn; there is no
// way to escape them.
const mrkdwnMarks = "*_~`"

// emojiCode matches what mrkdwn makes a picture of, quoteSign what opens a
// quotation, escaped or not.
var (
	emojiCode = regexp.MustCompile(`:[a-z0-9_+'-]+:`)
	quoteSign = regexp.MustCompile(`(?m)^\s*>`)
)

// readsAsMrkdwn says whether some of a text could be read as mark-up.
func readsAsMrkdwn(s string) bool {
	return strings.ContainsAny(s, mrkdwnMarks) || emojiCode.MatchString(s) || quoteSign.MatchString(s)
}

// mrkdwnLink is a link with a label, or false when the label could be read
// as mark-up and has to be shown by other means.
func mrkdwnLink(link, label string) (string, bool) {
	if readsAsMrkdwn(label) {
		return "", false
	}
	return "<" + escape(link) + "|" + escape(oneLine(label)) + ">", true
}

// mrkdwnLine is a whole line with its links, or false when some of its text
// could be read as mark-up.
func mrkdwnLine(spans []bot.Span) (string, bool) {
	if readsAsMrkdwn(join(spans)) {
		return "", false
	}
	var sb strings.Builder
	for _, s := range spans {
		if s.URL == "" || strings.TrimSpace(s.Text) == "" {
			sb.WriteString(escape(s.Text))
			continue
		}
		link, ok := mrkdwnLink(s.URL, s.Text)
		if !ok { // a label that begins with > opens a quotation
			return "", false
		}
		sb.WriteString(link)
	}
	line := sb.String()
	return line, strings.TrimSpace(line) != "" && units(line) <= maxText
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// safeLink writes an address anew; it is empty when the address cannot be
// linked, or not within maxLink.
func safeLink(raw string) string {
	link := bot.SafeURL(raw)
	if units(escape(link)) > maxLink {
		return ""
	}
	return link
}

// units is the length of s in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// weight is what spans cost of a message's budget; their text and addresses
// count as they are escaped.
func weight(spans []bot.Span) int {
	n := 0
	for _, s := range spans {
		n += units(escape(s.Text)) + units(escape(s.URL)) + spanOverhead
	}
	return n
}

// label is text for the places that Slack shows as they are and that have no
// room for more than max units: buttons, options, titles and fields of views.
func label(s string, max int) string { return shorten(oneLine(bot.Clean(s)), max) }

// shorten cuts s to max units, between graphemes, with an ellipsis for what
// is left out. It is for labels only: text is never cut but split.
func shorten(s string, max int) string {
	if units(s) <= max {
		return s
	}
	n, end := 0, 0
	g := uniseg.NewGraphemes(s)
	for g.Next() {
		if n += units(g.Str()); n > max-1 {
			break
		}
		_, end = g.Positions()
	}
	return s[:end] + "…"
}
