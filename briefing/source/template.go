package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"cyberbrief/briefing"
)

const (
	// aheadOfUTC is how early the date changes anywhere: UTC+14.
	aheadOfUTC = 14 * time.Hour
	// freshDays are asked for at every look; older dates every olderEvery,
	// for late digests and corrections.
	freshDays  = 3
	olderEvery = 15 * time.Minute
	// maxLookback bounds the requests that one look makes, in days.
	maxLookback = 366
)

// Template asks a web server for one file a day.
type Template struct {
	spec   string
	o      Options
	client *http.Client
	days   map[briefing.Date]*day
}

// day is what a Template remembers of a date.
type day struct {
	asked   time.Time
	known   validators
	hash    [sha256.Size]byte
	taken   bool
	missing bool // a digest that was taken was not there at the last look
}

// NewTemplate makes a source of an address with {date}, or with {yyyy}, {mm}
// and {dd}. A look asks for every date from today back o.Lookback.
func NewTemplate(spec string, o Options) (*Template, error) {
	t := &Template{spec: spec, o: o.withDefaults(), client: newClient(o), days: map[briefing.Date]*day{}}
	if _, err := parseURL(t.address("2025-07-02")); err != nil {
		return nil, err
	}
	if one := t.address("2025-07-02"); one == t.address("2025-07-03") || one == t.address("2025-08-02") || one == t.address("2024-07-02") {
		return nil, fmt.Errorf("source %s: put {date} (or {yyyy}, {mm} and {dd}) where the date stands in the address, or feed: before a feed", display(spec))
	}
	return t, nil
}

func (t *Template) String() string { return display(t.spec) }

func (t *Template) address(d briefing.Date) string {
	s := string(d)
	return strings.NewReplacer("{date}", s, "{yyyy}", s[:4], "{mm}", s[5:7], "{dd}", s[8:]).Replace(t.spec)
}

// Scan implements Source. The first request that fails ends the look: the
// others go to the same server.
func (t *Template) Scan(ctx context.Context, sink Sink) (briefing.Date, error) {
	defer t.client.CloseIdleConnections()
	today := briefing.DateOf(t.o.Now().UTC().Add(aheadOfUTC))
	back := min(max(int(t.o.Lookback/(24*time.Hour)), 0), maxLookback)
	var errs []error
	asked, empty := 0, map[error]int{}
	for n := back; n >= 0; n-- {
		date := today.AddDays(-n)
		if !t.due(date, n) {
			continue
		}
		asked++
		file, p, err := t.ask(ctx, date)
		if err != nil {
			return t.newest(), errors.Join(append(errs, err)...)
		}
		switch err := t.conclude(ctx, date, file, p, sink); err {
		case errForbidden, errWebPage:
			empty[err]++
		case nil:
		default:
			errs = append(errs, fmt.Errorf("take in %s: %w", display(t.address(date)), err))
		}
	}
	for why, n := range empty {
		if n == asked {
			errs = append(errs, fmt.Errorf("fetch %s: for every date, %w", t, why))
		}
	}
	t.forget(today.AddDays(-back))
	return t.newest(), errors.Join(errs...)
}

// due says whether a date, n days old, is to be asked for in this look.
func (t *Template) due(date briefing.Date, n int) bool {
	d := t.days[date]
	return d == nil || n <= freshDays || t.o.Now().Sub(d.asked) >= olderEvery
}

// Some servers answer these for a file that is not there: object stores that
// they forbid it, sites of one page that page. They are errors only when there
// is nothing else.
var (
	errForbidden = errors.New("the server answers 403 Forbidden")
	errWebPage   = errors.New("the server answers with a web page, not Markdown")
)

// ask makes the request for a date.
func (t *Template) ask(ctx context.Context, date briefing.Date) (File, page, error) {
	u, err := url.Parse(t.address(date))
	if err != nil {
		return File{}, page{}, fmt.Errorf("fetch %s: bad address", t)
	}
	if t.days[date] == nil {
		t.days[date] = &day{}
	}
	d := t.days[date]
	p, err := fetch(ctx, t.client, u, d.known, MaxDigest, t.o.Now)
	if err != nil {
		return File{}, page{}, err
	}
	d.asked = t.o.Now()
	return File{Name: fileName(u, date), Source: t.String()}, p, nil
}

// conclude does what an answer asks for.
func (t *Template) conclude(ctx context.Context, date briefing.Date, f File, p page, sink Sink) error {
	d := t.days[date]
	switch {
	case p.status == http.StatusOK && isWebPage(p.body):
		return errWebPage
	case p.status == http.StatusOK:
		return d.take(ctx, f, p, sink)
	case p.status == http.StatusNotModified:
		d.missing = false
		return nil
	case p.status == http.StatusForbidden:
		return errForbidden
	default:
		return d.withdraw(ctx, f, p.status, sink)
	}
}

// take hands over a body that is new.
func (d *day) take(ctx context.Context, f File, p page, sink Sink) error {
	d.missing = false
	hash := sha256.Sum256(p.body)
	if !d.taken || d.hash != hash {
		f.Body = p.body
		if err := sink(ctx, f); err != nil {
			return err
		}
	}
	d.taken, d.hash, d.known = true, hash, p.validators
	return nil
}

// withdraw tells the sink of a digest that was there and is gone: at once
// when the server says gone, at the second look when it says not found.
func (d *day) withdraw(ctx context.Context, f File, status int, sink Sink) error {
	if !d.taken {
		return nil
	}
	if status == http.StatusNotFound && !d.missing {
		d.missing = true
		return nil
	}
	f.Withdrawn = true
	if err := sink(ctx, f); err != nil {
		return err
	}
	*d = day{asked: d.asked}
	return nil
}

// fileName is the one in the address when it has the date, else the date.
func fileName(u *url.URL, date briefing.Date) string {
	if base := path.Base(u.Path); dateIn(base) == date {
		return base
	}
	return string(date) + ".md"
}

// newest is the newest date whose digest was taken.
func (t *Template) newest() briefing.Date {
	var newest briefing.Date
	for date, d := range t.days {
		if d.taken && date > newest {
			newest = date
		}
	}
	return newest
}

// forget drops dates that are not looked at any more, but keeps the newest.
func (t *Template) forget(before briefing.Date) {
	newest := t.newest()
	for date := range t.days {
		if date < before && date != newest {
			delete(t.days, date)
		}
	}
}
