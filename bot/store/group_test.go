package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"

	"github.com/google/go-cmp/cmp"
)

// patience ends a test that hangs.
const patience = 30 * time.Second

// manySlots are slots of so many subscribed channels, all open.
func manySlots(t *testing.T, s *store.Store, n int) []delivery.SlotKey {
	t.Helper()
	keys := make([]delivery.SlotKey, n)
	for i := range keys {
		ref := mustRef(fmt.Sprintf("slack:T1/C%02d", i))
		keys[i] = delivery.SlotKey{Ref: ref, Date: "2025-07-03"}
		err := errors.Join(
			s.PutChannel(t.Context(), channel(ref), bot.AuditEntry{}),
			s.Ledger().Open(t.Context(), slot(ref, "2025-07-03", "2025-07-02")),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// together makes n calls that are written in one group.
func together(t *testing.T, s *store.Store, n int, call func(i int) error) []error {
	t.Helper()
	waiting, release := store.Gather(s)
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = call(i) })
	}
	await(t, func() bool { return waiting() == n })
	release()
	all.Wait()
	return errs
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that")
		}
	}
}

// claimTogether claims slots for so long in one group, and wants all claims
// to succeed.
func claimTogether(t *testing.T, s *store.Store, keys []delivery.SlotKey) []delivery.Holding {
	t.Helper()
	held := make([]delivery.Holding, len(keys))
	errs := together(t, s, len(keys), func(i int) (err error) {
		held[i], err = s.Ledger().Claim(t.Context(), keys[i], time.Minute)
		return err
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return held
}

// One transaction delivers many slots a step further, each with what is its
// own.
func TestGroup(t *testing.T) {
	t.Parallel()
	const n = 20
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		l, keys := s.Ledger(), manySlots(t, s, n)
		held := claimTogether(t, s, keys)
		for i, h := range held {
			want := delivery.Addressee{Channel: channel(keys[i].Ref), Subscribed: true}
			if diff := cmp.Diff(want, h.Addressee); diff != "" || h.Slot.SlotKey != keys[i] || h.Slot.Fence != 1 || len(h.Parts) != 0 {
				t.Errorf("claimed %+v (-want +got):\n%s", h, diff)
			}
		}
		mustBeOneTransaction(t, url, "slots")
		body := func(i int) string { return fmt.Sprintf(`{"親":"<%d>&\u0000 \"\\"}`, i) }
		mustAll(t, together(t, s, n, func(i int) error {
			return l.Intend(t.Context(), keys[i], 1, intent(0, t0.Add(time.Duration(i)*time.Second), body(i)))
		}))
		mustBeOneTransaction(t, url, "parts")
		mustAll(t, together(t, s, n, func(i int) error {
			return l.Confirm(t.Context(), keys[i], 1, delivery.Receipt{ID: bot.MessageID(fmt.Sprint("m", i)), At: t0, Last: i%2 == 0})
		}))
		mustBeOneTransaction(t, url, "slots")
		for i, key := range keys {
			want := []delivery.Part{{State: delivery.Sent, Body: bot.Message(body(i)), ID: bot.MessageID(fmt.Sprint("m", i)), IntentAt: t0.Add(time.Duration(i) * time.Second)}}
			got, err := l.Parts(t.Context(), key)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("parts of %s: %v (-want +got):\n%s", key.Ref, err, diff)
			}
			state := map[bool]delivery.SlotState{true: delivery.Posted, false: delivery.Claimed}[i%2 == 0]
			if rows, err := l.Slots(t.Context(), key.Ref, 1); err != nil || rows[0].State != state || !rows[0].PostedAt.Equal(t0) || rows[0].Edition != "e1" {
				t.Errorf("slot %+v, %v; want %s", rows, err, state)
			}
		}
	})
}

