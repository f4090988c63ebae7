package bot

import (
	"context"

	"cyberbrief/briefing"
)

// Request is a command that a person gave, typed or by a button.
type Request struct {
	// ID is the platform's id of the interaction: the same id twice is the
	// same request delivered twice.
	ID string
	// Ref is where it was given; its Channel may be one the bot is not in.
	Ref  Ref
	User User
	// Command is "term", "briefing", "briefing-admin", or one that only
	// buttons and platforms give: "share", "term-form", "lookup", "home".
	Command string
	// Text is what stands after the command, as typed.
	Text string
	// Answers are what was filled into a form, by the names of its fields, in
	// the fields' text form; nil for anything but a form that was sent.
	Answers  map[string]string
	Language briefing.Language
}

// User is the person who asks. Admin asks the platform whether the person
// administers the installation; an error means no.
type User struct {
	ID string
	// Name is what people call the person; shown, never used as a key.
	Name  string
	Admin func(context.Context) (bool, error)
}

// Reply is what a request is answered with.
type Reply struct {
	// Document says everything that Form does not, or, where there is a Form,
	// the same for a platform that cannot open one just now.
	Document Document
	// Form is to be filled in. In reply to a form that was sent it is the same
	// form with the Problem of each wrong field.
	Form *Form
	// Changed says that settings were changed: what shows them is outdated.
	Changed bool
	// Public replies are seen by the whole channel; all others only by the
	// person who asked.
	Public bool
	// Quiet replies say nothing: an action needed no answer.
	Quiet bool
}

// Responder answers requests. Router is the one there is; the platforms know
// only this. It never returns an error: what goes wrong becomes a Reply that
// the asker understands, and a line in the log.
type Responder interface {
	Respond(context.Context, Request) Reply
	// Complete gives at most 25 terms for what has been typed so far.
	Complete(ctx context.Context, prefix string) []string
	// Opens says whether a request will be answered by a form, which some
	// platforms have to open at once. It asks nobody and does not block.
	Opens(Request) bool
}
