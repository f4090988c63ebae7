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
		if _, err := l.Pause(ctx, here, "is_archived", t0); err != nil {
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

func TestTakeProbe(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l := s.Ledger()
		for _, c := range []struct {
			ref  bot.Ref
			at   time.Duration
			want bool
		}{
			{here, 0, true}, {here, time.Hour - time.Millisecond, false}, {there, 0, true},
			{here, time.Hour, true}, {here, time.Hour, false}, {here, 0, false},
			{here, -24 * time.Hour, true}, // the clock was a day ahead
		} {
			if _, first, err := l.TakeProbe(t.Context(), c.ref, t0.Add(c.at), time.Hour); first != c.want || err != nil {
				t.Errorf("%s after %s: %v, %v; want %v", c.ref, c.at, first, err, c.want)
			}
		}
	})
}

func TestPutOffProbe(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		take := func(at time.Duration, wantTimes int, want bool) {
			t.Helper()
			if n, first, err := l.TakeProbe(ctx, here, t0.Add(at), time.Hour); n != wantTimes || first != want || err != nil {
				t.Errorf("after %s: %d, %v, %v; want %d, %v", at, n, first, err, wantTimes, want)
			}
		}
		take(0, 0, true)
		if err := l.PutOffProbe(ctx, here, t0.Add(time.Minute), 3); err != nil {
			t.Fatal(err)
		}
		take(time.Second, 0, false)
		take(time.Minute, 3, true)
		take(2*time.Minute, 0, false)
	})
}

// Of processes that ask together one is the first.
func TestTakeProbeTogether(t *testing.T) {
	t.Parallel()
	const processes = 4
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		told := make(chan error, processes)
		var all sync.WaitGroup
		errSecond := errors.New("second")
		for range processes {
			l := open(t, url).Ledger()
			all.Go(func() {
				_, first, err := l.TakeProbe(t.Context(), here, t0, time.Hour)
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
