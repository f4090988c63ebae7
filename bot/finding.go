package bot

import (
	"fmt"
	"net/http"
	"time"
)

// Grade says how good or bad a Finding is.
type Grade string

// The grades.
const (
	OK   Grade = "ok"
	Warn Grade = "warn" // it works, but not as it should
	Fail Grade = "fail" // something does not work
)

// Finding is what a look at one thing showed, for the operator. It holds no
// secret.
type Finding struct {
	Check string `json:"check"` // what was looked at, such as "scopes"
	Grade Grade  `json:"state"`
	Text  string `json:"detail"`
	// Next is what to do, empty where there is nothing.
	Next string `json:"next"`
}

// How far our clock may be from a platform's. Slack and Discord sign requests
// with their time, and five minutes make a forgery of one; a minute moves
// briefings and the search for lost messages.
// https://docs.slack.dev/authentication/verifying-requests-from-slack/
const (
	clockWarns = 5 * time.Second
	clockFails = time.Minute
)

// CheckClock compares our clock with that of a server, by the Date header of an
// answer to a request that was made at asked and answered at answered.
func CheckClock(h http.Header, asked, answered time.Time) Finding {
	f := Finding{Check: "clock", Grade: OK}
	theirs, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		f.Grade, f.Text = Warn, "the server does not say what time it is"
		f.Next = "see that the clock of this machine is set by NTP"
		return f
	}
	// The header has whole seconds: half of one is the middle.
	off := asked.Add(answered.Sub(asked) / 2).Sub(theirs.Add(time.Second / 2))
	switch {
	case off.Abs() > clockFails:
		f.Grade = Fail
	case off.Abs() > clockWarns:
		f.Grade = Warn
	default:
		f.Text = "agrees with the platform's, give or take " + clockWarns.String()
		return f
	}
	f.Text = fmt.Sprintf("this machine is %s %s the platform's", off.Abs().Round(time.Second), map[bool]string{true: "ahead of", false: "behind"}[off > 0])
	f.Next = "set the clock by NTP (timedatectl set-ntp true)"
	return f
}
