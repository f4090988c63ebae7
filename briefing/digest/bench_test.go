package digest

import (
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/text"
)

// maxTimesParse is how much longer reading a digest may take than goldmark's
// bare parse of the same bytes. On an idle machine it takes 3.3 times as long;
// half of that is comparing texts, which parsing does not do at all.
const maxTimesParse = 4.5

// BenchmarkCorpus reads all real digests; parse is goldmark alone.
func BenchmarkCorpus(b *testing.B) {
	files := corpus(b)
	size := 0
	for _, src := range files {
		size += len(src)
	}
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			readAll(files)
		}
	})
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			parseAll(files)
		}
	})
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

// TestSpeed compares the two in one run: the best round of each, taken
// in turn, for as many rounds as a busy machine needs.
func TestSpeed(t *testing.T) {
	if testing.Short() || raceFactor > 1 {
		t.Skip("measures time")
	}
	files := corpus(t)
	read, parse := time.Hour, time.Hour
	for round := 0; round < 40 && (round < 5 || float64(read) > maxTimesParse*float64(parse)); round++ {
		start := time.Now()
		parseAll(files)
		parse = min(parse, time.Since(start))
		start = time.Now()
		readAll(files)
		read = min(read, time.Since(start))
	}
	times := float64(read) / float64(parse)
	t.Logf("read %v, bare parse %v: %.2f times", read.Round(time.Millisecond), parse.Round(time.Millisecond), times)
	if times > maxTimesParse {
		t.Errorf("reading takes %.2f times as long as the bare parse, want at most %.1f", times, maxTimesParse)
	}
}
