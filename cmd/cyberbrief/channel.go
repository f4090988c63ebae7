package main

import (
	"errors"
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// channelCommand is `channel list|add|remove|set|pause|resume|test|log`.
type channelCommand struct {
	List   channelListCommand   `cmd:"" help:"List the channels and their settings."`
	Add    channelAddCommand    `cmd:"" help:"Add a channel; it gets its first briefing at its next slot."`
	Remove channelRemoveCommand `cmd:"" help:"Remove a channel."`
	Set    channelSetCommand    `cmd:"" help:"Change a setting of a channel."`
	Pause  channelPauseCommand  `cmd:"" help:"Stop posting to a channel."`
	Resume channelResumeCommand `cmd:"" help:"Post to a paused channel again."`
	Test   channelTestCommand   `cmd:"" help:"Post a short test message now."`
	Log    channelLogCommand    `cmd:"" help:"Say who changed what."`
}

// cliUser is who the audit log names for changes made on the command line.
const cliUser = bot.ByCLI

// readStore is withStore for commands that change nothing: where there is no
// database yet, they say so, see an empty one and make none.
func readStore(e *environment, f func(*store.Store) error) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	if databaseExists(cfg.DatabaseURL.Reveal()) {
		return withStore(e, f)
	}
	fmt.Fprintf(e.stderr, "there is no %s yet: the bot makes it at its first start; if it has run, set DATABASE_URL as it has it\n", cfg.DatabaseURL.Reveal())
	s, err := store.Open(e.ctx, "sqlite::memory:", store.Options{Clock: e.clock})
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Shutdown())
}

// withStore runs f on the database of the configuration.
func withStore(e *environment, f func(*store.Store) error) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	s, err := store.Open(e.ctx, cfg.DatabaseURL.Reveal(), store.Options{Clock: e.clock})
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Shutdown())
}

// changeChannel loads a subscribed channel, changes it and keeps it with an
// audit entry.
func changeChannel(e *environment, name, what string, change func(*bot.Channel) error) error {
	ref, err := bot.ParseRef(name)
	if err != nil {
		return err
	}
	return withStore(e, func(s *store.Store) error {
		ch, err := s.Channel(e.ctx, ref)
		if errors.Is(err, briefing.ErrNotFound) {
			return fmt.Errorf("channel %s gets no briefings; \"cyberbrief channel list\" shows those that do", ref)
		}
		if err != nil {
			return err
		}
		before := ch
		if err := change(&ch); err != nil {
			return err
		}
		switch {
		case ch.State() != before.State():
			return s.PutChannel(e.ctx, ch, cliAudit(e, ref, what, before.State(), ch.State()))
		case ch.JSON() != before.JSON():
			return s.PutChannel(e.ctx, ch, cliAudit(e, ref, what, before.JSON(), ch.JSON()))
		}
		return nil // it was only looked at
	})
}

func cliAudit(e *environment, ref bot.Ref, what, before, after string) bot.AuditEntry {
	return bot.AuditEntry{At: e.clock(), Installation: ref.ID(), Who: cliUser, What: what, Ref: ref, Before: before, After: after}
}

// channelListCommand is `channel list`.
type channelListCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the channels.
func (c channelListCommand) Run(e *environment) error {
	return readStore(e, func(s *store.Store) error {
		channels, err := s.Channels(e.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, listed(channels))
		}
		p := &printer{w: e.stdout}
		for _, ch := range channels {
			p.line("%s  %s %s %s%s", ch.Ref, ch.Time, ch.Zone, ch.Days, pausedWords(ch))
		}
		if len(channels) == 0 {
			p.line("no channels yet: add one with \"cyberbrief channel add REF\"")
		}
		return p.err
	})
}

func pausedWords(ch bot.Channel) string {
	if !ch.Paused {
		return ""
	}
	return "  paused: " + bot.ReasonWords(ch.Reason, briefing.English)
}

// listedChannel is a channel as `channel list --json` prints it.
type listedChannel struct {
	Ref      bot.Ref      `json:"ref"`
	Paused   bool         `json:"paused"`
	Reason   string       `json:"reason"`
	Settings bot.Settings `json:"settings"`
}

