package bot

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "能動的サイバー防御 (ACD) №1 ①\n\t次", "能動的サイバー防御 (ACD) №1 ①\n\t次"},
		{"bidi override", "file\u202Egpj.exe\u202C", "filegpj.exe"},
		{"bidi isolates", "a\u2066b\u2069", "ab"},
		{"zero width", "pass\u200Bword\uFEFF\u2060", "password"},
		{"soft hyphen", "ran\u00ADsom", "ransom"},
		{"tags", "hi\U000E0068\U000E0069", "hi"},
		{"controls", "a\x00\x1b[31mb\r\n", "a[31mb\n"},
		{"line separator", "a\u2028b", "ab"},
		{"blank fillers", "\u3164\u2800x", "x"},
		{"private use", "\uE000x", "x"},
		{"invalid UTF-8", "a\xffb", "a\uFFFDb"},
		{"decomposed kana", "か\u3099", "が"},
		{"kept apart by zero width", "か\u200B\u3099", "が"},
		{"emoji family", "👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"},
		{"emoji with a look", "❤️‍🔥", "❤️‍🔥"},
		{"joiner between letters", "ab\u200Dcd", "abcd"},
		{"joiners in a row", "👨\u200D\u200D👩", "👨\u200D👩"},
		{"keycap", "1️⃣", "1️⃣"},
		{"flag", "🇯🇵", "🇯🇵"},
		{"a variant of a Han letter", "葛\U000E0100", "葛\U000E0100"},
		{"text hidden in variation selectors", "😀\uFE0F\U000E0101\U000E0102", "😀\uFE0F"},
		{"piled-up marks", "x" + strings.Repeat("\u0336", 50) + "y", "x" + strings.Repeat("\u0336", 4) + "y"},
		{"piled-up marks with zero width between", "x" + strings.Repeat("\u0336\u200B", 50), "x" + strings.Repeat("\u0336", 4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Clean(c.in); got != c.want {
				t.Errorf("Clean(%+q) = %+q, want %+q", c.in, got, c.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("か\u200B\u3099👨\u200D👩\u202Ex\u0344\u0344\u0344")
	f.Add("\xff\u115F\u1161각")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Errorf("Clean(%+q) = %+q: not UTF-8 in NFC", s, got)
		}
		if again := Clean(got); again != got {
			t.Errorf("Clean(%+q) = %+q, cleaned again %+q", s, got, again)
		}
		for _, r := range got {
			if unicode.Is(unicode.Bidi_Control, r) || r != zeroWidthJoiner && r != '\n' && r != '\t' && invisible(r) {
				t.Errorf("Clean(%+q) = %+q: keeps %U", s, got, r)
			}
		}
	})
}

func TestCleanIsFast(t *testing.T) {
	const enough = 15 * time.Second // the quadratic one took minutes
	start := time.Now()
	Clean(strings.Repeat("👨\u200D\u200B", 100_000))
	Clean("x" + strings.Repeat("\u0344", 300_000))
	if took := time.Since(start); took > enough {
		t.Errorf("hostile text took %v", took)
	}
}
