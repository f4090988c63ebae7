package source

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"cyberbrief/briefing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inbox is a sink that remembers.
type inbox struct {
	mu    sync.Mutex
	files []File
	fail  map[string]error // by file name, once each
}

func (b *inbox) take(_ context.Context, f File) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.fail[f.Name]; err != nil {
		delete(b.fail, f.Name)
		return err
	}
	b.files = append(b.files, f)
	return nil
}

// got says what came since the last call: names, with "=" and the body's
// first line, or "-" before a withdrawn one.
func (b *inbox) got() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, f := range b.files {
		line, _, _ := strings.Cut(string(f.Body), "\n")
		if f.Withdrawn {
			out = append(out, "-"+f.Name)
		} else {
			out = append(out, f.Name+"="+line)
		}
	}
	b.files = nil
	return strings.Join(out, " ")
}

func TestSample(t *testing.T) {
	s, in := Sample(), &inbox{fail: map[string]error{"cybersecurity_news_2025-07-02.md": errors.New("database is locked")}}
	if _, err := s.Scan(t.Context(), in.take); err == nil {
		t.Fatal("the sink's error was swallowed")
	}
	newest, err := s.Scan(t.Context(), in.take)
	if err != nil || newest != "2025-07-03" {
		t.Fatalf("newest %s, error %v", newest, err)
	}
	if len(in.files) != 3 {
		t.Fatalf("%d files, want each of the three once", len(in.files))
	}
	if _, err := s.Scan(t.Context(), in.take); err != nil || len(in.files) != 3 {
		t.Fatalf("a second look gave files again: %d, %v", len(in.files), err)
	}
}

func TestParse(t *testing.T) {
	tests := []struct{ spec, want string }{ // want is String, or "" for an error
		{"digests", "digests"},
		{" ./digests/ ", "digests"},
		{"sample", "sample"},
		{"", ""},
		{"feed:https://u:p@example.com/rss?key=1", "feed:https://example.com/rss?…"},
		{"feed:example.com", ""},
		{"feed:file:///etc/passwd", ""},
		{"https://u:p@example.com/{date}.md", "https://example.com/{date}.md"},
		{"https://example.com/{yyyy}/{mm}-{dd}.md", "https://example.com/{yyyy}/{mm}-{dd}.md"},
		{"https://example.com/digest.md", ""},
		{"https://example.com/{mm}/{dd}.md", ""},
		{"https://example.com/{yyyy}-{mm}.md", ""},
		{"ftp://example.com/{date}", ""},
		{"https:///{date}", ""},
	}
	for _, tt := range tests {
		t.Run(tt.spec, func(t *testing.T) {
			s, err := Parse(tt.spec, Options{})
			if (err != nil) != (tt.want == "") {
				t.Fatalf("error %v", err)
			}
			if err == nil && s.String() != tt.want {
				t.Errorf("source %q, want %q", s, tt.want)
			}
		})
	}
	ss, err := ParseAll([]string{"ftp://x/{date}", "digests", "https://example.com/"}, Options{})
	if len(ss) != 1 || err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("got %v and %v; want the folder and both problems", ss, err)
	}
	if ss, err := ParseAll(nil, Options{}); err != nil || len(ss) != 1 || ss[0].String() != "sample" {
		t.Errorf("no source configured gives %v, %v; want the samples", ss, err)
	}
}

func TestDateIn(t *testing.T) {
	tests := []struct {
		in   string
		want briefing.Date
	}{
		{"cybersecurity_news_2025-07-02.md", "2025-07-02"},
		{"news_2025_07_02.md", "2025-07-02"},
		{"20250702.md", "2025-07-02"},
		{"2025.7.2.md", "2025-07-02"},
		{"2025年7月2日 まとめ", "2025-07-02"},
		{"２０２５年１２月３１日のニュース", "2025-12-31"},
		{"【2025/07/02】", "2025-07-02"},
		{"CVE-2025-12345 and more", ""},
		{"2025-13-02, then 2025-07-02", "2025-07-02"},
		{"2025-02-30", ""},
		{"99920250702", ""},
		{"README.md", ""},
	}
	for _, tt := range tests {
		if got := dateIn(tt.in); got != tt.want {
			t.Errorf("dateIn(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestDisplay(t *testing.T) {
	tests := []struct{ in, want string }{
		{"https://example.com/{date}.md", "https://example.com/{date}.md"},
		{"https://u:p@example.com/a", "https://example.com/a"},
		{"https://u:p@x@example.com", "https://example.com"},
		{"https://example.com/a?sig=secret", "https://example.com/a?…"},
	}
	for _, tt := range tests {
		if got := display(tt.in); got != tt.want {
			t.Errorf("display(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
