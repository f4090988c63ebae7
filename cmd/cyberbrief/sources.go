package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
	"cyberbrief/briefing/source"
	"cyberbrief/config"
)

// newSources makes the sources that the operator named.
func newSources(e *environment, cfg config.Config) ([]source.Source, error) {
	zone, err := time.LoadLocation(cfg.TimeZone)
	if err != nil {
		return nil, err
	}
	specs := make([]string, len(cfg.DigestSources))
	for i, spec := range cfg.DigestSources {
		specs[i] = e.expandHome(spec)
	}
	return source.ParseAll(specs, source.Options{
		Lookback: cfg.DigestLookback.Duration, Zone: zone,
		AllowPrivate: cfg.DigestAllowPrivate, Now: e.clock,
	})
}

// expandHome puts the home folder in the place of a leading ~, which shells
// leave alone in a list, and compose and systemd everywhere.
func (e *environment) expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, _ := e.lookup("HOME")
	if !ok || home == "" {
		return path
	}
	return filepath.Join(home, rest)
}

// sink hands what sources find to the library. A file that cannot be read has
// been kept aside and is no error of the source.
func sink(l *bot.Library) source.Sink {
	return func(ctx context.Context, f source.File) error {
		if f.Withdrawn {
			return l.Withdraw(ctx, f.Name, f.Source)
		}
		if l.Holds(f.Name, f.Body) {
			return nil // at every start each file is new to its source
		}
		_, err := l.Take(ctx, f.Name, f.Body, f.Source)
		if errors.As(err, new(*briefing.UnreadableError)) {
			return nil
		}
		return err
	}
}

// lookOnce looks at every source once, all at the same time. What cannot be
// read is logged.
func lookOnce(ctx context.Context, sources []source.Source, l *bot.Library, log *slog.Logger) {
	var wg sync.WaitGroup
	for _, s := range sources {
		wg.Go(func() {
			if _, err := s.Scan(ctx, sink(l)); err != nil {
				log.Error("source cannot be read", "source", s.String(), "error", err)
			}
		})
	}
	wg.Wait()
}
