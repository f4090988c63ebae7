package store

import (
	"context"
	"errors"
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
)

// held runs f in a transaction in which the slot's newest fence is fence. The
// fence is checked by an UPDATE of the slot's row: on PostgreSQL too, whoever
// claims the slot meanwhile waits for the commit, and then reads the parts as
// f left them. A SELECT would let an intent slip in behind a claim.
func (l *Ledger) held(ctx context.Context, what string, key delivery.SlotKey, fence int64, f func(context.Context, tx) error) error {
	return l.s.inTx(ctx, what+" of "+describe(key), func(ctx context.Context, t tx) error {
		n, err := t.HoldSlot(ctx, queries.HoldSlotParams{
			Ref: key.Ref.String(), Date: string(key.Date), Fence: fence, Now: millis(l.s.clock()),
		})
		if err != nil {
			return err
		}
		if n == 0 {
			return delivery.ErrFenced
		}
		return f(ctx, t)
	})
}

// errPart says that a part is not in the state that the caller believes.
var errPart = errors.New("no such part, or it was sent already")

// orPart is errPart when no part was written.
func orPart(rows int64, err error) error {
	if err == nil && rows == 0 {
		return errPart
	}
	return err
}

// Replace implements delivery.Progress.
func (l *Ledger) Replace(ctx context.Context, key delivery.SlotKey, fence int64, from int, bodies []bot.Message) error {
	return l.held(ctx, fmt.Sprintf("replace parts from %d", from), key, fence, func(ctx context.Context, t tx) error {
		ref, date := key.Ref.String(), string(key.Date)
		sent, err := t.CountSentParts(ctx, queries.CountSentPartsParams{Ref: ref, Date: date, First: int32(from)})
		if err != nil {
			return err
		}
		if sent > 0 {
			return errPart
		}
		if err := t.DropParts(ctx, queries.DropPartsParams{Ref: ref, Date: date, First: int32(from)}); err != nil {
			return err
		}
		return addParts(ctx, t, key, from, bodies)
	})
}

// addParts is ErrTaken when one of them is there.
func addParts(ctx context.Context, t tx, key delivery.SlotKey, from int, bodies []bot.Message) error {
	rows := make([]partRow, len(bodies))
	for i, body := range bodies {
		rows[i] = partRow{
			rowKey: keyOf(key), Idx: from + i, State: delivery.Rendered, Body: string(body),
		}
	}
	return insertParts(ctx, t, rows)
}

// Intend implements delivery.Progress. It fails for a part that was sent, and
// with ErrTaken for a Rendering of a slot that has one: Replace is for those.
func (l *Ledger) Intend(ctx context.Context, key delivery.SlotKey, fence int64, in delivery.Intent) error {
	what := fmt.Sprintf("intend part %d of %s", in.Index, describe(key))
	return l.do(ctx, what, &step{SlotKey: key, fence: fence, intent: &in})
}

// Refuse implements delivery.Progress.
func (l *Ledger) Refuse(ctx context.Context, key delivery.SlotKey, fence int64, index int) error {
	return l.held(ctx, fmt.Sprintf("take back part %d", index), key, fence, func(ctx context.Context, t tx) error {
		return orPart(t.RefusePart(ctx, queries.RefusePartParams{
			Ref: key.Ref.String(), Date: string(key.Date), Idx: int32(index),
		}))
	})
}

// Confirm implements delivery.Progress. Part 0 gives the slot its PostedAt.
func (l *Ledger) Confirm(ctx context.Context, key delivery.SlotKey, fence int64, r delivery.Receipt) error {
	what := fmt.Sprintf("confirm part %d of %s", r.Index, describe(key))
	if r.ID == "" {
		return fmt.Errorf("%s: no message id", what)
	}
	return l.do(ctx, what, &step{SlotKey: key, fence: fence, receipt: &r})
}

// Settle implements delivery.Settlement. A slot that is Missed before anything
// of it may have been posted gives its digests back: a later slot can have them.
func (l *Ledger) Settle(ctx context.Context, key delivery.SlotKey, fence int64, state delivery.SlotState, reason string) error {
	ref, date := key.Ref.String(), string(key.Date)
	return l.s.inTx(ctx, fmt.Sprintf("settle %s as %s", describe(key), state), func(ctx context.Context, t tx) error {
		n, err := t.SettleSlot(ctx, queries.SettleSlotParams{
			Ref: ref, Date: date, Fence: fence, State: string(state),
			Reason: storable(reason), Now: millis(l.s.clock()),
		})
		switch {
		case err != nil:
			return err
		case n == 0:
			return delivery.ErrFenced
		case state == delivery.Missed || state == delivery.NoDigest:
			return t.DropSeen(ctx, queries.DropSeenParams{Ref: ref, Slot: date})
		}
		return nil
	})
}
