package bottest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a fake Slack knows from the start: one workspace, one public channel
// that the bot is in, an admin and a member.
const (
	SlackBotToken      = "xoxb-fake-bot-token"
	SlackAppToken      = "xapp-fake-app-token"
	SlackSigningSecret = "fake-signing-secret"
	SlackTeam          = "T1"
	SlackChannelID     = "C1"
	SlackBotUser       = "UBOT"
	SlackBotID         = "B1"
	SlackAdmin         = "U1"
	SlackMember        = "U2"
)

// Slack is a Slack on loopback that speaks the wire protocols: the Web API
// with form and JSON bodies, Socket Mode, response URLs. It refuses what
// Slack refuses; the reason, with the address of the vendor's page, stands in
// response_metadata.messages and in Refusals. It is safe for concurrent use.
type Slack struct {
	// URL is the address of the Web API, with a slash at its end.
	URL string

	origin string            // scheme and host of URL
	server *httptest.Server  // nil on a Wire
	base   http.RoundTripper // by which requests are made; nil is the network
	closed chan struct{}

	mu       sync.Mutex
	channels map[string]*slackChannel
	users    map[string]SlackUser
	calls    []SlackCall
	refusals []string
	faults   map[string][]SlackFault
	views    slackViews
	lastTS   time.Time
	serial   int
	answers  map[string]*slackAnswers // by response URL id
	sockets  slackSockets
	hooks    SlackHooks
	lost     []string      // scopes
	ahead    time.Duration // of the clock that dates answers
}

// SlackChannel is a channel of the fake.
type SlackChannel struct {
	ID, Name string
	Private  bool
	Archived bool
	// Member is true when the bot is in the channel.
	Member bool
}

type slackChannel struct {
	SlackChannel
	messages []*SlackMessage
}

// SlackUser is a person of the fake.
type SlackUser struct {
	ID       string
	Name     string
	Team     string
	Admin    bool
	Owner    bool
	Primary  bool // is_primary_owner
	Guest    bool // is_restricted
	Guest1   bool // is_ultra_restricted: a guest of one channel
	Stranger bool
	Deleted  bool
	Bot      bool
}

// SlackMessage is a message as the fake keeps it.
type SlackMessage struct {
	Channel string
	TS      string
	Thread  string // thread_ts of the parent, empty for a message of the channel
	// For is the only user who sees it; empty for a public message.
	For      string
	Text     string
	Blocks   []json.RawMessage
	Metadata json.RawMessage
	Edited   bool
	// LinksNames is true when names in Text would have been made mentions.
	LinksNames bool
	// Unfurls is true when links would have opened cards.
	Unfurls bool
	gone    bool
}

// SlackCall is one request as it came in.
type SlackCall struct {
	Method string
	Args   map[string]string
	At     time.Time
}

// NewSlack starts a fake Slack that ends with the test.
func NewSlack(t testing.TB) *Slack {
	t.Helper()
	s := StartSlack()
	t.Cleanup(s.Close)
	return s
}

// StartSlack starts a fake Slack on loopback. Close ends it.
func StartSlack() *Slack {
	s := newSlack()
	s.server = httptest.NewServer(s.routes())
	s.at(s.server.URL)
	return s
}

// SlackHost is where NewSlackOn puts a fake Slack.
const SlackHost = "slack.example"

// NewSlackOn makes a fake Slack that is reached by a wire alone: it has no
// sockets, and brings people's commands to the addresses of UseHooks.
func NewSlackOn(w *Wire) *Slack {
	s := newSlack()
	s.base = w
	s.at("http://" + SlackHost)
	w.Serve(SlackHost, s.routes())
	return s
}

// at sets the address.
func (s *Slack) at(origin string) { s.origin, s.URL = origin, origin+"/api/" }

