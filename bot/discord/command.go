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

	callbackPong         = 1
	callbackMessage      = 4
	callbackDeferred     = 5
	callbackAutocomplete = 8

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
		Options  []option `json:"options"`
		CustomID string   `json:"custom_id"`
		Values   []string `json:"values"`
	} `json:"data"`
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
	Type int           `json:"type"`
	Data *callbackData `json:"data,omitempty"`
}

type callbackData struct {
	Content         string          `json:"content,omitempty"`
	Flags           int             `json:"flags,omitempty"`
	Choices         []choice        `json:"choices,omitempty"`
	AllowedMentions allowedMentions `json:"allowed_mentions"`
}

type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// deferred tells the asker that an answer is being made, for no other eyes.
func deferred() callback {
	return callback{callbackDeferred, &callbackData{Flags: flagEphemeral}}
}

// privately is a first answer that is the last one too.
func privately(text string) callback {
	return callback{callbackMessage, &callbackData{Content: text, Flags: flagEphemeral}}
}

// The few words that this package says itself, in the default language of
// everything that people see.
const (
	saysBusy      = "⚠️ いま混み合っています。少し待ってからもう一度お試しください。"
	saysNotHere   = "このコマンドはサーバーのチャンネルで使えます。"
	saysShared    = "✅ チャンネルに共有しました。"
	saysSorry     = "⚠️ いま処理できませんでした。しばらくしてからもう一度お試しください。"
	saysForgotten = "このボタンはもう使えません。コマンドを入力してください。"
)

// receive takes an interaction that came through the gateway. It does not
// block: the work is done by goroutines that the intake owns.
func (d *Discord) receive(i interaction) {
	if !d.intake.admit(i.ID, func(ctx context.Context) { d.handle(ctx, i) }) {
		d.log.Warn("interaction dropped: repeated, or too many at once", "interaction", i.ID)
	}
}

// handle acknowledges an interaction, then answers it.
func (d *Discord) handle(ctx context.Context, i interaction) {
	first := d.first(ctx, i)
	ackCtx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	err := d.api.do(ackCtx, request{
		method: http.MethodPost,
		path:   "interactions/" + i.ID + "/" + i.Token + "/callback",
		route:  "interactions/" + i.ID + "/{token}/callback",
		body:   first,
		open:   true,
		once:   true,
	}, nil)
	switch {
	case hasCode(err, codeUnknownInteraction, codeAcknowledged):
		d.log.Info("interaction was answered elsewhere or too late", "interaction", i.ID)
	case err != nil:
		d.log.Warn("interaction not acknowledged", "interaction", i.ID, "error", err)
	case first.Type == callbackDeferred:
		d.answer(ctx, i)
	}
}

// first is the first answer, which must not take long.
func (d *Discord) first(ctx context.Context, i interaction) callback {
	switch {
	case i.Type == interactionPing:
		return callback{Type: callbackPong}
	case i.Type == interactionAutocomplete:
		return d.complete(ctx, i)
	case i.GuildID == "":
		return privately(saysNotHere)
	case d.intake.busy():
		return privately(saysBusy)
	}
	if _, ok := i.request(); !ok {
		return privately(saysForgotten)
	}
	return deferred()
}

// completeWithin leaves time to send what was found.
const completeWithin = 1500 * time.Millisecond

