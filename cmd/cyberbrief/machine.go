package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/bot/web"
	"cyberbrief/briefing"
	"cyberbrief/briefing/glossary"
	"cyberbrief/briefing/source"
	"cyberbrief/config"
)

// machine is the bot put together. Nothing of it runs before start.
type machine struct {
	env       *environment
	cfg       config.Config
	log       *slog.Logger
	store     *store.Store
	library   *bot.Library
	glossary  *glossary.Index
	platforms *platformSet
	languages *languages
	deliverer *delivery.Deliverer
	planner   *delivery.Planner
	router    *bot.Router
	site      *web.Site
	identity  string // of the database, and so of all replicas
	sources   []source.Source

	// news is set when the archive has changed since the last plan.
	news atomic.Bool

	pulse  *pulse
	meters *meters

	mu           sync.Mutex
	sourceErrors map[string]string // source → what the last look at it met
	failures     map[string]bool   // what does not work for now; see failing
}

// runMachine puts a machine together on the database of the configuration,
// starts it, calls ready with the address of its pages, and keeps it running
// until the environment's context ends or ready fails.
func runMachine(e *environment, cfg config.Config, log *slog.Logger, ownConsole bool, ready func(m *machine, address string) error) error {
	counts := newMeters()
	s, err := store.Open(e.ctx, cfg.DatabaseURL.Reveal(), store.Options{Logger: log, Meter: counts, Prepare: true})
	if err != nil {
		return err
	}
	t := &teardown{}
	t.add("database", func(context.Context) error { return s.Shutdown() })
	defer t.run(log)
	m, err := newMachine(e, cfg, log, s, counts, ownConsole)
	if err != nil {
		return err
	}
	address, err := m.start(e.ctx, t)
	if err != nil {
		if e.ctx.Err() != nil {
			return nil // told to stop in the middle of a start
		}
		return err
	}
	if err := ready(m, address); err != nil {
		return err
	}
	<-e.ctx.Done()
	log.Info("stopping")
	return nil
}

// newMachine wires everything to an open database; see newPlatforms for
// ownConsole.
func newMachine(e *environment, cfg config.Config, log *slog.Logger, s *store.Store, counts *meters, ownConsole bool) (*machine, error) {
	m := &machine{env: e, cfg: cfg, log: log, store: s, glossary: glossary.New(), languages: &languages{}, pulse: newPulse(), meters: counts, sourceErrors: map[string]string{}, failures: map[string]bool{}}
	settings, err := defaults(cfg)
	if err != nil {
		return nil, err
	}
	if m.sources, err = newSources(e, cfg); err != nil {
		return nil, err
	}
	if m.platforms, err = newPlatforms(e, cfg, log, m.languages.language, counts, s, ownConsole); err != nil {
		return nil, err
	}
	m.library = newLibrary(e, s, m.glossary, m.sources, log, func(briefing.Date) { m.news.Store(true) })
	books := s.Ledger()
	m.deliverer = delivery.NewDeliverer(delivery.Options{
		Books: books, Channels: s, Library: m.library, Refresh: m.library.Refresh,
		Senders: m.platforms.senders(), Policies: delivery.DefaultPolicies(),
		Layout: bot.Layout, PublicURL: string(cfg.PublicURL), Meter: counts, Clock: e.clock, Logger: log,
	})
	m.planner = delivery.NewPlanner(delivery.PlannerOptions{
		Ledger: books, Board: books, Library: m.library, Refresh: m.library.Refresh,
		Enqueue: s.Enqueue, Meter: counts, Done: m.planned, Clock: e.clock, Logger: log,
	})
	board := &delivery.StatusBoard{Board: books, Library: m.library, Clock: e.clock}
	m.router = bot.NewRouter(bot.RouterOptions{
		Glossary: m.glossary, Library: m.library, Channels: listening{s, m.languages}, Words: s, Reporter: board,
		Retractor: m.deliverer, Tester: m.deliverer, Auditor: s,
		Checkers: m.platforms.checkers(), Defaults: settings, PublicURL: string(cfg.PublicURL),
		Meter: counts, Clock: e.clock, Logger: log,
	})
	if m.identity, err = s.Identity(e.ctx); err != nil {
		return nil, err
	}
	m.site, err = m.newSite(settings.Zone, board)
	return m, err
}

