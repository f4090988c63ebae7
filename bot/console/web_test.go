package console_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/console"
)

// running is a console that answers from the script.
func running(t *testing.T, opts console.Options) (*console.Console, string) {
	t.Helper()
	c, url := start(t, opts)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, scripted{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	untilAnswered(t, newVisitor(t, url))
	return c, url
}

// untilAnswered waits until Run has taken the responder.
func untilAnswered(t *testing.T, v *visitor) {
	t.Helper()
	for range 1000 {
		status, err := v.post(t.Context(), "messages", map[string]string{"channel": "general", "text": "/term x"})
		if err != nil {
			t.Fatal(err)
		}
		if status == http.StatusNoContent {
			return
		}
	}
	t.Fatal("the console never became ready")
}

func TestRequestsFromElsewhereAreRefused(t *testing.T) {
	c, err := console.New(console.Options{PublicURL: "https://news.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, method, path, host string
		header                   map[string]string
		body                     string
		want                     int
	}{
		{"own page", "POST", "/console/messages", "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "same-origin"}, `{"channel":"general","text":"x"}`, 204},
		{"own origin", "POST", "/console/messages", "127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:8080"}, `{"channel":"general","text":"x"}`, 204},
		{"public name", "GET", "/console", "news.example.com", nil, "", 200},
		{"localhost", "GET", "/console", "localhost:8080", nil, "", 200},
		{"IPv6", "GET", "/console", "[::1]:8080", nil, "", 200},
		{"another site", "POST", "/console/messages", "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site"}, `{"channel":"general","text":"x"}`, 403},
		{"another site on this host", "POST", "/console/actions", "127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "same-site"}, `{}`, 403},
		{"another origin, old browser", "POST", "/console/messages", "127.0.0.1:8080", map[string]string{"Origin": "https://evil.example"}, `{"channel":"general","text":"x"}`, 403},
		{"a rebound name", "GET", "/console/events", "evil.example:8080", nil, "", 421},
		{"a rebound name posts", "POST", "/console/messages", "evil.example", map[string]string{"Origin": "http://evil.example"}, `{"channel":"general","text":"x"}`, 421},
		{"a form", "POST", "/console/messages", "127.0.0.1", map[string]string{"Content-Type": "text/plain"}, `{"channel":"general","text":"x"}`, 400},
		{"no JSON", "POST", "/console/messages", "127.0.0.1", nil, `{`, 400},
		{"nothing said", "POST", "/console/messages", "127.0.0.1", nil, `{"channel":"general","text":" \u200b\n"}`, 400},
		{"no such channel", "POST", "/console/messages", "127.0.0.1", nil, `{"channel":"nowhere","text":"x"}`, 404},
		{"no such thread", "POST", "/console/messages", "127.0.0.1", nil, `{"channel":"general","thread":"1","text":"x"}`, 404},
		{"a long message", "POST", "/console/messages", "127.0.0.1", nil, `{"channel":"general","text":"` + strings.Repeat("あ", 4001) + `"}`, 413},
		{"a huge body", "POST", "/console/messages", "127.0.0.1", nil, `{"text":"` + strings.Repeat("x", 64<<10) + `"}`, 413},
		{"a command before Run", "POST", "/console/messages", "127.0.0.1", nil, `{"channel":"general","text":"/term x"}`, 503},
		{"completion before Run", "GET", "/console/complete?q=x", "127.0.0.1", nil, "", 503},
		{"a button nobody offered", "POST", "/console/actions", "127.0.0.1", nil, `{"message":"1","command":"share","argument":"term x"}`, 404},
		{"no such asset", "GET", "/console/assets/console.html", "127.0.0.1", nil, "", 404},
		{"an asset", "GET", "/console/assets/console.js", "127.0.0.1", nil, "", 200},
		{"wrong method", "DELETE", "/console/messages", "127.0.0.1", nil, "", 405},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := httptest.NewRequest(x.method, x.path, strings.NewReader(x.body))
			r.Host = x.host
			r.Header.Set("Content-Type", "application/json")
			for k, v := range x.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			c.Handler().ServeHTTP(w, r)
			if w.Code != x.want {
				t.Errorf("status %d, want %d", w.Code, x.want)
			}
			if p := w.Header().Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
				t.Errorf("content policy %q", p)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Error("content type may be sniffed")
			}
		})
	}
}

