package digest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cyberbrief/briefing"
)

// The real digests and their labels stand beside the repository where it is
// developed; they may not be redistributed, so tests that need them skip
// where they are missing.
const (
	corpusDir = "../../../shared/digests"
	goldDir   = "../../../shared/gold"
)

// corpus reads all real digests.
func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	names, _ := filepath.Glob(filepath.Join(corpusDir, "*.md"))
	if len(names) == 0 {
		tb.Skip("needs ../shared/digests")
	}
	files := map[string][]byte{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			tb.Fatal(err)
		}
		files[filepath.Base(n)] = b
	}
	return files
}

// visibleLeftovers finds what no reader may see.
var visibleLeftovers = regexp.MustCompile(`,,|,[。、]|\[\^\d|【\d+】|, ?\d{1,3}(?:-\d{1,3})?\]|source_\d|†|サブトピック ?\d|ニュースカテゴリ\d|\*\*|^\[(?:関連|用語|今後|その他)|\[cite`)

func TestCorpusIsReadWhole(t *testing.T) {
	for name, src := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			d := Read(name, src)
			if err := d.Err(); err != nil {
				t.Fatalf("Err() = %v, want a digest that can be posted", err)
			}
			if len(d.KeyPoints) == 0 && !warned(d, codeNoKeyPoints) {
				t.Error("no key points and no warning that says so")
			}
			if len(d.Stories) == 0 {
				t.Error("no stories")
			}
			for _, s := range missing(string(src), d) {
				t.Errorf("lost: %q", s)
			}
			for _, s := range texts(d) {
				if strings.HasPrefix(s, "http") {
					continue
				}
				if m := visibleLeftovers.FindString(s); m != "" {
					t.Errorf("leftover %q in %.80q", m, s[max(0, strings.Index(s, m)-30):])
				}
				for _, m := range markInText.FindAllStringSubmatch(s, -1) {
					if n, _ := strconv.Atoi(m[1]); !markTarget(string(src), n) {
						t.Errorf("reference mark %q has no target: %.80q", m[0], s)
					}
				}
			}
		})
	}
}

// markTarget says whether the file lists something under number n.
func markTarget(src string, n int) bool {
	return strings.Contains(src, fmt.Sprintf("[%d] ", n)) || strings.Contains(src, fmt.Sprintf("[%d: ", n)) || strings.Contains(src, fmt.Sprintf("[^%d]: ", n))
}

// markInText is a reference mark; it may stand where the file has its target.
var markInText = regexp.MustCompile(`\[(\d{1,3})\]`)

func warned(d *briefing.Digest, code string) bool {
	for _, w := range d.Warnings {
		if w.Code == code {
			return true
		}
	}
	return false
}

// texts are all strings of the digest that a reader sees, without warnings.
func texts(d *briefing.Digest) []string {
	copied := *d
	copied.Warnings = nil
	b, _ := json.Marshal(&copied)
	var v any
	_ = json.Unmarshal(b, &v)
	var out strings.Builder
	collect(v, &out)
	return strings.Split(out.String(), "\n")
}

// TestGold holds the reading to the figures of the labelled digests.
func TestGold(t *testing.T) {
	if _, err := os.Stat(goldDir); err != nil {
		t.Skip("needs ../shared/gold")
	}
	r, err := EvalDir(corpusDir, goldDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		field string
		got   func(Count) float64
		least float64
	}{
		{"key points", Count.F1, 0.995},
		{"details first", Count.Recall, 0.99},
		{"details", Count.Precision, 0.95},
		{"sources", Count.Precision, 1},
		{"sources", Count.Recall, 0.95},
		{"stories", Count.F1, 0.97},
		{"deep dives", Count.F1, 0.97},
		{"glossary", Count.F1, 0.99},
		{"aliases", Count.F1, 0.97},
		{"outlook", Count.F1, 0.99},
		{"conclusion", Count.F1, 0.99},
		{"citations", Count.F1, 0.99},
		{"item sources", Count.F1, 0.99},
		{"leftovers", Count.F1, 0.99},
		{"date", Count.F1, 1},
	} {
		if got := want.got(r.Field(want.field)); got < want.least {
			t.Errorf("%s = %.3f, want at least %.3f", want.field, got, want.least)
		}
	}
	if t.Failed() {
		_, _ = r.WriteTo(os.Stderr)
	}
}

// TestGoldByMonth reports the figures month by month: rules that were made
// for the layouts of some months show it in the others. Run it with -v.
func TestGoldByMonth(t *testing.T) {
	names, _ := filepath.Glob(filepath.Join(goldDir, "*.json"))
	if len(names) == 0 {
		t.Skip("needs ../shared/gold")
	}
	months := map[string]*Report{}
	for _, name := range names {
		g, err := readGold(name)
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(filepath.Join(corpusDir, g.File))
		if err != nil {
			t.Fatal(err)
		}
		month := string(g.Date[:7])
		if months[month] == nil {
			months[month] = &Report{}
		}
		months[month].Add(Read(g.File, src), g)
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		line := month
		for _, f := range months[month].Fields {
			line += fmt.Sprintf("  %s %.3f", f.Name, f.F1())
			// A month has two or three labelled digests, so one key point is much.
			least := 0.95
			if f.Name == "details" || f.Name == "sources" {
				least = 0.60
			}
			if f.F1() < least {
				t.Errorf("%s: F1 of %s is %.3f", month, f.Name, f.F1())
			}
		}
		t.Log(line)
	}
}
