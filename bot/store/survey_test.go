package store_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
)

func TestSurvey(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		old := claimed(t, l, slot(here, "2025-07-01", "2025-06-30"))
		if err := l.Settle(ctx, old.SlotKey, old.Fence, delivery.Posted, ""); err != nil {
			t.Fatal(err)
		}
		if err := l.Open(ctx, slot(here, "2025-07-03", "2025-07-02")); err != nil {
			t.Fatal(err)
		}
		doubt := claimed(t, l, slot(there, "2025-07-02", "2025-07-01"))
		if err := l.Settle(ctx, doubt.SlotKey, doubt.Fence, delivery.Doubtful, "timeout"); err != nil {
			t.Fatal(err)
		}
		open, err := l.Unsettled(ctx)
		if err != nil || len(open) != 2 || !slices.ContainsFunc(open, func(s delivery.Slot) bool { return s.Ref == there && s.State == delivery.Doubtful }) {
			t.Errorf("unsettled: %+v, %v", open, err)
		}
		since, err := l.SlotsSince(ctx, "2025-07-02")
		if err != nil || len(since) != 2 || since[0].DueAt.IsZero() || since[0].State == "" {
			t.Errorf("since 2 July: %+v, %v", since, err)
		}
		jobs, err := s.Jobs(ctx)
		if err != nil || !slices.Contains(jobs, store.JobCount{Queue: delivery.DeliverQueue, State: "available", Jobs: 3}) {
			t.Errorf("jobs: %+v, %v", jobs, err)
		}
	})
}

// meter counts calls.
type meter struct {
	mu    sync.Mutex
	calls map[string]int
}

func (m *meter) Called(transaction bool, _ time.Duration, failed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if transaction {
		m.calls["transactions"]++
	} else {
		m.calls["statements"]++
	}
	if failed {
		m.calls["failed"]++
	}
}

func TestMeter(t *testing.T) {
	m := &meter{calls: map[string]int{}}
	s := openWith(t, bottest.SQLite(t), store.Options{Meter: m, Clock: func() time.Time { return t0 }})
	l, ctx := s.Ledger(), t.Context()
	for range 2 { // the second is ErrTaken, which is an answer
		if err := l.Open(ctx, slot(here, "2025-07-03", "2025-07-02")); err != nil && !errors.Is(err, delivery.ErrTaken) {
			t.Fatal(err)
		}
	}
	if _, err := l.Slots(ctx, here, 1); err != nil {
		t.Fatal(err)
	}
	store.SetTimeout(s, 0)
	if err := s.Health(ctx); !errors.Is(err, store.ErrStalled) {
		t.Errorf("health: %v", err)
	}
	if m.calls["transactions"] != 2 || m.calls["statements"] != 2 || m.calls["failed"] != 1 {
		t.Errorf("counted %v", m.calls)
	}
}
