package delivery

import (
	"context"
	"sync"
	"time"

	"cyberbrief/bot"

	"golang.org/x/time/rate"
)

// gates keep one process's requests apart: per channel one delivery at a
// time and a pause between messages, per platform a common pace. They measure
// elapsed time, which no step of the wall clock changes. A Retry-After
// survives no restart: the first request after one is refused again, which
// does no harm. Safe for concurrent use.
type gates struct {
	mu       sync.Mutex
	busy     map[bot.Ref]bool
	channel  map[bot.Ref]time.Time // not before
	platform map[bot.Platform]time.Time
	stopped  map[bot.Platform]string // for good, and why
	policies map[bot.Platform]Policy
	buckets  map[bot.InstallationID]*rate.Limiter // see bucket
}

func newGates(policies map[bot.Platform]Policy) *gates {
	return &gates{
		busy:     map[bot.Ref]bool{},
		channel:  map[bot.Ref]time.Time{},
		platform: map[bot.Platform]time.Time{},
		stopped:  map[bot.Platform]string{},
		policies: policies,
		buckets:  map[bot.InstallationID]*rate.Limiter{},
	}
}

// enter takes the channel for one delivery; leave gives it back.
func (g *gates) enter(ref bot.Ref) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy[ref] {
		return false
	}
	g.busy[ref] = true
	return true
}

func (g *gates) leave(ref bot.Ref) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.busy, ref)
}

// holdChannel keeps requests to a channel back for a while.
func (g *gates) holdChannel(ref bot.Ref, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for r, t := range g.channel { // what is over needs no memory
		if !t.After(now) {
			delete(g.channel, r)
		}
	}
	if until := now.Add(d); d > 0 && until.After(g.channel[ref]) {
		g.channel[ref] = until
	}
}

// holdPlatform keeps all requests to a platform back for a while.
func (g *gates) holdPlatform(p bot.Platform, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.platform[p]) {
		g.platform[p] = until
	}
}

// closedFor is how long requests to a channel are held back from now on.
func (g *gates) closedFor(ref bot.Ref) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(0, time.Until(g.channel[ref]), time.Until(g.platform[ref.Platform]))
}

// stop ends all requests to a platform for the life of the process.
func (g *gates) stop(p bot.Platform, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped[p] == "" {
		g.stopped[p] = why
	}
}

// whyStopped is empty while the platform is in use.
func (g *gates) whyStopped(p bot.Platform) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopped[p]
}

// turn waits for the pace that a request to the channel shares with others.
// When the context ends before, or would, it says how long there is to wait.
func (g *gates) turn(ctx context.Context, ref bot.Ref) (left time.Duration, err error) {
	place := g.bucket(ref).Reserve()
	wait := place.Delay()
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
		place.Cancel()
		return wait, context.DeadlineExceeded
	}
	if err := sleep(ctx, wait); err != nil {
		place.Cancel()
		return 0, err
	}
	return 0, nil
}

// bucket is the installation's, or the platform's where all share one.
func (g *gates) bucket(ref bot.Ref) *rate.Limiter {
	g.mu.Lock()
	defer g.mu.Unlock()
	policy, known := g.policies[ref.Platform]
	if !known {
		policy.Pace = rate.Inf
	}
	id := ref.ID()
	if !policy.Apart {
		id = bot.Installation{Platform: ref.Platform}.ID()
	}
	if g.buckets[id] == nil {
		g.buckets[id] = rate.NewLimiter(policy.Pace, policy.Burst)
	}
	return g.buckets[id]
}
