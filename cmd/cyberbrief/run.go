package main

import (
	"strings"

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
	return runMachine(e, cfg, log, false, func(m *machine, address string) error {
		log.Info("ready", "address", "http://"+address, "database", m.store, "digests", len(m.library.Dates()))
		return nil
	})
}
