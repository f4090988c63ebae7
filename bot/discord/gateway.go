package discord

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"cyberbrief/bot"
)

// timing is how long the gateway and its supervisor wait.
type timing struct {
	// hello is for each of: dialling, Hello, Ready, writing a packet.
	hello time.Duration
	// first is the wait before the second attempt; it doubles up to last.
	first, last time.Duration
	// obeyed is how long a connection must have lasted for the next attempt to
	// come at once where the gateway itself asked for it. It does so in normal
	// times too, but one that asks at once, again and again, is not well.
	obeyed time.Duration
}

func defaultTiming() timing {
	return timing{10 * time.Second, time.Second, 5 * time.Minute, 5 * time.Second}
}

// settled is how long a connection must have lasted for the next attempt to
// come at once again.
const settled = 30 * time.Second

// servedWell says whether a connection that ended so was a good one, so that
// the next attempt may come at once.
func (t timing) servedWell(err error, lasted time.Duration) bool {
	return lasted >= settled || errors.Is(err, errReconnect) && lasted >= t.obeyed
}

// supervise keeps one gateway connection until ctx ends: each a fresh session
// of discordgo, which is never told to reconnect or resume by itself.
func (d *Discord) supervise(ctx context.Context) error {
	wait := newBackoff(d.times)
	spent := identifies{notes: d.opts.Notes, log: d.log}
	d.opts.Meter.Connections(bot.Discord, 0)
	for ctx.Err() == nil {
		began := time.Now()
		err := d.connect(ctx, &spent)
		switch {
		case ctx.Err() != nil:
			return nil
		case bot.ClassOf(err) == bot.Fatal:
			return err
		case d.times.servedWell(err, time.Since(began)):
			wait.reset()
		}
		d.log.Warn("gateway connection ended, connecting again", "error", err, "after", time.Since(began).Round(time.Second))
		wait.sleep(ctx, retryAfter(err))
	}
	return nil
}

// connect opens a session and returns why it ended.
func (d *Discord) connect(ctx context.Context, spent *identifies) error {
	address, err := d.gatewayAddress(ctx)
	if err != nil {
		return err
	}
	if err := spent.spend(ctx, d.opts.Clock()); err != nil {
		return err
	}
	d.opts.Meter.SessionBegun(bot.Discord)
	defer d.opts.Meter.Connections(bot.Discord, 0)
	c := &connection{d: d, ready: make(chan struct{}), gone: make(chan struct{})}
	c.becameReady = sync.OnceFunc(func() { close(c.ready) })
	c.wentAway = sync.OnceFunc(func() { close(c.gone) })
	err = c.run(ctx, address)
	if code, ok := errors.AsType[closed](err); ok && fatalClose(code) != "" {
		return &bot.OutcomeError{Class: bot.Fatal, Code: fmt.Sprintf("close %d", int(code)), Err: fmt.Errorf("%s: %w", fatalClose(code), err)}
	}
	return err
}

// fatalClose says what to do about a close code after which no attempt can
// succeed; empty for the others.
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
func fatalClose(c closed) string {
	switch c {
	case 4004:
		return "Discord refuses the bot's token: check DISCORD_TOKEN (Developer Portal, your application, Bot, Reset Token)"
	case 4010, 4011:
		return "the bot is on too many servers for one gateway connection: set DISCORD_PUBLIC_KEY and the Interactions Endpoint URL instead"
	case 4012:
		return "Discord no longer speaks this version of its API: update the program, and check DISCORD_API_URL"
	case 4013, 4014:
		return "Discord refuses the intents, of which the bot asks for none: update the program"
	}
	return ""
}

// gatewayAddress asks where the gateway is and whether a session may begin.
func (d *Discord) gatewayAddress(ctx context.Context) (string, error) {
	var g struct {
		URL   string `json:"url"`
		Limit *struct {
			Remaining  *int    `json:"remaining"`   // nil: not said
			ResetAfter float64 `json:"reset_after"` // ms
		} `json:"session_start_limit"`
	}
	err := d.api.get(ctx, "gateway/bot", &g)
	if bot.ClassOf(err) == bot.Fatal {
		return "", wrongToken(err)
	}
	if err != nil || g.URL == "" {
		err = d.api.get(ctx, "gateway", &g)
	}
	switch {
	case err != nil:
		return "", err
	case g.URL == "":
		return "", &bot.OutcomeError{Class: bot.Transient, Code: "no gateway", Err: errors.New("Discord named no gateway")}
	case g.Limit != nil && g.Limit.Remaining != nil && *g.Limit.Remaining <= 0:
		return "", noSessions(bot.ClampRetryAfter(g.Limit.ResetAfter / 1000))
	}
	return g.URL, nil
}

// connection is one gateway session from its beginning to its end.
type connection struct {
	d     *Discord
	wire  atomic.Pointer[wire] // nil until dialled
	ready chan struct{}
	gone  chan struct{}
	// becameReady closes ready; wentAway closes gone, when discordgo has let
	// go of the connection, which it says once or twice.
	becameReady, wentAway func()
}

