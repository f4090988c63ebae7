package slack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// posts are the cases of the goldens; each file of testdata has one's name.
func posts() map[string]bot.Post {
	plain := func(s string) []bot.Span { return []bot.Span{{Text: s}} }
	return map[string]bot.Post{
		"morning": {
			Language: briefing.Japanese,
			Parent: bot.Document{
				bot.Title{Text: "サイバー朝刊 2025年7月2日", URL: "https://brief.example.jp/briefings/2025-07-02"},
				bot.Note{Spans: plain("2025年7月2日（水） ・ ニュース 2 件 ・ 読了 約 3 分")},
				bot.Point{Number: 1, Spans: []bot.Span{{Text: "港湾の予約システムで"}, {Text: "認証の抜け", Strong: true}, {Text: "が見つかり、"}, {Text: "CVE-2025-0001", URL: "https://nvd.nist.gov/vuln/detail/CVE-2025-0001"}, {Text: " として公表された。"}},
					Note: []bot.Span{{Text: "出典: "}, {Text: "news.example.jp", URL: "https://www.news.example.jp/a?x=1&y=2"}, {Text: " ・ 詳細: スレッド 1"}}},
				bot.Point{Number: 2, Spans: plain("二つ目の要点。")},
				bot.Buttons{{Label: "📖 多要素認証", Action: bot.Action{Command: "term", Argument: "多要素認証"}}, {Label: "開く", URL: "https://brief.example.jp/"}},
				bot.Menu{Placeholder: "📖 用語を調べる", Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: "甲", Value: "甲"}, {Label: "乙", Value: "乙"}}},
			},
			Thread: bot.Document{
				bot.Heading{Level: 1, Text: "国内"},
				bot.Heading{Level: 2, Text: "1. 港湾の予約システム", URL: "https://brief.example.jp/briefings/2025-07-02#s-11"},
				bot.Prose{Spans: plain("最初の段落です。")},
				bot.Prose{Spans: plain("次の段落です。")},
				bot.ListItem{Marker: "-", Spans: plain("箇条書き")},
				bot.ListItem{Marker: "-", Level: 1, Spans: plain("一段下")},
				bot.ListItem{Marker: "①", Spans: plain("丸数字")},
				bot.QuoteText{Spans: plain("引用です。")},
				bot.CodeText{Text: "curl -v https://example.com\nexit 1"},
				bot.Note{Spans: []bot.Span{{Text: "出典: "}, {Text: "題名", URL: "https://example.com/"}}},
				bot.Divider{},
				bot.Heading{Level: 1, Text: "結論"},
				bot.Prose{Spans: plain("以上です。")},
			},
		},
		"english": {
			Language: briefing.English,
			Parent:   bot.Document{bot.Title{Text: "Morning brief", URL: "https://brief.example.com/x"}, bot.Prose{Spans: plain("Nothing happened.")}},
		},
		"mention": {
			Parent: bot.Document{
				bot.Prose{Spans: []bot.Span{{Text: "監視語 ", Strong: true}, {Text: "運用班", Mention: "S012ABC"}, {Text: "偽物", Mention: "<!here>"}}},
				bot.Note{Spans: []bot.Span{{Text: "担当 "}, {Text: "甲", Mention: "U012ABC"}}},
			},
		},
		"hostile": {
			Parent: bot.Document{
				bot.Title{Text: "<!channel> *太字* & co :tada:"},
				bot.Prose{Spans: []bot.Span{
					{Text: "<!here> <@U1> @channel "},
					{Text: "https://bank.example/login", URL: "https://evil.example/<x>|y"},
					{Text: "js", URL: "javascript:alert(1)"},
					{Text: "user", URL: "https://bank.example@evil.example/"},
					{Text: "idn", URL: "https://аррӏе.example/"},
				}},
				bot.Note{Spans: []bot.Span{
					{Text: "*小* <!everyone> "},
					{Text: "見出し>|<!here>", URL: "https://example.com/?a=<b>&c=|d"},
					{Text: "snake_case_*x*", URL: "https://example.com/snake"},
				}},
				bot.Note{Spans: []bot.Span{{Text: "続き"}, {Text: ">", URL: "https://example.com/next"}}},
			},
		},
		"nothing to see": {
			Parent: bot.Document{
				bot.Title{Text: "\u200b"}, bot.Prose{}, bot.Note{Spans: plain(" ")}, bot.Buttons{}, bot.Menu{},
				bot.Prose{Spans: plain("これだけ。")},
			},
		},
	}
}