func TestPageHoldsNoInlineScript(t *testing.T) {
	_, url := start(t, console.Options{})
	for lang, want := range map[string]string{"": "あなただけに表示", "?lang=en": "Only visible to you", "?lang=<script>": "あなただけに表示"} {
		resp, err := newVisitor(t, url).client.Get(url + "/console" + lang)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), want) {
			t.Errorf("page %s does not say %q", lang, want)
		}
		if n := strings.Count(string(page), "<script"); n != 1 || strings.Contains(string(page), "style=") {
			t.Errorf("page %s has %d scripts, or inline style", lang, n)
		}
	}
}

// TestPrivateAnswersStayPrivate lets two people listen while one asks.
func TestPrivateAnswersStayPrivate(t *testing.T) {
	_, url := running(t, console.Options{})
	asker, other := newVisitor(t, url), newVisitor(t, url)
	asker.snapshot()
	next, done := other.listen(t.Context())
	defer done()
	if e, err := next(); err != nil || e.Name != "snapshot" {
		t.Fatalf("first event %q, %v", e.Name, err)
	}
	if _, err := asker.command(t.Context(), "", "/term 能動的サイバー防御"); err != nil {
		t.Fatal(err)
	}
	if status, err := asker.post(t.Context(), "messages", map[string]string{"channel": "general", "text": "おはよう"}); err != nil || status != http.StatusNoContent {
		t.Fatal(status, err)
	}
	// The first thing that the other one hears is what was said aloud.
	e, err := next()
	if err != nil {
		t.Fatal(err)
	}
	if m := read[shown](t, e.Data); m.Private || seen(m).Text != " おはよう" {
		t.Errorf("the other person heard %s", e.Data)
	}
	if all := other.snapshot().Messages; len(all) != 1 {
		t.Errorf("the other person sees %d messages, want 1", len(all))
	}
	mine := asker.snapshot().Messages
	if len(mine) != 2 || !mine[1].Private || mine[1].Command != "/term 能動的サイバー防御" {
		t.Fatalf("the asker sees %+v", mine)
	}

	share := map[string]string{"message": string(mine[1].ID), "command": "share", "argument": "term 能動的サイバー防御"}
	if status, _ := other.post(t.Context(), "actions", share); status != http.StatusNotFound {
		t.Errorf("the other person pressed a button of a private answer: %d", status)
	}
	forged := map[string]string{"message": string(mine[1].ID), "command": "share", "argument": "briefing-admin add"}
	if status, _ := asker.post(t.Context(), "actions", forged); status != http.StatusNotFound {
		t.Errorf("a button that was never offered was pressed: %d", status)
	}
	if status, _ := asker.post(t.Context(), "actions", share); status != http.StatusNoContent {
		t.Errorf("share: %d", status)
	}
	if e, err = next(); err != nil || !strings.Contains(string(e.Data), "共有: term 能動的サイバー防御") {
		t.Errorf("after sharing the other person heard %s, %v", e.Data, err)
	}
}

