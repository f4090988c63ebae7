package slack_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

func TestIsAdmin(t *testing.T) {
	home := bot.Installation{Platform: bot.Slack, Tenant: bottest.SlackTeam}.ID()
	for _, tc := range []struct {
		name   string
		user   bottest.SlackUser
		named  bool // in Options.Admins
		fault  bottest.SlackFault
		in     bot.InstallationID
		want   bool
		failed bool
	}{
		{name: "member", user: bottest.SlackUser{}},
		{name: "admin", user: bottest.SlackUser{Admin: true}, want: true},
		{name: "owner", user: bottest.SlackUser{Owner: true}, want: true},
		{name: "named member", named: true, want: true},
		{name: "guest", user: bottest.SlackUser{Admin: true, Guest: true}},
		{name: "guest of one channel", user: bottest.SlackUser{Admin: true, Guest1: true}},
		{name: "named guest", user: bottest.SlackUser{Guest: true}, named: true},
		{name: "guest of one channel, told so only", fault: bottest.SlackFault{Body: `{"ok":true,"user":{"id":"U9","team_id":"T1","is_admin":true,"is_ultra_restricted":true}}`}},
		{name: "stranger", user: bottest.SlackUser{Admin: true, Stranger: true}},
		{name: "admin of another workspace", user: bottest.SlackUser{Admin: true, Team: "T2"}, named: true},
		{name: "asked for another workspace", user: bottest.SlackUser{Admin: true}, in: "slack:T2"},
		{name: "left the company", user: bottest.SlackUser{Admin: true, Deleted: true}, named: true},
		{name: "bot", user: bottest.SlackUser{Admin: true, Bot: true}},
		{name: "Slack does not answer", user: bottest.SlackUser{Admin: true}, named: true, fault: bottest.SlackFault{Status: 500}, failed: true},
		{name: "Slack answers nothing", user: bottest.SlackUser{Admin: true}, fault: bottest.SlackFault{Body: `{"ok":true}`}},
		{name: "Slack answers {}", user: bottest.SlackUser{Admin: true}, fault: bottest.SlackFault{Body: `{}`}, failed: true},
		{name: "named, a server that answers nothing to everything", named: true, fault: bottest.SlackFault{Body: `{"ok":true}`}, want: true},
		{name: "named, a server that answers {} to everything", named: true, fault: bottest.SlackFault{Body: `{}`}, want: true},
		{name: "named, told of somebody else", named: true, fault: bottest.SlackFault{Body: `{"ok":true,"user":{"id":"U8","is_admin":true}}`}},
		{name: "scope is missing", user: bottest.SlackUser{Admin: true}, fault: bottest.SlackFault{Error: "missing_scope"}, failed: true},
		{name: "no such method", user: bottest.SlackUser{Admin: true}, fault: bottest.SlackFault{Error: "unknown_method"}, failed: true},
		{name: "named, scope is missing", named: true, fault: bottest.SlackFault{Error: "missing_scope"}, want: true},
		{name: "named, no such method", named: true, fault: bottest.SlackFault{Error: "unknown_method"}, want: true},
		{name: "named, nothing at the address", named: true, fault: bottest.SlackFault{Status: 404}, want: true},
		{name: "named, unknown to Slack", named: true, fault: bottest.SlackFault{Error: "user_not_found"}, failed: true},
		{name: "admin, workspace not told", fault: bottest.SlackFault{Body: `{"ok":true,"user":{"id":"U9","is_admin":true}}`}, want: true},
		{name: "member, workspace not told", fault: bottest.SlackFault{Body: `{"ok":true,"user":{"id":"U9"}}`}},
		{name: "stranger, workspace not told", fault: bottest.SlackFault{Body: `{"ok":true,"user":{"id":"U9","is_admin":true,"is_stranger":true}}`}, named: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fake, s := start(t, func(o *slack.Options) {
				if tc.named {
					o.Admins = []string{"U9"}
				}
			})
			tc.user.ID = "U9"
			if tc.user.Team == "" {
				tc.user.Team = bottest.SlackTeam
			}
			fake.AddUser(tc.user)
			if tc.fault != (bottest.SlackFault{}) {
				fake.FailNext("users.info", tc.fault)
			}
			in := home
			if tc.in != "" {
				in = tc.in
			}
			got, err := s.IsAdmin(t.Context(), in, "U9")
			if got != tc.want || (err != nil) != tc.failed {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// Nobody is asked before a command wants to know, and then every time.
func TestAdminIsAskedPerCommand(t *testing.T) {
	fake, s := start(t, nil)
	run(t, s, func(ctx context.Context, req bot.Request) bot.Reply {
		if req.Command != "briefing-admin" {
			return say("だれでも")
		}
		ok, err := req.User.Admin(ctx)
		if err != nil {
			t.Error(err)
		}
		return say(map[bool]string{true: "管理者", false: "ちがう"}[ok])
	})
	ask := func(user, command string) string {
		a, err := fake.Command(impatient(t, patience), "C1", user, command, "")
		if err != nil {
			t.Fatal(err)
		}
		return a.Message.PlainText()
	}
	ask(bottest.SlackAdmin, "/term")
	if n := len(fake.Calls("users.info")); n != 0 {
		t.Errorf("asked %d times for a command of everybody", n)
	}
	if got := ask(bottest.SlackAdmin, "/briefing-admin"); got != "管理者" {
		t.Errorf("admin is %s", got)
	}
	fake.AddUser(bottest.SlackUser{ID: bottest.SlackAdmin, Team: bottest.SlackTeam})
	if got := ask(bottest.SlackAdmin, "/briefing-admin"); got != "ちがう" {
		t.Errorf("an admin no more is %s", got)
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name    string
		channel bottest.SlackChannel
		ref     string
		method  string
		fault   bottest.SlackFault
		class   bot.Class
		says    string // empty: no error
		unsure  bool
	}{
		{name: "member", channel: bottest.SlackChannel{Member: true}},
		{name: "public channel is joined"},
		{name: "private channel of others", channel: bottest.SlackChannel{Private: true}, class: bot.ChannelGone, says: "/invite"},
		{name: "archived", channel: bottest.SlackChannel{Member: true, Archived: true}, class: bot.ChannelGone, says: "archived"},
		{name: "not there", ref: "slack:T1/C404", class: bot.ChannelGone, says: "no such channel"},
		{name: "another workspace", ref: "slack:T2/C9", class: bot.ChannelGone, says: "another workspace"},
		{name: "cannot join", method: "conversations.join", fault: bottest.SlackFault{Error: "missing_scope"}, class: bot.ChannelGone, says: "/invite"},
		{name: "scope is missing", method: "conversations.info", fault: bottest.SlackFault{Error: "missing_scope"}, class: bot.InstallationGone, says: "lacks a scope"},
		{name: "token is revoked", method: "auth.test", fault: bottest.SlackFault{Error: "token_revoked"}, class: bot.InstallationGone, says: "SLACK_BOT_TOKEN"},
		{name: "Slack is down", method: "conversations.info", fault: bottest.SlackFault{Status: 503}, class: bot.Transient, says: "cannot be asked", unsure: true},
		{name: "method is not known", method: "conversations.info", fault: bottest.SlackFault{Error: "unknown_method"}, class: bot.Fatal, says: "cannot be asked", unsure: true},
		{name: "nothing at the address", method: "auth.test", fault: bottest.SlackFault{Status: 404}, class: bot.Transient, says: "cannot be asked", unsure: true},
		{name: "nobody knows how to join", method: "conversations.join", fault: bottest.SlackFault{Error: "unknown_method"}, class: bot.Fatal, says: "cannot be asked", unsure: true},
		{name: "another kind of token", method: "conversations.info", fault: bottest.SlackFault{Error: "not_allowed_token_type"}, class: bot.Fatal, says: "SLACK_BOT_TOKEN"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fake, s := start(t, nil)
			tc.channel.ID, tc.channel.Name = "C9", "nine"
			fake.AddChannel(tc.channel)
			if tc.method != "" {
				fake.FailNext(tc.method, tc.fault)
			}
			at := ref("C9")
			if tc.ref != "" {
				var err error
				if at, err = bot.ParseRef(tc.ref); err != nil {
					t.Fatal(err)
				}
			}
			err := s.Check(t.Context(), at)
			if tc.says == "" {
				if err != nil {
					t.Fatalf("got %v", err)
				}
				_, m := oneMessage(t)
				if _, err := s.Send(t.Context(), bot.Target{Ref: at}, m); err != nil {
					t.Errorf("checked, and yet: %v", err)
				}
				return
			}
			oe, ok := errors.AsType[*bot.OutcomeError](err)
			if !ok || oe.Class != tc.class || !strings.Contains(err.Error(), tc.says) || errors.Is(err, bot.ErrUnchecked) != tc.unsure {
				t.Errorf("got %v, want %v and %q", err, tc.class, tc.says)
			}
		})
	}
}

func TestInstallation(t *testing.T) {
	fake, s := start(t, nil)
	if in, err := s.Installation(t.Context()); err != nil || in.ID() != "slack:T1" {
		t.Errorf("got %v, %v", in, err)
	}
	fake.FailNext("auth.test", bottest.SlackFault{Body: `{"ok":true}`})
	if in, err := s.Installation(t.Context()); err == nil {
		t.Errorf("got %v of an answer without a team", in)
	}
}

func TestNewWantsAToken(t *testing.T) {
	if _, err := slack.New(slack.Options{AppToken: "xapp-1"}); err == nil || !strings.Contains(err.Error(), "SLACK_BOT_TOKEN") {
		t.Errorf("got %v", err)
	}
}
