package bot

import (
	"errors"
	"fmt"
	"time"
)

// Class says what may be done after a request to a platform failed.
type Class int

// The classes of failure, after what may follow.
const (
	// Unknown is a code that no table lists: treated as Doubtful, counted.
	Unknown Class = iota
	// Transient was certainly not processed: try again after a while.
	Transient
	// Limited was refused for its rate: wait RetryAfter.
	Limited
	// Doubtful may have been processed: look before repeating.
	Doubtful
	// Payload was refused for what it says: a plain version once, then keep
	// it aside.
	Payload
	// ChannelGone concerns this channel only: pause it, tell an admin.
	ChannelGone
	// InstallationGone concerns the whole workspace or guild: pause it.
	InstallationGone
	// Fatal concerns the bot itself (token revoked, a bug): stop the platform.
	Fatal
	// MessageGone says that the message to edit, delete or reply to does not
	// exist.
	MessageGone
	// MessageKept says that the message stands but can no longer be changed.
	MessageKept
)

var classNames = [...]string{"unknown", "transient", "limited", "doubtful", "payload", "channel gone", "installation gone", "fatal", "message gone", "message kept"}

func (c Class) String() string { return classNames[c] }

// OutcomeError is a failed request to a platform. Its text holds no secret.
type OutcomeError struct {
	Class Class
	// Code is the platform's own word for it, such as not_in_channel, or
	// "http 503", or "timeout".
	Code string
	// RetryAfter is how long to wait; zero when the platform did not say.
	RetryAfter time.Duration
	// Global is true when the limit holds for every request to the platform.
	Global bool
	Err    error
}

func (e *OutcomeError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s (%s)", e.Code, e.Class)
	}
	return fmt.Sprintf("%s (%s): %v", e.Code, e.Class, e.Err)
}

func (e *OutcomeError) Unwrap() error { return e.Err }

// ErrUnchecked says that a platform could not be asked; the answer is not no.
var ErrUnchecked = errors.New("could not be checked")

// ClassOf is the class of err; an error of unknown kind is Unknown.
func ClassOf(err error) Class {
	if oe, ok := errors.AsType[*OutcomeError](err); ok {
		return oe.Class
	}
	return Unknown
}
