package bot

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

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

// addressShape is what a reader takes for an address: a scheme anywhere, or
// a name with a dot and a top-level domain.
var addressShape = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*:[/\\]|^\s*(?:[\p{L}\p{N}\p{M}_-]+\.)+\p{L}{2,}\.?(?:[/:?#@\\]\S*)?\s*$`)

// asciiDot is a full stop that a browser takes for a dot.
var asciiDot = regexp.MustCompile(`([A-Za-z0-9-])[。．｡]([A-Za-z0-9-])`)

// ReadsAsAddress says whether a reader takes a label for an address,
// whatever the width of its letters.
func ReadsAsAddress(label string) bool {
	return addressShape.MatchString(norm.NFKC.String(asciiDot.ReplaceAllString(label, "$1.$2")))
}

// Honest says whether the label of a link tells no other place than the one
// that the link leads to.
func Honest(label, link string) bool {
	if !ReadsAsAddress(label) {
		return true
	}
	label = strings.TrimSpace(label)
	if strings.ContainsAny(label, " \t\n　@\\") {
		return false
	}
	if !strings.Contains(label, ":/") {
		label = "https://" + label
	}
	host := HostOf(label)
	return host != "" && host == HostOf(link)
}

// HonestLabel is the label of a link, followed by the host that it leads to
// when it reads as an address of another one.
func HonestLabel(label, link string) string {
	if Honest(label, link) {
		return label
	}
	return label + " (" + HostOf(link) + ")"
}
