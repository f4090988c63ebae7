package digest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestListedNames holds a key point that lists three names to the headings of
// all three, and one whose story is told nowhere to none.
func TestListedNames(t *testing.T) {
	src, err := os.ReadFile("testdata/layouts/listed-names.md")
	if err != nil {
		t.Fatal(err)
	}
	points := Read("2031-07-02.md", src).KeyPoints
	for i, want := range [][]int{{11, 15, 19}, {25}, nil} {
		var got []int
		for _, d := range points[i].Details {
			got = append(got, d.Line)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("key point %d is told at lines %v, want %v", i, got, want)
		}
	}
}

// TestProseBelowASourceHead holds a label to its text: only links below it are
// sources.
func TestProseBelowASourceHead(t *testing.T) {
	d := Read("2031-07-02.md", []byte("# 2031年7月2日のニュース\n\n## ニュース\n\n### 丁銀行の復旧\n\n丁銀行は窓口を開きました。\n\n参考\n\n止まった経緯は https://d.example/3 にまとめられています。\n"))
	if len(d.Stories) != 1 {
		t.Fatalf("%d stories, want 1", len(d.Stories))
	}
	if text := d.Stories[0].Text.String(); !strings.Contains(text, "参考") {
		t.Errorf("the story says %q, without the label above its last paragraph", text)
	}
}
