package discord_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func spans(texts ...string) []bot.Span {
	var out []bot.Span
	for _, t := range texts {
		out = append(out, bot.Span{Text: t})
	}
	return out
}

// posts are the cases of the golden files, by name.
func posts() map[string]bot.Post {
	terms := bot.Buttons{
		{Label: "能動的サイバー防御", Action: bot.Action{Command: "term", Argument: "能動的サイバー防御"}},
		{Label: "サプライチェーン攻撃", Action: bot.Action{Command: "term", Argument: "サプライチェーン攻撃"}},
	}
	return map[string]bot.Post{
		"briefing": {
			Parent: bot.Document{
				bot.Title{Text: "サイバーセキュリティ ブリーフィング 2025年7月2日", URL: "https://briefing.example/briefings/2025-07-02"},
				bot.Note{Spans: spans("記事 6 件 ・ 約 4 分")},
				bot.Heading{Level: 1, Text: "主要ポイント"},
				bot.Point{Number: 1, Spans: spans("政府機関を横断する司令塔が動き出した。"), Note: []bot.Span{
					{Text: "出典: "}, {Text: "news.example", URL: "https://www.news.example/a"}, {Text: " ・ "},
					{Text: "詳細", URL: "https://briefing.example/briefings/2025-07-02#l11"},
				}},
				bot.Point{Number: 2, Spans: []bot.Span{
					{Text: "広く使われる VPN 装置の欠陥 "},
					{Text: "CVE-2025-0001", URL: "https://nvd.nist.gov/vuln/detail/CVE-2025-0001"},
					{Text: " が悪用されている。"},
				}},
				terms,
				bot.Menu{Placeholder: "ほかの用語", Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: "多要素認証", Value: "多要素認証"}, {Label: "EDR", Value: "EDR"}}},
			},
			Thread: bot.Document{
				bot.Heading{Level: 1, Text: "国内ニュース"},
				bot.Heading{Level: 2, Text: "1. 新しい司令塔", URL: "https://briefing.example/briefings/2025-07-02#l11"},
				bot.Prose{Spans: []bot.Span{{Text: "関係する省庁から人が集まった。"}, {Text: "調整役", Strong: true}, {Text: "を担う。"}}},
				bot.Note{Spans: []bot.Span{{Text: "出典: "}, {Text: "毎日の記録", URL: "https://news.example/a"}}},
				bot.Divider{},
				bot.Heading{Level: 1, Text: "深掘り"},
				bot.Prose{Spans: []bot.Span{{Text: "設定は "}, {Text: "sshd_config", Code: true}, {Text: " にある。"}}},
				bot.CodeText{Text: "PermitRootLogin no\nPasswordAuthentication no"},
				bot.QuoteText{Spans: spans("守りは一日で築けない。\n続けることだ。")},
				bot.ListItem{Level: 0, Marker: "-", Spans: spans("一つ目")},
				bot.ListItem{Level: 1, Marker: "-", Spans: spans("その下")},
				bot.ListItem{Level: 0, Marker: "-", Spans: spans("二つ目")},
			},
			ThreadTitle: "2025年7月2日の詳細",
		},
		"watch-word": {
			Parent: bot.Document{
				bot.Title{Text: "ブリーフィング"},
				bot.Prose{Spans: []bot.Span{{Text: "FortiGate", Strong: true}, {Text: " に欠陥。"}, {Text: "@ネットワーク班", Mention: "165511591545143296"}}},
			},
			Thread: bot.Document{bot.Prose{Spans: spans("本文。")}},
		},
		"hostile": {
			Parent: append(bot.Document{bot.Title{Text: hostileTexts[0], URL: "javascript:alert(1)"}}, hostileBlocks()...),
		},
		"what-discord-refuses": {
			Parent: bot.Document{
				bot.Title{Text: strings.Repeat("長い題名", 80)},
				bot.Heading{Level: 1, Text: strings.Repeat("長い見出し", 70)},
				bot.Prose{Spans: spans("   ", "\n")},
				bot.Buttons{
					{Label: strings.Repeat("とても長い札", 20), Action: bot.Action{Command: "term", Argument: "短い"}},
					{Label: "長い引数", Action: bot.Action{Command: "term", Argument: strings.Repeat("長", 100)}},
					{Label: "同じ", Action: bot.Action{Command: "term", Argument: "同じ"}},
					{Label: "また同じ", Action: bot.Action{Command: "term", Argument: "同じ"}},
					{Label: "頁", URL: "https://briefing.example/terms"},
					{Label: "悪い頁", URL: "javascript:alert(1)"},
					{Label: "六つ目", Action: bot.Action{Command: "term", Argument: "六"}},
					{Label: "七つ目", Action: bot.Action{Command: "term", Argument: "七"}},
				},
				bot.Menu{Action: bot.Action{Command: "briefing"}, Options: []bot.Option{{Label: "一", Value: "1"}, {Label: "一の二", Value: "1"}, {Label: "", Value: ""}, {Label: "長い値", Value: strings.Repeat("値", 101)}}},
				bot.Menu{Action: bot.Action{Command: "briefing"}, Options: []bot.Option{{Label: "二", Value: "2"}}},
				bot.CodeText{Text: "```\n囲みの中の囲み\n```"},
				bot.ListItem{Marker: "その他:", Spans: spans("印が言葉")},
			},
		},
	}
}

