package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
)

// fault is how a request to post goes wrong, on either platform.
type fault struct {
	status     int
	retryAfter string // the header
	scope      string // of a limit, as Discord's header says it
	body       string
	huge       int
	taken      bool // the message is posted all the same
	silent     bool
	reset      bool
	// network stands in for the platform's server where it is not nil. What
	// it does with the connection is a fault in itself.
	network func(t *testing.T, seen *atomic.Int32) (url string)
}

func (f fault) slack() bottest.SlackFault {
	return bottest.SlackFault{
		Status: f.status, RetryAfter: f.retryAfter, Body: f.body, Huge: f.huge,
		Accept: f.taken, Silence: f.silent, Reset: f.reset,
	}
}

func (f fault) discord() bottest.DiscordFault {
	header := map[string]string{}
	if f.retryAfter != "" {
		header["Retry-After"] = f.retryAfter
	}
	if f.scope != "" {
		header["X-RateLimit-Scope"] = f.scope
	}
	status := f.status
	if status == 0 {
		status = http.StatusOK
	}
	return bottest.DiscordFault{
		Status: status, Header: header, Body: f.body, Huge: f.huge,
		Accepted: f.taken, Silent: f.silent, Reset: f.reset,
	}
}

// want is what a fault is to be taken for.
type want struct {
	class bot.Class
	wait  time.Duration // exactly; 0 is "the platform did not say"
	all   bool          // the whole platform is to be left alone
}

// page is what something on the way answers instead of the platform.
const page = "<html><body>error</body></html>"

