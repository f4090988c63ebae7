package bottest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// discordAckWithin is when Discord gives up waiting for the first answer.
// https://discord.com/developers/docs/interactions/receiving-and-responding
const discordAckWithin = 3 * time.Second

// DiscordUser is a person on a server.
type DiscordUser struct {
	ID, Name string
	// Permissions are decimal digits, "0" if empty.
	Permissions string
}

// DiscordOption is an argument of a command. A subcommand has Options and no
// Value.
type DiscordOption struct {
	Name    string
	Value   any
	Options []DiscordOption
	focused bool
}

// DiscordInteraction is what a person does.
type DiscordInteraction struct {
	Guild, Channel string
	User           DiscordUser
	// Command and Options are a command given; CustomID and Values a button
	// or a select.
	Command  string
	Options  []DiscordOption
	CustomID string
	Values   []string
	// On is the text of the message that Command was given on, for a command
	// of messages.
	On string
	// Twice delivers it again under the same id.
	Twice bool
	// Until says when the answer is complete. Without it, it is when the
	// first message of the answer is there, or was withdrawn.
	Until func(DiscordAnswer) bool
}

// DiscordAnswer is what came of an interaction so far.
type DiscordAnswer struct {
	// AckType is the type of the first answer, and AckAfter how long it took.
	AckType  int
	AckAfter time.Duration
	// Original is the first message, once it says something.
	Original *DiscordMessage
	// FollowUps are the messages after it.
	FollowUps []DiscordMessage
	Withdrawn bool
	Choices   []string
	// Modal is what was opened instead of a message.
	Modal *DiscordModal
}

// Messages are all messages of the answer in order.
func (a DiscordAnswer) Messages() []DiscordMessage {
	var all []DiscordMessage
	if a.Original != nil {
		all = append(all, *a.Original)
	}
	return append(all, a.FollowUps...)
}

// discordInteraction is an interaction as the fake follows it.
type discordInteraction struct {
	id, token, guild, channel string
	kind                      int
	at                        time.Time
	acked                     bool
	deferredFlags             int
	answer                    DiscordAnswer
}

// The types of interactions and callbacks.
const (
	discordCommandGiven   = 2
	discordComponentUsed  = 3
	discordAutocompleting = 4
	discordModalSent      = 5

	discordPong         = 1
	discordMessageNow   = 4
	discordDeferred     = 5
	discordDeferredEdit = 6
	discordChoices      = 8
	discordModalNow     = 9

	discordEphemeral = 1 << 6
)

// SignTo sends interactions as signed requests to an address, not through the
// gateway.
func (d *Discord) SignTo(url string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endpoint = url
}

// Interact does what a person does and waits for the answer. The error says
// that it was not acknowledged within three seconds, or not answered before
// ctx ended.
func (d *Discord) Interact(ctx context.Context, i DiscordInteraction) (DiscordAnswer, error) {
	kind := discordCommandGiven
	if i.CustomID != "" {
		kind = discordComponentUsed
	}
	return d.interact(ctx, i, kind)
}

// Command gives a command.
func (d *Discord) Command(ctx context.Context, guild, channel string, user DiscordUser, name string, options ...DiscordOption) (DiscordAnswer, error) {
	return d.Interact(ctx, DiscordInteraction{Guild: guild, Channel: channel, User: user, Command: name, Options: options})
}

// Press presses the button, or picks from the select, with the custom_id.
func (d *Discord) Press(ctx context.Context, guild, channel string, user DiscordUser, customID string, values ...string) (DiscordAnswer, error) {
	return d.Interact(ctx, DiscordInteraction{Guild: guild, Channel: channel, User: user, CustomID: customID, Values: values})
}

// Autocomplete types into an option of a command and gives the offers.
func (d *Discord) Autocomplete(ctx context.Context, guild, channel string, user DiscordUser, name, option, typed string) ([]string, error) {
	i := DiscordInteraction{Guild: guild, Channel: channel, User: user, Command: name, Options: []DiscordOption{{Name: option, Value: typed, focused: true}}}
	a, err := d.interact(ctx, i, discordAutocompleting)
	return a.Choices, err
}

func (d *Discord) interact(ctx context.Context, do DiscordInteraction, kind int) (DiscordAnswer, error) {
	return d.interactWith(ctx, do, kind, nil)
}

