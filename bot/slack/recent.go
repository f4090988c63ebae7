package slack

import (
	"sync"
	"time"
)

// How long an id is remembered, and how many are at most. Slack delivers
// again within minutes, a signature is good for five.
const (
	rememberFor  = 15 * time.Minute
	rememberMost = 20_000
)

// recent remembers ids for a while. It is safe for concurrent use.
type recent struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[string]bool
	order []remembered // oldest first
}

type remembered struct {
	id string
	at time.Time
}

func newRecent(clock func() time.Time) *recent {
	return &recent{clock: clock, known: map[string]bool{}}
}

// first says whether id is new, and remembers it. The empty id is always new.
func (r *recent) first(id string) bool {
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
