package bottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// discordHandler carries a request out and answers it.
type discordHandler func(d *Discord, w http.ResponseWriter, r *http.Request, body []byte)

// discordRoutes is the part of the API that a bot such as ours needs; Discord
// answers 404 for everything else as well.
func discordRoutes() map[string]discordHandler {
	return map[string]discordHandler{
		"GET users/@me":                     (*Discord).getSelf,
		"GET users/@me/guilds":              (*Discord).getGuilds,
		"GET applications/@me":              (*Discord).getApplication,
		"POST users/@me/channels":           (*Discord).openConversation,
		"GET gateway":                       (*Discord).getGateway,
		"GET gateway/bot":                   (*Discord).getGateway,
		"GET channels/{channel}":            (*Discord).getChannel,
		"PATCH channels/{channel}":          (*Discord).editChannel,
		"GET guilds/{guild}/members/{user}": (*Discord).getMember,
		"GET guilds/{guild}/roles":          (*Discord).getRoles,

		"GET channels/{channel}/messages":                          (*Discord).listMessages,
		"POST channels/{channel}/messages":                         (*Discord).createMessage,
		"GET channels/{channel}/messages/{message}":                (*Discord).getMessage,
		"PATCH channels/{channel}/messages/{message}":              (*Discord).editMessage,
		"DELETE channels/{channel}/messages/{message}":             (*Discord).deleteMessage,
		"POST channels/{channel}/messages/{message}/threads":       (*Discord).startThread,
		"GET applications/{application}/commands":                  (*Discord).getCommands,
		"PUT applications/{application}/commands":                  (*Discord).putCommands,
		"POST interactions/{interaction}/{token}/callback":         (*Discord).takeCallback,
		"POST webhooks/{application}/{token}":                      (*Discord).takeFollowUp,
		"PATCH webhooks/{application}/{token}/messages/@original":  (*Discord).editOriginal,
		"DELETE webhooks/{application}/{token}/messages/@original": (*Discord).deleteOriginal,
	}
}

func (d *Discord) routes() http.Handler {
	mux := http.NewServeMux()
	for route, handle := range discordRoutes() {
		method, path, _ := strings.Cut(route, " ")
		for _, version := range []string{"v9", "v10"} {
			mux.HandleFunc(method+" /api/"+version+"/"+path, d.entry(route, handle))
		}
	}
	mux.HandleFunc("GET /gateway", d.serveGateway) // and not /gateway/
	mux.HandleFunc("/", d.entry("", func(_ *Discord, w http.ResponseWriter, _ *http.Request, _ []byte) {
		refuse(w, http.StatusNotFound, 0, "404: Not Found")
	}))
	return mux
}

// entry is what every request goes through: the record, planned faults, the
// checks that Discord makes of all.
func (d *Discord) entry(route string, handle discordHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		d.mu.Lock()
		d.requests = append(d.requests, DiscordRequest{route, r.URL.RequestURI(), string(body), r.Header.Clone(), time.Now()})
		d.notify()
		d.mu.Unlock()
		d.date(w.Header())
		carry := func(w http.ResponseWriter) {
			if d.admits(w, r, route, body) {
				handle(d, w, r, body)
			}
		}
		if f := d.takeFault(route); f != nil {
			d.play(f, w, r, carry)
			return
		}
		carry(w)
	}
}

