package bot

import (
	"sync"
	"time"
)

// How long an id is remembered, and how many are at most. Slack delivers
// again within minutes, a signature of either platform is good for five.
const (
	rememberFor  = 15 * time.Minute
	rememberMost = 20_000
)

// Recent remembers ids for a while, so that what is delivered again does
// nothing again. Its memory is bounded. It is safe for concurrent use.
type Recent struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[string]bool
	order []remembered // oldest first
}

type remembered struct {
	id string
	at time.Time
}

// NewRecent remembers nothing yet.
func NewRecent(clock func() time.Time) *Recent {
	return &Recent{clock: clock, known: map[string]bool{}}
}

// First says whether id is new, and remembers it. The empty id is always new.
func (r *Recent) First(id string) bool {
	if id == "" {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	for len(r.order) > 0 && (now.Sub(r.order[0].at) > rememberFor || len(r.order) >= rememberMost) {
		delete(r.known, r.order[0].id)
		r.order = r.order[1:]
	}
	if r.known[id] {
		return false
	}
	r.known[id] = true
	r.order = append(r.order, remembered{id, now})
	return true
}
