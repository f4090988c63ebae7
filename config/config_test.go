package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// env makes a lookup of pairs written NAME=value.
func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if n, v, _ := strings.Cut(p, "="); n == name {
				return v, true
			}
		}
		return "", false
	}
}

func TestDefaults(t *testing.T) {
	c, err := Load(env())
	if err != nil {
		t.Fatal(err)
	}
	checks := []struct {
		name      string
		got, want any
	}{
		{"DIGEST_POLL", c.DigestPoll.Duration, time.Minute},
		{"DIGEST_LOOKBACK", c.DigestLookback.Duration, 7 * 24 * time.Hour},
		{"DIGEST_ALLOW_PRIVATE", c.DigestAllowPrivate, false},
		{"DATABASE_URL", c.DatabaseURL.Reveal(), "sqlite:cyberbrief.db"},
		{"LISTEN", c.Listen, "127.0.0.1:8080"},
		{"CONSOLE", c.Console, false},
		{"POST_TIME", c.PostTime, "08:30"},
		{"TIME_ZONE", c.TimeZone, "Asia/Tokyo"},
		{"POST_DAYS", c.PostDays, "daily"},
		{"SKIP_HOLIDAYS", c.SkipHolidays, false},
		{"CATCH_UP", c.CatchUp.Duration, 4 * time.Hour},
		{"MAX_AGE", c.MaxAge, Days(3)},
		{"LOG_LEVEL", c.LogLevel, slog.LevelInfo},
		{"LOG_FORMAT", c.LogFormat, "text"},
		{"DIGEST_SOURCES", len(c.DigestSources), 0},
		{"CHANNELS", len(c.Channels), 0},
	}
	for _, k := range checks {
		if k.got != k.want {
			t.Errorf("%s = %v, want %v", k.name, k.got, k.want)
		}
	}
	if err := c.Validate(); err != nil {
		t.Errorf("an empty environment must do: %v", err)
	}
}

func TestValues(t *testing.T) {
	c, err := Load(env(
		"SLACK_BOT_TOKEN= xoxb-1 ", "SLACK_APP_TOKEN=xapp-1", "SLACK_ADMINS=U1, U2,,",
		"SLACK_API_URL=http://127.0.0.1:9000/api/", "DISCORD_TOKEN=d", "DIGEST_POLL=15s",
		"DIGEST_LOOKBACK=36h", "DIGEST_SOURCES=digests, feed:https://example.com/feed,https://example.com/{date}.md",
		"MAX_AGE=0", "CATCH_UP=90m", "LOG_LEVEL=DEBUG", "LOG_FORMAT=json", "SKIP_HOLIDAYS=1",
		"CHANNELS=slack:T1/C1,discord:G1/D1,console:general", "DATABASE_URL=postgres://u:p@db/x", "LISTEN=",
	))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if c.SlackBotToken.Reveal() != "xoxb-1" || c.SlackAPIURL != "http://127.0.0.1:9000/api" {
		t.Errorf("token %q, address %q", c.SlackBotToken.Reveal(), c.SlackAPIURL)
	}
	if !slices.Equal(c.SlackAdmins, List{"U1", "U2"}) || len(c.DigestSources) != 3 || len(c.Channels) != 3 {
		t.Errorf("lists: %q %q %q", c.SlackAdmins, c.DigestSources, c.Channels)
	}
	if c.MaxAge != 0 || c.CatchUp.Duration != 90*time.Minute || c.LogLevel != slog.LevelDebug || !c.SkipHolidays {
		t.Errorf("%v %v %v %v", c.MaxAge, c.CatchUp, c.LogLevel, c.SkipHolidays)
	}
	if c.Listen != "127.0.0.1:8080" {
		t.Errorf("an empty LISTEN gives %q, want the default", c.Listen)
	}
}

// TestProcessEnvironment keeps the process's own variables out: only what
// lookup gives counts.
func TestProcessEnvironment(t *testing.T) {
	t.Setenv("POST_TIME", "23:00")
	if c, _ := Load(env()); c.PostTime != "08:30" {
		t.Errorf("POST_TIME = %q came past lookup", c.PostTime)
	}
	if c, _ := Load(os.LookupEnv); c.PostTime != "23:00" {
		t.Errorf("POST_TIME = %q did not come through lookup", c.PostTime)
	}
}

