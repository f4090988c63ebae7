package bottest

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the fake Discord knows the bot by.
const (
	DiscordToken         = "MTE5ODYyMjQ4MzQ3MTkyNTI0OA.Cl2FMQ.fake-token-for-tests-on-loopback"
	DiscordApplicationID = "1198622483471925248"
	DiscordBotID         = "1198622483471925249"
)

// Discord is a fake of Discord on loopback: the REST API and the gateway as a
// bot meets them. It refuses what Discord refuses, and the test fails for
// every body that was refused for what it says, unless ExpectRefusals was
// called. It is safe for concurrent use.
type Discord struct {
	t       testing.TB
	origin  string            // scheme and host
	server  *httptest.Server  // nil on a Wire
	base    http.RoundTripper // by which requests are made; nil is the network
	key     ed25519.PrivateKey
	closing chan struct{}

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced whenever anything changes
	now      func() time.Time
	lastID   int64
	channels map[string]*discordChannel
	roles    map[string][]discordRole // by guild
	commands []json.RawMessage        // as registered
	puts     int

	ownThreadIDs bool
	requests     []DiscordRequest
	faults       []*plannedFault
	rate         discordRate
	refusals     []string
	expected     bool // refusals

	gateway      DiscordGateway
	connections  map[*discordConnection]bool
	connects     int
	identifies   int
	sessions     int                            // that became ready
	interactions map[string]*discordInteraction // by token
	ahead        time.Duration                  // of the clock that dates answers
	endpointSet  string                         // on the application's page
	endpoint     string                         // of signed interactions
}

// discordChannel is a channel or a thread.
type discordChannel struct {
	id, guild string
	parent    string          // the message that a thread was started from
	in        *discordChannel // that the thread belongs to
	name      string
	kind      int
	refusal   *DiscordFault // of every post
	owner     string        // who started a thread
	archived  bool          // a thread that was put away
	locked    bool          // a thread that only moderators may write in
	changes   []discordOverwrite
	messages  []*DiscordMessage
	nonces    map[string]discordNonce
}

type discordNonce struct {
	message *DiscordMessage
	at      time.Time
}

type discordRole struct {
	ID          string `json:"id"`
	Permissions string `json:"permissions"`
}

type discordOverwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"`
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

// The types of channels. https://discord.com/developers/docs/resources/channel#channel-object-channel-types
const (
	discordTextChannel  = 0
	discordVoiceChannel = 2
	discordConversation = 1 // with one user
	discordThread       = 11
)

// NewDiscord starts a fake Discord that ends with the test. It has no
// channels yet.
func NewDiscord(t testing.TB) *Discord {
	t.Helper()
	d := newDiscord(t)
	d.server = httptest.NewServer(d.routes())
	d.origin = d.server.URL
	return d
}

// DiscordHost is where NewDiscordOn puts a fake Discord.
const DiscordHost = "discord.example"

// NewDiscordOn makes a fake Discord that is reached by a wire alone: it has
// no gateway, and brings interactions to the address of SignTo.
func NewDiscordOn(t testing.TB, w *Wire) *Discord {
	t.Helper()
	d := newDiscord(t)
	d.base, d.origin = w, "http://"+DiscordHost
	w.Serve(DiscordHost, d.routes())
	return d
}

func newDiscord(t testing.TB) *Discord {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatalf("fake discord: %v", err)
	}
	d := &Discord{
		t: t, key: key, closing: make(chan struct{}), changed: make(chan struct{}), now: time.Now,
		channels: map[string]*discordChannel{}, roles: map[string][]discordRole{},
		connections: map[*discordConnection]bool{}, interactions: map[string]*discordInteraction{},
		gateway: DiscordGateway{Heartbeat: 41250 * time.Millisecond},
	}
	t.Cleanup(d.close)
	return d
}

