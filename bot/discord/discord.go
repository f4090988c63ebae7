package discord

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Discord is the platform. It is safe for concurrent use.
type Discord struct {
	opts    Options
	api     *client
	threads *threads
	key     ed25519.PublicKey // nil: no signed requests
	log     *slog.Logger
	intake  *intake
	times   timing

	mu sync.Mutex
	me string // the bot's user id, once known
	// application is the id of the application, once known.
	application string
}

// Options configure the platform.
type Options struct {
	// Token is the bot's token, without "Bot " before it.
	Token string
	// ApplicationID may be empty: Discord is asked.
	ApplicationID string
	// PublicKey is the application's key in hexadecimal. Where it is set,
	// interactions come as signed HTTP requests and no gateway is opened.
	PublicKey string
	// APIURL is Discord's by default. It points everything, the gateway
	// included, at another server.
	APIURL string
	// Language is the language of a channel; nil means Japanese everywhere.
	Language func(bot.Ref) briefing.Language
	// Meter counts what goes on; nil counts nothing.
	Meter  bot.Meter
	Logger *slog.Logger
	// Notes keep how often the gateway was connected to in the last day; nil
	// counts from the start of the process.
	Notes Notes
	// Clock is the wall clock; time.Now by default.
	Clock func() time.Time
	// Base makes the HTTP requests; nil is the Transport's own.
	Base http.RoundTripper
}

const (
	defaultAPIURL = "https://discord.com/api/v9/"
	// userAgent has the form that Discord asks for.
	// https://discord.com/developers/docs/reference#user-agent
	userAgent = "DiscordBot (cyberbrief, 1)"
)

// New makes the platform. It starts nothing and asks nobody.
func New(o Options) (*Discord, error) {
	o.Token = strings.TrimPrefix(strings.TrimSpace(o.Token), "Bot ")
	if o.Token == "" {
		return nil, errors.New("discord: DISCORD_TOKEN is empty")
	}
	o.APIURL = strings.TrimSuffix(cmp.Or(o.APIURL, defaultAPIURL), "/") + "/"
	base, err := url.Parse(o.APIURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("discord: DISCORD_API_URL %q is no address", o.APIURL)
	}
	var key ed25519.PublicKey
	if o.PublicKey != "" {
		if key, err = parseKey(o.PublicKey); err != nil {
			return nil, fmt.Errorf("discord: DISCORD_PUBLIC_KEY: %w", err)
		}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Meter == nil {
		o.Meter = bot.Unmetered{}
	}
	if o.Language == nil {
		o.Language = func(bot.Ref) briefing.Language { return briefing.Japanese }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	transport := bot.NewTransport(bot.TransportOptions{Base: o.Base, Secrets: []string{o.Token}, UserAgent: userAgent})
	d := &Discord{opts: o, key: key, log: o.Logger.With("platform", "discord"), application: o.ApplicationID, threads: newThreads(o.Clock), times: defaultTiming()}
	d.api = &client{transport: transport, base: o.APIURL, token: o.Token, clock: o.Clock, pace: newPacer()}
	d.intake = newIntake(maxWorkers, maxWaiting, o.Clock)
	return d, nil
}

// Run answers commands until ctx ends; then it waits for the answers under
// way and returns nil. It returns a Fatal *bot.OutcomeError when Discord
// refuses the token or the application for good, and never anything else.
func (d *Discord) Run(ctx context.Context, r bot.Responder) error {
	d.intake.open(ctx, r)
	defer d.api.transport.CloseIdleConnections()
	defer d.intake.close()
	if d.key == nil {
		return d.supervise(ctx)
	}
	if err := d.introduce(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// introduce registers the commands, as soon as Discord can be reached. Its
// error says that the token is wrong; nothing else keeps the bot from
// answering.
func (d *Discord) introduce(ctx context.Context) error {
	for wait := newBackoff(d.times); ctx.Err() == nil; {
		err := d.registerCommands(ctx)
		switch bot.ClassOf(err) {
		case bot.Transient, bot.Limited:
			wait.sleep(ctx, retryAfter(err))
			continue
		case bot.Fatal:
			if _, err := d.self(ctx); bot.ClassOf(err) == bot.Fatal {
				return wrongToken(err)
			}
		}
		return nil
	}
	return nil
}

func wrongToken(err error) error {
	return &bot.OutcomeError{Class: bot.Fatal, Code: codeOf(err), Err: fmt.Errorf(
		"Discord refuses the bot's token: check DISCORD_TOKEN (Developer Portal, your application, Bot, Reset Token): %w", err)}
}

// self is the bot's user id. It is asked for once.
func (d *Discord) self(ctx context.Context) (string, error) {
	d.mu.Lock()
	me := d.me
	d.mu.Unlock()
	if me != "" {
		return me, nil
	}
	var user identified
	if err := d.api.get(ctx, "users/@me", &user); err != nil {
		return "", err
	}
	d.learn(user.ID, "")
	return user.ID, nil
}

// applicationID is the id of the bot's application. It is asked for once.
func (d *Discord) applicationID(ctx context.Context) (string, error) {
	if known := d.knownApplication(); known != "" {
		return known, nil
	}
	var app identified
	if err := d.api.get(ctx, "applications/@me", &app); err != nil {
		return "", err
	}
	d.learn("", app.ID)
	return app.ID, nil
}

func (d *Discord) knownApplication() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.application
}

// learn keeps who the bot is, where that is not known yet.
func (d *Discord) learn(me, application string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.me, d.application = cmp.Or(d.me, me), cmp.Or(d.application, application)
}
