package discord

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// answer has the request answered and shows the reply.
func (d *Discord) answer(ctx context.Context, i interaction) {
	ctx, cancel := context.WithTimeout(ctx, tokenLife-ackWithin)
	defer cancel()
	if !d.intake.work(ctx) {
		return
	}
	defer d.intake.rest()
	i.ApplicationID = cmp.Or(i.ApplicationID, d.knownApplication())
	req, _ := i.request()
	req.Language = d.language(i)
	err := d.show(ctx, i, d.respond(ctx, req))
	if err == nil {
		return
	}
	d.log.Warn("reply not shown", "interaction", i.ID, "command", req.Command, "error", err)
	if errors.Is(err, errCutShort) {
		return
	}
	if err := d.original(ctx, i, says(saysSorry, req.Language)); err != nil {
		d.log.Warn("apology not shown", "interaction", i.ID, "error", err)
	}
}

// respond asks the responder; a panic becomes an apology.
func (d *Discord) respond(ctx context.Context, req bot.Request) (reply bot.Reply) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("responder panicked", "command", req.Command, "panic", p, "stack", string(debug.Stack()))
			reply = bot.Reply{Document: plainDocument(saysSorry.in(req.Language))}
		}
	}()
	return d.intake.respond(ctx, req)
}

func plainDocument(text string) bot.Document {
	return bot.Document{bot.Prose{Spans: []bot.Span{{Text: text}}}}
}

// says is a message of our own.
func says(p phrase, lang briefing.Language) message {
	return *pack(plainDocument(p.in(lang)))[0]
}

// errCutShort says that a reply was shown, but not all of it.
var errCutShort = errors.New("the end of the reply is missing")

// show puts a reply in the place of the deferred answer. Discord takes the
// first follow-up after that for the answer itself and keeps it private, so
// a public reply has the private answer filled in first.
func (d *Discord) show(ctx context.Context, i interaction, reply bot.Reply) error {
	if reply.Quiet || len(reply.Document) == 0 {
		return d.withdraw(ctx, i)
	}
	messages := pack(reply.Document)
	if len(messages) == 0 {
		return errors.New("the reply says nothing")
	}
	if reply.Public {
		if err := d.original(ctx, i, says(saysShared, d.language(i))); err != nil {
			return err
		}
		return d.followUps(ctx, i, messages, 0)
	}
	if err := d.original(ctx, i, *messages[0]); err != nil {
		return err
	}
	if err := d.followUps(ctx, i, messages[1:], flagEphemeral); err != nil {
		return fmt.Errorf("%w: %w", errCutShort, err)
	}
	return nil
}

// webhook is a request to the address under which an interaction is answered.
func (d *Discord) webhook(i interaction, method, rest string, body any) request {
	return request{
		method: method,
		path:   "webhooks/" + i.ApplicationID + "/" + i.Token + rest,
		route:  "webhooks/{token of " + i.ID + "}",
		body:   body,
		open:   true,
		once:   method == http.MethodPost,
	}
}

// original fills in the deferred answer. Whatever Discord says with a success
// is one: nobody needs the message's id.
func (d *Discord) original(ctx context.Context, i interaction, m message) error {
	return d.insist(ctx, d.webhook(i, http.MethodPatch, "/messages/@original", m), nil)
}

// withdraw takes the deferred answer away: there is nothing to say.
func (d *Discord) withdraw(ctx context.Context, i interaction) error {
	return d.insist(ctx, d.webhook(i, http.MethodDelete, "/messages/@original", nil), nil)
}

// followUp is the body of a message after the first.
type followUp struct {
	message
	Flags int `json:"flags,omitempty"`
}

func (d *Discord) followUps(ctx context.Context, i interaction, messages []*message, flags int) error {
	for _, m := range messages {
		if err := d.insist(ctx, d.webhook(i, http.MethodPost, "", followUp{*m, flags}), nil); err != nil {
			return err
		}
	}
	return nil
}

// answerTries is how often an answer is tried that certainly was not shown.
const answerTries = 4

// insist repeats a request that certainly was not processed. The webhook of
// an interaction may be unknown for a moment after the acknowledgement.
func (d *Discord) insist(ctx context.Context, r request, answer any) error {
	wait := newBackoff(d.times)
	for try := 1; ; try++ {
		err := d.api.do(ctx, r, answer)
		class := bot.ClassOf(err)
		again := class == bot.Transient || class == bot.Limited || hasCode(err, codeUnknownWebhook) && try == 1
		if err == nil || !again || try == answerTries || ctx.Err() != nil {
			return err
		}
		wait.sleep(ctx, retryAfter(err))
	}
}
