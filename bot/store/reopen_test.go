package store_test

import (
	"errors"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// sendingPart is a message that is being sent.
func sendingPart(t *testing.T, l *store.Ledger, key delivery.SlotKey, fence int64) {
	t.Helper()
	if err := l.Intend(t.Context(), key, fence, intent(0, t0, `{"a":1}`, `{"b":2}`)); err != nil {
		t.Fatal(err)
	}
}

func refusedPart(t *testing.T, l *store.Ledger, key delivery.SlotKey, fence int64) {
	t.Helper()
	sendingPart(t, l, key, fence)
	if err := l.Refuse(t.Context(), key, fence, 0); err != nil {
		t.Fatal(err)
	}
}

func sentPart(t *testing.T, l *store.Ledger, key delivery.SlotKey, fence int64) {
	t.Helper()
	sendingPart(t, l, key, fence)
	if err := l.Confirm(t.Context(), key, fence, receipt(0, "m0", t0)); err != nil {
		t.Fatal(err)
	}
}

// A slot is opened again only if certainly nothing of it was posted, and with
// a digest that no other slot has.
func TestReopen(t *testing.T) {
	const date, digest = briefing.Date("2025-07-03"), briefing.Date("2025-07-02")
	key := delivery.SlotKey{Ref: here, Date: date}
	settle := func(state delivery.SlotState, parts func(*testing.T, *store.Ledger, delivery.SlotKey, int64)) func(*testing.T, *store.Ledger) {
		return func(t *testing.T, l *store.Ledger) {
			if err := l.Open(t.Context(), slot(here, date, digest)); err != nil {
				t.Fatal(err)
			}
			s := claim(t, l, key)
			if parts != nil {
				parts(t, l, key, s.Fence)
			}
			if err := l.Settle(t.Context(), key, s.Fence, state, "reason"); err != nil {
				t.Fatal(err)
			}
		}
	}
	closed := func(state delivery.SlotState) func(*testing.T, *store.Ledger) {
		return func(t *testing.T, l *store.Ledger) {
			s := slot(here, date, "")
			s.State, s.Reason = state, "reason"
			if err := l.Close(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, *store.Ledger)
		digest  briefing.Date
		want    error
	}{
		{"no digest came", closed(delivery.NoDigest), digest, nil},
		{"nobody was there", closed(delivery.Missed), digest, nil},
		{"missed with the same digest", settle(delivery.Missed, refusedPart), digest, nil},
		{"missed with another", settle(delivery.Missed, nil), "2025-07-01", nil},
		{"refused", settle(delivery.Failed, refusedPart), digest, nil},
		{"refused, and another", settle(delivery.Failed, refusedPart), "2025-07-01", nil},
		{"posted", settle(delivery.Posted, sentPart), digest, delivery.ErrTaken},
		{"incomplete", settle(delivery.Failed, sentPart), "2025-07-01", delivery.ErrTaken},
		{"in doubt", settle(delivery.Doubtful, sendingPart), digest, delivery.ErrTaken},
		{"ended in doubt", settle(delivery.Missed, sendingPart), "2025-07-01", delivery.ErrTaken},
		{"under way", func(t *testing.T, l *store.Ledger) {
			if err := l.Open(t.Context(), slot(here, date, digest)); err != nil {
				t.Fatal(err)
			}
		}, digest, delivery.ErrTaken},
		{"retracted", func(t *testing.T, l *store.Ledger) {
			settle(delivery.Missed, nil)(t, l)
			if err := l.Retract(t.Context(), key, bot.AuditEntry{Who: "U1", What: "retract"}); err != nil {
				t.Fatal(err)
			}
		}, digest, delivery.ErrTaken},
		{"the digest was had elsewhere", func(t *testing.T, l *store.Ledger) {
			closed(delivery.Missed)(t, l)
			if err := l.Open(t.Context(), slot(here, "2025-07-04", digest)); err != nil {
				t.Fatal(err)
			}
		}, digest, delivery.ErrTaken},
		{"no row", func(*testing.T, *store.Ledger) {}, digest, delivery.ErrTaken},
	} {
		t.Run(c.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, s *store.Store) {
				l, ctx := s.Ledger(), t.Context()
				c.prepare(t, l)
				before, err := l.Slots(ctx, here, 9)
				if err != nil {
					t.Fatal(err)
				}
				again := slot(here, date, c.digest)
				again.ClosesAt = again.ClosesAt.Add(time.Hour)
				if err := l.Reopen(ctx, again); !errors.Is(err, c.want) {
					t.Fatalf("open again: %v, want %v", err, c.want)
				}
				if c.want != nil {
					after, err := l.Slots(ctx, here, 9)
					if err != nil || len(after) != len(before) || len(after) > 0 && after[0].State != before[0].State {
						t.Errorf("%+v became %+v, %v", before, after, err)
					}
					return
				}
				got := claim(t, l, key)
				if got.State != delivery.Claimed || got.Digest != c.digest || got.Reason != "" || got.Attempts != 0 || got.Fence < 2 || !got.ClosesAt.Equal(again.ClosesAt) {
					t.Errorf("opened %+v", got)
				}
				if parts, err := l.Parts(ctx, key); err != nil || len(parts) != 0 {
					t.Errorf("parts %+v, %v", parts, err)
				}
				mustHave(t, l, here, c.digest)
				if err := l.Reopen(ctx, again); !errors.Is(err, delivery.ErrTaken) {
					t.Errorf("and once more: %v", err)
				}
			})
		})
	}
}
