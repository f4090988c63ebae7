package schedule

import (
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// ErrNoSuchDate says that a time zone never had a date, as Samoa skipped
// 30 December 2011 when it crossed the date line.
var ErrNoSuchDate = errors.New("the date does not exist in this time zone")

// maxOffset is more than any local time has ever differed from UTC.
const maxOffset = 26 * time.Hour

const day = 24 * time.Hour

// At gives the instant of the settings' time of day on a local date. A time
// that a clock change skips becomes the first instant after the gap, on the
// same date; of a time that comes twice the first is taken.
func At(s bot.Settings, d briefing.Date) (time.Time, error) {
	loc, err := zone(s)
	if err != nil {
		return time.Time{}, err
	}
	return instant(d, s.Time, loc)
}

// instant finds the wall-clock time by walking the zone's periods of equal
// offset, since time.Date goes either way in a gap and may leave the date.
func instant(d briefing.Date, c bot.Clock, loc *time.Location) (time.Time, error) {
	wall := d.Time().Add(time.Duration(c) * time.Minute) // as if it were UTC
	from := wall.Add(-maxOffset)
	for until := wall.Add(maxOffset); from.Before(until); {
		local := from.In(loc)
		_, offset := local.Zone()
		start, end := local.ZoneBounds()
		t := wall.Add(-time.Duration(offset) * time.Second).In(loc)
		if !start.IsZero() && t.Before(start) {
			return afterGap(d, start.In(loc))
		}
		if _, o := t.Zone(); o == offset {
			return t, nil
		}
		// On 31 December of a leap year beyond the zone's table, Go 1.26
		// gives an end that lies before the day. Go on in any case.
		if !end.After(from) {
			end = from.Add(day)
		}
		from = end
	}
	return time.Time{}, fmt.Errorf("%s in %s: %w", d, loc, ErrNoSuchDate)
}

// afterGap is the end of a gap if that is still the wanted date, else the
// last minute before it, unless the gap swallowed the whole date.
func afterGap(d briefing.Date, end time.Time) (time.Time, error) {
	for _, t := range []time.Time{end, end.Add(-time.Minute)} {
		if briefing.DateOf(t) == d {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s in %s: %w", d, end.Location(), ErrNoSuchDate)
}
