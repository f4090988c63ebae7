package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
)

// The secrets of this test that the fakes do not choose.
const (
	secretAPIToken = "api-token-that-nobody-sees"
	secretPassword = "password-of-a-source"
	secretKey      = "key-in-a-query-of-a-source"
	secretDatabase = "password-of-a-database"
)

// secretsByKind are all that the program is told or hears, by what they are.
func secretsByKind() map[string]string {
	return map[string]string{
		"bot token": bottest.SlackBotToken, "app token": bottest.SlackAppToken, "signing secret": bottest.SlackSigningSecret,
		"Discord token": bottest.DiscordToken, "API_TOKEN": secretAPIToken, "password of a source": secretPassword,
		"key of a source": secretKey, "password of the database": secretDatabase,
		"basic authorization": base64.StdEncoding.EncodeToString([]byte("reader:" + secretPassword)),
		"response_url":        "/response/", "interaction token": "aW50ZXJhY3Rpb246", "socket ticket": "ticket=",
	}
}

// evidence is what a run printed, served and wrote, by where.
type evidence struct {
	t   *testing.T
	all map[string][]byte
}

func (e *evidence) add(where string, what []byte) { e.all[where] = what }

// search looks for every secret everywhere, also as an address writes it.
func (e *evidence) search() {
	e.t.Helper()
	for where, what := range e.all {
		if len(what) == 0 {
			e.t.Errorf("%s: nothing to look through", where)
		}
		for kind, secret := range secretsByKind() {
			for _, form := range []string{secret, url.QueryEscape(secret)} {
				if i := bytes.Index(what, []byte(form)); i >= 0 {
					e.t.Errorf("%s holds the %s: …%s…", where, kind, what[max(0, i-100):min(len(what), i+len(form)+40)])
					break
				}
			}
		}
	}
}

// noonZone is a zone in which it is about noon, far from the ends of a day.
func noonZone(now time.Time) string {
	switch ahead := 12 - now.UTC().Hour(); {
	case ahead > 0:
		return fmt.Sprintf("Etc/GMT-%d", ahead)
	case ahead < 0:
		return fmt.Sprintf("Etc/GMT+%d", -ahead)
	}
	return "Etc/GMT"
}

// keyed is a source that wants a password and a key and fails all the same.
func keyed(t *testing.T, path string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.URL.String()+" "+r.Header.Get("Authorization"), http.StatusInternalServerError)
	}))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "://", "://reader:"+secretPassword+"@", 1) + path + "?key=" + secretKey
}

// TestSecretsStayInside runs the whole program against platforms and sources
// that fail in every way, with the log at its loudest, and looks through
// everything that it prints, serves and writes for every secret it knows.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		start  func(*world, time.Time) *process
		format string
	}{
		"sockets and text": {(*world).bySockets, "text"},
		"signed and JSON":  {(*world).byHTTP, "json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now() // signatures are of now
			w := newWorld(t, bottest.SQLite(t))
			gone := keyed(t, "/gone")
			for name, value := range map[string]string{
				"LOG_LEVEL": "debug", "LOG_FORMAT": tt.format, "API_TOKEN": secretAPIToken, "SLACK_SIGNING_SECRET": bottest.SlackSigningSecret,
				"DIGEST_SOURCES":       w.digests + "," + keyed(t, "/{date}.md") + ",feed:" + keyed(t, "/feed") + ",feed:" + strings.Replace(gone, "127.0.0.1", "127.0.0.9", 1),
				"DIGEST_ALLOW_PRIVATE": "true", "DIGEST_LOOKBACK": "2d", "POST_TIME": "10:30", "TIME_ZONE": noonZone(now), "CONSOLE": "true",
			} {
				w.env[name] = value
			}
			w.publish("2025-07-03", "架空の事案")
			w.faults()
			found := &evidence{t: t, all: map[string][]byte{}}
			p := tt.start(w, now)
			w.env["LISTEN"] = strings.TrimPrefix(w.address(p), "http://") // for the commands beside it
			w.await("both channels get the briefing", func() bool {
				return len(parents(w.inSlack())) > 0 && len(parents(w.inDiscord())) > 0 && w.allPosted(now)
			})
			w.converse()
			w.browse(found)
			w.commands(found, now)
			if err := p.stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
			found.add("log", []byte(p.out.String()))
			w.dump(found)
			found.search()
			if n := strings.Count(p.out.String(), "\n"); n < 20 || !strings.Contains(p.out.String(), "DEBUG") {
				t.Errorf("the log has %d lines and should be loud", n)
			}
		})
	}
}

