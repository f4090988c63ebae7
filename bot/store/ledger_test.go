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
	"cyberbrief/briefing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenSlot(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		first := slot(here, "2025-07-03", "2025-07-02", "2025-07-01", "2025-06-30")
		if err := l.Open(ctx, first); err != nil {
			t.Fatal(err)
		}
		cases := []struct {
			name string
			slot delivery.Slot
			want error
		}{
			{"the same slot", first, delivery.ErrTaken},
			{"the same slot, another digest", slot(here, "2025-07-03", "2025-07-03"), delivery.ErrTaken},
			{"the same digest", slot(here, "2025-07-04", "2025-07-02"), delivery.ErrTaken},
			{"a digest the channel was told of", slot(here, "2025-07-04", "2025-07-01"), delivery.ErrTaken},
			{"another channel", slot(there, "2025-07-03", "2025-07-02"), nil},
			{"another digest, told of again", slot(here, "2025-07-04", "2025-07-03", "2025-07-02"), nil},
		}
		for _, c := range cases {
			if err := l.Open(ctx, c.slot); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		first.State = delivery.Claimed
		want := []delivery.Slot{slot(here, "2025-07-04", "2025-07-03", "2025-07-02"), first}
		want[0].State = delivery.Claimed
		got, err := l.Slots(ctx, here, 10)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("slots: %v (-want +got):\n%s", err, diff)
		}
		if got, err := l.Slots(ctx, here, 1); len(got) != 1 || got[0].Date != "2025-07-04" || err != nil {
			t.Errorf("newest slot: %v, %v", got, err)
		}
		mustHave(t, l, here, "2025-07-03", "2025-07-02", "2025-07-01", "2025-06-30")
		with, err := l.SlotsWith(ctx, "2025-07-02")
		if len(with) != 2 || with[0].Ref != here || with[1].Ref != there || err != nil {
			t.Errorf("slots with a digest: %v, %v", with, err)
		}
	})
}

func TestCloseSlot(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		closed := slot(here, "2025-07-03", "")
		closed.State, closed.Reason = delivery.NoDigest, "none_published"
		if err := l.Close(ctx, closed); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(ctx, closed); !errors.Is(err, delivery.ErrTaken) {
			t.Errorf("closed twice: %v", err)
		}
		if err := l.Open(ctx, slot(here, "2025-07-03", "2025-07-02")); !errors.Is(err, delivery.ErrTaken) {
			t.Errorf("opened after the end: %v", err)
		}
		got, err := l.Claim(ctx, closed.SlotKey, time.Minute)
		if diff := cmp.Diff(closed, got.Slot); diff != "" || err != nil {
			t.Errorf("claim of a closed slot: %v (-want +got):\n%s", err, diff)
		}
		mustHave(t, l, here)
	})
}

func TestOpenSlotTogether(t *testing.T) {
	t.Parallel()
	const processes = 4
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		taken := make(chan error, processes)
		var all sync.WaitGroup
		for i := range processes {
			l := open(t, url).Ledger()
			// Half of them want the slot, half the digest in another slot.
			date := briefing.Date("2025-07-03").AddDays(i % 2)
			all.Go(func() { taken <- l.Open(t.Context(), slot(here, date, "2025-07-02")) })
		}
		all.Wait()
		close(taken)
		mustOneWin(t, taken, delivery.ErrTaken)
		if n := count(t, raw(t, url), "SELECT count(*) FROM river_job"); n != 1 {
			t.Errorf("%d jobs, want 1", n)
		}
	})
}

// A slot without its job would wait for ever, a job without its slot would
// find nothing to do.
func TestOpenSlotNeedsJob(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s, db := open(t, url), raw(t, url)
		if err := store.Undo(t.Context(), s, delivery.PlanArgs{}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "SELECT count(*) FROM river_job"); n != 0 {
			t.Errorf("%d jobs after a rollback", n)
		}
		execute(t, db, "ALTER TABLE river_job RENAME TO river_job_away")
		if err := s.Ledger().Open(t.Context(), slot(here, "2025-07-03", "2025-07-02")); err == nil {
			t.Error("opened without a job")
		}
		if n := count(t, db, "SELECT count(*) FROM slots") + count(t, db, "SELECT count(*) FROM seen"); n != 0 {
			t.Errorf("%d rows of a slot without a job", n)
		}
	})
}

