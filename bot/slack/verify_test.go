package slack

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

const testSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// Slack's own example of a signature.
// https://docs.slack.dev/authentication/verifying-requests-from-slack/
const (
	exampleBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F" +
		"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	exampleStamp     = "1531420618"
	exampleSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
)

func exampleTime() time.Time { return time.Unix(1531420618, 0) }

func signedHeader(stamp, signature string) http.Header {
	h := http.Header{}
	h.Set(timestampHeader, stamp)
	h.Set(signatureHeader, signature)
	return h
}

func signature(secret, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

func TestVerify(t *testing.T) {
	now := exampleTime()
	stampAt := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	at := func(d time.Duration) http.Header {
		return signedHeader(stampAt(d), signature(testSecret, stampAt(d), exampleBody))
	}
	twice := at(0)
	twice.Add(signatureHeader, "v0=00")
	for _, tc := range []struct {
		name   string
		secret string
		header http.Header
		body   string
		ok     bool
	}{
		{"Slack's example", testSecret, signedHeader(exampleStamp, exampleSignature), exampleBody, true},
		{"five minutes old", testSecret, at(-5 * time.Minute), exampleBody, true},
		{"five minutes ahead", testSecret, at(5 * time.Minute), exampleBody, true},
		{"older", testSecret, at(-5*time.Minute - time.Second), exampleBody, false},
		{"further ahead", testSecret, at(5*time.Minute + time.Second), exampleBody, false},
		{"another secret", "another", at(0), exampleBody, false},
		{"no secret", "", signedHeader(exampleStamp, signature("", exampleStamp, exampleBody)), exampleBody, false},
		{"another body", testSecret, at(0), exampleBody + "&x", false},
		{"another time", testSecret, signedHeader(stampAt(time.Second), exampleSignature), exampleBody, false},
		{"no headers", testSecret, http.Header{}, exampleBody, false},
		{"two signatures", testSecret, twice, exampleBody, false},
		{"no version", testSecret, signedHeader(exampleStamp, strings.TrimPrefix(exampleSignature, "v0=")), exampleBody, false},
		{"version of tomorrow", testSecret, signedHeader(exampleStamp, "v1="+strings.TrimPrefix(exampleSignature, "v0=")), exampleBody, false},
		{"half a signature", testSecret, signedHeader(exampleStamp, exampleSignature[:35]), exampleBody, false},
		{"no hex", testSecret, signedHeader(exampleStamp, "v0=zz"), exampleBody, false},
		{"signed plus", testSecret, signedHeader("+"+exampleStamp, signature(testSecret, "+"+exampleStamp, exampleBody)), exampleBody, false},
		{"signed minus", testSecret, signedHeader("-1", signature(testSecret, "-1", exampleBody)), exampleBody, false},
		{"endless time", testSecret, signedHeader(strings.Repeat("9", 30), exampleSignature), exampleBody, false},
		{"time in words", testSecret, signedHeader("now", exampleSignature), exampleBody, false},
	} {
		if err := verify(tc.secret, tc.header, []byte(tc.body), now); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		} else if err != nil && strings.Contains(err.Error(), exampleSignature[3:10]) {
			t.Errorf("%s: the error tells the signature: %v", tc.name, err)
		}
	}
}

// No request that was not made with the secret is let through.
func FuzzVerify(f *testing.F) {
	f.Add(exampleStamp, exampleSignature, exampleBody)
	f.Add("", "v0=", "")
	f.Fuzz(func(t *testing.T, stamp, sig, body string) {
		err := verify(testSecret, signedHeader(stamp, sig), []byte(body), exampleTime())
		if genuine := strings.EqualFold(sig, signature(testSecret, stamp, body)); err == nil && !genuine {
			t.Errorf("let through: %q %q %q", stamp, sig, body)
		}
	})
}

// A signed handler says 401 and nothing else to whatever is not Slack's.
func TestSignedHandlerIsNoOracle(t *testing.T) {
	now := exampleTime()
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: testSecret, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, body string, h http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "/slack/commands", strings.NewReader(body))
		r.Header = h
		w := httptest.NewRecorder()
		s.Commands().ServeHTTP(w, r)
		return w
	}
	long := strings.Repeat("a", maxRequestBody+1)
	for name, w := range map[string]*httptest.ResponseRecorder{
		"forged":   send(http.MethodPost, exampleBody, signedHeader(exampleStamp, "v0="+strings.Repeat("0", 64))),
		"unsigned": send(http.MethodPost, exampleBody, http.Header{}),
		"stale":    send(http.MethodPost, exampleBody, signedHeader("1", signature(testSecret, "1", exampleBody))),
		"too long": send(http.MethodPost, long, signedHeader(exampleStamp, signature(testSecret, exampleStamp, long))),
	} {
		if w.Code != http.StatusUnauthorized || w.Body.Len() != 0 {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
	}
	if w := send(http.MethodGet, "", http.Header{}); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	if n := len(s.intake.queue); n != 0 {
		t.Errorf("%d requests were taken in", n)
	}
}

func TestSignedRequestCountsOnce(t *testing.T) {
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: testSecret, Clock: exampleTime})
	if err != nil {
		t.Fatal(err)
	}
	handler := s.Commands()
	for i, want := range []struct {
		signature string
		status    int
	}{
		{exampleSignature, http.StatusOK},
		{exampleSignature, http.StatusUnauthorized},
		{"v0=" + strings.ToUpper(exampleSignature[3:]), http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(http.MethodPost, "/slack/commands", strings.NewReader(exampleBody))
		r.Header = signedHeader(exampleStamp, want.signature)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want.status {
			t.Errorf("delivery %d: %d, want %d", i, w.Code, want.status)
		}
	}
	if n := len(s.intake.queue); n != 1 {
		t.Errorf("%d requests were taken in", n)
	}
}

func TestEventsAddressIsProven(t *testing.T) {
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: testSecret, Clock: exampleTime})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{"type":"url_verification","challenge":"3eZbrw1a"}`:    `{"challenge":"3eZbrw1a"}`,
		`{"type":"event_callback","event":{"type":"app_home"}}`: ``,
		`not json`: ``,
	} {
		r := httptest.NewRequest(http.MethodPost, "/slack/events", strings.NewReader(body))
		r.Header = signedHeader(exampleStamp, signature(testSecret, exampleStamp, body))
		w := httptest.NewRecorder()
		s.Events().ServeHTTP(w, r)
		if got := string(bytes.TrimSpace(w.Body.Bytes())); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %q, want %q", body, w.Code, got, want)
		}
	}
}

// Whatever a signed body holds, the handlers do not fall over it.
func FuzzSignedBodies(f *testing.F) {
	f.Add(exampleBody)
	f.Add(`payload={"type":"block_actions","actions":[{"action_id":"cb:term:0"}]}`)
	f.Add("payload=%7B%22actions%22%3Anull%7D")
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: testSecret, Clock: exampleTime})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, handler := range []http.Handler{s.Commands(), s.Interactions(), s.Events()} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
			r.Header = signedHeader(exampleStamp, signature(testSecret, exampleStamp, body))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK && len(body) <= maxRequestBody {
				t.Errorf("%q: %d", body, w.Code)
			}
		}
		for len(s.intake.queue) > 0 {
			<-s.intake.queue
		}
	})
}
