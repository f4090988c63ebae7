package main

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// namespace begins the name of every metric of ours.
const namespace = "cyberbrief"

// meters are what this process counts: it is the meter of every package.
// What is read from the database at each scrape stands in survey. No label is
// made of what people write, nor of channels: their number has no bound.
type meters struct {
	registry *prometheus.Registry

	due, settled, failed, unknown, resolved, corrected, retracted *prometheus.CounterVec
	commands, sessions, callsFailed                               *prometheus.CounterVec
	connections                                                   *prometheus.GaugeVec
	delay, acknowledged, calls                                    *prometheus.HistogramVec

	mu    sync.Mutex
	codes map[string]bool // that have a series of their own
}

// The buckets of the histograms, in seconds.
var (
	// delayBuckets are fine up to the promise of 60 s, and reach the end of
	// the longest window.
	delayBuckets = []float64{5, 10, 15, 30, 60, 120, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600}
	// ackBuckets end at the three seconds that the platforms wait.
	ackBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 1.5, 2, 2.5, 3}
	// callBuckets end at the time-out of a call.
	callBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
)

// newMeters makes the metrics and registers them.
func newMeters() *meters {
	m := &meters{registry: prometheus.NewRegistry(), codes: map[string]bool{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(v)
		return v
	}
	m.due = counter("slots_due_total", "Slots of channels that got their row in the ledger here: with a digest to post, or without one when their window ended.", "platform")
	m.settled = counter("slots_settled_total", "Slots that came to their end here, by how: posted, no_digest, missed, failed.", "platform", "state")
	m.delay = histogram("posting_delay_seconds", "Time from the later of a slot's time and the coming of its digest until the briefing stood in the channel.", delayBuckets, "platform")
	m.failed = counter("requests_failed_total", "Requests to platforms that failed, by class; most classes are tried again.", "platform", "class")
	m.unknown = counter("unknown_answers_total", "Answers of platforms that no table of the bot lists, by the platform's word for them.", "platform", "code")
	m.resolved = counter("doubts_resolved_total", "Doubts about whether a message was posted that ended: it was found, or it was repeated.", "platform", "outcome")
	m.corrected = counter("corrections_total", "Corrections of posts that ended: shown, or given_up.", "platform", "outcome")
	m.retracted = counter("retractions_total", "Removals of posts that ended: removed, or incomplete.", "platform", "outcome")
	m.commands = counter("commands_total", "Commands that people gave, by name and by what became of them: answered, refused, limited, failed.", "platform", "command", "outcome")
	m.acknowledged = histogram("acknowledgement_seconds", "Time from the arrival of a command or a press here until its acknowledgement was sent; platforms wait three seconds.", ackBuckets, "platform")
	m.connections = gauge(m.registry, "connections", "Connections that stand and that commands come through: Slack's sockets, of which there are two, and Discord's gateway.", "platform")
	m.sessions = counter("sessions_begun_total", "Connections that were begun; Discord allows 1,000 identifies a day, the bot itself 200.", "platform")
	m.calls = histogram("database_call_seconds", "Time that calls of the database took, the wait for a connection included, by kind: transaction, or single statement.", callBuckets, "kind")
	m.callsFailed = counter("database_call_failures_total", "Calls of the database that failed.", "kind")
	m.registry.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorMemStatsMetricsDisabled()),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	m.begin()
	return m
}

func gauge(r *prometheus.Registry, name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	r.MustRegister(v)
	return v
}

// The values of labels that have no type of their own.
const (
	outcomeShown, outcomeGivenUp      = "shown", "given_up"
	outcomeRemoved, outcomeIncomplete = "removed", "incomplete"
	kindTransaction, kindStatement    = "transaction", "statement"
)

