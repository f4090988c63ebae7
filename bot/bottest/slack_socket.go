package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// slackPing is how often the fake pings: well within the 30 s in which a
// client expects it.
const slackPing = 5 * time.Second

// slackAckTimeout is how long Slack waits for an acknowledgement.
// https://docs.slack.dev/interactivity/handling-user-interaction/#acknowledgment_response
const slackAckTimeout = 3 * time.Second

// SlackAck is the acknowledgement of an envelope.
type SlackAck struct {
	EnvelopeID string
	Payload    json.RawMessage
	// Took is the time from sending the envelope to reading this.
	Took time.Duration
}

// ErrSlackTimeout is what the asker sees as operation_timeout.
var ErrSlackTimeout = errors.New("operation_timeout: no acknowledgement within 3 s")

// slackSockets are the Socket Mode connections of the app.
type slackSockets struct {
	bell    slackBell // rung when a connection comes or goes
	mu      sync.Mutex
	conns   []*slackSocket
	tickets map[string]bool
	waiting map[string]chan SlackAck
	// sent is when each envelope went out last. An acknowledgement may come
	// over another connection.
	sent   map[string]time.Time
	turn   int
	acks   []SlackAck
	opened int
	// goodbyes counts the connections that the client closed as it should.
	goodbyes int
	// onConnect is said to every new connection instead of hello.
	onConnect []string
}

// slackSocket is one connection; writes hold its lock.
type slackSocket struct {
	mu   sync.Mutex
	conn *websocket.Conn
	// leaving connections were told to go: nothing is delivered to them any
	// more. It is guarded by the lock of slackSockets.
	leaving bool
}

func (x *slackSockets) init() {
	x.bell.rung = make(chan struct{})
	x.tickets = map[string]bool{}
	x.waiting = map[string]chan SlackAck{}
	x.sent = map[string]time.Time{}
}

func (x *slackSockets) closeAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.conns {
		_ = c.conn.Close()
	}
}

// openConnection hands out an address that is good for one connection.
func (s *Slack) openConnection(slackArgs) map[string]any {
	s.mu.Lock()
	ticket := strconv.Itoa(s.newSerial())
	s.mu.Unlock()
	x := &s.sockets
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tickets[ticket] = true
	return map[string]any{"ok": true, "url": "ws" + strings.TrimPrefix(s.origin, "http") + "/socket?ticket=" + ticket}
}

// serveSocket is one Socket Mode connection from hello to its end.
func (s *Slack) serveSocket(w http.ResponseWriter, r *http.Request) {
	x := &s.sockets
	ticket := r.URL.Query().Get("ticket")
	x.mu.Lock()
	known := x.tickets[ticket]
	delete(x.tickets, ticket)
	x.mu.Unlock()
	if !known {
		http.Error(w, "ticket is unknown or used", http.StatusUnauthorized)
		return
	}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	c := &slackSocket{conn: conn}
	greeting := x.join(c)
	defer x.leave(c)
	if err := c.write(greeting); err != nil {
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	go c.pinging(ended)
	c.reading(x)
}

// join adds a connection and says what it is greeted with.
func (x *slackSockets) join(c *slackSocket) any {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.opened++
	x.conns = append(x.conns, c)
	x.bell.ring()
	if len(x.onConnect) > 0 {
		reason := x.onConnect[0]
		x.onConnect = x.onConnect[1:]
		return disconnectMessage(reason)
	}
	return map[string]any{"type": "hello", "num_connections": len(x.conns), "connection_info": map[string]any{"app_id": "A1"},
		"debug_info": map[string]any{"host": "fake", "approximate_connection_time": 3600}}
}

func disconnectMessage(reason string) any {
	return map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "fake"}}
}

func (x *slackSockets) leave(c *slackSocket) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, known := range x.conns {
		if known == c {
			x.conns = append(x.conns[:i:i], x.conns[i+1:]...)
		}
	}
	x.bell.ring()
}

func (c *slackSocket) write(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteJSON(v)
}

func (c *slackSocket) pinging(ended chan struct{}) {
	tick := time.NewTicker(slackPing)
	defer tick.Stop()
	for {
		_ = c.conn.WriteControl(websocket.PingMessage, []byte("fake"), time.Now().Add(time.Second)) // reading notices the end
		select {
		case <-tick.C:
		case <-ended:
			return
		}
	}
}

// reading takes acknowledgements until the connection ends.
func (c *slackSocket) reading(x *slackSockets) {
	for {
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := c.conn.ReadJSON(&ack); err != nil {
			x.left(websocket.IsCloseError(err, websocket.CloseNormalClosure))
			return
		}
		x.mu.Lock()
		took := time.Since(x.sent[ack.EnvelopeID])
		x.mu.Unlock()
		x.acknowledged(SlackAck{ack.EnvelopeID, ack.Payload, took})
	}
}

// left notes how a client went.
func (x *slackSockets) left(politely bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if politely {
		x.goodbyes++
	}
}

