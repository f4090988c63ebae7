package bot

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"cyberbrief/briefing/briefingtest"
)

// runes measures as the platforms do that count characters; a mention counts
// although it has no text of its own.
func runes(spans []Span) int {
	n := 0
	for _, s := range spans {
		n += utf8.RuneCountInString(s.Text) + len(s.Mention)
	}
	return n
}

func TestSplit(t *testing.T) {
	const family = "👨‍👩‍👧‍👦" // 7 runes, one grapheme
	for _, c := range []struct {
		name  string
		spans []Span
		limit int
		want  []string // the pieces' texts, spans parted by |
	}{
		{"nothing", nil, 10, nil},
		{"an empty span stays", []Span{{}}, 0, []string{""}},
		{"all fits", plain("短い文。"), 10, []string{"短い文。"}},
		{"line end first", plain("一行目。続き\n二行目です"), 10, []string{"一行目。続き\n", "二行目です"}},
		{"sentence end", plain("雨が降った。傘がない。濡れた。"), 12, []string{"雨が降った。傘がない。", "濡れた。"}},
		{"sentence end with its bracket", plain("彼は「行く。」と言った後"), 8, []string{"彼は「行く。」", "と言った後"}},
		{"no sentence end before its bracket", plain("彼は「行くよ。」"), 7, []string{"彼は「行くよ。", "」"}},
		{"ASCII sentence end", plain("It fell. It broke."), 12, []string{"It fell. ", "It broke."}},
		{"a version number is no sentence end", plain("OpenSSL 3.0.1x"), 12, []string{"OpenSSL ", "3.0.1x"}},
		{"word end", plain("one two three"), 9, []string{"one two ", "three"}},
		{"word end before a quotation", plain("he said \"yes\""), 12, []string{"he said ", "\"yes\""}},
		{"comma", plain("警察と、自衛隊"), 5, []string{"警察と、", "自衛隊"}},
		{"only in the second half", plain("あ。いうえおかきくけこ"), 10, []string{"あ。いうえおかきくけ", "こ"}},
		{"grapheme", plain("が" + "か\u3099" + "か\u3099"), 2, []string{"が", "か\u3099", "か\u3099"}},
		{"no word end before a combining mark", plain("ab \u0301cd"), 3, []string{"ab", " \u0301c", "d"}},
		{"emoji family", plain("a" + family + "b"), 8, []string{"a" + family, "b"}},
		{"flags", plain("🇯🇵🇺🇸🇬🇧"), 5, []string{"🇯🇵🇺🇸", "🇬🇧"}},
		{"grapheme larger than the limit", plain(family), 3, []string{"👨\u200d👩", "\u200d👧\u200d", "👦"}},
		{"limit 1", plain("ab"), 1, []string{"a", "b"}},
		{"limit 0 still ends", plain("ab"), 0, []string{"a", "b"}},
		{"negative limit still ends", []Span{{Text: "a"}, {}}, -1, []string{"a", ""}},
		{"styles go on", []Span{{Text: "太字で", Strong: true}, {Text: "書く"}}, 2, []string{"太字", "で|書", "く"}},
		{"a grapheme over two spans", []Span{{Text: "xe"}, {Text: "\u0301y"}}, 2, []string{"x", "e|\u0301", "y"}},
		{"a mention has no text", []Span{{Text: "ab"}, {Mention: "S1"}, {Text: "cd"}}, 3, []string{"ab", "|c", "d"}},
		{"a mention larger than the limit", []Span{{Text: "ab"}, {Mention: "S123"}, {Text: "cd"}}, 3, []string{"ab", "", "cd"}},
		{"invalid UTF-8 is kept", plain("a\xff\xfeb"), 1, []string{"a", "\xff", "\xfe", "b"}},
		{"CR LF stays together", plain("a\r\nb"), 2, []string{"a", "\r\n", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, piece := range Split(c.spans, c.limit, runes) {
				var texts []string
				for _, s := range piece {
					texts = append(texts, s.Text)
				}
				got = append(got, strings.Join(texts, "|"))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("pieces (-want +got):\n%s", d)
			}
		})
	}
}

