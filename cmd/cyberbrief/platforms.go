package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"cyberbrief/bot"
	"cyberbrief/bot/console"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/briefing"
	"cyberbrief/config"
)

// platform is what every platform can do.
type platform interface {
	delivery.Sender
	delivery.Editor
	bot.Checker
	// Run takes commands in until ctx ends; an error means that the platform
	// will not have us.
	Run(context.Context, bot.Responder) error
}

// platformSet holds the platforms that the operator set up.
type platformSet struct {
	all     map[bot.Platform]platform
	console *console.Console        // nil unless it is served
	hooks   map[string]http.Handler // by path
}

// newPlatforms makes the platforms that have a token; it asks nobody. language
// is that of a channel, nil for Japanese everywhere; it must not block. notes
// outlive a restart, nil where no gateway is connected to. On the
// console everybody is an admin where the page is the reader's own, as in the
// demo, and nobody elsewhere: it knows no logins.
func newPlatforms(e *environment, cfg config.Config, log *slog.Logger, language func(bot.Ref) briefing.Language, meter bot.Meter, notes discord.Notes, ownConsole bool) (*platformSet, error) {
	ps := &platformSet{all: map[bot.Platform]platform{}, hooks: map[string]http.Handler{}}
	if cfg.SlackBotToken != "" {
		s, err := slack.New(slack.Options{
			BotToken: cfg.SlackBotToken.Reveal(), AppToken: cfg.SlackAppToken.Reveal(),
			SigningSecret: cfg.SlackSigningSecret.Reveal(), Admins: cfg.SlackAdmins,
			APIURL: string(cfg.SlackAPIURL), Language: language, Meter: meter, Logger: log, Clock: e.clock, Base: e.base,
		})
		if err != nil {
			return nil, err
		}
		ps.all[bot.Slack] = s
		if cfg.SlackSigningSecret != "" {
			ps.hooks["/slack/commands"] = s.Commands()
			ps.hooks["/slack/interactions"] = s.Interactions()
			ps.hooks["/slack/events"] = s.Events()
		}
	}
	if cfg.DiscordToken != "" {
		d, err := discord.New(discord.Options{
			Token: cfg.DiscordToken.Reveal(), ApplicationID: cfg.DiscordApplicationID,
			PublicKey: cfg.DiscordPublicKey, APIURL: string(cfg.DiscordAPIURL), Language: language, Meter: meter, Logger: log, Clock: e.clock, Notes: notes, Base: e.base,
		})
		if err != nil {
			return nil, err
		}
		ps.all[bot.Discord] = d
		if cfg.DiscordPublicKey != "" {
			ps.hooks["/discord/interactions"] = d.Interactions()
		}
	}
	if cfg.Console {
		c, err := console.New(console.Options{
			Logger: log, Clock: e.clock, Channels: consoleChannels(cfg), Admins: ownConsole, PublicURL: string(cfg.PublicURL),
		})
		if err != nil {
			return nil, err
		}
		ps.all[bot.Console], ps.console = c, c
	}
	return ps, nil
}

// consoleChannels are the channels of the chat page: those that are
// subscribed by configuration, or one.
func consoleChannels(cfg config.Config) []string {
	var names []string
	for _, name := range cfg.Channels {
		if ref, err := bot.ParseRef(name); err == nil && ref.Platform == bot.Console {
			names = append(names, ref.Channel)
		}
	}
	return names
}

// senders are the platforms as delivery sees them.
func (ps *platformSet) senders() map[bot.Platform]delivery.Sender {
	senders := map[bot.Platform]delivery.Sender{}
	for name, p := range ps.all {
		senders[name] = p
	}
	return senders
}

// checkers are the platforms as the Router sees them.
func (ps *platformSet) checkers() map[bot.Platform]bot.Checker {
	checkers := map[bot.Platform]bot.Checker{}
	for name, p := range ps.all {
		checkers[name] = p
	}
	return checkers
}

// checkChannel asks the channel's platform whether the bot can post there.
// Without a token there is nobody to ask, and a platform can be out of reach:
// the channel can be set up before.
func checkChannel(e *environment, cfg config.Config, ref bot.Ref) error {
	if ref.Platform == bot.Console {
		return nil
	}
	ps, err := newPlatforms(e, cfg, newLogger(e, cfg), nil, nil, nil, false)
	if err != nil {
		return err
	}
	p, ok := ps.all[ref.Platform]
	if !ok {
		fmt.Fprintf(e.stderr, "cyberbrief: %s was not asked about %s: no token is set\n", ref.Platform, ref)
		return nil
	}
	err = p.Check(e.ctx, ref)
	switch {
	case errors.Is(err, bot.ErrUnchecked):
		complain(e.stderr, fmt.Errorf("whether %s can be posted to is not known: %w", ref, err))
	case err != nil:
		return fmt.Errorf("channel %s: %w", ref, err)
	}
	return nil
}