func (d *Discord) close() {
	close(d.closing)
	d.CloseGateway(1001)
	if d.server != nil {
		d.server.CloseClientConnections()
		d.server.Close()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.expected {
		return
	}
	for _, r := range d.refusals {
		d.t.Errorf("fake discord refused: %s", r)
	}
}

// URL is the address of the API, for DISCORD_API_URL.
func (d *Discord) URL() string { return d.origin + "/api/v9/" }

// PublicKey is what signed interactions are verified with, in hexadecimal.
func (d *Discord) PublicKey() string {
	return hex.EncodeToString(d.key.Public().(ed25519.PublicKey))
}

// SetClock makes ids and signatures with another clock than time.Now.
func (d *Discord) SetClock(now func() time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = now
}

// ExpectRefusals keeps refused bodies from failing the test.
func (d *Discord) ExpectRefusals() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expected = true
}

// Refusals are the bodies that were refused for what they say, with the limit
// and where Discord documents it.
func (d *Discord) Refusals() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.refusals)
}

// AddChannel makes a text channel on a server. Everybody may do everything
// there until SetPermissions.
func (d *Discord) AddChannel(guild, id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels[id] = &discordChannel{id: id, guild: guild, name: "channel-" + id, kind: discordTextChannel, nonces: map[string]discordNonce{}}
	if d.roles[guild] == nil {
		d.roles[guild] = []discordRole{{guild, "2251799813685247"}}
	}
}

// AddVoiceChannel makes a channel that cannot get briefings.
func (d *Discord) AddVoiceChannel(guild, id string) {
	d.AddChannel(guild, id)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels[id].kind = discordVoiceChannel
}

// OwnThreadIDs gives new threads ids other than those of their messages.
func (d *Discord) OwnThreadIDs() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ownThreadIDs = true
}

// RemoveChannel deletes a channel, as an admin would.
func (d *Discord) RemoveChannel(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.channels, id)
}

// RefusePosts makes every post in a channel fail the same way; a zero fault
// ends it.
func (d *Discord) RefusePosts(channel string, f DiscordFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels[channel].refusal = &f
	if f.Status == 0 {
		d.channels[channel].refusal = nil
	}
}

// SetPermissions sets what the role of everyone may do on a server, in
// Discord's decimal digits.
func (d *Discord) SetPermissions(guild, decimal string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.roles[guild] = []discordRole{{guild, decimal}}
}

// DenyInChannel takes permissions from everyone in one channel.
func (d *Discord) DenyInChannel(channel, decimal string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.channels[channel]
	ch.changes = append(ch.changes, discordOverwrite{ID: ch.guild, Allow: "0", Deny: decimal})
}

// Messages are the messages in a channel or thread, oldest first.
func (d *Discord) Messages(channel string) []DiscordMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []DiscordMessage
	if ch := d.channels[channel]; ch != nil {
		for _, m := range ch.messages {
			out = append(out, *m)
		}
	}
	return out
}

// Thread is the id and the name of the thread below a message, empty if
// there is none.
func (d *Discord) Thread(message string) (id, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ch := d.threadOf(message); ch != nil {
		return ch.id, ch.name
	}
	return "", ""
}

// ThreadName is what a thread is called, also when its parent is gone.
func (d *Discord) ThreadName(thread string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ch := d.channels[thread]; ch != nil {
		return ch.name
	}
	return ""
}

// Seen lists what people see in a channel: each message followed by its
// thread.
func (d *Discord) Seen(channel string) []Seen {
	var out []Seen
	for _, m := range d.Messages(channel) {
		out = append(out, m.seen(false))
		thread, _ := d.Thread(m.ID)
		for _, below := range d.Messages(thread) {
			out = append(out, below.seen(true))
		}
	}
	return out
}

// Post puts a message of a person into a channel.
func (d *Discord) Post(channel, author, content string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := &DiscordMessage{ID: d.newID(), ChannelID: channel, AuthorID: author, Content: content}
	d.channels[channel].messages = append(d.channels[channel].messages, m)
	d.notify()
	return m.ID
}

