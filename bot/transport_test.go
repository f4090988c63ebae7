package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// noName is a name that is looked up nowhere: its label is longer than the 63
// characters that the DNS has room for.
var noName = strings.Repeat("a", 64) + ".invalid"

const testSecret = "s3cr3t/with+odd=signs"

// post makes one exchange and reads the answer.
func post(t *testing.T, tr *Transport, url string) ([]byte, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// misbehaving is a server that reads a request and then does what it is told
// to with the connection; it counts the requests it has read whole.
func misbehaving(t *testing.T, then func(net.Conn)) (url string, seen *atomic.Int32) {
	t.Helper()
	seen = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		seen.Add(1)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		then(c)
		c.Close()
	}))
	t.Cleanup(srv.Close)
	return srv.URL, seen
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

func TestTransportClasses(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	tls := httptest.NewTLSServer(nil)
	tls.Config.ErrorLog = nil
	t.Cleanup(tls.Close)
	hold := make(chan struct{})
	silent, _ := misbehaving(t, func(net.Conn) { <-hold })
	t.Cleanup(func() { close(hold) })
	resetting, _ := misbehaving(t, reset)
	ending, _ := misbehaving(t, func(net.Conn) {})
	cutOff, _ := misbehaving(t, func(c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
	})
	dripping, _ := misbehaving(t, func(c net.Conn) {
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
		<-hold
	})
	garbage, _ := misbehaving(t, func(c net.Conn) { fmt.Fprint(c, "no http here\r\n\r\n") })
	long, _ := misbehaving(t, func(c net.Conn) {
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: 65\r\n\r\n%65s", "")
	})
	for _, tc := range []struct {
		name, url string
		class     Class
		code      string
	}{
		{"refused", closed.URL, Transient, "not reachable"},
		{"name not known", "http://" + noName + "/", Transient, "name not resolved"},
		{"certificate not trusted", tls.URL, Transient, "connection failed"},
		{"no scheme of ours", "ftp://127.0.0.1/", Transient, "connection failed"},
		{"silent after the request", silent, Doubtful, "timeout"},
		{"reset after the request", resetting, Doubtful, "connection failed"},
		{"closed after the request", ending, Doubtful, "connection failed"},
		{"answer is not HTTP", garbage, Doubtful, "connection failed"},
		{"answer cut off", cutOff, Doubtful, "connection failed"},
		{"answer drips", dripping, Doubtful, "timeout"},
		{"answer too long", long, Doubtful, "answer too long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			limit := time.Minute
			if tc.code == "timeout" {
				limit = time.Second // long enough to connect on a busy machine
			}
			tr := NewTransport(TransportOptions{Timeout: limit, MaxBody: 64})
			t.Cleanup(tr.CloseIdleConnections)
			_, err := post(t, tr, tc.url)
			oe, ok := errors.AsType[*OutcomeError](err)
			if !ok {
				t.Fatalf("error is %T: %v", err, err)
			}
			if oe.Class != tc.class || oe.Code != tc.code {
				t.Errorf("got %s %q, want %s %q: %v", oe.Class, oe.Code, tc.class, tc.code, err)
			}
		})
	}
}

func TestTransportReadsUpToTheCap(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat("a", 64)) }))
	t.Cleanup(srv.Close)
	b, err := post(t, NewTransport(TransportOptions{MaxBody: 64}), srv.URL)
	if err != nil || len(b) != 64 {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
}

// A kept connection that the server has closed in the meantime tempts an
// http.Transport to send again. Every POST must be read at most once.
func TestTransportNeverResends(t *testing.T) {
	var posts, conns atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if posts.Add(1) > 1 {
			c, _, _ := w.(http.Hijacker).Hijack()
			reset(c)
			c.Close()
		}
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	tr := NewTransport(TransportOptions{})
	t.Cleanup(tr.CloseIdleConnections)
	if _, err := post(t, tr, srv.URL); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequest(http.MethodPost, srv.URL, strings.NewReader("body"))
	req.Header.Set("Idempotency-Key", "tempting")
	if _, err := tr.Do(req); ClassOf(err) != Doubtful {
		t.Errorf("got %v, want doubtful", err)
	}
	if posts.Load() != 2 || conns.Load() != 1 {
		t.Errorf("%d posts over %d connections, want 2 over 1", posts.Load(), conns.Load())
	}
}

// deadConn fails every write after the first request: the kernel knows that
// the other side is gone, and not a byte leaves.
type deadConn struct {
	net.Conn
	dead *atomic.Bool
}

