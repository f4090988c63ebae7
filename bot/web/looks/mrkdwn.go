package looks

import (
	"regexp"
	"strings"
)

// mrkdwnToken finds what Slack reads in mrkdwn: something in angle brackets,
// code, or text between a pair of marks that stands free.
// https://docs.slack.dev/messaging/formatting-message-text/
var mrkdwnToken = regexp.MustCompile("<[^<>\n]+>|```(?s:.+?)```|`[^`\n]+`|\\*[^*\\s](?:[^*\n]*[^*\\s])?\\*|_[^_\\s](?:[^_\n]*[^_\\s])?_|~[^~\\s](?:[^~\n]*[^~\\s])?~")

var mrkdwnEntities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// mrkdwn writes Slack's mark-up.
func (s *slackDrawer) mrkdwn(text string) {
	for text != "" {
		at := mrkdwnToken.FindStringIndex(text)
		if at == nil {
			s.text(mrkdwnEntities.Replace(text))
			return
		}
		s.text(mrkdwnEntities.Replace(text[:at[0]]))
		s.token(text[at[0]:at[1]])
		text = text[at[1]:]
	}
}

func (s *slackDrawer) token(t string) {
	inner := t[1 : len(t)-1]
	switch {
	case t[0] == '<' && strings.ContainsAny(inner[:1], "@#!"):
		_, label, named := strings.Cut(inner, "|")
		if !named {
			label = inner[1:]
		}
		s.say("span", "ping", "@"+label)
	case t[0] == '<':
		address, label, named := strings.Cut(inner, "|")
		address = mrkdwnEntities.Replace(address)
		if !named {
			label = address
		}
		s.link(address, "", func() { s.text(mrkdwnEntities.Replace(label)) })
	case strings.HasPrefix(t, "```"):
		s.say("pre", "", mrkdwnEntities.Replace(strings.Trim(t, "`")))
	case t[0] == '`':
		s.say("code", "", mrkdwnEntities.Replace(inner))
	default:
		s.box(map[byte]string{'*': "strong", '_': "em", '~': "s"}[t[0]], "", func() { s.mrkdwn(inner) })
	}
}
