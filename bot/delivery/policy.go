package delivery

import (
	"math/rand/v2"
	"time"

	"cyberbrief/bot"

	"golang.org/x/time/rate"
)

// Policy is what delivery has to know of a platform.
type Policy struct {
	// Pace is how many messages a second the platform is sent, Burst how many
	// of them at once: in all, or to each installation where Apart is set.
	Pace  rate.Limit
	Burst int
	Apart bool
	// Spacing is the shortest time between two messages of one channel.
	Spacing time.Duration
	// RepeatWithin is how long after its intent a message can be sent again
	// without becoming a second one, since the platform itself knows it by
	// its marker; 0 is never.
	RepeatWithin time.Duration
	// Looks is how often Find has to come back with nothing, LookGap apart,
	// before a message counts as not posted.
	Looks   int
	LookGap time.Duration
}

// DefaultPolicies are for the platforms there are.
func DefaultPolicies() map[bot.Platform]Policy {
	return map[bot.Platform]Policy{
		// One message a second and channel, and "several hundred messages per
		// minute" per workspace; a history can lag behind a post.
		// https://docs.slack.dev/apis/web-api/rate-limits/
		bot.Slack: {Pace: 4, Burst: 4, Apart: true, Spacing: time.Second, Looks: 2, LookGap: 5 * time.Second},
		// Fifty requests a second in all, and five messages in five seconds
		// for a channel, which its answers say themselves. A nonce is checked
		// for "the past few minutes".
		// https://discord.com/developers/docs/topics/rate-limits
		// https://discord.com/developers/docs/resources/message#create-message
		bot.Discord: {Pace: 20, Burst: 5, Spacing: time.Second, RepeatWithin: 2 * time.Minute, Looks: 1},
		bot.Console: {Pace: rate.Inf, Burst: 1, Looks: 1},
	}
}

// backOffs are how long to wait after the first, second, … try that the
// platform certainly did not take; the last holds for all that follow.
var backOffs = [...]time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

// backOff is the wait after so many tries, give or take a fifth, so that
// those who failed together do not return together.
func backOff(tries int) time.Duration {
	d := backOffs[min(max(tries, 1), len(backOffs))-1]
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// What is done with a platform's word on how long to wait.
const (
	unsaidRetryAfter = 30 * time.Second // where it did not say
	minRetryAfter    = time.Second
	maxRetryAfter    = 15 * time.Minute
)

// retryAfter is how long to wait after a refusal for the rate, a little more
// than the platform asks for.
func retryAfter(asked time.Duration) time.Duration {
	if asked <= 0 {
		asked = unsaidRetryAfter
	}
	asked = min(max(asked, minRetryAfter), maxRetryAfter)
	return time.Duration(float64(asked) * (1 + 0.2*rand.Float64()))
}
