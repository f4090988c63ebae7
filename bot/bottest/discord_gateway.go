package bottest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// DiscordGateway says how the gateway behaves towards new connections.
type DiscordGateway struct {
	// Heartbeat is the interval it asks for; 41.25 s at first.
	Heartbeat time.Duration
	// NeverHello leaves a connection without a word.
	NeverHello bool
	// NeverReady leaves an Identify without an answer.
	NeverReady bool
	// NoAcks leaves heartbeats without an answer.
	NoAcks bool
	// FirstOp is sent in the place of Ready.
	FirstOp int
	// CloseOnIdentify is the code to close with in the place of Ready.
	CloseOnIdentify int
	// Identified is how many sessions were begun today before.
	Identified int
}

// Opcodes of the gateway. https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
const (
	gatewayDispatch     = 0
	gatewayHeartbeat    = 1
	gatewayIdentify     = 2
	gatewayResume       = 6
	GatewayReconnect    = 7 // for SendOp
	GatewayInvalid      = 9 // for SendOp
	gatewayHello        = 10
	gatewayHeartbeatAck = 11
)

// discordConnection is one client of the gateway.
type discordConnection struct {
	ws    *websocket.Conn
	mu    sync.Mutex // for writing
	seq   int
	ready int // the number of its session, from 1; guarded by Discord.mu
}

// SetGateway changes how new connections are treated.
func (d *Discord) SetGateway(g DiscordGateway) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.Heartbeat == 0 {
		g.Heartbeat = d.gateway.Heartbeat
	}
	d.gateway = g
}

// Connects is how many connections the gateway has had.
func (d *Discord) Connects() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.connects
}

// Identifies is how often a client asked for a session.
func (d *Discord) Identifies() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.identifies
}

// Sessions is how many sessions became ready.
func (d *Discord) Sessions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions
}

// AwaitConnects waits until the gateway has had n connections.
func (d *Discord) AwaitConnects(ctx context.Context, n int) error {
	if !d.await(ctx.Done(), func() bool { return d.connects >= n }) {
		return context.Cause(ctx)
	}
	return nil
}

// AwaitReady waits until the n-th session, or a later one, is ready and the
// commands are registered.
func (d *Discord) AwaitReady(ctx context.Context, n int) error {
	ok := d.await(ctx.Done(), func() bool {
		newest := d.newestReady()
		return newest != nil && newest.ready >= n && len(d.commands) > 0
	})
	if !ok {
		return context.Cause(ctx)
	}
	return nil
}

// newestReady is the connection that gets events. The caller holds mu.
func (d *Discord) newestReady() (newest *discordConnection) {
	for c := range d.connections {
		if c.ready > 0 && (newest == nil || c.ready > newest.ready) {
			newest = c
		}
	}
	return newest
}

// SendOp sends every connection an opcode, such as GatewayReconnect.
func (d *Discord) SendOp(op int, data any) {
	for _, c := range d.allConnections() {
		c.send(op, "", data)
	}
}

// SendRaw sends every connection a text as it is.
func (d *Discord) SendRaw(text string) {
	for _, c := range d.allConnections() {
		c.mu.Lock()
		_ = c.ws.WriteMessage(websocket.TextMessage, []byte(text))
		c.mu.Unlock()
	}
}

// CloseGateway closes every connection with a code.
func (d *Discord) CloseGateway(code int) {
	for _, c := range d.allConnections() {
		c.close(code)
	}
}

func (d *Discord) allConnections() []*discordConnection {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*discordConnection
	for c := range d.connections {
		all = append(all, c)
	}
	return all
}

func (c *discordConnection) send(op int, event string, data any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	packet := map[string]any{"op": op, "d": data, "s": nil, "t": nil}
	if op == gatewayDispatch {
		c.seq++
		packet["s"], packet["t"] = c.seq, event
	}
	_ = c.ws.WriteJSON(packet)
}

func (c *discordConnection) close(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	_ = c.ws.Close()
}

func (d *Discord) serveGateway(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	c := &discordConnection{ws: ws}
	d.mu.Lock()
	d.connections[c] = true
	d.connects++
	behaviour := d.gateway
	d.notify()
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.connections, c)
	}()
	if !behaviour.NeverHello {
		c.send(gatewayHello, "", map[string]any{"heartbeat_interval": behaviour.Heartbeat.Milliseconds()})
	}
	for d.readPacket(c, behaviour) {
	}
}

// readPacket acts on one packet of the client; false ends the connection.
func (d *Discord) readPacket(c *discordConnection, g DiscordGateway) bool {
	_, b, err := c.ws.ReadMessage()
	if err != nil {
		return false
	}
	var packet struct {
		Op   int             `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	if json.Unmarshal(b, &packet) != nil {
		c.close(4002)
		return false
	}
	switch packet.Op {
	case gatewayHeartbeat:
		if !g.NoAcks {
			c.send(gatewayHeartbeatAck, "", nil)
		}
	case gatewayIdentify:
		return d.identify(c, g, packet.Data)
	case gatewayResume:
		c.send(GatewayInvalid, "", false)
	default:
		c.close(4001)
		return false
	}
	return true
}

func (d *Discord) identify(c *discordConnection, g DiscordGateway, data json.RawMessage) bool {
	var who struct {
		Token   string `json:"token"`
		Intents *int   `json:"intents"`
	}
	_ = json.Unmarshal(data, &who)
	d.mu.Lock()
	d.identifies++
	again := c.ready > 0
	d.notify()
	d.mu.Unlock()
	switch {
	case strings.TrimPrefix(who.Token, "Bot ") != DiscordToken:
		c.close(4004)
	case again:
		c.close(4005)
	case who.Intents == nil:
		c.close(4013)
	case g.CloseOnIdentify != 0:
		c.close(g.CloseOnIdentify)
	case g.FirstOp != 0:
		c.send(g.FirstOp, "", false)
		return true
	case g.NeverReady:
		return true
	default:
		c.send(gatewayDispatch, "READY", map[string]any{
			"v": 9, "session_id": "session", "resume_gateway_url": "ws://127.0.0.1:1",
			"user":        map[string]any{"id": DiscordBotID, "username": "cyberbrief", "bot": true},
			"application": map[string]any{"id": DiscordApplicationID, "flags": 0},
			"guilds":      []any{},
		})
		d.mu.Lock()
		defer d.mu.Unlock()
		d.sessions++
		c.ready = d.sessions
		d.notify()
		return true
	}
	return false
}

// dispatch sends an event to a connection that is ready; false if there is
// none.
func (d *Discord) dispatch(event string, data any) bool {
	d.mu.Lock()
	c := d.newestReady()
	d.mu.Unlock()
	if c == nil {
		return false
	}
	c.send(gatewayDispatch, event, data)
	return true
}