// newSite makes the pages.
func (m *machine) newSite(zone string, board *delivery.StatusBoard) (*web.Site, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	m.meters.registry.MustRegister(newSurvey(m))
	opts := web.Options{
		Library: m.library, Editions: m.library, Search: m.library, Glossary: m.glossary,
		Identity: m.identity, Alive: m.alive, Ready: m.ready, Metrics: promhttp.HandlerFor(m.meters.registry, promhttp.HandlerOpts{EnableOpenMetrics: true}),
		Hooks: m.platforms.hooks, PublicURL: string(m.cfg.PublicURL), Zone: location, Logger: m.log,
	}
	opts.Operator = web.Operator{
		Token: m.cfg.APIToken.Reveal(), Clock: m.env.clock,
		Status: func(ctx context.Context) (bot.StatusReport, error) { return statusOf(ctx, m.store, board) },
	}
	opts.Push = source.Push(m.cfg.APIToken.Reveal(), m.push) // refuses all without a token
	if m.platforms.console != nil {
		opts.Console = m.platforms.console.Handler()
	}
	return web.New(opts)
}

// push takes in a digest that came over HTTP.
func (m *machine) push(ctx context.Context, f source.File) (*briefing.Digest, error) {
	d, err := m.library.Take(ctx, f.Name, f.Body, f.Source)
	m.plan(ctx)
	return d, err
}

// subscribe adds the channels that the operator named and that are not there
// yet; the slot of their first day is open.
func (m *machine) subscribe(ctx context.Context) error {
	names, err := refs(m.cfg)
	if err != nil {
		return err
	}
	settings, err := defaults(m.cfg)
	if err != nil {
		return err
	}
	for _, ref := range names {
		_, err := m.store.Channel(ctx, ref)
		if err == nil {
			continue
		}
		if !errors.Is(err, briefing.ErrNotFound) {
			return err
		}
		ch := bot.Channel{Ref: ref, Settings: settings, AddedAt: m.env.clock(), OpenAtStart: true}
		entry := bot.AuditEntry{At: ch.AddedAt, Installation: ref.ID(), Who: bot.ByConfig, What: "add", Ref: ref, After: ch.JSON()}
		if err := m.store.PutChannel(ctx, ch, entry); err != nil {
			return err
		}
		m.log.Info("channel added", "channel", ref, "time", ch.Time, "zone", ch.Zone)
	}
	return nil
}

// firstLookTimeout is how long a start waits for its sources.
const firstLookTimeout = 20 * time.Second

// start sets everything going; t ends it. It returns the address of the
// pages. Posting begins only after every source was looked at once, so that
// the newest digest is known.
func (m *machine) start(ctx context.Context, t *teardown) (string, error) {
	if err := m.library.Refresh(ctx); err != nil {
		return "", err
	}
	if err := m.subscribe(ctx); err != nil {
		return "", err
	}
	if err := m.languages.refresh(ctx, m.store); err != nil {
		return "", err
	}
	m.pulse.trouble("queue", "not started yet")
	ended := func(err error) {
		m.log.Error("web server ended", "error", err)
		m.pulse.trouble("web server", err.Error())
	}
	address, err := serve(m.cfg.Listen, m.site.Handler(), m.log, ended, t)
	if err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(m.platforms.all)) {
		t.goroutine(ctx, string(name), func(ctx context.Context) { m.runPlatform(ctx, name) })
	}
	looked := m.follow(ctx, t)
	select {
	case <-looked:
	case <-time.After(firstLookTimeout):
		m.log.Warn("a source is slow to answer; starting without it")
	case <-ctx.Done():
		return address.String(), nil
	}
	if err := m.startQueue(ctx, t); err != nil {
		return "", err
	}
	t.goroutine(ctx, "archive", m.keepUp)
	return address.String(), nil
}

// runPlatform runs one platform. When it will not have us the others go on.
func (m *machine) runPlatform(ctx context.Context, name bot.Platform) {
	if err := m.platforms.all[name].Run(ctx, m.router); err != nil {
		m.log.Error("platform stopped, the others go on", "platform", name, "error", err)
		m.pulse.trouble(string(name), err.Error())
	}
}

