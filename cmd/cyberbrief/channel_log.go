package main

import (
	"errors"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// channelLogCommand is `channel log`.
type channelLogCommand struct {
	Ref   string `arg:"" optional:"" help:"Changes of this channel only; of all channels when left out."`
	Limit int    `default:"50" help:"How many changes at most."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// loggedChange is a change as `channel log --json` prints it.
type loggedChange struct {
	At     string  `json:"at"` // RFC 3339
	Who    string  `json:"who"`
	What   string  `json:"what"`
	Ref    bot.Ref `json:"ref"`
	Before string  `json:"before"`
	After  string  `json:"after"`
}

// Run prints who changed what, newest first.
func (c channelLogCommand) Run(e *environment) error {
	const timeForm = "2006-01-02 15:04 MST"
	var only bot.Ref
	if c.Ref != "" {
		var err error
		if only, err = bot.ParseRef(c.Ref); err != nil {
			return err
		}
	}
	if c.Limit < 1 {
		return errors.New("--limit: want a number from 1 on")
	}
	return readStore(e, func(s *store.Store) error {
		entries, err := s.AuditOf(e.ctx, only, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, logged(entries))
		}
		p := &printer{w: e.stdout}
		for _, a := range entries {
			p.line("%s  %s  %s %s  %s", a.At.Format(timeForm), a.Who, a.What, a.Ref, a.Change())
		}
		if len(entries) == 0 {
			p.line("no changes yet")
		}
		return p.err
	})
}

func logged(entries []bot.AuditEntry) []loggedChange {
	all := []loggedChange{}
	for _, a := range entries {
		all = append(all, loggedChange{a.At.Format("2006-01-02T15:04:05Z07:00"), a.Who, a.What, a.Ref, a.Before, a.After})
	}
	return all
}

// channelTestCommand is `channel test`.
type channelTestCommand struct {
	Ref string `arg:"" help:"The channel; it need not be added yet."`
}

// Run posts a short message to a channel, outside its slots.
func (c channelTestCommand) Run(e *environment) (err error) {
	ref, err := bot.ParseRef(c.Ref)
	if err != nil {
		return err
	}
	cfg, err := e.fullConfig()
	if err != nil {
		return err
	}
	log := newLogger(e, cfg)
	s, err := store.Open(e.ctx, cfg.DatabaseURL.Reveal(), store.Options{Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Shutdown()) }()
	m, err := newMachine(e, cfg, log, s, newMeters(), false)
	if err != nil {
		return err
	}
	ch, err := s.Channel(e.ctx, ref)
	switch {
	case errors.Is(err, briefing.ErrNotFound):
		ch.Language = briefing.Japanese
	case err != nil:
		return err
	}
	if err := m.deliverer.Test(e.ctx, ref, ch.Language); err != nil {
		return err
	}
	p := &printer{w: e.stdout}
	p.line("posted a test message to %s", ref)
	return p.err
}