// admits checks what does not depend on the route.
func (d *Discord) admits(w http.ResponseWriter, r *http.Request, route string, body []byte) bool {
	switch byToken := strings.Contains(route, "{token}"); {
	case !strings.HasPrefix(r.Header.Get("User-Agent"), "DiscordBot ("):
		// https://discord.com/developers/docs/reference#user-agent
		refuse(w, http.StatusForbidden, 40333, "internal network error")
	case !byToken && route != "GET gateway" && r.Header.Get("Authorization") != "Bot "+DiscordToken:
		refuse(w, http.StatusUnauthorized, 0, "401: Unauthorized")
	case len(body) > 0 && (r.Header.Get("Content-Type") != "application/json" || !json.Valid(body)):
		refuse(w, http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	default:
		return d.matchesSchema(w, route, body)
	}
	return false
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	(&DiscordFault{Status: status, Code: code, Message: message}).write(w)
}

// refuseBody refuses a body for what it says and notes why.
func (d *Discord) refuseBody(w http.ResponseWriter, status, code int, why ...string) {
	d.mu.Lock()
	d.refusals = append(d.refusals, fmt.Sprintf("%d (%d): %s", status, code, strings.Join(why, "; ")))
	d.mu.Unlock()
	if status >= 500 {
		(&DiscordFault{Status: status, Message: "500: Internal Server Error"}).write(w)
		return
	}
	refuse(w, status, code, "Invalid Form Body: "+strings.Join(why, "; "))
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (d *Discord) getSelf(w http.ResponseWriter, _ *http.Request, _ []byte) {
	answerJSON(w, map[string]any{"id": DiscordBotID, "username": "cyberbrief", "bot": true})
}

// openConversation gives the channel of the bot's messages to a user.
func (d *Discord) openConversation(w http.ResponseWriter, _ *http.Request, body []byte) {
	var b struct {
		Recipient string `json:"recipient_id"`
	}
	if json.Unmarshal(body, &b) != nil || b.Recipient == "" {
		refuse(w, http.StatusBadRequest, 50033, "Invalid Recipient(s)")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.conversation(b.Recipient)
	if ch == nil {
		ch = &discordChannel{id: d.newID(), name: b.Recipient, kind: discordConversation, nonces: map[string]discordNonce{}}
		d.channels[ch.id] = ch
	}
	answerJSON(w, map[string]any{"id": ch.id, "type": ch.kind, "recipients": []map[string]any{{"id": b.Recipient}}})
}

// conversation is the bot's own with a user, or nil. The caller holds mu.
func (d *Discord) conversation(user string) *discordChannel {
	for _, ch := range d.channels {
		if ch.kind == discordConversation && ch.name == user {
			return ch
		}
	}
	return nil
}

// Conversation is what a user sees that the bot wrote to them.
func (d *Discord) Conversation(user string) []Seen {
	d.mu.Lock()
	ch := d.conversation(user)
	d.mu.Unlock()
	if ch == nil {
		return nil
	}
	return d.Seen(ch.id)
}

func (d *Discord) getGateway(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	answer := map[string]any{"url": "ws" + strings.TrimPrefix(d.origin, "http") + "/gateway"}
	if strings.HasSuffix(r.URL.Path, "/bot") {
		answer["shards"] = 1
		answer["session_start_limit"] = map[string]int{
			"total": 1000, "remaining": max(0, 1000-d.identifies-d.gateway.Identified), "reset_after": 14400000, "max_concurrency": 1,
		}
	}
	answerJSON(w, answer)
}

// channel finds the channel of a request or refuses it. The caller holds mu.
func (d *Discord) channel(w http.ResponseWriter, r *http.Request) *discordChannel {
	ch := d.channels[r.PathValue("channel")]
	if ch == nil {
		refuse(w, http.StatusNotFound, 10003, "Unknown Channel")
	}
	return ch
}

func (d *Discord) getChannel(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ch := d.channel(w, r); ch != nil {
		answerJSON(w, ch.json())
	}
}

func (ch *discordChannel) json() map[string]any {
	return map[string]any{"id": ch.id, "guild_id": ch.guild, "name": ch.name, "type": ch.kind,
		"permission_overwrites": slices.Concat([]discordOverwrite{}, ch.changes)}
}

func (d *Discord) getMember(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.roles[r.PathValue("guild")] == nil {
		refuse(w, http.StatusNotFound, 10004, "Unknown Guild")
		return
	}
	answerJSON(w, map[string]any{"user": map[string]any{"id": r.PathValue("user")}, "roles": []string{}})
}

func (d *Discord) getRoles(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	answerJSON(w, slices.Concat([]discordRole{}, d.roles[r.PathValue("guild")]))
}

// json is the message as the API returns it. Whether a listing has the nonce
// is not documented, so it has not.
func (m *DiscordMessage) json(withNonce bool) map[string]any {
	v := map[string]any{
		"id": m.ID, "channel_id": m.ChannelID, "content": m.Content,
		"author": map[string]any{"id": m.AuthorID, "bot": m.AuthorID == DiscordBotID},
		"embeds": slices.Concat([]DiscordEmbed{}, m.Embeds),
	}
	if withNonce && m.Nonce != "" {
		v["nonce"] = m.Nonce
	}
	return v
}

// listMessages gives the messages after an id, newest first.
// https://discord.com/developers/docs/resources/message#get-channel-messages
func (d *Discord) listMessages(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.channel(w, r)
	if ch == nil {
		return
	}
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if limit == 0 {
		limit = 50
	}
	if limit < 1 || limit > 100 {
		refuse(w, http.StatusBadRequest, 50035, "limit: int value should be between 1 and 100")
		return
	}
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	page := []map[string]any{}
	for _, m := range ch.messages {
		if id, _ := strconv.ParseInt(m.ID, 10, 64); id > after && len(page) < limit {
			page = append(page, m.json(false))
		}
	}
	slices.Reverse(page)
	answerJSON(w, page)
}

// readMessage decodes the body of a message and refuses what Discord would.
func (d *Discord) readMessage(w http.ResponseWriter, body []byte) (b discordBody, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		d.refuseBody(w, http.StatusBadRequest, 50035, err.Error())
		return b, false
	}
	if r := b.refusal(); r != nil {
		d.refuseBody(w, r.status, r.code, r.why...)
		return b, false
	}
	return b, true
}

// apply writes a body into a message.
func (m *DiscordMessage) apply(b discordBody, body []byte) {
	m.Content, m.Embeds, m.Components = b.content(), b.Embeds, nil
	for _, row := range b.Components {
		m.Components = append(m.Components, row.Components...)
	}
	m.Pings = discordPings(m.Content, b.AllowedMentions)
	m.Body = slices.Clone(body)
}

func (d *Discord) createMessage(w http.ResponseWriter, r *http.Request, body []byte) {
	b, ok := d.readMessage(w, body)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.channel(w, r)
	if ch == nil || !d.mayPost(w, ch) {
		return
	}
	now := time.Now()
	if b.EnforceNonce && b.Nonce != nil {
		// https://discord.com/developers/docs/resources/message#create-message-jsonform-params
		if known, ok := ch.nonces[*b.Nonce]; ok && now.Sub(known.at) < 2*time.Minute {
			answerJSON(w, known.message.json(true))
			return
		}
	}
	m := &DiscordMessage{ID: d.newID(), ChannelID: ch.id, AuthorID: DiscordBotID}
	m.apply(b, body)
	if b.Nonce != nil {
		m.Nonce = *b.Nonce
		ch.nonces[m.Nonce] = discordNonce{m, now}
	}
	ch.messages = append(ch.messages, m)
	ch.archived = false // a new message takes a thread out again
	d.notify()
	answerJSON(w, m.json(true))
}

// mayPost checks the channel, what the bot may do there, and its rate. The caller holds mu.
func (d *Discord) mayPost(w http.ResponseWriter, ch *discordChannel) bool {
	permission := uint64(discordSendMessages)
	if ch.kind == discordThread {
		permission = discordSendMessagesInThreads
	}
	switch {
	case ch.refusal != nil:
		ch.refusal.write(w)
		return false
	case ch.kind == discordVoiceChannel:
		refuse(w, http.StatusBadRequest, 50008, "Cannot send messages in a non-text channel")
		return false
	case !d.allows(w, ch, permission), ch.locked && !d.open(w, ch, false):
		return false
	}
	left, reset, ok := d.rate.take(ch.id, time.Now())
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(max(5, d.rate.limit)))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(reset.Seconds()+0.001, 'f', 3, 64))
	h.Set("X-RateLimit-Bucket", "messages")
	if !ok {
		(&DiscordFault{
			Status: http.StatusTooManyRequests, Message: "You are being rate limited.", RetryAfter: reset.Seconds(),
			Header: map[string]string{"X-RateLimit-Scope": "user", "Retry-After": strconv.Itoa(int(reset.Seconds()) + 1)},
		}).write(w)
	}
	return ok
}

