package main

import (
	"fmt"

	"cyberbrief/bot/store"
)

// restoredCommand is `restored`.
type restoredCommand struct{}

// Run marks the database as a copy that was put back, for copies that were
// not made with `backup`. It makes none: a new one is nobody's copy.
func (restoredCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	if !databaseExists(cfg.DatabaseURL.Reveal()) {
		return fmt.Errorf("restored: there is no %s: put the copy where DATABASE_URL points", cfg.DatabaseURL.Reveal())
	}
	return withStore(e, func(s *store.Store) error {
		if err := s.MarkCopied(e.ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(e.stdout, "marked: what is due when the bot starts is looked for in the channels before it is posted")
		return err
	})
}
