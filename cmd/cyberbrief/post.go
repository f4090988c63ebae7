package main

import (
	"context"
	"errors"
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// postCommand is `post`.
type postCommand struct {
	Date    string   `help:"The digest to post; the newest that the channel has not had when left out."`
	Channel []string `help:"A channel; all that are not paused when left out."`
	DryRun  bool     `help:"Print what would be sent, and send nothing."`
}

// Run posts now, through the same ledger as the bot: a channel that has had
// its briefing of today, or this digest, gets nothing. One channel's failure
// does not keep the others from theirs.
func (c postCommand) Run(e *environment) (err error) {
	cfg, err := e.fullConfig()
	if err != nil {
		return err
	}
	var date briefing.Date
	if c.Date != "" {
		if date, err = briefing.ParseDate(c.Date); err != nil {
			return err
		}
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
	if err := errors.Join(m.beginRestored(e.ctx), m.library.Refresh(e.ctx)); err != nil {
		return err
	}
	if err := m.subscribe(e.ctx); err != nil {
		return err
	}
	lookOnce(e.ctx, m.sources, m.library, log)
	channels, err := c.channels(e.ctx, s)
	if err != nil {
		return err
	}
	var errs []error
	for _, ref := range channels {
		errs = append(errs, c.post(e, m, ref, date))
	}
	return errors.Join(errs...)
}

// channels are those to post to.
func (c postCommand) channels(ctx context.Context, s *store.Store) ([]bot.Ref, error) {
	var chosen []bot.Ref
	for _, name := range c.Channel {
		ref, err := bot.ParseRef(name)
		if err != nil {
			return nil, err
		}
		if _, err := s.Channel(ctx, ref); errors.Is(err, briefing.ErrNotFound) {
			return nil, fmt.Errorf("post: channel %s gets no briefings; add it with \"cyberbrief channel add %s\"", ref, ref)
		} else if err != nil {
			return nil, err
		}
		chosen = append(chosen, ref)
	}
	if len(chosen) > 0 {
		return chosen, nil
	}
	all, err := s.Channels(ctx)
	if err != nil {
		return nil, err
	}
	for _, ch := range all {
		if !ch.Paused {
			chosen = append(chosen, ch.Ref)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("post: no channels yet; add one with \"cyberbrief channel add REF\"")
	}
	return chosen, nil
}

// post posts to one channel, or shows what it would send.
func (c postCommand) post(e *environment, m *machine, ref bot.Ref, date briefing.Date) error {
	if c.DryRun {
		_, bodies, err := m.deliverer.Render(e.ctx, ref, date)
		if err != nil {
			return err
		}
		return printJSON(e.stdout, raw(bodies))
	}
	slot, err := m.deliverer.PostNow(e.ctx, ref, date)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "posted the digest of %s to %s\n", slot.Digest, ref)
	return err
}

// postNewest posts the newest digest to a channel, unless it is there.
func (m *machine) postNewest(ctx context.Context, ref bot.Ref) error {
	if _, err := m.deliverer.PostNow(ctx, ref, ""); !errors.Is(err, delivery.ErrTaken) {
		return err
	}
	return nil
}
