package main

import (
	"errors"
	"fmt"
	"slices"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// retractCommand is `retract`.
type retractCommand struct {
	Date         string `arg:"" help:"The digest whose posts are to be removed."`
	Installation string `help:"Remove them only here: slack:WORKSPACE, discord:GUILD or console:. Everywhere when left out."`
}

// Run removes every post of a digest, thread and all. The digest stays in the
// archive, and no channel that had it gets it again. What cannot be removed
// right away, a running bot goes on with.
func (c retractCommand) Run(e *environment) (err error) {
	date, err := briefing.ParseDate(c.Date)
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
	if err := errors.Join(m.beginRestored(e.ctx), m.library.Refresh(e.ctx)); err != nil {
		return err
	}
	in := bot.InstallationID(c.Installation)
	refs, err := m.deliverer.Retract(e.ctx, in, date, cliUser)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return fmt.Errorf("no channel has a post of the digest of %s", date)
	}
	copies, err := m.deliverer.Copies(e.ctx, in, date)
	if err != nil {
		return err
	}
	return c.remove(e, m, copies)
}

// remove removes the posts one after the other; one that fails does not keep
// the others.
func (c retractCommand) remove(e *environment, m *machine, copies []delivery.Slot) error {
	copies = slices.DeleteFunc(copies, func(s delivery.Slot) bool { return s.RetractAt.IsZero() })
	var errs []error
	for _, s := range copies {
		if err := m.deliverer.RemoveNow(e.ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("remove from %s: %w", s.Ref, err))
			continue
		}
		if _, err := fmt.Fprintf(e.stdout, "removed the digest of %s from %s\n", s.Digest, s.Ref); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}
