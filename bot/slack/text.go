package slack

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/net/idna"

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

// mrkdwnLink is a link with a label, or false when the label could be read
// as mark-up and has to be shown by other means.
func mrkdwnLink(link, label string) (string, bool) {
	if strings.ContainsAny(label, mrkdwnMarks) {
		return "", false
	}
	return "<" + escape(link) + "|" + escape(oneLine(label)) + ">", true
}

// emojiCode matches what mrkdwn makes a picture of.
var emojiCode = regexp.MustCompile(`:[a-z0-9_+'-]+:`)

// mrkdwnLine is a whole line with its links, or false when some of its text
// could be read as mark-up.
func mrkdwnLine(spans []bot.Span) (string, bool) {
	if text := join(spans); strings.ContainsAny(text, mrkdwnMarks) || emojiCode.MatchString(text) {
		return "", false
	}
	var sb strings.Builder
	for _, s := range spans {
		if s.URL == "" || strings.TrimSpace(s.Text) == "" {
			sb.WriteString(escape(s.Text))
			continue
		}
		link, _ := mrkdwnLink(s.URL, s.Text) // its label has no marks
		sb.WriteString(link)
	}
	line := sb.String()
	return line, strings.TrimSpace(line) != "" && units(line) <= maxText
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// linkEscapes are characters that an address keeps when it is written out
// anew but that would end a link in mrkdwn.
var linkEscapes = strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", `"`, "%22", " ", "%20", "`", "%60")

// safeLink writes an address anew: http and https only, without user and
// password, international host names in their ASCII form, within maxLink.
// It is empty when the address cannot be linked.
func safeLink(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return ""
	}
	host, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		// Names with an underscore and IPv6 addresses are no IDNA names.
		if host = u.Hostname(); !ascii(host) {
			return ""
		}
	}
	u.User = nil
	u.Host = strings.Replace(u.Host, u.Hostname(), host, 1)
	link := linkEscapes.Replace(u.String())
	if units(escape(link)) > maxLink || strings.ContainsFunc(link, unprintable) {
		return ""
	}
	return link
}

func ascii(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7E }) }

func unprintable(r rune) bool { return r < 0x21 || r == 0x7F }

// hostLabel matches a label that reads as an address.
var hostLabel = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9+.-]*://)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})(?:[:/?#]\S*)?$`)

// honestLabel is the label of a link, followed by the host that it leads to
// when the label reads as an address of another one.
func honestLabel(link, label string) string {
	m := hostLabel.FindStringSubmatch(strings.TrimSpace(label))
	if m == nil || strings.EqualFold(m[1], hostOf(link)) {
		return label
	}
	return label + " (" + hostOf(link) + ")"
}

func hostOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Hostname()
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
