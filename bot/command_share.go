package bot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// shareCommand is what the share button says.
const shareCommand = "share"

// shareable are the commands whose answers may be shown to a whole channel.
var shareable = []string{"term", "briefing"}

// share gives the answer to another command again, this time for everybody,
// with the name of the person who shared it.
func (r *Router) share(ctx context.Context, req Request) (Reply, CommandOutcome) {
	name, text := cutWord(req.Text)
	inner := req
	inner.Command, inner.Text = name, text
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == name })
	if i < 0 || !slices.Contains(shareable, name) {
		return Reply{Document: r.help(req.Language)}, CommandRefused
	}
	reply, outcome := r.answer(ctx, commands()[i], inner)
	if outcome != CommandAnswered {
		return reply, outcome // a refusal concerns only the person
	}
	doc := slices.DeleteFunc(reply.Document, isShareRow)
	by := cmp.Or(req.User.Name, req.User.ID)
	doc = append(doc, Note{plain(fmt.Sprintf(in(req.Language, "%s さんが共有しました", "Shared by %s"), by))})
	return Reply{Document: doc, Public: true}, CommandAnswered
}

// isShareRow finds the row of the share button: what is shared already needs
// none.
func isShareRow(b Block) bool {
	row, ok := b.(Buttons)
	return ok && slices.ContainsFunc(row, func(b Button) bool { return b.Action.Command == shareCommand })
}
