package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// page is one note that outlives what writes it.
type page struct {
	value  string
	broken error
}

func (p *page) Note(_ context.Context, name string) (string, error) {
	if p.value == "" && p.broken == nil {
		return "", fmt.Errorf("note %s: %w", name, briefing.ErrNotFound)
	}
	return p.value, p.broken
}

func (p *page) PutNote(_ context.Context, _, value string) error {
	if p.broken == nil {
		p.value = value
	}
	return p.broken
}

func budget(n Notes) *identifies { return &identifies{notes: n, log: slog.New(slog.DiscardHandler)} }

// TestIdentifiesAreBudgeted in one process, in one that crashes after every
// session, and in two that share the token.
func TestIdentifiesAreBudgeted(t *testing.T) {
	var notes, crashes page
	stale := page{value: "[1]"}
	one, other := budget(nil), budget(&notes)
	for name, next := range map[string]func(i int) *identifies{
		"one process":      func(int) *identifies { return one },
		"a crash loop":     func(int) *identifies { return budget(&crashes) },
		"two processes":    func(i int) *identifies { return []*identifies{other, budget(&notes)}[i%2] },
		"an old one first": func(int) *identifies { return budget(&stale) },
	} {
		t.Run(name, func(t *testing.T) {
			now := time.UnixMilli(1_000_000_000_000)
			for i := range identifiesPerDay {
				if err := next(i).spend(t.Context(), now.Add(time.Duration(i)*time.Minute)); err != nil {
					t.Fatalf("session %d: %v", i, err)
				}
			}
			now = now.Add(identifiesPerDay * time.Minute)
			err := next(0).spend(t.Context(), now)
			if bot.ClassOf(err) != bot.Limited || retryAfter(err) != identifyWindow-identifiesPerDay*time.Minute {
				t.Errorf("got %v after %v", err, retryAfter(err))
			}
			if err := next(1).spend(t.Context(), now.Add(retryAfter(err))); err != nil {
				t.Errorf("after the wait: %v", err)
			}
		})
	}
}

// TestIdentifiesWithoutNotes: what this process knows has to do when the
// database does not answer or holds nonsense, and a clock that was wrong
// once does not keep the bot away for ever.
func TestIdentifiesWithoutNotes(t *testing.T) {
	now := time.UnixMilli(1_000_000_000_000)
	for name, notes := range map[string]*page{
		"broken": {broken: errors.New("the database stalls")}, "nonsense": {value: "{"},
	} {
		s := budget(notes)
		for i := range identifiesPerDay {
			if err := s.spend(t.Context(), now); err != nil {
				t.Fatalf("%s: session %d: %v", name, i, err)
			}
		}
		if err := s.spend(t.Context(), now); bot.ClassOf(err) != bot.Limited {
			t.Errorf("%s: one too many: %v", name, err)
		}
	}
	future := &page{}
	for i := range identifiesPerDay {
		if err := budget(future).spend(t.Context(), now.AddDate(1, 0, 0).Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	err := budget(future).spend(t.Context(), now)
	if wait := retryAfter(err); wait <= 0 || wait > identifyWindow {
		t.Errorf("after a clock a year ahead: %v, wait %v", err, wait)
	}
}
