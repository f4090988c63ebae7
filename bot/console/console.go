// Package console is a chat platform that needs nothing but a browser: a page
// with channels, threads, buttons and private answers, kept live by
// server-sent events. The demo and the tests use it as the third platform,
// beside Slack and Discord. Everything is kept in memory and gone when the
// process ends.
package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Options are what a Console needs to know. The zero value is a console with
// one channel, "general", in Japanese, that nobody administers.
type Options struct {
	Logger *slog.Logger
	Clock  func() time.Time
	// Channels are the names of the channels, in the order they are listed.
	Channels []string
	// Language is the page's own language; ?lang= on the page's address
	// chooses another for one browser.
	Language briefing.Language
	// Admins makes an admin of everybody who can open the page.
	Admins bool
	// PublicURL is the address under which people reach the page. Requests
	// for another host name are refused, so that a foreign page cannot reach
	// a local console by rebinding a name; localhost and literal IP addresses
	// always work.
	PublicURL string
}

// Console is the platform. Its methods are safe for concurrent use.
type Console struct {
	opts       Options
	log        *slog.Logger
	publicHost string
	name       string // of this run, in the ids of events

	mu        sync.Mutex
	rooms     []*room // in the order of Options.Channels
	people    map[string]*person
	joined    int // people ever seen; numbers their names
	lastID    int64
	streams   map[*stream]struct{}
	events    int64  // how many were published
	past      []past // the newest of them, oldest first
	pastBytes int
	responder bot.Responder // nil while Run does not run
	ended     bool          // Run has returned: no new streams
}

// New prepares a console; it starts nothing.
func New(opts Options) (*Console, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if len(opts.Channels) == 0 {
		opts.Channels = []string{"general"}
	}
	if opts.Language == "" {
		opts.Language = briefing.Japanese
	}
	c := &Console{
		opts:    opts,
		log:     opts.Logger,
		name:    rand.Text()[:8],
		people:  map[string]*person{},
		streams: map[*stream]struct{}{},
	}
	if opts.PublicURL != "" {
		u, err := url.Parse(opts.PublicURL)
		if err != nil || u.Hostname() == "" {
			return nil, fmt.Errorf("console: public URL %q: want an address such as https://news.example.com", opts.PublicURL)
		}
		c.publicHost = u.Hostname()
	}
	for _, name := range opts.Channels {
		if _, err := bot.ParseRef("console:" + name); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		if c.room(name) != nil {
			return nil, fmt.Errorf("console: channel %q is listed twice", name)
		}
		c.rooms = append(c.rooms, &room{name: name})
	}
	return c, nil
}

// Run answers requests with r until ctx ends, then closes every open stream
// and returns nil. Before and after, the page can be read but commands are
// refused.
func (c *Console) Run(ctx context.Context, r bot.Responder) error {
	c.mu.Lock()
	c.responder, c.ended = r, false
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.responder, c.ended = nil, true
	for s := range c.streams {
		c.cut(s)
	}
	return nil
}

// Handler serves the page and everything under it. It is to be mounted at
// /console and /console/.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /console", c.servePage)
	mux.HandleFunc("GET /console/{$}", c.servePage)
	mux.HandleFunc("GET /console/assets/{name}", c.serveAsset)
	mux.HandleFunc("GET /console/events", c.serveEvents)
	mux.HandleFunc("GET /console/complete", c.serveComplete)
	mux.HandleFunc("POST /console/messages", c.serveMessage)
	mux.HandleFunc("POST /console/actions", c.serveAction)
	mux.HandleFunc("POST /console/forms", c.serveForm)
	return c.guard(mux)
}
