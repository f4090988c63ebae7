package briefing

import (
	"fmt"
	"time"
)

// Date is a calendar date without a time zone, written 2006-01-02.
// The zero value is no date. Dates compare in time order as strings do.
type Date string

// ParseDate reads a date written 2006-01-02.
func ParseDate(s string) (Date, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("date %q: want YYYY-MM-DD, for example 2025-07-02", s)
	}
	return Date(s), nil
}

// DateOf is the local date of t in t's own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Time is midnight UTC of the date, the zero time for no date.
func (d Date) Time() time.Time {
	t, _ := time.Parse(time.DateOnly, string(d))
	return t
}

// AddDays moves the date by n days; no date stays no date.
func (d Date) AddDays(n int) Date {
	if d == "" {
		return ""
	}
	return DateOf(d.Time().AddDate(0, 0, n))
}

// Weekday is the date's day of the week.
func (d Date) Weekday() time.Weekday { return d.Time().Weekday() }

// DaysSince counts the days from e to d; negative when d is the earlier one.
func (d Date) DaysSince(e Date) int {
	const day = 24 * 60 * 60 // seconds; UTC has no others
	return int((d.Time().Unix() - e.Time().Unix()) / day)
}
