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
				if err := s.connection(ctx, door); err != nil {
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

// connection runs one client of slack-go, which reconnects by itself, until
// it gives up or must be stopped. Only a Fatal error is returned.
func (s *Slack) connection(ctx context.Context, door *gate) error {
	ctx, cancel := context.WithCancel(ctx)
	var taps tapDialer
	smc := socketmode.New(
		slackgo.New(s.opts.BotToken, slackgo.OptionAppLevelToken(s.opts.AppToken), slackgo.OptionAPIURL(s.opts.APIURL),
			slackgo.OptionHTTPClient(door), slackgo.OptionLog(log.New(io.Discard, "", 0))),
		socketmode.OptionDialer(&websocket.Dialer{
			NetDialContext: taps.dial, NetDialTLSContext: taps.dialTLS,
			HandshakeTimeout: handshakeTimeout, WriteBufferSize: socketWriteBuffer,
		}),
		socketmode.OptionPingInterval(pingInterval),
		socketmode.OptionReadLimit(maxFrame),
		socketmode.OptionLog(log.New(io.Discard, "", 0)),
	)
	stands := false
	defer func() { s.stand(&stands, false) }()
	ended := make(chan error, 1)
	go func() { ended <- smc.RunContext(ctx) }()
	stop := func() { cancel(); <-ended }
	for {
		select {
		case e := <-smc.Events:
			switch e.Type {
			case socketmode.EventTypeConnecting:
				s.opts.Meter.SessionBegun(bot.Slack)
				s.stand(&stands, false)
			case socketmode.EventTypeHello:
				s.stand(&stands, true)
			}
			if err := s.event(ctx, smc, &taps, e); err != nil {
				stop()
				return err
			}
		case err := <-ended:
			cancel()
			if ctx.Err() == nil {
				s.log.Warn("socket client ended", "error", s.api.http.Redact(err.Error()))
			}
			return fatalSocket(err)
		}
	}
}

// stand notes whether a connection stands now.
func (s *Slack) stand(stands *bool, now bool) {
	switch {
	case now && !*stands:
		s.connected(1)
	case !now && *stands:
		s.connected(-1)
	}
	*stands = now
}

// event handles one event of a connection. It must not take long: while it
// runs, the connection is not read, not even Slack's pings.
func (s *Slack) event(ctx context.Context, smc *socketmode.Client, taps *tapDialer, e socketmode.Event) error {
	switch e.Type {
	case socketmode.EventTypeConnecting:
		return s.reconnecting(taps)
	case socketmode.EventTypeConnectionError:
		if failed, ok := e.Data.(*slackgo.ConnectionErrorEvent); ok {
			s.log.Warn("socket not connected", "attempt", failed.Attempt, "pause", failed.Backoff, "error", s.api.http.Redact(failed.ErrorObj.Error()))
			return fatalSocket(failed.ErrorObj)
		}
	case socketmode.EventTypeHello:
		s.log.Info("socket connected", "connections_of_app", e.Request.NumConnections)
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok {
			s.badMessage(ctx, smc, bad)
		}
	case socketmode.EventTypeErrorWriteFailed:
		s.log.Warn("acknowledgement was not written")
	case socketmode.EventTypeSlashCommand, socketmode.EventTypeInteractive, socketmode.EventTypeEventsAPI:
		s.envelope(ctx, smc, e.Request.Type, e.Request.EnvelopeID, e.Request.Payload)
	}
	return nil
}

// badMessage is a message that slack-go cannot read: a type that it does not
// know, or a field of another shape. It is acknowledged, lest Slack sends it
// again and again, and read by our own more patient eyes.
func (s *Slack) badMessage(ctx context.Context, smc *socketmode.Client, bad *socketmode.ErrorBadMessage) {
	var e struct {
		Type       string          `json:"type"`
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(bad.Message, &e); err != nil || e.EnvelopeID == "" {
		s.log.Warn("socket message cannot be read", "error", bad.Cause)
		return
	}
	s.log.Debug("socket message of an unknown shape", "type", e.Type, "error", bad.Cause)
	s.envelope(ctx, smc, e.Type, e.EnvelopeID, e.Payload)
}

// envelope acknowledges a delivery and takes it in. The queue never makes it
// wait, so that the acknowledgement, which may have to say that there is no
// room, goes out at once.
func (s *Slack) envelope(ctx context.Context, smc *socketmode.Client, kind, id string, payload json.RawMessage) {
	began := time.Now()
	var notice any
	switch kind {
	case socketmode.RequestTypeSlashCommands:
		var t typed
		j, err := job{}, json.Unmarshal(payload, &t)
		if err == nil {
			j, err = s.commandJob(id, t)
		}
		if err != nil {
			s.log.Warn("slash command cannot be read", "error", err)
		} else if busy := s.intake.accept(j); busy != nil {
			notice = busy
		}
	case socketmode.RequestTypeInteractive:
		if isSubmission(payload) {
			// The connection must not wait for the answer.
			if s.intake.soon(func(context.Context, bot.Responder) { s.acknowledge(ctx, smc, id, s.take(id, payload), began) }) {
				return
			}
		}
		notice = s.take(id, payload)
	case socketmode.RequestTypeEventsAPI:
		s.takeEvent(payload)
	}
	s.acknowledge(ctx, smc, id, notice, began)
}

// acknowledge answers a delivery that came when it began.
func (s *Slack) acknowledge(ctx context.Context, smc *socketmode.Client, id string, notice any, began time.Time) {
	if err := smc.AckCtx(ctx, id, notice); err != nil {
		s.log.Warn("acknowledgement was not sent", "error", err)
		return
	}
	s.opts.Meter.Acknowledged(bot.Slack, time.Since(began))
}

// reconnecting looks why Slack closed the last connection, which slack-go
// does not say.
func (s *Slack) reconnecting(taps *tapDialer) error {
	for _, reason := range taps.reasons() {
		s.log.Info("socket is renewed", "reason", reason)
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
