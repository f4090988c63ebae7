package bottest

import (
	"net/http"
	"strings"
	"time"
)

// slackScopes are those that the manifest asks for.
const slackScopes = "chat:write,commands,channels:read,channels:join,channels:history,groups:read,groups:history,im:write,users:read"

// LoseScopes takes rights from the bot token, as an app does that was
// installed before it asked for them.
func (s *Slack) LoseScopes(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = append(s.lost, names...)
}

// SetAhead sets the clock by which answers are dated so far ahead.
func (s *Slack) SetAhead(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = d
}

// writeHeaders says what every answer says in its headers.
// https://docs.slack.dev/authentication/installing-with-oauth/
func (s *Slack) writeHeaders(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scopes := "," + slackScopes + ","
	for _, name := range s.lost {
		scopes = strings.ReplaceAll(scopes, ","+name+",", ",")
	}
	h.Set("X-OAuth-Scopes", strings.Trim(scopes, ","))
	h.Set("Date", time.Now().Add(s.ahead).UTC().Format(http.TimeFormat))
}