func TestWrongValues(t *testing.T) {
	tests := []struct{ variable, value string }{
		{"SLACK_BOT_TOKEN", "xoxb-1 2"}, {"API_TOKEN", "a\nb"}, {"DISCORD_TOKEN", "“token”"},
		{"SLACK_API_URL", "127.0.0.1:9000"}, {"DISCORD_API_URL", "ftp://example.com"}, {"PUBLIC_URL", "example.com"}, {"PUBLIC_URL", "https://"},
		{"DISCORD_PUBLIC_KEY", "abc"}, {"DISCORD_PUBLIC_KEY", strings.Repeat("z", 64)},
		{"DIGEST_SOURCES", "https://example.com/digest.md"}, {"DIGEST_SOURCES", "feed:example.com"}, {"DIGEST_SOURCES", "ftp://example.com/{date}"},
		{"DIGEST_POLL", "0"}, {"DIGEST_POLL", "-1m"}, {"DIGEST_POLL", "soon"}, {"DIGEST_POLL", "60"},
		{"DIGEST_LOOKBACK", "1w"}, {"DIGEST_LOOKBACK", "99999999d"}, {"DIGEST_ALLOW_PRIVATE", "ja"},
		{"DATABASE_URL", "mysql://x/y"}, {"DATABASE_URL", "sqlite:"}, {"DATABASE_URL", "cyberbrief.db"}, {"DATABASE_URL", "postgres://u:p%zz@h/x"},
		{"LISTEN", "8080"}, {"LISTEN", "127.0.0.1:http"}, {"LISTEN", ":70000"},
		{"POST_TIME", "8h30"}, {"POST_TIME", "24:00"}, {"POST_TIME", "08:30:00"},
		{"TIME_ZONE", "Asia/Tokio"}, {"TIME_ZONE", "Local"}, {"TIME_ZONE", "../etc"},
		{"POST_DAYS", "monday"}, {"POST_DAYS", "mon,"}, {"SKIP_HOLIDAYS", "maybe"},
		{"CATCH_UP", "4"}, {"MAX_AGE", "-1"}, {"MAX_AGE", "three"}, {"MAX_AGE", "36h"},
		{"CHANNELS", "C1"}, {"CHANNELS", "slack:C1"}, {"CHANNELS", "slack:T1/#general"}, {"CHANNELS", "teams:T1/C1"}, {"CHANNELS", "console:"},
		{"LOG_LEVEL", "loud"}, {"LOG_FORMAT", "xml"}, {"CONSOLE", "on"},
	}
	for _, tt := range tests {
		t.Run(tt.variable+"="+tt.value, func(t *testing.T) {
			_, err := Load(env(tt.variable + "=" + tt.value))
			var ps Problems
			if !errors.As(err, &ps) || len(ps) != 1 {
				t.Fatalf("got %v, want one problem", err)
			}
			if ps[0].Variable != tt.variable || ps[0].Message == "" {
				t.Errorf("got %+v", ps[0])
			}
			if n := strings.Count(err.Error(), "\n"); n > 0 {
				t.Errorf("%d line breaks in one problem: %q", n, err)
			}
		})
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	c, err := Load(env("POST_TIME=noon", "TIME_ZONE=Tokyo", "DIGEST_POLL=x", "CONSOLE=x",
		"CHANNELS=slack:T1/C1,oops,discord:G1/D1", "SLACK_APP_TOKEN=xapp-1", "DISCORD_PUBLIC_KEY="+strings.Repeat("0a", 32)))
	var loaded, all Problems
	if !errors.As(err, &loaded) || !errors.As(c.Validate(), &all) {
		t.Fatalf("Load: %v, Validate: %v", err, c.Validate())
	}
	names := func(ps Problems) string {
		var s []string
		for _, p := range ps {
			s = append(s, p.Variable)
		}
		return strings.Join(s, " ")
	}
	if got, want := names(loaded), "DIGEST_POLL CONSOLE POST_TIME TIME_ZONE CHANNELS"; got != want {
		t.Errorf("Load found %s, want %s", got, want)
	}
	if got, want := names(all), names(loaded)+" SLACK_BOT_TOKEN DISCORD_TOKEN CHANNELS CHANNELS"; got != want {
		t.Errorf("Validate found %s, want %s", got, want)
	}
	if got := len(strings.Split(all.Error(), "\n")); got != len(all) {
		t.Errorf("%d lines for %d problems:\n%v", got, len(all), all)
	}
}

func TestNotes(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		want string
	}{
		{"nothing set up", nil, "no chat platform"},
		{"posting only", []string{"SLACK_BOT_TOKEN=xoxb-1"}, "answers no command"},
		{"socket mode", []string{"SLACK_BOT_TOKEN=xoxb-1", "SLACK_APP_TOKEN=xapp-1"}, ""},
		{"console", []string{"CONSOLE=true"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Load(env(tt.env...))
			if err != nil || c.Validate() != nil {
				t.Fatal(err, c.Validate())
			}
			got := strings.Join(c.Notes(), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("notes %q, want %q", got, tt.want)
			}
		})
	}
}

