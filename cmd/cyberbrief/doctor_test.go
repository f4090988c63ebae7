package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// plenty is a disk with room.
func plenty(string) (uint64, error) { return 100 << 30, nil }

// examined is what `doctor --json` prints, and whether it exits with 0.
func (w *world) examined(free func(string) (uint64, error)) (doctorReport, bool) {
	w.t.Helper()
	var out bytes.Buffer
	// The platforms date their answers by the real clock.
	err := doctorCommand{JSON: true}.run(w.environment(w.t.Context(), time.Now(), &out), free)
	var report doctorReport
	if jsonErr := json.Unmarshal(out.Bytes(), &report); jsonErr != nil {
		w.t.Fatalf("doctor: %v\n%s", jsonErr, out.String())
	}
	for _, secret := range []string{bottest.SlackBotToken, bottest.SlackAppToken, bottest.SlackSigningSecret, bottest.DiscordToken, "testpw123"} {
		if strings.Contains(out.String(), secret) {
			w.t.Errorf("doctor shows a secret:\n%s", out.String())
		}
	}
	return report, err == nil
}

// line is a check as these tests write it.
func (c doctorCheck) line() string {
	return fmt.Sprintf("%s %s %s: %s → %s", c.Grade, c.Part, c.Check, c.Text, c.Next)
}

func (r doctorReport) lines() string {
	var all []string
	for _, c := range r.Checks {
		all = append(all, c.line())
	}
	return strings.Join(all, "\n")
}

// find gives the first check of a part that says something; the zero one for
// none.
func (r doctorReport) find(part, text string) doctorCheck {
	for _, c := range r.Checks {
		if c.Part == part && strings.Contains(c.line(), text) {
			return c
		}
	}
	return doctorCheck{}
}

// TestDoctorWhileTheBotRuns: all is well, beside the bot, and nothing is
// changed.
func TestDoctorWhileTheBotRuns(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		today := time.Now().UTC().Format("2006-01-02")
		w.publish(today, "架空の事案")
		address := w.address(w.run(morning))
		w.env["LISTEN"] = strings.TrimPrefix(address, "http://")
		w.env["PUBLIC_URL"] = address
		w.await("the briefing stands", func() bool {
			return !slices.ContainsFunc(w.status(morning).Channels, func(c bot.ChannelStatus) bool { return c.Slot.State != "posted" })
		})
		seen, calls := len(w.inSlack())+len(w.inDiscord()), len(w.slack.Calls("chat.postMessage"))
		report, ok := w.examined(plenty)
		if !ok || !report.OK {
			t.Errorf("not well:\n%s", report.lines())
		}
		for _, c := range report.Checks {
			if c.Grade != bot.OK || c.Next != "" {
				t.Errorf("%s", c.line())
			}
		}
		parts := ""
		for _, c := range report.Checks {
			if !strings.HasSuffix(parts, c.Part+" ") {
				parts += c.Part + " "
			}
		}
		if parts != "configuration database slack discord channels sources web " {
			t.Errorf("parts: %s", parts)
		}
		for part, text := range map[string]string{"web": "in use by the bot itself", "slack": "Socket Mode", "discord": "server 900000000000000001", "channels": w.slackRef()} {
			if report.find(part, text).Part == "" {
				t.Errorf("%s does not say %q:\n%s", part, text, report.lines())
			}
		}
		if report.find("web", "leads to this bot").Part == "" {
			t.Errorf("PUBLIC_URL:\n%s", report.lines())
		}
		if n := len(w.inSlack()) + len(w.inDiscord()); n != seen || len(w.slack.Calls("chat.postMessage")) != calls || len(w.slack.Calls("conversations.join")) != 0 {
			t.Errorf("doctor wrote to a platform: %d messages, %d before", n, seen)
		}
	})
}