// hostileTexts are for people to read in the golden; bottest.Hostile has more.
var hostileTexts = []string{
	"@everyone @here <!channel> <!here|here> <!everyone>",
	"<@U012ABCDEF> <@!81384788765712384> <@&165511591545143296> <!subteam^S0123|ops>",
	"[click](https://evil.example) <https://evil.example|bank> [x](javascript:alert(1))",
	"**bold** __u__ ~~s~~ ||spoiler|| `code` ```block``` *b* _i_ ~s~",
	"<script>alert(1)</script><img src=x onerror=alert(1)>",
	"# heading\n> quote\n- item\n-# small",
	"a\u202Eexe.cod\u202C \u200Bzero\u200Bwidth \u2066isolate\u2069",
	"<t:1618953630:R> <:emoji:123456789012345678> </term:123456789012345678> <#123456789012345678>",
}

func hostileBlocks() bot.Document {
	var doc bot.Document
	for _, text := range hostileTexts {
		doc = append(doc, bot.Prose{Spans: []bot.Span{{Text: text}}}, bot.Note{Spans: []bot.Span{{Text: text, URL: "https://example.com/" + text}}})
	}
	return doc
}

// TestRenderGolden compares the messages of each post with testdata; -update
// rewrites it.
func TestRenderGolden(t *testing.T) {
	t.Parallel()
	for name, post := range posts() {
		t.Run(name, func(t *testing.T) {
			messages, err := discord.Render(post)
			if err != nil {
				t.Fatalf("render: %v", err)
			}
			compareGolden(t, name, messages)
			accepts(t, post, messages)
		})
	}
}