// TestSwappedTokens: both variables are named, and no token is printed.
func TestSwappedTokens(t *testing.T) {
	c, err := Load(env("SLACK_BOT_TOKEN=xapp-hunter2", "SLACK_APP_TOKEN=xoxb-hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Validate()
	for _, want := range []string{"SLACK_BOT_TOKEN: this is the app-level token", "SLACK_APP_TOKEN: this is the bot token"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a token is printed: %v", err)
	}
}

// TestSecretsAreNeverPrinted prints a configuration full of secrets in every
// way that a program prints things, problems included.
func TestSecretsAreNeverPrinted(t *testing.T) {
	const secret = "hunter2"
	c, err := Load(env("SLACK_BOT_TOKEN="+secret, "SLACK_APP_TOKEN="+secret, "SLACK_SIGNING_SECRET="+secret,
		"DISCORD_TOKEN="+secret, "API_TOKEN="+secret+" x", "DATABASE_URL=mysql://u:"+secret+"@h/x",
		"DIGEST_SOURCES=https://u:"+secret+"@example.com/x,feed:gopher://u:"+secret+"@example.com"))
	if err == nil {
		t.Fatal("no problem found")
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		for _, s := range []Secret{c.SlackBotToken, c.SlackAppToken, c.SlackSigningSecret, c.DiscordToken, c.APIToken, c.DatabaseURL} {
			fmt.Fprintf(&out, verb+"\n", s)
		}
	}
	c.DigestSources = nil // shown in status, without a password by briefing/source
	fmt.Fprintf(&out, "%v %+v %#v\n", c, c, c)
	fmt.Fprintln(&out, err, c.Validate())
	if err := json.NewEncoder(&out).Encode(c); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c, "token", c.SlackBotToken)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", c, "token", c.SlackBotToken)
	hidden := regexp.MustCompile(secret + "|" + fmt.Sprintf("(?i:%x)", secret))
	if at := hidden.FindStringIndex(out.String()); at != nil {
		t.Errorf("secret printed: …%s…", out.String()[max(0, at[0]-80):at[1]])
	}
	if !strings.Contains(out.String(), "<secret>") {
		t.Error("nothing says that a secret stands there")
	}
}

func TestVariables(t *testing.T) {
	vs := Variables()
	want := strings.Fields(`SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_SIGNING_SECRET SLACK_ADMINS SLACK_API_URL
		DISCORD_TOKEN DISCORD_APPLICATION_ID DISCORD_PUBLIC_KEY DISCORD_API_URL
		DIGEST_SOURCES DIGEST_POLL DIGEST_LOOKBACK DIGEST_ALLOW_PRIVATE DATABASE_URL
		LISTEN PUBLIC_URL API_TOKEN CONSOLE
		POST_TIME TIME_ZONE POST_DAYS SKIP_HOLIDAYS CATCH_UP MAX_AGE CHANNELS LOG_LEVEL LOG_FORMAT`)
	var got []string
	for _, v := range vs {
		got = append(got, v.Name)
		if v.Help == "" {
			t.Errorf("%s has no help text", v.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("CHANNELS", "slack:T1/C1")
	f.Add("DATABASE_URL", "postgres://a:b@c/d")
	f.Add("MAX_AGE", "`\"\\\x00\xff")
	f.Fuzz(func(t *testing.T, name, value string) {
		c, err := Load(env(name + "=" + value))
		if err == nil && c.MaxAge < 0 {
			t.Errorf("%s=%q gives MAX_AGE %d", name, value, c.MaxAge)
		}
	})
}
