package store_test

import (
	"errors"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"

	"github.com/google/go-cmp/cmp"
)

func TestUnknownWords(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		later := t0.Add(time.Minute)
		steps := []error{
			s.CountUnknown(ctx, here.ID(), "ゼロトラスト", t0),
			s.CountUnknown(ctx, here.ID(), "ゼロトラスト", later),
			s.CountUnknown(ctx, there.ID(), "ゼロトラスト", t0),
			s.CountUnknown(ctx, there.ID(), "SASE", t0),
		}
		if err := errors.Join(steps...); err != nil {
			t.Fatal(err)
		}
		want := []store.UnknownWord{
			{Word: "ゼロトラスト", Times: 3, LastAt: later},
			{Word: "SASE", Times: 1, LastAt: t0},
		}
		got, err := s.UnknownWords(ctx, 10)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("unknown words: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestSourceChecks(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		good := bot.SourceCheck{Source: "folder", Newest: "2025-07-02", CheckedAt: t0}
		bad := bot.SourceCheck{Source: "feed:https://feed.example/", CheckedAt: t0, Error: "answer 503"}
		for _, c := range []bot.SourceCheck{{Source: "folder", CheckedAt: t0, Error: "unreadable"}, good, bad} {
			if err := s.KeepSourceCheck(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.SourceChecks(ctx)
		if diff := cmp.Diff([]bot.SourceCheck{bad, good}, got); diff != "" || err != nil {
			t.Errorf("checks: %v (-want +got):\n%s", err, diff)
		}
		if err := s.ForgetSources(ctx, []string{"folder", "feed:https://other.example/"}); err != nil {
			t.Fatal(err)
		}
		got, err = s.SourceChecks(ctx)
		if diff := cmp.Diff([]bot.SourceCheck{good}, got); diff != "" || err != nil {
			t.Errorf("checks of configured sources: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestNotes(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if _, err := s.Note(ctx, "touched"); !errors.Is(err, briefing.ErrNotFound) {
			t.Errorf("note nobody put: %v", err)
		}
		for _, value := range []string{"a", "b"} {
			if err := s.PutNote(ctx, "touched", value); err != nil {
				t.Fatal(err)
			}
			if err := s.Health(ctx); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Note(ctx, "touched"); got != value || err != nil {
				t.Errorf("note %q, %v; want %q", got, err, value)
			}
		}
	})
}