func TestFailedRequestMayBeRepeated(t *testing.T) {
	c, url := start(t, console.Options{})
	v := newVisitor(t, url)
	ask := map[string]string{"id": "one", "channel": "general", "text": "/term 能動的サイバー防御"}
	if status, err := v.post(t.Context(), "messages", ask); err != nil || status != http.StatusServiceUnavailable {
		t.Fatalf("before Run: %d, %v", status, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, scripted{}) }()
	untilAnswered(t, v)
	for range 2 {
		if status, err := v.post(t.Context(), "messages", ask); err != nil || status != http.StatusNoContent {
			t.Errorf("after Run: %d, %v", status, err)
		}
	}
	answers := 0
	for _, m := range v.snapshot().Messages {
		if m.Command == ask["text"] {
			answers++
		}
	}
	if answers != 1 {
		t.Errorf("answered %d times, want once", answers)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestUnknownCommandIsExplained(t *testing.T) {
	_, url := running(t, console.Options{})
	v := newVisitor(t, url)
	for _, typed := range []string{"/shrug", "/share term x", "/"} {
		got, err := v.command(t.Context(), "", typed)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Private || !strings.Contains(got.Text, "そのコマンドはありません") || !strings.Contains(got.Text, "/term") {
			t.Errorf("%s: %+v", typed, got)
		}
	}
}

func TestFullWidthSpacePartsACommand(t *testing.T) {
	_, url := running(t, console.Options{})
	got, err := newVisitor(t, url).command(t.Context(), "", "/term　能動的サイバー防御")
	if err != nil || !strings.Contains(got.Text, "被害が出る前に") {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestStreamsEndWithRun proves that shutting down does not wait for browsers.
func TestStreamsEndWithRun(t *testing.T) {
	c, url := start(t, console.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, scripted{}) }()
	v := newVisitor(t, url)
	untilAnswered(t, v)
	next, done := v.listen(t.Context())
	defer done()
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
	if _, err := next(); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after Run the stream gave %v, want its end", err)
	}
	resp, err := v.client.Get(url + "/console/events")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a stream after Run: %s", resp.Status)
	}
}

// stalled is a browser that accepted a stream and then stopped reading: its
// Write blocks until the test lets it go.
type stalled struct {
	header   http.Header
	writing  chan struct{}
	release  chan struct{}
	deadline time.Time // of reading
}

func (s *stalled) SetReadDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

func (s *stalled) Header() http.Header { return s.header }
func (s *stalled) WriteHeader(int)     {}
func (s *stalled) Flush()              {}
func (s *stalled) Write(b []byte) (int, error) {
	s.writing <- struct{}{}
	<-s.release
	return len(b), nil
}

// TestSlowBrowserIsCut posts more than a stream holds: posting never waits.
func TestSlowBrowserIsCut(t *testing.T) {
	c, _ := start(t, console.Options{})
	slow := &stalled{http.Header{}, make(chan struct{}, 1000), make(chan struct{}), time.Now()}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r := httptest.NewRequest("GET", "/console/events", nil)
		r.Host = "localhost"
		c.Handler().ServeHTTP(slow, r)
	}()
	<-slow.writing
	messages, err := c.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if _, err := c.Send(t.Context(), bot.Target{Ref: general()}, messages[0]); err != nil {
			t.Fatal(err)
		}
	}
	close(slow.release)
	<-gone // the stream ends by itself once it was cut
	if !slow.deadline.IsZero() {
		t.Error("the server's read time-out would have ended the stream")
	}
}

func TestFindLooksForMarkerThreadAndTime(t *testing.T) {
	now := time.Date(2025, 7, 3, 8, 30, 0, 0, time.UTC)
	c, _ := start(t, console.Options{Clock: func() time.Time { return now }})
	messages, err := c.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	to := bot.Target{Ref: general(), Marker: bot.Marker{Delivery: "d"}}
	id, err := c.Send(t.Context(), to, messages[0])
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := to
	elsewhere.Thread = id
	for _, x := range []struct {
		name  string
		to    bot.Target
		since time.Time
		want  bot.MessageID
	}{
		{"there", to, now, id},
		{"too old", to, now.Add(time.Second), ""},
		{"in another thread", elsewhere, now, ""},
		{"no marker", bot.Target{Ref: general()}, now, ""},
	} {
		if got, err := c.Find(t.Context(), x.to, x.since); err != nil || got != x.want {
			t.Errorf("%s: %q, %v; want %q", x.name, got, err, x.want)
		}
	}
	if again, err := c.Send(t.Context(), to, messages[0]); err != nil || again == id {
		t.Errorf("two messages of one instant have ids %q and %q, %v", id, again, err)
	}
}

func TestBadMessagesAreRefused(t *testing.T) {
	c, _ := start(t, console.Options{})
	for _, m := range []string{"", "{", `{"blocks":[]}`, `{"blocks":"x"}`, `{"blocks":[` + strings.Repeat(`{"type":"divider"},`, 200) + `{"type":"divider"}]}`} {
		_, err := c.Send(t.Context(), bot.Target{Ref: general()}, bot.Message(m))
		if bot.ClassOf(err) != bot.Payload {
			t.Errorf("%.40s: %v, want class %v", m, err, bot.Payload)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Send(ctx, bot.Target{Ref: general()}, bot.Message(`{}`)); bot.ClassOf(err) != bot.Transient {
		t.Errorf("after the context's end: %v, want class %v", err, bot.Transient)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, opts := range map[string]console.Options{
		"a name with a slash": {Channels: []string{"a/b"}},
		"a name twice":        {Channels: []string{"a", "a"}},
		"an address no URL":   {PublicURL: "news.example.com"},
	} {
		if _, err := console.New(opts); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
