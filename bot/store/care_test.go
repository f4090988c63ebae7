package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

func TestResume(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: "U1", What: "add"}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Pause(ctx, here, "is_archived"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			reason string
			want   bool
		}{{"admin", false}, {"is_archived", true}, {"is_archived", false}} {
			if resumed, err := l.Resume(ctx, here, c.reason, bot.AuditEntry{Who: bot.ByProbe, What: "resume"}); resumed != c.want || err != nil {
				t.Errorf("resume what was paused for %s: %v, %v; want %v", c.reason, resumed, err, c.want)
			}
		}
		if c, err := s.Channel(ctx, here); err != nil || c.Paused || c.Reason != "" {
			t.Errorf("channel %+v, %v", c, err)
		}
		audit, err := s.Audit(ctx, here.ID(), 10)
		if err != nil || len(audit) != 3 || audit[0].Who != bot.ByProbe || audit[1].Who != bot.ByPlatform || audit[1].Change() != "active → paused is_archived" {
			t.Errorf("audit %+v, %v", audit, err)
		}
	})
}

func TestContact(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		for _, c := range []struct{ who, what, want string }{
			{bot.ByConfig, "add", ""},
			{"U1", "set", "U1"},
			{"U2", "set", "U2"},
			{bot.ByCLI, "set", "U2"},
			{"U3", "add", "U3"},
			{"U1", "set", "U3"},
			{bot.ByPlatform, "pause", "U3"},
			{bot.ByProbe, "resume", "U3"},
		} {
			if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: c.who, What: c.what}); err != nil {
				t.Fatal(err)
			}
			if got, err := l.Contact(ctx, here); got != c.want || err != nil {
				t.Errorf("after %s by %s: %q, %v; want %q", c.what, c.who, got, err, c.want)
			}
		}
		if got, err := l.Contact(ctx, there); got != "" || err != nil {
			t.Errorf("another channel: %q, %v", got, err)
		}
	})
}

func TestOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l := s.Ledger()
		for _, c := range []struct {
			what string
			at   time.Duration
			want bool
		}{
			{"a", 0, true}, {"a", time.Hour - time.Millisecond, false}, {"b", 0, true},
			{"a", time.Hour, true}, {"a", time.Hour, false}, {"a", 0, false},
		} {
			if first, err := l.Once(t.Context(), c.what, t0.Add(c.at), time.Hour); first != c.want || err != nil {
				t.Errorf("%s after %s: %v, %v; want %v", c.what, c.at, first, err, c.want)
			}
		}
	})
}

// Of processes that ask together one is the first.
func TestOnceTogether(t *testing.T) {
	const processes = 4
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		told := make(chan error, processes)
		var all sync.WaitGroup
		errSecond := errors.New("second")
		for range processes {
			l := open(t, url).Ledger()
			all.Go(func() {
				first, err := l.Once(t.Context(), "notice", t0, time.Hour)
				if err == nil && !first {
					err = errSecond
				}
				told <- err
			})
		}
		all.Wait()
		close(told)
		mustOneWin(t, told, errSecond)
	})
}
