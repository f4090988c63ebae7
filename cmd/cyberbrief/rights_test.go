package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// refusals are how the answer to an admin's command begins for whoever may not
// give it.
var refusals = regexp.MustCompile(`このコマンドは管理者だけが使えます|管理者かどうかを確認できませんでした|このコマンドはサーバーのチャンネルで使えます`)

// broken is how an answer begins that says nothing about rights.
const broken = "いま処理できませんでした"

// Channels of the tests that are there to be added and removed.
const (
	slackScratch   = "CSCRATCH1"
	discordScratch = "900000000000000009"
)

// everybody's commands, then those of admins, in an order in which all of them
// do something.
func openCommands() []string {
	return []string{"term 試験用語", "term", "briefing latest", "briefing search 架空", "briefing help"}
}

func adminsCommands(scratch string) []string {
	return []string{
		"briefing-admin add " + scratch, "briefing-admin list", "briefing-admin set " + scratch + " time 9:00",
		"briefing-admin pause " + scratch, "briefing-admin resume " + scratch, "briefing-admin preview " + scratch,
		"briefing-admin test " + scratch, "briefing-admin status", "briefing-admin retract 2020-01-01", "briefing-admin log",
		"briefing-admin remove " + scratch,
	}
}

// role is somebody, and what they may do.
type role struct {
	name  string
	open  bool // may give everybody's commands
	admin bool
	// ask gives a command in this role.
	ask func(ctx context.Context, command, text string) (string, error)
}

// TestWhoMayDoWhat asks every command in every role through the wire. Refused
// ones must have changed nothing.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.env["SLACK_ADMINS"] = "UNAMED,UNAMEDGUEST,UNAMEDAWAY,UNAMEDGONE,UNAMEDDOWN,UNAMEDHIDDEN"
	w.env["CONSOLE"] = "true"
	w.slack.AddChannel(bottest.SlackChannel{ID: slackScratch, Name: "scratch", Member: true})
	w.discord.AddChannel(testGuild, discordScratch)
	w.publish("2025-07-03", "架空の事案")
	address := w.address(w.run(morning))
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.await("both channels have their post", func() bool { return w.allPosted(morning) })
	cells := 0
	for scratch, roles := range map[string][]role{
		"#" + slackScratch: slackRoles(w), "<#" + discordScratch + ">": discordRoles(w),
		"#general": {
			{name: "console: reader of a page that is served", open: true, ask: consoleAsker(t, address)},
			{name: "console: reader of their own page", open: true, admin: true, ask: consoleAsker(t, strings.TrimSuffix(startDemo(t), "/console"))},
		},
	} {
		for _, r := range roles {
			before := w.allChanges()
			for _, line := range append(openCommands(), adminsCommands(scratch)...) {
				cells++
				command, text, _ := strings.Cut(line, " ")
				answer, err := r.ask(ctx, command, text)
				may := r.open && (r.admin || command != "briefing-admin")
				if err != nil || answer == "" || strings.Contains(answer, broken) || refusals.MatchString(answer) == may {
					t.Errorf("%s: /%s: may %t, answer %q, %v", r.name, line, may, answer, err)
				}
			}
			if diff := cmp.Diff(before, w.allChanges()); !r.admin && diff != "" {
				t.Errorf("%s changed something:\n%s", r.name, diff)
			}
		}
	}
	t.Logf("%d cells", cells)
	if cells < 60 {
		t.Errorf("%d cells, want at least 60", cells)
	}
}

// allChanges are all entries of the audit log.
func (w *world) allChanges() (all []string) {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.env["DATABASE_URL"], store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Shutdown()
	for _, in := range []bot.InstallationID{"slack:" + bottest.SlackTeam, "discord:" + testGuild, "console:"} {
		entries, err := s.Audit(w.t.Context(), in, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, fmt.Sprint(e.Who, " ", e.What, " ", e.Ref))
		}
	}
	return all
}

