package main

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/bot/web"
	"cyberbrief/config"
)

// idleMachine is as much of a machine as its health needs.
func idleMachine(t *testing.T) *machine {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite::memory:", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Shutdown() }) // which a test may have done before
	return &machine{
		env: &environment{clock: time.Now}, cfg: config.Config{DigestPoll: config.Duration{Duration: 50 * time.Second}},
		log: slog.New(slog.DiscardHandler), store: s, deliverer: delivery.NewDeliverer(delivery.Options{}), pulse: newPulse(),
	}
}

// names are the parts that are wrong, in a line.
func names(reasons []web.Reason) string {
	var all []string
	for _, r := range reasons {
		all = append(all, r.Name)
	}
	return strings.Join(all, " ")
}

func TestReadiness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := idleMachine(t)
		expect := func(what, ready, alive string) {
			t.Helper()
			if got := names(m.ready(t.Context())); got != ready {
				t.Errorf("%s: not ready for %q, want %q", what, got, ready)
			}
			if got := names(m.alive()); got != alive {
				t.Errorf("%s: not alive for %q, want %q", what, got, alive)
			}
		}
		m.pulse.trouble("queue", "not started yet")
		time.Sleep(5 * time.Minute)
		expect("a slow start", "queue", "")
		m.pulse.beat(plannerLoop)
		m.pulse.beat(archiveLoop)
		m.pulse.trouble("queue", "")
		expect("just started", "", "")
		time.Sleep(time.Minute)
		expect("a minute without a plan", "", "")
		time.Sleep(time.Second)
		expect("more than a minute", "planner", "")

		other := &machine{env: m.env, store: m.store, log: m.log, pulse: newPulse()}
		other.planned(t.Context())
		expect("another replica has planned", "", "")
		time.Sleep(59 * time.Second)
		expect("a while ago", "archive", "")
		m.planned(t.Context())
		m.pulse.beat(archiveLoop)
		expect("all goes round", "", "")
		time.Sleep(12 * time.Minute)
		expect("all stands still", "planner archive", "archive")
		m.planned(t.Context())
		m.pulse.beat(archiveLoop)
		if err := m.store.Shutdown(); err != nil {
			t.Fatal(err)
		}
		expect("the database is gone", "database", "")
	})
}

// TestWallClockSteps: what the wall clock does is no sign of illness.
func TestWallClockSteps(t *testing.T) {
	m := idleMachine(t)
	m.pulse.beat(plannerLoop)
	m.env.clock = func() time.Time { return time.Now().Add(3 * time.Hour) }
	if got := m.ready(t.Context()); len(got) != 0 {
		t.Errorf("not ready: %+v", got)
	}
}

// TestQueueThatStopped: when the queue ends by itself, only a restart helps.
func TestQueueThatStopped(t *testing.T) {
	m := idleMachine(t)
	workers, err := delivery.Workers(m.deliverer, delivery.NewPlanner(delivery.PlannerOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	queue, err := m.store.StartQueue(t.Context(), workers, store.QueueConfig{Queues: map[string]int{"other": 1}})
	if err != nil {
		t.Fatal(err)
	}
	m.pulse.started(queue)
	if got := names(m.ready(t.Context())) + names(m.alive()); got != "" {
		t.Errorf("while it works: %q", got)
	}
	if err := queue.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names(m.ready(t.Context())) != "queue" || names(m.alive()) != "queue" {
		t.Errorf("after it stopped: ready %q, alive %q", names(m.ready(t.Context())), names(m.alive()))
	}
}
