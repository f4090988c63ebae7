package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

// patience bounds every wait of these tests; none waits for it unless it
// fails. Many tests run at the same time, on a machine that may be busy.
const patience = 2 * time.Minute

// morning is shortly after the default time of a channel, 08:30 in Tokyo.
var morning = time.Date(2025, 7, 4, 8, 40, 0, 0, time.FixedZone("JST", 9*60*60))

// world is what the program under test has around it.
type world struct {
	t       *testing.T
	slack   *bottest.Slack
	discord *bottest.Discord
	digests string
	env     map[string]string
}

const (
	testGuild   = "900000000000000001"
	testChannel = "900000000000000002"
)

// newWorld is both platforms, a folder of digests and a database.
func newWorld(t *testing.T, database string) *world {
	w := &world{t: t, slack: bottest.NewSlack(t), discord: bottest.NewDiscord(t), digests: t.TempDir()}
	w.discord.AddChannel(testGuild, testChannel)
	w.env = map[string]string{
		"SLACK_BOT_TOKEN": bottest.SlackBotToken, "SLACK_APP_TOKEN": bottest.SlackAppToken, "SLACK_API_URL": w.slack.URL,
		"DISCORD_TOKEN": bottest.DiscordToken, "DISCORD_API_URL": w.discord.URL(),
		"DIGEST_SOURCES": w.digests, "MAX_AGE": "0", "DATABASE_URL": database, "LISTEN": "127.0.0.1:0",
		"CHANNELS": w.slackRef() + "," + w.discordRef(),
	}
	return w
}

func (w *world) slackRef() string {
	return "slack:" + bottest.SlackTeam + "/" + bottest.SlackChannelID
}

func (w *world) discordRef() string { return "discord:" + testGuild + "/" + testChannel }

// publish puts a digest into the folder as authors do: all of it at once.
func (w *world) publish(date, point string) {
	w.t.Helper()
	w.publishText(date, digestText(date, point))
}

// publishText puts a file with this text into the folder.
func (w *world) publishText(date, body string) {
	w.t.Helper()
	path := filepath.Join(w.digests, "cybersecurity_news_"+date+".md")
	if err := os.WriteFile(path+".part", []byte(body), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		w.t.Fatal(err)
	}
}

// digestText is a digest of one story.
func digestText(date, point string) string {
	return "# " + date + " サイバーセキュリティニュースまとめ\n\n## 主要ポイント\n\n* " + point +
		"\n\n## 国内ニュース\n\n### " + point + "\n\n" + strings.Repeat(point+"について、詳しい説明が続きます。", 5) +
		"\n\n## 用語解説\n\n* **試験用語（TT: Test Term）**: 試験のために置かれた用語。\n"
}

// process is one run of the program.
type process struct {
	stop func() error
	out  *output
}

// output is what a process printed so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// environment is w's, with a clock that runs from now on.
func (w *world) environment(ctx context.Context, now time.Time, out io.Writer) *environment {
	begun := time.Now()
	return w.environmentBy(ctx, func() time.Time { return now.Add(time.Since(begun)) }, out)
}

// environmentBy is w's with a clock.
func (w *world) environmentBy(ctx context.Context, clock func() time.Time, out io.Writer) *environment {
	env := maps.Clone(w.env)
	return &environment{
		ctx:    ctx,
		lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		stdin:  strings.NewReader(""), stdout: out, stderr: out,
		clock: clock,
	}
}

// run starts `cyberbrief run` at an instant and ends it with the test.
func (w *world) run(now time.Time) *process {
	w.t.Helper()
	begun := time.Now()
	return w.runBy(func() time.Time { return now.Add(time.Since(begun)) })
}

// runBy is run with a clock.
func (w *world) runBy(clock func() time.Time) *process {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{out: &output{}}
	ended := make(chan error, 1)
	go func() { ended <- runCommand{}.Run(w.environmentBy(ctx, clock, p.out)) }()
	var once sync.Once
	p.stop = func() (err error) {
		once.Do(func() {
			cancel()
			select {
			case err = <-ended:
			case <-time.After(patience):
				w.t.Errorf("not stopped after %s:\n%s", patience, p.out)
			}
		})
		return err
	}
	w.t.Cleanup(func() {
		if err := p.stop(); err != nil {
			w.t.Errorf("run: %v", err)
		}
		for _, secret := range []string{bottest.SlackBotToken, bottest.SlackAppToken, bottest.DiscordToken} {
			if strings.Contains(p.out.String(), secret) {
				w.t.Errorf("the log holds a secret:\n%s", p.out)
			}
		}
		if w.t.Failed() {
			w.t.Logf("log:\n%s", p.out)
		}
	})
	return p
}

// await waits until something holds.
func (w *world) await(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("%s: not after %s; Slack %+v, Discord %+v", what, patience, w.inSlack(), w.inDiscord())
		}
	}
}