// interactWith is interact with a payload's data of its own, unless it is nil.
func (d *Discord) interactWith(ctx context.Context, do DiscordInteraction, kind int, data map[string]any) (DiscordAnswer, error) {
	if do.Command != "" && !d.isRegistered(ctx, do.Command) {
		return DiscordAnswer{}, fmt.Errorf("fake discord: command %q is not registered, so nobody can give it", do.Command)
	}
	i := d.newInteraction(do, kind)
	payload := do.payload(i, kind)
	if data != nil {
		payload["data"] = data
	}
	for range 1 + btoi(do.Twice) {
		if err := d.deliver(ctx, i, payload); err != nil {
			return DiscordAnswer{}, err
		}
	}
	ackCtx, cancel := context.WithTimeout(ctx, discordAckWithin)
	defer cancel()
	if !d.await(ackCtx.Done(), func() bool { return i.acked }) {
		return DiscordAnswer{}, errors.New("fake discord: the interaction was not acknowledged within 3 seconds")
	}
	complete := func() bool {
		if do.Until != nil {
			return do.Until(i.answer)
		}
		return i.answer.Original != nil || i.answer.Withdrawn || i.answer.Modal != nil || i.answer.AckType == discordChoices
	}
	ok := d.await(ctx.Done(), complete)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !ok {
		return i.answer, errors.New("fake discord: the interaction was acknowledged, but not answered")
	}
	return i.answer, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *Discord) newInteraction(do DiscordInteraction, kind int) *discordInteraction {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := d.newID()
	i := &discordInteraction{id: id, token: "aW50ZXJhY3Rpb246" + id + "xyzTokenOfATest", guild: do.Guild, channel: do.Channel, kind: kind, at: time.Now()}
	d.interactions[i.token] = i
	return i
}

func (do DiscordInteraction) payload(i *discordInteraction, kind int) map[string]any {
	data := map[string]any{"id": "1", "name": do.Command, "type": 1, "options": optionsJSON(do.Options)}
	if do.On != "" {
		data = map[string]any{"id": "1", "name": do.Command, "type": 3, "target_id": "77", "resolved": map[string]any{
			"messages": map[string]any{"77": map[string]any{"id": "77", "content": do.On, "embeds": []any{}, "components": []any{map[string]any{"type": 9999}}}}}}
	}
	if kind == discordComponentUsed {
		data = map[string]any{"custom_id": do.CustomID, "component_type": 2}
		if len(do.Values) > 0 {
			data["component_type"], data["values"] = 3, do.Values
		}
	}
	permissions := do.User.Permissions
	if permissions == "" {
		permissions = "0"
	}
	user := map[string]any{"id": do.User.ID, "username": do.User.Name}
	v := map[string]any{
		"id": i.id, "token": i.token, "application_id": DiscordApplicationID, "type": kind, "version": 1,
		"channel_id": do.Channel, "locale": "ja", "data": data, "app_permissions": "2251799813685247",
		// What no library knows yet must not hide the rest.
		"message": map[string]any{"id": "1", "components": []any{map[string]any{"type": 9999}}},
	}
	if do.Guild == "" {
		v["user"] = user
		return v
	}
	v["guild_id"] = do.Guild
	v["member"] = map[string]any{"user": user, "permissions": permissions, "roles": []string{}}
	return v
}

func optionsJSON(options []DiscordOption) []map[string]any {
	var out []map[string]any
	for _, o := range options {
		v := map[string]any{"name": o.Name, "type": 3}
		if o.Value == nil {
			v["type"], v["options"] = 1, optionsJSON(o.Options)
		} else {
			v["value"] = o.Value
		}
		if o.focused {
			v["focused"] = true
		}
		out = append(out, v)
	}
	return out
}

// registeredWithin is how long a bot may take to register its commands, on
// however busy a machine.
const registeredWithin = time.Minute

// isRegistered waits for a command to be registered: people cannot give one
// that is not.
func (d *Discord) isRegistered(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, registeredWithin)
	defer cancel()
	return d.await(ctx.Done(), func() bool {
		return (d.endpoint != "" || d.newestReady() != nil) && slices.ContainsFunc(d.commands, func(b json.RawMessage) bool {
			var c struct{ Name string }
			return json.Unmarshal(b, &c) == nil && c.Name == name
		})
	})
}

