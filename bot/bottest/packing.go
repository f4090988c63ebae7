package bottest

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"pgregory.net/rapid"

	"cyberbrief/bot"
)

// longUnits are what long texts are made of: each is hard to cut.
var longUnits = []string{
	"日本語の文です。", "「括弧で終わる。」", "English words, too. ", "漢", "か\u3099", "👨‍👩‍👧‍👦", "👍🏽", "🇯🇵🇺🇸", "e\u0301\u0323", "ᄀ각", "각", "क्षि", "ก็", "*_~`<&>|", "𠮷", "。」", "\n", " ", "　", "🏳️‍🌈", "1️⃣",
}

// plainUnits can stand in code, where nothing is escaped.
var plainUnits = []string{"コードの行\n", "if x { return }\n", "👩🏽‍🚀", "漢", " "}

// LongText draws a text of at most most units of one or two kinds.
func LongText(units []string, most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		a, b := rapid.SampledFrom(units).Draw(t, "unit"), rapid.SampledFrom(units).Draw(t, "other")
		n := rapid.SampledFrom([]int{1, 1, 3, 10, 40, most / 10, most}).Draw(t, "count")
		return strings.Repeat(a, n) + strings.Repeat(b+a, n/4) + "終"
	})
}

// LongDocument draws a document without links, buttons and menus whose text
// ReadSlack and ReadDiscord give back whole.
func LongDocument(t *rapid.T) bot.Document {
	span := rapid.Custom(func(t *rapid.T) bot.Span {
		s := bot.Span{Text: LongText(longUnits, 4000).Draw(t, "text"), Strong: rapid.Bool().Draw(t, "strong")}
		if rapid.IntRange(0, 4).Draw(t, "code") == 0 {
			s = bot.Span{Text: "code", Code: true}
		}
		return s
	})
	spans := rapid.SliceOfN(span, 1, 3)
	block := rapid.Custom(func(t *rapid.T) bot.Block {
		switch rapid.IntRange(0, 8).Draw(t, "kind") {
		case 0, 1:
			return bot.Heading{Level: rapid.IntRange(1, 3).Draw(t, "level"), Text: LongText(longUnits, 60).Draw(t, "heading")}
		case 2:
			return bot.ListItem{Level: rapid.IntRange(0, 3).Draw(t, "level"), Marker: "-", Spans: spans.Draw(t, "item")}
		case 3:
			return bot.CodeText{Text: LongText(plainUnits, 3000).Draw(t, "code")}
		case 4:
			return bot.QuoteText{Spans: spans.Draw(t, "quote")}
		case 5:
			return bot.Note{Spans: spans.Draw(t, "note")}
		case 6:
			return bot.Divider{}
		}
		return bot.Prose{Spans: spans.Draw(t, "prose")}
	})
	doc := bot.Document{bot.Title{Text: "題"}, bot.Prose{Spans: []bot.Span{{Text: "始"}}}}
	return append(doc, rapid.SliceOfN(block, 1, 12).Draw(t, "blocks")...)
}

// TextOf is the text of a document, cleaned, without white space.
func TextOf(doc bot.Document) string {
	var sb strings.Builder
	for _, b := range doc {
		if item, ok := b.(bot.ListItem); ok {
			b = bot.Prose{Spans: item.Spans}
		}
		for _, s := range bot.CleanSpans(blockSpans(b)) {
			sb.WriteString(s.Text)
		}
	}
	return NoSpace(sb.String())
}

// NoSpace is s without white space.
func NoSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// ReadSlack is the running text of a body of chat.postMessage, and whether
// its last block is a heading. Why says that it is no such body.
func ReadSlack(body []byte) (text string, heading bool, why string) {
	var m struct {
		Blocks []slackObject `json:"blocks"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return "", false, err.Error()
	}
	var sb strings.Builder
	for _, b := range m.Blocks {
		heading = b["type"] == "header"
		slackRunning(b, &sb)
	}
	return sb.String(), heading, ""
}

func slackRunning(v any, sb *strings.Builder) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			slackRunning(e, sb)
		}
	case slackObject:
		if text, ok := v["text"].(string); ok {
			if v["type"] == "mrkdwn" {
				text = slackMrkdwn(text)
			}
			sb.WriteString(text)
			return
		}
		slackRunning(v["text"], sb)
		slackRunning(v["elements"], sb)
	}
}

var (
	discordListMark = regexp.MustCompile(`(?m)^(?:> )? *- `)
	discordOrphan   = regexp.MustCompile(`(?m)^#{1,3} [^\n]*\z`)
)

// ReadDiscord is the running text of a body of Create Message, and whether it
// ends with a heading. What is wrong with its marks stands in why.
func ReadDiscord(body []byte) (text string, heading bool, why string) {
	var m struct{ Embeds []DiscordEmbed }
	if err := json.Unmarshal(body, &m); err != nil {
		return "", false, err.Error()
	}
	var sb strings.Builder
	for _, e := range m.Embeds {
		bare := discordEscape.ReplaceAllString(e.Description, "")
		if strings.Count(bare, "**")%2+strings.Count(bare, "`")%2 > 0 {
			why = "marks without a second one in " + e.Description
		}
		heading = discordOrphan.MatchString(e.Description)
		sb.WriteString(discordPlain(e.Title) + discordPlain(discordListMark.ReplaceAllString(e.Description, "")))
	}
	return sb.String(), heading, why
}

// SlackRefuses lists what Slack would refuse a body of chat.postMessage for,
// our own bound on its text included.
func SlackRefuses(body []byte) []string {
	const budget = 10_000
	var m struct {
		Text   string            `json:"text"`
		Blocks []json.RawMessage `json:"blocks"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return []string{err.Error()}
	}
	_, why := checkSlackMessage(SlackMessage{Text: m.Text, Blocks: m.Blocks}, budget)
	return why
}