// anySpans draws spans of text in which cutting is hard.
func anySpans() *rapid.Generator[[]Span] {
	bits := []string{"a", "漢", "か", "\u3099", "。", "」", " ", "　", ". ", "\n", "\r", "👨‍👩‍👧", "\u200d", "🇯🇵", "🇯", "\u0301", "\ufe0f", "👍🏽", "ㄱ", "각", "\xff", "क्ष"}
	span := rapid.Custom(func(t *rapid.T) Span {
		if rapid.IntRange(0, 4).Draw(t, "mention") == 0 {
			return Span{Mention: "S1"}
		}
		return Span{
			Text:   strings.Join(rapid.SliceOfN(rapid.SampledFrom(bits), 0, 30).Draw(t, "bits"), ""),
			Strong: rapid.Bool().Draw(t, "strong"),
		}
	})
	return rapid.SliceOfN(span, 0, 6)
}

func TestSplitKeepsItsPromises(t *testing.T) {
	briefingtest.Check(t, func(t *rapid.T) {
		spans, limit := anySpans().Draw(t, "spans"), rapid.IntRange(-1, 40).Draw(t, "limit")
		checkSplit(t, spans, limit)
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("彼は「行く。」と言った。It fell. 👨‍👩‍👧", "か\u3099🇯🇵", 4)
	f.Add("", "\xff\u200d", 0)
	f.Fuzz(func(t *testing.T, a, b string, limit int) {
		if len(a)+len(b) > 2000 {
			t.Skip("TestSplitIsFast has long texts")
		}
		checkSplit(t, []Span{{Text: a}, {Text: b, Strong: true}}, limit)
	})
}

// checkSplit checks what the comment of Split promises.
func checkSplit(t interface{ Fatalf(string, ...any) }, spans []Span, limit int) {
	pieces := Split(spans, limit, runes)
	if got := rejoin(pieces); !slices.Equal(got, rejoin([][]Span{spans})) {
		t.Fatalf("joined: %+v, want %+v", got, spans)
	}
	text := joined(spans)
	whole := map[int]bool{0: true, len(text): true}
	large := map[int]bool{} // offsets within graphemes that exceed the limit
	for g := uniseg.NewGraphemes(text); g.Next(); {
		from, to := g.Positions()
		whole[to] = true
		if runes(spansBetween(spans, from, to)) > limit {
			for i := from; i <= to; i++ {
				large[i] = true
			}
		}
	}
	at := 0
	for _, p := range pieces {
		from := at
		at += len(joined(p))
		if !whole[at] && !large[at] {
			t.Fatalf("cut inside a grapheme at %d of %q", at, text)
		}
		if runes(p) > limit && utf8.RuneCountInString(joined(p)) > 1 && !large[from] {
			t.Fatalf("piece %+v measures %d, limit %d", p, runes(p), limit)
		}
	}
}

// spansBetween are the spans of the bytes from to to, mentions at both ends
// included.
func spansBetween(spans []Span, from, to int) []Span {
	var out []Span
	at := 0
	for _, s := range spans {
		start, end := at, at+len(s.Text)
		at = end
		if end < from || start > to {
			continue
		}
		s.Text = s.Text[max(from, start)-start : min(to, end)-start]
		out = append(out, s)
	}
	return out
}

// rejoin undoes the cuts: neighbours in one style become one span again.
// Mentions, and empty spans, stay for themselves.
func rejoin(pieces [][]Span) []Span {
	var out []Span
	for _, s := range slices.Concat(pieces...) {
		if n := len(out); n > 0 && s.Text != "" && out[n-1].Text != "" && out[n-1].Strong == s.Strong {
			out[n-1].Text += s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}

// TestSplitIsFast holds hostile paragraphs to work, counted in characters
// measured, that grows with the text and not with its square; and to a time
// that even a busy machine keeps.
func TestSplitIsFast(t *testing.T) {
	const (
		perCharacter = 30 // times that each is measured: about the logarithm of a piece
		enough       = 15 * time.Second
	)
	for name, text := range map[string]string{
		"no ends":      strings.Repeat("漢", 70_000),
		"words":        strings.Repeat("ab ", 70_000),
		"one grapheme": "a" + strings.Repeat("\u0301", 100_000),
		"newlines":     strings.Repeat("\n", 200_000),
		"brackets":     strings.Repeat("」", 70_000),
		"spaces":       strings.Repeat(" ", 200_000),
	} {
		for _, limit := range []int{1, 40, 3000} {
			start, measured := time.Now(), 0
			pieces := Split(plain(text), limit, func(spans []Span) int {
				n := runes(spans)
				measured += n
				return n
			})
			if most := perCharacter * utf8.RuneCountInString(text); measured > most {
				t.Errorf("%s, limit %d: measured %d characters, want at most %d", name, limit, measured, most)
			}
			if took := time.Since(start); took > enough {
				t.Errorf("%s, limit %d: %d pieces in %v", name, limit, len(pieces), took)
			}
		}
	}
}
