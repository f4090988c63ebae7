package schedule_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"
)

// tokyo is a channel with the default settings, added long ago.
func tokyo(change ...func(*bot.Channel)) bot.Channel {
	c := bot.Channel{
		Ref:      bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T1"}, Channel: "C1"},
		Settings: bot.Settings{Time: 8*60 + 30, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour},
		AddedAt:  at("2024-01-01T00:00:00Z"),
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func dates(slots []schedule.Slot) []briefing.Date {
	var ds []briefing.Date
	for _, s := range slots {
		ds = append(ds, s.Date)
	}
	return ds
}

func TestAt(t *testing.T) {
	for _, tt := range []struct {
		name, zone, clock string
		date              briefing.Date
		want              string // empty: the date does not exist
	}{
		{"plain", "Asia/Tokyo", "08:30", "2025-07-02", "2025-07-01T23:30:00Z"},
		{"gap in spring is passed to its end", "Europe/Berlin", "02:30", "2025-03-30", "2025-03-30T01:00:00Z"},
		{"gap west of Greenwich", "America/New_York", "02:30", "2025-03-09", "2025-03-09T07:00:00Z"},
		{"last minute before a gap", "Europe/Berlin", "01:59", "2025-03-30", "2025-03-30T00:59:00Z"},
		{"gap at midnight stays on its date", "America/Santiago", "00:15", "2025-09-07", "2025-09-07T04:00:00Z"},
		{"gap at midnight in Beirut", "Asia/Beirut", "00:00", "2025-03-30", "2025-03-29T22:00:00Z"},
		{"half an hour of gap", "Australia/Lord_Howe", "02:10", "2025-10-05", "2025-10-04T15:30:00Z"},
		{"overlap takes the first", "Europe/Berlin", "02:30", "2025-10-26", "2025-10-26T00:30:00Z"},
		{"overlap at midnight takes the first", "America/Havana", "00:30", "2025-11-02", "2025-11-02T04:30:00Z"},
		{"clock change does not move the morning", "Europe/Berlin", "08:00", "2025-03-30", "2025-03-30T06:00:00Z"},
		{"leap day", "Asia/Tokyo", "00:00", "2028-02-29", "2028-02-28T15:00:00Z"},
		{"last day of a leap year far ahead", "America/New_York", "08:30", "2040-12-31", "2040-12-31T13:30:00Z"},
		{"a date that Samoa skipped", "Pacific/Apia", "08:00", "2011-12-30", ""},
		{"the day after it", "Pacific/Apia", "08:00", "2011-12-31", "2011-12-30T18:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock, err := bot.ParseClock(tt.clock)
			if err != nil {
				t.Fatal(err)
			}
			got, err := schedule.At(bot.Settings{Time: clock, Zone: tt.zone}, tt.date)
			if tt.want == "" {
				if !errors.Is(err, schedule.ErrNoSuchDate) {
					t.Fatalf("At = %v, %v, want ErrNoSuchDate", got, err)
				}
				return
			}
			if err != nil || !got.Equal(at(tt.want)) {
				t.Errorf("At = %v, %v, want %v", got.UTC(), err, tt.want)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	long := func(c *bot.Channel) { c.CatchUp = 30 * time.Hour }
	late := func(c *bot.Channel) { c.Time = 23*60 + 59 }
	added := func(when string, start bool) func(*bot.Channel) {
		return func(c *bot.Channel) { c.AddedAt, c.OpenAtStart = at(when), start }
	}
	for _, tt := range []struct {
		name    string
		channel bot.Channel
		now     string
		want    []briefing.Date
	}{
		{"a moment before its time", tokyo(), "2025-07-02T08:29:59+09:00", nil},
		{"at its time", tokyo(), "2025-07-02T08:30:00+09:00", []briefing.Date{"2025-07-02"}},
		{"last moment of the window", tokyo(), "2025-07-02T12:29:59+09:00", []briefing.Date{"2025-07-02"}},
		{"window over", tokyo(), "2025-07-02T12:30:00+09:00", nil},
		{"a window over midnight keeps its date", tokyo(func(c *bot.Channel) { c.Time = 23 * 60 }), "2025-07-03T01:00:00+09:00", []briefing.Date{"2025-07-02"}},
		{"a window of more than a day", tokyo(long), "2025-07-02T09:00:00+09:00", []briefing.Date{"2025-07-01", "2025-07-02"}},
		{"no catching up still leaves minutes", tokyo(func(c *bot.Channel) { c.CatchUp = 0 }), "2025-07-02T08:34:00+09:00", []briefing.Date{"2025-07-02"}},
		{"not on a Saturday", tokyo(func(c *bot.Channel) { c.Days = bot.Weekdays{1, 2, 3, 4, 5} }), "2025-07-05T09:00:00+09:00", nil},
		{"not on 海の日", tokyo(func(c *bot.Channel) { c.SkipHolidays = true }), "2025-07-21T09:00:00+09:00", nil},
		{"on 海の日 for those who work", tokyo(), "2025-07-21T09:00:00+09:00", []briefing.Date{"2025-07-21"}},
		{"not on 30 December", tokyo(func(c *bot.Channel) { c.SkipHolidays = true }), "2025-12-30T09:00:00+09:00", nil},
		{"added in the window begins tomorrow", tokyo(added("2025-07-02T09:00:00+09:00", false)), "2025-07-02T09:01:00+09:00", nil},
		{"added before its time begins today", tokyo(added("2025-07-02T08:00:00+09:00", false)), "2025-07-02T08:31:00+09:00", []briefing.Date{"2025-07-02"}},
		{"named at the start within the window begins today", tokyo(added("2025-07-02T12:00:00+09:00", true)), "2025-07-02T12:01:00+09:00", []briefing.Date{"2025-07-02"}},
		{"named at the start after midnight, in yesterday's window", tokyo(late, added("2025-07-03T00:01:00+09:00", true)), "2025-07-03T00:01:30+09:00", []briefing.Date{"2025-07-02"}},
		{"added after midnight, in yesterday's window", tokyo(late, added("2025-07-03T00:01:00+09:00", false)), "2025-07-03T00:01:30+09:00", nil},
		{"named at the start, the newest of two", tokyo(func(c *bot.Channel) { c.CatchUp = 50 * time.Hour }, added("2025-07-04T08:00:00+09:00", true)), "2025-07-04T08:01:00+09:00", []briefing.Date{"2025-07-03"}},
		{"named at the start on a Sunday, in Friday's window", tokyo(func(c *bot.Channel) { c.CatchUp, c.Days = 50*time.Hour, bot.Weekdays{1, 2, 3, 4, 5} }, added("2025-07-06T08:00:00+09:00", true)), "2025-07-06T08:01:00+09:00", []briefing.Date{"2025-07-04"}},
		{"named at the start, not yesterday's", tokyo(long, added("2025-07-02T09:00:00+09:00", true)), "2025-07-02T09:01:00+09:00", []briefing.Date{"2025-07-02"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := schedule.Open(tt.channel, at(tt.now))
			if err != nil || !slices.Equal(dates(got), tt.want) {
				t.Errorf("Open = %v, %v, want %v", dates(got), err, tt.want)
			}
		})
	}
}

func TestEnded(t *testing.T) {
	now := at("2025-07-10T13:00:00+09:00")
	for _, tt := range []struct {
		name    string
		channel bot.Channel
		since   time.Time
		want    []briefing.Date
	}{
		{"since yesterday", tokyo(), now.AddDate(0, 0, -1), []briefing.Date{"2025-07-10"}},
		{"bounded look back", tokyo(), time.Time{}, datesBetween("2025-06-10", "2025-07-10")},
		{"nothing from before the channel", tokyo(func(c *bot.Channel) { c.AddedAt = at("2025-07-09T08:31:00+09:00") }), time.Time{}, []briefing.Date{"2025-07-10"}},
		{"named at the start too late for its day", tokyo(func(c *bot.Channel) { c.AddedAt, c.OpenAtStart = at("2025-07-10T12:59:00+09:00"), true }), time.Time{}, nil},
		{"weekend left out", tokyo(func(c *bot.Channel) { c.Days = bot.Weekdays{1, 2, 3, 4, 5} }), at("2025-07-04T20:00:00+09:00"), []briefing.Date{"2025-07-07", "2025-07-08", "2025-07-09", "2025-07-10"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := schedule.Ended(tt.channel, tt.since, now)
			if err != nil || !slices.Equal(dates(got), tt.want) {
				t.Errorf("Ended = %v, %v, want %v", dates(got), err, tt.want)
			}
		})
	}
}

func TestNextAndLatest(t *testing.T) {
	weekdays := tokyo(func(c *bot.Channel) { c.Days, c.SkipHolidays = bot.Weekdays{1, 2, 3, 4, 5}, true })
	for _, tt := range []struct {
		name         string
		channel      bot.Channel
		now          string
		latest, next briefing.Date
	}{
		{"at its time", tokyo(), "2025-07-02T08:30:00+09:00", "2025-07-02", "2025-07-03"},
		{"before its time", tokyo(), "2025-07-02T08:29:59+09:00", "2025-07-01", "2025-07-02"},
		{"over the turn of the year", weekdays, "2025-12-27T10:00:00+09:00", "2025-12-26", "2026-01-05"},
		{"over Golden Week", weekdays, "2026-05-02T10:00:00+09:00", "2026-05-01", "2026-05-07"},
		{"a new channel", tokyo(func(c *bot.Channel) { c.AddedAt = at("2025-07-02T09:00:00+09:00") }), "2025-07-02T09:30:00+09:00", "", "2025-07-03"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			latest, err := schedule.Latest(tt.channel, at(tt.now))
			if latest.Date != tt.latest || errors.Is(err, schedule.ErrNoSlot) != (tt.latest == "") {
				t.Errorf("Latest = %v, %v, want %v", latest.Date, err, tt.latest)
			}
			next, err := schedule.Next(tt.channel, at(tt.now))
			if err != nil || next.Date != tt.next {
				t.Errorf("Next = %v, %v, want %v", next.Date, err, tt.next)
			}
		})
	}
}

func TestUnknownZoneIsAnError(t *testing.T) {
	for _, zone := range []string{"", "Mars/Olympus"} {
		c := tokyo(func(c *bot.Channel) { c.Zone = zone })
		_, openErr := schedule.Open(c, c.AddedAt)
		_, endedErr := schedule.Ended(c, c.AddedAt, c.AddedAt)
		_, nextErr := schedule.Next(c, c.AddedAt)
		_, todayErr := schedule.Today(c.Settings, c.AddedAt)
		for _, err := range []error{openErr, endedErr, nextErr, todayErr} {
			if err == nil {
				t.Errorf("zone %q: no error", zone)
			}
		}
	}
}

// datesBetween are all dates from first to last.
func datesBetween(first, last briefing.Date) []briefing.Date {
	var all []briefing.Date
	for d := first; d <= last; d = d.AddDays(1) {
		all = append(all, d)
	}
	return all
}