func TestRenderGolden(t *testing.T) {
	for name, post := range posts() {
		t.Run(name, func(t *testing.T) {
			messages, err := slack.Render(post)
			if err != nil {
				t.Fatal(err)
			}
			got := new(txtar.Archive)
			for i, m := range messages {
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, m, "", "  "); err != nil {
					t.Fatal(err)
				}
				pretty.WriteByte('\n')
				got.Files = append(got.Files, txtar.File{Name: fmt.Sprintf("message-%d.json", i), Data: pretty.Bytes()})
			}
			path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txtar")
			if *update {
				if err := os.WriteFile(path, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if g := txtar.Format(got); !bytes.Equal(g, want) {
				t.Errorf("differs from %s (-update rewrites it):\n%s", path, g)
			}
		})
	}
}

func TestRenderRefusesAnEmptyParent(t *testing.T) {
	if m, err := slack.Render(bot.Post{Parent: bot.Document{bot.Prose{}}, Thread: bot.Document{bot.Title{Text: "x"}}}); err == nil {
		t.Errorf("rendered %s", m)
	}
}

// Each document stands at one of Slack's limits or just above it.
func TestLimitsAreKept(t *testing.T) {
	_, s := start(t, nil)
	link := func(n int) (spans []bot.Span) {
		for range n {
			spans = append(spans, bot.Span{Text: "題", URL: "https://example.com/"})
		}
		return spans
	}
	press := func(argument string) bot.Block {
		return bot.Buttons{{Label: "押す", Action: bot.Action{Command: "term", Argument: argument}}}
	}
	for name, tc := range map[string]struct {
		doc      bot.Document
		messages int
	}{
		"10 links in small print":  {bot.Document{bot.Note{Spans: link(10)}}, 1},
		"11 links in small print":  {bot.Document{bot.Note{Spans: link(11)}}, 1},
		"argument of 2000":         {bot.Document{press(strings.Repeat("a", 2000))}, 1},
		"argument of 2001":         {bot.Document{press(strings.Repeat("a", 2001))}, 1},
		"heading of 150":           {bot.Document{bot.Title{Text: strings.Repeat("あ", 150)}}, 1},
		"heading of 151":           {bot.Document{bot.Title{Text: strings.Repeat("あ", 151)}}, 1},
		"heading of emoji":         {bot.Document{bot.Title{Text: strings.Repeat("👩🏽‍🚀", 100)}}, 1},
		"50 blocks":                {slices.Repeat(bot.Document{bot.Divider{}}, 50), 1},
		"51 blocks":                {slices.Repeat(bot.Document{bot.Divider{}}, 51), 2},
		"paragraph of 3000":        {bot.Document{bot.Prose{Spans: []bot.Span{{Text: strings.Repeat("あ", 3000)}}}}, 1},
		"paragraph of 20000":       {bot.Document{bot.Prose{Spans: []bot.Span{{Text: strings.Repeat("あ", 20_000)}}}}, 3},
		"paragraph of escapes":     {bot.Document{bot.Note{Spans: []bot.Span{{Text: strings.Repeat("<", 3000), URL: "https://example.com/"}}}}, 2},
		"grapheme above the limit": {bot.Document{bot.Prose{Spans: []bot.Span{{Text: "e" + strings.Repeat("\u200d👩", 4000)}}}}, 1},
	} {
		messages, err := slack.Render(bot.Post{Parent: tc.doc})
		if err != nil || len(messages) < tc.messages {
			t.Errorf("%s: %d messages, %v, want %d", name, len(messages), err, tc.messages)
		}
		for i, m := range messages {
			if _, err := s.Send(t.Context(), bot.Target{Ref: ref("C1")}, m); err != nil {
				t.Errorf("%s, message %d: %v", name, i, err)
			}
		}
	}
}

// A heading goes with its text to the next message.
func TestHeadingsAreNotLeftBehind(t *testing.T) {
	fill := slices.Repeat(bot.Document{bot.Divider{}}, 48)
	for name, tail := range map[string]bot.Document{
		"headers": {bot.Heading{Level: 1, Text: "群"}, bot.Heading{Level: 1, Text: "見出し"}, bot.CodeText{Text: "本文"}},
		"one":     {bot.Divider{}, bot.Heading{Level: 1, Text: "見出し"}, bot.Prose{Spans: []bot.Span{{Text: "本文"}}}},
	} {
		messages, err := slack.Render(bot.Post{Parent: append(slices.Clone(fill), tail...)})
		if err != nil || len(messages) != 2 || strings.Contains(string(messages[0]), "見出し") || strings.Contains(string(messages[0]), "群") {
			t.Errorf("%s: %d messages, %v; the first is %s", name, len(messages), err, messages[0])
		}
	}
}

// texts draws texts that are awkward: long, wide, joined, hostile, blank.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[a-z<>&*_~|@!#: 。、漢字かな👨‍👩‍👧é\n]{0,200}`),
		rapid.Map(rapid.SampledFrom(bottest.Hostile()), func(p bottest.Payload) string { return p.Text }),
		rapid.SampledFrom([]string{"", " ", "\n", "\u200b", "👨‍👩‍👧‍👦", "が", "e\u0301"}),
		rapid.Custom(func(t *rapid.T) string {
			return strings.Repeat(rapid.SampledFrom([]string{"長い文です。", "word ", "&", "👩🏽‍🚀", "あ"}).Draw(t, "unit"), rapid.IntRange(0, 5000).Draw(t, "count"))
		}),
	)
}

