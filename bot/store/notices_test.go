package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"

	"github.com/google/go-cmp/cmp"
)

// pause pauses the channel here, at so long after t0.
func pause(t *testing.T, l *store.Ledger, after time.Duration) {
	t.Helper()
	if paused, err := l.Pause(t.Context(), here, "is_archived", t0.Add(after)); err != nil || !paused {
		t.Fatalf("pause: %v, %v", paused, err)
	}
}

func resume(t *testing.T, l *store.Ledger) {
	t.Helper()
	if resumed, err := l.Resume(t.Context(), here, "is_archived", bot.AuditEntry{Who: bot.ByProbe, What: "resume"}); err != nil || !resumed {
		t.Fatalf("resume: %v, %v", resumed, err)
	}
}

// openNotices are those that there have to be, n of them.
func openNotices(t *testing.T, l *store.Ledger, n int) []delivery.Notice {
	t.Helper()
	open, err := l.OpenNotices(t.Context())
	if err != nil || len(open) != n {
		t.Fatalf("open notices %+v, %v; want %d", open, err, n)
	}
	return open
}

func intend(t *testing.T, l *store.Ledger, notices []delivery.Notice, at time.Duration, n int) []delivery.Notice {
	t.Helper()
	mine, err := l.IntendNotices(t.Context(), notices, t0.Add(at))
	if err != nil || len(mine) != n {
		t.Fatalf("intended %+v, %v; want %d", mine, err, n)
	}
	return mine
}

// A notice is there as soon as the channel is paused, and until it is settled.
func TestNotice(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: "U1", What: "add"}); err != nil {
			t.Fatal(err)
		}
		pause(t, l, 0)
		want := delivery.Notice{Ref: here, Person: "U1", Code: "is_archived", PausedAt: t0.UTC(), State: delivery.NoticeDue, DueAt: t0.UTC()}
		due := openNotices(t, l, 1)
		if diff := cmp.Diff(want, due[0]); diff != "" {
			t.Errorf("due (-want +got):\n%s", diff)
		}
		mine := intend(t, l, due, time.Minute, 1)
		want.State, want.IntentAt, want.Attempts, want.Fence = delivery.NoticeSending, t0.Add(time.Minute).UTC(), 1, 1
		sending := openNotices(t, l, 1)
		if diff := cmp.Diff(want, sending[0]); diff != "" {
			t.Errorf("sending (-want +got):\n%s", diff)
		}
		intend(t, l, due, time.Minute, 0)
		intend(t, l, sending, time.Minute, 0)
		// It was certainly not told: it is due again, and only its newest holder
		// has a say in it.
		if err := l.SettleNotices(ctx, mine, delivery.NoticeDue, "ratelimited", t0.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		again := openNotices(t, l, 1)
		if n := again[0]; n.State != delivery.NoticeDue || !n.DueAt.Equal(t0.Add(time.Hour)) || !n.IntentAt.IsZero() || n.Attempts != 1 {
			t.Errorf("due again: %+v", n)
		}
		newer := intend(t, l, again, time.Hour, 1)
		if err := l.SettleNotices(ctx, mine, delivery.NoticeGivenUp, "late", time.Time{}); err != nil {
			t.Fatal(err)
		}
		openNotices(t, l, 1)
		if err := l.SettleNotices(ctx, newer, delivery.NoticeTold, "", time.Time{}); err != nil {
			t.Fatal(err)
		}
		openNotices(t, l, 0)
	})
}

// The work of telling is queued with the pause, and not with one that is taken
// back.
func TestNoticeIsQueued(t *testing.T) {
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s, db := open(t, url), raw(t, url)
		if err := s.PutChannel(t.Context(), channel(here), bot.AuditEntry{Who: "U1", What: "add"}); err != nil {
			t.Fatal(err)
		}
		queued := func(want int) {
			t.Helper()
			if n := count(t, db, "SELECT count(*) FROM river_job WHERE kind = '"+delivery.NoticeArgs{}.Kind()+"'"); n != want {
				t.Errorf("%d jobs, want %d", n, want)
			}
		}
		execute(t, db, "ALTER TABLE notices RENAME TO notices_away")
		if paused, err := s.Ledger().Pause(t.Context(), here, "is_archived", t0); err == nil || paused {
			t.Errorf("paused without a notice: %v, %v", paused, err)
		}
		queued(0)
		execute(t, db, "ALTER TABLE notices_away RENAME TO notices")
		// A sweep that runs already may have looked before the pause.
		if err := s.Enqueue(t.Context(), delivery.NoticeArgs{}); err != nil {
			t.Fatal(err)
		}
		execute(t, db, "UPDATE river_job SET state = 'running'")
		queued(1)
		pause(t, s.Ledger(), 0)
		queued(2)
	})
}

