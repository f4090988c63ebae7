package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cyberbrief/briefing"
)

// month is a part of the archive.
type month struct {
	First briefing.Date
	Days  []headline
}

// headline is a day in a list of days.
type headline struct {
	Date    briefing.Date
	Title   string
	Stories []string
	// Revised is when a correction came, zero for a first edition.
	Revised time.Time
}

// year is a row of the choice of months, each by one of its dates.
type year struct {
	Year   string
	Months []briefing.Date
}

// enoughDays is how many briefings the archive shows before it leaves older
// months to their own pages.
const enoughDays = 20

// monthOf is the month of a date, as addresses have it: 2025-07.
func monthOf(d briefing.Date) string { return string(d[:len("2006-01")]) }

// archive lists the briefings of the newest months, or of the one that
// ?month= names, newest first.
func (s *Site) archive(r *http.Request) (*answer, error) {
	dates := s.opts.Library.Dates()
	months := slices.Compact(mapped(dates, monthOf))
	from, to := 0, 0
	if asked := r.URL.Query().Get("month"); asked != "" {
		if from = slices.Index(months, asked); from < 0 {
			return nil, fmt.Errorf("archive of %q: %w", asked, briefing.ErrNotFound)
		}
		to = from + 1
	} else {
		to = enough(dates, months)
	}
	p := s.newPage(r)
	p.Title, p.Section = p.Words.Archive, "archive"
	content := archived{Years: years(dates)}
	if from > 0 {
		content.Newer = months[from-1]
	}
	if to < len(months) {
		content.Older = months[to]
	}
	var err error
	if content.Months, err = s.months(dates, months[from:to]); err != nil {
		return nil, err
	}
	if len(content.Months) == 1 {
		p.Title += " " + p.Words.Month(content.Months[0].First)
	}
	p.Content = content
	return s.show("archive", p)
}

// archived is what a page of the archive shows.
type archived struct {
	Years        []year
	Months       []month
	Newer, Older string // months
}

// enough is how many of the newest months hold enoughDays briefings.
func enough(dates []briefing.Date, months []string) int {
	if len(dates) <= enoughDays {
		return len(months)
	}
	return slices.Index(months, monthOf(dates[enoughDays-1])) + 1
}

// years are the months of all dates, newest first.
func years(dates []briefing.Date) []year {
	var out []year
	for i, d := range dates {
		if i > 0 && monthOf(dates[i-1]) == monthOf(d) {
			continue
		}
		if y := string(d[:4]); len(out) == 0 || out[len(out)-1].Year != y {
			out = append(out, year{Year: y})
		}
		last := &out[len(out)-1]
		last.Months = append(last.Months, d)
	}
	return out
}

// months lists the days of the months.
func (s *Site) months(dates []briefing.Date, wanted []string) ([]month, error) {
	var out []month
	for _, date := range dates {
		if !slices.Contains(wanted, monthOf(date)) {
			continue
		}
		h, err := s.headline(date)
		if errors.Is(err, briefing.ErrNotFound) {
			continue // withdrawn since
		}
		if err != nil {
			return nil, fmt.Errorf("archive: %w", err)
		}
		if len(out) == 0 || monthOf(out[len(out)-1].First) != monthOf(date) {
			out = append(out, month{First: date})
		}
		m := &out[len(out)-1]
		m.Days = append(m.Days, h)
	}
	return out, nil
}

// headlineStories is how many stories of a day a list of days names.
const headlineStories = 3

func (s *Site) headline(date briefing.Date) (headline, error) {
	d, err := s.opts.Library.Digest(date)
	if err != nil {
		return headline{}, err
	}
	h := headline{Date: date, Title: d.Title}
	for _, x := range d.Stories[:min(len(d.Stories), headlineStories)] {
		h.Stories = append(h.Stories, plain(x.Heading, 60))
	}
	if t := s.opts.Editions.Revised(date); !t.IsZero() {
		h.Revised = t.In(s.opts.Zone)
	}
	return h, nil
}

// nearby are the dates around one that has no briefing.
func nearby(dates []briefing.Date, date briefing.Date) []briefing.Date {
	i, _ := slices.BinarySearchFunc(dates, date, func(a, b briefing.Date) int { return cmp.Compare(b, a) })
	return dates[max(0, i-1):min(len(dates), i+1)]
}

// monthURL is the archive's page of a month.
func monthURL(month string) string { return "/briefings?month=" + month }

func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, x := range list {
		out[i] = f(x)
	}
	return out
}
