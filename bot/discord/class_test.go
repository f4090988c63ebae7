package discord

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"cyberbrief/bot"
)

// TestClassOf is the whole of what the table promises, status by status and
// code by code.
func TestClassOf(t *testing.T) {
	for _, c := range []struct {
		want     bot.Class
		statuses []int // without a code
		codes    []int // with the status 400
	}{
		{bot.Fatal, []int{401}, []int{10002, 20001, 20002, 20012, 40001, 40002, 50010, 50014, 50025, 50026, 50041, 50067}},
		{bot.Limited, []int{429}, []int{20016, 20022, 20028, 20029, 30046, 40003, 40062, 40333}},
		{bot.Doubtful, []int{500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 599}, nil},
		{bot.Transient, []int{301, 302, 303, 307, 308, 408}, []int{40004, 40006, 110000, 110001, 130000, 160006, 160007}},
		{bot.Payload, []int{400, 413}, []int{30015, 20009, 40005, 50006, 50028, 50035, 50068, 50080, 50081, 50109, 50146, 200000, 200001, 240000}},
		{bot.ChannelGone, []int{403}, []int{10003, 40058, 40067, 50001, 50003, 50008, 50009, 50013, 50024, 50083, 160002, 160005}},
		{bot.InstallationGone, nil, []int{10004, 40007, 50055, 50095}},
		{bot.MessageGone, nil, []int{10008, 10015, 10062, 40060, 40094, 50005, 50021, 50027}},
		{bot.Unknown, []int{402, 404, 405, 409, 410, 418, 422, 451}, []int{30001, 160004, 999999}},
	} {
		for _, status := range c.statuses {
			if got := classOf(status, 0); got != c.want {
				t.Errorf("status %d: %v, want %v", status, got, c.want)
			}
		}
		for _, code := range c.codes {
			if got := classOf(400, code); got != c.want {
				t.Errorf("code %d: %v, want %v", code, got, c.want)
			}
		}
	}
}

// TestStatusOutweighsCode: what a proxy or a limit says holds whatever code
// comes with it.
func TestStatusOutweighsCode(t *testing.T) {
	for status, want := range map[int]bot.Class{401: bot.Fatal, 429: bot.Limited, 500: bot.Doubtful, 503: bot.Doubtful} {
		if got := classOf(status, 50035); got != want {
			t.Errorf("status %d with a code: %v, want %v", status, got, want)
		}
	}
}

// TestEveryDocumentedCode: nothing is in the table that the documentation does
// not list, so a slip of a digit shows.
func TestEveryDocumentedCode(t *testing.T) {
	b, err := os.ReadFile("../../../shared/specs/discord-codes.json")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("specs/discord-codes.json is not beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Tables map[string][]struct{ Code int }
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	documented := map[int]bool{}
	for _, row := range doc.Tables["JSON Error Codes"] {
		documented[row.Code] = true
	}
	if len(documented) < 200 {
		t.Fatalf("only %d codes are documented", len(documented))
	}
	for code := range 600_000 {
		if classOfCode(code) != bot.Unknown && !documented[code] {
			t.Errorf("code %d is classed, but not documented", code)
		}
	}
}

func TestFatalCloseCodes(t *testing.T) {
	for code := range 5000 {
		fatal := code == 4004 || code >= 4010 && code <= 4014
		if got := fatalClose(closed(code)) != ""; got != fatal {
			t.Errorf("close code %d: fatal %v, want %v", code, got, fatal)
		}
	}
}

func TestRefusal(t *testing.T) {
	now := time.Date(2025, 7, 2, 8, 30, 0, 0, time.UTC)
	const html = "<html>error code: 1015</html>"
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   bot.OutcomeError
	}{
		{"rate limit in the body", 429, nil, `{"message":"You are being rate limited.","retry_after":1.337,"global":false}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: 1337 * time.Millisecond}},
		{"body before header", 429, map[string]string{"Retry-After": "65"}, `{"retry_after":64.57}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: 64570 * time.Millisecond}},
		{"header alone", 429, map[string]string{"Retry-After": "3"}, `{}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: 3 * time.Second}},
		{"a date", 429, map[string]string{"Retry-After": "Wed, 02 Jul 2025 08:31:00 GMT"}, `{}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: time.Minute}},
		{"not said", 429, nil, `{}`, bot.OutcomeError{Class: bot.Limited, Code: "http 429"}},
		{"in the past", 429, nil, `{"retry_after":-5}`, bot.OutcomeError{Class: bot.Limited, Code: "http 429"}},
		{"global in the body", 429, nil, `{"retry_after":2,"global":true}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: 2 * time.Second, Global: true}},
		{"global in the header", 429, map[string]string{"X-RateLimit-Global": "true", "Retry-After": "2"}, `{}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: 2 * time.Second, Global: true}},
		{"shared", 429, map[string]string{"X-RateLimit-Scope": "shared", "Retry-After": "2"}, `{"code":0}`,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: 2 * time.Second}},
		{"a ban by Cloudflare", 429, map[string]string{"Retry-After": "5"}, html,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: cloudflareWait, Global: true}},
		{"a long ban by Cloudflare", 429, map[string]string{"Retry-After": "3600"}, html,
			bot.OutcomeError{Class: bot.Limited, Code: "http 429", RetryAfter: time.Hour, Global: true}},
		{"blocked by Cloudflare", 403, nil, html, bot.OutcomeError{Class: bot.Limited, Code: "http 403", RetryAfter: cloudflareWait, Global: true}},
		{"blocked by Cloudflare in Discord's words", 403, nil, `{"code":40333,"message":"internal network error"}`,
			bot.OutcomeError{Class: bot.Limited, Code: "40333", RetryAfter: cloudflareWait, Global: true}},
		{"no gateway", 502, nil, html, bot.OutcomeError{Class: bot.Doubtful, Code: "http 502"}},
		{"a permission", 403, nil, `{"code":50013,"message":"Missing Permissions"}`, bot.OutcomeError{Class: bot.ChannelGone, Code: "50013"}},
		{"a form", 400, nil, `{"code":50035,"message":"Invalid Form Body","errors":{"embeds":{"0":{}}}}`, bot.OutcomeError{Class: bot.Payload, Code: "50035"}},
		{"half an answer", 400, nil, `{"code":50`, bot.OutcomeError{Class: bot.Payload, Code: "http 400"}},
		{"null", 403, nil, `null`, bot.OutcomeError{Class: bot.Limited, Code: "http 403", RetryAfter: cloudflareWait, Global: true}},
		{"empty", 404, nil, ``, bot.OutcomeError{Class: bot.Unknown, Code: "http 404"}},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		got := *refusal(c.status, h, []byte(c.body), now)
		if got.Err == nil {
			t.Errorf("%s: no explanation", c.name)
		}
		if got.Err = nil; got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// FuzzRefusal: any answer that is no success has a class and an explanation.
func FuzzRefusal(f *testing.F) {
	f.Add(429, "1.5", `{"retry_after":1e300}`)
	f.Add(403, "", "<html>")
	f.Fuzz(func(t *testing.T, status int, after, body string) {
		oe := refusal(status, http.Header{"Retry-After": {after}}, []byte(body), time.Unix(0, 0))
		if oe.Code == "" || oe.Err == nil || oe.RetryAfter < 0 || oe.RetryAfter > 24*time.Hour {
			t.Errorf("%+v", oe)
		}
		_ = oe.Error()
	})
}
