package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
)

var updateClasses = flag.Bool("update-classes", false, "rewrite the table of error classes in docs/reliability.md")

// classesDoc is the page that has the table, between classesBegin and classesEnd.
const (
	classesDoc   = "../../docs/reliability.md"
	classesBegin = "<!-- classes: written by TestEveryAnswerHasAClass -update-classes -->\n"
	classesEnd   = "<!-- end of classes -->\n"
)

// done is the row of answers that are no failure.
const done = "done"

// answers is the table under test: what each platform can answer, by the
// class that a request gets from it.
type answers map[string][]string

func (a answers) add(err error, what string) {
	class := done
	if err != nil {
		class = bot.ClassOf(err).String()
	}
	if !slices.Contains(a[class], what) {
		a[class] = append(a[class], what)
	}
}

// String is one row a class, in the order of the classes.
func (a answers) String() string {
	var b strings.Builder
	rows := []string{done}
	for c := bot.Transient; c <= bot.MessageKept; c++ {
		rows = append(rows, c.String())
	}
	for _, row := range append(rows, bot.Unknown.String()) {
		if len(a[row]) > 0 {
			fmt.Fprintf(&b, "| %s | %s |\n", row, strings.Join(compact(a[row]), " "))
		}
	}
	return b.String()
}

// compact sorts the words and writes runs of numbers as ranges.
func compact(words []string) []string {
	var numbers []int
	var out []string
	for _, w := range words {
		if n, err := strconv.Atoi(w); err == nil {
			numbers = append(numbers, n)
			continue
		}
		out = append(out, w)
	}
	slices.Sort(out)
	slices.Sort(numbers)
	var ranges []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		if j-i >= 2 {
			ranges = append(ranges, fmt.Sprintf("%d–%d", numbers[i], numbers[j]))
		} else {
			for _, n := range numbers[i : j+1] {
				ranges = append(ranges, strconv.Itoa(n))
			}
		}
		i = j + 1
	}
	return append(ranges, out...)
}