// unusedAddress is an address on loopback that nobody listens on.
func unusedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// parents are the messages of a channel outside threads.
func parents(seen []bottest.Seen) []bottest.Seen {
	var out []bottest.Seen
	for _, m := range seen {
		if !m.Thread && !m.Private {
			out = append(out, m)
		}
	}
	return out
}

func (w *world) inSlack() []bottest.Seen   { return w.slack.Seen(bottest.SlackChannelID) }
func (w *world) inDiscord() []bottest.Seen { return w.discord.Seen(testChannel) }

// status is what `status --json` prints.
func (w *world) status(now time.Time) bot.StatusReport {
	w.t.Helper()
	var out bytes.Buffer
	if err := (statusCommand{JSON: true}).Run(w.environment(w.t.Context(), now, &out)); err != nil {
		w.t.Fatalf("status: %v\n%s", err, out.String())
	}
	var report bot.StatusReport
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		w.t.Fatalf("status: %v\n%s", err, out.String())
	}
	return report
}

// allPosted says whether every channel's newest slot is posted.
func (w *world) allPosted(now time.Time) bool {
	for _, c := range w.status(now).Channels {
		if c.Slot.State != "posted" {
			return false
		}
	}
	return true
}

func TestRunPostsTheNewestDigestOnce(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.publish("2025-07-01", "古い方の架空の事案")
		w.publish("2025-07-03", "新しい方の架空の事案")
		first := w.run(morning)
		w.await("both channels get the briefing", func() bool {
			return len(parents(w.inSlack())) > 0 && len(parents(w.inDiscord())) > 0 && w.allPosted(morning)
		})
		for _, seen := range [][]bottest.Seen{w.inSlack(), w.inDiscord()} {
			if got := parents(seen); len(got) != 1 || !strings.Contains(got[0].Text, "新しい方の架空の事案") {
				t.Errorf("parents: %+v, want one with the newest digest", got)
			}
			if len(seen) < 2 || !strings.Contains(seen[1].Text, "詳しい説明が続きます。") {
				t.Errorf("no story in the thread: %+v", seen)
			}
		}
		if err := first.stop(); err != nil {
			t.Fatalf("stop: %v", err)
		}
		before := len(w.inSlack()) + len(w.inDiscord())

		// A restart posts nothing again, not even when there is news: the
		// slot of today has had its briefing.
		w.publish("2025-07-04", "同じ日に届いた次の事案")
		later := morning.Add(10 * time.Minute)
		second := w.run(later)
		w.await("the restarted bot has read the news", func() bool {
			sources := w.status(later).Sources
			return len(sources) == 1 && sources[0].Newest == "2025-07-04"
		})
		w.await("the restarted bot is ready", func() bool { return strings.Contains(second.out.String(), "msg=ready") })
		if after := len(w.inSlack()) + len(w.inDiscord()); after != before {
			t.Errorf("%d messages after a restart, %d before", after, before)
		}
		if err := second.stop(); err != nil {
			t.Fatalf("stop: %v", err)
		}

		// The next morning it is posted.
		w.run(morning.AddDate(0, 0, 1))
		w.await("the next briefing", func() bool { return len(parents(w.inSlack())) == 2 && len(parents(w.inDiscord())) == 2 })
	})
}

func TestRunPostsADigestThatComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.run(morning)
	w.await("the slot waits", func() bool {
		channels := w.status(morning).Channels
		return len(channels) == 2 && channels[0].Slot.State == "waiting"
	})
	w.publish("2025-07-03", "遅れて届いた事案")
	w.await("both channels get it", func() bool { return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 })
}

func TestRunAnswersOnBothPlatforms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案")
	w.run(morning)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		t.Fatal(err)
	}
	w.await("the digest is read", func() bool { return len(parents(w.inSlack())) == 1 })

	answer, err := w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackMember, "/term", "ｔｔ")
	if err != nil {
		t.Fatalf("Slack: %v", err)
	}
	if text := answer.Message.PlainText(); !strings.Contains(text, "試験のために置かれた用語") || answer.Message.For != bottest.SlackMember {
		t.Errorf("Slack: %q for %q", text, answer.Message.For)
	}
	reply, err := w.discord.Command(ctx, testGuild, testChannel, bottest.DiscordUser{ID: "7"}, "term", bottest.DiscordOption{Name: "word", Value: "試験用語"})
	if err != nil {
		t.Fatalf("Discord: %v", err)
	}
	if text := reply.Messages()[0].Text(); !strings.Contains(text, "試験のために置かれた用語") {
		t.Errorf("Discord: %q", text)
	}
	// A member is no admin.
	answer, err = w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackMember, "/briefing-admin", "list")
	if err != nil || !strings.Contains(answer.Message.PlainText(), "管理者だけ") {
		t.Errorf("Slack: %q, %v", answer.Message.PlainText(), err)
	}
	answer, err = w.slack.Command(ctx, bottest.SlackChannelID, bottest.SlackAdmin, "/briefing-admin", "list")
	if err != nil || !strings.Contains(answer.Message.PlainText(), w.slackRef()) {
		t.Errorf("Slack: %q, %v", answer.Message.PlainText(), err)
	}
}

