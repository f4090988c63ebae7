package digest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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

// maxHeap is the most memory that the reading of a digest may take.
const maxHeap = 64 << 20

// TestHostileMemory reads a mebibyte of every kind of malice. The collector is
// made to keep up, so that what is measured is needed.
func TestHostileMemory(t *testing.T) {
	if briefingtest.Racing {
		t.Skip("the race detector takes memory of its own")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	for name, src := range hostile(maxBytes) {
		body := []byte(src)
		if took := heapOf(func() any { return Read("2025-07-02.md", body) }); took > maxHeap {
			t.Errorf("%s: took %d MiB, want %d at most", name, took>>20, maxHeap>>20)
		}
	}
}

// heapOf is by how much the heap was larger at any time while do ran, or after
// it with its result.
func heapOf(do func() any) (most uint64) {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	measure := func() uint64 {
		metrics.Read(heap)
		return heap[0].Value.Uint64()
	}
	runtime.GC()
	before := measure()
	done := make(chan any)
	go func() { done <- do() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		var result any
		select {
		case result = <-done:
		case <-tick.C:
		}
		now := measure()
		most = max(most, now-min(now, before))
		if result != nil {
			runtime.KeepAlive(result)
			return most
		}
	}
}

// TestBeyondReason: what is beyond the number of cells or marks of a digest
// stays as it is written, and nothing of it is lost.
func TestBeyondReason(t *testing.T) {
	var table, marks strings.Builder
	for i := range maxTableCells / 2 {
		fmt.Fprintf(&table, "|行%d|項%d|\n", i, i)
	}
	for i := range maxMarks {
		fmt.Fprintf(&marks, "- **語%d**と[題%d](https://example.com/%d)\n", i, i, i)
	}
	for name, src := range map[string]string{
		"cells": "# t\n## 国内ニュース\n|一|二|\n|-|-|\n" + table.String() + "\n## 海外ニュース\n### 話\n本文\n",
		"marks": "# t\n## 国内ニュース\n### 話\n" + marks.String(),
	} {
		d := Read("2025-07-02.md", []byte(src))
		if err := d.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		for i := range strings.Count(src, "\n") - 10 {
			words := []string{fmt.Sprintf("行%d", i), fmt.Sprintf("項%d", i)}
			if name == "marks" {
				words = []string{fmt.Sprintf("語%d", i), fmt.Sprintf("題%d", i), fmt.Sprintf("https://example.com/%d", i)}
			}
			for _, w := range words {
				if !bytes.Contains(b, []byte(w)) {
					t.Fatalf("%s: %s is lost", name, w)
				}
			}
		}
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
		"most cells":         strings.Repeat("|h", 20) + "\n" + strings.Repeat("|-", 20) + "\n" + most(strings.Repeat("|a", 20)+"%d\n"),
		"cells not written":  strings.Repeat("|h", 50) + "\n" + strings.Repeat("|-", 50) + "\n" + most("|%d|\n"),
		"many wide tables":   fill(strings.Repeat("|h", 60) + "\n" + strings.Repeat("|-", 60) + "\n|a|\n\n"),
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
		"crowded emphasis":   fill(strings.Repeat("*a*b", 95) + "\n\n"),
		"crowded lines":      fill("* " + strings.Repeat("_a_ ", 14) + "\n"),
		"crowded bold":       fill("* " + strings.Repeat("**a**b", 10) + "\n"),
		"crowded code":       fill("# " + strings.Repeat("`a`b", 14) + "\n"),
		"crowded links":      fill(strings.Repeat("[a](b)", 60) + "\n\n"),
		"crowded marks":      "# t\n## 用語解説\n" + fill("* **語**: " + strings.Repeat("[1]a", 12) + "\n")[:size-100],
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
