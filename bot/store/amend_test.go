package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"

	"github.com/google/go-cmp/cmp"
)

// posted opens, renders and posts a slot of one message.
func posted(t *testing.T, l *store.Ledger, s delivery.Slot) delivery.Slot {
	t.Helper()
	c := claimed(t, l, s)
	err := errors.Join(
		l.Intend(t.Context(), c.SlotKey, c.Fence, intent(0, t0, "{}")),
		l.Confirm(t.Context(), c.SlotKey, c.Fence, receipt(0, "m0", t0)),
		l.Settle(t.Context(), c.SlotKey, c.Fence, delivery.Posted, ""),
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func reclaim(t *testing.T, l *store.Ledger, key delivery.SlotKey, lease time.Duration) (delivery.Slot, []delivery.Part) {
	t.Helper()
	s, parts, err := l.Reclaim(t.Context(), key, lease)
	if err != nil {
		t.Fatal(err)
	}
	return s, parts
}

func TestCorrection(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		old := posted(t, l, slot(here, "2025-07-03", "2025-07-02"))
		c, parts := reclaim(t, l, old.SlotKey, time.Hour)
		if c.Edition != "e1" || c.Fence != old.Fence+1 {
			t.Errorf("reclaimed %+v", c)
		}
		if _, _, err := l.Reclaim(ctx, old.SlotKey, time.Hour); !errors.Is(err, delivery.ErrFenced) {
			t.Errorf("reclaimed twice: %v", err)
		}
		mustBeFenced(t, l, old)
		parts[0].State, parts[0].Body = delivery.Stale, bot.Message(`{"a":1}`)
		note := delivery.Part{Index: 1, State: delivery.Rendered, Body: bot.Message(`{"b":1}`), Note: true}
		next := delivery.Correction{Edition: "e2", State: delivery.Correcting, Times: 2, On: "2025-07-04"}
		err := errors.Join(
			l.Stage(ctx, c.SlotKey, c.Fence, next, append(parts, note)),
			l.Mark(ctx, c.SlotKey, c.Fence, 0, delivery.Sent),
			l.Intend(ctx, c.SlotKey, c.Fence, intent(1, t0)),
			l.Confirm(ctx, c.SlotKey, c.Fence, receipt(1, "m1", t0)),
		)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Mark(ctx, c.SlotKey, c.Fence, 7, delivery.Gone); err == nil || errors.Is(err, delivery.ErrFenced) {
			t.Errorf("mark a part that is not: %v", err)
		}
		parts[0].State, note.State, note.ID, note.IntentAt = delivery.Sent, delivery.Sent, "m1", t0
		got, err := l.Parts(ctx, c.SlotKey)
		if diff := cmp.Diff([]delivery.Part{parts[0], note}, got); diff != "" || err != nil {
			t.Errorf("parts: %v (-want +got):\n%s", err, diff)
		}
		next.State, next.Reason = delivery.GivenUp, "why"
		if err := l.SettleCorrection(ctx, c.SlotKey, c.Fence, "e1", next); err != nil {
			t.Fatal(err)
		}
		mustBeFenced(t, l, c)
		given, _ := reclaim(t, l, c.SlotKey, 0)
		if given.Edition != "e1" || given.Correction != next || given.Attempts != 1 || given.State != delivery.Posted {
			t.Errorf("given up as %+v", given)
		}
		if err := l.SettleCorrection(ctx, c.SlotKey, given.Fence, "e2", delivery.Correction{}); err != nil {
			t.Fatal(err)
		}
		done, _ := reclaim(t, l, c.SlotKey, 0)
		if want := (delivery.Correction{Times: 2, On: "2025-07-04"}); done.Edition != "e2" || done.Correction != want {
			t.Errorf("done as %+v", done)
		}
	})
}

func TestRetraction(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		whole := posted(t, l, slot(here, "2025-07-03", "2025-07-02"))
		half := claimed(t, l, slot(there, "2025-07-03", "2025-07-02", "2025-07-01"))
		if _, _, err := l.Reclaim(ctx, half.SlotKey, time.Hour); err != nil {
			t.Errorf("look at what is being posted: %v", err)
		}
		for _, c := range []delivery.Slot{whole, half} {
			for range 2 {
				if err := l.Retract(ctx, c.SlotKey, bot.AuditEntry{At: t0, Who: "U1", What: "retract"}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := l.Claim(ctx, c.SlotKey, 0); c.Ref == half.Ref && !errors.Is(err, delivery.ErrFenced) {
				t.Errorf("delivered although it is retracted: %v", err)
			}
			r, _ := reclaim(t, l, c.SlotKey, time.Hour)
			if err := l.Release(ctx, r.SlotKey, r.Fence, "not_in_channel"); err != nil {
				t.Fatal(err)
			}
			if r, _ = reclaim(t, l, c.SlotKey, time.Hour); r.Correction.Reason != "not_in_channel" || r.Attempts != 0 {
				t.Errorf("released as %+v", r)
			}
			if err := l.SettleRetraction(ctx, r.SlotKey, r.Fence, t0.Add(time.Minute), "retracted"); err != nil {
				t.Fatal(err)
			}
			mustBeFenced(t, l, r)
			after, _ := reclaim(t, l, c.SlotKey, 0)
			if !after.RetractAt.Equal(t0) || !after.RetractedAt.Equal(t0.Add(time.Minute)) || after.Reason != "retracted" || after.Fence != r.Fence {
				t.Errorf("retracted as %+v", after)
			}
			audit, err := s.Audit(ctx, c.Ref.ID(), 10)
			if err != nil || len(audit) != 1 {
				t.Errorf("audit %+v, %v", audit, err)
			}
		}
		mustHave(t, l, there, "2025-07-02", "2025-07-01")
		if got, err := l.Claim(context.Background(), half.SlotKey, 0); err != nil || got.Slot.State != delivery.Missed {
			t.Errorf("slot in the middle is %s, %v", got.Slot.State, err)
		}
	})
}
