package bottest

import (
	"regexp"
	"slices"
	"strings"
)

var (
	discordLink   = regexp.MustCompile(`\[([^\[\]\n]*)\]\((https?://[^\s()<>]+)\)`)
	discordBare   = regexp.MustCompile(`<(https?://[^\s<>]+)>`)
	discordMarker = regexp.MustCompile(`(?m)^(?:#{1,3} |-# |> )`)
	discordEscape = regexp.MustCompile(`\\([^0-9A-Za-z\s])`)
	discordMarks  = regexp.MustCompile("\\*\\*|```\\n?|`")
)

// discordPlain takes from Discord's Markdown what a reader does not see. It
// knows the constructs that the bot writes, no others: text in which anything
// else is live shows its marks.
func discordPlain(s string) string {
	// Escaped characters are put out of the way while marks are removed.
	var kept []string
	s = discordEscape.ReplaceAllStringFunc(s, func(m string) string {
		kept = append(kept, m[1:])
		return "\x00"
	})
	s = discordMarker.ReplaceAllString(s, "")
	s = discordLink.ReplaceAllString(s, "$1 ($2)")
	s = discordBare.ReplaceAllString(s, "$1")
	s = discordMarks.ReplaceAllString(s, "")
	var sb strings.Builder
	for _, r := range s {
		if r == 0 {
			sb.WriteString(kept[0])
			kept = kept[1:]
			continue
		}
		sb.WriteRune(r)
	}
	return sb.String()
}

// discordMention matches what notifies people when it stands in the content
// of a message. A backslash before it changes nothing for the server.
var discordMention = regexp.MustCompile(`@everyone|@here|<@[!&]?\d+>`)

// discordAllowed is the field allowed_mentions.
type discordAllowed struct {
	Parse []string `json:"parse"`
	Users []string `json:"users"`
	Roles []string `json:"roles"`
}

// discordPings are the mentions in a content that notify somebody: all of
// them where allowed_mentions is missing.
// https://discord.com/developers/docs/resources/message#allowed-mentions-object
func discordPings(content string, allowed *discordAllowed) []string {
	var pings []string
	for _, m := range discordMention.FindAllString(content, -1) {
		if allowed == nil || allowed.permits(m) {
			pings = append(pings, m)
		}
	}
	return pings
}

func (a *discordAllowed) permits(mention string) bool {
	id := strings.Trim(mention, "<@!&>")
	switch {
	case !strings.HasPrefix(mention, "<"):
		return slices.Contains(a.Parse, "everyone")
	case strings.HasPrefix(mention, "<@&"):
		return slices.Contains(a.Parse, "roles") || slices.Contains(a.Roles, id)
	}
	return slices.Contains(a.Parse, "users") || slices.Contains(a.Users, id)
}
