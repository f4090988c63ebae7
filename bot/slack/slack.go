package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sethvargo/go-retry"
	"golang.org/x/sync/errgroup"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// defaultAPIURL is where Slack's Web API is.
const defaultAPIURL = "https://slack.com/api/"

// userAgent names the bot to Slack.
const userAgent = "cyberbrief"

// Options are what a Slack works with. BotToken is needed; commands come
// through Socket Mode when AppToken is set and through signed HTTP when
// SigningSecret is.
type Options struct {
	BotToken      string // xoxb-…
	AppToken      string // xapp-… with connections:write
	SigningSecret string
	// Admins are ids of members who may do what workspace admins may.
	Admins []string
	// APIURL points everything, Socket Mode included, at another server.
	APIURL string
	// Language is the language of a channel; nil means Japanese everywhere.
	Language func(bot.Ref) briefing.Language
	// Meter counts what goes on; nil counts nothing.
	Meter  bot.Meter
	Logger *slog.Logger
	Clock  func() time.Time
	// Base makes the HTTP requests; nil is the Transport's own.
	Base http.RoundTripper
}

// Slack is the bot in one workspace. Its methods are safe for concurrent use.
type Slack struct {
	opts   Options
	api    *client
	intake *intake
	log    *slog.Logger

	mu      sync.Mutex
	sockets int // that stand
}

// New checks the options and makes a Slack. It starts nothing and asks
// nobody; Run does.
func New(o Options) (*Slack, error) {
	if o.BotToken == "" {
		return nil, errors.New("slack: the bot token is missing: set SLACK_BOT_TOKEN")
	}
	if o.APIURL == "" {
		o.APIURL = defaultAPIURL
	}
	o.APIURL = strings.TrimSuffix(o.APIURL, "/") + "/"
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Meter == nil {
		o.Meter = bot.Unmetered{}
	}
	if o.Language == nil {
		o.Language = func(bot.Ref) briefing.Language { return briefing.Japanese }
	}
	transport := bot.NewTransport(bot.TransportOptions{
		Base:      o.Base,
		Secrets:   []string{o.BotToken, o.AppToken, o.SigningSecret},
		UserAgent: userAgent,
	})
	s := &Slack{opts: o, api: &client{o.APIURL, o.BotToken, transport, o.Clock}, log: o.Logger.With("platform", "slack")}
	s.intake = newIntake(s)
	return s, nil
}

// Run takes commands in and has them answered until ctx ends, and then
// finishes those it has acknowledged. It returns nil when ctx ended and a
// Fatal *bot.OutcomeError when Slack will not have us with these tokens;
// posting may go on without Run.
func (s *Slack) Run(ctx context.Context, r bot.Responder) error {
	defer s.api.http.CloseIdleConnections()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.intake.work(ctx, r); return nil })
	if s.opts.AppToken != "" {
		s.connected(0) // said from the start, also while Slack cannot be reached
	}
	g.Go(func() error {
		in, err := s.introduce(ctx)
		if err != nil {
			return err
		}
		if in != (bot.Installation{}) {
			s.log.Info("connected to workspace", "installation", in.ID(), "socket_mode", s.opts.AppToken != "", "signed_http", s.opts.SigningSecret != "")
		}
		if s.opts.AppToken == "" {
			return nil
		}
		return s.listen(ctx)
	})
	g.Go(func() error { <-ctx.Done(); return nil })
	if err := g.Wait(); err != nil && bot.ClassOf(err) == bot.Fatal {
		return err
	}
	return nil
}

// How long Run waits between attempts to reach Slack at the start.
const (
	firstPause   = time.Second
	longestPause = time.Minute
)

// introduce asks Slack who we are, again and again while it cannot be
// reached; nobody where it does not say. A token that Slack refuses is Fatal.
func (s *Slack) introduce(ctx context.Context) (in bot.Installation, err error) {
	pauses := retry.WithCappedDuration(longestPause, retry.NewExponential(firstPause))
	err = retry.Do(ctx, pauses, func(ctx context.Context) error {
		in, err = s.Installation(ctx)
		switch class := bot.ClassOf(err); {
		case err == nil:
			return nil
		case undecided(err):
			s.log.Warn("slack does not say whose token this is, going on", "error", err)
			return nil
		case class == bot.InstallationGone, class == bot.Fatal:
			return refused(err, "SLACK_BOT_TOKEN", "the bot token of the app (it begins with xoxb-)")
		default:
			s.log.Warn("slack cannot be reached, trying again", "error", err)
			return retry.RetryableError(err)
		}
	})
	return in, err
}

// undecided says whether an answer to auth.test says nothing about the
// token: a server that stands in for Slack need not know the method.
func undecided(err error) bool {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	return ok && slices.Contains([]string{noWorkspace, emptyAnswer, "unknown_method", statusCode(http.StatusNotFound)}, oe.Code)
}

// noWorkspace is the code of an answer that is a success without a workspace.
const noWorkspace = "no workspace"

// refused is the Fatal error for a token that Slack will not accept.
func refused(err error, variable, what string) error {
	code := "refused"
	if oe, ok := errors.AsType[*bot.OutcomeError](err); ok {
		code = oe.Code
	}
	return &bot.OutcomeError{Class: bot.Fatal, Code: code,
		Err: fmt.Errorf("slack refuses the token: check %s, %s; Slack stops here, the other platforms go on", variable, what)}
}

// Installation asks Slack which workspace the bot token belongs to.
func (s *Slack) Installation(ctx context.Context) (bot.Installation, error) {
	var who struct {
		TeamID string `json:"team_id"`
	}
	if err := s.api.call(ctx, "auth.test", nil, &who); err != nil {
		return bot.Installation{}, err
	}
	if who.TeamID == "" {
		return bot.Installation{}, &bot.OutcomeError{Class: bot.Transient, Code: noWorkspace, Err: errors.New("auth.test names none")}
	}
	return bot.Installation{Platform: bot.Slack, Tenant: who.TeamID}, nil
}

// Render turns a post into messages; see the function of this name.
func (s *Slack) Render(p bot.Post) ([]bot.Message, error) { return Render(p) }

// RenderReply turns a reply into messages; see the function of this name.
func (s *Slack) RenderReply(r bot.Reply, lang briefing.Language) ([]bot.Message, error) {
	return RenderReply(r, lang)
}
