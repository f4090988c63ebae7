package store

import (
	"context"
	"encoding/json"

	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
)

// Reopen implements delivery.Reopening.
func (l *Ledger) Reopen(ctx context.Context, slot delivery.Slot) error {
	earlier, err := json.Marshal(slot.Earlier)
	if err != nil {
		return err
	}
	ref, date := slot.Ref.String(), string(slot.Date)
	return l.s.inTx(ctx, "open again "+describe(slot.SlotKey), func(ctx context.Context, t tx) error {
		n, err := t.ReopenSlot(ctx, queries.ReopenSlotParams{
			Ref: ref, Date: date, Digest: string(slot.Digest), Earlier: string(earlier),
			DueAt: millis(slot.DueAt), ClosesAt: millis(slot.ClosesAt), Now: millis(l.s.clock()),
		})
		if err := orTaken(n, err); err != nil {
			return err
		}
		// Nothing of it was posted: its digests can be had again, and what was
		// rendered is not sent any more.
		if err := t.DropSeen(ctx, queries.DropSeenParams{Ref: ref, Slot: date}); err != nil {
			return err
		}
		if err := t.DropParts(ctx, queries.DropPartsParams{Ref: ref, Date: date, First: 0}); err != nil {
			return err
		}
		if err := addSeen(ctx, t, slot); err != nil {
			return err
		}
		return t.enqueue(ctx, delivery.ArgsOf(slot.SlotKey))
	})
}
