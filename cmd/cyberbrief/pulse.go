package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cyberbrief/bot/store"
	"cyberbrief/bot/web"
	"cyberbrief/briefing"
)

const (
	// plannedWithin is how long ago a plan must have been made, here or by
	// another replica. One comes every fifteen seconds.
	plannedWithin = 60 * time.Second
	// loopSlack is what the loop that keeps the archive in step may take
	// beyond its interval.
	loopSlack = 60 * time.Second
	// hungAfter is when a loop that does nothing is taken for hung for good:
	// then only a restart helps.
	hungAfter = 10 * time.Minute
)

// plannedNote is the name of the note that says when the last plan was made.
const plannedNote = "planned"

// pulse is what a machine knows of its own parts. It is safe for concurrent
// use.
type pulse struct {
	mu       sync.Mutex
	troubles map[string]string // part → what keeps it from working
	// beats are when each loop last went round, by a clock that no step of the
	// wall clock changes; a loop that has not begun is not in it.
	beats map[string]time.Time
	queue *store.Queue // nil before it is started
}

func newPulse() *pulse {
	return &pulse{troubles: map[string]string{}, beats: map[string]time.Time{}}
}

// The loops that beat.
const (
	plannerLoop = "planner"
	archiveLoop = "archive"
)

// beat notes that a loop goes round.
func (h *pulse) beat(loop string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.beats[loop] = time.Now()
}

// silent is how long ago a loop last went round; 0 before it has begun.
func (h *pulse) silent(loop string) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, began := h.beats[loop]; began {
		return time.Since(at)
	}
	return 0
}

// started notes the queue that works; the planner has its first minute now.
func (h *pulse) started(q *store.Queue) {
	h.beat(plannerLoop)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queue = q
}

// stopped says that the queue was started and works no more.
func (h *pulse) stopped() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.queue == nil {
		return false
	}
	select {
	case <-h.queue.Stopped():
		return true
	default:
		return false
	}
}

// trouble notes what keeps a part from working; an empty why ends it.
func (h *pulse) trouble(part, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if why == "" {
		delete(h.troubles, part)
		return
	}
	h.troubles[part] = why
}

func (h *pulse) reasons() (reasons []web.Reason) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, part := range slices.Sorted(maps.Keys(h.troubles)) {
		reasons = append(reasons, web.Reason{Name: part, Problem: h.troubles[part]})
	}
	return reasons
}

// alive lists what only a restart of the process puts right.
func (m *machine) alive() []web.Reason {
	var reasons []web.Reason
	if m.pulse.stopped() {
		reasons = append(reasons, web.Reason{Name: "queue", Problem: "has stopped"})
	}
	if d := m.pulse.silent(archiveLoop); d > m.cfg.DigestPoll.Duration+hungAfter {
		reasons = append(reasons, web.Reason{Name: archiveLoop, Problem: fmt.Sprintf("has not gone round for %s", d.Round(time.Second))})
	}
	return reasons
}

// ready lists what keeps the bot from doing its work.
func (m *machine) ready(ctx context.Context) []web.Reason {
	var reasons []web.Reason
	if err := m.store.Health(ctx); err != nil {
		reasons = append(reasons, web.Reason{Name: "database", Problem: databaseProblem(err)})
	} else if why := m.unplanned(ctx); why != "" {
		reasons = append(reasons, web.Reason{Name: plannerLoop, Problem: why})
	}
	for p, why := range m.deliverer.Stopped() {
		reasons = append(reasons, web.Reason{Name: fmt.Sprintf("post to %s", p), Problem: why})
	}
	if m.pulse.stopped() {
		reasons = append(reasons, web.Reason{Name: "queue", Problem: "has stopped"})
	}
	if d := m.pulse.silent(archiveLoop); d > m.cfg.DigestPoll.Duration+loopSlack {
		reasons = append(reasons, web.Reason{Name: archiveLoop, Problem: fmt.Sprintf("has not gone round for %s", d.Round(time.Second))})
	}
	return append(reasons, m.pulse.reasons()...)
}

// databaseProblem says what a failed look at the database means.
func databaseProblem(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time: another program keeps it locked, or it is overloaded or out of reach"
	}
	return err.Error()
}

// unplanned says for how long no plan was made, empty while all is well. One
// that another replica made is as good as one of ours; its clock may differ a
// little.
func (m *machine) unplanned(ctx context.Context) string {
	silent := m.pulse.silent(plannerLoop)
	if silent <= plannedWithin {
		return ""
	}
	at, err := m.lastPlan(ctx)
	if err != nil {
		return err.Error()
	}
	if m.env.clock().Sub(at).Abs() <= plannedWithin {
		return ""
	}
	return fmt.Sprintf("has planned nothing for %s", silent.Round(time.Second))
}

// lastPlan is when a replica last made a plan, by its own clock; zero for
// never.
func (m *machine) lastPlan(ctx context.Context) (time.Time, error) {
	value, err := m.store.Note(ctx, plannedNote)
	if errors.Is(err, briefing.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, value)
}

// planned notes that a plan was made.
func (m *machine) planned(ctx context.Context) {
	m.pulse.beat(plannerLoop)
	if err := m.store.PutNote(context.WithoutCancel(ctx), plannedNote, m.env.clock().UTC().Format(time.RFC3339)); err != nil {
		m.log.Warn("time of the plan not noted", "error", err)
	}
}
