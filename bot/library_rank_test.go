package bot

import (
	"log/slog"
	"testing"
	"time"

	"cyberbrief/briefing"
)

// terms learns nothing.
type terms struct{}

func (terms) Put(*briefing.Digest) {}
func (terms) Remove(briefing.Date) {}

// TestTwoSourcesOfOneDay checks that sources that tell one day in different
// words do not revise each other for ever.
func TestTwoSourcesOfOneDay(t *testing.T) {
	l := NewLibrary(LibraryOptions{
		Read: func(_ string, body []byte) *briefing.Digest {
			return &briefing.Digest{Date: "2025-07-02", Title: string(body)}
		},
		Keeper: newKeeper(), Terms: terms{}, Logger: slog.New(slog.DiscardHandler),
		Clock: func() time.Time { return at(9, 0) },
		Rank:  func(source string) int { return map[string]int{"folder": 0, "feed": 1}[source] },
	})
	for _, step := range []struct{ source, body, want string }{
		{"feed", "excerpt", "excerpt"}, // better than nothing
		{"folder", "whole", "whole"},
		{"feed", "another excerpt", "whole"},
		{"folder", "corrected", "corrected"},
	} {
		if _, err := l.Take(t.Context(), "day.md", []byte(step.body), step.source); err != nil {
			t.Fatal(err)
		}
		if d, err := l.Digest("2025-07-02"); err != nil || d.Title != step.want {
			t.Errorf("after %q of the %s the digest is %+v, %v; want %q", step.body, step.source, d, err, step.want)
		}
	}
}
