package schedule_test

import (
	"archive/zip"
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"
)

var allZones = flag.Bool("allzones", false, "test every time zone of the Go distribution from 2020 to 2040")

// sampleZones have the odd clock changes.
var sampleZones = []string{
	"Asia/Tokyo", "America/New_York", "Europe/Berlin", "America/Santiago", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe",
	"Africa/Casablanca", "America/Nuuk", "Antarctica/Troll", "Asia/Gaza", "Pacific/Kiritimati", "Pacific/Apia",
}

// zoneNames lists the zones to test: a sample, or all that Go comes with.
func zoneNames(t *testing.T) []string {
	if !*allZones {
		return sampleZones
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("find the Go distribution: %v", err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatalf("the Go distribution's zones: %v", err)
	}
	defer archive.Close()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	return names
}

// TestEveryDateHasOneSlot walks whole years: each local date has exactly one
// instant, on that very date, later than the one before; the time of day is
// the wanted one unless a gap swallowed it.
func TestEveryDateHasOneSlot(t *testing.T) {
	first, last := briefing.Date("2024-01-01"), briefing.Date("2026-12-31")
	if *allZones {
		first, last = "2020-01-01", "2040-12-31"
	}
	for _, name := range zoneNames(t) {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, clock := range []bot.Clock{0, 30, 2*60 + 30, 8*60 + 30, 23*60 + 59} {
			checkZone(t, loc, clock, first, last)
		}
	}
}

func checkZone(t *testing.T, loc *time.Location, clock bot.Clock, first, last briefing.Date) {
	t.Helper()
	var before time.Time
	for d := first; d <= last; d = d.AddDays(1) {
		got, err := schedule.Instant(d, clock, loc)
		if err != nil {
			t.Fatalf("%s %s %s: %v", loc, d, clock, err)
		}
		if local := got.In(loc); briefing.DateOf(local) != d || !got.After(before) {
			t.Fatalf("%s %s %s: %s, after %s", loc, d, clock, local, before)
		} else if wall := bot.Clock(local.Hour()*60 + local.Minute()); wall != clock && !inGap(got) {
			t.Fatalf("%s %s %s: %s, and there is no gap", loc, d, clock, local)
		}
		before = got
	}
}

// inGap says whether the clock jumped forward at t, or just after it.
func inGap(t time.Time) bool {
	_, before := t.Add(-time.Second).Zone()
	_, after := t.Add(time.Minute).Zone()
	return after > before
}
