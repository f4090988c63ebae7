package sample

import (
	"index/suffixarray"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFiles(t *testing.T) {
	fs := Files()
	want := []string{"2025-07-01", "2025-07-02", "2025-07-03"}
	if len(fs) != len(want) {
		t.Fatalf("%d samples, want %d", len(fs), len(want))
	}
	headings := []string{"## 主要ポイント", "## 国内ニュース", "## 海外の重大事例", "## 深掘り", "#### 関連知識",
		"##### 用語解説", "##### 今後の展望", "## 結論", "## 主要引用"}
	for i, f := range fs {
		if f.Name != "cybersecurity_news_"+want[i]+".md" {
			t.Errorf("sample %d is %s", i, f.Name)
		}
		text := string(f.Body)
		if !utf8.ValidString(text) || strings.Contains(text, "\r") {
			t.Errorf("%s: want UTF-8 with plain line ends", f.Name)
		}
		at := 0
		for _, h := range headings {
			n := strings.Index(text[at:], "\n"+h+"\n")
			if n < 0 {
				t.Errorf("%s: %q is missing or out of order", f.Name, h)
				continue
			}
			at += n
		}
		if !regexp.MustCompile(`CVE-\d{4}-\d{4,}`).MatchString(text) {
			t.Errorf("%s names no CVE", f.Name)
		}
	}
}

// TestOwnWords compares the samples with the digests of the real series where
// those are at hand: facts may be the same, sentences may not.
func TestOwnWords(t *testing.T) {
	const (
		series      = "../../../shared/digests"
		minSentence = 10 // characters; shorter ones are headings and labels
		sharedRun   = 24 // characters in a row that no two writers share by chance
	)
	others, _ := filepath.Glob(filepath.Join(series, "*.md"))
	if len(others) == 0 {
		t.Skipf("the digests of the series are not at %s", series)
	}
	var all strings.Builder
	for _, name := range others {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	theirs := suffixarray.New([]byte(plain(all.String())))
	stolen := func(s string) bool { return len(theirs.Lookup([]byte(s), 1)) > 0 }
	for _, f := range Files() {
		for _, s := range regexp.MustCompile(`[。\n]`).Split(plain(string(f.Body)), -1) {
			runes := []rune(strings.TrimLeft(s, "#* "))
			if len(runes) < minSentence || strings.Contains(s, "サイバーセキュリティニュースまとめ") {
				continue
			}
			if stolen(string(runes)) {
				t.Errorf("%s: a sentence of the series: %s", f.Name, string(runes))
			}
			for i := 0; i+sharedRun <= len(runes); i++ {
				if run := string(runes[i : i+sharedRun]); hasKana(run) && stolen(run) {
					t.Errorf("%s: words of the series: %s", f.Name, run)
					break
				}
			}
		}
	}
}

// hasKana is false for names and numbers, which are facts.
func hasKana(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 'ぁ' && r <= 'ん' })
}

// plain takes addresses out: they are facts.
func plain(s string) string {
	return regexp.MustCompile(`\(https?://[^)]*\)`).ReplaceAllString(s, "")
}