func (c *connection) run(ctx context.Context, address string) error {
	s, err := c.newSession(ctx, address)
	if err != nil {
		return err
	}
	ctxEnds := context.AfterFunc(ctx, c.cut)
	err = s.Open()
	ctxEnds()
	if err != nil {
		return c.reason(err)
	}
	select {
	case <-c.ready:
	case <-c.gone:
		return c.reason(errors.New("the connection was lost"))
	case <-ctx.Done():
	case <-time.After(c.d.times.hello):
		_ = c.wire.Load().end(errors.New("the gateway did not become ready"))
		c.cut()
	}
	select {
	case <-c.gone:
	case <-ctx.Done():
		_ = s.Close() // says goodbye, takes a second
	}
	return c.reason(errors.New("the connection was lost"))
}

// cut ends the connection; discordgo notices by the failing read.
func (c *connection) cut() {
	if w := c.wire.Load(); w != nil {
		_ = w.Conn.Close()
	}
}

func (c *connection) reason(otherwise error) error {
	if w := c.wire.Load(); w != nil && w.reason() != nil {
		return w.reason()
	}
	return otherwise
}

func (c *connection) newSession(ctx context.Context, address string) (*discordgo.Session, error) {
	s, err := discordgo.New("Bot " + c.d.opts.Token)
	if err != nil {
		return nil, err
	}
	s.LogLevel = -1 // its log would print the token
	s.Identify.Intents = discordgo.IntentsNone
	s.Compress, s.Identify.Compress = false, false
	s.StateEnabled = false
	s.SyncEvents = true
	s.ShouldReconnectOnError = false
	s.ShouldReconnectVoiceOnSessionError = false
	s.ShouldRetryOnRateLimit = false
	s.MaxRestRetries = 0
	address, err = completed(address)
	if err != nil {
		return nil, err
	}
	s.Client = &http.Client{Transport: knownGateway(address)}
	s.Dialer = c.dialer(ctx)
	s.AddHandler(func(*discordgo.Session, *discordgo.Disconnect) { c.wentAway() })
	s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) { c.onEvent(e) })
	return s, nil
}

// completed is the address of the gateway with what discordgo would append to
// it, a slash after the path and then the query, in a fragment, which nobody
// sends: a server whose route has no slash at its end knows no other.
// https://discord.com/developers/docs/events/gateway#connecting-gateway-url-query-string-params
func completed(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("gateway address: %w", err)
	}
	query := u.Query()
	query.Set("v", discordgo.APIVersion)
	query.Set("encoding", "json")
	u.RawQuery, u.Fragment = query.Encode(), "/"
	return u.String(), nil
}

// knownGateway is the only REST that discordgo gets to see: it asks where the
// gateway is, and is told what is known already.
type knownGateway string

func (g knownGateway) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, "/gateway") {
		return nil, errors.New("discordgo makes no requests here")
	}
	body, err := json.Marshal(map[string]string{"url": string(g)})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{},
		Body:       io.NopCloser(strings.NewReader(string(body))),
		Request:    req,
	}, nil
}

// dialer dials a wire, and TLS below it where the address asks for it.
func (c *connection) dialer(ctx context.Context) *websocket.Dialer {
	over := func(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
		return func(_ context.Context, network, addr string) (net.Conn, error) {
			dialCtx, cancel := context.WithTimeout(ctx, c.d.times.hello)
			defer cancel()
			conn, err := dial(dialCtx, network, addr)
			if err != nil {
				return nil, err
			}
			w := newWire(conn, c.d.times.hello)
			c.wire.Store(w)
			return w, nil
		}
	}
	return &websocket.Dialer{
		HandshakeTimeout:  c.d.times.hello,
		NetDialContext:    over((&net.Dialer{}).DialContext),
		NetDialTLSContext: over((&tls.Dialer{Config: &tls.Config{NextProtos: []string{"http/1.1"}}}).DialContext),
	}
}

// onEvent takes what the gateway dispatches. It runs in discordgo's reading
// goroutine, so it must neither block nor panic.
func (c *connection) onEvent(e *discordgo.Event) {
	defer func() {
		if p := recover(); p != nil {
			c.d.log.Error("gateway event panicked", "type", e.Type, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	switch e.Type {
	case "READY":
		c.onReady(e.RawData)
	case "INTERACTION_CREATE":
		var i interaction
		if err := json.Unmarshal(e.RawData, &i); err != nil {
			c.d.log.Error("unreadable interaction", "error", err)
			return
		}
		c.d.receive(i)
	}
}

func (c *connection) onReady(raw json.RawMessage) {
	var r struct {
		User        identified `json:"user"`
		Application identified `json:"application"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		c.d.log.Warn("unreadable ready event", "error", err)
	}
	c.d.learn(r.User.ID, r.Application.ID)
	c.d.log.Info("gateway is ready", "user", r.User.ID)
	c.d.opts.Meter.Connections(bot.Discord, 1)
	c.becameReady()
	c.d.intake.background(func(ctx context.Context) { _ = c.d.registerCommands(ctx) }) // it has logged why
}
