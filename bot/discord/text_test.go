package discord

import (
	"regexp"
	"strings"
	"testing"

	"cyberbrief/bot"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ふつうの文。CVE-2025-1234 (1.5) 10~20 a|b user@example.com 8:30:15", `ふつうの文。CVE-2025-1234 (1.5) 10~20 a|b user@example.com 8\:30:15`},
		{"**太字** __下線__ _斜体_ ~~消す~~ ||伏せ字|| `code`", `\*\*太字\*\* \_\_下線\_\_ \_斜体\_ \~\~消す\~\~ \|\|伏せ字\|\| ` + "\\`code\\`"},
		{"# 見出し\n## 見出し\n-# 注\n- 項目\n+ 項目\n  - 項目\n1. 一\n12) 十二\n> 引用", "\\# 見出し\n\\## 見出し\n\\-# 注\n\\- 項目\n\\+ 項目\n  \\- 項目\n1\\. 一\n12\\) 十二\n\\> 引用"},
		{"文中の # - + > 1. は印ではない", "文中の # - + > 1. は印ではない"},
		{"@everyone @here @Everyone @hana", `\@everyone \@here \@Everyone @hana`},
		{"<@1> <@&2> <#3> <t:4:R> <:e:5> <a:e:6> </c:7> <https://e.example>", `\<@1> \<@&2> \<#3> \<t\:4:R> \<\:e:5> \<a\:e:6> \</c:7> \<https\://e.example>`},
		{"[文字](https://evil.example)", `\[文字\](https\://evil.example)`},
		{"discord://x steam://y http://z", `discord\://x steam\://y http\://z`},
		{":smile: :+1: 時刻 08:30", `\:smile: \:+1: 時刻 08:30`},
		{`back\slash\*`, `back\\slash\\\*`},
	} {
		if got := string(escape(c.in, lineStart)); got != c.want {
			t.Errorf("escape %q:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestInlineSpans(t *testing.T) {
	for _, c := range []struct {
		name  string
		spans []bot.Span
		want  string
	}{
		{"neighbours are one", []bot.Span{{Text: "1"}, {Text: ". x"}}, `1\. x`},
		{"middle of a line", []bot.Span{{Text: "番号", Strong: true}, {Text: "- 1. x"}}, "**番号**- 1. x"},
		{"marks in bold", []bot.Span{{Text: "a*b", Strong: true}}, `**a\*b**`},
		{"code", []bot.Span{{Text: "a*b", Code: true}}, "`a*b`"},
		{"code with a backtick", []bot.Span{{Text: "a`b", Code: true}}, "a\\`b"},
		{"link", []bot.Span{{Text: "題名", URL: "https://example.com/a?b=c&d=e"}}, "[題名](https://example.com/a?b=c&d=e)"},
		{"bold link", []bot.Span{{Text: "題名", URL: "https://example.com", Strong: true}}, "**[題名](https://example.com)**"},
		{"brackets in a label", []bot.Span{{Text: "[更新] 題名", URL: "https://example.com/"}}, "[［更新］ 題名](https://example.com/)"},
		{"the label is the address", []bot.Span{{Text: "https://example.com/a", URL: "https://example.com/a"}}, "<https://example.com/a>"},
		{"no label", []bot.Span{{URL: "https://example.com/a"}}, "<https://example.com/a>"},
		{"the label is another address", []bot.Span{{Text: "https://bank.example", URL: "https://evil.example/"}}, `https\://bank.example ([evil.example](https://evil.example/))`},
		{"the label is another host", []bot.Span{{Text: "bank.example", URL: "https://evil.example/"}}, "bank.example ([evil.example](https://evil.example/))"},
		{"javascript", []bot.Span{{Text: "x", URL: "javascript:alert(1)"}}, "x (javascript:alert(1))"},
		{"link ending early", []bot.Span{{Text: "x", URL: "https://example.com/)](https://evil.example"}}, "[x](https://example.com/%29]%28https://evil.example)"},
		{"user info", []bot.Span{{Text: "x", URL: "https://bank.example@evil.example/"}}, "[x](https://evil.example/)"},
		{"look-alike host", []bot.Span{{Text: "x", URL: "https://аpple.example/"}}, "[x](https://xn--pple-43d.example/)"},
		{"role", []bot.Span{{Text: "@soc", Mention: "123"}}, "<@&123>"},
		{"no role", []bot.Span{{Text: "@soc", Mention: "123> @everyone"}}, "@soc"},
		{"hidden characters", []bot.Span{{Text: "a\u202Eb\u200Bc"}}, "abc"},
	} {
		if got := string(inline(prepare(c.spans), lineStart)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestSafeURL(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"https://example.com", "https://example.com"},
		{" https://example.com/日本?q=日本 ", "https://example.com/%E6%97%A5%E6%9C%AC?q=%E6%97%A5%E6%9C%AC"},
		{"https://日本語.jp/", "https://xn--wgv71a119e.jp/"},
		{"http://[::1]:8080/a", "http://[::1]:8080/a"},
		{"https://example.com/a*b~c`d|e", "https://example.com/a%2Ab%7Ec%60d%7Ce"},
		{"ftp://example.com", ""},
		{"data:text/html,x", ""},
		{"//example.com", ""},
		{"https://", ""},
		{"https://exa mple.com", ""},
		{"http://\"", ""},
		{"http://a_b.example:8080/", "http://a_b.example:8080/"},
		{"https://example.com/" + strings.Repeat("a", 2000), ""},
	} {
		got, ok := safeURL(c.in)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%.60q: got %.80q, %v, want %q", c.in, got, ok, c.want)
		}
	}
}

func TestCutTo(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"短い", 5, "短い"},
		{"ちょうど五字", 6, "ちょうど五字"},
		{"長すぎるので切る", 5, "長すぎる…"},
		{"👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 13, "👨‍👩‍👧‍👦…"},
	} {
		if got := cutTo(c.in, c.n); got != c.want {
			t.Errorf("cut %q to %d: got %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

// live finds what Discord would act on in a text from outside: mark-up whose
// first character no backslash stands before.
var live = regexp.MustCompile("(?i)<[@#:t/ai]|@everyone|@here|[*_`\\[\\]]|~~|\\|\\||\\w://|(?m:^[ \t]*(?:#{1,3} |>|[-+] |\\d+[.)] ))")

// FuzzEscape: escaped text reads as the text did, and nothing in it is live.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"a*b", "@everyone", "<@&1>", "1. x\n- y", "[a](https://b)", `\\`, ":+1:", "||a||~~", "```\nx"} {
		f.Add(s)
	}
	unescape := regexp.MustCompile(`\\([^0-9A-Za-z\s])`)
	f.Fuzz(func(t *testing.T, s string) {
		s = bot.Clean(s)
		out := string(escape(s, lineStart))
		if back := unescape.ReplaceAllString(out, "$1"); back != s {
			t.Errorf("%q became %q, which reads %q", s, out, back)
		}
		// An escaped character stands for itself: a letter does as well.
		if m := live.FindString(unescape.ReplaceAllString(out, "x")); m != "" {
			t.Errorf("%q is live in %q", m, out)
		}
	})
}

// FuzzSafeURL: whatever is let through is one http address without anything
// that ends a link.
func FuzzSafeURL(f *testing.F) {
	for _, s := range []string{"https://example.com/a(b)", "http://a@b/", "javascript:x", "https://日本.jp/%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := safeURL(s)
		if !ok {
			return
		}
		if !strings.HasPrefix(got, "http://") && !strings.HasPrefix(got, "https://") || strings.ContainsAny(got, "()<>\"\\ \n\t`|") {
			t.Errorf("%q became %q", s, got)
		}
		if again, ok := safeURL(got); !ok || again != got {
			t.Errorf("%q became %q, then %q", s, got, again)
		}
	})
}