func compareGolden(t *testing.T, name string, messages []bot.Message) {
	t.Helper()
	var got txtar.Archive
	for i, m := range messages {
		var buf bytes.Buffer
		if err := json.Indent(&buf, m, "", "  "); err != nil {
			t.Fatalf("message %d is no JSON: %v", i, err)
		}
		got.Files = append(got.Files, txtar.File{Name: fmt.Sprintf("%d.json", i), Data: append(buf.Bytes(), '\n')})
	}
	file := filepath.Join("testdata", name+".txtar")
	if *update {
		if err := os.WriteFile(file, txtar.Format(&got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if diff := cmp.Diff(string(want), string(txtar.Format(&got))); diff != "" {
		t.Errorf("messages differ from %s (-want +got):\n%s", file, diff)
	}
}

// accepts posts the messages to a fake Discord, which fails the test when it
// refuses one, and gives what people see of them.
func accepts(t testing.TB, post bot.Post, messages []bot.Message) []bottest.Seen {
	t.Helper()
	d, fake := start(t)
	sendAll(t, d, post, messages)
	return fake.Seen(channel)
}

func sendAll(t testing.TB, d *discord.Discord, post bot.Post, messages []bot.Message) (ids []bot.MessageID) {
	t.Helper()
	for i, m := range messages {
		to := target(i)
		to.ThreadTitle = post.ThreadTitle
		if i > 0 {
			to.Thread = ids[0]
		}
		id, err := d.Send(testContext(t), to, m)
		if err != nil {
			t.Fatalf("send part %d: %v", i, err)
		}
		ids = append(ids, id)
	}
	return ids
}

// target is where a part of the tests' delivery goes, the thread left out.
func target(part int) bot.Target {
	return bot.Target{Ref: ref(), ThreadTitle: "詳細", Marker: bot.Marker{Delivery: bot.DeliveryID(ref(), "2025-07-02"), Part: part}}
}

func TestRenderRefusesAnEmptyParent(t *testing.T) {
	t.Parallel()
	for _, parent := range []bot.Document{nil, {bot.Divider{}}, {bot.Prose{Spans: spans(" ", "\u200b")}}, {bot.Title{Text: "\n"}}} {
		if m, err := discord.Render(bot.Post{Parent: parent, Thread: bot.Document{bot.Prose{Spans: spans("x")}}}); err == nil {
			t.Errorf("%v: rendered %s, want an error", parent, m)
		}
	}
}

func TestRenderReplyPingsNobody(t *testing.T) {
	t.Parallel()
	d, _ := start(t)
	messages, err := d.RenderReply(bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Mention: "165511591545143296"}}}}}, briefing.Japanese)
	if err != nil || len(messages) != 1 || !strings.Contains(string(messages[0]), `"allowed_mentions":{"parse":[]}`) || strings.Contains(string(messages[0]), `"content"`) {
		t.Errorf("got %s, %v", messages, err)
	}
	for _, quiet := range []bot.Reply{{Quiet: true, Document: bot.Document{bot.Title{Text: "x"}}}, {}} {
		if messages, err := d.RenderReply(quiet, briefing.Japanese); err != nil || len(messages) != 0 {
			t.Errorf("%+v: got %s, %v, want nothing", quiet, messages, err)
		}
	}
}

func TestOnlyTheParentPings(t *testing.T) {
	t.Parallel()
	post := posts()["watch-word"]
	messages, err := discord.Render(post)
	if err != nil {
		t.Fatal(err)
	}
	d, fake := start(t)
	ids := sendAll(t, d, post, messages)
	if pings := fake.Messages(channel)[0].Pings; len(pings) != 1 || pings[0] != "<@&165511591545143296>" {
		t.Errorf("the parent pings %q, want the chosen role", pings)
	}
	if err := d.Edit(testContext(t), target(0), ids[0], messages[0]); err != nil {
		t.Fatal(err)
	}
	if pings := fake.Messages(channel)[0].Pings; len(pings) != 0 {
		t.Errorf("the edited parent pings %q again", pings)
	}
}

// sign is the character that the nth piece of a drawn document carries and
// nothing else does; one character, since a long word may be cut in two.
func sign(n int) string { return string(rune('㐀' + n)) }

// documents draws documents with pieces that are hard on a renderer. Each
// piece of text carries a sign of its own, to be found again.
func documents(t *rapid.T, count *int) bot.Document {
	fragment := rapid.SampledFrom([]string{"日本語の文です。", "English words. ", "👨‍👩‍👧‍👦", "e\u0301\u0302", "**[*_`~|", "@everyone ", "<@&1>", "\n", "\n- ", "\n> ", "```", "http://a.example ", "𠮷", "# "})
	word := func() string {
		*count++
		n := rapid.SampledFrom([]int{0, 1, 3, 40, 900}).Draw(t, "repeat")
		return strings.Repeat(fragment.Draw(t, "fragment"), n) + sign(*count) + fragment.Draw(t, "end")
	}
	span := rapid.Custom(func(t *rapid.T) bot.Span {
		s := bot.Span{Text: word(), Strong: rapid.Bool().Draw(t, "strong"), Code: rapid.Bool().Draw(t, "code")}
		if rapid.IntRange(0, 3).Draw(t, "link") == 0 {
			s.URL = rapid.SampledFrom([]string{"https://example.com/a?b=(c)", "javascript:x", "https://example.com/" + strings.Repeat("a", 1500)}).Draw(t, "url")
		}
		return s
	})
	many := rapid.SliceOfN(span, 1, 3)
	block := rapid.Custom(func(t *rapid.T) bot.Block {
		switch rapid.IntRange(0, 10).Draw(t, "kind") {
		case 0:
			return bot.Title{Text: word(), URL: "https://example.com/"}
		case 1:
			return bot.Heading{Level: rapid.IntRange(1, 2).Draw(t, "level"), Text: word()}
		case 9:
			return bot.Point{Number: 1, Spans: many.Draw(t, "spans"), Note: many.Draw(t, "note")}
		case 2:
			return bot.ListItem{Level: rapid.IntRange(0, 9).Draw(t, "level"), Marker: rapid.SampledFrom([]string{"-", "1.", "12.", "※"}).Draw(t, "marker"), Spans: many.Draw(t, "spans")}
		case 3:
			return bot.CodeText{Text: word()}
		case 4:
			return bot.QuoteText{Spans: many.Draw(t, "spans")}
		case 5:
			return bot.Note{Spans: many.Draw(t, "spans")}
		case 6:
			return bot.Divider{}
		case 7:
			return bot.Buttons{{Label: word(), Action: bot.Action{Command: "term", Argument: word()}}, {Label: "同じ", Action: bot.Action{Command: "term", Argument: "x"}}}
		case 8:
			return bot.Menu{Placeholder: "選ぶ", Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: word(), Value: "1"}, {Label: word(), Value: "2"}}}
		}
		return bot.Prose{Spans: many.Draw(t, "spans")}
	})
	return append(bot.Document{bot.Prose{Spans: []bot.Span{{Text: "はじめ"}}}}, rapid.SliceOfN(block, 1, 25).Draw(t, "blocks")...)
}

