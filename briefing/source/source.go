// Package source finds digests: in a folder, behind a URL template, in a feed,
// in the binary, or pushed over HTTP. It hands each file to a Sink as it is;
// what the file says is for others to read.
//
// Sources know nothing of each other: Run gives each a goroutine of its own,
// so that one that hangs or fails never delays another.
package source

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"cyberbrief/briefing"
)

// MaxDigest is the size of the largest digest, in bytes. A larger file is
// handed over cut after one byte more than this, for the reader to refuse.
const MaxDigest = 1 << 20

// File is a digest as its source gives it.
type File struct {
	// Name is a file name without folders. Its date, if it has one, is the
	// digest's.
	Name string
	Body []byte // Markdown; nil when Withdrawn
	// Source is where it came from, as configured but without passwords.
	Source string
	// Withdrawn says that the source had this file and has taken it back.
	Withdrawn bool
}

// Sink takes in a file that is new or has changed. It is called from several
// goroutines. An error means that the file could not be kept (a database that
// is locked): it is offered again at the next look. A file that says nothing
// useful is not an error here; the sink keeps it aside and returns nil.
type Sink func(context.Context, File) error

// Source is one place that digests come from.
type Source interface {
	// String is the source as configured, without passwords.
	String() string
	// Scan looks once and hands the sink every file that is new, changed or
	// withdrawn since the last Scan, in any order. It says what the newest
	// digest there is. An error that concerns one file does not keep Scan from
	// the others. One goroutine at a time calls it.
	Scan(context.Context, Sink) (newest briefing.Date, err error)
}

// Watcher is a Source that knows when it is worth a look.
type Watcher interface {
	// Changes sends when something changed and closes after ctx has ended.
	// Nothing is lost if nobody receives for a while.
	Changes(ctx context.Context) <-chan struct{}
}

// Check is how one look at a source went.
type Check struct {
	Source string
	Newest briefing.Date // zero when nothing with a date was seen so far
	At     time.Time
	Err    error // nil when everything there was looked at and taken in
}

// Options are what sources share.
type Options struct {
	// Lookback is how far back a template is asked for digests.
	Lookback time.Duration
	// Zone is where an item of a feed that has no date in its title gets its
	// date from its publication; UTC when nil.
	Zone *time.Location
	// AllowPrivate lets sources be fetched from any address and port.
	AllowPrivate bool
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// ParseAll makes the sources of a list in the forms of Parse. An empty list
// gives the samples. The error names every entry that is wrong.
func ParseAll(specs []string, o Options) ([]Source, error) {
	if len(specs) == 0 {
		return []Source{Sample()}, nil
	}
	var sources []Source
	var errs []error
	for _, spec := range specs {
		s, err := Parse(spec, o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		sources = append(sources, s)
	}
	return sources, errors.Join(errs...)
}

// Parse makes a source of
//
//	sample                     the digests built into the binary
//	feed:https://…             RSS, Atom or JSON Feed
//	https://…{date}…           a template, also with {yyyy}, {mm} and {dd}
//	anything else              a folder
//
// Nothing is opened or fetched before the first Scan.
func Parse(spec string, o Options) (Source, error) {
	spec = strings.TrimSpace(spec)
	feed, isFeed := strings.CutPrefix(spec, "feed:")
	switch {
	case spec == "":
		return nil, errors.New("source: empty")
	case spec == "sample":
		return Sample(), nil
	case isFeed:
		return NewFeed(feed, o)
	case strings.Contains(spec, "://"):
		return NewTemplate(spec, o)
	default:
		return NewFolder(spec), nil
	}
}

// withDefaults fills in what may be left out.
func (o Options) withDefaults() Options {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// parseURL accepts absolute http and https addresses.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, fmt.Errorf("source %s: want an address such as https://example.com/path", display(s))
	}
	return u, nil
}

// display is an address as it may be shown and logged: without user and
// password, and without a query, where access keys stand.
func display(s string) string {
	s, _, query := strings.Cut(s, "?")
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		host, path, slash := strings.Cut(rest, "/")
		host = host[strings.LastIndex(host, "@")+1:]
		s = scheme + "://" + host
		if slash {
			s += "/" + path
		}
	}
	if query {
		s += "?…"
	}
	return s
}