// slackRoles are the people that a channel of Slack can hold.
func slackRoles(w *world) []role {
	here := bottest.SlackTeam
	var roles []role
	add := func(name string, u bottest.SlackUser, admin bool) {
		if u.Team == "" {
			u.Team = here
		}
		w.slack.AddUser(u)
		roles = append(roles, role{name: "slack: " + name, open: true, admin: admin, ask: slackAsker(w, u.ID)})
	}
	add("member", bottest.SlackUser{ID: "UMEMBER"}, false)
	add("guest of several channels", bottest.SlackUser{ID: "UGUEST", Guest: true}, false)
	add("guest of one channel", bottest.SlackUser{ID: "UGUEST1", Guest: true, Guest1: true}, false)
	add("guest who is said to be an admin", bottest.SlackUser{ID: "UGUESTADMIN", Guest: true, Admin: true}, false)
	add("stranger of a shared channel", bottest.SlackUser{ID: "USTRANGER", Team: "T9", Stranger: true}, false)
	add("admin of another workspace", bottest.SlackUser{ID: "UAWAY", Team: "T9", Admin: true, Owner: true}, false)
	add("admin who was deactivated", bottest.SlackUser{ID: "UGONE", Deleted: true, Admin: true}, false)
	add("bot with an admin's flag", bottest.SlackUser{ID: "UBOTADMIN", Bot: true, Admin: true}, false)
	add("admin", bottest.SlackUser{ID: "UADMIN", Admin: true}, true)
	add("owner", bottest.SlackUser{ID: "UOWNER", Owner: true}, true)
	add("primary owner", bottest.SlackUser{ID: "UPRIMARY", Primary: true}, true)
	add("member named by the operator", bottest.SlackUser{ID: "UNAMED"}, true)
	add("guest named by the operator", bottest.SlackUser{ID: "UNAMEDGUEST", Guest: true}, false)
	add("stranger named by the operator", bottest.SlackUser{ID: "UNAMEDAWAY", Team: "T9", Stranger: true}, false)
	add("deactivated, named by the operator", bottest.SlackUser{ID: "UNAMEDGONE", Deleted: true}, false)
	unknown := role{name: "slack: somebody Slack does not know", open: true, ask: slackAsker(w, "UNOBODY")}
	down := func(name, user, code string, admin bool) role {
		ask := slackAsker(w, user)
		return role{name: "slack: " + name, open: true, admin: admin, ask: func(ctx context.Context, command, text string) (string, error) {
			if command == "briefing-admin" {
				w.slack.FailNext("users.info", bottest.SlackFault{Error: code})
			}
			return ask(ctx, command, text)
		}}
	}
	w.slack.AddUser(bottest.SlackUser{ID: "UDOWN", Team: here, Admin: true})
	w.slack.AddUser(bottest.SlackUser{ID: "UNAMEDDOWN", Team: here})
	w.slack.AddUser(bottest.SlackUser{ID: "UHIDDEN", Team: here, Admin: true})
	w.slack.AddUser(bottest.SlackUser{ID: "UNAMEDHIDDEN", Team: here})
	return append(roles, unknown,
		down("admin while Slack cannot be asked", "UDOWN", "internal_error", false),
		down("named by the operator while Slack cannot be asked", "UNAMEDDOWN", "internal_error", false),
		down("admin where the app may not ask", "UHIDDEN", "missing_scope", false),
		down("named by the operator where the app may not ask", "UNAMEDHIDDEN", "missing_scope", true))
}

func slackAsker(w *world, user string) func(context.Context, string, string) (string, error) {
	return func(ctx context.Context, command, text string) (string, error) {
		// Each in a channel of their own: together they would be too many.
		answer, err := w.slack.CommandFrom(ctx, bottest.SlackTeam, "C"+user, user, "/"+command, text, 1)
		return answer.Message.PlainText(), err
	}
}

