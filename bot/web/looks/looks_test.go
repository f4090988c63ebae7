package looks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"cyberbrief/bot/web/looks"
)

func raw(bodies ...string) []json.RawMessage {
	out := make([]json.RawMessage, len(bodies))
	for i, b := range bodies {
		out[i] = json.RawMessage(b)
	}
	return out
}

// squeeze makes a drawing comparable: no bot's picture, no line breaks.
func squeeze(t *testing.T, drawing string) string {
	t.Helper()
	_, after, found := strings.Cut(drawing, "</time></p>")
	if !found {
		t.Fatalf("no message in %s", drawing)
	}
	return strings.TrimSuffix(after, "</div></article></div></section>")
}

func TestSlackBlocks(t *testing.T) {
	for _, c := range []struct{ name, block, want string }{
		{"header", `{"type":"header","text":{"type":"plain_text","text":"朝 & <夜>"}}`, `<h3>朝 &amp; &lt;夜&gt;</h3>`},
		{"section", `{"type":"section","text":{"type":"mrkdwn","text":"*b* _i_ ~s~ ` + "`c`" + ` a*b*c 2*3 &lt;x&gt; <https://e.example/?a=1&amp;b=2|題名>"}}`,
			`<div class="sec"><strong>b</strong> <em>i</em> <s>s</s> <code>c</code> a<strong>b</strong>c 2*3 &lt;x&gt; <a rel="noopener noreferrer" href="https://e.example/?a=1&amp;b=2">題名</a></div>`},
		{"plain text is not read", `{"type":"section","text":{"type":"plain_text","text":"*b* <!here>"}}`, `<div class="sec">*b* &lt;!here&gt;</div>`},
		{"pings are shown as pings", `{"type":"section","text":{"type":"mrkdwn","text":"<!here> <@U1> <!subteam^S1|ops>"}}`,
			`<div class="sec"><span class="ping">@here</span> <span class="ping">@U1</span> <span class="ping">@ops</span></div>`},
		{"context", `{"type":"context","elements":[{"type":"plain_text","text":"a"},{"type":"mrkdwn","text":"<https://e.example>"}]}`,
			`<div class="ctx"><span>a</span><span><a rel="noopener noreferrer" href="https://e.example">https://e.example</a></span></div>`},
		{"divider", `{"type":"divider"}`, `<hr>`},
		{"actions", `{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"押す"},"value":"v","style":"primary"},{"type":"static_select","placeholder":{"type":"plain_text","text":"選ぶ"},"options":[{"text":{"type":"plain_text","text":"甲"},"value":"1"}]}]}`,
			`<div class="acts"><span class="btn primary">押す</span><select><option>選ぶ</option><option>甲</option></select></div>`},
		{"rich text", `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"*a*","style":{"bold":true,"code":true}},{"type":"link","url":"https://e.example","text":"l"}]},{"type":"rich_text_list","style":"ordered","offset":2,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]},{"type":"rich_text_quote","elements":[{"type":"text","text":"q"}]},{"type":"rich_text_preformatted","elements":[{"type":"text","text":"p"}]}]}`,
			`<div class="sec"><strong><code>*a*</code></strong><a rel="noopener noreferrer" href="https://e.example">l</a></div><ol class="in0" start="3"><li>x</li></ol><blockquote>q</blockquote><pre>p</pre>`},
		{"an unknown block is named", `{"type":"carousel"}`, `<p class="unknown">[carousel]</p>`},
		{"odd links stay text", `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"javascript:alert(1)","text":"l"}]}]}`, `<div class="sec">l</div>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := looks.Slack(looks.Scene{}, raw(`{"text":"t","blocks":[`+c.block+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			if s := squeeze(t, string(got)); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func TestDiscordMarkdown(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"marks", "**b** *i* __u__ ~~s~~ `c`", `<p><strong>b</strong> <em>i</em> <u>u</u> <s>s</s> <code>c</code></p>`},
		{"escapes", `\*\*b\*\* \[x\] \<@1\>`, `<p>**b** [x] &lt;@1&gt;</p>`},
		{"links", "[題名](https://e.example/a?b=c&d=e) <https://e.example>", `<p><a rel="noopener noreferrer" href="https://e.example/a?b=c&amp;d=e">題名</a> <a rel="noopener noreferrer" href="https://e.example">https://e.example</a></p>`},
		{"a masked link of an odd scheme is no link", "[x](javascript:alert(1))", `<p>[x](javascript:alert(1))</p>`},
		{"lines", "## h\n### k\n-# small\n> q\n1. a\n  - b\nend", `<h5>h</h5><h6>k</h6><p class="small">small</p><blockquote>q</blockquote><div class="li in0"><span class="marker">1.</span><span>a</span></div><div class="li in1"><span class="marker">•</span><span>b</span></div><p>end</p>`},
		{"code", "```\na *b*\n<c>\n```\nz", `<pre>a *b*` + "\n" + `&lt;c&gt;</pre><p>z</p>`},
		{"pings are shown as pings", "<@&12> @everyone", `<p><span class="ping">@12</span> @everyone</p>`},
		{"nested", "**[a \\* b](https://e.example)**", `<p><strong><a rel="noopener noreferrer" href="https://e.example">a * b</a></strong></p>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"content": c.text})
			if err != nil {
				t.Fatal(err)
			}
			got, err := looks.Discord(looks.Scene{}, []json.RawMessage{body})
			if err != nil {
				t.Fatal(err)
			}
			want := `<div class="md">` + c.want + `</div>`
			if s := squeeze(t, string(got)); s != want {
				t.Errorf("got  %s\nwant %s", s, want)
			}
		})
	}
}

func TestBrokenBodyIsNamed(t *testing.T) {
	for name, draw := range map[string]func() error{
		"slack":   func() error { _, err := looks.Slack(looks.Scene{}, raw(`{}`, `{`)); return err },
		"discord": func() error { _, err := looks.Discord(looks.Scene{}, raw(`{}`, `[`)); return err },
	} {
		if err := draw(); err == nil || !strings.Contains(err.Error(), name+" message 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDrawingsHoldNoMarkup draws hostile text and parses the page as a
// browser does: no element or attribute may come from the text.
func FuzzDrawingsHoldNoMarkup(f *testing.F) {
	for _, s := range []string{
		`<script>alert(1)</script>`, `<https://e.example|"><img src=x onerror=alert(1)>>`, `[x](https://e.example/"onmouseover="alert(1))`,
		`**<b>**`, "```\n</pre><script>", `<@"><svg onload=1>`, `</style><script>`, `*<i>* _<u>_`, `\<script>`, `<https://e.example/|javascript:x>`,
	} {
		f.Add(s)
	}
	allowed := map[string]bool{}
	for _, tag := range strings.Fields("html head body meta title style main h1 h2 section div header article svg rect path p b span time h3 h4 h5 h6 a strong em s u code pre blockquote ul ol li hr select option") {
		allowed[tag] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Skip()
		}
		q := string(quoted)
		slack, err := looks.Slack(looks.Scene{Channel: text}, raw(`{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":`+q+`}},{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":`+q+`,"text":`+q+`}]}]},{"type":`+q+`}]}`))
		if err != nil {
			t.Fatal(err)
		}
		discord, err := looks.Discord(looks.Scene{ThreadTitle: text}, raw(`{"content":`+q+`,"embeds":[{"title":`+q+`,"url":`+q+`,"description":`+q+`}]}`, `{"content":`+q+`}`))
		if err != nil {
			t.Fatal(err)
		}
		page, err := looks.Page(text, "ja", slack, discord)
		if err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(strings.NewReader(string(page)))
		if err != nil {
			t.Fatal(err)
		}
		frame := map[string]int{} // the page's own, once each
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if frame[n.Data]++; (n.Data == "main" || n.Data == "h1") && frame[n.Data] > 1 {
				t.Errorf("%q makes another <%s>", text, n.Data)
			}
			if !allowed[n.Data] {
				t.Errorf("%q makes an element <%s>", text, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "http") {
					t.Errorf("%q makes <%s %s=%q>", text, n.Data, a.Key, a.Val)
				}
			}
		}
	})
}
