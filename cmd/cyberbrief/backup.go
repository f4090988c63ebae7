package main

import (
	"errors"
	"fmt"

	"cyberbrief/bot/store"
)

// backupCommand is `backup`.
type backupCommand struct {
	File string `arg:"" help:"The new file."`
}

// Run copies an SQLite database while the bot may go on. The copy is a
// database like any other: DATABASE_URL=sqlite:FILE uses it.
func (c backupCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	size, err := store.Backup(e.ctx, cfg.DatabaseURL.Reveal(), c.File)
	if errors.Is(err, store.ErrServer) {
		return fmt.Errorf("backup: %w: pg_dump --format=custom --file=%s \"$DATABASE_URL\"", err, c.File)
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %d bytes\n", c.File, size)
	return err
}
