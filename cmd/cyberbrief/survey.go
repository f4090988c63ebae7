package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

const (
	// surveyTimeout bounds what a scrape waits for the database.
	surveyTimeout = 5 * time.Second
	// surveyKeeps is how long what was read is shown again, so that many
	// scrapers cost the database no more than one.
	surveyKeeps = 10 * time.Second
)

// survey is the metrics that are read at each scrape: from the database, so
// that every replica shows the same and a restart changes nothing, and from
// what the machine holds in memory. While the database gives no answer, what
// it would say is left out.
type survey struct {
	m     *machine
	board *delivery.StatusBoard

	channels, overdue               *prometheus.Desc
	doubtful, lastDay               *prometheus.Desc
	checked, newest, failing        *prometheus.Desc
	digests, newestDigest, rejected *prometheus.Desc
	jobs, planned, up, stopped      *prometheus.Desc

	mu   sync.Mutex
	read time.Time // by a clock that does not step; zero for never
	last findings
}

// findings are what one look at the database found.
type findings struct {
	err      error
	standing map[bot.Platform]*delivery.Standing
	sources  []bot.SourceCheck
	rejected int
	jobs     []store.JobCount
	planned  time.Time
}

// newSurvey makes the collector of a machine.
func newSurvey(m *machine) *survey {
	s := newSurveyDescs(m)
	s.board = &delivery.StatusBoard{Board: m.store.Ledger(), Library: m.library, Clock: m.env.clock}
	return s
}

func newSurveyDescs(m *machine) *survey {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
	}
	return &survey{
		m:            m,
		channels:     desc("channels", "Channels that were chosen to get briefings, by state: active, paused_by_admin, paused_by_platform.", "platform", "state"),
		overdue:      desc("channels_overdue", "Channels, not paused, whose briefing is not posted 15 minutes after the later of its time and the coming of its digest.", "platform"),
		doubtful:     desc("slots_doubtful", "Slots of which nobody knows whether they were posted.", "platform"),
		lastDay:      desc("slots_last_day", "Slots that were due in the last 24 hours, by how they stand in the ledger: claimed, doubtful, posted, no_digest, missed, failed.", "platform", "state"),
		checked:      desc("source_checked_timestamp_seconds", "When a source was last looked at.", "source"),
		newest:       desc("source_newest_digest_timestamp_seconds", "Date of the newest digest that a source has, at midnight UTC; 0 for none.", "source"),
		failing:      desc("source_failing", "1 while the last look at a source met an error, else 0.", "source"),
		digests:      desc("digests", "Digests in the archive."),
		newestDigest: desc("newest_digest_timestamp_seconds", "Date of the newest digest in the archive, at midnight UTC; 0 for none."),
		rejected:     desc("digests_rejected", "Files that were kept aside since they cannot be posted, 100 at most."),
		jobs:         desc("queue_jobs", "Jobs that will still run, by queue and River's state, of all replicas together.", "queue", "state"),
		planned:      desc("plan_timestamp_seconds", "When a replica last looked for slots that are due; 0 for never."),
		up:           desc("database_up", "1 while the database answers, else 0: then metrics that are read from it are missing."),
		stopped:      desc("platform_stopped", "1 while a platform is out of use here since it refuses the bot itself, else 0.", "platform"),
	}
}

// Describe implements prometheus.Collector.
func (s *survey) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		s.channels, s.overdue, s.doubtful, s.lastDay, s.checked, s.newest, s.failing, s.digests,
		s.newestDigest, s.rejected, s.jobs, s.planned, s.up, s.stopped,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *survey) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	dates := s.m.library.Dates()
	gauge(s.digests, float64(len(dates)))
	gauge(s.newestDigest, midnight(newestOf(dates)))
	down := s.m.down()
	for p := range s.m.platforms.all {
		gauge(s.stopped, oneIf(down[p]), string(p))
	}
	f := s.look()
	gauge(s.up, oneIf(f.err == nil))
	if f.err != nil {
		return
	}
	s.collect(f, gauge)
}

