package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"cyberbrief/briefing"
)

const (
	// aheadOfUTC is how early the date changes anywhere: UTC+14.
	aheadOfUTC = 14 * time.Hour
	// freshDays, as many as the usual look-back, are asked for at every look;
	// older dates every olderEvery, for late digests and corrections.
	freshDays  = 8
	olderEvery = 15 * time.Minute
	// maxFailures is how many dates may go wrong before a look ends: one broken
	// page must not hide the digests after it.
	maxFailures = 3
	// maxSilences is how many of them may get no answer, each for as long as
	// fetchTime: of one date that is its page's fault, of two the server's.
	maxSilences = 2
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
	asked   time.Time // and answered
	failed  time.Time // the last request; zero when it was answered
	known   validators
	hash    [sha256.Size]byte
	taken   bool
	missing bool // a digest that was taken was not there at the last look
}

// NewTemplate makes a source of an address with {date}, or with {yyyy}, {mm}
// and {dd}. A look asks for every date from the newest today on earth back to
// o.Lookback before the oldest.
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

// look is what one Scan of a Template has met.
type look struct {
	asked, answered int
	silences        int           // dates that got no answer
	useless         map[error]int // answers that are errors when there is nothing else
	there           int           // digests
	absent          []absence
	failures        []failure
	errs            []error // other than failures
}

// absence is a digest that was taken and is not there.
type absence struct {
	date briefing.Date
	file File
	said bool // the server knows that it is gone for good
}

// failure is a date that nothing was learned of.
type failure struct {
	date briefing.Date
	err  error // without the address
}

// Scan implements Source. It ends early when the server is at fault and not a
// date: see ends.
func (t *Template) Scan(ctx context.Context, sink Sink) (briefing.Date, error) {
	defer t.client.CloseIdleConnections()
	today := briefing.DateOf(t.o.Now().UTC().Add(aheadOfUTC))
	back := 1 + min(max(int(t.o.Lookback/(24*time.Hour)), 0), maxLookback)
	l := &look{useless: map[error]int{}}
	for _, date := range t.agenda(today, back) {
		if !t.visit(ctx, date, sink, l) {
			break
		}
	}
	t.withdraw(ctx, sink, l)
	t.forget(today.AddDays(-back))
	return t.newest(), l.err(t)
}

// agenda is what a look asks for, newest date first: what is waited for comes
// although an older date takes its time. Those that failed stand behind all
// others, the longest ago first, so that no date keeps a look from another for
// ever.
func (t *Template) agenda(today briefing.Date, back int) []briefing.Date {
	var dates []briefing.Date
	for n := range back + 1 {
		if date := today.AddDays(-n); t.due(date, n) {
			dates = append(dates, date)
		}
	}
	failed := func(date briefing.Date) time.Time {
		if d := t.days[date]; d != nil {
			return d.failed
		}
		return time.Time{}
	}
	slices.SortStableFunc(dates, func(a, b briefing.Date) int { return failed(a).Compare(failed(b)) })
	return dates
}

// visit asks for one date; it returns false when the look is to end.
func (t *Template) visit(ctx context.Context, date briefing.Date, sink Sink, l *look) bool {
	l.asked++
	file, p, err := t.ask(ctx, date)
	if err != nil {
		l.failures = append(l.failures, failure{date, err})
		return ctx.Err() == nil && !l.ends(err)
	}
	l.answered++
	switch err := t.conclude(ctx, date, file, p, sink, l); err {
	case nil:
	case errForbidden, errWebPage:
		l.useless[err]++
	default:
		l.errs = append(l.errs, fmt.Errorf("take in %s: %w", display(t.address(date)), err))
	}
	return true
}

// ends says whether a failure ends the look. A server that asks for a pause, or
// cannot be reached, would say the same of every date. Other failures may be
// the fault of the one date, up to a number of them.
func (l *look) ends(err error) bool {
	if errors.As(err, new(*retryError)) || unreachable(err) {
		return true
	}
	if !errors.Is(err, errStatus) {
		l.silences++
	}
	return len(l.failures) >= maxFailures || l.silences >= maxSilences
}

// unreachable says that there was no connection to make a request on.
func unreachable(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && op.Op == "dial"
}

// err is what a look has to report.
func (l *look) err(t *Template) error {
	for why, n := range l.useless {
		if n == l.asked {
			return fmt.Errorf("fetch %s: for every date, %w", t, why)
		}
	}
	errs := append(l.failed(t), l.errs...)
	if len(errs) > 0 && l.answered > 0 {
		return &partialError{errors.Join(errs...)}
	}
	return errors.Join(errs...)
}

// failed are the failures of a look. When no date was answered, the server is
// at fault and not the dates, and what it says is reported once, in the same
// words at every look.
func (l *look) failed(t *Template) (errs []error) {
	said := map[string]bool{}
	for _, f := range l.failures {
		where := display(t.address(f.date))
		if l.answered == 0 {
			where = t.String()
		}
		err := fmt.Errorf("fetch %s: %w", where, f.err)
		if !said[err.Error()] {
			errs = append(errs, err)
		}
		said[err.Error()] = true
	}
	return errs
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
		return File{}, page{}, errBadAddress
	}
	if t.days[date] == nil {
		t.days[date] = &day{}
	}
	d := t.days[date]
	p, err := fetch(ctx, t.client, u, d.known, MaxDigest, t.o.Now)
	if err != nil {
		d.failed = t.o.Now()
		return File{}, page{}, err
	}
	d.asked, d.failed = t.o.Now(), time.Time{}
	return File{Name: fileName(u, date), Source: t.String()}, p, nil
}

// conclude does what an answer asks for; withdrawals wait for the end of the
// look.
func (t *Template) conclude(ctx context.Context, date briefing.Date, f File, p page, sink Sink, l *look) error {
	d := t.days[date]
	switch {
	case p.status == http.StatusOK && isWebPage(p.body):
		return errWebPage
	case p.status == http.StatusOK:
		l.there++
		return d.take(ctx, f, p, sink)
	case p.status == http.StatusNotModified:
		l.there++
		d.missing = false
		return nil
	case p.status == http.StatusForbidden:
		return errForbidden
	case d.taken:
		l.absent = append(l.absent, absence{date, f, p.status == http.StatusGone})
	}
	return nil
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

// withdraw tells the sink of digests that were there and are gone: at once
// when the server said gone, at the second look when it said not found. When
// several are not found and none is there, that is taken for an accident with
// the server and reported as an error.
func (t *Template) withdraw(ctx context.Context, sink Sink, l *look) {
	unsaid := func(a absence) bool { return !a.said }
	accident := l.there == 0 && len(l.absent) > 1 && slices.ContainsFunc(l.absent, unsaid)
	if accident {
		l.errs = append(l.errs, fmt.Errorf("fetch %s: all %d digests are gone from it; nothing is withdrawn until one is back", t, len(l.absent)))
	}
	for _, a := range l.absent {
		d := t.days[a.date]
		if !a.said && (accident || !d.missing) {
			d.missing = !accident
			continue
		}
		a.file.Withdrawn = true
		if err := sink(ctx, a.file); err != nil {
			l.errs = append(l.errs, fmt.Errorf("withdraw %s: %w", display(t.address(a.date)), err))
			continue
		}
		*d = day{asked: d.asked}
	}
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