func mustAll(t *testing.T, errs []error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// mustBeOneTransaction wants all rows to be written by the same one, where
// the database tells.
func mustBeOneTransaction(t *testing.T, url, table string) {
	t.Helper()
	if strings.HasPrefix(url, "sqlite:") {
		return
	}
	if n := count(t, raw(t, url), "SELECT count(DISTINCT CAST(xmin AS text)) FROM "+table); n != 1 {
		t.Errorf("%s are written by %d transactions", table, n)
	}
}

// What is wrong with one step is told to its own caller, and harms no other.
func TestGroupFailsApart(t *testing.T) {
	t.Parallel()
	const n = 8
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		l, keys := s.Ledger(), manySlots(t, s, n)
		execute(t, raw(t, url), "UPDATE channels SET settings = 'none' WHERE ref = '"+keys[3].Ref.String()+"'")
		claim(t, l, keys[0]) // for no time
		if _, err := l.Claim(t.Context(), keys[1], time.Hour); err != nil {
			t.Fatal(err)
		}
		old := claim(t, l, keys[2])
		if err := l.Settle(t.Context(), keys[2], old.Fence, delivery.Failed, "why"); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, delivery.SlotKey{Ref: here, Date: "2025-07-03"}) // there is none
		held := make([]delivery.Holding, len(keys))
		errs := together(t, s, len(keys), func(i int) (err error) {
			held[i], err = l.Claim(t.Context(), keys[i], time.Minute)
			return err
		})
		for i, err := range errs {
			switch {
			case i == 1 && errors.Is(err, delivery.ErrFenced):
			case i == 3 && err != nil && strings.Contains(err.Error(), keys[3].Ref.String()):
			case i == n && errors.Is(err, briefing.ErrNotFound):
			case i == 2 && err == nil && held[i].Slot.State == delivery.Failed && held[i].Slot.Fence == 1:
			case i != 1 && i != 2 && i != 3 && i != n && err == nil && held[i].Subscribed:
			default:
				t.Errorf("claim %d: %+v, %v", i, held[i].Slot, err)
			}
		}
		errs = together(t, s, n, func(i int) error {
			in := intent(0, t0, "{}")
			if i == 4 {
				in = intent(7, t0)
			}
			return l.Intend(t.Context(), keys[i], held[i].Slot.Fence-int64(i%2), in)
		})
		for i, err := range errs {
			fenced := i%2 == 1 || i == 2
			if errors.Is(err, delivery.ErrFenced) != fenced || (err != nil) != (fenced || i == 4) {
				t.Errorf("intend %d: %v", i, err)
			}
			parts, readErr := l.Parts(t.Context(), keys[i])
			if readErr != nil || (len(parts) == 1) != (err == nil) {
				t.Errorf("intend %d: %v, but parts are %+v, %v", i, err, parts, readErr)
			}
		}
	})
}

// A group that fails is not repeated step by step, and not for ever: one step
// that is to blame is found in few transactions, and harms no other; where many
// are, or none can begin, the database is left alone.
func TestGroupFailsInBounds(t *testing.T) {
	const n = 256
	down := errors.New("no connection")
	type row struct {
		name    string
		bad     int // how many steps cannot be done
		refusal error
		most    int // transactions
	}
	for _, c := range briefingtest.Some([]row{
		{"one to blame", 1, nil, 1 + 16 + 16},
		{"three to blame", 3, nil, 1 + 16 + 3*16},
		{"all to blame", n, nil, 1 + 64},
		{"no connection", 0, down, 1},
	}) {
		t.Run(c.name, func(t *testing.T) {
			bottest.EachDatabase(t, func(t *testing.T, url string) {
				s := open(t, url)
				store.SetPatience(s, patience) // a slow machine is no trouble of the database's
				keys := manySlots(t, s, n)
				bad := map[bot.Ref]bool{}
				db := raw(t, url)
				for i := range c.bad { // wide apart
					ref := keys[i*97%n].Ref
					bad[ref] = true
					execute(t, db, "UPDATE channels SET settings = 'none' WHERE ref = '"+ref.String()+"'")
				}
				db.Close()
				transactions := store.Count(s, c.refusal)
				errs := together(t, s, n, func(i int) error {
					_, err := s.Ledger().Claim(t.Context(), keys[i], time.Minute)
					return err
				})
				if got := transactions(); got > c.most {
					t.Errorf("%d transactions, want %d at most", got, c.most)
				}
				for i, err := range errs {
					if want := bad[keys[i].Ref] || c.refusal != nil; (err != nil) != want {
						t.Errorf("step %d, to blame: %v: %v", i, bad[keys[i].Ref], err)
					}
				}
			})
		})
	}
}

