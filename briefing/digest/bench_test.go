package digest

import (
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/text"
)

// BenchmarkRead reads all real digests beside goldmark's bare parse of the
// same bytes, in turn, so that a busy machine slows both. The metric
// x-bare-parse is the time of the one divided by that of the other; the
// project's floor is 2.5.
func BenchmarkRead(b *testing.B) {
	files := corpus(b)
	size := 0
	for _, src := range files {
		size += len(src)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var read, parse time.Duration
	for b.Loop() {
		start := time.Now()
		readAll(files)
		read += time.Since(start)
		b.StopTimer()
		start = time.Now()
		parseAll(files)
		parse += time.Since(start)
		b.StartTimer()
	}
	b.ReportMetric(float64(read)/float64(parse), "x-bare-parse")
}

func readAll(files map[string][]byte) {
	for name, src := range files {
		Read(name, src)
	}
}

func parseAll(files map[string][]byte) {
	p := goldmark.DefaultParser()
	for _, src := range files {
		p.Parse(text.NewReader(src))
	}
}