// message finds the message of a request or refuses it. The caller holds mu.
func (d *Discord) message(w http.ResponseWriter, r *http.Request) (ch *discordChannel, at int) {
	if ch = d.channel(w, r); ch == nil {
		return nil, 0
	}
	at = slices.IndexFunc(ch.messages, func(m *DiscordMessage) bool { return m.ID == r.PathValue("message") })
	if at < 0 {
		refuse(w, http.StatusNotFound, 10008, "Unknown Message")
		return nil, 0
	}
	return ch, at
}

func (d *Discord) getMessage(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, at := d.message(w, r)
	if ch == nil {
		return
	}
	v := ch.messages[at].json(false)
	if thread := d.threadOf(ch.messages[at].ID); thread != nil {
		v["thread"] = thread.json()
	}
	answerJSON(w, v)
}

func (d *Discord) editMessage(w http.ResponseWriter, r *http.Request, body []byte) {
	b, ok := d.readMessage(w, body)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, at := d.message(w, r)
	if ch == nil || !d.open(w, ch, false) {
		return
	}
	m := ch.messages[at]
	if m.AuthorID != DiscordBotID {
		refuse(w, http.StatusForbidden, 50005, "Cannot edit a message authored by another user")
		return
	}
	m.apply(b, body)
	m.Edited = true
	d.notify()
	answerJSON(w, m.json(false))
}

