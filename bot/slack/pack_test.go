package slack_test

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
	"cyberbrief/briefing/briefingtest"
)

// packed renders a document and checks every message: within the limits, all
// text there once, in order, no heading left behind.
func packed(t interface{ Fatalf(string, ...any) }, doc bot.Document) []bot.Message {
	messages, err := slack.Render(bot.Post{Parent: doc})
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	var all strings.Builder
	for i, m := range messages {
		if why := bottest.SlackRefuses(m); len(why) > 0 {
			t.Fatalf("message %d: %.500q", i, why)
		}
		text, heading := bottest.ReadSlack(m)
		if heading && i < len(messages)-1 && len([]rune(text)) > 2000 {
			t.Fatalf("message %d ends with a heading", i)
		}
		all.WriteString(text)
	}
	if got, want := bottest.NoSpace(all.String()), bottest.TextOf(doc); got != want {
		at := firstDifference(got, want)
		t.Fatalf("at byte %d of %d: got %.60q, want %.60q", at, len(want), got[at:], want[at:])
	}
	return messages
}

func firstDifference(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func TestAnyDocumentIsPackedWhole(t *testing.T) {
	t.Parallel()
	briefingtest.Check(t, func(t *rapid.T) { packed(t, bottest.LongDocument(t)) })
}

// TestHardDocumentsArePacked: paragraphs without any break, and very many
// very small items.
func TestHardDocumentsArePacked(t *testing.T) {
	t.Parallel()
	for name, doc := range hardDocuments() {
		t.Run(name, func(t *testing.T) { packed(t, doc) })
	}
}

func hardDocuments() map[string]bot.Document {
	prose := func(unit string, bytes int) bot.Document {
		return bot.Document{bot.Prose{Spans: []bot.Span{{Text: strings.Repeat(unit, bytes/len(unit))}}}}
	}
	const long = 200_000 // bytes
	var items bot.Document
	for range 10_000 {
		items = append(items, bot.ListItem{Marker: "-", Spans: []bot.Span{{Text: "小"}}})
	}
	return map[string]bot.Document{
		"kanji": prose("漢", long), "letters": prose("a", long), "families": prose("👨‍👩‍👧‍👦", long), "flags": prose("🇯🇵", long),
		"marks": prose("e\u0301\u0323", long), "jamo": prose("ᄀ각", long), "escapes": prose("&", long), "items": items,
	}
}

// FuzzPack: a paragraph's pieces are the paragraph, cut between graphemes.
func FuzzPack(f *testing.F) {
	f.Add("👨‍👩‍👧‍👦か\u3099", uint(900), false)
	f.Add("文。」", uint(3000), true)
	f.Add("🇯", uint(2999), false)
	f.Fuzz(func(t *testing.T, unit string, n uint, quote bool) {
		const longest = 60_000
		text := bot.Clean(strings.Repeat(unit, int(n%uint(max(1, longest/max(1, len(unit)))))))
		if strings.TrimSpace(text) == "" {
			return
		}
		var b bot.Block = bot.Prose{Spans: []bot.Span{{Text: text}}}
		if quote {
			b = bot.QuoteText{Spans: []bot.Span{{Text: text}}}
		}
		messages := packed(t, bot.Document{b})
		ends := map[int]bool{}
		at, largest := 0, 0
		for g := uniseg.NewGraphemes(text); g.Next(); {
			at += len(bottest.NoSpace(g.Str()))
			largest = max(largest, len(g.Str()))
			ends[at] = true
		}
		at = 0
		for i, m := range messages {
			piece, _ := bottest.ReadSlack(m)
			if at += len(bottest.NoSpace(piece)); !ends[at] && largest < 3000 {
				t.Errorf("message %d ends within a grapheme, at byte %d", i, at)
			}
		}
	})
}

// BenchmarkRender measures a day of ordinary length and a paragraph of 200 kB.
func BenchmarkRender(b *testing.B) {
	for name, doc := range hardDocuments() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(bottest.TextOf(doc))))
			for b.Loop() {
				if _, err := slack.Render(bot.Post{Parent: doc}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