// faults are the ways of the network and of HTTP to go wrong. What Slack and
// Discord refuse in words of their own is in TestEveryAnswerHasAClass.
func faults() []struct {
	name           string
	fault          fault
	slack, discord want
} {
	doubt, sure := want{class: bot.Doubtful}, want{class: bot.Transient}
	limited := func(d time.Duration) want { return want{class: bot.Limited, wait: d} }
	cloudflare := want{bot.Limited, 10 * time.Minute, true}
	const json429 = `{"message":"You are being rate limited.","code":0}`
	return []struct {
		name           string
		fault          fault
		slack, discord want
	}{
		{"429 for 1 s", fault{status: 429, retryAfter: "1", body: json429}, limited(time.Second), limited(time.Second)},
		{"429 for 30 s", fault{status: 429, retryAfter: "30", body: json429}, limited(30 * time.Second), limited(30 * time.Second)},
		{"429 for an hour", fault{status: 429, retryAfter: "3600", body: json429}, limited(time.Hour), limited(time.Hour)},
		{"429 with a fraction", fault{status: 429, retryAfter: "1.5", body: json429}, limited(1500 * time.Millisecond), limited(1500 * time.Millisecond)},
		{"429 until a date", fault{status: 429, retryAfter: "Fri, 04 Jul 2025 00:00:30 GMT", body: json429}, limited(20*time.Minute + 30*time.Second), limited(20*time.Minute + 30*time.Second)},
		{"429 until a date that is past", fault{status: 429, retryAfter: "Fri, 04 Jul 2005 00:00:30 GMT", body: json429}, limited(time.Second), limited(time.Second)},
		{"429 without a word", fault{status: 429, body: json429}, limited(0), limited(0)},
		{"429 with nonsense", fault{status: 429, retryAfter: "soon", body: json429}, limited(0), limited(0)},
		{"429 for less than nothing", fault{status: 429, retryAfter: "-30", body: json429}, limited(time.Second), limited(time.Second)},
		{"429 for ages", fault{status: 429, retryAfter: "99999999999", body: json429}, limited(24 * time.Hour), limited(24 * time.Hour)},
		{"429 for ever", fault{status: 429, retryAfter: "1e999", body: json429}, limited(24 * time.Hour), limited(24 * time.Hour)},
		{"429, not a number", fault{status: 429, retryAfter: "NaN", body: json429}, limited(0), limited(0)},
		{"429 for the user", fault{status: 429, retryAfter: "2", scope: "user", body: json429}, limited(2 * time.Second), limited(2 * time.Second)},
		{"429 shared with others", fault{status: 429, retryAfter: "2", scope: "shared", body: json429}, limited(2 * time.Second), limited(2 * time.Second)},
		{"429 everywhere", fault{status: 429, retryAfter: "2", scope: "global", body: json429}, limited(2 * time.Second), want{bot.Limited, 2 * time.Second, true}},
		{"429 from Cloudflare", fault{status: 429, body: bottest.Cloudflare}, limited(0), cloudflare},
		{"403 from Cloudflare", fault{status: 403, body: bottest.Cloudflare}, want{class: bot.Unknown}, cloudflare},
		{"500", fault{status: 500, body: page}, doubt, doubt},
		{"500, taken", fault{status: 500, body: page, taken: true}, doubt, doubt},
		{"502", fault{status: 502, body: page}, doubt, doubt},
		{"502, taken", fault{status: 502, body: page, taken: true}, doubt, doubt},
		{"503", fault{status: 503, body: page}, doubt, doubt},
		{"503 with Retry-After, taken", fault{status: 503, body: page, retryAfter: "5", taken: true}, want{class: bot.Doubtful, wait: 5 * time.Second}, doubt},
		{"504, taken", fault{status: 504, body: page, taken: true}, doubt, doubt},
		{"520 from Cloudflare, taken", fault{status: 520, body: page, taken: true}, doubt, doubt},
		{"524 from Cloudflare, taken", fault{status: 524, body: page, taken: true}, doubt, doubt},
		{"200 with {}", fault{body: "{}"}, doubt, doubt},
		{"200 with {}, taken", fault{body: "{}", taken: true}, doubt, doubt},
		{"200 with null, taken", fault{body: "null", taken: true}, doubt, doubt},
		{"200 with false", fault{body: `{"ok":false}`}, doubt, doubt},
		{"200 with ok", fault{body: "ok", taken: true}, doubt, doubt},
		{"200 with an empty id", fault{body: `{"ok":true,"ts":"","id":""}`, taken: true}, doubt, doubt},
		{"200 with an id of another type", fault{body: `{"ok":true,"ts":17,"id":17}`, taken: true}, doubt, doubt},
		{"200 with a list", fault{body: `[{"ok":true}]`}, doubt, doubt},
		{"200 with half of it", fault{body: `{"ok":true,"ts":"1.`, taken: true}, doubt, doubt},
		{"200 with a page", fault{body: page}, doubt, doubt},
		{"200 with 64 MiB", fault{huge: 64 << 20, body: "{}", taken: true}, doubt, doubt},
		{"204", fault{status: 204, taken: true}, want{class: bot.Unknown}, doubt},
		{"a redirect inwards", fault{status: 307, body: page}, sure, sure},
		{"reset", fault{reset: true}, doubt, doubt},
		{"reset, taken", fault{reset: true, taken: true}, doubt, doubt},
		{"silence", fault{silent: true}, doubt, doubt},
		{"silence, taken", fault{silent: true, taken: true}, doubt, doubt},
		{"nobody listens", fault{network: nobody}, sure, sure},
		{"no such name", fault{network: noName}, sure, sure},
		{"TLS with a stranger", fault{network: stranger}, sure, sure},
		{"no TLS where it should be", fault{network: noTLS}, sure, sure},
		{"the server drips", fault{network: drips}, doubt, doubt},
		{"the server drips its headers", fault{network: dripsHeaders}, doubt, doubt},
		{"no HTTP", fault{network: noHTTP}, doubt, doubt},
		{"closed after the request", fault{network: closes}, doubt, doubt},
		{"closed in the middle of the answer", fault{network: cuts}, doubt, doubt},
		{"a redirect to the metadata address", fault{network: redirects}, sure, sure},
	}
}

// nobody is an address where nothing listens.
func nobody(t *testing.T, _ *atomic.Int32) string {
	s := httptest.NewServer(nil)
	s.Close()
	return s.URL
}

// noName is a name that is looked up nowhere: its label is longer than the 63
// characters that the DNS has room for.
func noName(*testing.T, *atomic.Int32) string {
	return "http://" + strings.Repeat("a", 64) + ".invalid"
}

