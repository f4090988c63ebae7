package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// Ledger is the store as package delivery sees it: it implements
// delivery.Ledger, Progress, Amendment, Settlement, Care and
// Board. See Store.Ledger.
type Ledger struct{ s *Store }

// Ledger is the memory of what was sent where.
func (s *Store) Ledger() *Ledger { return &Ledger{s} }

// Open implements delivery.Ledger. Digests named as earlier that the channel
// has had before are no hindrance.
func (l *Ledger) Open(ctx context.Context, slot delivery.Slot) error {
	slot.State = delivery.Claimed
	return l.s.inTx(ctx, "open "+describe(slot.SlotKey), func(ctx context.Context, t tx) error {
		if err := l.addSlot(ctx, t, slot); err != nil {
			return err
		}
		if err := addSeen(ctx, t, slot); err != nil {
			return err
		}
		return t.enqueue(ctx, delivery.ArgsOf(slot.SlotKey))
	})
}

// Close implements delivery.Ledger.
func (l *Ledger) Close(ctx context.Context, slot delivery.Slot) error {
	return l.s.inTx(ctx, "close "+describe(slot.SlotKey), func(ctx context.Context, t tx) error {
		return l.addSlot(ctx, t, slot)
	})
}

// addSlot is ErrTaken when the slot has a row.
func (l *Ledger) addSlot(ctx context.Context, t tx, slot delivery.Slot) error {
	earlier, err := json.Marshal(slot.Earlier)
	if err != nil {
		return err
	}
	n, err := t.AddSlot(ctx, queries.AddSlotParams{
		Ref:          slot.Ref.String(),
		Date:         string(slot.Date),
		Installation: string(slot.Ref.ID()),
		State:        string(slot.State),
		Reason:       storable(slot.Reason),
		Digest:       string(slot.Digest),
		Earlier:      string(earlier),
		DueAt:        millis(slot.DueAt),
		ClosesAt:     millis(slot.ClosesAt),
		TouchedAt:    millis(l.s.clock()),
	})
	return orTaken(n, err)
}

// addSeen is ErrTaken when the channel has had the slot's digest.
func addSeen(ctx context.Context, t tx, slot delivery.Slot) error {
	seen := queries.AddSeenParams{Ref: slot.Ref.String(), Digest: string(slot.Digest), Slot: string(slot.Date)}
	if err := orTaken(t.AddSeen(ctx, seen)); err != nil {
		return err
	}
	for _, digest := range slot.Earlier {
		seen.Digest = string(digest)
		if _, err := t.AddSeen(ctx, seen); err != nil {
			return err
		}
	}
	return nil
}

// orTaken is ErrTaken when no row was written because there is one.
func orTaken(rows int64, err error) error {
	if err == nil && rows == 0 {
		return delivery.ErrTaken
	}
	return err
}

// Claim implements delivery.Ledger. A slot that is being retracted is
// ErrFenced.
func (l *Ledger) Claim(ctx context.Context, key delivery.SlotKey, lease time.Duration) (delivery.Holding, error) {
	s := &step{SlotKey: key, claim: &claim{lease: lease}}
	if err := l.do(ctx, "claim "+describe(key), s); err != nil {
		return delivery.Holding{}, err
	}
	return s.claim.Holding, nil
}

// do writes a step together with those that wait at the same moment.
func (l *Ledger) do(ctx context.Context, what string, s *step) error {
	return l.s.metered(true, func() error {
		return l.s.call(ctx, what, func(ctx context.Context) error { return l.s.steps.do(ctx, s) })
	})
}

// noLease is how long to wait for a slot that is not to be had although
// nobody holds it: it is being retracted, or was given back just now.
const noLease = 10 * time.Second

// fenced says how long another claim has left.
func fenced(row queries.Slot, now int64) error {
	left := time.Duration(row.LeaseUntil-now) * time.Millisecond
	if left <= 0 {
		left = noLease
	}
	return &delivery.FencedError{Left: left}
}