func links() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "https://example.com/?a=1&b=<x>|y", "http://例え.jp/道", "javascript:x", "https://u:p@example.com", "//x", "https://", "%zz"}), rapid.String(),
		rapid.Custom(func(t *rapid.T) string {
			return "https://example.com/" + strings.Repeat("&", rapid.IntRange(0, 4000).Draw(t, "length"))
		}))
}

func spans() *rapid.Generator[[]bot.Span] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bot.Span {
		return bot.Span{Text: texts().Draw(t, "text"), URL: links().Draw(t, "url"), Strong: rapid.Bool().Draw(t, "strong"), Code: rapid.Bool().Draw(t, "code")}
	}), 0, 4)
}

func blocks() *rapid.Generator[bot.Block] {
	return rapid.Custom(func(t *rapid.T) bot.Block {
		text := func() string { return texts().Draw(t, "string") }
		level := rapid.IntRange(-1, 12).Draw(t, "level")
		switch rapid.IntRange(0, 10).Draw(t, "kind") {
		case 0:
			return bot.Title{Text: text(), URL: links().Draw(t, "url")}
		case 1:
			return bot.Heading{Level: level, Text: text(), URL: links().Draw(t, "url")}
		case 2:
			return bot.Prose{Spans: spans().Draw(t, "spans")}
		case 9:
			return bot.Point{Number: level + 2, Spans: spans().Draw(t, "spans"), Note: spans().Draw(t, "note")}
		case 3:
			return bot.ListItem{Level: level, Marker: rapid.SampledFrom([]string{"-", "1.", "2.", "12)", "①", "", "<!here>", "99999."}).Draw(t, "marker"), Spans: spans().Draw(t, "spans")}
		case 4:
			return bot.CodeText{Text: text()}
		case 5:
			return bot.QuoteText{Spans: spans().Draw(t, "spans")}
		case 6:
			return bot.Note{Spans: spans().Draw(t, "spans")}
		case 7:
			return bot.Divider{}
		case 8:
			return bot.Buttons(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bot.Button {
				return bot.Button{Label: text(), URL: links().Draw(t, "url"), Action: bot.Action{Command: "term", Argument: text()}}
			}), 0, 7).Draw(t, "buttons"))
		default:
			return bot.Menu{Placeholder: text(), Action: bot.Action{Command: "term"}, Options: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) bot.Option {
				return bot.Option{Label: text(), Value: text()}
			}), 0, 30).Draw(t, "options")}
		}
	})
}