// Nobody is told of a channel twice within a week, nor of one that is not
// paused any more.
func TestNoticeOnce(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for _, c := range []struct {
		name string
		// settled is how the first one ended, and until when that stands.
		settled delivery.NoticeState
		lasts   bool
	}{
		{"told", delivery.NoticeTold, true},
		{"nobody knows", delivery.NoticeDoubtful, true},
		{"being told", delivery.NoticeSending, true},
		{"given up", delivery.NoticeGivenUp, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *store.Store) {
				l, ctx := s.Ledger(), t.Context()
				if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: "U1", What: "add"}); err != nil {
					t.Fatal(err)
				}
				pause(t, l, 0)
				mine := intend(t, l, openNotices(t, l, 1), 0, 1)
				left := 0
				if c.settled == delivery.NoticeSending {
					left = 1
				} else if err := l.SettleNotices(ctx, mine, c.settled, "", time.Time{}); err != nil {
					t.Fatal(err)
				}
				resume(t, l)
				pause(t, l, week-time.Minute)
				if !c.lasts {
					left = 1
				}
				open := openNotices(t, l, left)
				if left == 1 && (open[0].State == delivery.NoticeSending) != c.lasts {
					t.Errorf("open %+v", open)
				}
				resume(t, l)
				pause(t, l, week)
				open = openNotices(t, l, 1)
				if n := open[0]; n.State != delivery.NoticeDue || n.Attempts != 0 || !n.PausedAt.Equal(t0.Add(week)) && c.lasts {
					t.Errorf("after a week: %+v", n)
				}
				resume(t, l)
				intend(t, l, open, week, 0)
				openNotices(t, l, 0)
			})
		})
	}
}

func TestNoticePerson(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		if err := s.PutChannel(ctx, channel(there), bot.AuditEntry{Who: "U9", What: "add"}); err != nil {
			t.Fatal(err)
		}
		put := func(who, what string) {
			t.Helper()
			c := channel(here)
			c.Paused, c.Reason = true, "is_archived"
			if err := s.PutChannel(ctx, c, bot.AuditEntry{Who: who, What: what}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: bot.ByConfig, What: "add"}); err != nil {
			t.Fatal(err)
		}
		pause(t, l, 0)
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
			put(c.who, c.what)
			if got := openNotices(t, l, 1)[0].Person; got != c.want {
				t.Errorf("after %s by %s: %q, want %q", c.what, c.who, got, c.want)
			}
		}
	})
}

// Of processes that intend the same notices one has them, and all of them.
func TestIntendNoticesTogether(t *testing.T) {
	t.Parallel()
	const processes = 4
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		first := open(t, url)
		for _, ref := range []bot.Ref{here, there} {
			if err := first.PutChannel(t.Context(), channel(ref), bot.AuditEntry{Who: "U1", What: "add"}); err != nil {
				t.Fatal(err)
			}
			if _, err := first.Ledger().Pause(t.Context(), ref, "is_archived", t0); err != nil {
				t.Fatal(err)
			}
		}
		due := openNotices(t, first.Ledger(), 2)
		told := make(chan error, processes)
		var all sync.WaitGroup
		errNone := errors.New("none")
		for i := range processes {
			l := open(t, url).Ledger()
			all.Go(func() {
				mine, err := l.IntendNotices(t.Context(), []delivery.Notice{due[i%2], due[1-i%2]}, t0)
				switch {
				case err == nil && len(mine) == 0:
					err = errNone
				case err == nil && len(mine) != 2:
					err = errors.New("half of them")
				}
				told <- err
			})
		}
		all.Wait()
		close(told)
		mustOneWin(t, told, errNone)
	})
}

// Of what a restored database was still to tell, somebody may have been told.
func TestNoticeOfARestoredDatabase(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: "U1", What: "add"}); err != nil {
			t.Fatal(err)
		}
		pause(t, l, 0)
		if _, err := s.BeginRestored(ctx, t0); err != nil {
			t.Fatal(err)
		}
		openNotices(t, l, 1)
		if err := s.MarkCopied(ctx); err != nil {
			t.Fatal(err)
		}
		if restored, err := s.BeginRestored(ctx, t0.Add(time.Hour)); err != nil || !restored {
			t.Fatal(restored, err)
		}
		openNotices(t, l, 0)
	})
}