// DiscordRequest is one request that was made.
type DiscordRequest struct {
	// Route is the method and the path with names for its ids, such as
	// "POST channels/{channel}/messages".
	Route  string
	Path   string
	Body   string
	Header http.Header
	At     time.Time
}

// Requests are the requests of a route so far; an empty route is all.
func (d *Discord) Requests(route string) []DiscordRequest {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []DiscordRequest
	for _, r := range d.requests {
		if route == "" || r.Route == route {
			out = append(out, r)
		}
	}
	return out
}

// newID makes a snowflake; later ones are higher.
// https://discord.com/developers/docs/reference#snowflakes
func (d *Discord) newID() string {
	d.lastID = max(d.lastID+1, snowflakeOf(d.now()))
	return decimal(d.lastID)
}

// snowflakeOf is the lowest id of an instant.
func snowflakeOf(t time.Time) int64 {
	const epoch = 1420070400000
	return (t.UnixMilli() - epoch) << 22
}

// notify wakes up everybody who waits for something; the caller holds mu.
func (d *Discord) notify() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// await waits until done holds, which is called with mu held, or stop is
// closed.
func (d *Discord) await(stop <-chan struct{}, done func() bool) bool {
	for {
		d.mu.Lock()
		ok, changed := done(), d.changed
		d.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-stop:
			return false
		case <-d.closing:
			return false
		}
	}
}

// DiscordMessage is a message as it is stored.
type DiscordMessage struct {
	ID, ChannelID, AuthorID string
	Content                 string
	Embeds                  []DiscordEmbed
	Components              []DiscordComponent // of all rows
	Nonce                   string
	Edited                  bool
	Ephemeral               bool
	// Pings are the mentions that notify somebody.
	Pings []string
	// Body is the request that wrote it last.
	Body json.RawMessage
}

// DiscordEmbed is one embed of a message.
type DiscordEmbed struct {
	Title       string `json:"title,omitempty"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
	Color       int    `json:"color,omitempty"`
	Fields      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields,omitempty"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer,omitempty"`
	Author *struct {
		Name string `json:"name"`
	} `json:"author,omitempty"`
}

// DiscordComponent is a row, a button or a select.
type DiscordComponent struct {
	Type        int                `json:"type"`
	Style       int                `json:"style,omitempty"`
	Label       string             `json:"label,omitempty"`
	CustomID    string             `json:"custom_id,omitempty"`
	URL         string             `json:"url,omitempty"`
	Placeholder string             `json:"placeholder,omitempty"`
	Options     []DiscordChoice    `json:"options,omitempty"`
	Components  []DiscordComponent `json:"components,omitempty"`
}

// DiscordChoice is an option of a select.
type DiscordChoice struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// texts are the texts of an embed in the order they are read.
func (e DiscordEmbed) texts() []string {
	texts := []string{e.Title, e.Description}
	if e.Author != nil {
		texts = append([]string{e.Author.Name}, texts...)
	}
	for _, f := range e.Fields {
		texts = append(texts, f.Name, f.Value)
	}
	if e.Footer != nil {
		texts = append(texts, e.Footer.Text)
	}
	return texts
}

// Text is the message as it is read: content, embeds, then the labels of
// what can be pressed, with Discord's Markdown taken away.
func (m DiscordMessage) Text() string {
	lines := []string{discordPlain(m.Content)}
	for _, e := range m.Embeds {
		for _, t := range e.texts() {
			lines = append(lines, discordPlain(t))
		}
	}
	for _, c := range m.Components {
		lines = append(lines, cmp.Or(c.Label, c.Placeholder))
		for _, o := range c.Options {
			lines = append(lines, o.Label)
		}
	}
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

func (m DiscordMessage) seen(thread bool) Seen {
	return Seen{Text: m.Text(), Thread: thread, Private: m.Ephemeral, Pings: m.Pings}
}