func (c deadConn) Write(p []byte) (int, error) {
	if c.dead.Load() {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

func TestTransportKnowsThatNothingWasWritten(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(srv.Close)
	var dead atomic.Bool
	base := strictBase()
	base.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &countingConn{Conn: deadConn{c, &dead}}, nil
	}
	tr := NewTransport(TransportOptions{Base: base})
	t.Cleanup(tr.CloseIdleConnections)
	if _, err := post(t, tr, srv.URL); err != nil {
		t.Fatal(err)
	}
	dead.Store(true)
	if _, err := post(t, tr, srv.URL); ClassOf(err) != Transient {
		t.Errorf("got %v, want transient", err)
	}
}

func TestTransportWithForeignBaseDoubts(t *testing.T) {
	url, _ := misbehaving(t, reset)
	tr := NewTransport(TransportOptions{Base: &http.Transport{}})
	t.Cleanup(tr.CloseIdleConnections)
	if _, err := post(t, tr, url); ClassOf(err) != Doubtful {
		t.Errorf("got %v, want doubtful", err)
	}
}

func TestTransportGetIsTransient(t *testing.T) {
	url, _ := misbehaving(t, reset)
	req, _ := http.NewRequest(http.MethodGet, url, nil)
	tr := NewTransport(TransportOptions{})
	t.Cleanup(tr.CloseIdleConnections)
	if _, err := tr.Do(req); ClassOf(err) != Transient {
		t.Errorf("got %v, want transient", err)
	}
}

func TestTransportFollowsNoRedirect(t *testing.T) {
	var hits atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(srv.Close)
	req, _ := http.NewRequest(http.MethodPost, srv.URL, strings.NewReader("body"))
	resp, err := NewTransport(TransportOptions{}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusTemporaryRedirect || hits.Load() != 1 {
		t.Errorf("status %d after %d requests", resp.StatusCode, hits.Load())
	}
}

func TestTransportIgnoresProxies(t *testing.T) {
	if strictBase().Proxy != nil {
		t.Error("a proxy of the environment would be used")
	}
}

func TestTransportCancelled(t *testing.T) {
	tr := NewTransport(TransportOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:1/", nil)
	_, err := tr.Do(req)
	if !errors.Is(err, context.Canceled) || ClassOf(err) != Transient {
		t.Errorf("got %v", err)
	}
}

func TestTransportErrorsHoldNoSecret(t *testing.T) {
	tr := NewTransport(TransportOptions{Secrets: []string{testSecret}})
	for _, url := range []string{
		"http://127.0.0.1:1/?token=s3cr3t%2Fwith%2Bodd%3Dsigns",
		"bad://" + "host/?xoxb-1-2-abc",
	} {
		_, err := post(t, tr, url)
		if err == nil || strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "xoxb") {
			t.Errorf("error is %v", err)
		}
		req, _ := http.NewRequest(http.MethodPost, url, nil)
		_, raw := tr.Client().Do(req)
		if got := tr.Outcome(raw).Error(); strings.Contains(got, "s3cr3t") || strings.Contains(got, "xoxb") {
			t.Errorf("outcome is %s", got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 7, 2, 23, 59, 30, 0, time.UTC)
	for _, tc := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0}, {"soon", 0}, {"NaN", 0},
		{"1", time.Second}, {"30", 30 * time.Second}, {" 3600 ", time.Hour},
		{"1.5", 1500 * time.Millisecond}, {"64.57", 64570 * time.Millisecond},
		{"0", time.Second}, {"0.2", time.Second}, {"-5", time.Second},
		{"99999999999", 24 * time.Hour}, {"1e999", 24 * time.Hour}, {"-1e999", time.Second},
		{now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{now.Add(-time.Hour).Format(http.TimeFormat), time.Second},
	} {
		h := http.Header{"Retry-After": {tc.value}}
		if got := RetryAfter(h, now); got != tc.want {
			t.Errorf("Retry-After %q is %s, want %s", tc.value, got, tc.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Wed, 02 Jul 2025 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		d := RetryAfter(http.Header{"Retry-After": {value}}, time.Unix(0, 0))
		if d != 0 && (d < minRetryAfter || d > maxRetryAfter) {
			t.Errorf("%q is %s", value, d)
		}
	})
}

func TestRedact(t *testing.T) {
	r := NewRedactor(testSecret, "", "ab")
	discordToken := "MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ." + "ZnCjm1XVW7vRze4b7Cq4se7kKWs"
	for _, secret := range []string{
		testSecret, "s3cr3t%2Fwith%2Bodd%3Dsigns", "s3cr3t%2Fwith+odd=signs",
		"xoxb-123-456-AbC", "xoxe.xoxp-1-abc", "xapp-1-A1-2-abc", discordToken,
		"hooks.slack.com/services/T1/B1/abc", "discord.com/api/v9/webhooks/123/abc_DEF-ghi",
		"/interactions/123/aW50ZXJhY3Rpb246MTIzNDU2Nzg5", "ticket=8f3a-1b",
	} {
		got := r.Redact("before " + secret + " after")
		if strings.Contains(got, secret) || !strings.HasPrefix(got, "before ") || !strings.HasSuffix(got, " after") {
			t.Errorf("%q became %q", secret, got)
		}
	}
	if plain := "a table about cabs, CVE-2025-1234, https://example.jp/a.b.c"; r.Redact(plain) != plain {
		t.Errorf("plain text became %q", r.Redact(plain))
	}
}

func TestRedactHandler(t *testing.T) {
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(RedactHandler(h, testSecret)).With("with", testSecret)
		log.Info("message "+testSecret, "string", testSecret,
			"error", fmt.Errorf("wrapped: %w", errors.New(testSecret)),
			"list", []string{"a", testSecret},
			"struct", &struct{ Inner *struct{ Token string } }{&struct{ Token string }{testSecret}},
			slog.Group("group", "inner", testSecret), "number", 7)
		log.WithGroup("g").Info("again", "bytes", []byte("plain"), "token", "xoxb-1-abc")
	}
	if got := out.String(); strings.Contains(got, "s3cr3t") || strings.Contains(got, "xoxb") || !strings.Contains(got, "number") {
		t.Errorf("log is %s", got)
	}
}