// begin makes the series that there can be, at zero: an increase from nothing
// is none to Prometheus.
func (m *meters) begin() {
	for _, p := range []bot.Platform{bot.Slack, bot.Discord} {
		name := string(p)
		m.due.WithLabelValues(name)
		for _, state := range []delivery.SlotState{delivery.Posted, delivery.NoDigest, delivery.Missed, delivery.Failed} {
			m.settled.WithLabelValues(name, string(state))
		}
		for class := bot.Unknown; class <= bot.MessageKept; class++ {
			m.failed.WithLabelValues(name, classLabel(class))
		}
		for _, how := range []delivery.Resolution{delivery.Found, delivery.Repeated} {
			m.resolved.WithLabelValues(name, string(how))
		}
		m.unknown.WithLabelValues(name, otherCode)
		m.corrected.WithLabelValues(name, outcomeShown)
		m.corrected.WithLabelValues(name, outcomeGivenUp)
		m.retracted.WithLabelValues(name, outcomeRemoved)
		m.retracted.WithLabelValues(name, outcomeIncomplete)
		m.sessions.WithLabelValues(name)
	}
	for _, kind := range []string{kindTransaction, kindStatement} {
		m.callsFailed.WithLabelValues(kind)
	}
}

// classLabel is a class as a label: channel_gone.
func classLabel(c bot.Class) string { return strings.ReplaceAll(c.String(), " ", "_") }

// Acknowledged implements bot.Meter.
func (m *meters) Acknowledged(p bot.Platform, took time.Duration) {
	m.acknowledged.WithLabelValues(string(p)).Observe(took.Seconds())
}

// Connections implements bot.Meter.
func (m *meters) Connections(p bot.Platform, open int) {
	m.connections.WithLabelValues(string(p)).Set(float64(open))
}

// SessionBegun implements bot.Meter.
func (m *meters) SessionBegun(p bot.Platform) { m.sessions.WithLabelValues(string(p)).Inc() }

// Commanded implements bot.CommandMeter.
func (m *meters) Commanded(p bot.Platform, command string, outcome bot.CommandOutcome) {
	m.commands.WithLabelValues(string(p), command, string(outcome)).Inc()
}

// Due implements delivery.SlotMeter.
func (m *meters) Due(p bot.Platform) { m.due.WithLabelValues(string(p)).Inc() }

// Settled implements delivery.SlotMeter.
func (m *meters) Settled(p bot.Platform, state delivery.SlotState, late time.Duration) {
	m.settled.WithLabelValues(string(p), string(state)).Inc()
	if state == delivery.Posted {
		m.delay.WithLabelValues(string(p)).Observe(late.Seconds())
	}
}

// Failed implements delivery.RequestMeter.
func (m *meters) Failed(p bot.Platform, class bot.Class, code string) {
	m.failed.WithLabelValues(string(p), classLabel(class)).Inc()
	if class == bot.Unknown {
		m.unknown.WithLabelValues(string(p), m.codeLabel(code)).Inc()
	}
}

// The bounds of the labels that platforms fill.
const (
	maxCodes      = 20
	maxCodeLength = 40
	// otherCode stands for what does not look like a code, and for every code
	// after the first maxCodes.
	otherCode = "other"
)

// codeLabel is the code itself for the first ones that come.
func (m *meters) codeLabel(code string) string {
	odd := func(r rune) bool {
		return r != '_' && r != '-' && r != ' ' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	}
	if code == "" || len(code) > maxCodeLength || strings.ContainsFunc(code, odd) {
		return otherCode
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.codes[code] && len(m.codes) >= maxCodes {
		return otherCode
	}
	m.codes[code] = true
	return code
}

// Resolved implements delivery.RequestMeter.
func (m *meters) Resolved(p bot.Platform, how delivery.Resolution) {
	m.resolved.WithLabelValues(string(p), string(how)).Inc()
}

// Corrected implements delivery.AmendMeter.
func (m *meters) Corrected(p bot.Platform, done bool) {
	m.corrected.WithLabelValues(string(p), either(done, outcomeShown, outcomeGivenUp)).Inc()
}

// Retracted implements delivery.AmendMeter.
func (m *meters) Retracted(p bot.Platform, done bool) {
	m.retracted.WithLabelValues(string(p), either(done, outcomeRemoved, outcomeIncomplete)).Inc()
}

// Called implements store.Meter.
func (m *meters) Called(transaction bool, took time.Duration, failed bool) {
	kind := either(transaction, kindTransaction, kindStatement)
	m.calls.WithLabelValues(kind).Observe(took.Seconds())
	if failed {
		m.callsFailed.WithLabelValues(kind).Inc()
	}
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