func (x *slackSockets) acknowledged(ack SlackAck) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.acks = append(x.acks, ack)
	x.bell.ring()
	if waiting, ok := x.waiting[ack.EnvelopeID]; ok {
		waiting <- ack // it has room for every delivery
	}
}

// pick waits for a connection; each in turn.
func (x *slackSockets) pick(ctx context.Context) (*slackSocket, error) {
	for {
		changed := x.bell.listen()
		x.mu.Lock()
		x.turn++
		for i := range x.conns {
			if c := x.conns[(x.turn+i)%len(x.conns)]; !c.leaving {
				x.mu.Unlock()
				return c, nil
			}
		}
		x.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("no socket is connected: %w", ctx.Err())
		}
	}
}

// Deliver sends an envelope times times, each over the next connection, and
// waits until every delivery is acknowledged. ErrSlackTimeout says that one
// was not within 3 s.
func (s *Slack) Deliver(ctx context.Context, kind string, payload any, times int) ([]SlackAck, error) {
	s.mu.Lock()
	id := fmt.Sprintf("envelope-%d", s.newSerial())
	s.mu.Unlock()
	x := &s.sockets
	acks := make(chan SlackAck, times)
	x.mu.Lock()
	x.waiting[id] = acks
	x.mu.Unlock()
	for attempt := range times {
		c, err := x.pick(ctx)
		if err != nil {
			return nil, err
		}
		x.mu.Lock()
		x.sent[id] = time.Now()
		x.mu.Unlock()
		envelope := map[string]any{"type": kind, "envelope_id": id, "payload": payload, "accepts_response_payload": true}
		if attempt > 0 {
			envelope["retry_attempt"], envelope["retry_reason"] = attempt, "timeout"
		}
		if err := c.write(envelope); err != nil {
			return nil, fmt.Errorf("write envelope: %w", err)
		}
	}
	return waitForAcks(ctx, acks, times)
}

func waitForAcks(ctx context.Context, from chan SlackAck, count int) ([]SlackAck, error) {
	timeout := time.NewTimer(slackAckTimeout)
	defer timeout.Stop()
	var acks []SlackAck
	for range count {
		select {
		case ack := <-from:
			acks = append(acks, ack)
		case <-timeout.C:
			return acks, ErrSlackTimeout
		case <-ctx.Done():
			return acks, ctx.Err()
		}
	}
	return acks, nil
}

// Disconnect tells every connection to renew itself, for a reason such as
// warning, refresh_requested or link_disabled.
func (s *Slack) Disconnect(reason string) {
	x := &s.sockets
	x.mu.Lock()
	conns := append([]*slackSocket(nil), x.conns...)
	x.mu.Unlock()
	for _, c := range conns {
		_ = c.write(disconnectMessage(reason)) // it may be gone already
	}
}

// Refresh renews the oldest connection as Slack does every few hours: it
// delivers nothing more to it and tells it to go. The others stay.
func (s *Slack) Refresh() {
	x := &s.sockets
	x.mu.Lock()
	var oldest *slackSocket
	if len(x.conns) > 0 {
		oldest = x.conns[0]
		oldest.leaving = true
	}
	x.mu.Unlock()
	if oldest != nil {
		_ = oldest.write(disconnectMessage("refresh_requested")) // it may be gone already
	}
}

// DisconnectNext makes the next connections be told to go instead of hello,
// one for each reason.
func (s *Slack) DisconnectNext(reasons ...string) {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	s.sockets.onConnect = append(s.sockets.onConnect, reasons...)
}

// CutSockets closes the connections under the app without a word.
func (s *Slack) CutSockets() { s.sockets.closeAll() }

// WaitSockets waits until exactly n connections are open.
func (s *Slack) WaitSockets(ctx context.Context, n int) error {
	return s.Wait(ctx, func() bool {
		s.sockets.mu.Lock()
		defer s.sockets.mu.Unlock()
		return len(s.sockets.conns) == n
	})
}

// Wait waits until a condition on what the fake has seen holds.
func (s *Slack) Wait(ctx context.Context, holds func() bool) error {
	for {
		rung := s.sockets.bell.listen()
		if holds() {
			return nil
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return fmt.Errorf("the fake has not seen it: %w", ctx.Err())
		}
	}
}

// slackBell wakes those who wait for something to happen.
type slackBell struct {
	mu   sync.Mutex
	rung chan struct{}
}

// listen gives a channel that closes at the next ring.
func (b *slackBell) listen() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rung
}

func (b *slackBell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.rung)
	b.rung = make(chan struct{})
}

// SocketsOpened is how many connections there were so far.
func (s *Slack) SocketsOpened() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return s.sockets.opened
}

// Goodbyes is how many connections the client closed with a close frame. One
// that falls silent goes on being delivered to by Slack.
func (s *Slack) Goodbyes() int {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return s.sockets.goodbyes
}

// Acks are all acknowledgements so far.
func (s *Slack) Acks() []SlackAck {
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	return append([]SlackAck(nil), s.sockets.acks...)
}
