package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

func someSettings() Settings {
	return Settings{
		Time: 510, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, MaxAge: 3, Language: briefing.Japanese,
		WatchWords: []string{"前からの語"}, LeaveOut: []briefing.Part{briefing.PartOutlook}, Mention: "S0",
	}
}

func TestSettingsSet(t *testing.T) {
	for _, c := range []struct {
		name, value string
		change      func(*Settings)
	}{
		{"time", "7:05", func(s *Settings) { s.Time = 425 }},
		{"zone", "America/New_York", func(s *Settings) { s.Zone = "America/New_York" }},
		{"zone", "UTC", func(s *Settings) { s.Zone = "UTC" }},
		{"days", "mon,fri", func(s *Settings) { s.Days = Weekdays{1, 5} }},
		{"days", "daily", func(s *Settings) { s.Days = nil }},
		{"skip-holidays", "ON", func(s *Settings) { s.SkipHolidays = true }},
		{"catch-up", "90m", func(s *Settings) { s.CatchUp = 90 * time.Minute }},
		{"max-age", "7d", func(s *Settings) { s.MaxAge = 7 }},
		{"max-age", "0", func(s *Settings) { s.MaxAge = 0 }},
		{"language", "EN", func(s *Settings) { s.Language = briefing.English }},
		{"thread", "off", func(s *Settings) { s.KeyPointsOnly = true }},
		{"leave-out", "citations, deep-dive、citations", func(s *Settings) {
			s.LeaveOut = []briefing.Part{briefing.PartCitations, briefing.PartDeepDive}
		}},
		{"leave-out", "none", func(s *Settings) { s.LeaveOut = nil }},
		{"watch", "Exchange、 Forti Gate，Exchange,", func(s *Settings) { s.WatchWords = []string{"Exchange", "Forti Gate"} }},
		{"watch", "none", func(s *Settings) { s.WatchWords = nil }},
		{"watch", "a\u200Bb", func(s *Settings) { s.WatchWords = []string{"ab"} }},
		{"mention", "S0123ABC", func(s *Settings) { s.Mention = "S0123ABC" }},
		{"mention", "<!subteam^S0123ABC|@csirt>", func(s *Settings) { s.Mention = "S0123ABC" }},
		{"mention", "<!subteam^S0123ABC>", func(s *Settings) { s.Mention = "S0123ABC" }},
		{"mention", "<@&123456>", func(s *Settings) { s.Mention = "123456" }},
		{"mention", "None", func(s *Settings) { s.Mention = "" }},
		{"mention", "", func(s *Settings) { s.Mention = "" }},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			got, want := someSettings(), someSettings()
			c.change(&want)
			if err := got.Set(c.name, c.value); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("settings (-want +got):\n%s", d)
			}
		})
	}
}

func TestSettingsRefuse(t *testing.T) {
	for _, c := range []struct{ name, value, says string }{
		{"time", "25:00", "HH:MM"},
		{"zone", "JST+9", "IANA"},
		{"zone", "Local", "IANA"},
		{"zone", "", "IANA"},
		{"zone", "../../etc/passwd", "IANA"},
		{"days", "someday", "no day"},
		{"skip-holidays", "maybe", "on or off"},
		{"catch-up", "25h", "at most 24h"},
		{"catch-up", "0s", "at most 24h"},
		{"catch-up", "4", "at most 24h"},
		{"max-age", "-1", "number of days"},
		{"max-age", "9999999999", "number of days"},
		{"language", "fr", "ja or en"},
		{"thread", "", "on or off"},
		{"leave-out", "everything", "some of stories,"},
		{"watch", strings.Repeat("語", 51), "at most 50"},
		{"watch", strings.Join(strings.Split(strings.Repeat("あいう", 20)+"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", ""), ","), "at most 50"},
		{"mention", "everyone", "user group or role"},
		{"mention", "<!channel>", "user group or role"},
		{"mention", "<@U123>", "user group or role"},
		{"mention", "S1> <!here", "user group or role"},
		{"mention", "nonesuch", "user group or role"},
		{"colour", "red", "no such setting; there are time, zone"},
	} {
		t.Run(c.name+" "+c.value, func(t *testing.T) {
			got := someSettings()
			err := got.Set(c.name, c.value)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want it to say %q", err, c.says)
			}
			if d := cmp.Diff(someSettings(), got); d != "" {
				t.Errorf("a refused value changed something:\n%s", d)
			}
		})
	}
}

// TestSettingsLines: what is shown can be typed, and sets the same.
func TestSettingsLines(t *testing.T) {
	for _, want := range []Settings{someSettings(), {Zone: "UTC", CatchUp: time.Hour, Language: briefing.English, KeyPointsOnly: true, SkipHolidays: true, Days: Weekdays{0, 6}}} {
		var got Settings
		for i, line := range want.Lines() {
			name, value, _ := strings.Cut(line, " ")
			if name != SettingNames()[i] {
				t.Errorf("line %q, want setting %s", line, SettingNames()[i])
			}
			if err := got.Set(name, value); err != nil {
				t.Error(err)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("shown and typed again (-want +got):\n%s", d)
		}
		var stored Settings
		if err := json.Unmarshal([]byte(want.JSON()), &stored); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(want, stored); d != "" {
			t.Errorf("stored and read again (-want +got):\n%s", d)
		}
	}
}

func TestSettingsExamples(t *testing.T) {
	for _, s := range settings {
		got := someSettings()
		if err := got.Set(s.name, s.example); err != nil {
			t.Errorf("the example of %s: %v", s.name, err)
		}
	}
}

func TestSettingsOptions(t *testing.T) {
	s := someSettings()
	s.KeyPointsOnly = true
	want := briefing.Options{
		Language: briefing.Japanese, KeyPointsOnly: true, LeaveOut: []briefing.Part{briefing.PartOutlook},
		WatchWords: []string{"前からの語"}, Mention: "S0", PublicURL: "https://brief.example",
	}
	if d := cmp.Diff(want, s.Options("https://brief.example")); d != "" {
		t.Errorf("options (-want +got):\n%s", d)
	}
}