func newSlack() *Slack {
	s := &Slack{
		closed:   make(chan struct{}),
		channels: map[string]*slackChannel{},
		users:    map[string]SlackUser{},
		faults:   map[string][]SlackFault{},
		answers:  map[string]*slackAnswers{},
	}
	s.sockets.init()
	s.views.init()
	s.AddChannel(SlackChannel{ID: SlackChannelID, Name: "general", Member: true})
	s.AddUser(SlackUser{ID: SlackAdmin, Name: "admin", Team: SlackTeam, Admin: true})
	s.AddUser(SlackUser{ID: SlackMember, Name: "member", Team: SlackTeam})
	return s
}

func (s *Slack) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.serveAPI)
	mux.HandleFunc("GET /socket", s.serveSocket)
	mux.HandleFunc("POST /response/{id}", s.serveResponseURL)
	return mux
}

// Close ends all connections and the server.
func (s *Slack) Close() {
	s.mu.Lock()
	select {
	case <-s.closed:
		s.mu.Unlock()
		return
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	s.sockets.closeAll()
	if s.server != nil {
		s.server.CloseClientConnections()
		s.server.Close()
	}
}

// AddChannel adds or replaces a channel; its messages stay.
func (s *Slack) AddChannel(c SlackChannel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.channels[c.ID]; ok {
		known.SlackChannel = c
		return
	}
	s.channels[c.ID] = &slackChannel{SlackChannel: c}
}

// AddUser adds or replaces a user.
func (s *Slack) AddUser(u SlackUser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
}

// Messages are the messages of a channel in order, each followed by its
// thread; those that only one user sees are among them.
func (s *Slack) Messages(channel string) []SlackMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channel]
	if c == nil {
		return nil
	}
	var all []SlackMessage
	for _, m := range c.messages {
		if m.gone || m.Thread != "" && c.find(m.Thread) != nil {
			continue
		}
		all = append(all, *m)
		for _, reply := range c.messages {
			if reply.Thread == m.TS && !reply.gone {
				all = append(all, *reply)
			}
		}
	}
	return all
}

func (c *slackChannel) find(ts string) *SlackMessage {
	i := slices.IndexFunc(c.messages, func(m *SlackMessage) bool { return m.TS == ts && !m.gone })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// Seen are the public messages of a channel as people see them.
func (s *Slack) Seen(channel string) []Seen {
	var seen []Seen
	for _, m := range s.Messages(channel) {
		if m.For == "" {
			seen = append(seen, m.Seen())
		}
	}
	return seen
}

// Seen is the message as people see it.
func (m SlackMessage) Seen() Seen {
	return Seen{Text: m.PlainText(), Thread: m.Thread != "", Private: m.For != "", Pings: m.Pings()}
}

// Calls are the requests of a method, or all for an empty one, in order.
func (s *Slack) Calls(method string) []SlackCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []SlackCall
	for _, c := range s.calls {
		if method == "" || c.Method == method {
			calls = append(calls, c)
		}
	}
	return calls
}

// Refusals are the reasons for which the fake refused requests.
func (s *Slack) Refusals() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refusals)
}

// Say puts a message of a person into a channel.
func (s *Slack) Say(channel, text string) (ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &SlackMessage{Channel: channel, TS: s.newTS(), Text: text}
	s.channels[channel].messages = append(s.channels[channel].messages, m)
	return m.TS
}

// newTS is an id that no message has: the time, in microseconds. The lock is
// held.
func (s *Slack) newTS() string {
	now := time.Now().Truncate(time.Microsecond)
	if !now.After(s.lastTS) {
		now = s.lastTS.Add(time.Microsecond)
	}
	s.lastTS = now
	return fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
}

// newSerial numbers envelopes, response URLs and the like. The lock is held.
func (s *Slack) newSerial() int {
	s.serial++
	return s.serial
}

// refuse notes and words a refusal.
func (s *Slack) refuse(code string, why ...string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, strings.TrimSpace(code+" "+strings.Join(why, "; ")))
	answer := map[string]any{"ok": false, "error": code}
	if len(why) > 0 {
		answer["response_metadata"] = map[string]any{"messages": why}
	}
	return answer
}