func listed(channels []bot.Channel) []listedChannel {
	all := []listedChannel{}
	for _, ch := range channels {
		all = append(all, listedChannel{ch.Ref, ch.Paused, ch.Reason, ch.Settings})
	}
	return all
}

// channelAddCommand is `channel add`.
type channelAddCommand struct {
	Ref  string `arg:"" help:"slack:WORKSPACE/CHANNEL, discord:GUILD/CHANNEL or console:NAME."`
	Time string `arg:"" optional:"" help:"HH:MM; POST_TIME when left out."`
	Zone string `arg:"" optional:"" help:"IANA time zone; TIME_ZONE when left out."`
}

// Run adds a channel with the defaults of the configuration. Where the
// platform's token is there, the platform is asked first.
func (c channelAddCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	ref, err := bot.ParseRef(c.Ref)
	if err != nil {
		return err
	}
	settings, err := defaults(cfg)
	if err != nil {
		return err
	}
	for _, v := range []struct{ name, value string }{{"time", c.Time}, {"zone", c.Zone}} {
		if v.value == "" {
			continue
		}
		if err := settings.Set(v.name, v.value); err != nil {
			return err
		}
	}
	if err := checkChannel(e, cfg, ref); err != nil {
		return err
	}
	return withStore(e, func(s *store.Store) error {
		if _, err := s.Channel(e.ctx, ref); err == nil {
			return fmt.Errorf("channel %s is there already; change it with \"cyberbrief channel set\"", ref)
		}
		ch := bot.Channel{Ref: ref, Settings: settings, AddedAt: e.clock()}
		if err := s.PutChannel(e.ctx, ch, cliAudit(e, ref, "add", "", ch.JSON())); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "added %s: %s %s %s\n", ref, ch.Time, ch.Zone, ch.Days)
		return err
	})
}

// channelRemoveCommand is `channel remove`.
type channelRemoveCommand struct {
	Ref string `arg:"" help:"The channel."`
}

// Run removes a channel; what was posted there stays.
func (c channelRemoveCommand) Run(e *environment) error {
	ref, err := bot.ParseRef(c.Ref)
	if err != nil {
		return err
	}
	return withStore(e, func(s *store.Store) error {
		err := s.RemoveChannel(e.ctx, ref, cliAudit(e, ref, "remove", "", ""))
		if errors.Is(err, briefing.ErrNotFound) {
			return fmt.Errorf("channel %s gets no briefings; \"cyberbrief channel list\" shows those that do", ref)
		}
		return err
	})
}

// channelSetCommand is `channel set`.
type channelSetCommand struct {
	Ref   string `arg:"" help:"The channel."`
	Name  string `arg:"" optional:"" help:"The setting; all are shown when left out."`
	Value string `arg:"" optional:"" help:"Its new value."`
}

// Run changes one setting, or shows all.
func (c channelSetCommand) Run(e *environment) error {
	return changeChannel(e, c.Ref, "set", func(ch *bot.Channel) error {
		if c.Name != "" {
			return ch.Set(c.Name, c.Value)
		}
		p := &printer{w: e.stdout}
		for _, line := range ch.Lines() {
			p.line("%s", line)
		}
		return p.err
	})
}

// channelPauseCommand is `channel pause`.
type channelPauseCommand struct {
	Ref string `arg:"" help:"The channel."`
}

// Run pauses a channel.
func (c channelPauseCommand) Run(e *environment) error {
	return changeChannel(e, c.Ref, "pause", func(ch *bot.Channel) error {
		ch.Paused, ch.Reason = true, bot.PausedByAdmin
		return nil
	})
}

// channelResumeCommand is `channel resume`.
type channelResumeCommand struct {
	Ref string `arg:"" help:"The channel."`
}

// Run resumes a channel.
func (c channelResumeCommand) Run(e *environment) error {
	return changeChannel(e, c.Ref, "resume", func(ch *bot.Channel) error {
		ch.Paused, ch.Reason = false, ""
		return nil
	})
}
