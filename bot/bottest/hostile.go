package bottest

import "strings"

// Payload is text from outside that would notify somebody, forge a link, run
// as mark-up or hide something if a platform took it for anything but text.
type Payload struct{ Kind, Text string }

// Hostile are the payloads that every place where people read the bot is
// tried with. Each stands as it is; Disguised gives them in further dresses.
func Hostile() []Payload {
	var all []Payload
	for _, group := range hostile {
		for _, text := range group.texts {
			all = append(all, Payload{group.kind, text})
		}
	}
	return all
}

// HostileTexts are the texts of the payloads.
func HostileTexts() []string {
	var all []string
	for _, p := range Hostile() {
		all = append(all, p.Text)
	}
	return all
}

// Disguised are the payloads that notify or link, in full-width letters, with
// characters of no width in them, and between marks.
func Disguised() []Payload {
	var all []Payload
	for _, p := range Hostile() {
		if p.Kind != mentions && p.Kind != links {
			continue
		}
		runes := []rune(p.Text)
		half := len(runes) / 2
		first, rest := string(runes[:half]), string(runes[half:])
		for _, text := range []string{
			fullWidth(p.Text),
			strings.Join(strings.Split(p.Text, ""), "\u200B"),
			first + "\u2060" + rest,
			first + "\u202E" + rest + "\u202C",
			"**" + p.Text + "**", "`" + p.Text, "\\" + p.Text, "(" + p.Text + ")", "「" + p.Text + "」", "> " + p.Text, "\n" + p.Text + "\n",
		} {
			all = append(all, Payload{p.Kind + ", disguised", text})
		}
	}
	return all
}

// fullWidth writes ASCII in its full-width forms.
func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7F {
			return r - '!' + '！'
		}
		return r
	}, s)
}

// The kinds of payloads.
const (
	mentions = "mention"
	links    = "link"
)

