// Command cyberbrief gives a team its daily cyber-security briefing on Slack
// and Discord. See the README for how to install it, and package briefing for
// a tour of the code.
//
// This package wires everything: it alone reads the configuration and maps it
// to the options of the packages. Each subcommand has a file of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones work in a container without them

	"github.com/alecthomas/kong"

	"cyberbrief/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// commandLine is the grammar of the command line.
type commandLine struct {
	Run     runCommand     `cmd:"" help:"Run the bot until it is told to stop."`
	Demo    demoCommand    `cmd:"" help:"Show the bot in the browser: no token, no file, no network."`
	Preview previewCommand `cmd:"" help:"Show what would be posted."`
	Digest  digestCommands `cmd:"" help:"Read digests and judge how well they are read."`
	Term    termCommand    `cmd:"" help:"Look a term up."`
	Channel channelCommand `cmd:"" help:"Choose the channels that get briefings."`
	Post    postCommand    `cmd:"" help:"Post a briefing now."`
	Retract retractCommand `cmd:"" help:"Remove the posts of a digest."`
	Status  statusCommand  `cmd:"" help:"Say what was posted, what was not, and why."`
	Doctor  doctorCommand  `cmd:"" help:"Look at everything once, and say what to do."`
	Export  exportCommand  `cmd:"" help:"Write out what the bot knows."`
	Setup   setupCommand   `cmd:"" help:"Print what a platform needs to know about the bot."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Health  healthCommand  `cmd:"" help:"Ask the bot that runs here whether it is well."`

	Backup   backupCommand   `cmd:"" help:"Copy an SQLite database while the bot may go on."`
	Restored restoredCommand `cmd:"" help:"Say that the database is a copy that was put back, before the bot starts on it."`
	Licenses licensesCommand `cmd:"" help:"Print the licences of what the program is made of."`
}

// Exit codes. A usage error is 2, as with most programs.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// errQuiet ends the program with exitFailed and says nothing: the command's
// output has said it.
var errQuiet = errors.New("")

// environment is what a command works with besides its flags.
type environment struct {
	ctx            context.Context
	lookup         func(string) (string, bool)
	stdin          io.Reader
	stdout, stderr io.Writer
	clock          func() time.Time
	// base makes the requests to the platforms; nil is the network.
	base http.RoundTripper
}

// colour says whether the output is a terminal whose reader has not asked for
// none; see https://no-color.org.
func (e *environment) colour() bool {
	f, ok := e.stdout.(*os.File)
	if !ok {
		return false
	}
	if unwanted, _ := e.lookup("NO_COLOR"); unwanted != "" {
		return false
	}
	if kind, _ := e.lookup("TERM"); kind == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// run is the whole program; nothing in it touches the process.
func run(ctx context.Context, args []string, lookup func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	var grammar commandLine
	code, exited := exitOK, false
	parser, err := kong.New(&grammar,
		kong.Name("cyberbrief"),
		kong.Description("A bot that gives a team its daily cyber-security briefing on Slack and Discord."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code, exited = c, true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: false}),
	)
	if err != nil {
		complain(stderr, err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	switch {
	case exited: // --help has been printed
		return code
	case err != nil:
		complain(stderr, err)
		(&printer{w: stderr}).line(`Run "cyberbrief --help" for usage.`)
		return exitUsage
	}
	err = parsed.Run(&environment{ctx: ctx, lookup: lookup, stdin: stdin, stdout: stdout, stderr: stderr, clock: time.Now})
	switch {
	case err == nil:
		return exitOK
	case !errors.Is(err, errQuiet):
		complain(stderr, err)
	}
	return exitFailed
}

// config reads the environment; the error lists every wrong value at once.
func (e *environment) config() (config.Config, error) {
	cfg, err := config.Load(e.lookup)
	if err != nil {
		return cfg, fmt.Errorf("configuration:\n%w", err)
	}
	return cfg, nil
}

// fullConfig is config for commands that talk to the platforms: variables
// that miss the one they need are errors too.
func (e *environment) fullConfig() (config.Config, error) {
	cfg, _ := config.Load(e.lookup) // Validate repeats what is wrong
	if err := cfg.Validate(); err != nil {
		return cfg, fmt.Errorf("configuration:\n%w", err)
	}
	return cfg, nil
}
