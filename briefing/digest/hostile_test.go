package digest

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

// hang is how long a reading may take before it counts as stuck, on however
// busy a machine; BenchmarkHostile measures how long it does take.
const hang = 20 * time.Second

// TestHostileInput reads a mebibyte of every kind of malice, less while the
// race detector watches.
func TestHostileInput(t *testing.T) {
	size := maxBytes
	if briefingtest.Racing {
		size /= 8
	}
	for name, src := range hostile(size) {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if d := Read("2025-07-02.md", []byte(src)); d == nil {
				t.Fatal("Read() = nil")
			}
			if took := time.Since(start); took > hang {
				t.Errorf("took %v: reading hangs", took)
			}
		})
	}
}

// BenchmarkHostile reports, of the slowest kind of malice, the seconds for a
// mebibyte, the MiB on the heap after it, and how many times longer it takes
// than half a mebibyte: 2 where reading is linear. The project's floors are
// 1 s, 64 MiB and 3 times.
func BenchmarkHostile(b *testing.B) {
	whole, half := hostile(maxBytes), hostile(maxBytes/2)
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		b.Run(name, func(b *testing.B) {
			long, short, heap := time.Hour, time.Hour, uint64(0)
			for b.Loop() {
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				took, d := timeRead(whole[name])
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(d)
				long = min(long, took)
				heap = max(heap, after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc))
				took, _ = timeRead(half[name])
				short = min(short, took)
			}
			b.ReportMetric(long.Seconds(), "s/MiB")
			b.ReportMetric(float64(heap>>20), "MiB-heap")
			b.ReportMetric(float64(long)/float64(short), "x-doubled")
		})
	}
}

func timeRead(src string) (time.Duration, *briefing.Digest) {
	start := time.Now()
	d := Read("2025-07-02.md", []byte(src))
	return time.Since(start), d
}

// hostile makes files of size bytes, or a little less, by what is wrong with
// them.
func hostile(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	lines := func(format string) string {
		var sb strings.Builder
		for i := 0; sb.Len() < size-len(format)-16; i++ {
			if strings.Contains(format, "%") {
				fmt.Fprintf(&sb, format, i)
			} else {
				sb.WriteString(format)
			}
		}
		return sb.String()
	}
	// As many lines as are read at all, for a whole mebibyte.
	most := func(format string) string {
		var sb strings.Builder
		for i := range (maxLines - 10) / strings.Count(format, "\n") * size / maxBytes {
			fmt.Fprintf(&sb, format, i)
		}
		return sb.String()
	}
	files := map[string]string{
		"brackets":           strings.Repeat("[", size/10),
		"open brackets":      fill("["),
		"close brackets":     fill("]"),
		"bracket pairs":      fill("[]"),
		"nested links":       strings.Repeat("[", size/20) + "a" + strings.Repeat("](b)", size/20),
		"link starts":        fill("[a]("),
		"images":             fill("!["),
		"references":         fill("[1]"),
		"reference lists":    fill("[1, 2-49] "),
		"stars":              fill("*"),
		"star words":         fill("*a **b "),
		"japanese stars":     fill("**「あ」"),
		"underscores":        fill("_a "),
		"backticks":          lines("`%d` ``"),
		"backtick runs":      fill("` `` ``` "),
		"angle brackets":     fill("<"),
		"tags":               fill("<a "),
		"comments":           fill("<!--"),
		"quotes":             fill("> "),
		"quote lines":        lines("> > > > a\n"),
		"list markers":       fill("- "),
		"numbers":            fill("1. "),
		"deeper and deeper":  deeper(size),
		"list lines":         lines("* a\n"),
		"bullets":            lines("・a\n"),
		"headings":           lines("## h%d\n本文はここにあります。\n"),
		"title headings":     lines("# 2025年7月2日 ニュース %d\n"),
		"key points":         "# t\n## 主要ポイント\n" + lines("* 要点その%d\n")[:size/2] + lines("## 話%d\n本文\n")[:size/2-100],
		"citations":          "# t\n## 引用\n" + lines("* t%d https://example.com/\n")[:size-100],
		"glossary":           "# t\n## 用語解説\n" + lines("* **語%d**: 意味\n")[:size-100],
		"table":              "|a|b|\n|-|-|\n" + lines("|a|b|\n")[:size-100],
		"wide table":         fill("|a")[:size/2] + "\n" + fill("|-")[:size/2-2],
		"commas":             fill(","),
		"comma runs":         fill(",。,"),
		"numbers in ]":       fill(", 1]"),
		"one line":           fill("あ"),
		"spaces":             fill(" "),
		"colons":             fill("http://"),
		"urls":               fill("https://a.example/ "),
		"entities":           fill("&amp;"),
		"escapes":            fill(`\*`),
		"sources":            fill("[出典: "),
		"dates":              fill("2025-07-02"),
		"cves":               lines("CVE-2025-%d "),
		"rules":              lines("---\n"),
		"setext":             lines("a\n---\n"),
		"round brackets":     fill("("),
		"corner brackets":    fill("【"),
		"nul":                fill("\x00"),
		"most headings":      most("# h%d\n"),
		"most list lines":    most("* a%d\n"),
		"most quotes":        most("> > > > a%d\n"),
		"most setext":        most("a%d\n---\n"),
		"most rows":          "|a|b|\n|-|-|\n" + most("|a|b%d|\n"),
		"most points":        "# t\n## 主要ポイント\n" + most("* 要点%d\n"),
		"most terms":         "# t\n## 用語解説\n" + most("* **語%d**: 意味\n"),
		"most footnotes":     "# t\n## 引用\n" + most("[%d] t https://example.com/\n"),
		"most titles":        most("# 2025年7月2日 ニュース%d\n\n* a\n"),
		"summaries":          fill("<summary>"),
		"folded parts":       most("<details><summary>a%d</summary>\nb\n</details>\n"),
		"links within":       most("[a](#b%d)\n"),
		"tables of contents": most("## 目次\n- [a](#b%d)\n"),
		"closing links":      "# t\n## 話\n本文はここにあります。\n\n" + most("- [a](http://b.example/%d)\n"),
		"closing lines":      "# t\n## 話\n本文はここにあります。\n\n" + most("[a](http://b.example/%d)\n\n"),
		"only links":         "# t\n## 話\n" + most("- [a](http://b.example/%d)\n"),
		"source heads":       "# t\n## 話\n本文はここにあります。\n\n" + most("出典\n\nhttp://a.example/%d\n\n"),
		"news rows":          "# t\n## ニュース\n|見出し|内容|\n|-|-|\n" + most("|a%d|b|\n"),
		"news items":         "# t\n## ニュース\n" + most("- **a%d**: 本文です\n  - 出典: http://a.example/\n"),
		"marks":              most("■ a%d\n本文\n"),
		"definitions":        "# t\n## 用語解説\n" + most("語%d\n: 意味\n"),
	}
	for name, src := range files {
		if len(src) > size {
			files[name] = strings.ToValidUTF8(src[:size], "")
		}
	}
	return files
}

// deeper is a list that goes down a level on every line.
func deeper(size int) string {
	var sb strings.Builder
	for i := 0; sb.Len() < size-3000; i++ {
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