// collect shows what the database said.
func (s *survey) collect(f findings, gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	for p, standing := range f.standing {
		gauge(s.channels, float64(standing.Active), string(p), "active")
		gauge(s.channels, float64(standing.PausedByAdmin), string(p), "paused_by_admin")
		gauge(s.channels, float64(standing.PausedByPlatform), string(p), "paused_by_platform")
		gauge(s.overdue, float64(standing.Overdue), string(p))
		gauge(s.doubtful, float64(standing.Doubtful), string(p))
		for _, state := range slotStates {
			gauge(s.lastDay, float64(standing.LastDay[state]), string(p), string(state))
		}
	}
	for _, c := range f.sources {
		gauge(s.checked, float64(c.CheckedAt.Unix()), c.Source)
		gauge(s.newest, midnight(c.Newest), c.Source)
		gauge(s.failing, oneIf(c.Error != ""), c.Source)
	}
	gauge(s.rejected, float64(f.rejected))
	for _, j := range f.jobs {
		gauge(s.jobs, float64(j.Jobs), j.Queue, j.State)
	}
	gauge(s.planned, seconds(f.planned))
}

// slotStates are all that a slot with a row can be in.
var slotStates = []delivery.SlotState{
	delivery.Claimed, delivery.Doubtful, delivery.Posted, delivery.NoDigest, delivery.Missed, delivery.Failed,
}

// look reads the database, unless that was done just now.
func (s *survey) look() findings {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.read.IsZero() && time.Since(s.read) < surveyKeeps {
		return s.last
	}
	ctx, cancel := context.WithTimeout(s.m.env.ctx, surveyTimeout)
	defer cancel()
	s.last = s.ask(ctx)
	s.read = time.Now()
	if s.last.err != nil {
		s.m.log.Warn("metrics of the database left out", "error", s.last.err)
	}
	return s.last
}

func (s *survey) ask(ctx context.Context) (f findings) {
	if f.standing, f.err = s.board.Overview(ctx, s.m.store.Ledger()); f.err != nil {
		return f
	}
	for p := range s.m.platforms.all { // also where no channel is chosen yet
		if f.standing[p] == nil {
			f.standing[p] = &delivery.Standing{}
		}
	}
	if f.sources, f.err = s.m.store.SourceChecks(ctx); f.err != nil {
		return f
	}
	rejected, err := s.m.store.Rejected(ctx, maxRejected)
	if f.rejected, f.err = len(rejected), err; f.err != nil {
		return f
	}
	if f.jobs, f.err = s.m.store.Jobs(ctx); f.err != nil {
		return f
	}
	for _, queue := range []string{delivery.DeliverQueue, delivery.AmendQueue, delivery.PlanQueue} {
		f.jobs = withJobs(f.jobs, queue, "available") // the one that alerts ask for
	}
	f.planned, f.err = s.m.lastPlan(ctx)
	return f
}

// withJobs adds a count of none where there is none.
func withJobs(counts []store.JobCount, queue, state string) []store.JobCount {
	for _, c := range counts {
		if c.Queue == queue && c.State == state {
			return counts
		}
	}
	return append(counts, store.JobCount{Queue: queue, State: state})
}

// down are the platforms that are out of use: for posts, or for commands.
func (m *machine) down() map[bot.Platform]bool {
	down := map[bot.Platform]bool{}
	for p := range m.deliverer.Stopped() {
		down[p] = true
	}
	for _, r := range m.pulse.reasons() {
		down[bot.Platform(r.Name)] = true
	}
	return down
}

func newestOf(dates []briefing.Date) briefing.Date {
	if len(dates) == 0 {
		return ""
	}
	return dates[0]
}

// midnight is the instant at which a date began in UTC, in Unix seconds; 0 for
// no date.
func midnight(d briefing.Date) float64 {
	if d == "" {
		return 0
	}
	return seconds(d.Time())
}

// seconds is an instant in Unix seconds; 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