// discordRoles are the people that a server can hold, by what Discord says
// they may do.
func discordRoles(w *world) []role {
	var roles []role
	add := func(name, guild, permissions string, open, admin bool) {
		user := bottest.DiscordUser{ID: fmt.Sprint(800000000000000100 + len(roles)), Permissions: permissions}
		channel := fmt.Sprint(900000000000000100 + len(roles)) // of their own: together they would be too many
		roles = append(roles, role{name: "discord: " + name, open: open, admin: admin, ask: discordAsker(w, guild, channel, user)})
	}
	add("member", testGuild, "0", true, false)
	add("member who may manage channels, messages and roles", testGuild, "268443664", true, false)
	add("manager of the server", testGuild, "32", true, true)
	add("administrator", testGuild, "8", true, true)
	add("owner, who may do everything", testGuild, "2251799813685247", true, true)
	add("somebody whose permissions cannot be read", testGuild, "everything", true, false)
	add("somebody with less than no permissions", testGuild, "-1", true, false)
	add("somebody with more permissions than there can be", testGuild, "99999999999999999999999", true, false)
	add("somebody in a direct message, outside of any server", "", "32", false, false)
	return roles
}

func discordAsker(w *world, guild, channel string, user bottest.DiscordUser) func(context.Context, string, string) (string, error) {
	return func(ctx context.Context, command, text string) (string, error) {
		answer, err := w.discord.Command(ctx, guild, channel, user, command, discordOptions(command, text)...)
		var texts []string
		for _, m := range answer.Messages() {
			texts = append(texts, m.Text())
		}
		return strings.Join(texts, "\n"), err
	}
}

// discordOptions are typed words as the options that people fill in.
func discordOptions(command, text string) []bottest.DiscordOption {
	words := strings.Fields(text)
	option := func(name, value string) bottest.DiscordOption { return bottest.DiscordOption{Name: name, Value: value} }
	switch {
	case len(words) == 0:
		return nil
	case command == "term":
		return []bottest.DiscordOption{option("word", text)}
	case command == "briefing" && words[0] == "search":
		return []bottest.DiscordOption{option("search", words[1])}
	case command == "briefing":
		return []bottest.DiscordOption{option("date", text)}
	}
	var options []bottest.DiscordOption
	for i, name := range []string{"channel", "setting", "value"} {
		if i+1 < len(words) {
			options = append(options, option(name, words[i+1]))
		}
	}
	if words[0] == "retract" {
		options[0].Name = "date"
	}
	return []bottest.DiscordOption{{Name: words[0], Options: options}}
}

// consolePage is what the page shows at first.
type consolePage struct {
	Channels []string
	Messages []struct {
		Command string
		Body    json.RawMessage
	}
}

// consoleAsker reads and writes as the page's script does.
func consoleAsker(t *testing.T, address string) func(context.Context, string, string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	t.Cleanup(client.CloseIdleConnections)
	return func(ctx context.Context, command, text string) (string, error) {
		page, err := readConsole(ctx, client, address)
		if err != nil {
			return "", err
		}
		typed := strings.TrimSpace("/" + command + " " + text)
		if err := writeConsole(ctx, client, address, page.Channels[0], typed); err != nil {
			return "", err
		}
		if page, err = readConsole(ctx, client, address); err != nil {
			return "", err
		}
		answer := ""
		for _, m := range page.Messages {
			if m.Command == typed {
				answer = string(m.Body)
			}
		}
		return answer, nil
	}
}

func writeConsole(ctx context.Context, client *http.Client, address, channel, typed string) error {
	body, err := json.Marshal(map[string]string{"channel": channel, "text": typed})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/console/messages", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s: %s", typed, resp.Status)
	}
	return nil
}

// readConsole is the first event of the page's stream.
func readConsole(ctx context.Context, client *http.Client, address string) (page consolePage, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/console/events", nil)
	if err != nil {
		return page, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return page, err
	}
	defer resp.Body.Close()
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return page, err
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return page, json.Unmarshal([]byte(data), &page)
		}
	}
}
