package main

import (
	"context"
	"strings"

	"cyberbrief/bot/store"
	"cyberbrief/config"
)

// runCommand is `run`.
type runCommand struct{}

// Help explains every variable, since `run` takes everything from them.
func (runCommand) Help() string {
	var sb strings.Builder
	sb.WriteString("Everything comes from the environment:\n")
	for _, v := range config.Variables() {
		sb.WriteString("\n  " + v.Name)
		if v.Default != "" {
			sb.WriteString(" (" + v.Default + ")")
		}
		sb.WriteString("\n      " + v.Help + "\n")
	}
	return sb.String()
}

// Run is the bot until ctx ends. A second start beside the first is fine: on
// PostgreSQL they share the work, on SQLite they take turns.
func (runCommand) Run(e *environment) error {
	cfg, err := e.fullConfig()
	if err != nil {
		return err
	}
	log := newLogger(e, cfg)
	for _, note := range cfg.Notes() {
		log.Warn(note)
	}
	// Storing goes on while the context is being cancelled, up to the end of
	// the teardown.
	s, err := store.Open(e.ctx, cfg.DatabaseURL.Reveal(), store.Options{Logger: log})
	if err != nil {
		return err
	}
	t := &teardown{}
	t.add("database", func(context.Context) error { return s.Shutdown() })
	defer t.run(log)
	m, err := newMachine(e, cfg, log, s, false)
	if err != nil {
		return err
	}
	address, err := m.start(e.ctx, t)
	if err != nil {
		return err
	}
	log.Info("ready", "address", "http://"+address, "database", s, "digests", len(m.library.Dates()))
	<-e.ctx.Done()
	log.Info("stopping")
	return nil
}
