package briefing_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

func spans(texts ...string) []briefing.Span {
	var all []briefing.Span
	for _, s := range texts {
		all = append(all, briefing.Span{Text: s})
	}
	return all
}

func TestTextString(t *testing.T) {
	for _, c := range []struct {
		name string
		text briefing.Text
		want string
	}{
		{"nothing", nil, ""},
		{"plain nothing", briefing.Plain(""), ""},
		{"plain", briefing.Plain("一文。"), "一文。"},
		{"paragraphs", briefing.Text{{Spans: spans("一", "つ")}, {Spans: spans("二")}}, "一つ\n\n二"},
		{"styles leave no mark", briefing.Text{{Spans: []briefing.Span{{Text: "太", Strong: true}, {Text: "code", Code: true}}}}, "太code"},
		{"a link", briefing.Text{{Spans: []briefing.Span{{Text: "記事", URL: "https://a.example/"}, {Text: "。"}}}}, "記事 (https://a.example/)。"},
		{"a bare address", briefing.Text{{Spans: []briefing.Span{{Text: "https://a.example/", URL: "https://a.example/"}}}}, "https://a.example/"},
		{"lists", briefing.Text{
			{Spans: spans("前")},
			{Kind: briefing.Item, Spans: spans("甲")},
			{Kind: briefing.Item, Level: 1, Number: 2, Spans: spans("乙")},
			{Spans: spans("後")},
		}, "前\n\n- 甲\n  2. 乙\n\n後"},
		{"a table", briefing.Text{{Kind: briefing.Row, Spans: spans("a | b")}, {Kind: briefing.Row, Spans: spans("1 | 2")}, {Spans: spans("後")}}, "a | b\n1 | 2\n\n後"},
		{"heading, quotation, code", briefing.Text{
			{Kind: briefing.Heading, Level: 3, Spans: spans("題")}, {Kind: briefing.Quote, Spans: spans("引用")}, {Kind: briefing.Code, Spans: spans("a\nb")},
		}, "題\n\n引用\n\na\nb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.text.String(); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			b, err := json.Marshal(map[string]briefing.Text{"text": c.text})
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]string
			if err := json.Unmarshal(b, &got); err != nil || got["text"] != c.want {
				t.Errorf("JSON %s, %v", b, err)
			}
		})
	}
}

// TestTextKeepsEveryCharacter: whatever the blocks, all text is in String, in
// order.
func TestTextKeepsEveryCharacter(t *testing.T) {
	block := rapid.Custom(func(t *rapid.T) briefing.Block {
		return briefing.Block{
			Kind:   briefing.BlockKind(rapid.IntRange(int(briefing.Paragraph), int(briefing.Row)).Draw(t, "kind")),
			Level:  rapid.IntRange(0, 6).Draw(t, "level"),
			Number: rapid.IntRange(0, 3).Draw(t, "number"),
			Spans: rapid.SliceOf(rapid.Custom(func(t *rapid.T) briefing.Span {
				return briefing.Span{Text: rapid.String().Draw(t, "text"), URL: rapid.SampledFrom([]string{"", "https://a.example/"}).Draw(t, "url")}
			})).Draw(t, "spans"),
		}
	})
	briefingtest.Check(t, func(t *rapid.T) {
		text := briefing.Text(rapid.SliceOf(block).Draw(t, "blocks"))
		rest := text.String()
		for _, b := range text {
			for _, s := range b.Spans {
				_, after, found := strings.Cut(rest, s.Text)
				if !found {
					t.Fatalf("%q is lost in %q", s.Text, text.String())
				}
				rest = after
			}
		}
	})
}
