package schedule

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

const (
	// minWindow is how long a slot stays open at the least: a channel that
	// wants no catching up must still give the bot a moment.
	minWindow = 5 * time.Minute
	// maxLookBack bounds how far back ended slots are told of, in days: the
	// bot may have been down while its people were away.
	maxLookBack = 31
	// maxLookAhead bounds the search for the next slot, in days.
	maxLookAhead = 400
)

// ErrNoSlot says that there is no slot in the time looked at.
var ErrNoSlot = errors.New("no slot")

// Slot is the window of one local date. It contains DueAt, not ClosesAt.
type Slot struct {
	Date            briefing.Date
	DueAt, ClosesAt time.Time
}

// holds says whether the slot is open at an instant.
func (s Slot) holds(t time.Time) bool { return !t.Before(s.DueAt) && t.Before(s.ClosesAt) }

// Wanted says whether the settings ask for a briefing on a local date.
func Wanted(s bot.Settings, d briefing.Date) bool {
	if !s.Days.Has(d.Weekday()) {
		return false
	}
	if !s.SkipHolidays {
		return true
	}
	_, holiday := Holiday(d)
	return !holiday && !newYear(d)
}

// Today is the local date of an instant.
func Today(s bot.Settings, now time.Time) (briefing.Date, error) {
	loc, err := zone(s)
	if err != nil {
		return "", err
	}
	return briefing.DateOf(now.In(loc)), nil
}

// Open gives the slots of a channel that are due and not yet closed, oldest
// first: more than one only where the window is longer than a day.
func Open(c bot.Channel, now time.Time) ([]Slot, error) {
	days := int(window(c.Settings).Hours()/24) + 2
	return between(c, now, -days, func(s Slot) bool { return s.holds(now) })
}

// Ended gives the slots of a channel whose window ended after since and not
// after now, oldest first. It looks back a month at most.
func Ended(c bot.Channel, since, now time.Time) ([]Slot, error) {
	if bound := now.AddDate(0, 0, -maxLookBack); since.Before(bound) {
		since = bound
	}
	days := int((window(c.Settings)+max(0, now.Sub(since))).Hours()/24) + 2
	return between(c, now, -days, func(s Slot) bool { return s.ClosesAt.After(since) && !s.ClosesAt.After(now) })
}

// Latest gives the newest slot of a channel that is due, open or not.
// ErrNoSlot when the channel has had none, or none for a long time.
func Latest(c bot.Channel, now time.Time) (Slot, error) {
	due := func(s Slot) bool { return !s.DueAt.After(now) }
	return search(c, now, 1, -1, due)
}

// Next gives the first slot of a channel that is due after an instant.
// ErrNoSlot when there is none within a year.
func Next(c bot.Channel, after time.Time) (Slot, error) {
	return search(c, after, -1, 1, func(s Slot) bool { return s.DueAt.After(after) })
}

// search walks from the local date of t moved by from days, in steps of one
// day, to the first slot of the channel that fits.
func search(c bot.Channel, t time.Time, from, step int, fits func(Slot) bool) (Slot, error) {
	loc, err := zone(c.Settings)
	if err != nil {
		return Slot{}, err
	}
	d := briefing.DateOf(t.In(loc)).AddDays(from)
	for range maxLookAhead {
		if s, ok := slotOf(c, d, loc); ok && fits(s) {
			return s, nil
		}
		d = d.AddDays(step)
	}
	return Slot{}, fmt.Errorf("slot of %s: %w", c.Ref, ErrNoSlot)
}

// between collects the slots that fit from the local date of now moved by
// from days to the day after it.
func between(c bot.Channel, now time.Time, from int, fits func(Slot) bool) ([]Slot, error) {
	loc, err := zone(c.Settings)
	if err != nil {
		return nil, err
	}
	var slots []Slot
	today := briefing.DateOf(now.In(loc))
	for i := from; i <= 1; i++ {
		if s, ok := slotOf(c, today.AddDays(i), loc); ok && fits(s) {
			slots = append(slots, s)
		}
	}
	return slices.Clip(slots), nil
}

// slotOf is the channel's slot on a local date, if it wants and owns one.
func slotOf(c bot.Channel, d briefing.Date, loc *time.Location) (Slot, bool) {
	if !Wanted(c.Settings, d) {
		return Slot{}, false
	}
	due, err := instant(d, c.Time, loc)
	if err != nil { // the date does not exist there: nothing is due
		return Slot{}, false
	}
	s := Slot{Date: d, DueAt: due, ClosesAt: due.Add(window(c.Settings))}
	return s, owned(c, s, loc)
}

// owned says whether a slot falls into the channel's life: it begins with
// the first slot after it was added or, if the channel is open at the start,
// with the newest one before if its window had not ended.
func owned(c bot.Channel, s Slot, loc *time.Location) bool {
	if !s.DueAt.Before(c.AddedAt) {
		return true
	}
	return c.OpenAtStart && s.ClosesAt.After(c.AddedAt) && newest(c, s, loc)
}

// newest says that no slot after s was due before the channel was added.
func newest(c bot.Channel, s Slot, loc *time.Location) bool {
	for d := s.Date.AddDays(1); ; d = d.AddDays(1) {
		due, err := instant(d, c.Time, loc)
		switch {
		case err != nil: // the date does not exist there
		case !due.Before(c.AddedAt):
			return true
		case Wanted(c.Settings, d):
			return false
		}
	}
}

// window is how long a slot of these settings stays open.
func window(s bot.Settings) time.Duration { return max(s.CatchUp, minWindow) }

// zone loads the settings' time zone. The empty name, which the library
// takes for UTC, is no zone: nobody chose it.
func zone(s bot.Settings) (*time.Location, error) {
	if s.Zone == "" {
		return nil, errors.New("time zone: none is set; set one such as Asia/Tokyo")
	}
	loc, err := time.LoadLocation(s.Zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w; set one such as Asia/Tokyo", s.Zone, err)
	}
	return loc, nil
}
