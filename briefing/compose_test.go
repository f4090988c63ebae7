package briefing_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

// long is text of n characters.
func long(n int) briefing.Text { return briefing.Plain(strings.Repeat("字", n)) }

func TestComposeReadingTime(t *testing.T) {
	full := &briefing.Digest{
		KeyPoints:  []briefing.KeyPoint{{Text: long(500)}},
		Stories:    []briefing.Story{{Text: long(1000), Short: long(9000)}, {Short: long(500)}},
		DeepDives:  []briefing.Section{{Text: long(1500)}},
		Sections:   []briefing.Section{{Text: long(500)}},
		Outlook:    &briefing.Passage{Text: long(500)},
		Conclusion: &briefing.Passage{Text: long(500)},
		Citations:  []briefing.Citation{{Title: strings.Repeat("字", 9000)}},
	}
	for _, c := range []struct {
		name string
		d    *briefing.Digest
		opts briefing.Options
		want int
	}{
		{"everything", full, briefing.Options{}, 10},
		{"key points only", full, briefing.Options{KeyPointsOnly: true}, 1},
		{"parts left out", full, briefing.Options{LeaveOut: []briefing.Part{briefing.PartStories, briefing.PartDeepDive}}, 4},
		{"all parts left out", full, briefing.Options{LeaveOut: briefing.Parts()}, 1},
		{"nothing still takes a minute", &briefing.Digest{}, briefing.Options{}, 1},
		{"rounded down", &briefing.Digest{Stories: []briefing.Story{{Text: long(749)}}}, briefing.Options{}, 1},
		{"rounded up", &briefing.Digest{Stories: []briefing.Story{{Text: long(750)}}}, briefing.Options{}, 2},
		{"addresses are not read", &briefing.Digest{Stories: []briefing.Story{{Text: briefing.Text{{
			Spans: []briefing.Span{{Text: "記事", URL: "https://a.example/" + strings.Repeat("x", 2000)}},
		}}}}}, briefing.Options{}, 1},
	} {
		if got := briefing.Compose(c.d, c.opts, nil).ReadingMinutes; got != c.want {
			t.Errorf("%s: %d minutes, want %d", c.name, got, c.want)
		}
	}
}

func TestComposeShows(t *testing.T) {
	for _, p := range briefing.Parts() {
		all := briefing.Compose(&briefing.Digest{}, briefing.Options{}, nil)
		without := briefing.Compose(&briefing.Digest{}, briefing.Options{LeaveOut: []briefing.Part{p}}, nil)
		few := briefing.Compose(&briefing.Digest{}, briefing.Options{KeyPointsOnly: true}, nil)
		if !all.Shows(p) || without.Shows(p) || few.Shows(p) {
			t.Errorf("%s: shown %v, left out %v, with key points only %v", p, all.Shows(p), without.Shows(p), few.Shows(p))
		}
	}
}

func TestComposeKeepsItsOwnList(t *testing.T) {
	earlier := []briefing.Headline{{Date: "2025-07-01", Title: "前"}}
	b := briefing.Compose(&briefing.Digest{}, briefing.Options{}, earlier)
	earlier[0].Title = "書きかえた"
	if diff := cmp.Diff([]briefing.Headline{{Date: "2025-07-01", Title: "前"}}, b.Earlier); diff != "" {
		t.Errorf("earlier (-want +got):\n%s", diff)
	}
}

func TestBriefingJSON(t *testing.T) {
	b := briefing.Compose(&briefing.Digest{Date: "2025-07-02", Title: "題"}, briefing.Options{WatchWords: []string{"秘密"}}, nil)
	first, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(first); !strings.Contains(s, `"reading_minutes":1`) || !strings.Contains(s, `"earlier":[]`) || strings.Contains(s, "revised") || strings.Contains(s, "秘密") {
		t.Errorf("first edition: %s", s)
	}
	b.Revised = time.Date(2025, 7, 3, 10, 0, 0, 0, time.UTC)
	second, err := json.Marshal(b)
	if err != nil || !strings.Contains(string(second), `"revised":"2025-07-03T10:00:00Z"`) {
		t.Errorf("second edition: %s, %v", second, err)
	}
}

func TestDigestErr(t *testing.T) {
	advice := briefing.Warning{Line: 2, Code: "date-mismatch", Message: "advice"}
	bad := briefing.Warning{Line: 3, Code: "empty", Message: "no key points and no stories", Severity: briefing.Error}
	for _, c := range []struct {
		name     string
		warnings []briefing.Warning
		want     string
	}{
		{"no warnings", nil, ""},
		{"advice only", []briefing.Warning{advice}, ""},
		{"the first error", []briefing.Warning{advice, bad, {Code: "later", Severity: briefing.Error}}, "digest 2025-07-02, line 3: empty: no key points and no stories"},
	} {
		err := (&briefing.Digest{Date: "2025-07-02", Warnings: c.warnings}).Err()
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if e, ok := errors.AsType[*briefing.UnreadableError](err); c.want != "" && (!ok || e.Warning != bad) {
			t.Errorf("%s: %#v, want the warning in it", c.name, err)
		}
	}
}