// stranger has a certificate that nobody vouches for.
func stranger(t *testing.T, seen *atomic.Int32) string {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func noTLS(t *testing.T, seen *atomic.Int32) string {
	return strings.Replace(served(t, seen, func(net.Conn) {}), "http:", "https:", 1)
}

// served reads a whole request and leaves the rest to then; it never answers
// a second one on the same connection.
func served(t *testing.T, seen *atomic.Int32, then func(net.Conn)) string {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen.Add(1)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		then(c)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// drip writes a byte at a time until the client has had enough.
func drip(c net.Conn, text string) {
	for i := range len(text) {
		if _, err := c.Write([]byte{text[i]}); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func drips(t *testing.T, seen *atomic.Int32) string {
	return served(t, seen, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
		drip(c, strings.Repeat(" ", 1000))
	})
}

func dripsHeaders(t *testing.T, seen *atomic.Int32) string {
	return served(t, seen, func(c net.Conn) {
		drip(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Filler: filler\r\n", 100))
	})
}

func noHTTP(t *testing.T, seen *atomic.Int32) string {
	return served(t, seen, func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example ESMTP\r\n") })
}

func closes(t *testing.T, seen *atomic.Int32) string { return served(t, seen, func(net.Conn) {}) }

func cuts(t *testing.T, seen *atomic.Int32) string {
	return served(t, seen, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"ok\":true")
	})
}

func redirects(t *testing.T, seen *atomic.Int32) string {
	return served(t, seen, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n")
	})
}

// faultPatience is how long a faulty request may take: enough for 64 MiB,
// little for those that never end.
const faultPatience = 400 * time.Millisecond

// sender is what is tested of a platform.
type sender interface {
	Render(bot.Post) ([]bot.Message, error)
	Send(context.Context, bot.Target, bot.Message) (bot.MessageID, error)
}

// TestFaults lets every fault meet a post on both platforms. Each is taken
// for what it is, is no success, is one request, and leaves neither a
// goroutine nor a secret in the log or in the error.
func TestFaults(t *testing.T) {
	if n := len(faults()); n < 40 {
		t.Errorf("%d faults, want 40", n)
	}
	for _, tt := range faults() {
		t.Run("slack/"+tt.name, func(t *testing.T) {
			f := newFaulty(t, tt.fault)
			fake := bottest.NewSlack(t)
			fake.FailNext("chat.postMessage", tt.fault.slack())
			s, err := slack.New(slack.Options{
				BotToken: bottest.SlackBotToken, APIURL: f.url(fake.URL), Logger: f.logger, Clock: f.clock,
			})
			if err != nil {
				t.Fatal(err)
			}
			f.send(s, markedTarget(bot.Slack), tt.slack)
			f.requests(len(fake.Calls("chat.postMessage")), len(fake.Messages(bottest.SlackChannelID)))
		})
		t.Run("discord/"+tt.name, func(t *testing.T) {
			f := newFaulty(t, tt.fault)
			fake := bottest.NewDiscord(t)
			fake.AddChannel(testGuild, testChannel)
			fake.FailNext("", tt.fault.discord())
			d, err := discord.New(discord.Options{
				Token: bottest.DiscordToken, APIURL: f.url(fake.URL()), Logger: f.logger, Clock: f.clock,
			})
			if err != nil {
				t.Fatal(err)
			}
			f.send(d, markedTarget(bot.Discord), tt.discord)
			f.requests(len(fake.Requests("")), len(fake.Messages(testChannel)))
		})
	}
}

// faulty is one fault in the works.
type faulty struct {
	*testing.T
	fault  fault
	log    *output
	logger *slog.Logger
	server string       // that stands in for the platform's
	seen   atomic.Int32 // requests that it has read
}

func newFaulty(t *testing.T, f fault) *faulty {
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) }) // after everything is closed
	x := &faulty{T: t, fault: f, log: &output{}}
	x.logger = slog.New(slog.NewTextHandler(x.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if f.network != nil {
		x.server = f.network(t, &x.seen)
	}
	return x
}

func (*faulty) clock() time.Time { return morning }

// url is where the platform is asked.
func (x *faulty) url(fake string) string {
	if x.server == "" {
		return fake
	}
	return x.server + "/api/"
}

func (x *faulty) send(s sender, to bot.Target, w want) {
	x.Helper()
	ctx := x.Context()
	if x.fault.silent || x.fault.network != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, faultPatience)
		defer cancel()
	}
	id, err := s.Send(ctx, to, rendered(x, s.Render))
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if id != "" || !ok {
		x.Fatalf("got %q and %T: %v", id, err, err)
	}
	if oe.Class != w.class || oe.RetryAfter != w.wait || oe.Global != w.all || oe.Code == "" {
		x.Errorf("got %s (%q), wait %v, everywhere %v; want %+v", oe.Class, oe.Code, oe.RetryAfter, oe.Global, w)
	}
	for _, secret := range []string{bottest.SlackBotToken, bottest.DiscordToken} {
		if strings.Contains(err.Error()+x.log.String(), secret) {
			x.Errorf("a secret shows: %v\n%s", err, x.log)
		}
	}
}

// requests holds the number of requests and messages to the fault.
func (x *faulty) requests(requests, messages int) {
	x.Helper()
	if x.fault.network != nil {
		if n := x.seen.Load(); n > 1 {
			x.Errorf("%d requests, want one at most", n)
		}
		return
	}
	if requests != 1 || (messages == 1) != x.fault.taken {
		x.Errorf("%d requests and %d messages; taken: %v", requests, messages, x.fault.taken)
	}
}
