package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/web"
	"cyberbrief/briefing"
)

// apiToken opens the operator's page in tests.
const apiToken = "correct-horse-battery-staple"

var now = time.Date(2025, 7, 3, 0, 0, 0, 0, time.UTC)

// report has a channel, a source and a file of each kind.
func report() bot.StatusReport {
	slack := func(channel string) bot.Ref {
		return bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T1"}, Channel: channel}
	}
	return bot.StatusReport{
		Channels: []bot.ChannelStatus{
			{Ref: slack("C1"), State: "active", NextSlot: now.Add(23 * time.Hour),
				LastPost: &bot.LastPost{Slot: "2025-07-03", Digest: "2025-07-02", At: now.Add(-30 * time.Minute)},
				Slot:     bot.SlotStatus{Date: "2025-07-03", State: "posted"}},
			{Ref: slack("C2"), State: "paused", Reason: "not_in_channel", Slot: bot.SlotStatus{Date: "2025-07-03", State: "failed", Reason: "not_in_channel"}},
			{Ref: slack("C3"), State: "paused", Reason: bot.PausedByAdmin},
			{Ref: slack("C4"), State: "active", NextSlot: now.Add(time.Hour),
				Slot: bot.SlotStatus{Date: "2025-07-03", State: "no_digest", Reason: "the window has ended"}},
		},
		Sources: []bot.SourceCheck{
			{Source: "/srv/digests", Newest: "2025-07-02", CheckedAt: now.Add(-time.Minute)},
			{Source: "https://news.example.com/{date}.md", CheckedAt: now.Add(-time.Minute), Error: "status 503 <script>"},
		},
		Rejected: []bot.Rejected{{File: "2025-07-01.md", Reason: "no key points and no stories"}},
	}
}

// operated is a site with an operator's page.
func operated(t *testing.T, clock func() time.Time, more func(*web.Options)) *httptest.Server {
	t.Helper()
	return start(t, library(), func(o *web.Options) {
		o.Operator = web.Operator{Token: apiToken, Clock: clock,
			Status: func(context.Context) (bot.StatusReport, error) { return report(), nil }}
		if more != nil {
			more(o)
		}
	})
}

// operator is a browser with cookies.
type operator struct {
	*http.Client
	t    *testing.T
	site string
}

func newOperator(t *testing.T, site string) *operator {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &operator{&http.Client{Jar: jar}, t, site}
}

// post sends a form and returns the page that it leads to.
func (o *operator) post(path, token string, header ...string) (*http.Response, string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.site+path, strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return o.do(req)
}

func (o *operator) get() (*http.Response, string) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, o.site+"/channels", nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.do(req)
}

func (o *operator) do(req *http.Request) (*http.Response, string) {
	o.t.Helper()
	resp, err := o.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	return resp, read(o.t, resp)
}

func (o *operator) cookies() []*http.Cookie {
	u, _ := url.Parse(o.site + "/channels")
	return o.Jar.Cookies(u)
}

// inside says whether a page shows how the channels stand.
func inside(page string) bool { return strings.Contains(page, "slack:T1/C1") }

func TestOperatorLogsInAndOut(t *testing.T) {
	server := operated(t, func() time.Time { return now }, nil)
	o := newOperator(t, server.URL)
	if resp, page := o.get(); resp.StatusCode != http.StatusOK || inside(page) || !strings.Contains(page, `type="password"`) {
		t.Fatalf("before the login: %s\n%s", resp.Status, page)
	}
	if resp, page := o.post("/channels", "wrong"); resp.StatusCode != http.StatusUnauthorized || inside(page) || !strings.Contains(page, "トークンが違います") {
		t.Errorf("with a wrong token: %s\n%s", resp.Status, page)
	}
	if resp, page := o.post("/channels", ""); resp.StatusCode != http.StatusUnauthorized || inside(page) {
		t.Errorf("with no token: %s", resp.Status)
	}
	resp, page := o.post("/channels", " "+apiToken+"\n")
	if resp.StatusCode != http.StatusOK || !inside(page) {
		t.Fatalf("with the token: %s\n%s", resp.Status, page)
	}
	for _, want := range []string{
		"確認が必要なものが 3 件あります", "停止中", "not_in_channel", "まとめなし", bot.ReasonWords("the window has ended", briefing.Japanese), bot.ReasonWords(bot.PausedByAdmin, briefing.Japanese),
		"2025-07-03 08:30", `href="/briefings/2025-07-02"`, "/srv/digests", "status 503 &lt;script&gt;", "2025-07-01.md", "no key points and no stories",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-store" || resp.Header.Get("ETag") != "" || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("the page may be kept or measured: %v", resp.Header)
	}
	for _, c := range o.cookies() {
		if strings.Contains(c.Value, apiToken) {
			t.Errorf("cookie %s holds the token", c.Name)
		}
	}
	if _, page := o.post("/channels/leave", ""); inside(page) || len(o.cookies()) != 0 {
		t.Errorf("after the logout there are %d cookies and\n%s", len(o.cookies()), page)
	}
}