func TestRunGoesOnWithoutAPlatformThatRefusesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.env["SLACK_BOT_TOKEN"] = "xoxb-wrong"
	w.publish("2025-07-03", "架空の事案")
	p := w.run(morning)
	w.await("Discord gets its briefing", func() bool { return len(parents(w.inDiscord())) == 1 })
	w.await("the log names the variable", func() bool {
		log := p.out.String()
		return strings.Contains(log, "platform=slack") && strings.Contains(log, "SLACK_BOT_TOKEN") && strings.Contains(log, "the others go on")
	})
	if got := parents(w.inSlack()); len(got) != 0 {
		t.Errorf("Slack: %+v", got)
	}
}

func TestRunSetsABrokenDigestAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-02", "架空の事案")
	broken := filepath.Join(w.digests, "cybersecurity_news_2025-07-03.md")
	if err := os.WriteFile(broken, []byte("# 2025年7月3日\n\n\xff\xfe"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(morning)
	w.await("the good digest is posted", func() bool { return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 })
	rejected := w.status(morning).Rejected
	if len(rejected) != 1 || rejected[0].File != filepath.Base(broken) || rejected[0].Reason == "" {
		t.Errorf("rejected: %+v", rejected)
	}
}

func TestRunForgetsSourcesThatAreConfiguredNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	only := func(source string) func() bool {
		return func() bool {
			known := w.status(morning).Sources
			return len(known) == 1 && strings.Contains(known[0].Source, source)
		}
	}
	first := w.run(morning)
	w.await("the status names the source", only(w.digests))
	w.await("the bot is ready", func() bool { return strings.Contains(first.out.String(), "msg=ready") })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	moved := t.TempDir()
	w.env["DIGEST_SOURCES"] = moved
	w.run(morning)
	w.await("the status names the new source only", only(moved))
}

func TestRunPausesAChannelThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.env["CHANNELS"] += ",slack:" + bottest.SlackTeam + "/C404404404"
	w.publish("2025-07-03", "架空の事案")
	w.run(morning)
	w.await("the others get their briefing", func() bool { return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 })
	w.await("status says why", func() bool {
		for _, c := range w.status(morning).Channels {
			if strings.HasSuffix(c.Ref.String(), "C404404404") {
				return c.State == "paused" && strings.Contains(c.Reason, "channel_not_found")
			}
		}
		return false
	})
}

func TestRunTakesPushes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.env["API_TOKEN"] = "a-long-token-for-pushes"
	p := w.run(morning)
	address := w.address(p)
	push := func(token, name, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/api/digests?name="+name, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(answer)
	}
	digest := "# 2025年7月3日 まとめ\n\n## 主要ポイント\n\n* 押し込まれた架空の事案\n\n## 国内ニュース\n\n### 押し込まれた架空の事案\n\n本文です。\n"
	if status, _ := push("wrong", "2025-07-03.md", digest); status != http.StatusUnauthorized {
		t.Errorf("a wrong token gets %d", status)
	}
	if status, answer := push("a-long-token-for-pushes", "2025-07-03.md", digest); status != http.StatusOK || !strings.Contains(answer, "押し込まれた架空の事案") {
		t.Errorf("a push gets %d %s", status, answer)
	}
	w.await("both channels get it", func() bool { return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 })
	resp, err := http.Get(address + "/api/digests")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET gets %s", resp.Status)
	}
}

// readyAt is the record of a process that is ready, in either form of the log.
var readyAt = regexp.MustCompile(`msg"?[=:]"?ready\b.*address"?[=:]"?(http://[^\s"]+)`)

// address waits until a process is ready and gives that of its pages.
func (w *world) address(p *process) (address string) {
	w.t.Helper()
	w.await("the bot is ready", func() bool {
		if found := readyAt.FindStringSubmatch(p.out.String()); found != nil {
			address = found[1]
		}
		return address != ""
	})
	return address
}

func TestRunServesPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案")
	address := w.address(w.run(morning))
	for path, want := range map[string]string{
		"/": "架空の事案", "/briefings/2025-07-03": "架空の事案", "/terms": "試験用語",
		"/healthz": "", "/readyz": `"ready":true`, "/metrics": "cyberbrief_digests 1",
	} {
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s %.200s, want %q", path, resp.Status, body, want)
		}
	}
}
