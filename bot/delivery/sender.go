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

// Editor changes messages that were posted before.
type Editor interface {
	Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error
	// Delete removes the message; one that is gone already is no error.
	Delete(ctx context.Context, to bot.Target, id bot.MessageID) error
}