// TestAnyDocumentIsAccepted: whatever a document says, Discord takes it, and
// every piece of its text is seen.
func TestAnyDocumentIsAccepted(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	briefingtest.Check(t, func(rt *rapid.T) {
		count := 0
		post := bot.Post{Parent: documents(rt, &count), Thread: documents(rt, &count)}
		messages, err := discord.Render(post)
		if err != nil {
			rt.Fatalf("render: %v", err)
		}
		parent := bot.MessageID("")
		delivery := bot.DeliveryID(ref(), briefing.Date(fmt.Sprint(rapid.Uint64().Draw(rt, "delivery"))))
		before := len(fake.Requests(""))
		for i, m := range messages {
			to := bot.Target{Ref: ref(), Thread: parent, Marker: bot.Marker{Delivery: delivery, Part: i}}
			id, err := d.Send(testContext(t), to, m)
			if err != nil {
				rt.Fatalf("send part %d: %v\n%s\n%v", i, err, m, fake.Refusals())
			}
			if i == 0 {
				parent = id
			}
		}
		var all strings.Builder
		for _, r := range fake.Requests("")[before:] {
			all.WriteString(r.Body)
		}
		for n := 1; n <= count; n++ {
			// The argument of a button is not shown.
			if s := sign(n); !strings.Contains(all.String(), s) && !isArgument(post, s) {
				rt.Fatalf("%s is lost", s)
			}
		}
	})
}

func isArgument(p bot.Post, word string) bool {
	for _, b := range append(p.Parent, p.Thread...) {
		if row, ok := b.(bot.Buttons); ok && strings.Contains(row[0].Action.Argument, word) {
			return true
		}
	}
	return false
}

// FuzzRender: no text makes a message that the fake would refuse or loses
// one of its letters.
func FuzzRender(f *testing.F) {
	for _, p := range bottest.Hostile() {
		f.Add(p.Text, 3)
	}
	f.Add("word ", 9000)
	f.Add("あ", 20000)
	f.Add("👨‍👩‍👧‍👦", 3000)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if len(s) > 500 || n < 0 || n*len(s) > 200_000 {
			t.Skip()
		}
		text := strings.Repeat(s, n)
		messages, err := discord.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "題"}, bot.Prose{Spans: []bot.Span{{Text: text}}}}})
		if err != nil {
			t.Fatalf("render: %v", err)
		}
		letters := 0
		for i, m := range messages {
			if faults := bottest.DiscordRefuses(m); len(faults) > 0 {
				t.Errorf("message %d: %v", i, faults)
			}
			var shown struct{ Embeds []bottest.DiscordEmbed }
			if err := json.Unmarshal(m, &shown); err != nil {
				t.Fatal(err)
			}
			for _, e := range shown.Embeds {
				letters += strings.Count(e.Description, "w")
			}
		}
		if want := strings.Count(bot.Clean(text), "w"); letters != want {
			t.Errorf("%d of %d letters are left", letters, want)
		}
	})
}
