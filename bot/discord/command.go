package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// The types of interactions and of their first answers.
// https://discord.com/developers/docs/interactions/receiving-and-responding
const (
	interactionPing         = 1
	interactionCommand      = 2
	interactionComponent    = 3
	interactionAutocomplete = 4
	interactionModal        = 5

	callbackPong         = 1
	callbackMessage      = 4
	callbackDeferred     = 5
	callbackAutocomplete = 8
	callbackModal        = 9

	flagEphemeral = 1 << 6
)

// interaction is what Discord sends when a person gives a command, presses a
// button, picks from a menu or types an argument.
type interaction struct {
	ID            string `json:"id"`
	ApplicationID string `json:"application_id"`
	Type          int    `json:"type"`
	Token         string `json:"token"`
	GuildID       string `json:"guild_id"`
	ChannelID     string `json:"channel_id"`
	// Member is who did it, on a server.
	Member struct {
		User        person `json:"user"`
		Nick        string `json:"nick"`
		Permissions string `json:"permissions"`
	} `json:"member"`
	Data struct {
		Name     string   `json:"name"`
		Type     int      `json:"type"` // of the command
		Options  []option `json:"options"`
		CustomID string   `json:"custom_id"`
		Values   []string `json:"values"`
		// TargetID is the message that a command of messages was given on.
		TargetID string `json:"target_id"`
		Resolved struct {
			Messages map[string]targetMessage `json:"messages"`
		} `json:"resolved"`
		// Components are what was filled into a modal.
		Components json.RawMessage `json:"components"`
	} `json:"data"`
}

// targetMessage is a message that a command was given on.
type targetMessage struct {
	Content string  `json:"content"`
	Embeds  []embed `json:"embeds"`
}

// text is what people read of the message, without the marks for escaping.
func (m targetMessage) text() string {
	lines := []string{m.Content}
	for _, e := range m.Embeds {
		lines = append(lines, string(e.Title), string(e.Description))
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), `\`, "")
}

type person struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	GlobalName string `json:"global_name"`
}

// option is an argument of a command, or a subcommand with its arguments.
type option struct {
	Name    string   `json:"name"`
	Type    int      `json:"type"`
	Value   any      `json:"value"`
	Focused bool     `json:"focused"`
	Options []option `json:"options"`
}

// callback is the first answer to an interaction.
type callback struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

// quickAnswer is the data of a first answer that is a message.
type quickAnswer struct {
	Content         string          `json:"content"`
	Flags           int             `json:"flags"`
	AllowedMentions allowedMentions `json:"allowed_mentions"`
}

// offer is the data of an answer to what is being typed.
type offer struct {
	Choices []choice `json:"choices"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// deferred tells the asker that an answer is being made, for no other eyes.
func deferred() callback {
	return callback{callbackDeferred, struct {
		Flags int `json:"flags"`
	}{flagEphemeral}}
}

// privately is a first answer that is the last one too.
func privately(text string) callback {
	return callback{callbackMessage, quickAnswer{Content: text, Flags: flagEphemeral}}
}

// receive takes an interaction that came through the gateway. It does not
// block: the work is done by goroutines that the intake owns.
func (d *Discord) receive(i interaction) {
	if !d.intake.admit(i.ID, func(ctx context.Context, busy bool) { d.handle(ctx, i, busy) }) {
		d.log.Warn("interaction dropped: repeated, or too many at once", "interaction", i.ID)
	}
}

// beginning is the first answer to an interaction and what is to be done
// once Discord has it; nothing for nil.
type beginning struct {
	callback
	then func(context.Context)
}

// handle acknowledges an interaction, then answers it.
func (d *Discord) handle(ctx context.Context, i interaction, busy bool) {
	began := time.Now()
	first := d.first(ctx, i, busy)
	ackCtx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	err := d.api.do(ackCtx, request{
		method: http.MethodPost,
		path:   "interactions/" + i.ID + "/" + i.Token + "/callback",
		route:  "interactions/" + i.ID + "/{token}/callback",
		body:   first.callback,
		open:   true,
		once:   true,
	}, nil)
	if hasCode(err, codeUnknownInteraction, codeAcknowledged) {
		d.log.Info("interaction was answered elsewhere or too late", "interaction", i.ID)
		return
	}
	if err != nil {
		d.log.Warn("interaction not acknowledged", "interaction", i.ID, "error", err)
	} else {
		d.opts.Meter.Acknowledged(bot.Discord, time.Since(began))
	}
	if first.then != nil && (err == nil || mayBeTaken(err)) {
		first.then(ctx)
	}
}

// mayBeTaken says that a request may have been processed although it failed:
// then somebody may be looking at an answer that is still to come.
func mayBeTaken(err error) bool {
	class := bot.ClassOf(err)
	return class == bot.Doubtful || class == bot.Unknown
}

// first is the first answer, which must not take long.
func (d *Discord) first(ctx context.Context, i interaction, busy bool) beginning {
	switch {
	case i.Type == interactionAutocomplete:
		return beginning{callback: d.complete(ctx, i)}
	case i.GuildID == "":
		return beginning{callback: privately(saysNotHere.in(d.language(i)))}
	case busy:
		return beginning{callback: privately(saysBusy.in(d.language(i)))}
	}
	req, ok := i.request()
	switch {
	case !ok:
		return beginning{callback: privately(saysForgotten.in(d.language(i)))}
	case d.intake.opens(req):
		return d.open(ctx, i, req)
	}
	return beginning{deferred(), func(ctx context.Context) { d.answer(ctx, i) }}
}

// completeWithin leaves time to send what was found.
const completeWithin = 1500 * time.Millisecond

// complete offers terms for what has been typed.
func (d *Discord) complete(ctx context.Context, i interaction) callback {
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	choices := []choice{}
	for _, term := range d.offers(ctx, focused(i.Data.Options)) {
		name := label(term)
		fits := name != "" && utf16Len(term) <= maxChoiceChars && utf16Len(name) <= maxChoiceChars
		if fits && len(choices) < maxChoices {
			choices = append(choices, choice{name, term})
		}
	}
	return callback{callbackAutocomplete, offer{choices}}
}

// offers asks the responder for terms; a panic becomes none.
func (d *Discord) offers(ctx context.Context, typed string) (terms []string) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("completion panicked", "panic", p, "stack", string(debug.Stack()))
			terms = nil
		}
	}()
	return d.intake.complete(ctx, typed)
}