func TestDoctorOnBadDays(t *testing.T) {
	t.Parallel()
	const guildPage = "General Information"
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, w *world)
		part  string
		grade bot.Grade
		text  string // of the line
		next  string
	}{
		{"wrong variables", func(_ *testing.T, w *world) { w.env["POST_TIME"] = "25:00"; w.env["TIME_ZONE"] = "Mars/Olympus" },
			"configuration", bot.Fail, "POST_TIME", "run --help"},
		{"bot token revoked", func(_ *testing.T, w *world) {
			w.slack.FailNext("auth.test", slices.Repeat([]bottest.SlackFault{{Error: "token_revoked"}}, 20)...)
		},
			"slack", bot.Fail, "token_revoked", "OAuth & Permissions"},
		{"channel of a revoked token", func(_ *testing.T, w *world) {
			w.slack.FailNext("auth.test", slices.Repeat([]bottest.SlackFault{{Error: "token_revoked"}}, 20)...)
		},
			"channels", bot.Fail, "token_revoked", "the channel is not the cause"},
		{"wrong app token", func(_ *testing.T, w *world) { w.env["SLACK_APP_TOKEN"] = "xapp-wrong" },
			"slack", bot.Fail, "SLACK_APP_TOKEN: invalid_auth", "App-Level Tokens"},
		{"a scope that the promise needs", func(_ *testing.T, w *world) { w.slack.LoseScopes("channels:history") },
			"slack", bot.Fail, "channels:history is missing: to look for a post whose answer was lost", "Reinstall to Workspace"},
		{"a scope that is good to have", func(_ *testing.T, w *world) { w.slack.LoseScopes("im:write") },
			"slack", bot.Warn, "im:write is missing", "Bot Token Scopes"},
		{"no way for commands", func(_ *testing.T, w *world) { delete(w.env, "SLACK_APP_TOKEN") },
			"slack", bot.Warn, "answers no command", "SLACK_SIGNING_SECRET"},
		{"clock two minutes off", func(_ *testing.T, w *world) { w.slack.SetAhead(2 * time.Minute) },
			"slack", bot.Fail, "behind the platform's", "NTP"},
		{"clock ten seconds off", func(_ *testing.T, w *world) { w.discord.SetAhead(-10 * time.Second) },
			"discord", bot.Warn, "ahead of the platform's", "NTP"},
		{"Slack is out of reach", func(_ *testing.T, w *world) { w.env["SLACK_API_URL"] = "http://127.0.0.1:1/api/" },
			"slack", bot.Fail, "cannot be asked", "slack-status.com"},
		{"channel archived", func(_ *testing.T, w *world) {
			w.slack.AddChannel(bottest.SlackChannel{ID: bottest.SlackChannelID, Name: "general", Member: true, Archived: true})
		}, "channels", bot.Fail, "archived", "choose another"},
		{"bot not in the channel", func(_ *testing.T, w *world) {
			w.slack.AddChannel(bottest.SlackChannel{ID: bottest.SlackChannelID, Name: "general"})
		}, "channels", bot.Fail, "/invite", "resume"},
		{"channel of a platform that is not set up", func(_ *testing.T, w *world) { delete(w.env, "DISCORD_TOKEN") },
			"channels", bot.Fail, "discord is not set up", "set its token"},
		{"Discord's token", func(_ *testing.T, w *world) { w.env["DISCORD_TOKEN"] = "MTE5.wrong.token" },
			"discord", bot.Fail, "refuses DISCORD_TOKEN", "Reset Token"},
		{"another application", func(_ *testing.T, w *world) { w.env["DISCORD_APPLICATION_ID"] = "1" },
			"discord", bot.Fail, "the token belongs to " + bottest.DiscordApplicationID, guildPage},
		{"another key", func(_ *testing.T, w *world) { w.env["DISCORD_PUBLIC_KEY"] = strings.Repeat("ab", 32) },
			"discord", bot.Fail, "not the application's", guildPage},
		{"key without an endpoint", func(_ *testing.T, w *world) { w.env["DISCORD_PUBLIC_KEY"] = w.discord.PublicKey() },
			"discord", bot.Fail, "knows no address", "Interactions Endpoint URL"},
		{"endpoint without a key", func(_ *testing.T, w *world) { w.discord.SetEndpoint("https://old.example.com/discord/interactions") },
			"discord", bot.Fail, "waits for them at the gateway", "clear the Interactions Endpoint URL"},
		{"no permission in a channel", func(_ *testing.T, w *world) {
			w.discord.SetPermissions(testGuild, "309237730304") // what the bot asks for
			w.discord.DenyInChannel(testChannel, "16384")       // Embed Links
		},
			"channels", bot.Fail, "Embed Links", "resume"},
		{"a folder that is not there", func(_ *testing.T, w *world) { w.env["DIGEST_SOURCES"] = "/no/such/folder" },
			"sources", bot.Fail, "/no/such/folder", "exists"},
		{"a source that has only 404", func(t *testing.T, w *world) {
			server := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			w.env["DIGEST_SOURCES"], w.env["DIGEST_ALLOW_PRIVATE"] = server.URL+"/{date}.md", "true"
		}, "sources", bot.Fail, "has no digest of the last", "in a browser"},
		{"a digest that cannot be posted", func(_ *testing.T, w *world) {
			if err := os.WriteFile(filepath.Join(w.digests, "cybersecurity_news_2025-07-05.md"), []byte("\xff\xfe\xff"), 0o600); err != nil {
				w.t.Fatal(err)
			}
		}, "sources", bot.Warn, "cybersecurity_news_2025-07-05.md cannot be posted", "digest lint"},
		{"old digests", func(_ *testing.T, w *world) { w.env["MAX_AGE"] = "3" },
			"sources", bot.Warn, "day(s) old", "older than MAX_AGE"},
		{"no folder for the database", func(_ *testing.T, w *world) { w.env["DATABASE_URL"] = "sqlite:/no/such/folder/x.db" },
			"database", bot.Fail, "no folder", "DATABASE_URL"},
		{"LISTEN taken by another program", func(t *testing.T, w *world) {
			server := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			w.env["LISTEN"] = strings.TrimPrefix(server.URL, "http://")
		}, "web", bot.Fail, "cannot be had", "set LISTEN"},
		{"PUBLIC_URL of somebody else", func(t *testing.T, w *world) {
			server := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(server.Close)
			w.env["PUBLIC_URL"] = server.URL
		}, "web", bot.Fail, "not this bot", "proxy"},
		{"PUBLIC_URL of nobody", func(_ *testing.T, w *world) { w.env["PUBLIC_URL"] = "http://127.0.0.1:1" },
			"web", bot.Warn, "cannot be reached", "start the bot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, bottest.SQLite(t))
			w.publish("2025-07-03", "架空の事案")
			c.spoil(t, w)
			report, ok := w.examined(plenty)
			got := report.find(c.part, c.text)
			if got.Grade != c.grade || !strings.Contains(got.Next, c.next) {
				t.Errorf("want %s %s: …%s… → …%s…, got\n%s", c.grade, c.part, c.text, c.next, report.lines())
			}
			if c.grade == bot.Fail && (ok || report.OK) {
				t.Error("a failure, and yet exit code 0")
			}
		})
	}
}