// Two claims of one slot are not one: the second sees the first.
func TestGroupHasOneStepASlot(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		keys := manySlots(t, s, 2)
		errs := together(t, s, 4, func(i int) error {
			_, err := s.Ledger().Claim(t.Context(), keys[i%2], time.Minute)
			return err
		})
		for i := range keys {
			one := make(chan error, 2)
			one <- errs[i]
			one <- errs[i+2]
			close(one)
			mustOneWin(t, one, delivery.ErrFenced)
		}
	})
}

// A caller that loses patience before its step is written has not done it.
func TestGroupCallerLeaves(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		l, keys := s.Ledger(), manySlots(t, s, 2)
		waiting, release := store.Gather(s)
		ctx, cancel := context.WithCancel(t.Context())
		left, stayed := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := l.Claim(ctx, keys[0], time.Minute)
			left <- err
		}()
		go func() {
			_, err := l.Claim(t.Context(), keys[1], time.Minute)
			stayed <- err
		}()
		await(t, func() bool { return waiting() == 2 })
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		release()
		if err := <-stayed; err != nil {
			t.Errorf("who stayed: %v", err)
		}
		for i, key := range keys {
			if rows, err := l.Slots(t.Context(), key.Ref, 1); err != nil || rows[0].Fence != int64(i) {
				t.Errorf("slot %d: %+v, %v", i, rows, err)
			}
		}
	})
}