// Renew implements delivery.Ledger.
func (l *Ledger) Renew(ctx context.Context, key delivery.SlotKey, fence int64, attempts int, lease time.Duration) error {
	return l.s.inTx(ctx, "renew claim of "+describe(key), func(ctx context.Context, t tx) error {
		now, err := l.s.engine.now(ctx, t.conn)
		if err != nil {
			return err
		}
		n, err := t.RenewSlot(ctx, queries.RenewSlotParams{
			Ref: key.Ref.String(), Date: string(key.Date), Fence: fence,
			Attempts: int64(attempts), LeaseUntil: millis(now.Add(lease)), Now: millis(now),
		})
		if err == nil && n == 0 {
			return delivery.ErrFenced
		}
		return err
	})
}

// unsettled says that a slot in this state can be claimed.
func unsettled(s delivery.SlotState) bool { return s == delivery.Claimed || s == delivery.Doubtful }

// Addressee implements delivery.Board.
func (l *Ledger) Addressee(ctx context.Context, key delivery.SlotKey) (addressee delivery.Addressee, err error) {
	err = l.s.do(ctx, fmt.Sprintf("read channel of %s", describe(key)), func(ctx context.Context, q *queries.Queries) error {
		wanted, err := rowsOf([]claimRow{{rowKey: keyOf(key), Since: sinceOf(key.Date)}})
		if err != nil {
			return err
		}
		rows, err := q.Addressees(ctx, wanted)
		if err != nil || len(rows) == 0 {
			return err
		}
		addressee, err = addresseeOf(rows[0])
		return err
	})
	return addressee, err
}

// Slots implements delivery.Board.
func (l *Ledger) Slots(ctx context.Context, ref bot.Ref, n int) (slots []delivery.Slot, err error) {
	err = l.s.do(ctx, fmt.Sprintf("read slots of %s", ref), func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.Slots(ctx, queries.SlotsParams{Ref: ref.String(), N: int32(n)})
		if err != nil {
			return err
		}
		slots, err = slotsOf(rows)
		return err
	})
	return slots, err
}

// SlotsWith gives the slots of all channels whose post is of this digest:
// those to edit when it is revised, or to remove when it is retracted.
func (l *Ledger) SlotsWith(ctx context.Context, digest briefing.Date) (slots []delivery.Slot, err error) {
	err = l.s.do(ctx, fmt.Sprintf("read slots with digest %s", digest), func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.SlotsWith(ctx, string(digest))
		if err != nil {
			return err
		}
		slots, err = slotsOf(rows)
		return err
	})
	return slots, err
}

// Parts gives the messages of a slot, the parent first, without a claim.
func (l *Ledger) Parts(ctx context.Context, key delivery.SlotKey) (parts []delivery.Part, err error) {
	err = l.s.do(ctx, "read parts of "+describe(key), func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.Parts(ctx, queries.PartsParams{Ref: key.Ref.String(), Date: string(key.Date)})
		parts = partsOf(rows)
		return err
	})
	return parts, err
}

// Had implements delivery.Board. The digest of a slot that was Missed before
// anything of it may have been posted does not count.
func (l *Ledger) Had(ctx context.Context, ref bot.Ref) (had map[briefing.Date]bool, err error) {
	err = l.s.do(ctx, fmt.Sprintf("read digests of %s", ref), func(ctx context.Context, q *queries.Queries) error {
		digests, err := q.Seen(ctx, ref.String())
		had = make(map[briefing.Date]bool, len(digests))
		for _, d := range digests {
			had[briefing.Date(d)] = true
		}
		return err
	})
	return had, err
}

// Channels implements delivery.Board.
func (l *Ledger) Channels(ctx context.Context) ([]bot.Channel, error) { return l.s.Channels(ctx) }

// describe names a slot in an error.
func describe(key delivery.SlotKey) string { return fmt.Sprintf("slot %s of %s", key.Date, key.Ref) }
