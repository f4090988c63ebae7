package digest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"cyberbrief/briefing"
)

// TestHostileInput holds reading to 1 s and 64 MiB, whatever the file says.
func TestHostileInput(t *testing.T) {
	const mega = maxBytes
	fill := func(unit string) string { return strings.Repeat(unit, mega/len(unit)) }
	lines := func(format string) string {
		var sb strings.Builder
		for i := 0; sb.Len() < mega-len(format)-16; i++ {
			if strings.Contains(format, "%") {
				fmt.Fprintf(&sb, format, i)
			} else {
				sb.WriteString(format)
			}
		}
		return sb.String()
	}
	for name, src := range map[string]string{
		"brackets":          strings.Repeat("[", 100_000),
		"open brackets":     fill("["),
		"close brackets":    fill("]"),
		"bracket pairs":     fill("[]"),
		"nested links":      strings.Repeat("[", 50_000) + "a" + strings.Repeat("](b)", 50_000),
		"link starts":       fill("[a]("),
		"images":            fill("!["),
		"references":        fill("[1]"),
		"reference lists":   fill("[1, 2-49] "),
		"stars":             fill("*"),
		"star words":        fill("*a **b "),
		"japanese stars":    fill("**「あ」"),
		"underscores":       fill("_a "),
		"backticks":         lines("`%d` ``"),
		"backtick runs":     fill("` `` ``` "),
		"angle brackets":    fill("<"),
		"tags":              fill("<a "),
		"comments":          fill("<!--"),
		"quotes":            fill("> "),
		"quote lines":       lines("> > > > a\n"),
		"list markers":      fill("- "),
		"numbers":           fill("1. "),
		"deeper and deeper": deeper(),
		"list lines":        lines("* a\n"),
		"bullets":           lines("・a\n"),
		"headings":          lines("## h%d\n本文はここにあります。\n"),
		"title headings":    lines("# 2025年7月2日 ニュース %d\n"),
		"key points":        "# t\n## 主要ポイント\n" + lines("* 要点その%d\n")[:mega/2] + lines("## 話%d\n本文\n")[:mega/2-100],
		"citations":         "# t\n## 引用\n" + lines("* t%d https://example.com/\n")[:mega-100],
		"glossary":          "# t\n## 用語解説\n" + lines("* **語%d**: 意味\n")[:mega-100],
		"table":             "|a|b|\n|-|-|\n" + lines("|a|b|\n")[:mega-100],
		"wide table":        fill("|a")[:mega/2] + "\n" + fill("|-")[:mega/2-2],
		"commas":            fill(","),
		"comma runs":        fill(",。,"),
		"numbers in ]":      fill(", 1]"),
		"one line":          fill("あ"),
		"spaces":            fill(" "),
		"colons":            fill("http://"),
		"urls":              fill("https://a.example/ "),
		"entities":          fill("&amp;"),
		"escapes":           fill(`\*`),
		"sources":           fill("[出典: "),
		"dates":             fill("2025-07-02"),
		"cves":              lines("CVE-2025-%d "),
		"rules":             lines("---\n"),
		"setext":            lines("a\n---\n"),
		"round brackets":    fill("("),
		"corner brackets":   fill("【"),
		"nul":               fill("\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			if len(src) > mega {
				src = strings.ToValidUTF8(src[:mega], "")
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			d := Read("2025-07-02.md", []byte(src))
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if d == nil {
				t.Fatal("Read() = nil")
			}
			used := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
			t.Logf("%v, %d MiB, %d warnings", took.Round(time.Millisecond), used, len(d.Warnings))
			if used > 64 {
				t.Errorf("uses %d MiB, want at most 64", used)
			}
			if limit := time.Second * raceFactor; took > limit {
				t.Errorf("took %v, want at most %v", took, limit)
			}
		})
	}
}

// deeper is a list that goes down a level on every line.
func deeper() string {
	var sb strings.Builder
	for i := 0; sb.Len() < maxBytes-3000; i++ {
		sb.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return sb.String()
}

func TestGuardRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, src, code, message string
		line                     int
	}{
		{"too large", strings.Repeat("あ", maxBytes/3+1), codeTooLarge, "day.md: has 1048578 bytes", 1},
		{"not UTF-8", "# t\n\x83\x65\x83\x58\x83\x67\n", codeNotUTF8, "day.md: not UTF-8 at byte 4", 2},
		{"cut in a character", "# あ\n\xe3\x81", codeNotUTF8, "day.md: not UTF-8 at byte 6", 2},
		{"nested quotations", "# t\n" + strings.Repeat("> ", 100) + "a", codeTooDeep, "at byte 4", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Read("day.md", []byte(tt.src))
			if d.Err() == nil {
				t.Fatal("Err() = nil, want an error")
			}
			w := d.Warnings[0]
			if w.Code != tt.code || w.Line != tt.line || !strings.Contains(w.Message, tt.message) || w.Severity != briefing.Error {
				t.Errorf("warning = %+v, want %s on line %d with %q", w, tt.code, tt.line, tt.message)
			}
		})
	}
}
