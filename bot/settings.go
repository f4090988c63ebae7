package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cyberbrief/briefing"
)

// setting is one thing that an admin can choose for a channel.
type setting struct {
	name    string
	example string
	get     func(Settings) string
	set     func(*Settings, string) error
}

// settings are all there are, in the order people see them.
var settings = []setting{
	{"time", "08:30", func(s Settings) string { return s.Time.String() }, func(s *Settings, v string) (err error) {
		s.Time, err = ParseClock(v)
		return err
	}},
	{"zone", "Asia/Tokyo", func(s Settings) string { return s.Zone }, setZone},
	{"days", "weekdays", func(s Settings) string { return s.Days.String() }, func(s *Settings, v string) (err error) {
		s.Days, err = ParseWeekdays(v)
		return err
	}},
	{"skip-holidays", "on", func(s Settings) string { return onOff(s.SkipHolidays) }, func(s *Settings, v string) (err error) {
		s.SkipHolidays, err = parseOnOff(v)
		return err
	}},
	{"catch-up", "4h", func(s Settings) string { return s.CatchUp.String() }, setCatchUp},
	{"max-age", "3", func(s Settings) string { return strconv.Itoa(s.MaxAge) }, setMaxAge},
	{"language", "ja", func(s Settings) string { return string(s.Language) }, setLanguage},
	{"thread", "on", func(s Settings) string { return onOff(!s.KeyPointsOnly) }, func(s *Settings, v string) error {
		on, err := parseOnOff(v)
		s.KeyPointsOnly = !on
		return err
	}},
	{"leave-out", "citations,outlook", func(s Settings) string { return joinParts(s.LeaveOut) }, setLeaveOut},
	{"watch", "Exchange,FortiGate", func(s Settings) string { return strings.Join(s.WatchWords, ",") }, func(s *Settings, v string) error {
		s.WatchWords = splitList(v)
		return nil
	}},
	{"mention", "none", func(s Settings) string { return s.Mention }, func(s *Settings, v string) error {
		s.Mention = strings.TrimPrefix(v, "none")
		return nil
	}},
}

// Set changes one setting by its name; the error says what is accepted.
func (s *Settings) Set(name, value string) error {
	i := slices.IndexFunc(settings, func(t setting) bool { return t.name == name })
	if i < 0 {
		return fmt.Errorf("setting %q: no such setting; there are %s", name, strings.Join(SettingNames(), ", "))
	}
	changed := *s
	if err := settings[i].set(&changed, strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("setting %s: %w", name, err)
	}
	*s = changed
	return nil
}

// SettingNames are the names that Set knows.
func SettingNames() []string {
	names := make([]string, len(settings))
	for i, t := range settings {
		names[i] = t.name
	}
	return names
}

// Lines are the settings as people read them, one "name value" each.
func (s Settings) Lines() []string {
	lines := make([]string, len(settings))
	for i, t := range settings {
		lines[i] = t.name + " " + t.get(s)
	}
	return lines
}

// JSON is the form in which settings stand in the audit log.
func (s Settings) JSON() string {
	b, _ := json.Marshal(s) // plain fields only: cannot fail
	return string(b)
}

// Options are the settings that concern what a briefing shows.
func (s Settings) Options(publicURL string) briefing.Options {
	return briefing.Options{
		Language: s.Language, KeyPointsOnly: s.KeyPointsOnly, LeaveOut: s.LeaveOut,
		WatchWords: s.WatchWords, PublicURL: publicURL,
	}
}

func setZone(s *Settings, v string) error {
	// "Local" and "" are zones to Go, but depend on the machine.
	if _, err := time.LoadLocation(v); err != nil || v == "" || v == "Local" {
		return fmt.Errorf("zone %q: want an IANA name, for example Asia/Tokyo", v)
	}
	s.Zone = v
	return nil
}

// maxCatchUp keeps the windows of two days apart.
const maxCatchUp = 23 * time.Hour

func setCatchUp(s *Settings, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Minute || d > maxCatchUp {
		return fmt.Errorf("window %q: want a duration from 1m to 23h, for example 4h", v)
	}
	s.CatchUp = d
	return nil
}

func setMaxAge(s *Settings, v string) error {
	n, err := strconv.Atoi(strings.TrimSuffix(v, "d"))
	if err != nil || n < 0 {
		return fmt.Errorf("age %q: want a number of days, 0 for no limit", v)
	}
	s.MaxAge = n
	return nil
}

func setLanguage(s *Settings, v string) error {
	l := briefing.Language(strings.ToLower(v))
	if l != briefing.Japanese && l != briefing.English {
		return fmt.Errorf("language %q: want ja or en", v)
	}
	s.Language = l
	return nil
}

func setLeaveOut(s *Settings, v string) error {
	var parts []briefing.Part
	for _, name := range splitList(v) {
		p := briefing.Part(name)
		if !slices.Contains(briefing.Parts(), p) {
			return fmt.Errorf("part %q: want none or some of %s", name, joinParts(briefing.Parts()))
		}
		parts = append(parts, p)
	}
	s.LeaveOut = parts
	return nil
}

func joinParts(parts []briefing.Part) string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = string(p)
	}
	return strings.Join(names, ",")
}

// splitList reads a list with commas, Japanese ones too; "none" is empty.
func splitList(v string) []string {
	var list []string
	for _, item := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == '、' || r == '，' }) {
		if item = strings.TrimSpace(item); item != "" && item != "none" {
			list = append(list, item)
		}
	}
	return list
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func parseOnOff(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "on", "true", "yes":
		return true, nil
	case "off", "false", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q: want on or off", v)
}