// spec reads one of the vendors' lists of errors.
func spec(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile("../../../shared/specs/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("shared/specs/%s is not beside the repository", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

// common are errors that every method of Slack can answer with, and one that
// no list has. https://docs.slack.dev/apis/web-api/#errors
var common = []string{
	"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
	"account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed", "missing_scope", "access_denied",
	"accesslimited", "no_permission", "org_login_required", "team_added_to_org", "two_factor_setup_required",
	"not_allowed_token_type", "invalid_arguments", "invalid_post_type", "invalid_form_data", "invalid_charset", "unknown_method",
	"method_deprecated", "deprecated_endpoint", "an_error_that_nobody_knows",
}

// slackErrors are those that Slack lists for a method, and the common ones.
func slackErrors(t *testing.T) map[string][]string {
	var s struct {
		Methods map[string]struct{ Errors []string }
	}
	spec(t, "slack-methods.json", &s)
	all := map[string][]string{}
	for _, m := range []string{"chat.postMessage", "chat.update", "chat.delete", "conversations.history", "conversations.replies"} {
		if len(s.Methods[m].Errors) == 0 {
			t.Fatalf("%s has no errors", m)
		}
		all[m] = slices.Concat(s.Methods[m].Errors, common)
	}
	return all
}

// discordCodes are all of Discord's JSON error codes, and one it does not list.
func discordCodes(t *testing.T) []int {
	var s struct {
		Tables map[string][]struct{ Code int }
	}
	spec(t, "discord-codes.json", &s)
	codes := []int{999_999}
	for _, row := range s.Tables["JSON Error Codes"] {
		codes = append(codes, row.Code)
	}
	if len(codes) < 200 {
		t.Fatalf("only %d codes are listed", len(codes))
	}
	return codes
}

// slackCalls are what is asked of Slack, by its method.
func slackCalls(s *slack.Slack, m bot.Message) map[string]func(context.Context) error {
	to := markedTarget(bot.Slack)
	reply := to
	reply.Thread = "1.2"
	return map[string]func(context.Context) error{
		"chat.postMessage":      func(ctx context.Context) error { _, err := s.Send(ctx, to, m); return err },
		"chat.update":           func(ctx context.Context) error { return s.Edit(ctx, to, "1.2", m) },
		"chat.delete":           func(ctx context.Context) error { return s.Delete(ctx, to, "1.2") },
		"conversations.history": func(ctx context.Context) error { _, err := s.Find(ctx, to, time.Now()); return err },
		"conversations.replies": func(ctx context.Context) error { _, err := s.Find(ctx, reply, time.Now()); return err },
	}
}

// discordCalls are what is asked of Discord, by its route.
func discordCalls(d *discord.Discord, m bot.Message) map[string]func(context.Context) error {
	to := markedTarget(bot.Discord)
	return map[string]func(context.Context) error{
		"POST channels/{channel}/messages":             func(ctx context.Context) error { _, err := d.Send(ctx, to, m); return err },
		"PATCH channels/{channel}/messages/{message}":  func(ctx context.Context) error { return d.Edit(ctx, to, "1", m) },
		"DELETE channels/{channel}/messages/{message}": func(ctx context.Context) error { return d.Delete(ctx, to, "1") },
		"GET channels/{channel}/messages":              func(ctx context.Context) error { _, err := d.Find(ctx, to, time.Now()); return err },
	}
}

// markedTarget is the channel of the tests on a platform.
func markedTarget(p bot.Platform) bot.Target {
	ref := bot.Ref{Installation: bot.Installation{Platform: p, Tenant: bottest.SlackTeam}, Channel: bottest.SlackChannelID}
	if p == bot.Discord {
		ref = bot.Ref{Installation: bot.Installation{Platform: p, Tenant: testGuild}, Channel: testChannel}
	}
	return bot.Target{Ref: ref, Marker: bot.Marker{Delivery: bot.DeliveryID(ref, "2025-07-04")}}
}

// smallPost is a post of one message.
func smallPost() bot.Post {
	return bot.Post{Parent: bot.Document{bot.Title{Text: "朝のまとめ"}, bot.Prose{Spans: []bot.Span{{Text: "架空の事案。"}}}}}
}

// rendered is the one message of smallPost.
func rendered(t testing.TB, render func(bot.Post) ([]bot.Message, error)) bot.Message {
	t.Helper()
	messages, err := render(smallPost())
	if err != nil || len(messages) != 1 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	return messages[0]
}

// TestEveryAnswerHasAClass asks both platforms for everything that delivery
// asks of them, has the fakes answer with every HTTP status and with every
// error that the vendors list, and compares the classes with the table in
// the documentation. A vendor's new error is not in the table, and fails.
func TestEveryAnswerHasAClass(t *testing.T) {
	base := &http.Transport{MaxIdleConnsPerHost: 1}
	t.Cleanup(base.CloseIdleConnections)
	got := classesOf(t, base)
	page, err := os.ReadFile(classesDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), classesBegin)
	want, after, ended := strings.Cut(rest, classesEnd)
	if !found || !ended {
		t.Fatalf("%s has no table of classes", classesDoc)
	}
	if want == got {
		return
	}
	if !*updateClasses {
		t.Fatalf("the classes are not those of %s (after a change that is meant: go test -run %s -update-classes):\n%s", classesDoc, t.Name(), differences(want, got))
	}
	if err := os.WriteFile(classesDoc, []byte(before+classesBegin+got+classesEnd+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// differences are the lines that only one of two texts has.
func differences(want, got string) string {
	var b strings.Builder
	for _, w := range strings.Split(want, "\n") {
		if !slices.Contains(strings.Split(got, "\n"), w) {
			fmt.Fprintf(&b, "- %s\n", w)
		}
	}
	for _, g := range strings.Split(got, "\n") {
		if !slices.Contains(strings.Split(want, "\n"), g) {
			fmt.Fprintf(&b, "+ %s\n", g)
		}
	}
	return b.String()
}

// lab has both fakes, and a new bot for each request: what a bot learned from
// one answer would hold back its next request.
type lab struct {
	*testing.T
	base    http.RoundTripper
	slack   *bottest.Slack
	discord *bottest.Discord
}

func newLab(t *testing.T, base http.RoundTripper) *lab {
	l := &lab{t, base, bottest.NewSlack(t), bottest.NewDiscord(t)}
	l.discord.ExpectRefusals()
	l.discord.AddChannel(testGuild, testChannel)
	return l
}

func (l *lab) newSlack() *slack.Slack {
	l.Helper()
	s, err := slack.New(slack.Options{BotToken: bottest.SlackBotToken, APIURL: l.slack.URL, Base: l.base})
	if err != nil {
		l.Fatal(err)
	}
	return s
}

func (l *lab) newDiscord() *discord.Discord {
	l.Helper()
	d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: l.discord.URL(), Base: l.base})
	if err != nil {
		l.Fatal(err)
	}
	return d
}

// askSlack makes the request of a method, which meets the fault.
func (l *lab) askSlack(method string, f bottest.SlackFault) error {
	l.Helper()
	s := l.newSlack()
	l.slack.FailNext(method, f)
	return slackCalls(s, rendered(l, s.Render))[method](l.Context())
}

// askDiscord makes the request of a route, which meets the fault.
func (l *lab) askDiscord(route string, f bottest.DiscordFault) error {
	l.Helper()
	d := l.newDiscord()
	l.discord.FailNext(route, f)
	return discordCalls(d, rendered(l, d.Render))[route](l.Context())
}

// classesOf makes every request and collects the classes of the answers.
func classesOf(t *testing.T, base http.RoundTripper) string {
	t.Helper()
	l := newLab(t, base)
	slackTable, codes := slackErrors(t), discordCodes(t)
	var b strings.Builder
	table := func(title string, a answers) {
		fmt.Fprintf(&b, "\n**%s**\n\n| class | answers |\n| --- | --- |\n%s", title, a)
	}
	for _, group := range []struct {
		title   string
		methods []string
	}{
		{"to post", []string{"chat.postMessage"}},
		{"to edit or delete", []string{"chat.update", "chat.delete"}},
		{"to look", []string{"conversations.history", "conversations.replies"}},
	} {
		byStatus, byError := answers{}, answers{}
		for _, method := range group.methods {
			for status := 100; status < 600; status++ {
				byStatus.add(l.askSlack(method, bottest.SlackFault{Status: status, Body: "<html>"}), strconv.Itoa(status))
			}
			for _, code := range slackTable[method] {
				byError.add(l.askSlack(method, bottest.SlackFault{Error: code}), code)
			}
		}
		table("Slack, asked "+group.title+": HTTP statuses", byStatus)
		table("Slack, asked "+group.title+": errors", byError)
	}
	for _, group := range []struct {
		title  string
		routes []string
	}{
		{"to post", []string{"POST channels/{channel}/messages"}},
		{"to edit or look", []string{"PATCH channels/{channel}/messages/{message}", "GET channels/{channel}/messages"}},
		{"to delete", []string{"DELETE channels/{channel}/messages/{message}"}},
	} {
		byStatus := answers{}
		for _, route := range group.routes {
			for status := 100; status < 600; status++ {
				byStatus.add(l.askDiscord(route, bottest.DiscordFault{Status: status, Body: "{"}), strconv.Itoa(status))
			}
		}
		table("Discord, asked "+group.title+": HTTP statuses", byStatus)
	}
	byCode := answers{}
	for _, code := range codes {
		byCode.add(l.askDiscord("POST channels/{channel}/messages", bottest.DiscordFault{Status: 400, Code: code}), strconv.Itoa(code))
	}
	table("Discord, asked to post: JSON codes", byCode)
	return b.String() + "\n"
}