// deliver brings an interaction to the bot.
func (d *Discord) deliver(ctx context.Context, i *discordInteraction, payload map[string]any) error {
	d.mu.Lock()
	endpoint := d.endpoint
	d.mu.Unlock()
	if endpoint == "" {
		if !d.dispatch("INTERACTION_CREATE", payload) {
			return errors.New("fake discord: no session is ready")
		}
		return nil
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	resp, err := d.PostSigned(ctx, endpoint, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK {
		d.firstAnswer(&unheard{}, i, answer)
	}
	return err
}

// PostSigned sends a body with Discord's signature.
func (d *Discord) PostSigned(ctx context.Context, url string, body []byte) (*http.Response, error) {
	d.mu.Lock()
	timestamp := strconv.FormatInt(d.now().Unix(), 10)
	d.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Signature-Timestamp", timestamp)
	req.Header.Set("X-Signature-Ed25519", d.Sign(timestamp, body))
	return (&http.Client{Transport: d.base}).Do(req)
}

// Sign is Discord's signature of a body, in hexadecimal.
func (d *Discord) Sign(timestamp string, body []byte) string {
	return hex.EncodeToString(ed25519.Sign(d.key, append([]byte(timestamp), body...)))
}

// interaction finds the interaction of a request or refuses it.
func (d *Discord) interaction(w http.ResponseWriter, r *http.Request, code int, message string) *discordInteraction {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.interactions[unescaped(r.PathValue("token"))]
	if i == nil {
		refuse(w, http.StatusNotFound, code, message)
	}
	return i
}

func (d *Discord) takeCallback(w http.ResponseWriter, r *http.Request, body []byte) {
	i := d.interaction(w, r, 10062, "Unknown interaction")
	switch {
	case i == nil:
	case i.id != r.PathValue("interaction") || time.Since(i.at) > discordAckWithin:
		refuse(w, http.StatusNotFound, 10062, "Unknown interaction")
	case d.firstAnswer(w, i, body):
		w.WriteHeader(http.StatusNoContent)
	}
}

// firstAnswer takes the first answer to an interaction.
func (d *Discord) firstAnswer(w http.ResponseWriter, i *discordInteraction, body []byte) bool {
	var c struct {
		Type int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	var data struct {
		Flags   int                      `json:"flags"`
		Choices []struct{ Value string } `json:"choices"`
	}
	_ = json.Unmarshal(body, &c)
	_ = json.Unmarshal(c.Data, &data)
	var now *DiscordMessage
	var modal *DiscordModal
	switch c.Type {
	case discordMessageNow:
		b, ok := d.readMessage(w, withoutChoices(c.Data))
		if !ok {
			return false
		}
		now = d.interactionMessage(i, b, c.Data, data.Flags)
	case discordChoices:
		if len(data.Choices) > 25 {
			d.refuseBody(w, http.StatusBadRequest, 50035, fmt.Sprintf("%d choices, at most 25 allowed: https://discord.com/developers/docs/interactions/receiving-and-responding", len(data.Choices)))
			return false
		}
	case discordModalNow:
		var why []string
		if modal, why = readDiscordModal(c.Data, i.kind); len(why) > 0 {
			d.refuseBody(w, http.StatusBadRequest, 50035, why...)
			return false
		}
	case discordDeferred, discordDeferredEdit, discordPong:
	default:
		d.refuseBody(w, http.StatusBadRequest, 50035, fmt.Sprintf("callback type %d", c.Type))
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if i.acked {
		refuse(w, http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
		return false
	}
	i.acked, i.deferredFlags = true, data.Flags
	i.answer.AckType, i.answer.AckAfter, i.answer.Original, i.answer.Modal = c.Type, time.Since(i.at), now, modal
	for _, choice := range data.Choices {
		i.answer.Choices = append(i.answer.Choices, choice.Value)
	}
	d.notify()
	return true
}

// withoutChoices is the data of a callback as the body of a message.
func withoutChoices(data json.RawMessage) []byte {
	var fields map[string]any
	_ = json.Unmarshal(data, &fields)
	delete(fields, "choices")
	b, _ := json.Marshal(fields)
	return b
}

func (d *Discord) interactionMessage(i *discordInteraction, b discordBody, body []byte, flags int) *DiscordMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := &DiscordMessage{ID: d.newID(), ChannelID: i.channel, AuthorID: DiscordBotID, Ephemeral: flags&discordEphemeral != 0}
	m.apply(b, body)
	return m
}

func (d *Discord) editOriginal(w http.ResponseWriter, r *http.Request, body []byte) {
	i := d.interaction(w, r, 10015, "Unknown Webhook")
	if i == nil {
		return
	}
	b, ok := d.readMessage(w, body)
	if !ok {
		return
	}
	m := d.interactionMessage(i, b, body, i.deferredFlags)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !i.acked {
		refuse(w, http.StatusNotFound, 10015, "Unknown Webhook")
		return
	}
	d.setOriginal(i, m)
	answerJSON(w, m.json(false))
}

// setOriginal fills in the deferred answer. The caller holds mu.
func (d *Discord) setOriginal(i *discordInteraction, m *DiscordMessage) {
	i.answer.Original = m
	d.show(m)
	d.notify()
}

// show adds a public message to its channel. The caller holds mu.
func (d *Discord) show(m *DiscordMessage) {
	if ch := d.channels[m.ChannelID]; ch != nil && !m.Ephemeral {
		ch.messages = append(ch.messages, m)
	}
}

func (d *Discord) deleteOriginal(w http.ResponseWriter, r *http.Request, _ []byte) {
	i := d.interaction(w, r, 10015, "Unknown Webhook")
	if i == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	i.answer.Withdrawn, i.answer.Original = true, nil
	d.notify()
	w.WriteHeader(http.StatusNoContent)
}

// takeFollowUp takes a message after the first. While the first answer is
// still deferred, Discord takes it for that answer, and keeps it as private
// as the deferral was.
// https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message
func (d *Discord) takeFollowUp(w http.ResponseWriter, r *http.Request, body []byte) {
	i := d.interaction(w, r, 10015, "Unknown Webhook")
	if i == nil {
		return
	}
	b, ok := d.readMessage(w, body)
	if !ok {
		return
	}
	m := d.interactionMessage(i, b, body, b.Flags)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !i.acked:
		refuse(w, http.StatusNotFound, 10015, "Unknown Webhook")
		return
	case i.answer.Original == nil && !i.answer.Withdrawn:
		m.Ephemeral = i.deferredFlags&discordEphemeral != 0
		d.setOriginal(i, m)
	default:
		i.answer.FollowUps = append(i.answer.FollowUps, *m)
		d.show(m)
		d.notify()
	}
	answerJSON(w, m.json(false))
}
