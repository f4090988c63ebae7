package bot

import (
	"strings"
	"testing"
)

func TestSafeURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://example.com":                           "https://example.com",
		"https://example.com/a?b=c&d=e#f":               "https://example.com/a?b=c&d=e#f",
		" http://example.com ":                          "http://example.com",
		"HTTPS://example.com/":                          "https://example.com/",
		"https://example.com/日本?q=日本#日本":                "https://example.com/%E6%97%A5%E6%9C%AC?q=%E6%97%A5%E6%9C%AC#%E6%97%A5%E6%9C%AC",
		"https://日本語.jp/":                               "https://xn--wgv71a119e.jp/",
		"https://аррӏе.com/":                            "https://xn--80ak6aa92e.com/",
		"https://ｅｘａｍｐｌｅ．ｃｏｍ/":                          "https://example.com/",
		"https://user:pass@example.com:8443":            "https://example.com:8443",
		"https://a.example@b.example/":                  "https://b.example/",
		"https://example.com/<x>|y?q=<z>|\"`":           "https://example.com/%3Cx%3E%7Cy?q=%3Cz%3E%7C%22%60",
		"https://example.com/?q=\u202Efdp.exe":          "https://example.com/?q=%E2%80%AEfdp.exe",
		"https://example.com/?q=%zz&r=%4":               "https://example.com/?q=%25zz&r=%254",
		"https://example.com/?q=\xff":                   "https://example.com/?q=%FF",
		"https://example.com/a\\b":                      "https://example.com/a%5Cb",
		"http://[::1]:8080/":                            "http://[::1]:8080/",
		"https://under_score.example/":                  "https://under_score.example/",
		"https://example.com/\n":                        "https://example.com/",
		"https://example.com/\x00":                      "",
		"https://exa mple.com":                          "",
		"https://good.example\\@evil.example/":          "",
		"https://evil.example\\.good.example/":          "",
		"https://a\u202Eb.example/":                     "",
		"java\nscript:alert(1)":                         "",
		"javascript:alert(1)":                           "",
		"data:text/html,x":                              "",
		"mailto:a@example.com":                          "",
		"slack://open":                                  "",
		"https:example.com":                             "",
		"//example.com":                                 "",
		"example.com":                                   "",
		"https://":                                      "",
		"https:///x":                                    "",
		"":                                              "",
		"%zz":                                           "",
		"http://\"":                                     "",
		"https://xn--a.example/":                        "https://xn--a.example/",
		"https://EXAMPLE.com/A":                         "https://example.com/A",
		"https://example.com/" + strings.Repeat("a", 9): "https://example.com/aaaaaaaaa",
	} {
		if got := SafeURL(raw); got != want {
			t.Errorf("%.60q is %.80q, want %.80q", raw, got, want)
		}
	}
}

// FuzzSafeURL: whatever is let through is one http address in printable
// ASCII without anything that ends a link, and is let through unchanged.
func FuzzSafeURL(f *testing.F) {
	for _, s := range []string{"https://example.com/a(b)", "http://a@b/", "javascript:x", "https://日本.jp/%zz?%\u202E#\xff", "https://[::1%25eth0]/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := SafeURL(s)
		if got == "" {
			return
		}
		odd := strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7F })
		if odd || !strings.HasPrefix(got, "http://") && !strings.HasPrefix(got, "https://") || strings.ContainsAny(got, "<>\"\\`|^{}") {
			t.Errorf("%q became %q", s, got)
		}
		if again := SafeURL(got); again != got {
			t.Errorf("%q became %q, then %q", s, got, again)
		}
		if authority, _, _ := strings.Cut(strings.SplitN(got, "//", 2)[1], "/"); strings.Contains(strings.SplitN(strings.SplitN(authority, "?", 2)[0], "#", 2)[0], "@") {
			t.Errorf("%q became %q, with a user", s, got)
		}
	})
}

func TestHonest(t *testing.T) {
	const link = "https://www.news.example.jp/a"
	for label, want := range map[string]bool{
		"記事":                            true,
		"https://news.example.jp/a":     true,
		"https://www.news.example.jp/a": true,
		"news.example.jp":               true,
		"NEWS.example.jp/x":             true,
		"ｎｅｗｓ．ｅｘａｍｐｌｅ．ｊｐ": false,
		"bank.example":                           false,
		"https://bank.example/login?x=1":         false,
		"Node.js 22 の脆弱性":                        true,
		"銀行.example":                             false,
		"bаnk.example":                           false,
		"bank。example":                           false,
		"ｂａｎｋ．ｅｘａｍｐｌｅ":                           false,
		"version 1.2":                            true,
		"発表。続報":                                  true,
		"https://news.example.jp.evil.com":       false,
		"https://news.example.jp@evil.example":   false,
		"news.example.jp@evil.example":           false,
		"ログインは https://bank.example から":          false,
		"news.example.jp と https://bank.example": false,
		"https:\\\\bank.example":                 false,
		"slack://open":                           false,
		"bank.example.":                          false,
		"「bank.example」":                         false,
		"**bank.example/login**":                 false,
		"//bank.example":                         false,
		"https:bank.example":                     false,
		"Cisco：Unified CM の通知":                   true,
		"ASP.NET の穴":                             true,
	} {
		if got := Honest(label, link); got != want {
			t.Errorf("%q is honest: %v, want %v", label, got, want)
		}
	}
}