// faults lets the first requests of each kind go wrong; posts in ways that
// are over soon.
func (w *world) faults() {
	w.discord.ExpectRefusals()
	w.slack.FailNext("chat.postMessage", bottest.SlackFault{Status: 429, RetryAfter: "1", Body: bottest.SlackBotToken}, bottest.SlackFault{Reset: true, Accept: true})
	w.slack.FailNext("auth.test", bottest.SlackFault{Status: 503, Body: bottest.SlackBotToken})
	for _, method := range []string{"users.info", "response_url", "chat.postEphemeral"} {
		w.slack.FailNext(method, bottest.SlackFault{Status: 503, Body: "token " + bottest.SlackBotToken},
			bottest.SlackFault{Reset: true}, bottest.SlackFault{Status: 429, RetryAfter: "1"}, bottest.SlackFault{Body: "not json " + bottest.SlackBotToken})
	}
	for _, f := range []bottest.DiscordFault{{Status: 429, RetryAfter: 1, Message: "Bot " + bottest.DiscordToken}, {Reset: true, Accepted: true}} {
		w.discord.FailNext("POST channels/{channel}/messages", f)
	}
	for _, f := range []bottest.DiscordFault{
		{Status: 500, Message: "Bot " + bottest.DiscordToken}, {Reset: true}, {Status: 404, Code: 10015, Message: bottest.DiscordToken}, {Body: "not json " + bottest.DiscordToken},
	} {
		w.discord.FailNext("PATCH webhooks/{application}/{token}/messages/@original", f)
	}
}

// converse gives commands, some of which stay without an answer.
func (w *world) converse() {
	for i := range 4 {
		ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Second)
		_, _ = w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/term", "試験用語")
		_, _ = w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "status")
		_, _ = w.discord.Command(ctx, testGuild, testChannel, guildAdmin, "term", bottest.DiscordOption{Name: "word", Value: fmt.Sprint("語", i)})
		cancel()
	}
}

// browse reads every page, the operator's too.
func (w *world) browse(found *evidence) {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	client, base := &http.Client{Jar: jar, Timeout: patience}, "http://"+w.env["LISTEN"]
	take := func(where string, resp *http.Response, err error) {
		if err != nil {
			w.t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		found.add(where, append(fmt.Appendf(nil, "%s %v\n", resp.Status, resp.Header), body...))
	}
	resp, err := client.PostForm(base+"/channels", url.Values{"token": {secretAPIToken}})
	take("login", resp, err)
	for _, path := range []string{
		"/", "/briefings/2025-07-03", "/terms", "/search?q=試験", "/feed.atom", "/metrics", "/healthz", "/readyz", "/channels", "/console", "/nothing",
	} {
		resp, err := client.Get(base + path)
		take(path, resp, err)
	}
	for _, path := range []string{"/api/digests?name=../x", "/slack/commands", "/discord/interactions"} {
		req, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader("x"))
		if err != nil {
			w.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secretAPIToken)
		resp, err := client.Do(req)
		take("POST "+path, resp, err)
	}
	if !bytes.Contains(found.all["/channels"], []byte(bottest.SlackChannelID)) {
		w.t.Errorf("the operator's page was not seen:\n%s", found.all["/channels"])
	}
}