func TestSessionCookie(t *testing.T) {
	for public, secure := range map[string]bool{"": false, "https://news.example.com": true} {
		server := operated(t, func() time.Time { return now }, func(o *web.Options) { o.PublicURL = public })
		o := newOperator(t, server.URL)
		o.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, _ := o.post("/channels", apiToken)
		if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
			t.Fatalf("login: %s, %v", resp.Status, resp.Cookies())
		}
		c := resp.Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/channels" || c.MaxAge <= 0 || c.Secure != secure {
			t.Errorf("public URL %q: cookie %s", public, c)
		}
	}
}

// TestSessionOfAReplica takes a session from one site to another with the same
// token, to one with another token, past its end, and bent.
func TestSessionOfAReplica(t *testing.T) {
	clock := bottest.NewClock(now)
	one, two := operated(t, clock.Now, nil), operated(t, clock.Now, nil)
	other := operated(t, clock.Now, func(o *web.Options) { o.Operator.Token = "another-token-of-the-operator" })
	o := newOperator(t, one.URL)
	o.post("/channels", apiToken)
	session := o.cookies()[0]
	shows := func(site *httptest.Server, value string) bool {
		_, page := get(t, site.URL+"/channels", "Cookie", session.Name+"="+value)
		return inside(page)
	}
	if !shows(two, session.Value) {
		t.Error("another replica does not know the session")
	}
	if shows(other, session.Value) {
		t.Error("the session outlives its token")
	}
	end, mac, _ := strings.Cut(session.Value, ".")
	for _, bent := range []string{"", ".", end, end + ".", "9" + end + "." + mac, end + "." + mac + "A", "x." + mac, "-1." + mac} {
		if shows(one, bent) {
			t.Errorf("session %q is taken", bent)
		}
	}
	clock.Set(now.Add(12*time.Hour - time.Second))
	if !shows(one, session.Value) {
		t.Error("the session ended early")
	}
	clock.Set(now.Add(12 * time.Hour))
	if shows(one, session.Value) {
		t.Error("the session does not end")
	}
}

func TestLoginAttemptsAreFew(t *testing.T) {
	clock := bottest.NewClock(now)
	server := operated(t, clock.Now, nil)
	o := newOperator(t, server.URL)
	for i := range 5 {
		if resp, _ := o.post("/channels", "wrong"); resp.StatusCode != http.StatusUnauthorized {
			t.Fatalf("attempt %d: %s", i, resp.Status)
		}
	}
	resp, page := o.post("/channels", apiToken)
	if resp.StatusCode != http.StatusTooManyRequests || inside(page) || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the sixth attempt, though right: %s", resp.Status)
	}
	clock.Set(now.Add(12 * time.Second))
	if resp, page := o.post("/channels", apiToken); resp.StatusCode != http.StatusOK || !inside(page) {
		t.Errorf("after the wait: %s", resp.Status)
	}
}

func TestLoginFromElsewhereIsRefused(t *testing.T) {
	server := operated(t, func() time.Time { return now }, nil)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		o := newOperator(t, server.URL)
		for _, path := range []string{"/channels", "/channels/leave"} {
			if resp, _ := o.post(path, apiToken, header...); resp.StatusCode != http.StatusForbidden || len(o.cookies()) > 0 {
				t.Errorf("POST %s with %s: %s", path, header, resp.Status)
			}
		}
	}
	o := newOperator(t, server.URL)
	if resp, _ := o.post("/channels", strings.Repeat("x", 1<<20)); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a huge form: %s", resp.Status)
	}
}

func TestOperatorPageIsOffWithoutToken(t *testing.T) {
	server := start(t, library(), func(o *web.Options) {
		o.Operator.Status = func(context.Context) (bot.StatusReport, error) {
			return bot.StatusReport{}, errors.New("asked without a token")
		}
	})
	o := newOperator(t, server.URL)
	if resp, page := o.get(); resp.StatusCode != http.StatusNotFound || strings.Contains(page, "password") {
		t.Errorf("GET: %s", resp.Status)
	}
	if resp, _ := o.post("/channels", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("POST: %s", resp.Status)
	}
	if _, page := get(t, server.URL+"/"); strings.Contains(page, "/channels") {
		t.Error("pages link to a page that is off")
	}
}

func TestOperatorPageWhileTheDatabaseStalls(t *testing.T) {
	server := operated(t, func() time.Time { return now }, func(o *web.Options) {
		o.Operator.Status = func(ctx context.Context) (bot.StatusReport, error) {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the look at the database has no bound")
			}
			return bot.StatusReport{}, context.DeadlineExceeded
		}
	})
	o := newOperator(t, server.URL)
	if resp, page := o.post("/channels", apiToken); resp.StatusCode != http.StatusInternalServerError || !strings.Contains(page, "こちらの不具合です") {
		t.Errorf("%s\n%s", resp.Status, page)
	}
}
