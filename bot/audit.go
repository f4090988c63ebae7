package bot

import (
	"encoding/json"
	"strings"
)

// Who the audit log names where it was no person.
const (
	ByCLI      = "cli"      // the operator, on the command line
	ByConfig   = "config"   // the configuration
	ByPlatform = "platform" // the platform refused the bot
	ByProbe    = "probe"    // the platform takes the bot again
)

// Change says what a change changed, for example "time 08:30 → 09:00".
func (e AuditEntry) Change() string {
	before, known := readSettings(e.Before)
	after, kept := readSettings(e.After)
	switch {
	case known && kept:
		return strings.Join(differences(before, after), ", ")
	case kept:
		return after.brief()
	case known:
		return before.brief()
	case e.Before == "" || e.After == "":
		return e.Before + e.After
	}
	return e.Before + " → " + e.After
}

// readSettings reads settings as they stand in the audit log.
func readSettings(s string) (settings Settings, ok bool) {
	ok = strings.HasPrefix(s, "{") && json.Unmarshal([]byte(s), &settings) == nil
	return settings, ok
}

// differences are the settings that are not the same, one "name a → b" each.
func differences(a, b Settings) []string {
	var all []string
	for _, s := range settings {
		if old, now := s.get(a), s.get(b); old != now {
			all = append(all, s.name+" "+old+" → "+now)
		}
	}
	return all
}

// brief is when a channel gets its briefing.
func (s Settings) brief() string { return s.Time.String() + " " + s.Zone + " " + s.Days.String() }
