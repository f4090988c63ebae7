package bot

import (
	"strings"
	"testing"
)

func TestFoldMap(t *testing.T) {
	for _, c := range []struct{ source, word, want string }{
		{"ＦｏｒｔｉＧａｔｅの穴", "fortigate", "ＦｏｒｔｉＧａｔｅ"},
		{"前は㈱アルファ", "アルファ", "アルファ"},
		{"㈱アルファ", "株", "㈱"},
		{"ｻｲﾊﾞｰ攻撃", "バー", "ﾊﾞｰ"},
		{"か\u3099ある", "が", "か\u3099"},
		{"CVE-2025-0001", "cve", "CVE"},
		{"終わり", "り", "り"},
	} {
		m := newFoldMap(c.source)
		at := strings.Index(m.text, c.word)
		if at < 0 {
			t.Errorf("%q is not in %q", c.word, m.text)
			continue
		}
		from, to := m.source(at, at+len(c.word))
		if got := c.source[from:to]; got != c.want {
			t.Errorf("%q in %q came from %q, want %q", c.word, c.source, got, c.want)
		}
	}
}

func FuzzFoldMap(f *testing.F) {
	f.Add("㈱ｻｲﾊﾞｰ\u3099か\u3099 İ\xff")
	f.Fuzz(func(t *testing.T, s string) {
		m := newFoldMap(s)
		if want := fold(s); m.text != want {
			t.Fatalf("folded %q, want %q", m.text, want)
		}
		for i := range m.text {
			if from, to := m.source(i, i+1); from < 0 || to > len(s) || from >= to {
				t.Fatalf("byte %d of %q came from %d to %d of %q", i, m.text, from, to, s)
			}
		}
	})
}
