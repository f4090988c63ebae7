package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/glossary"
	"cyberbrief/briefing/source"
	"cyberbrief/config"
)

// archive is what the reading commands work on: the digests of the database,
// if there is one, and of the sources as they are now. It changes neither.
type archive struct {
	library  *bot.Library
	glossary *glossary.Index
}

// newLibrary makes an empty library over what a keeper keeps.
func newLibrary(e *environment, keeper bot.ArchiveKeeper, terms bot.TermIndex, sources []source.Source, log *slog.Logger, changed func(briefing.Date)) *bot.Library {
	return bot.NewLibrary(bot.LibraryOptions{
		Read: digest.Read, Reader: readerName(), Keeper: keeper, Terms: terms, Clock: e.clock, Rank: rankOf(sources), Logger: log, Changed: changed,
	})
}

// rankOf ranks sources as the operator listed them: the first is the one to
// believe. A push is as good as the first; what is no longer listed is last.
func rankOf(sources []source.Source) func(string) int {
	return func(name string) int {
		if name == source.Pushed {
			return 0
		}
		i := slices.IndexFunc(sources, func(s source.Source) bool { return s.String() == name })
		if i < 0 {
			return len(sources)
		}
		return i
	}
}

// openArchive reads the database and then looks at every source once. A
// source that cannot be read is reported and leaves the others alone.
func openArchive(e *environment, cfg config.Config) (*archive, error) {
	log := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	memory := &shelf{}
	a := &archive{glossary: glossary.New()}
	sources, err := newSources(e, cfg)
	if err != nil {
		return nil, err
	}
	a.library = newLibrary(e, memory, a.glossary, sources, log, nil)
	if databaseExists(cfg.DatabaseURL.Reveal()) {
		s, err := store.Open(e.ctx, cfg.DatabaseURL.Reveal(), store.Options{Logger: log, Clock: e.clock})
		if err != nil {
			return nil, err
		}
		defer s.Shutdown()
		files, _, err := s.DigestsSince(e.ctx, 0, "")
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.WithdrawnAt.IsZero() {
				_, _ = memory.KeepDigest(e.ctx, f.DigestFile) // memory cannot fail
			}
		}
	}
	if err := a.library.Refresh(e.ctx); err != nil {
		return nil, err
	}
	lookOnce(e.ctx, sources, a.library, log)
	return a, nil
}

// databaseExists says whether there is a database to read: reading commands
// do not make one.
func databaseExists(url string) bool {
	path, isFile := strings.CutPrefix(url, "sqlite:")
	if !isFile {
		return true
	}
	_, err := os.Stat(path)
	return err == nil
}

// shelf keeps digests in memory for as long as a command runs.
type shelf struct {
	mu    sync.Mutex
	books map[briefing.Date]shelved
	rev   int64
}

type shelved struct {
	file bot.DigestFile
	rev  int64
}

// KeepDigest keeps an edition; see bot.DigestKeeper.
func (s *shelf) KeepDigest(_ context.Context, f bot.DigestFile) (bot.Edition, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.books[f.Date]
	if known && bytes.Equal(old.file.Body, f.Body) {
		return bot.Unchanged, nil
	}
	if s.books == nil {
		s.books = map[briefing.Date]shelved{}
	}
	s.rev++
	s.books[f.Date] = shelved{f, s.rev}
	if known {
		return bot.Revised, nil
	}
	return bot.First, nil
}

// DigestsSince gives what was kept after revision rev; see bot.ReadingKeeper.
func (s *shelf) DigestsSince(_ context.Context, rev int64, _ string) ([]bot.KeptDigest, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var files []bot.KeptDigest
	for _, b := range s.books {
		if b.rev > rev {
			files = append(files, bot.KeptDigest{DigestFile: b.file, Revision: b.rev})
		}
	}
	slices.SortFunc(files, func(a, b bot.KeptDigest) int { return strings.Compare(string(a.Date), string(b.Date)) })
	return files, s.rev, nil
}

// RejectDigest keeps nothing: the command that reads the file says why.
func (*shelf) RejectDigest(context.Context, bot.Rejected) error { return nil }

// RejectedFiles gives none; see RejectDigest.
func (*shelf) RejectedFiles(context.Context) ([]string, error) { return nil, nil }

// KeepReadings keeps nothing: the command ends before the next start.
func (*shelf) KeepReadings(context.Context, string, []bot.Reading) error { return nil }

// digestNamed finds the digest of a date, or the newest one for no date.
func (a *archive) digestNamed(name string) (*briefing.Digest, error) {
	if name == "" {
		return a.library.Latest()
	}
	date, err := briefing.ParseDate(name)
	if err != nil {
		return nil, err
	}
	return a.library.Digest(date)
}
