package bot

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"cyberbrief/briefing"
)

// allowance is how many commands may come at once, and how long it takes
// until one more may.
type allowance struct {
	burst int
	every time.Duration
}

// What a person, a channel and an installation may ask for. People look at a
// post together and press what it offers, an admin types one setting after
// the other: hence the bursts. What is allowed after them is a person's
// typing pace, a message a second in a channel, and several hundred a minute
// in a workspace, which is what Slack documents for messages.
// https://docs.slack.dev/apis/web-api/rate-limits/#rate-limits__limits-when-posting-messages
var (
	perUser         = allowance{20, 2 * time.Second}
	perChannel      = allowance{120, time.Second}
	perInstallation = allowance{600, time.Second / 5}
)

// maxLimited is how many of the last askers are remembered. More than the
// installations together may have in a burst's time is never needed; beyond
// it the limiter forgets somebody.
const maxLimited = 20_000

// limiter counts commands. Its memory is bounded. It is safe for concurrent
// use.
type limiter struct {
	clock func() time.Time

	mu sync.Mutex
	// paid is until when each asker has used up what is allowed: a time in the
	// past is as good as none.
	paid map[string]time.Time
}

func newLimiter(clock func() time.Time) *limiter {
	return &limiter{clock: clock, paid: map[string]time.Time{}}
}

// take counts a command. When there were too many it counts nothing and says
// how long to wait.
func (l *limiter) take(req Request) (wait time.Duration) {
	askers := []struct {
		key string
		allowance
	}{
		{"user " + string(req.Ref.ID()) + " " + req.User.ID, perUser},
		{"channel " + req.Ref.String(), perChannel},
		{"installation " + string(req.Ref.ID()), perInstallation},
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	for _, a := range askers {
		full := time.Duration(a.burst) * a.every
		until, known := l.paid[a.key]
		if known {
			// No longer than full, even if the clock was set back.
			wait = max(wait, min(until.Sub(now), full)+a.every-full)
		}
	}
	if wait > 0 {
		return wait
	}
	for _, a := range askers {
		l.pay(a.key, a.every, now)
	}
	return 0
}

func (l *limiter) pay(key string, d time.Duration, now time.Time) {
	until, known := l.paid[key]
	if !known && len(l.paid) >= maxLimited {
		l.forget(now)
	}
	if until.Before(now) {
		until = now
	}
	l.paid[key] = until.Add(d)
}

// forget makes room: all who may ask as if they never had go, and others until
// half are left, so that this is seldom done.
func (l *limiter) forget(now time.Time) {
	maps.DeleteFunc(l.paid, func(_ string, until time.Time) bool { return !until.After(now) })
	for key := range l.paid {
		if len(l.paid) <= maxLimited/2 {
			return
		}
		delete(l.paid, key)
	}
}

// tooMany is the private answer to one command too many.
func tooMany(wait time.Duration, lang briefing.Language) Document {
	seconds := int((wait + time.Second - 1) / time.Second)
	return Document{Prose{plain(fmt.Sprintf(in(lang,
		"⏳ コマンドが続きました。%d 秒ほど待ってからもう一度お試しください。",
		"⏳ That was a lot at once. Please try again in about %d s."), seconds))}}
}