// Whatever a document holds, Slack takes its messages, every character of
// its running text is there, in order, and nobody is pinged.
func TestAnyDocumentIsAcceptedWhole(t *testing.T) {
	fake, s := start(t, nil)
	n := 0
	briefingtest.Check(t, func(t *rapid.T) {
		doc := bot.Document{bot.Prose{Spans: []bot.Span{{Text: "始"}}}}
		doc = append(doc, rapid.SliceOfN(blocks(), 0, 60).Draw(t, "document")...)
		messages, err := slack.Render(bot.Post{Parent: doc})
		if err != nil {
			t.Fatal(err)
		}
		n++
		channel := fmt.Sprintf("C%d", n+100)
		fake.AddChannel(bottest.SlackChannel{ID: channel, Name: channel, Member: true})
		for i, m := range messages {
			to := bot.Target{Ref: ref(channel), Marker: bot.Marker{Delivery: bot.DeliveryID(ref(channel), "2025-07-02"), Part: i}}
			if _, err := s.Send(t.Context(), to, m); err != nil {
				t.Fatalf("message %d: %v\n%s", i, err, m)
			}
		}
		var seen strings.Builder
		for _, m := range fake.Messages(channel) {
			seen.WriteString(m.PlainText())
			if pings := m.Pings(); len(pings) > 0 {
				t.Fatalf("pings %q", pings)
			}
		}
		if missing := firstMissing(visible(doc), seen.String()); missing != "" {
			t.Fatalf("lost from %q on", missing)
		}
	})
}

// visible is the running text of a document.
func visible(doc bot.Document) string {
	var sb strings.Builder
	write := func(spans []bot.Span) {
		for _, s := range spans {
			sb.WriteString(bot.Clean(s.Text))
		}
	}
	for _, b := range doc {
		switch b := b.(type) {
		case bot.Title:
			sb.WriteString(bot.Clean(b.Text))
		case bot.Heading:
			sb.WriteString(bot.Clean(b.Text))
		case bot.Prose:
			write(b.Spans)
		case bot.Point:
			write(b.Spans)
			write(b.Note)
		case bot.ListItem:
			write(b.Spans)
		case bot.CodeText:
			sb.WriteString(bot.Clean(b.Text))
		case bot.QuoteText:
			write(b.Spans)
		case bot.Note:
			write(b.Spans)
		}
	}
	return sb.String()
}

// firstMissing is the rest of text from the first character that does not
// follow in seen, white space aside; empty when all do.
func firstMissing(text, seen string) string {
	rest := seen
	for i, r := range text {
		if unicode.IsSpace(r) {
			continue
		}
		_, after, found := strings.Cut(rest, string(r))
		if !found {
			return text[i:min(len(text), i+200)]
		}
		rest = after
	}
	return ""
}

func TestRenderReply(t *testing.T) {
	doc := bot.Document{bot.Prose{Spans: []bot.Span{{Text: "答え"}}}}
	for _, tc := range []struct {
		reply bot.Reply
		want  string
	}{
		{bot.Reply{Document: doc}, "ephemeral"},
		{bot.Reply{Document: doc, Public: true}, "in_channel"},
		{bot.Reply{Document: doc, Quiet: true}, ""},
		{bot.Reply{}, ""},
	} {
		messages, err := slack.RenderReply(tc.reply, briefing.Japanese)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(messages) > 0 {
			var m struct {
				ResponseType string `json:"response_type"`
			}
			if err := json.Unmarshal(messages[0], &m); err != nil {
				t.Fatal(err)
			}
			got = m.ResponseType
		}
		if got != tc.want {
			t.Errorf("%+v is seen by %q, want %q", tc.reply, got, tc.want)
		}
	}
}
