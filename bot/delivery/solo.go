package delivery

import (
	"sync"
	"time"
)

// solo lets one job a slot come back. A slot can have several, since the one
// that it got first may have died with its process or wait for a later time;
// each would ask the ledger again. It remembers what this process put off, and
// for no longer than that: a job that goes missing keeps nobody out for good.
// Safe for concurrent use.
type solo struct {
	mu    sync.Mutex
	waits map[SlotKey]snooze
}

// snooze is a job that comes back at a time.
type snooze struct {
	job   int64
	until time.Time
}

func newSolo() *solo { return &solo{waits: map[SlotKey]snooze{}} }

// spare says that another job of the slot comes back by itself.
func (s *solo) spare(key SlotKey, job int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, waits := s.waits[key]
	return waits && w.job != job && time.Now().Before(w.until)
}

// putOff remembers that a job comes back after d.
func (s *solo) putOff(key SlotKey, job int64, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for k, w := range s.waits {
		if !now.Before(w.until) {
			delete(s.waits, k)
		}
	}
	s.waits[key] = snooze{job, now.Add(d)}
}