// complete offers terms for what has been typed.
func (d *Discord) complete(ctx context.Context, i interaction) callback {
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	choices := []choice{}
	for _, term := range d.intake.complete(ctx, focused(i.Data.Options)) {
		name := label(term)
		fits := name != "" && utf16Len(term) <= maxChoiceChars && utf16Len(name) <= maxChoiceChars
		if fits && len(choices) < maxChoices {
			choices = append(choices, choice{name, term})
		}
	}
	return callback{callbackAutocomplete, &callbackData{Choices: choices}}
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
		Ref:     bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: i.GuildID}, Channel: i.ChannelID},
		User:    i.user(),
		Command: i.Data.Name,
		Text:    typed(tableOf(i.Data.Name), i.Data.Options),
	}
	if i.Type != interactionComponent {
		return req, i.Type == interactionCommand
	}
	action, ok := actionOf(i.Data.CustomID)
	req.Command, req.Text = action.Command, strings.TrimSpace(action.Argument+" "+strings.Join(i.Data.Values, " "))
	return req, ok
}

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
// arguments, in the order of the command's table.
func typed(table []commandOption, options []option) string {
	rank := func(o option) int {
		i := slices.IndexFunc(table, func(t commandOption) bool { return t.Name == o.Name })
		return cmp.Or(i, 0) + len(table)*boolInt(i < 0)
	}
	options = slices.Clone(options)
	slices.SortStableFunc(options, func(a, b option) int { return rank(a) - rank(b) })
	var words []string
	for _, o := range options {
		var below commandOption
		if i := slices.IndexFunc(table, func(t commandOption) bool { return t.Name == o.Name }); i >= 0 {
			below = table[i]
		}
		words = append(words, below.before, valueOf(o), typed(below.Options, o.Options))
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
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

// answer has the request answered and shows the reply.
func (d *Discord) answer(ctx context.Context, i interaction) {
	ctx, cancel := context.WithTimeout(ctx, tokenLife-ackWithin)
	defer cancel()
	if !d.intake.work(ctx) {
		return
	}
	defer d.intake.rest()
	req, _ := i.request()
	req.Language = d.opts.Language(req.Ref)
	if err := d.show(ctx, i, d.respond(ctx, req)); err != nil {
		d.log.Warn("reply not shown", "interaction", i.ID, "command", req.Command, "error", err)
		if err := d.original(ctx, i, sorry()); err != nil {
			d.log.Warn("apology not shown", "interaction", i.ID, "error", err)
		}
	}
}

// respond asks the responder; a panic becomes an apology.
func (d *Discord) respond(ctx context.Context, req bot.Request) (reply bot.Reply) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("responder panicked", "command", req.Command, "panic", p, "stack", string(debug.Stack()))
			reply = bot.Reply{Document: plainDocument(saysSorry)}
		}
	}()
	return d.intake.respond(ctx, req)
}

func plainDocument(text string) bot.Document {
	return bot.Document{bot.Prose{Spans: []bot.Span{{Text: text}}}}
}

func sorry() json.RawMessage { return mustBody(saysSorry) }

// mustBody is the body of a message that says a text of our own.
func mustBody(text string) json.RawMessage {
	b, err := bodies(pack(plainDocument(text)))
	if err != nil || len(b) != 1 {
		panic("discord: a constant text does not fit a message")
	}
	return json.RawMessage(b[0])
}

// show puts a reply in the place of the deferred answer. Discord takes the
// first follow-up after that for the answer itself and keeps it private, so
// a public reply has the private answer filled in first.
func (d *Discord) show(ctx context.Context, i interaction, reply bot.Reply) error {
	messages, err := d.RenderReply(reply, briefing.Japanese)
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		return d.withdraw(ctx, i)
	}
	if !reply.Public {
		if err := d.original(ctx, i, json.RawMessage(messages[0])); err != nil {
			return err
		}
		return d.followUps(ctx, i, messages[1:], flagEphemeral)
	}
	if err := d.original(ctx, i, mustBody(saysShared)); err != nil {
		return err
	}
	return d.followUps(ctx, i, messages, 0)
}

func (d *Discord) webhook(i interaction, method, rest string, body any) request {
	return request{
		method: method,
		path:   "webhooks/" + i.ApplicationID + "/" + i.Token + rest,
		route:  "webhooks/" + i.ApplicationID + "/{token of " + i.ID + "}",
		body:   body,
		open:   true,
		once:   method == http.MethodPost,
	}
}

// original fills in the deferred answer.
func (d *Discord) original(ctx context.Context, i interaction, body json.RawMessage) error {
	return d.insist(ctx, d.webhook(i, http.MethodPatch, "/messages/@original", body), &identified{})
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

func (d *Discord) followUps(ctx context.Context, i interaction, messages []bot.Message, flags int) error {
	for _, b := range messages {
		m, err := decodeMessage(b)
		if err != nil {
			return err
		}
		if err := d.insist(ctx, d.webhook(i, http.MethodPost, "", followUp{m, flags}), &identified{}); err != nil {
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
	wait := newBackoff()
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
