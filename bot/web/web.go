// Package web shows the archive as pages: the latest briefing, every day,
// terms, search, a feed; and what an operator asks of a service: health,
// readiness, metrics. Pages are readable without JavaScript, ask no other
// host for anything and hold no inline script or style.
package web

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Library gives digests; a date without one is briefing.ErrNotFound.
// Digests are shared and are not changed here. Implemented by bot.Library.
type Library interface {
	Latest() (*briefing.Digest, error)
	Digest(briefing.Date) (*briefing.Digest, error)
	// Dates are those of all digests, newest first.
	Dates() []briefing.Date
	// Revision changes whenever anything in the archive or the glossary does.
	Revision() int64
}

// Editions says when a digest came. Implemented by bot.Library.
type Editions interface {
	// FirstAt is when the first edition came, zero when unknown.
	FirstAt(briefing.Date) time.Time
	// Revised is when the newest edition came, zero while it is the first.
	Revised(briefing.Date) time.Time
}

// Searcher finds passages with all words, newest first: n of them from the
// one with index first on, and how many there are in all. Implemented by
// bot.Library.
type Searcher interface {
	SearchPage(words string, first, n int) ([]bot.Hit, int)
}

// Glossary explains terms. Implemented by briefing/glossary.
type Glossary interface {
	Lookup(query string) briefing.Answer
	// All are all terms, in any order.
	All() []briefing.Entry
}

// Reason is something that keeps the service from being ready.
type Reason struct {
	Name    string `json:"name"` // of the part, such as "database"
	Problem string `json:"problem"`
}

// Options are what a Site works with. Library, Editions, Search and Glossary
// are needed; a nil handler leaves its address out.
type Options struct {
	Library  Library
	Editions Editions
	Search   Searcher
	Glossary Glossary
	// Alive lists what only a restart puts right; nil is always alive. It must
	// answer at once.
	Alive func() []Reason
	// Ready lists what keeps the service from being ready; nil is always
	// ready. It must answer within its context.
	Ready func(context.Context) []Reason
	// Identity names the bot at /healthz, so that whoever asks there knows
	// whether it is this one; empty for none. It is no secret.
	Identity string
	// Operator is the operator's own page; without a token there is none.
	Operator Operator
	// Metrics serves /metrics, Push POST /api/digests, Console /console.
	Metrics, Push, Console http.Handler
	// Hooks are called by the platforms, by path, such as /slack/commands.
	// They verify signatures themselves.
	Hooks map[string]http.Handler
	// PublicURL is the address of the site for links in feeds and previews;
	// where it is empty, the address of the request is used.
	PublicURL string
	Language  briefing.Language
	// Zone is the time zone of times of day on pages; nil is UTC.
	Zone   *time.Location
	Logger *slog.Logger
}

// Site is the whole of the pages. It is safe for concurrent use.
type Site struct {
	opts  Options
	log   *slog.Logger
	pages *template.Template
	files map[string]*answer
	// memory holds the pages that people read.
	memory   memory
	operator *operator // nil where there is none
}

// New prepares a site; it starts nothing.
func New(opts Options) (*Site, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Language == "" {
		opts.Language = briefing.Japanese
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	opts.PublicURL = strings.TrimSuffix(opts.PublicURL, "/")
	if u, err := url.Parse(opts.PublicURL); err != nil || opts.PublicURL != "" && u.Host == "" {
		return nil, fmt.Errorf("web: public URL %q: want an address such as https://news.example.com", opts.PublicURL)
	}
	pages, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	files, err := readFiles()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	s := &Site{opts: opts, log: opts.Logger, pages: pages, files: files}
	s.operator = newOperator(s)
	return s, nil
}

// Handler serves the site.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /{$}":              s.kept(s.latest),
		"GET /briefings":        s.kept(s.archive),
		"GET /briefings/{date}": s.kept(s.day),
		"GET /terms":            s.kept(s.terms),
		"GET /terms/{term}":     s.kept(s.term),
		"GET /search":           s.search,
		"GET /feed.atom":        s.feedHandler(),
		"GET /assets/{name}":    s.asset,
		"GET /readyz":           s.readyz,
		"/":                     s.nothing,
	} {
		mux.Handle(pattern, s.serve(h))
	}
	mux.Handle("GET /healthz", s.named(s.serve(s.healthz)))
	for pattern, h := range map[string]http.Handler{
		"GET /metrics": s.opts.Metrics,
		"/api/digests": s.opts.Push,
		"/console":     s.opts.Console,
		"/console/":    s.opts.Console,
	} {
		if h != nil {
			mux.Handle(pattern, h)
		}
	}
	if s.operator != nil {
		for pattern, h := range s.operator.handlers() {
			mux.Handle(pattern, h)
		}
	}
	for path, h := range s.opts.Hooks {
		mux.Handle("POST "+path, h)
	}
	return secured(mux)
}
