package bot

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// SafeURL writes an address from outside anew so that it can become a link:
// http and https only, without user and password (a classic way to dress up
// an address), host names in their ASCII form, so that look-alikes are seen,
// and nothing in it that could end a link early, hide or turn text around.
// It is empty when the address may not be a link. It stays as it is when
// written anew once more.
func SafeURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return ""
	}
	if host, err := idna.Lookup.ToASCII(u.Hostname()); err == nil {
		u.Host = strings.Replace(u.Host, u.Hostname(), host, 1)
	}
	// Names with an underscore and IPv6 addresses are no IDNA names.
	if !plainHost.MatchString(u.Host) {
		return ""
	}
	u.User = nil
	return percentEncode(u.String(), "<>\"\\^`{|}")
}

// percentEncode encodes those bytes of an address that are in set, no
// printable ASCII, or a percent sign that encodes nothing.
func percentEncode(address, set string) string {
	var sb strings.Builder
	for i := range len(address) {
		c := address[i]
		if c <= ' ' || c >= 0x7F || strings.IndexByte(set, c) >= 0 || c == '%' && !encodes(address[i:]) {
			sb.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		} else {
			sb.WriteByte(c)
		}
	}
	return sb.String()
}

// encodes says whether s begins with a percent-encoded byte.
func encodes(s string) bool {
	if len(s) < len("%00") {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}

// plainHost is a host in ASCII, or an address in brackets, with or without a
// port.
var plainHost = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?$`)

// HostOf is the host that an address leads to, in ASCII and without "www.";
// empty when the address may not be a link.
func HostOf(address string) string {
	u, err := url.Parse(SafeURL(address))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// addressShape is what a reader takes for an address: a scheme or two slashes
// anywhere, or nothing but a name with a dot and a top-level domain.
var addressShape = regexp.MustCompile(`(?i)[/\\]{2}[\p{L}\p{N}\[]|\b(?:https?|ftp|mailto):|^(?:[\p{L}\p{N}\p{M}_-]+\.)+\p{L}[\p{L}\p{N}-]+\.?(?:[/:?#@\\]\S*)?$`)

// asciiDot is a full stop that a browser takes for a dot.
var asciiDot = regexp.MustCompile(`([A-Za-z0-9-])[。．｡]([A-Za-z0-9-])`)

// readsAsAddress says whether a reader takes a label for an address, whatever
// the width of its letters and the marks around it.
func readsAsAddress(label string) bool {
	label = norm.NFKC.String(asciiDot.ReplaceAllString(label, "$1.$2"))
	return addressShape.MatchString(label) || addressShape.MatchString(strings.TrimFunc(label, noAddress))
}

// noAddress holds for what cannot stand at the ends of an address.
func noAddress(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }

// Honest says whether the label of a link tells no other place than the one
// that the link leads to, in letters that cannot be taken for others.
func Honest(label, link string) bool {
	if !readsAsAddress(label) {
		return true
	}
	label = strings.TrimSpace(label)
	if strings.ContainsAny(label, " \t\n　@\\") {
		return false
	}
	if !strings.Contains(label, "//") {
		label = "https://" + label
	}
	host := HostOf(label)
	return host != "" && host == HostOf(link) && strings.Contains(strings.ToLower(label), host)
}

// HonestLink is a span with a link as it may be shown: a label that tells
// another place than the link's is no link, but is followed by one that says
// where it goes.
func HonestLink(s Span) []Span {
	if s.URL == "" || Honest(s.Text, s.URL) {
		return []Span{s}
	}
	return FollowedByHost(s)
}

// FollowedByHost is a span with a link as text, followed by its host as the
// link.
func FollowedByHost(s Span) []Span {
	label, end := s, s
	label.URL, label.Text = "", s.Text+" ("
	end.URL, end.Text = "", ")"
	return []Span{label, {Text: HostOf(s.URL), URL: s.URL, Strong: s.Strong}, end}
}
