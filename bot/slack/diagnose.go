package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cyberbrief/bot"
)

// Scope is a right of the app, and what for.
type Scope struct {
	Name string
	For  string
	// needed scopes keep the bot from what it promises where they are missing;
	// without one of the others something is lost.
	needed bool
}

// Scopes are the rights that the bot uses.
// https://docs.slack.dev/reference/scopes/
func Scopes() []Scope {
	return []Scope{
		{"chat:write", "post, edit and delete its own messages", true},
		{"commands", "slash commands", true},
		{"channels:read", "check a channel before adding it", true},
		{"channels:join", "join a public channel that an admin adds", false},
		{"channels:history", "look for a post whose answer was lost", true},
		{"groups:read", "check private channels that it was invited to", false},
		{"groups:history", "look for a lost post in private channels", false},
		{"im:write", "tell an admin that a channel was paused", false},
		{"users:read", "ask whether a member is an admin", true},
	}
}

// scopesHeader names the scopes of a token in each answer.
// https://docs.slack.dev/authentication/installing-with-oauth/
const scopesHeader = "X-OAuth-Scopes"

const addScope = "add it at api.slack.com/apps → your app → OAuth & Permissions → Scopes → Bot Token Scopes, then press Reinstall to Workspace"

// Diagnose looks at tokens, scopes and the clock, for the operator. It posts
// nothing and opens no socket.
func (s *Slack) Diagnose(ctx context.Context) []bot.Finding {
	defer s.api.http.CloseIdleConnections()
	var who struct {
		Team   string `json:"team"`
		TeamID string `json:"team_id"`
	}
	asked := s.opts.Clock()
	header, failed := s.api.hear(ctx, "auth.test", nil, &who)
	answered := s.opts.Clock()
	findings := []bot.Finding{tokenFinding(failed, "SLACK_BOT_TOKEN", fmt.Sprintf("of the workspace %s (%s)", bot.Clean(who.Team), who.TeamID))}
	if failed == nil {
		findings = append(findings, scopeFindings(header)...)
	}
	if header != nil {
		findings = append(findings, bot.CheckClock(header, asked, answered))
	}
	return append(findings, s.commandFindings(ctx)...)
}

// tokenFinding says whether Slack takes a token.
func tokenFinding(failed *bot.OutcomeError, variable, well string) bot.Finding {
	f := bot.Finding{Check: strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(variable, "_", " "), "SLACK ")), Grade: bot.OK, Text: well}
	if failed == nil {
		return f
	}
	f.Grade, f.Text = bot.Fail, fmt.Sprintf("%s: %s", variable, failed.Code)
	switch failed.Class {
	case bot.InstallationGone, bot.Fatal:
		f.Text = fmt.Sprintf("Slack refuses %s: %s", variable, failed.Code)
		f.Next = "copy the token anew from api.slack.com/apps → your app: the bot token (xoxb-…) from OAuth & Permissions, the app token (xapp-…, scope connections:write) from Basic Information → App-Level Tokens"
	case bot.Limited:
		f.Grade, f.Next = bot.Warn, "Slack asks for a pause: try again later"
	default:
		f.Text = fmt.Sprintf("Slack cannot be asked about %s: %v", variable, failed)
		f.Next = "see whether this machine reaches slack.com, and https://slack-status.com"
	}
	return f
}

// scopeFindings names each scope that the token lacks.
func scopeFindings(h http.Header) []bot.Finding {
	said := h.Get(scopesHeader)
	if said == "" {
		return []bot.Finding{{Check: "scopes", Grade: bot.Warn, Text: "Slack does not say which scopes the token has",
			Next: "compare OAuth & Permissions with the manifest of `cyberbrief setup slack`"}}
	}
	var have []string
	for name := range strings.SplitSeq(said, ",") {
		have = append(have, strings.TrimSpace(name))
	}
	var findings []bot.Finding
	for _, scope := range Scopes() {
		if slices.Contains(have, scope.Name) {
			continue
		}
		f := bot.Finding{Check: "scopes", Grade: bot.Warn, Text: fmt.Sprintf("%s is missing: to %s", scope.Name, scope.For), Next: addScope}
		if scope.needed {
			f.Grade = bot.Fail
		}
		findings = append(findings, f)
	}
	if findings == nil {
		return []bot.Finding{{Check: "scopes", Grade: bot.OK, Text: fmt.Sprintf("all %d that the bot uses", len(Scopes()))}}
	}
	return findings
}

// commandFindings says how commands come, if they do. A connection is asked
// for, which makes an address and nothing else, and not opened.
func (s *Slack) commandFindings(ctx context.Context) []bot.Finding {
	var findings []bot.Finding
	if s.opts.AppToken != "" {
		app := *s.api
		app.token = s.opts.AppToken
		var socket struct {
			URL string `json:"url"`
		}
		_, failed := app.hear(ctx, "apps.connections.open", nil, &socket)
		if failed == nil && socket.URL == "" {
			failed = &bot.OutcomeError{Class: bot.Transient, Code: "no address", Err: errors.New("apps.connections.open names none")}
		}
		findings = append(findings, tokenFinding(failed, "SLACK_APP_TOKEN", "commands come through Socket Mode"))
	}
	if s.opts.SigningSecret != "" {
		findings = append(findings, bot.Finding{Check: "signing secret", Grade: bot.OK,
			Text: "set: signed commands are taken at /slack/commands, /slack/interactions and /slack/events"})
	}
	if findings == nil {
		findings = append(findings, bot.Finding{Check: "commands", Grade: bot.Warn, Text: "the bot posts but answers no command",
			Next: "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (signed HTTP)"})
	}
	return findings
}
