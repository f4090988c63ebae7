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

// What a person, a channel and an installation may ask for. A private answer
// disturbs nobody and takes little to make, so that the bounds only keep a
// script that runs wild from the others: they are well above what a whole
// company types, or a load test with one name.
var (
	perUser         = allowance{2000, time.Second / 100}
	perChannel      = allowance{4000, time.Second / 200}
	perInstallation = allowance{6000, time.Second / 500}
)

// What a channel gets to read is bounded too, at the pace of people who press
// a button, and of the message a second that Slack takes in a channel.
// https://docs.slack.dev/apis/web-api/rate-limits/#rate-limits__limits-when-posting-messages
var (
	sharesPerUser    = allowance{20, 2 * time.Second}
	sharesPerChannel = allowance{120, time.Second}
)

// maxLimited is how many of the last askers are remembered; beyond it the
// limiter forgets somebody, who may then ask as if they never had.
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

// asker is who pays for a command, and what they are allowed.
type asker struct {
	key string
	allowance
}

// askersOf are all who pay for a command.
func askersOf(req Request) []asker {
	user, channel := string(req.Ref.ID())+" "+req.User.ID, req.Ref.String()
	all := []asker{
		{"user " + user, perUser},
		{"channel " + channel, perChannel},
		{"installation " + string(req.Ref.ID()), perInstallation},
	}
	if req.Command == shareCommand {
		all = append(all, asker{"shares of user " + user, sharesPerUser}, asker{"shares of channel " + channel, sharesPerChannel})
	}
	return all
}

// take counts a command. When there were too many it counts nothing and says
// how long to wait.
func (l *limiter) take(req Request) (wait time.Duration) {
	askers := askersOf(req)
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
