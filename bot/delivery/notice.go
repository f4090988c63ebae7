package delivery

import (
	"context"
	"time"

	"cyberbrief/bot"
)

// TellEvery is the shortest time between two notices about a channel.
const TellEvery = 7 * 24 * time.Hour

// NoticeState is how far a notice has come.
type NoticeState string

// The states of a notice.
const (
	NoticeDue      NoticeState = "due"      // nobody was told, certainly
	NoticeSending  NoticeState = "sending"  // intent: a request may have been made
	NoticeTold     NoticeState = "told"     // the platform took the message
	NoticeDoubtful NoticeState = "doubtful" // nobody knows, and so it is not repeated
	NoticeGivenUp  NoticeState = "given_up" // nobody could be told
)

// Notice is what is to be told of a channel that was paused.
type Notice struct {
	Ref bot.Ref
	// Person is who added the channel, or else who changed it last, by the
	// platform's id; empty for none.
	Person string
	// Code is why the channel was paused, PausedAt when.
	Code     string
	PausedAt time.Time
	State    NoticeState
	// DueAt is when to try next: PausedAt at first.
	DueAt time.Time
	// IntentAt is when the last try began; zero if it certainly failed.
	IntentAt time.Time
	// Attempts counts the tries so far. Fence grows with each of them; a
	// holder of an old one may settle nothing.
	Attempts int
	Fence    int64
}

// Outbox keeps what admins are still to be told; Pause puts it there. Each
// method is one transaction.
type Outbox interface {
	// OpenNotices are those in state NoticeDue or NoticeSending, by their refs.
	OpenNotices(context.Context) ([]Notice, error)
	// IntendNotices marks notices NoticeSending before the request, and returns
	// those that are the caller's to send. One whose channel is not paused for
	// its code any more is dropped, one that somebody else has taken is his.
	IntendNotices(ctx context.Context, notices []Notice, at time.Time) ([]Notice, error)
	// SettleNotices gives notices their state; due is for NoticeDue, which
	// says that nobody was told, as NoticeGivenUp does.
	SettleNotices(ctx context.Context, notices []Notice, state NoticeState, reason string, due time.Time) error
}
