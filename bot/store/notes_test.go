package store_test

import (
	"errors"
	"fmt"
	"strings"
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
			{Word: "ゼロトラスト", Times: 3, FirstAt: t0, LastAt: later},
			{Word: "SASE", Times: 1, FirstAt: t0, LastAt: t0},
		}
		got, err := s.UnknownWords(ctx, 10)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("unknown words: %v (-want +got):\n%s", err, diff)
		}
	})
}

// TestUnknownWordsAreBounded: who asks for ever new words fills nothing, and
// pushes out neither what many asked for nor what others did.
func TestUnknownWordsAreBounded(t *testing.T) {
	const most = 1000
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		count := func(in bot.InstallationID, word string, at time.Time) {
			t.Helper()
			if err := s.CountUnknown(ctx, in, word, at); err != nil {
				t.Fatal(err)
			}
		}
		count(there.ID(), "よその語", t0)
		for range 2 {
			count(here.ID(), "二度聞かれた語", t0)
		}
		count(here.ID(), "一度の語", t0)
		for i := range most {
			count(here.ID(), fmt.Sprint("でたらめ", i), t0.Add(time.Duration(i)*time.Second))
		}
		count(here.ID(), strings.Repeat("長", 1000), t0.Add(time.Hour))
		words, err := s.UnknownWords(ctx, 2*most)
		if err != nil || len(words) != most+1 {
			t.Fatalf("%d words are kept, want %d and one of the other installation: %v", len(words), most, err)
		}
		kept := map[string]bool{}
		for _, w := range words {
			kept[w.Word] = true
		}
		if !kept["二度聞かれた語"] || !kept["よその語"] || !kept[strings.Repeat("長", 200)] || kept["一度の語"] || kept["でたらめ0"] {
			t.Errorf("not the ones asked for least and longest ago made room")
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
