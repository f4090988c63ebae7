package bot

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The bounds of a wait that a platform asks for: a past or negative one is
// not a licence to hammer, and an absurd one must not overflow.
const (
	minRetryAfter = time.Second
	maxRetryAfter = 24 * time.Hour
)

// RetryAfter reads the Retry-After header: seconds, whole or with a
// fraction, or an HTTP date, which is taken relative to now. The result is
// between one second and a day, or zero when the header is missing or
// unreadable: the platform did not say.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil || math.IsInf(seconds, 0) {
		return ClampRetryAfter(seconds)
	}
	if at, err := http.ParseTime(value); err == nil {
		return ClampRetryAfter(at.Sub(now).Seconds())
	}
	return 0
}

// ClampRetryAfter makes a wait of a number of seconds, between one second
// and a day. Not a number is zero.
func ClampRetryAfter(seconds float64) time.Duration {
	switch {
	case math.IsNaN(seconds):
		return 0
	case seconds <= minRetryAfter.Seconds():
		return minRetryAfter
	case seconds >= maxRetryAfter.Seconds():
		return maxRetryAfter
	}
	return time.Duration(math.Ceil(seconds*1000)) * time.Millisecond
}