var hostile = []struct {
	kind  string
	texts []string
}{
	{mentions, []string{
		"<!channel>", "<!here>", "<!everyone>", "<!channel|channel>", "<!here|here>", "<!everyone|all>", "<!group>",
		"<!subteam^S012ABCDE>", "<!subteam^S012ABCDE|@ops>", "<!subteam^S0>", "<@U012ABCDEF>", "<@U012ABCDEF|hana>", "<@W012ABCDEF>",
		"<#C012ABCDEF>", "<#C012ABCDEF|general>", "<!date^1392734382^{date}|今日>", "<!date^1392734382^{date}^https://evil.example/|今日>",
		"@channel", "@here", "@everyone", "@Everyone", "@EVERYONE", "@everyone.", "x@everyone", "@everyone@here", "@@everyone",
		"<@&165511591545143296>", "<@165511591545143296>", "<@!165511591545143296>", "<#165511591545143296>", "<@&0>",
		"</cmd:1>", "</term:165511591545143296>", "</briefing-admin retract:165511591545143296>",
		"<t:1618953630>", "<t:1618953630:R>", "<t:-1:F>", "<id:customize>", "<id:browse>", "<id:guide>", "<id:linked-roles>", "<id:home>",
		"<:smile:165511591545143296>", "<a:dance:165511591545143296>", ":smile:", ":+1:", ":skin-tone-2:", ":tada::tada:", ":flag-jp:", ":8ball:",
		"<!channel", "!channel>", "<<!channel>>", "<!channel><!here>", "&lt;!channel&gt;", "&#60;!channel&#62;", "<!\u200Bchannel>", "<\u200B!here>",
		"@\u200Beveryone", "@every\u200Bone", "@\u2060here", "@everyone\u200B", "＠everyone", "＠ｅｖｅｒｙｏｎｅ", "＜!channel＞", "<！channel>", "〈!here〉",
		"<@\u200B&165511591545143296>", "<@&\u00AD165511591545143296>", "<\n!channel>", "<!channel\n>", "<@&165511591545143296\n>",
		"<sip:a@example.com>", "<tel:110>", "<mailto:a@example.com|@here>", "@role name", "@U012ABCDEF", "#general", "<##general>",
		"[@everyone](https://evil.example)", "`@everyone`", "**@everyone**", "||@everyone||", "> @everyone", "# @everyone", "- @here",
	}},
	{links, []string{
		"https://evil.example", "http://evil.example/", "HTTPS://EVIL.EXAMPLE", "hTtP://evil.example/login", "https://evil.example/?a=1&b=<x>", "www.evil.example",
		"evil.example", "evil.example/login", "evil.example:8080", "//evil.example", "///evil.example", "https:/evil.example", "https:\\\\evil.example", "https:evil.example",
		"<https://evil.example>", "<https://evil.example|bank.example>", "<https://evil.example|https://bank.example>", "<http://evil.example|>", "<https://evil.example|a|b>",
		"[bank](https://evil.example)", "[https://bank.example](https://evil.example)", "[bank.example](https://evil.example)", "[bank](<https://evil.example>)",
		"[bank](https://evil.example \"title\")", "[bank](https://evil.example 'title')", "[bank]( https://evil.example )", "[bank](\nhttps://evil.example)", "[bank]\n(https://evil.example)",
		"[a [b](https://evil.example) c](https://evil.example)", "[[bank]](https://evil.example)", "[bank](https://evil.example/(a)(b))", "[bank\\](https://evil.example)", "[bank](https://evil.example\\)", "\\[bank](https://evil.example)", "\\\\[bank](https://evil.example)",
		"![x](https://evil.example/x.png)", "[![x](https://evil.example/x.png)](https://evil.example)", "[bank]: https://evil.example", "[bank][1]\n\n[1]: https://evil.example",
		"](https://evil.example)", "x](https://evil.example) [y", "x>](https://evil.example)", "x|y>(https://evil.example)", ")](https://evil.example", "](<https://evil.example>)[",
		"javascript:alert(1)", "JavaScript:alert(1)", "jAvAsCrIpT:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)", "java\rscript:alert(1)", "java\x00script:alert(1)", "javascript\u200B:alert(1)", "javascript&colon;alert(1)", "javascript&#58;alert(1)", "javascript://evil.example/%0Aalert(1)",
		"[x](javascript:alert(1))", "<javascript:alert(1)|x>", "[x](java\tscript:alert(1))", "vbscript:msgbox(1)", "[x](vbscript:msgbox(1))",
		"data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "[x](data:text/html,x)", "blob:https://evil.example/1", "file:///etc/passwd", "[x](file:///etc/passwd)", "about:blank", "view-source:https://evil.example",
		"slack://open?team=T1", "<slack://channel?id=C1|ops>", "discord://-/channels/1/2", "discord:///settings", "[x](discord://x)", "steam://run/1", "tel:110", "sms:110", "[x](tel:110)", "mailto:a@evil.example", "ms-settings:", "intent://x#Intent;end", "itms-services://?action=x", "ftp://evil.example", "ws://evil.example", "<ftp://evil.example|x>",
		"https://bank.example@evil.example/", "https://bank.example:pass@evil.example/", "https://bank.example%40evil.example/", "https://bank.example\\@evil.example/", "https://evil.example\\.bank.example/", "https://evil.example/@bank.example", "https://evil.example#@bank.example", "https://evil.example?@bank.example", "https://bank.example&@evil.example#",
		"ht\ttps://evil.example", "ht\ntps://evil.example", "h\u200Bttps://evil.example", "https\u200B://evil.example", "https:\u200B//evil.example", "https://ev\u200Bil.example", "https://ev\u00ADil.example", "https://evil\u3002example", "https://ｅｖｉｌ．ｅｘａｍｐｌｅ", "ｈｔｔｐｓ://evil.example", "https：//evil.example", "https:／／evil.example",
		"https://xn--e1awd7f.example", "https://аррӏе.example", "https://bаnk.example/", "https://ƅank.example", "https://bank․example", "https://bank.example∕login.evil.example", "https://bank.example⁄x.evil.example", "https://bank.example？evil.example", "https://bänk.example", "https://ＢＡＮＫ.example", "раураl.example", "gооgle.example", "micr\u03BFsoft.example", "bank.exampIe", "bаnk.example/login", "https://xn--.example", "https://a\u0301pple.example", "https://apple\u0338.example",
		"https://evil.example/\u202Efdp.exe", "https://evil.example/?q=\u202Egpj", "https://[::1]/", "https://127.0.0.1/", "https://0x7f.1/", "https://2130706433/", "https://evil.example:99999/", "https://", "https://?", "https://.", "https://a..b", "https://-evil.example", "https://evil.example%00.bank.example",
		"discord.gg/evil", "https://discord.gg/evil", "https://discord.com/channels/1/2/3", "https://evil.example/`x`", "https://evil.example/**x**", "https://evil.example/<!channel>", "https://evil.example/|x", "https://evil.example/ https://evil.example/", "https://evil.example/)*(", "https://evil.example/a_b_c_d", "https://evil.example/~~x~~",
	}},
	{"markdown", []string{
		"**bold**", "__underline__", "*em*", "_em_", "***both***", "___both___", "~~strike~~", "||spoiler||", "`code`", "``code``", "```block```", "```\nblock\n```", "```sh\nrm -rf /\n```", "a**b**c", "漢**字**漢", "**「重要」**です",
		"# heading", "## heading", "### heading", "#### heading", " # heading", "-# small", "> quote", ">>> quote\nall", ">quote", "x\n> quote", "x\n>>> quote", "- item", "* item", "+ item", "  - item", "1. item", "1) item", "12. item", "x\n- item", "x\n1. item", "- [ ] task",
		"---", "***", "___", "===\n", "title\n===", "title\n---", "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n--- | ---", "[^1]: note", "[x]", "[ ]", "\\*x\\*", "\\\\*x*", "\\", "x\\", "\\\n# x", "**", "**x", "x**", "__", "~~", "||", "`", "``", "```", "```\n", "\n```", "x```y```z", "~~~\nx\n~~~", "    code", "\tcode",
		"**a `b** c`", "`a **b` c**", "[**x**](y)", "*a _b* c_", "||a **b|| c**", "~~a ||b~~ c||", "**a\nb**", "_a\nb_", "`a\nb`", "||a\nb||", "*a **b***", "_x_y_", "snake_case_name", "a_b", "2*3*4", "a ~ b ~ c", "a ~~ b", "|| a", "$x$", "$$x$$", "==mark==", "^sup^", "<u>u</u>", ":::note", "{{x}}", "{% x %}", "${x}", "%s%n%d",
	}},
	{"mrkdwn", []string{
		"*bold*", "~strike~", "```pre```", "&gt; quote", "&gt;&gt;&gt; quote", "x\n&gt; quote", "• item", "*a*b*", "a *b* c", "(*b*)", "「*b*」", "*b*。", "_a_ _b_", "~a~", "*_~a~_*", "*a\nb*", "&amp;lt;!here&amp;gt;", "&lt;", "&", "&&lt;", "<", ">", "<>", "<|>", "<|x>", "<x|>", "a<b>c", "1 < 2 > 0", "\\`x\\`",
	}},
	{"HTML", []string{
		"<script>alert(1)</script>", "<SCRIPT SRC=//evil.example>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<svg/onload=alert(1)//", "<iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>", "<a href=\"https://evil.example\">bank</a>", "\"><script>alert(1)</script>", "'><img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)", "' onfocus='alert(1)' autofocus='", "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>", "</style><script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--<script>alert(1)</script>-->", "--><script>alert(1)</script>", "<![CDATA[<script>alert(1)</script>]]>", "]]><script>alert(1)</script>", "<?xml version=\"1.0\"?>", "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>", "&y;", "&#x3C;script&#x3E;", "&lt;script&gt;", "&#60;b&#62;", "<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>", "<style>*{display:none}</style>", "<link rel=stylesheet href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>", "<base href=//evil.example>", "<form action=//evil.example><button>x</button></form>", "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)>", "<object data=javascript:alert(1)>", "<embed src=javascript:alert(1)>", "<b>bold</b>", "<br>", "<hr>", "<div style=position:fixed>", "<x onclick=alert(1)>", "<\x00script>alert(1)</script>", "<scr\x00ipt>alert(1)</scr\x00ipt>", "＜script＞alert(1)＜/script＞", "{{constructor.constructor('alert(1)')()}}", "`${alert(1)}`", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
	}},
	{"bidi", []string{
		"\u202Etxt.exe", "file\u202Egpj.exe\u202C", "\u202Aa\u202C", "\u202Ba\u202C", "\u202Da\u202C", "\u2066a\u2069", "\u2067a\u2069", "\u2068a\u2069", "a\u200Eb", "a\u200Fb", "a\u061Cb", "\u2067https://evil.example\u2069", "\u202E>elpmaxe.live//:sptth<", "if (x\u202E\u2066// \u2069\u2066) {", "שלום \u202Eabc", "العربية\u2069\u2069", strings.Repeat("\u202E", 100), strings.Repeat("\u2067", 200) + "x",
	}},
	{"invisible", []string{
		"pass\u200Bword", "a\u200Cb", "a\u200Db", "a\u2060b", "a\uFEFFb", "\uFEFF", "a\u00ADb", "a\u180Eb", "a\u034Fb", "\u115F\u1160", "\u3164", "\uFFA0", "\u2800", "a\u2061\u2062\u2063\u2064b", "a\u206A\u206Fb", "hi\U000E0068\U000E0069\U000E007F", "\U000E0001\U000E0065\U000E006E", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "😀\uFE0F\uFE0F\U000E0101\U000E0102", "\U000E0100", "\uFFF9a\uFFFAb\uFFFB", "\u2028", "a\u2029b", "a\u0085b", "\uE000\uF8FF", "\U000F0000", "\U0010FFFD", "\u17B4\u17B5", "👨\u200D\u200D\u200D👩", "\u200D\u200D\u200D", "a" + strings.Repeat("\u200B", 500) + "b", " ", "\u00A0", "\u3000", "\u2003", "\t", "\n\n\n\n\n\n\n\n",
	}},
	{"stack", []string{
		"Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334A\u036B\u0317L\u035CG\u0343O\u0356", "x" + strings.Repeat("\u0336", 300), "x" + strings.Repeat("\u0301\u0327", 500), strings.Repeat("\u0301", 50), "が\u3099\u3099\u3099\u3099\u3099\u3099", "ก" + strings.Repeat("็", 200), "꙰" + strings.Repeat("\uA670", 50), "e" + strings.Repeat("\u200D👩", 300), strings.Repeat("🇯", 301), strings.Repeat("👨‍👩‍👧‍👦", 200), strings.Repeat("ᄀ", 300) + "ᅡ", "1️⃣" + strings.Repeat("\u20E3", 50),
	}},
	{"control", []string{
		"\x00", "a\x00b", "a\x07b", "a\x08\x08b", "\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\bank\x1b]8;;\x1b\\", "\x1b]52;c;ZXZpbA==\x07", "\x1bP+q\x1b\\", "\x1b[?1049h", "\x1b[6n", "\x1bc", "\u009b31m", "\u009d0;x\u009c", "\x9b31m", "\x9d0;x\x9c", "a\rb", "safe\r\x1b[Kevil", "\r\n.\r\n", "a\vb", "a\fb", "\x7f\x7f", "\x0e\x0f", "\x04", "\x1a", "a\x85b", "\\u202e", "\\x1b[31m",
	}},
	{"encoding", []string{
		"\xff", "\xfe\xff", "a\xffb", "\xc0\xaf", "\xc0\xbcscript\xc0\xbe", "\xe0\x80\xbc", "\xed\xa0\x80", "\xed\xb0\x80", "\xed\xa0\xbd\xed\xb8\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe3\x81", "あ\xe3\x81", "\x80\x80\x80", "\xef\xbb\xbfx", "+ADw-script+AD4-", "\uFFFD", "\uFFFE", "\uFFFF", "%E2%80%AE", "%00", "\\ud83d", "\\ud83d\\ude00",
	}},
	{"size", []string{
		strings.Repeat("a", 5000), strings.Repeat("漢", 5000), strings.Repeat("<", 3000), strings.Repeat("*", 3000), strings.Repeat("[", 2000), strings.Repeat("](", 1000), strings.Repeat("`", 3000), strings.Repeat("&", 3000), strings.Repeat("\\", 3000), strings.Repeat("**a", 1000), strings.Repeat("> ", 1000), strings.Repeat("- ", 1000), strings.Repeat("\n", 3000), strings.Repeat("_a", 1500), strings.Repeat(":a:", 1000), strings.Repeat("||", 1500), strings.Repeat("@everyone ", 500), strings.Repeat("<!channel>", 500), strings.Repeat("https://evil.example/", 300), strings.Repeat("𠮷", 3000),
	}},
}
