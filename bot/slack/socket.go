package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"cyberbrief/bot"
)

const (
	// connections are held side by side: Slack delivers to any of them, so
	// nothing is lost while one is being renewed. An app may have ten.
	// https://docs.slack.dev/apis/events-api/using-socket-mode/
	connections = 2

	// pingInterval is how often Slack pings; after two without a ping the
	// connection is taken for dead.
	pingInterval = 30 * time.Second

	handshakeTimeout = 15 * time.Second

	// maxFrame bounds one message of the socket, in bytes.
	maxFrame = 1 << 20

	// Slack drops an acknowledgement that comes in more than one frame.
	socketWriteBuffer = 32 << 10
)

// New connections are opened at most this often. slack-go opens the next one
// at once when Slack closes one, 2,000 times a second if need be; so never
// more than 5 in 20 s nor 30 in 10 min.
const (
	openEvery = 24 * time.Second
	openBurst = 4
)

// listen holds the Socket Mode connections until ctx ends or Slack will not
// have us.
func (s *Slack) listen(ctx context.Context) error {
	door := &gate{s.api.http, rate.NewLimiter(rate.Every(openEvery), openBurst), make(chan struct{}, 1), s.opts.Clock}
	g, ctx := errgroup.WithContext(ctx)
	for range connections {
		g.Go(func() error {
			for ctx.Err() == nil {
				if err := s.newSocket(door).run(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// connected notes that so many more sockets stand, or fewer.
func (s *Slack) connected(more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets += more
	s.opts.Meter.Connections(bot.Slack, s.sockets)
}

// socket is one client of slack-go, which reconnects by itself.
type socket struct {
	*Slack
	client *socketmode.Client
	taps   tapDialer
	owed   acks
	stands bool
}

func (s *Slack) newSocket(door *gate) *socket {
	c := &socket{Slack: s}
	c.taps.sent = c.owed.pay
	c.client = socketmode.New(
		slackgo.New(s.opts.BotToken, slackgo.OptionAppLevelToken(s.opts.AppToken), slackgo.OptionAPIURL(s.opts.APIURL),
			slackgo.OptionHTTPClient(door), slackgo.OptionLog(log.New(io.Discard, "", 0))),
		socketmode.OptionDialer(&websocket.Dialer{
			NetDialContext: c.taps.dial, NetDialTLSContext: c.taps.dialTLS,
			HandshakeTimeout: handshakeTimeout, WriteBufferSize: socketWriteBuffer,
		}),
		socketmode.OptionPingInterval(pingInterval),
		socketmode.OptionReadLimit(maxFrame),
		socketmode.OptionLog(log.New(io.Discard, "", 0)),
	)
	return c
}

// run holds a connection until the client gives up or ctx ends; then it stays
// until what came is acknowledged. Only a Fatal error is returned.
func (c *socket) run(ctx context.Context) error {
	standing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer c.stand(false)
	ended := make(chan error, 1)
	go func() { ended <- c.client.RunContext(standing) }()
	stop := func() { cancel(); <-ended }
	for {
		select {
		case <-ctx.Done():
			c.owed.settle()
			stop()
			return nil
		case e := <-c.client.Events:
			if err := c.event(standing, e); err != nil {
				stop()
				return err
			}
		case err := <-ended:
			cancel()
			c.log.Warn("socket client ended", "error", c.api.http.Redact(err.Error()))
			return fatalSocket(err)
		}
	}
}

// stand notes whether the connection stands now.
func (c *socket) stand(now bool) {
	switch {
	case now && !c.stands:
		c.connected(1)
	case !now && c.stands:
		c.connected(-1)
	}
	c.stands = now
}

// event handles one event of the connection. It must not take long: while it
// runs, the connection is not read, not even Slack's pings.
func (c *socket) event(ctx context.Context, e socketmode.Event) error {
	switch e.Type {
	case socketmode.EventTypeConnecting:
		c.opts.Meter.SessionBegun(bot.Slack)
		c.stand(false)
		c.owed.forgive()
		return c.reconnecting()
	case socketmode.EventTypeConnectionError:
		if failed, ok := e.Data.(*slackgo.ConnectionErrorEvent); ok {
			c.log.Warn("socket not connected", "attempt", failed.Attempt, "pause", failed.Backoff, "error", c.api.http.Redact(failed.ErrorObj.Error()))
			return fatalSocket(failed.ErrorObj)
		}
	case socketmode.EventTypeHello:
		c.stand(true)
		c.log.Info("socket connected", "connections_of_app", e.Request.NumConnections)
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			c.badMessage(ctx, bad)
		}
	case socketmode.EventTypeErrorWriteFailed:
		c.owed.pay()
		c.log.Warn("acknowledgement was not written")
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		c.envelope(ctx, e.Request.Type, e.Request.EnvelopeID, e.Request.Payload)
	}
	return nil
}

// badMessage is a message that slack-go cannot read: a type that it does not
// know, or a field of another shape. It is acknowledged, lest Slack sends it
// again and again, and read by our own more patient eyes.
func (c *socket) badMessage(ctx context.Context, bad *socketmode.ErrorBadMessage) {
	var e struct {
		Type       string          `json:"type"`
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(bad.Message, &e); err != nil || e.EnvelopeID == "" {
		c.log.Warn("socket message cannot be read", "error", bad.Cause)
		return
	}
	c.log.Debug("socket message of an unknown shape", "type", e.Type, "error", bad.Cause)
	c.envelope(ctx, e.Type, e.EnvelopeID, e.Payload)
}

// envelope acknowledges a delivery and takes it in. The queue never makes it
// wait, so that the acknowledgement, which may have to say that there is no
// room, goes out at once.
func (c *socket) envelope(ctx context.Context, kind, id string, payload json.RawMessage) {
	began := time.Now()
	c.owed.owe()
	var notice any
	switch kind {
	case socketmode.RequestTypeSlashCommands:
		var t typed
		j, err := job{}, json.Unmarshal(payload, &t)
		if err == nil {
			j, err = c.commandJob(id, t)
		}
		if err != nil {
			c.log.Warn("slash command cannot be read", "error", err)
		} else if busy := c.intake.accept(j); busy != nil {
			notice = busy
		}
	case socketmode.RequestTypeInteractive:
		if isSubmission(payload) {
			// The connection must not wait for the answer.
			if c.intake.soon(func(context.Context, bot.Responder) { c.acknowledge(ctx, id, c.take(id, payload), began) }) {
				return
			}
		}
		notice = c.take(id, payload)
	case socketmode.RequestTypeEventsAPI:
		c.takeEvent(payload)
	}
	c.acknowledge(ctx, id, notice, began)
}

// acknowledge answers a delivery that came when it began.
func (c *socket) acknowledge(ctx context.Context, id string, notice any, began time.Time) {
	if err := c.client.AckCtx(ctx, id, notice); err != nil {
		c.owed.pay()
		c.log.Warn("acknowledgement was not sent", "error", err)
		return
	}
	c.opts.Meter.Acknowledged(bot.Slack, time.Since(began))
}

// reconnecting looks why Slack closed the last connection, which slack-go
// does not say.
func (c *socket) reconnecting() error {
	for _, reason := range c.taps.reasons() {
		c.log.Info("socket is renewed", "reason", reason)
		if classOf(reason) == bot.Fatal {
			return &bot.OutcomeError{Class: bot.Fatal, Code: reason,
				Err: errors.New("the app's Socket Mode was switched off: switch it on in the app's settings, or use SLACK_SIGNING_SECRET instead of SLACK_APP_TOKEN")}
		}
	}
	return nil
}

// fatalSocket is a Fatal error when err means that Slack will never let us
// in, else nil. slack-go itself gives up for some of these only.
func fatalSocket(err error) error {
	var refusal slackgo.SlackErrorResponse
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok && status.Code == http.StatusNotFound {
		return &bot.OutcomeError{Class: bot.Fatal, Code: statusCode(status.Code),
			Err: errors.New("there is no apps.connections.open at this address: check SLACK_API_URL")}
	}
	if !errors.As(err, &refusal) {
		return nil
	}
	switch class := classOf(refusal.Err); class {
	case bot.InstallationGone, bot.Fatal:
		return refused(&bot.OutcomeError{Class: class, Code: refusal.Err}, "SLACK_APP_TOKEN",
			"the app-level token (it begins with xapp- and needs the scope connections:write)")
	}
	return nil
}

// gate lets slack-go's requests for a new connection through one at a time
// and at a bounded rate.
type gate struct {
	http  *bot.Transport
	limit *rate.Limiter
	turn  chan struct{}
	clock func() time.Time
}

// Do makes slack-go's request. slack-go can read a Retry-After only if it is
// a whole number.
func (g *gate) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := g.limit.Wait(ctx); err != nil {
		return nil, fmt.Errorf("wait to open a connection: %w", err)
	}
	resp, err := g.http.Do(req)
	if err != nil {
		return nil, err
	}
	if wait := bot.RetryAfter(resp.Header, g.clock()); wait > 0 {
		resp.Header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	return resp, nil
}