func (d *Discord) deleteMessage(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, at := d.message(w, r)
	if ch == nil || !d.open(w, ch, true) {
		return
	}
	ch.messages = slices.Delete(ch.messages, at, at+1)
	d.notify()
	w.WriteHeader(http.StatusNoContent)
}

// startThread starts the one thread that a message can have.
// https://discord.com/developers/docs/resources/channel#start-thread-from-message
func (d *Discord) startThread(w http.ResponseWriter, r *http.Request, body []byte) {
	var b struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(body, &b)
	if n := discordLength(strings.TrimSpace(b.Name)); n < 1 || n > 100 {
		d.refuseBody(w, http.StatusBadRequest, 50035, fmt.Sprintf("name of a thread has %d characters, 1 to 100 are allowed: https://discord.com/developers/docs/resources/channel#start-thread-from-message", n))
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, at := d.message(w, r)
	if ch == nil {
		return
	}
	parent := ch.messages[at].ID
	if !d.allows(w, ch, discordCreatePublicThreads) {
		return
	}
	if d.threadOf(parent) != nil {
		refuse(w, http.StatusBadRequest, 160004, "A thread has already been created for this message")
		return
	}
	thread := d.addThread(ch, parent, DiscordBotID, b.Name)
	d.notify()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(thread.json())
}

// threadOf is the thread below a message. The caller holds mu.
func (d *Discord) threadOf(message string) *discordChannel {
	for _, ch := range d.channels {
		if ch.parent == message && ch.kind == discordThread {
			return ch
		}
	}
	return nil
}

func (d *Discord) getCommands(w http.ResponseWriter, r *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.knows(w, r) {
		answerJSON(w, slices.Concat([]json.RawMessage{}, d.commands))
	}
}

func (d *Discord) putCommands(w http.ResponseWriter, r *http.Request, body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.knows(w, r) {
		return
	}
	var commands []map[string]any
	_ = json.Unmarshal(body, &commands)
	d.commands = nil
	for _, c := range commands {
		// What Discord adds to what it was told.
		c["id"], c["application_id"], c["version"], c["nsfw"] = d.newID(), DiscordApplicationID, d.newID(), false
		b, _ := json.Marshal(c)
		d.commands = append(d.commands, b)
	}
	d.puts++
	d.notify()
	answerJSON(w, d.commands)
}

func (d *Discord) knows(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("application") != DiscordApplicationID {
		refuse(w, http.StatusNotFound, 10002, "Unknown Application")
		return false
	}
	return true
}

// Registrations is how often the commands were written.
func (d *Discord) Registrations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.puts
}

// unescaped is a path segment as it was meant.
func unescaped(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
