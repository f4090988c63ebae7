package main

import (
	"fmt"
	"net"

	"cyberbrief/bot"
	"cyberbrief/config"
)

// demoCommand is `demo`.
type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" help:"Address of the page; a free port is taken when this one is not."`
}

// demoChannel is where the demo posts.
var demoChannel = bot.Ref{Installation: bot.Installation{Platform: bot.Console}, Channel: "security"}

// Run shows the bot in the browser: the newest sample briefing is posted at
// once and commands are answered. It looks at no variable, keeps everything
// in memory and leaves nothing behind.
func (c demoCommand) Run(e *environment) error {
	cfg, err := config.Load(func(name string) (string, bool) {
		value, ok := map[string]string{
			"CONSOLE": "true", "CHANNELS": demoChannel.String(), "MAX_AGE": "0", "LOG_LEVEL": "warn",
			"LISTEN": freeAddress(c.Listen), "DATABASE_URL": "sqlite::memory:",
		}[name]
		return value, ok
	})
	if err != nil {
		return err
	}
	return runMachine(e, cfg, newLogger(e, cfg), true, func(m *machine, address string) error {
		if err := m.postNewest(e.ctx, demoChannel); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.stdout, "\n  Open  http://%s/console\n\n  A briefing has just been posted there. Try  /term 能動的サイバー防御\n  Ctrl-C ends the demo; nothing stays behind.\n\n", address)
		return err
	})
}

// freeAddress is the address asked for, or one with a free port when that is
// in use.
func freeAddress(asked string) string {
	l, err := net.Listen("tcp", asked)
	if err != nil {
		host, _, splitErr := net.SplitHostPort(asked)
		if splitErr != nil {
			return asked // serving says what is wrong with it
		}
		return net.JoinHostPort(host, "0")
	}
	l.Close()
	return asked
}
