package briefing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

func TestParseDate(t *testing.T) {
	for in, ok := range map[string]bool{
		"2025-07-02": true, "2024-02-29": true, "0001-01-01": true,
		"2025-02-29": false, "2025-7-2": false, "2025/07/02": false, "2025-07-02T00:00:00Z": false,
		" 2025-07-02": false, "": false, "今日": false, "２０２５-07-02": false,
	} {
		got, err := briefing.ParseDate(in)
		if (err == nil) != ok || ok && string(got) != in || !ok && got != "" {
			t.Errorf("ParseDate(%q) = %q, %v", in, got, err)
		}
	}
}

func TestDateOf(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*60*60)
	late := time.Date(2025, 7, 1, 23, 30, 0, 0, time.UTC)
	if got := briefing.DateOf(late); got != "2025-07-01" {
		t.Errorf("in UTC: %s", got)
	}
	if got := briefing.DateOf(late.In(tokyo)); got != "2025-07-02" {
		t.Errorf("in Tokyo: %s", got)
	}
}

func TestDateArithmetic(t *testing.T) {
	for _, c := range []struct {
		from, to briefing.Date
		days     int
		weekday  time.Weekday // of to
	}{
		{"2025-07-02", "2025-07-02", 0, time.Wednesday},
		{"2025-06-30", "2025-07-01", 1, time.Tuesday},
		{"2024-02-28", "2024-03-01", 2, time.Friday},
		{"2025-01-01", "2024-12-31", -1, time.Tuesday},
		{"1600-01-01", "2025-01-01", 155229, time.Wednesday},
	} {
		if got := c.from.AddDays(c.days); got != c.to {
			t.Errorf("%s and %d days: %s, want %s", c.from, c.days, got, c.to)
		}
		if got := c.to.DaysSince(c.from); got != c.days {
			t.Errorf("%s since %s: %d days, want %d", c.to, c.from, got, c.days)
		}
		if got := c.to.Weekday(); got != c.weekday {
			t.Errorf("%s is a %v, want %v", c.to, got, c.weekday)
		}
	}
	if got := briefing.Date("").AddDays(3); got != "" {
		t.Errorf("no date and three days is %q", got)
	}
	if got := briefing.Date("").Time(); !got.IsZero() {
		t.Errorf("no date is at %v", got)
	}
}

func TestDatesSortAsTime(t *testing.T) {
	briefingtest.Check(t, func(t *rapid.T) {
		days := rapid.SliceOf(rapid.IntRange(-5000, 5000)).Draw(t, "days")
		var dates []briefing.Date
		for _, n := range days {
			dates = append(dates, briefing.Date("2025-07-02").AddDays(n))
		}
		slices.Sort(dates)
		if !slices.IsSortedFunc(dates, func(a, b briefing.Date) int { return a.Time().Compare(b.Time()) }) {
			t.Fatalf("order of strings is not order of time: %v", dates)
		}
		for _, n := range days {
			if got := briefing.Date("2025-07-02").AddDays(n).DaysSince("2025-07-02"); got != n {
				t.Fatalf("%d days became %d", n, got)
			}
		}
	})
}

func FuzzParseDate(f *testing.F) {
	f.Add("2025-07-02")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := briefing.ParseDate(s); err == nil && (briefing.DateOf(d.Time()) != d || strings.Count(s, "-") != 2) {
			t.Errorf("ParseDate(%q) = %q", s, d)
		}
	})
}
