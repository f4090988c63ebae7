package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// stalled is a store with a channel whose next write waits for a test's own
// transaction, and would wait for a minute.
func stalled(t *testing.T, url string) *store.Store {
	t.Helper()
	s := openWith(t, url, store.Options{Patience: time.Minute})
	if err := s.PutChannel(t.Context(), channel(here), bot.AuditEntry{}); err != nil {
		t.Fatal(err)
	}
	held, err := raw(t, url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { held.Rollback() })
	// PostgreSQL locks rows: those that the tests write are held.
	for _, statement := range []string{
		"UPDATE channels SET reason = 'held'",
		"INSERT INTO notes (name, value) VALUES ('note:a', 'held')",
	} {
		if _, err := held.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestCallEndsInTime(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := stalled(t, url)
		store.SetTimeout(s, 50*time.Millisecond)
		for name, err := range map[string]error{
			"one statement": s.PutNote(t.Context(), "a", "b"),
			"a transaction": s.PutChannel(t.Context(), channel(here), bot.AuditEntry{}),
		} {
			if !errors.Is(err, store.ErrStalled) {
				t.Errorf("%s: %v, want ErrStalled", name, err)
			}
		}
		store.SetTimeout(s, time.Minute)
		if _, err := s.Channel(t.Context(), here); err != nil {
			t.Errorf("read after the stall: %v", err)
		}
	})
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := stalled(t, url)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := s.PutNote(ctx, "a", "b")
		if err == nil || errors.Is(err, store.ErrStalled) || ctx.Err() == nil {
			t.Errorf("call whose context has ended: %v", err)
		}
	})
}
