package console_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"cyberbrief/bot"
	"cyberbrief/bot/console"
)

func render(t *testing.T, p bot.Post) []shown {
	t.Helper()
	c, err := console.New(console.Options{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := c.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]shown, len(messages))
	for i, m := range messages {
		if err := json.Unmarshal(m, &out[i].Body); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestOnlyHonestLinksAreLinks(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.com/a?b=c#d":          "https://example.com/a?b=c#d",
		"http://example.com":                   "http://example.com",
		"javascript:alert(1)":                  "",
		"JavaScript:alert(1)":                  "",
		"data:text/html,<script>":              "",
		"//example.com":                        "",
		"/console/actions":                     "",
		"https://bank.example@evil.example/":   "https://evil.example/",
		"https://":                             "",
		"ht\ttps://example.com":                "",
		"https://" + strings.Repeat("a", 3000): "",
	} {
		m := render(t, bot.Post{Parent: bot.Document{
			bot.Title{Text: "t", URL: url}, bot.Heading{Level: 2, Text: "h", URL: url},
			bot.Prose{Spans: []bot.Span{{Text: "s", URL: url}}}, bot.Buttons{{Label: "b", URL: url}},
		}})[0].Body.Blocks
		for i, got := range []string{m[0].URL, m[1].URL, m[2].Spans[0].URL, m[3].Buttons[0].URL} {
			if got != want {
				t.Errorf("block %d: link to %q became %q, want %q", i, url, got, want)
			}
		}
	}
}

func TestThreadIsPartedAtGroups(t *testing.T) {
	got := render(t, bot.Post{
		Parent: bot.Document{bot.Title{Text: "t"}},
		Thread: bot.Document{
			bot.Heading{Level: 1, Text: "国内"}, bot.Heading{Level: 2, Text: "一"}, bot.Prose{Spans: spans("あ")},
			bot.Heading{Level: 1, Text: "海外"}, bot.Prose{Spans: spans("い")},
		},
	})
	if len(got) != 3 || len(got[1].Body.Blocks) != 3 || got[2].Body.Blocks[0].Text != "海外" {
		t.Errorf("messages: %+v", got)
	}
}

func TestLongTextGoesOnInTheNextMessage(t *testing.T) {
	long := strings.Repeat("守りを固める。", 4000)
	got := render(t, bot.Post{Parent: bot.Document{bot.Title{Text: "t"}, bot.ListItem{Marker: "1.", Spans: spans(long)}, bot.CodeText{Text: long}}})
	var item, code strings.Builder
	markers := 0
	for i, m := range got {
		runes := 0
		for _, b := range m.Body.Blocks {
			runes += utf8.RuneCountInString(b.Text)
			if b.Marker != "" {
				markers++
			}
			for _, s := range b.Spans {
				runes += utf8.RuneCountInString(s.Text)
				item.WriteString(s.Text)
			}
			if b.Type == "code" {
				code.WriteString(b.Text)
			}
		}
		if runes > 6000 {
			t.Errorf("message %d has %d characters", i, runes)
		}
	}
	if item.String() != long || code.String() != long || markers != 1 {
		t.Errorf("text was lost or repeated: %d and %d of %d bytes, %d markers", item.Len(), code.Len(), len(long), markers)
	}
}

func TestEmptyParentIsAnError(t *testing.T) {
	c, err := console.New(console.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Render(bot.Post{}); err == nil {
		t.Error("a post that says nothing was rendered")
	}
}