// commands runs those that print what the program knows; some fail.
func (w *world) commands(found *evidence, now time.Time) {
	w.t.Helper()
	type runner interface{ Run(*environment) error }
	for name, c := range map[string]runner{
		"status": statusCommand{}, "status --json": statusCommand{JSON: true}, "doctor": doctorCommand{}, "doctor --json": doctorCommand{JSON: true},
		"channel list": channelListCommand{}, "channel log": channelLogCommand{Limit: 50}, "channel log --json": channelLogCommand{Limit: 50, JSON: true},
		"preview": previewCommand{To: "slack"},
	} {
		found.add(name, w.printed(c.Run, now))
	}
	for name, change := range map[string][2]string{
		"database that cannot be reached":     {"DATABASE_URL", "postgres://bot:" + secretDatabase + "@127.0.0.1:1/db?sslmode=disable"},
		"database with a password in a query": {"DATABASE_URL", "postgres://127.0.0.1:1/db?sslmode=disable&password=" + secretDatabase},
		"database that is no address":         {"DATABASE_URL", "postgres://bot:" + secretDatabase + "@@host:x/db"},
		"tokens that are none":                {"SLACK_BOT_TOKEN", "wrong " + secretAPIToken},
		"sources that are none":               {"DIGEST_SOURCES", "https://reader:" + secretPassword + "@host/{year}?key=" + secretKey + ",feed:ftp://reader:" + secretPassword + "@host/"},
	} {
		before := w.env[change[0]]
		w.env[change[0]] = change[1]
		found.add("status, "+name, w.printed(statusCommand{}.Run, now))
		found.add("doctor, "+name, w.printed(doctorCommand{}.Run, now))
		found.add("run, "+name, w.refused(now))
		w.env[change[0]] = before
	}
}

// printed is what a command prints, its error included.
func (w *world) printed(run func(*environment) error, now time.Time) []byte {
	var out output
	if err := run(w.environment(w.t.Context(), now, &out)); err != nil {
		complain(&out, err)
	}
	return []byte(out.String() + "\n")
}

// refused is what `run` prints that ends at once, or is ended.
func (w *world) refused(now time.Time) []byte {
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Second)
	defer cancel()
	listen := w.env["LISTEN"]
	w.env["LISTEN"] = "127.0.0.1:0"
	defer func() { w.env["LISTEN"] = listen }()
	var out output
	if err := (runCommand{}).Run(w.environment(ctx, now, &out)); err != nil {
		complain(&out, err)
	}
	return []byte(out.String() + "\n")
}

// dump takes the bytes of the database and of a copy.
func (w *world) dump(found *evidence) {
	w.t.Helper()
	copied := filepath.Join(w.t.TempDir(), "copy.db")
	if err := (backupCommand{File: copied}).Run(w.environment(w.t.Context(), time.Now(), io.Discard)); err != nil {
		w.t.Fatal(err)
	}
	for where, file := range map[string]string{"database": strings.TrimPrefix(w.env["DATABASE_URL"], "sqlite:"), "copy": copied} {
		content, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		found.add(where, content)
	}
}

// TestLogKeepsSecretsAndLines: what is logged with a panic or comes from
// outside neither shows a secret nor makes a line of its own nor steers a
// terminal.
func TestLogKeepsSecretsAndLines(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		w := &world{t: t, env: map[string]string{
			"LOG_LEVEL": "debug", "LOG_FORMAT": format, "SLACK_BOT_TOKEN": bottest.SlackBotToken, "API_TOKEN": secretAPIToken,
			"DATABASE_URL":   "postgres://bot:" + secretDatabase + "@127.0.0.1:1/db",
			"DIGEST_SOURCES": "https://reader:" + secretPassword + "@host.example/{date}.md?key=" + secretKey,
		}}
		var out output
		e := w.environment(t.Context(), time.Now(), &out)
		cfg, err := e.config()
		if err != nil {
			t.Fatal(err)
		}
		log := newLogger(e, cfg)
		for _, secret := range []string{bottest.SlackBotToken, secretAPIToken, secretDatabase, secretPassword, secretKey} {
			log.Error("answer panicked", "panic", errors.New("at "+secret), "stack", "goroutine 1\n\tat "+secret)
			log.With("who", secret).Debug(secret, slog.Group("g", "list", []string{secret}))
		}
		lines := strings.Count(out.String(), "\n")
		log.Info("from outside", "user", "a\nlevel=ERROR msg=forged", "text", "\x1b[2J\x1b]0;title\x07\r\u202e\u2028end", "error", errors.New("b\r\nc\x1b[31m"))
		if got := strings.Count(out.String(), "\n"); got != lines+1 {
			t.Errorf("%s: one record has %d lines:\n%s", format, got-lines, out.String())
		}
		if strings.ContainsAny(out.String(), "\x1b\r\a") {
			t.Errorf("%s: the log steers a terminal: %q", format, out.String())
		}
		found := &evidence{t, map[string][]byte{format: []byte(out.String())}}
		found.search()
	}
}