func TestClaim(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		now := t0
		l := openWith(t, url, store.Options{Clock: func() time.Time { return now }}).Ledger()
		ctx, key := t.Context(), slot(here, "2025-07-03", "").SlotKey
		if _, err := l.Claim(ctx, key, time.Minute); !errors.Is(err, briefing.ErrNotFound) {
			t.Errorf("claim of no slot: %v", err)
		}
		want := slot(here, "2025-07-03", "2025-07-02")
		if err := l.Open(ctx, want); err != nil {
			t.Fatal(err)
		}
		want.State = delivery.Claimed
		for attempt := range 3 {
			want.Fence = int64(attempt + 1)
			got, err := l.Claim(ctx, key, time.Minute)
			if diff := cmp.Diff(delivery.Holding{Slot: want}, got); diff != "" || err != nil {
				t.Fatalf("claim %d: %v (-want +got):\n%s", attempt, err, diff)
			}
			now = now.Add(time.Minute - time.Millisecond)
			mustBeHeld(t, l, key, time.Millisecond)
			now = now.Add(time.Millisecond)
		}
	})
}

// mustBeHeld wants a claim to fail that can succeed when left is over.
func mustBeHeld(t *testing.T, l *store.Ledger, key delivery.SlotKey, left time.Duration) {
	t.Helper()
	_, err := l.Claim(t.Context(), key, time.Minute)
	if held, ok := errors.AsType[*delivery.FencedError](err); !ok || !errors.Is(err, delivery.ErrFenced) || held.Left != left {
		t.Errorf("claim within a lease: %v, want %s left", err, left)
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		now := t0
		l := openWith(t, url, store.Options{Clock: func() time.Time { return now }}).Ledger()
		ctx, s := t.Context(), slot(here, "2025-07-03", "2025-07-02")
		if err := l.Open(ctx, s); err != nil {
			t.Fatal(err)
		}
		held, err := l.Claim(ctx, s.SlotKey, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		old := held.Slot
		now = now.Add(50 * time.Second)
		if err := l.Renew(ctx, s.SlotKey, old.Fence, 3, time.Minute); err != nil {
			t.Fatal(err)
		}
		now = now.Add(50 * time.Second)
		mustBeHeld(t, l, s.SlotKey, 10*time.Second)
		now = now.Add(10 * time.Second)
		held, err = l.Claim(ctx, s.SlotKey, time.Minute)
		next := held.Slot
		if err != nil || next.Attempts != 3 {
			t.Errorf("%d attempts, %v; want 3", next.Attempts, err)
		}
		mustBeFenced(t, l, old)
		if err := l.Settle(ctx, s.SlotKey, next.Fence, delivery.Posted, ""); err != nil {
			t.Fatal(err)
		}
		mustBeFenced(t, l, next)
	})
}

// Without a clock of the program's own the database's decides.
func TestClaimByServerClock(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		l := openWith(t, url, store.Options{}).Ledger()
		s := slot(here, "2025-07-03", "2025-07-02")
		if err := l.Open(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		for _, lease := range []time.Duration{0, time.Hour} { // the first is over at once
			if _, err := l.Claim(t.Context(), s.SlotKey, lease); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.Claim(t.Context(), s.SlotKey, 0); !errors.Is(err, delivery.ErrFenced) {
			t.Errorf("claim within a lease: %v", err)
		}
		until := count(t, raw(t, url), "SELECT lease_until FROM slots")
		if left := time.Until(time.UnixMilli(int64(until))); left < 59*time.Minute || left > 61*time.Minute {
			t.Errorf("lease of an hour ends in %s", left)
		}
	})
}

func TestClaimTogether(t *testing.T) {
	t.Parallel()
	const processes, rounds = 4, 5
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		var ledgers []*store.Ledger
		for range processes {
			ledgers = append(ledgers, open(t, url).Ledger())
		}
		for round := range rounds {
			s := slot(here, briefing.Date("2025-07-03").AddDays(round), briefing.Date("2025-07-02").AddDays(round))
			if err := ledgers[0].Open(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			claims := make(chan error, processes)
			var all sync.WaitGroup
			for _, l := range ledgers {
				all.Go(func() {
					_, err := l.Claim(t.Context(), s.SlotKey, time.Minute)
					claims <- err
				})
			}
			all.Wait()
			close(claims)
			mustOneWin(t, claims, delivery.ErrFenced)
		}
	})
}

// mustOneWin wants exactly one nil error, and lost for all the others.
func mustOneWin(t *testing.T, errs <-chan error, lost error) {
	t.Helper()
	won := 0
	for err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, lost):
			t.Errorf("error %v, want %v", err, lost)
		}
	}
	if won != 1 {
		t.Errorf("%d have won, want 1", won)
	}
}

func mustHave(t *testing.T, l *store.Ledger, ref bot.Ref, want ...briefing.Date) {
	t.Helper()
	had := map[briefing.Date]bool{}
	for _, d := range want {
		had[d] = true
	}
	got, err := l.Had(t.Context(), ref)
	if diff := cmp.Diff(had, got); diff != "" || err != nil {
		t.Errorf("digests that %s has had: %v (-want +got):\n%s", ref, err, diff)
	}
}
