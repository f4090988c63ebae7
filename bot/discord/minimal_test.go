package discord_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// minimal is a server that knows next to nothing of Discord: messages can be
// posted and threads started, with ids that are no snowflakes, and a gateway
// hands out one command. Everything else is a bare 404.
type minimal struct {
	*httptest.Server

	mu      sync.Mutex
	posted  []string // the paths below channels/, in order
	answers []string // the bodies that fill in the answer
	unknown int      // requests answered 404
	logged  strings.Builder
	changed chan struct{} // has room for every change of a test
}

func newMinimal(t *testing.T, gatewayRoute string, answersStatus int) *minimal {
	m := &minimal{changed: make(chan struct{}, 1000)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/channels/{channel}/messages", func(w http.ResponseWriter, r *http.Request) {
		n := m.note(&m.posted, r.PathValue("channel"))
		fmt.Fprintf(w, `{"id":"M-%d"}`, n)
	})
	mux.HandleFunc("POST /api/channels/{channel}/messages/{message}/threads", func(w http.ResponseWriter, r *http.Request) {
		m.note(&m.posted, r.PathValue("message")+"/threads")
		fmt.Fprint(w, `{"id":"T-1"}`)
	})
	mux.HandleFunc("GET /api/"+gatewayRoute, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"url":"ws%s/gw"}`, strings.TrimPrefix(m.URL, "http"))
	})
	mux.HandleFunc("GET /gw", m.serveGateway)
	mux.HandleFunc("POST /api/interactions/I1/token/callback", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answersStatus)
	})
	mux.HandleFunc("PATCH /api/webhooks/A1/token/messages/@original", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m.note(&m.answers, string(body))
		w.WriteHeader(answersStatus)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		m.unknown++
		m.mu.Unlock()
		http.NotFound(w, r)
	})
	m.Server = httptest.NewServer(mux)
	t.Cleanup(m.Close)
	return m
}

func (m *minimal) note(list *[]string, what string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	*list = append(*list, what)
	m.changed <- struct{}{}
	return len(*list)
}

// Write takes the log.
func (m *minimal) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logged.Write(p)
}

func (m *minimal) serveGateway(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	say := func(packet string) { _ = ws.WriteMessage(websocket.TextMessage, []byte(packet)) }
	say(`{"op":10,"d":{"heartbeat_interval":45000}}`)
	if _, _, err := ws.ReadMessage(); err != nil {
		return
	}
	say(`{"op":0,"s":1,"t":"READY","d":{}}`)
	say(`{"op":0,"s":2,"t":"INTERACTION_CREATE","d":{"id":"I1","application_id":"A1","token":"token","type":2,
		"guild_id":"G1","channel_id":"D1","member":{"user":{"id":"U1"}},"data":{"name":"term","options":[{"name":"word","type":3,"value":"VPN"}]}}}`)
	for err == nil {
		_, _, err = ws.ReadMessage()
	}
}

func (m *minimal) bot(t *testing.T) *discord.Discord {
	t.Helper()
	d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: m.URL + "/api", Logger: slog.New(slog.NewTextHandler(m, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMinimalServer: the bot posts and answers where hardly anything is
// known, and neither hammers the server nor floods the log.
func TestMinimalServer(t *testing.T) {
	t.Parallel()
	for _, route := range []string{"gateway", "gateway/bot"} {
		for _, status := range []int{http.StatusNoContent, http.StatusNotFound} {
			t.Run(fmt.Sprint(route, " ", status), func(t *testing.T) {
				t.Parallel()
				m := newMinimal(t, route, status)
				d := m.bot(t)
				d.Hasten(5*time.Second, time.Millisecond)
				ctx, cancel := context.WithCancel(testContext(t))
				r := &responder{reply: echo}
				ended := make(chan error, 1)
				go func() { ended <- d.Run(ctx, r) }()
				select {
				case <-m.changed:
				case err := <-ended:
					t.Fatalf("run ended with %v", err)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Errorf("run ended with %v", err)
				}
				if !strings.Contains(m.answers[0], "答え: term VPN") {
					t.Errorf("the answer is %s", m.answers[0])
				}
				if last := m.answers[len(m.answers)-1]; status == http.StatusNoContent && strings.Contains(last, "処理できませんでした") {
					t.Errorf("an apology after an answer: %q", m.answers)
				}
				if asked := r.last(); asked.Ref.String() != "discord:G1/D1" {
					t.Errorf("asked from %s", asked.Ref)
				}
				if lines := strings.Count(m.logged.String(), "\n"); m.unknown > 4 || len(m.answers) > 2 || lines > 8 {
					t.Errorf("%d requests for what is not there, %d for the answer, %d lines in the log:\n%s", m.unknown, len(m.answers), lines, m.logged.String())
				}
			})
		}
	}
}

// TestMinimalPosting: parent and parts arrive once each, in the thread that
// the server named, and after a restart where it can be only guessed.
func TestMinimalPosting(t *testing.T) {
	t.Parallel()
	m := newMinimal(t, "gateway", http.StatusNotFound)
	d := m.bot(t)
	at := bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: "G1"}, Channel: "D1"}
	to := func(part int) bot.Target {
		return bot.Target{Ref: at, Marker: bot.Marker{Delivery: bot.DeliveryID(at, "2025-07-02"), Part: part}}
	}
	in := func(to bot.Target, thread bot.MessageID) bot.Target { to.Thread = thread; return to }
	parent := send(t, d, to(0))
	send(t, d, in(to(1), parent))
	send(t, d, in(to(2), parent))
	send(t, m.bot(t), in(to(3), parent))
	if want := []string{"D1", "M-1/threads", "T-1", "T-1", "M-1"}; !slices.Equal(m.posted, want) {
		t.Errorf("posted in %q, want %q", m.posted, want)
	}
	if m.unknown != 1 {
		t.Errorf("%d requests for what is not there, want the one for the thread", m.unknown)
	}
}

// listing knows one page of messages, of which none is after a snowflake. It
// keeps what was asked.
type listing struct {
	page  string
	asked []string
}

func (l *listing) RoundTrip(r *http.Request) (*http.Response, error) {
	l.asked = append(l.asked, r.URL.Path+"?"+r.URL.RawQuery)
	answer := &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("404 page not found")), Request: r}
	if strings.HasSuffix(r.URL.Path, "/messages") {
		body := l.page
		if r.URL.Query().Has("after") {
			body = "[]"
		}
		answer.StatusCode, answer.Body = http.StatusOK, io.NopCloser(strings.NewReader(body))
	}
	return answer, nil
}

// TestFindWithoutSnowflakes: a server to which a snowflake says nothing is
// asked for its newest messages too, and need not know who the bot is.
func TestFindWithoutSnowflakes(t *testing.T) {
	t.Parallel()
	at := bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: "G1"}, Channel: "D1"}
	to := bot.Target{Ref: at, Marker: bot.Marker{Delivery: bot.DeliveryID(at, "2025-07-02")}}
	for page, want := range map[string]bot.MessageID{
		`[{"id":"M-2","nonce":"` + to.Marker.String() + `"},{"id":"M-1"}]`: "M-2",
		`[{"id":"M-1"}]`: "",
		`[]`:             "",
	} {
		l := &listing{page: page}
		d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: "http://127.0.0.1:1/api", Base: l})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := d.Find(testContext(t), to, time.Now()); err != nil || found != want {
			t.Errorf("%s: found %q, %v, want %q", page, found, err, want)
		}
		if len(l.asked) != 3 {
			t.Errorf("%s: %d requests, want 3: %q", page, len(l.asked), l.asked)
		}
	}
}

// TestPlainIDs: server and channel named as in the documentation of the
// configuration work everywhere.
func TestPlainIDs(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.AddChannel("G1", "D1")
	at := bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: "G1"}, Channel: "D1"}
	to := target(0)
	to.Ref = at
	since := time.Now()
	parent := send(t, d, to)
	part := to
	part.Thread, part.Marker.Part = parent, 1
	below := send(t, d, part)
	for _, c := range []struct {
		to   bot.Target
		want bot.MessageID
	}{{to, parent}, {part, below}} {
		if found, err := d.Find(testContext(t), c.to, since); err != nil || found != c.want {
			t.Errorf("find: %q, %v, want %q", found, err, c.want)
		}
		if err := d.Edit(testContext(t), c.to, c.want, parentOf(t)); err != nil {
			t.Errorf("edit: %v", err)
		}
	}
	if err := d.Delete(testContext(t), part, below); err != nil {
		t.Errorf("delete: %v", err)
	}
	if err := d.Check(testContext(t), at); err != nil {
		t.Errorf("check: %v", err)
	}
	r := &responder{reply: echo}
	runResponder(t, d, r)
	_, err := fake.Command(testContext(t), "G1", "D1", member(), "briefing-admin",
		bottest.DiscordOption{Name: "add", Options: []bottest.DiscordOption{option("channel", "<#D1>")}})
	if got := r.last(); err != nil || got.Ref != at || got.Text != "add <#D1>" {
		t.Errorf("asked %+v, %v", got, err)
	}
}