// follow sets the sources going and returns a channel that closes when each
// has been looked at once.
func (m *machine) follow(ctx context.Context, t *teardown) <-chan struct{} {
	looked := make(chan struct{})
	var mu sync.Mutex
	waiting := map[string]bool{}
	for _, s := range m.sources {
		waiting[s.String()] = true
	}
	if err := m.store.ForgetSources(ctx, slices.Collect(maps.Keys(waiting))); err != nil {
		m.log.Warn("sources that are not configured any more stay in the status", "error", err)
	}
	report := func(c source.Check) {
		m.checked(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		if waiting[c.Source] {
			if delete(waiting, c.Source); len(waiting) == 0 {
				close(looked)
			}
		}
	}
	t.goroutine(ctx, "sources", func(ctx context.Context) {
		source.Run(ctx, m.sources, m.cfg.DigestPoll.Duration, sink(m.library), report)
	})
	return looked
}

// checked keeps how a look at a source went, and has new digests planned.
func (m *machine) checked(ctx context.Context, c source.Check) {
	kept := bot.SourceCheck{Source: c.Source, Newest: c.Newest, CheckedAt: c.At}
	if c.Err != nil {
		kept.Error = strings.ReplaceAll(c.Err.Error(), "\n", "; ")
	}
	m.logCheck(kept)
	m.failing("the checks of sources cannot be kept", m.store.KeepSourceCheck(context.WithoutCancel(ctx), kept))
	m.plan(ctx)
}

// logCheck says what is new about a source: one that stays broken is looked at
// every minute or so, and would fill the log.
func (m *machine) logCheck(c bot.SourceCheck) {
	m.mu.Lock()
	before := m.sourceErrors[c.Source]
	m.sourceErrors[c.Source] = c.Error
	m.mu.Unlock()
	switch {
	case c.Error == before:
	case c.Error != "":
		m.log.Warn("source cannot be read", "source", c.Source, "error", c.Error)
	default:
		m.log.Info("source can be read again", "source", c.Source)
	}
}

// failing says once that something has begun to fail, and once that it works
// again: it is tried every minute or so, and would fill the log.
func (m *machine) failing(what string, err error) {
	m.mu.Lock()
	before := m.failures[what]
	m.failures[what] = err != nil
	m.mu.Unlock()
	switch {
	case err != nil && !before:
		m.log.Warn(what, "error", err)
	case err == nil && before:
		m.log.Info("this is over: " + what)
	}
}

// plan asks for a plan at once if the archive has changed since the last one.
func (m *machine) plan(ctx context.Context) {
	if !m.news.Swap(false) {
		return
	}
	if err := m.store.Enqueue(context.WithoutCancel(ctx), delivery.PlanArgs{}); err != nil {
		m.log.Warn("plan not asked for; the next one comes by itself", "error", err)
	}
}

// startQueue begins to plan and to deliver.
func (m *machine) startQueue(ctx context.Context, t *teardown) error {
	if err := m.beginRestored(ctx); err != nil {
		return err
	}
	workers, err := delivery.Workers(m.deliverer, m.planner)
	if err != nil {
		return err
	}
	queue, err := m.store.StartQueue(ctx, workers, store.QueueConfig{
		Queues: delivery.Queues(), Periodic: delivery.PeriodicJobs(), JobTimeout: delivery.JobTimeout,
	})
	if err != nil {
		return err
	}
	t.addFor(queueTimeout, "queue", queue.Stop)
	t.add("deliveries", func(context.Context) error { m.deliverer.Drain(); return nil })
	if err := m.store.Enqueue(context.WithoutCancel(ctx), delivery.PlanArgs{}); err != nil {
		return err
	}
	m.pulse.started(queue)
	m.pulse.trouble("queue", "")
	return nil
}

// beginRestored has to come before anything is posted or removed, by a bot or
// by hand: a copy that was put back does not know what was posted since it was
// made.
func (m *machine) beginRestored(ctx context.Context) error {
	restored, err := m.store.BeginRestored(ctx, m.env.clock())
	if restored {
		m.log.Warn("the database is a copy that was put back: what is due is looked for in the channels before it is posted")
	}
	return err
}

// keepReadings makes the next start quick. It is no part of taking a digest in,
// so that many come without a second wait for the disk each.
func (m *machine) keepReadings(ctx context.Context) {
	if err := m.library.KeepReadings(ctx); ctx.Err() == nil {
		m.failing("what was read of the digests cannot be kept for the next start", err)
	}
}

// keepUp takes over what other replicas have put into the store.
func (m *machine) keepUp(ctx context.Context) {
	m.pulse.beat(archiveLoop)
	m.keepReadings(ctx)
	// What only the start needed would stay for minutes, or for good where it
	// is shared out over the heap. Pools are emptied in two steps.
	runtime.GC()
	debug.FreeOSMemory()
	tick := time.NewTicker(m.cfg.DigestPoll.Duration)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		m.pulse.beat(archiveLoop)
		if err := m.library.Refresh(ctx); ctx.Err() == nil {
			m.failing("the archive cannot be refreshed", err)
		}
		m.keepReadings(ctx)
		if err := m.languages.refresh(ctx, m.store); ctx.Err() == nil {
			m.failing("the languages of the channels cannot be refreshed", err)
		}
		m.plan(ctx)
	}
}