// focused is what has been typed of the argument that is being typed.
func focused(options []option) string {
	for _, o := range options {
		if o.Focused {
			return fmt.Sprint(o.Value)
		}
		if typed := focused(o.Options); typed != "" {
			return typed
		}
	}
	return ""
}

// request is the interaction as a request to the bot; false for a component
// that no version of the bot knows.
func (i interaction) request() (bot.Request, bool) {
	req := bot.Request{
		ID:      i.ID,
		Ref:     i.ref(),
		User:    i.user(),
		Command: i.Data.Name,
		Text:    typed(tableOf(i.Data.Name), i.Data.Options),
	}
	switch i.Type {
	case interactionCommand:
		if i.Data.Type == commandOfMessages {
			req.Command, req.Text = "lookup", i.Data.Resolved.Messages[i.Data.TargetID].text()
		}
		return req, true
	case interactionComponent, interactionModal:
		action, ok := actionOf(i.Data.CustomID)
		req.Command, req.Text = action.Command, strings.TrimSpace(action.Argument+" "+strings.Join(i.Data.Values, " "))
		if i.Type == interactionModal {
			req.Answers = filledIn(i.Data.Components)
		}
		return req, ok
	}
	return req, false
}

// ref is the channel that the interaction was in.
func (i interaction) ref() bot.Ref {
	return bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: i.GuildID}, Channel: i.ChannelID}
}

func (d *Discord) language(i interaction) briefing.Language { return d.opts.Language(i.ref()) }

func (i interaction) user() bot.User {
	p := i.Member.User
	return bot.User{
		ID:    p.ID,
		Name:  cmp.Or(i.Member.Nick, p.GlobalName, p.Username),
		Admin: func(context.Context) (bool, error) { return isAdmin(i.Member.Permissions) },
	}
}

// The types of options whose values are ids.
// https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-option-type
const (
	optionSubcommand = 1
	optionString     = 3
	optionChannel    = 7
	optionRole       = 8
)

// typed is what the person would have typed on a platform without named
// arguments, in the order of the command's table; where that does not have
// them all, in the order in which they came.
func typed(table []commandOption, options []option) string {
	index := func(o option) int {
		return slices.IndexFunc(table, func(t commandOption) bool { return t.Name == o.Name })
	}
	if !slices.ContainsFunc(options, func(o option) bool { return index(o) < 0 }) {
		options = slices.Clone(options)
		slices.SortStableFunc(options, func(a, b option) int { return index(a) - index(b) })
	}
	var words []string
	for _, o := range options {
		var known commandOption
		if i := index(o); i >= 0 {
			known = table[i]
		}
		words = append(words, known.before, valueOf(o), typed(known.Options, o.Options))
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func valueOf(o option) string {
	switch {
	case o.Value == nil && len(o.Options) == 0 && o.Type != optionSubcommand:
		return ""
	case o.Value == nil:
		return o.Name
	case o.Type == optionChannel:
		return "<#" + fmt.Sprint(o.Value) + ">"
	case o.Type == optionRole:
		return "<@&" + fmt.Sprint(o.Value) + ">"
	}
	if f, ok := o.Value.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return strings.TrimSpace(fmt.Sprint(o.Value))
}
