package bottest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"cyberbrief/bot"
	"cyberbrief/briefing/briefingtest"
)

// Packer is how a platform packs documents into messages, to be held to its
// promises: every message within the limits, all text there once and in
// order, cut between graphemes, no heading left behind.
type Packer struct {
	Render func(bot.Post) ([]bot.Message, error)
	// Refuses lists what the platform refuses a message for.
	Refuses func(body []byte) []string
	// Read is the running text of a message, and whether it ends with a
	// heading. What is wrong with its marks stands in why.
	Read func(body []byte) (text string, heading bool, why string)
	// MayEndWithHeading says whether a message with such a text, which is not
	// the last one of doc, may.
	MayEndWithHeading func(doc bot.Document, text string) bool
	// Fills is how many characters fill a message.
	Fills int
}

// fataler is what a test, a fuzz test and a property have in common.
type fataler interface{ Fatalf(string, ...any) }

// Pack renders a document and checks every message.
func (p Packer) Pack(t fataler, doc bot.Document) []bot.Message {
	messages, err := p.Render(bot.Post{Parent: doc})
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	var all strings.Builder
	for i, m := range messages {
		if why := p.Refuses(m); len(why) > 0 {
			t.Fatalf("message %d: %.500q", i, why)
		}
		text, heading, why := p.Read(m)
		if why != "" {
			t.Fatalf("message %d: %.500s", i, why)
		}
		if heading && i < len(messages)-1 && !p.MayEndWithHeading(doc, text) {
			t.Fatalf("message %d ends with a heading", i)
		}
		all.WriteString(text)
	}
	if got, want := NoSpace(all.String()), TextOf(doc); got != want {
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

// TestAny packs drawn documents.
func (p Packer) TestAny(t *testing.T) {
	briefingtest.Check(t, func(t *rapid.T) { p.Pack(t, LongDocument(t)) })
}

// TestHard packs paragraphs without any break, and very many very small items.
func (p Packer) TestHard(t *testing.T) {
	for name, doc := range hardDocuments() {
		t.Run(name, func(t *testing.T) { p.Pack(t, doc) })
	}
}

// Benchmark measures how long rendering the hard documents takes.
func (p Packer) Benchmark(b *testing.B) {
	for name, doc := range hardDocuments() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(TextOf(doc))))
			for b.Loop() {
				if _, err := p.Render(bot.Post{Parent: doc}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func hardDocuments() map[string]bot.Document {
	prose := func(unit string, bytes int) bot.Document {
		return bot.Document{bot.Prose{Spans: []bot.Span{{Text: strings.Repeat(unit, bytes/len(unit))}}}}
	}
	long := 200_000 // bytes
	if briefingtest.Racing {
		long = 20_000
	}
	var items bot.Document
	for range 10_000 {
		items = append(items, bot.ListItem{Marker: "-", Spans: []bot.Span{{Text: "小"}}})
	}
	return map[string]bot.Document{
		"kanji": prose("漢", long), "letters": prose("a", long), "families": prose("👨‍👩‍👧‍👦", long), "flags": prose("🇯🇵", long),
		"marks": prose("e\u0301\u0323", long), "jamo": prose("ᄀ각", long), "escapes": prose("&", long), "items": items,
	}
}

// maxFuzzUnit is the longest piece of text that Fuzz repeats, in bytes. Two
// families of four fit; what is longer hides what it is that breaks.
const maxFuzzUnit = 64

// Fuzz packs paragraphs of one piece of text again and again: their pieces are
// the paragraph, cut between graphemes. A text is little more than fills a
// message, so that a run takes a millisecond: to make small what fails takes
// thousands of them.
func (p Packer) Fuzz(f *testing.F) {
	f.Add("👨‍👩‍👧‍👦か\u3099", uint(300), false)
	f.Add("文。」", uint(2000), true)
	f.Add("🇯", uint(2999), false)
	f.Fuzz(func(t *testing.T, unit string, n uint, quote bool) {
		if len(unit) > maxFuzzUnit {
			return
		}
		most := p.Fills*5/4/max(1, utf8.RuneCountInString(unit)) + 1
		text := bot.Clean(strings.Repeat(unit, int(n%uint(most))))
		if strings.TrimSpace(text) == "" {
			return
		}
		var b bot.Block = bot.Prose{Spans: []bot.Span{{Text: text}}}
		if quote {
			b = bot.QuoteText{Spans: []bot.Span{{Text: text}}}
		}
		p.cutsBetweenGraphemes(t, text, p.Pack(t, bot.Document{b}))
	})
}

// cutsBetweenGraphemes checks the messages of one paragraph, unless it has a
// grapheme that is too large for a message.
func (p Packer) cutsBetweenGraphemes(t *testing.T, text string, messages []bot.Message) {
	const largeGrapheme = 3000
	ends, at := map[int]bool{}, 0
	for grapheme, rest, state := "", text, -1; rest != ""; {
		grapheme, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if len(grapheme) >= largeGrapheme {
			return
		}
		at += len(NoSpace(grapheme))
		ends[at] = true
	}
	at = 0
	for i, m := range messages {
		piece, _, _ := p.Read(m)
		if at += len(NoSpace(piece)); !ends[at] {
			t.Errorf("message %d ends within a grapheme, at byte %d", i, at)
		}
	}
}
