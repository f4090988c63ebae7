package discord

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Notes remember a value under a name across restarts. Implemented by
// bot/store.
type Notes interface {
	// Note is briefing.ErrNotFound when nothing was put.
	Note(ctx context.Context, name string) (string, error)
	PutNote(ctx context.Context, name, value string) error
}

const (
	// identifiesNote holds when sessions were begun: a process that is started
	// again and again, or several that share the token, spend one budget.
	identifiesNote = "discord identifies"
	// noteWithin bounds reading and writing the note, so that a database that
	// stalls holds no connection up for long.
	noteWithin = 2 * time.Second
)

// identifies are the instants at which sessions were begun, oldest first.
type identifies struct {
	notes Notes // nil: this process alone remembers
	log   *slog.Logger
	spent []time.Time
	// unkept are those of spent that the note lacks.
	unkept []time.Time
}

// spend notes one more, unless the day's budget is used up. Where the note
// cannot be read or written, what this process knows has to do.
func (s *identifies) spend(ctx context.Context, now time.Time) error {
	if err := s.recall(ctx, now); err != nil {
		s.log.Warn("earlier gateway sessions are not known", "error", err)
	}
	s.spent = slices.DeleteFunc(s.spent, func(at time.Time) bool { return now.Sub(at) >= identifyWindow })
	if n := len(s.spent); n >= identifiesPerDay {
		return noSessions(s.spent[n-identifiesPerDay].Add(identifyWindow).Sub(now))
	}
	s.spent, s.unkept = append(s.spent, now), append(s.unkept, now)
	if err := s.keep(ctx); err != nil {
		s.log.Warn("gateway session is not remembered across restarts", "error", err)
		return nil
	}
	s.unkept = nil
	return nil
}

// recall takes over what the note has, other processes' sessions too. What it
// has of the future, from a clock that was wrong, counts as now.
func (s *identifies) recall(ctx context.Context, now time.Time) error {
	if s.notes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	value, err := s.notes.Note(ctx, identifiesNote)
	if errors.Is(err, briefing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var noted []int64 // ms since 1970
	if err := json.Unmarshal([]byte(value), &noted); err != nil {
		return err
	}
	s.spent = slices.Clone(s.unkept)
	for _, ms := range noted {
		at := time.UnixMilli(ms)
		if at.After(now) {
			at = now
		}
		s.spent = append(s.spent, at)
	}
	slices.SortFunc(s.spent, time.Time.Compare)
	return nil
}

func (s *identifies) keep(ctx context.Context) error {
	if s.notes == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	noted := make([]int64, len(s.spent))
	for i, at := range s.spent {
		noted[i] = at.UnixMilli()
	}
	value, err := json.Marshal(noted)
	if err != nil {
		return err
	}
	return s.notes.PutNote(ctx, identifiesNote, string(value))
}

func noSessions(wait time.Duration) error {
	return &bot.OutcomeError{Class: bot.Limited, Code: "session start limit", RetryAfter: wait,
		Err: errors.New("too many gateway connections in 24 hours; Discord would reset the bot's token")}
}
