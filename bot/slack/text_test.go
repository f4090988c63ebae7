package slack

import (
	"strings"
	"testing"
)

func TestSafeLink(t *testing.T) {
	for raw, want := range map[string]string{
		"https://example.com/a?b=c&d=e#f":    "https://example.com/a?b=c&d=e#f",
		" http://example.com ":               "http://example.com",
		"https://example.com/日本語":            "https://example.com/%E6%97%A5%E6%9C%AC%E8%AA%9E",
		"https://例え.jp/":                     "https://xn--r8jz45g.jp/",
		"https://аррӏе.com/":                 "https://xn--80ak6aa92e.com/",
		"https://user:pass@example.com:8443": "https://example.com:8443",
		"https://a.example@b.example/":       "https://b.example/",
		"https://example.com/<x>|y?q=<z>|\"": "https://example.com/%3Cx%3E%7Cy?q=%3Cz%3E%7C%22",
		"https://[::1]:8080/":                "https://[::1]:8080/",
		"https://under_score.example/":       "https://under_score.example/",
		"javascript:alert(1)":                "", "data:text/html,x": "", "mailto:a@example.com": "", "slack://open": "",
		"//example.com": "", "example.com": "", "https://": "", "https:///x": "", "": "", "%zz": "",
		"https://exa mple.com": "", "https://example.com/\n": "https://example.com/", "https://example.com/\x00": "",
		"https://example.com/" + strings.Repeat("a", 2000): "",
		"https://example.com/?" + strings.Repeat("&", 500): "",
	} {
		if got := safeLink(raw); got != want {
			t.Errorf("%.60q is %.60q, want %.60q", raw, got, want)
		}
	}
}

// A link that was written anew cannot end its mrkdwn early.
func FuzzMrkdwnLink(f *testing.F) {
	f.Add("https://example.com/|<!here>", "label>|<!channel>")
	f.Add("https://example.com/\\", "`<@U1>`")
	f.Fuzz(func(t *testing.T, raw, label string) {
		link := safeLink(raw)
		if link == "" {
			return
		}
		got, ok := mrkdwnLink(link, label)
		if !ok {
			return
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(got, "<"), ">")
		target, _, _ := strings.Cut(inner, "|")
		if len(inner) != len(got)-2 || strings.ContainsAny(inner, "<>\n") || !strings.HasPrefix(target, "http") {
			t.Errorf("%q labelled %q is %q", raw, label, got)
		}
		if again := safeLink(link); again != link {
			t.Errorf("%q is written as %q, then as %q", raw, link, again)
		}
	})
}

func TestShorten(t *testing.T) {
	for _, tc := range []struct {
		in   string
		max  int
		want string
	}{
		{"短い", 5, "短い"}, {"あいうえお", 5, "あいうえお"}, {"あいうえおか", 5, "あいうえ…"},
		{"👨‍👩‍👧👨‍👩‍👧", 10, "👨‍👩‍👧…"}, {"👨‍👩‍👧👨‍👩‍👧", 5, "…"},
	} {
		if got := shorten(tc.in, tc.max); got != tc.want || units(got) > tc.max {
			t.Errorf("%q within %d is %q", tc.in, tc.max, got)
		}
	}
}

func TestTrusts(t *testing.T) {
	own, err := New(Options{BotToken: "xoxb-1"})
	if err != nil {
		t.Fatal(err)
	}
	standIn, err := New(Options{BotToken: "xoxb-1", APIURL: "http://127.0.0.1:9000/api"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		url          string
		own, standIn bool
	}{
		{"https://hooks.slack.com/commands/T1/2/x", true, true},
		{"https://hooks.slack.com@evil.example/", false, true},
		{"https://hooks.slack.com.evil.example/", false, true},
		{"http://hooks.slack.com/x", false, true},
		{"http://169.254.169.254/", false, true},
		{"file:///etc/passwd", false, false},
		{"", false, false},
	} {
		if own.trusts(tc.url) != tc.own || standIn.trusts(tc.url) != tc.standIn {
			t.Errorf("%q: %v, %v", tc.url, own.trusts(tc.url), standIn.trusts(tc.url))
		}
	}
}

func TestTapReadsTheReason(t *testing.T) {
	for frames, want := range map[string]string{
		`{"type":"hello"}`: "",
		`{"type":"disconnect","reason":"link_disabled","debug_info":{}}`:     "link_disabled",
		`{"reason": "warning", "type": "disconnect"}`:                        "warning",
		`{"type":"disconnect"}`:                                              "unknown",
		`{"text":"{\"type\":\"disconnect\",\"reason\":\"link_disabled\"}"}`:  "",
		strings.Repeat("x", 5000) + `{"type":"disconnect","reason":"later"}`: "later",
	} {
		tap := &tap{tail: []byte(frames)}
		if got := tap.disconnectReason(); got != want {
			t.Errorf("%.80q ended for %q, want %q", frames, got, want)
		}
	}
}
