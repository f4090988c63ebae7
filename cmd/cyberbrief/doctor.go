package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
	"cyberbrief/config"
)

// doctorCommand is `doctor`.
type doctorCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help says what is looked at and what the JSON holds.
func (doctorCommand) Help() string {
	return `Looks at the configuration, the database, the platforms with their tokens,
scopes, permissions and clocks, every channel, every source, and the addresses
LISTEN and PUBLIC_URL. Each line is ok, warn or fail, with what to do next.
Exit code 1 when a line is fail.

Nothing is posted, no channel is joined, no database is made or migrated: one row
is written and removed again. It may run beside the bot. It takes 25 s at most.

--json prints
  {"ok": true,             false when a check is "fail"
   "checks": [{
     "part": "slack",      configuration, database, slack, discord, console, channels, sources, web
     "check": "scopes",    what was looked at: one word or a name, such as slack:T1/C1
     "state": "ok",        ok, warn or fail
     "detail": "…",        what was found
     "next": ""}]}         what to do, empty where there is nothing
in this order; fields and words stay, new ones may come.`
}

const (
	// partTimeout bounds one part of the look, doctorTimeout all of it.
	partTimeout   = 15 * time.Second
	doctorTimeout = 25 * time.Second
)

// doctorReport is what `doctor --json` prints.
type doctorReport struct {
	OK     bool          `json:"ok"`
	Checks []doctorCheck `json:"checks"`
}

type doctorCheck struct {
	Part string `json:"part"`
	bot.Finding
}

// examiner is a platform that can say how it is.
type examiner interface {
	Diagnose(context.Context) []bot.Finding
}

// doctor looks at everything once.
type doctor struct {
	env *environment
	cfg config.Config
	// free is how many bytes can be written to a folder's file system.
	free func(folder string) (uint64, error)
	// database is looked at once, for whoever asks first.
	database func() (store.Examination, error)
}

// Run examines and prints.
func (c doctorCommand) Run(e *environment) error { return c.run(e, freeDisk) }

func (c doctorCommand) run(e *environment, free func(string) (uint64, error)) error {
	report := examine(e, free)
	var err error
	if c.JSON {
		err = printJSON(e.stdout, report)
	} else {
		err = printDoctor(e, report)
	}
	if err == nil && !report.OK {
		return errQuiet
	}
	return err
}

// part is a part of the look.
type part struct {
	name string
	look func(context.Context) []bot.Finding
}

// examine looks at all parts at the same time; they are reported in order.
func examine(e *environment, free func(string) (uint64, error)) doctorReport {
	ctx, cancel := context.WithTimeout(e.ctx, doctorTimeout)
	defer cancel()
	d := &doctor{env: e, free: free}
	d.cfg, _ = config.Load(e.lookup) // Validate repeats what is wrong
	d.database = sync.OnceValues(func() (store.Examination, error) {
		return store.Examine(ctx, d.cfg.DatabaseURL.Reveal(), store.Options{})
	})
	parts := append([]part{{"configuration", d.configuration}, {"database", d.databasePart}}, d.platformParts()...)
	found := make([][]bot.Finding, len(parts))
	var wg sync.WaitGroup
	for i, p := range parts {
		wg.Go(func() { found[i] = bounded(ctx, p) })
	}
	wg.Wait()
	redact := bot.NewRedactor(secrets(d.cfg)...)
	report := doctorReport{OK: true, Checks: []doctorCheck{}}
	for i, p := range parts {
		for _, f := range found[i] {
			f.Text, f.Next = oneLine(redact.Redact(f.Text)), oneLine(redact.Redact(f.Next))
			report.OK = report.OK && f.Grade != bot.Fail
			report.Checks = append(report.Checks, doctorCheck{p.name, f})
		}
	}
	return report
}

// oneLine keeps what comes from elsewhere from making lines of its own.
func oneLine(s string) string { return strings.Join(strings.Fields(bot.Clean(s)), " ") }

// bounded looks at a part for no longer than partTimeout, even if it does not
// heed its context.
func bounded(ctx context.Context, p part) []bot.Finding {
	ctx, cancel := context.WithTimeout(ctx, partTimeout)
	defer cancel()
	done := make(chan []bot.Finding, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- []bot.Finding{{Check: "look", Grade: bot.Fail, Text: fmt.Sprintf("panic: %v", r), Next: "report this to the developers"}}
			}
		}()
		done <- p.look(ctx)
	}()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
	}
	select { // it may have ended just in time
	case found := <-done:
		return found
	case <-time.After(time.Second):
		return []bot.Finding{{Check: "look", Grade: bot.Fail, Text: fmt.Sprintf("no answer within %s", partTimeout), Next: "see what the other parts say, and try again"}}
	}
}

// configuration lists every problem of the variables.
func (d *doctor) configuration(context.Context) []bot.Finding {
	var found []bot.Finding
	if problems, ok := d.cfg.Validate().(config.Problems); ok {
		for _, p := range problems {
			found = append(found, bot.Finding{Check: p.Variable, Grade: bot.Fail, Text: p.String(), Next: "correct the variable; `cyberbrief run --help` explains it"})
		}
	}
	for _, note := range d.cfg.Notes() {
		text, next, _ := strings.Cut(note, ": ")
		found = append(found, bot.Finding{Check: "variables", Grade: bot.Warn, Text: text, Next: next})
	}
	if found == nil {
		return []bot.Finding{{Check: "variables", Grade: bot.OK, Text: "no problems"}}
	}
	return found
}

// platformParts are the platforms that are set up, and what is looked at with
// their help.
func (d *doctor) platformParts() []part {
	ps, err := newPlatforms(d.env, d.cfg, slog.New(slog.DiscardHandler), nil, nil, nil, false)
	if err != nil {
		ps = &platformSet{}
	}
	var parts []part
	for _, name := range []bot.Platform{bot.Slack, bot.Discord, bot.Console} {
		if p, ok := ps.all[name].(examiner); ok {
			parts = append(parts, part{string(name), p.Diagnose})
		}
	}
	if err != nil {
		wrong := bot.Finding{Check: "platforms", Grade: bot.Fail, Text: err.Error(), Next: "correct the variable"}
		parts = append(parts, part{"platforms", func(context.Context) []bot.Finding { return []bot.Finding{wrong} }})
	}
	return append(parts,
		part{"channels", func(ctx context.Context) []bot.Finding { return d.channels(ctx, ps) }},
		part{"sources", d.sources}, part{"web", d.web})
}

// printDoctor prints a line a check, and what to do below it.
func printDoctor(e *environment, r doctorReport) error {
	p := &printer{w: e.stdout}
	counts := map[bot.Grade]int{}
	before := ""
	for _, c := range r.Checks {
		if c.Part != before {
			if before != "" {
				p.line("")
			}
			p.line("%s", c.Part)
			before = c.Part
		}
		counts[c.Grade]++
		p.line("  %-4s  %s: %s", c.Grade, c.Check, c.Text)
		if c.Next != "" {
			p.line("        → %s", c.Next)
		}
	}
	p.line("\n%d ok, %d warn, %d fail", counts[bot.OK], counts[bot.Warn], counts[bot.Fail])
	return p.err
}
