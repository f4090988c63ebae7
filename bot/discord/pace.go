package discord

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"cyberbrief/bot"
)

// pacer keeps requests within the rate limits that Discord's answers tell of.
// It measures elapsed time, not the wall clock. Safe for concurrent use.
type pacer struct {
	mu     sync.Mutex
	free   map[string]time.Time // by route: when the next request may go
	sweep  int                  // how many routes there may be before the past ones go
	global time.Time
}

// fewRoutes are not worth a sweep. Every thread is a route of its own.
const fewRoutes = 64

func newPacer() *pacer { return &pacer{free: map[string]time.Time{}, sweep: fewRoutes} }

// wait returns when the route is free. A wait over longestWait is an error
// instead: Limited, certainly not sent.
func (p *pacer) wait(ctx context.Context, r request) error {
	left, global := p.left(r)
	if left <= 0 {
		return nil
	}
	if left > longestWait {
		return &bot.OutcomeError{Class: bot.Limited, Code: "paced", RetryAfter: left, Global: global}
	}
	if !sleep(ctx, left) {
		return &bot.OutcomeError{Class: bot.Transient, Code: "cancelled", Err: ctx.Err()}
	}
	return nil
}

func (p *pacer) left(r request) (wait time.Duration, global bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait = time.Until(p.free[key(r)])
	if all := time.Until(p.global); !r.open && all > wait {
		return all, true
	}
	return wait, false
}

func key(r request) string { return r.method + " " + r.route }

// learn reads the headers of an answer.
// https://discord.com/developers/docs/topics/rate-limits#header-format
func (p *pacer) learn(r request, h http.Header) {
	if h.Get("X-RateLimit-Remaining") != "0" {
		return
	}
	if s, err := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64); err == nil && s > 0 && s < longestWait.Seconds()*100 {
		p.hold(r, time.Duration(s*float64(time.Second)))
	}
}

// refused makes the next request wait as long as Discord asked.
func (p *pacer) refused(r request, oe *bot.OutcomeError) {
	if oe.Class != bot.Limited || oe.RetryAfter <= 0 {
		return
	}
	if !oe.Global {
		p.hold(r, oe.RetryAfter)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.global = time.Now().Add(oe.RetryAfter)
}

func (p *pacer) hold(r request, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(p.free) >= p.sweep {
		maps.DeleteFunc(p.free, func(_ string, at time.Time) bool { return at.Before(now) })
		p.sweep = max(fewRoutes, 2*len(p.free)) // a sweep for each doubling
	}
	p.free[key(r)] = now.Add(wait)
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff spaces attempts: doubling, with jitter, so that many bots do not
// come back at once.
type backoff struct {
	times timing
	next  time.Duration
}

func newBackoff(t timing) *backoff { return &backoff{t, t.first} }

// sleep waits for the next attempt, at least as long as asked.
func (b *backoff) sleep(ctx context.Context, asked time.Duration) {
	wait := max(asked, b.next/2+rand.N(b.next))
	b.next = min(2*b.next, b.times.last)
	sleep(ctx, wait)
}

func (b *backoff) reset() { b.next = b.times.first }