// A row that somebody else keeps locked, such as a replica that lost its
// network in a transaction, holds up its own slot alone.
func TestGroupPassesLockedRow(t *testing.T) {
	url := bottest.Postgres(t)
	s := open(t, url)
	keys := manySlots(t, s, 6)
	lock, err := raw(t, url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback()
	if _, err := lock.ExecContext(t.Context(), "UPDATE slots SET touched_at = 0 WHERE ref = $1", keys[0].Ref.String()); err != nil {
		t.Fatal(err)
	}
	others := make(chan error, len(keys))
	locked := make(chan error, 1)
	go func() {
		together(t, s, len(keys), func(i int) error {
			_, err := s.Ledger().Claim(t.Context(), keys[i], time.Minute)
			if i == 0 {
				locked <- err
			} else {
				others <- err
			}
			return nil
		})
		close(others)
	}()
	for range keys[1:] {
		if err := <-others; err != nil {
			t.Errorf("claim beside a locked row: %v", err)
		}
	}
	select {
	case err := <-locked:
		t.Errorf("claim of the locked row: %v", err)
	default:
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-locked; err != nil {
		t.Errorf("claim of what was locked: %v", err)
	}
	<-others // together is over
}

// A locked row that is claimed when nothing else waits holds up nobody who comes
// after it, however many of them there are.
func TestLockedRowAlone(t *testing.T) {
	url := bottest.Postgres(t)
	s := open(t, url)
	keys := manySlots(t, s, 4)
	db := raw(t, url)
	lock, err := raw(t, url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback()
	if _, err := lock.ExecContext(t.Context(), "UPDATE slots SET touched_at = 0 WHERE ref <> $1", keys[3].Ref.String()); err != nil {
		t.Fatal(err)
	}
	locked := make(chan error, 2)
	for i, key := range keys[:2] {
		go func() {
			_, err := s.Ledger().Claim(t.Context(), key, time.Minute)
			locked <- err
		}()
		await(t, func() bool {
			return count(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == i+1
		})
	}
	if _, err := s.Ledger().Claim(t.Context(), keys[3], time.Minute); err != nil {
		t.Errorf("claim behind locked rows: %v", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-locked; err != nil {
			t.Errorf("claim of what was locked: %v", err)
		}
	}
}

// A replica that stands still in a transaction keeps no row for itself.
func TestIdleTransactionsEnd(t *testing.T) {
	url := bottest.Postgres(t)
	const question = "SHOW idle_in_transaction_session_timeout"
	if got, err := store.Ask(open(t, url), question); err != nil || got != "10s" {
		t.Errorf("transactions end after %q, %v", got, err)
	}
	own := strings.Replace(url, "?", "?idle_in_transaction_session_timeout=3s&", 1)
	if got, err := store.Ask(open(t, own), question); err != nil || got != "3s" {
		t.Errorf("transactions of an operator who chose end after %q, %v", got, err)
	}
}

// A panic in a group is an error of its steps at the worst, not the end of all.
func TestGroupPanics(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		var panics atomic.Int32
		s := openWith(t, url, store.Options{Clock: func() time.Time {
			if panics.Add(-1) >= 0 {
				panic("the clock broke")
			}
			return t0
		}})
		keys := manySlots(t, s, 4)
		panics.Store(1)
		claimTogether(t, s, keys[:3]) // each by itself
		panics.Store(1)
		if _, err := s.Ledger().Claim(t.Context(), keys[3], time.Minute); err == nil || !strings.Contains(err.Error(), "the clock broke") {
			t.Errorf("claim that panics: %v", err)
		}
		if _, err := s.Ledger().Claim(t.Context(), keys[3], time.Minute); err != nil {
			t.Errorf("claim after a panic: %v", err)
		}
	})
}

// TestGroupsRace lets two processes deliver the same slots: each is posted by
// one of them, whatever the groups are.
func TestGroupsRace(t *testing.T) {
	t.Parallel()
	const n = 60
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		keys := manySlots(t, s, n)
		var mu sync.Mutex
		posted := map[delivery.SlotKey]int{}
		deliver := func(l *store.Ledger, key delivery.SlotKey) error {
			held, err := l.Claim(t.Context(), key, time.Minute)
			if err != nil || held.Slot.State != delivery.Claimed {
				return err
			}
			in := intent(0, t0, "{}")
			in.Lease = time.Minute
			if err := l.Intend(t.Context(), key, held.Slot.Fence, in); err != nil {
				return err
			}
			mu.Lock()
			posted[key]++
			mu.Unlock()
			return l.Confirm(t.Context(), key, held.Slot.Fence, delivery.Receipt{ID: "m", At: t0, Last: true})
		}
		var all sync.WaitGroup
		for _, l := range []*store.Ledger{s.Ledger(), open(t, url).Ledger()} {
			for _, key := range keys {
				all.Go(func() {
					if err := deliver(l, key); err != nil && !errors.Is(err, delivery.ErrFenced) {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		for _, key := range keys {
			rows, err := s.Ledger().Slots(t.Context(), key.Ref, 1)
			if err != nil || posted[key] != 1 || rows[0].State != delivery.Posted {
				t.Errorf("posted %d times, %+v, %v", posted[key], rows, err)
			}
		}
	})
}

// An older slot that is still being posted is told to who claims the next.
func TestClaimTellsOfOlderSlot(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		var slots []delivery.Slot
		for i, date := range []briefing.Date{"2025-07-03", "2025-07-04"} {
			slots = append(slots, slot(here, date, briefing.Date("2025-07-01").AddDays(i)))
			if err := l.Open(ctx, slots[i]); err != nil {
				t.Fatal(err)
			}
		}
		want := func(name string, key delivery.SlotKey, want delivery.Addressee) {
			t.Helper()
			held, err := l.Claim(ctx, key, 0)
			if diff := cmp.Diff(want, held.Addressee); diff != "" || err != nil {
				t.Errorf("%s: claim: %v (-want +got):\n%s", name, err, diff)
			}
			addressee, err := l.Addressee(ctx, key)
			if diff := cmp.Diff(want, addressee); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		want("not subscribed", slots[1].SlotKey, delivery.Addressee{})
		if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
		subscribed := delivery.Addressee{Channel: channel(here), Subscribed: true}
		behind := subscribed
		behind.Behind = true
		want("the older", slots[0].SlotKey, subscribed)
		want("the newer", slots[1].SlotKey, behind)
		old := claim(t, l, slots[0].SlotKey)
		if err := l.Settle(ctx, old.SlotKey, old.Fence, delivery.Missed, "why"); err != nil {
			t.Fatal(err)
		}
		want("the newer, when the older is settled", slots[1].SlotKey, subscribed)
	})
}
