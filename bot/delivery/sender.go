package delivery

import (
	"context"
	"time"

	"cyberbrief/bot"
)

// Sender posts messages on one platform. It makes one request a call and
// repeats nothing: retries, pace and order are decided here. Errors are
// *bot.OutcomeError. It is safe for concurrent use.
type Sender interface {
	// Render turns a post into messages, the parent first, each within the
	// platform's limits. It is pure: the same post gives the same bytes.
	Render(bot.Post) ([]bot.Message, error)
	// Send posts one message and returns its id, which is never empty when
	// the error is nil. The target's marker is hidden in the message.
	Send(context.Context, bot.Target, bot.Message) (bot.MessageID, error)
	// Find looks in the channel or thread for the message with the target's
	// marker, posted at or after since. No such message is an empty id and a
	// nil error; an error means that it could not look.
	Find(ctx context.Context, to bot.Target, since time.Time) (bot.MessageID, error)
}

// Notifier writes to a person. A Sender need not be one: then the log and
// status tell what there is to tell.
type Notifier interface {
	// Notify posts a message that only one person sees; the person's id, the
	// platform's own, stands in the place of the target's channel.
	Notify(ctx context.Context, to bot.Target, m bot.Message) error
}

// Prober is a bot.Checker that changes nothing: it joins no channel.
type Prober interface {
	Probe(context.Context, bot.Ref) error
}

// Editor changes messages that were posted before.
type Editor interface {
	Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error
	// Delete removes the message; one that is gone already is no error.
	Delete(ctx context.Context, to bot.Target, id bot.MessageID) error
}
