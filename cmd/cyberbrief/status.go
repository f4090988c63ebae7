package main

import (
	"cmp"
	"context"
	"log/slog"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/glossary"
)

// statusCommand is `status`.
type statusCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// maxRejected is how many files that could not be read are listed.
const maxRejected = 100

// Run says how every channel and source stands. It reads the database only:
// the bot need not run.
func (c statusCommand) Run(e *environment) error {
	return readStore(e, func(s *store.Store) error {
		report, err := readStatus(e, s)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(e.stdout, report)
		}
		return printStatus(e, report)
	})
}

// readStatus reads everything from the database, as for a bot that does not
// run.
func readStatus(e *environment, s *store.Store) (bot.StatusReport, error) {
	library := newLibrary(e, s, glossary.New(), nil, slog.New(slog.DiscardHandler), nil)
	if err := library.Refresh(e.ctx); err != nil {
		return bot.StatusReport{}, err
	}
	return statusOf(e.ctx, s, &delivery.StatusBoard{Board: s.Ledger(), Library: library, Clock: e.clock})
}

// statusOf is how everything stands.
func statusOf(ctx context.Context, s *store.Store, board *delivery.StatusBoard) (bot.StatusReport, error) {
	// Lists without entries are printed as [].
	report := bot.StatusReport{Channels: []bot.ChannelStatus{}, Sources: []bot.SourceCheck{}, Rejected: []bot.Rejected{}}
	channels, err := board.Status(ctx, "")
	if err != nil {
		return report, err
	}
	sources, err := s.SourceChecks(ctx)
	if err != nil {
		return report, err
	}
	rejected, err := s.Rejected(ctx, maxRejected)
	if err != nil {
		return report, err
	}
	report.Channels = append(report.Channels, channels...)
	report.Sources = append(report.Sources, sources...)
	report.Rejected = append(report.Rejected, rejected...)
	return report, nil
}

// worded is a state and what its reason means.
func worded(state, reason string) string {
	if reason == "" {
		return state
	}
	return state + ": " + bot.ReasonWords(reason, briefing.English)
}

func printStatus(e *environment, r bot.StatusReport) error {
	const timeForm = "2006-01-02 15:04 MST"
	p := &printer{w: e.stdout}
	for _, c := range r.Channels {
		p.line("%s  %s", c.Ref, worded(c.State, c.Reason))
		if c.LastPost != nil {
			p.line("  last post  digest of %s, slot %s, at %s", c.LastPost.Digest, c.LastPost.Slot, c.LastPost.At.Format(timeForm))
		}
		if c.Slot.Date != "" {
			p.line("  slot       %s  %s", c.Slot.Date, worded(c.Slot.State, c.Slot.Reason))
		}
		if !c.NextSlot.IsZero() {
			p.line("  next slot  %s", c.NextSlot.Format(timeForm))
		}
	}
	if len(r.Channels) == 0 {
		p.line("no channels yet: add one with \"cyberbrief channel add REF\"")
	}
	for _, s := range r.Sources {
		p.line("source %s  newest %s, looked at %s  %s", s.Source, cmp.Or(s.Newest, "none yet"), s.CheckedAt.Format(timeForm), s.Error)
	}
	for _, f := range r.Rejected {
		p.line("rejected %s  %s", f.File, f.Reason)
	}
	return p.err
}