func TestDoctorOfTheDatabase(t *testing.T) {
	t.Parallel()
	bottest.EachBareDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.publish("2025-07-03", "架空の事案")
		if !strings.HasPrefix(url, "postgres") {
			if report, _ := w.examined(plenty); report.find("database", "made at the first start").Grade != bot.OK {
				t.Errorf("before the first start:\n%s", report.lines())
			}
			if _, err := os.Stat(strings.TrimPrefix(url, "sqlite:")); err == nil {
				t.Error("doctor made a database")
			}
		}
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Shutdown()
		full := func(string) (uint64, error) { return 20 << 20, nil }
		report, ok := w.examined(full)
		if report.find("database", "the newest").Grade != bot.OK || report.find("database", "a row was written and removed").Grade != bot.OK {
			t.Errorf("an open database:\n%s", report.lines())
		}
		disk := report.find("database", "20 MiB free")
		if strings.HasPrefix(url, "postgres") {
			if disk.Part != "" {
				t.Errorf("the disk of a server is not ours: %s", disk.line())
			}
			w.env["DATABASE_URL"] = url + "&default_transaction_read_only=on"
			report, ok = w.examined(plenty)
			if got := report.find("database", "writable"); ok || got.Grade != bot.Fail || !strings.Contains(got.Text, "only reads") {
				t.Errorf("a server that only reads:\n%s", report.lines())
			}
		} else if ok || disk.Grade != bot.Fail || disk.Next == "" {
			t.Errorf("a full disk:\n%s", report.lines())
		}
	})
}

// TestDoctorEnds: a platform that never answers keeps nobody waiting.
func TestDoctorEnds(t *testing.T) {
	t.Parallel()
	p := part{"slack", func(ctx context.Context) []bot.Finding { <-ctx.Done(); <-t.Context().Done(); return nil }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	found := bounded(ctx, p)
	if len(found) != 1 || found[0].Grade != bot.Fail || !strings.Contains(found[0].Text, "no answer") {
		t.Errorf("%+v", found)
	}
}

// TestDoctorPrints shows the lines for people.
func TestDoctorPrints(t *testing.T) {
	var out bytes.Buffer
	report := doctorReport{Checks: []doctorCheck{
		{"database", bot.Finding{Check: "tables", Grade: bot.OK, Text: "version 3, the newest"}},
		{"slack", bot.Finding{Check: "scopes", Grade: bot.Fail, Text: "commands is missing", Next: "add it"}},
	}}
	if err := printDoctor(&environment{stdout: &out}, report); err != nil {
		t.Fatal(err)
	}
	want := "database\n  ok    tables: version 3, the newest\n\nslack\n  fail  scopes: commands is missing\n        → add it\n\n1 ok, 0 warn, 1 fail\n"
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}
