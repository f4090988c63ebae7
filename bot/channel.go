package bot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"cyberbrief/briefing"
)

// Platform names a chat platform.
type Platform string

// The platforms.
const (
	Slack   Platform = "slack"
	Discord Platform = "discord"
	Console Platform = "console"
)

// InstallationID names an Installation: platform and tenant, as "slack:T1".
// The console has one, "console:".
type InstallationID string

// Installation is a Slack workspace or a Discord guild that uses the bot.
// Every channel, slot, search and permission belongs to exactly one. Its
// credentials come from the environment today.
type Installation struct {
	Platform Platform
	// Tenant is the platform's own id of the workspace or guild.
	Tenant string
}

// ID is the key under which the store keeps the installation.
func (i Installation) ID() InstallationID {
	return InstallationID(string(i.Platform) + ":" + i.Tenant)
}

// Ref names a channel: slack:T1/C1, discord:G1/D1 or console:general.
// It is comparable; its String is the key under which the store keeps it.
type Ref struct {
	Installation
	Channel string
}

// ParseRef reads a channel's name in the form of Ref.String.
func ParseRef(s string) (Ref, error) {
	platform, rest, _ := strings.Cut(s, ":")
	bad := func(why string) (Ref, error) {
		return Ref{}, fmt.Errorf("channel %q: %s; want slack:WORKSPACE/CHANNEL, discord:GUILD/CHANNEL or console:NAME", s, why)
	}
	switch p := Platform(platform); p {
	case Slack, Discord:
		tenant, channel, _ := strings.Cut(rest, "/")
		if !plainID(tenant) || !plainID(channel) {
			return bad("two ids with a slash between are needed")
		}
		return Ref{Installation{p, tenant}, channel}, nil
	case Console:
		if !plainID(rest) {
			return bad("a name of letters, digits, - and _ is needed")
		}
		return Ref{Installation{p, ""}, rest}, nil
	default:
		return bad("no such platform")
	}
}

// plainID accepts ids as the platforms write them, and console names.
func plainID(s string) bool {
	ok := func(r rune) bool {
		return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	}
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}

// String is the form that ParseRef reads.
func (r Ref) String() string {
	if r.Platform == Console {
		return "console:" + r.Channel
	}
	return string(r.ID()) + "/" + r.Channel
}

// MarshalText writes the form that ParseRef reads.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the form of Ref.String.
func (r *Ref) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRef(string(b))
	return err
}

// Clock is a time of day, in minutes after local midnight.
type Clock int

// ParseClock reads HH:MM, 00:00 to 23:59; 8:30 and ８：３０ are accepted too.
func ParseClock(s string) (Clock, error) {
	t, err := time.Parse("15:04", norm.NFKC.String(strings.TrimSpace(s)))
	if err != nil {
		return 0, fmt.Errorf("time %q: want HH:MM, for example 08:30", s)
	}
	return Clock(t.Hour()*60 + t.Minute()), nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Weekdays is a set of days of the week; the zero value is every day.
type Weekdays []time.Weekday

var weekdayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWeekdays reads "daily", "weekdays", or names such as "mon,wed,fri".
func ParseWeekdays(s string) (Weekdays, error) {
	switch s = strings.TrimSpace(fold(s)); s {
	case "", "daily":
		return nil, nil
	case "weekdays":
		return Weekdays{1, 2, 3, 4, 5}, nil
	}
	var days Weekdays
	for name := range strings.SplitSeq(s, ",") {
		i := slices.Index(weekdayNames, strings.TrimSpace(name))
		if i < 0 {
			return nil, fmt.Errorf("days %q: %q is no day; want daily, weekdays, or a list of %s", s, name, strings.Join(weekdayNames, ","))
		}
		if !slices.Contains(days, time.Weekday(i)) {
			days = append(days, time.Weekday(i))
		}
	}
	if len(days) == len(weekdayNames) {
		return nil, nil
	}
	slices.Sort(days)
	return days, nil
}

// Has says whether the set holds d.
func (w Weekdays) Has(d time.Weekday) bool { return len(w) == 0 || slices.Contains(w, d) }

// String is the form that ParseWeekdays reads.
func (w Weekdays) String() string {
	switch {
	case len(w) == 0 || len(w) == 7:
		return "daily"
	case slices.Equal(w, Weekdays{1, 2, 3, 4, 5}):
		return "weekdays"
	}
	return strings.Join(w.names(), ",")
}

// names are the days one by one.
func (w Weekdays) names() []string {
	names := make([]string, len(w))
	for i, d := range w {
		names[i] = weekdayNames[d]
	}
	return names
}

// Settings are what an admin chose for a channel. They are stored as JSON.
type Settings struct {
	Time         Clock    `json:"time"`
	Zone         string   `json:"zone"` // IANA name
	Days         Weekdays `json:"days,omitempty"`
	SkipHolidays bool     `json:"skip_holidays,omitempty"`
	// CatchUp is how long after its time a slot stays open.
	CatchUp time.Duration `json:"catch_up"`
	// MaxAge is how many days old a digest may be when posted; 0 is no limit.
	MaxAge        int               `json:"max_age"`
	Language      briefing.Language `json:"language"`
	KeyPointsOnly bool              `json:"key_points_only,omitempty"`
	LeaveOut      []briefing.Part   `json:"leave_out,omitempty"`
	WatchWords    []string          `json:"watch_words,omitempty"`
	// Mention is the group or role, in the platform's own id, that a matched
	// watch word may mention; empty for none.
	Mention string `json:"mention,omitempty"`
}

// PausedByAdmin is the reason of a channel that a person has paused: only a
// person starts it again.
const PausedByAdmin = "admin"

// Channel is a channel that an admin chose to get briefings.
type Channel struct {
	Ref
	Settings
	// AddedAt bounds the first slot: see OpenAtStart.
	AddedAt time.Time
	// OpenAtStart is set for a channel named in the configuration: the slot
	// of its first day is open although its time was before AddedAt.
	OpenAtStart bool
	// Paused channels get nothing; Reason is why, in a code such as
	// not_in_channel, or PausedByAdmin.
	Paused bool
	Reason string
}

// State is "active", or "paused" with its reason, as the audit log has it.
func (c Channel) State() string {
	if !c.Paused {
		return "active"
	}
	return strings.TrimSpace("paused " + c.Reason)
}
