package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
)

// Reclaim implements delivery.Amendment.
func (l *Ledger) Reclaim(ctx context.Context, key delivery.SlotKey, lease time.Duration) (slot delivery.Slot, parts []delivery.Part, err error) {
	err = l.s.inTx(ctx, "claim "+describe(key), func(ctx context.Context, t tx) error {
		now, err := l.s.engine.now(ctx, t.conn)
		if err != nil {
			return err
		}
		row, err := reclaim(ctx, t, queries.ReclaimSlotParams{
			Ref: key.Ref.String(), Date: string(key.Date), Now: millis(now), LeaseUntil: millis(now.Add(lease)),
		})
		if err != nil {
			return err
		}
		if slot, err = slotOf(row); err != nil {
			return err
		}
		if slot.RestoredAt, err = restoredAt(ctx, t.Queries); err != nil {
			return err
		}
		rows, err := t.Parts(ctx, queries.PartsParams{Ref: row.Ref, Date: row.Date})
		parts = partsOf(rows)
		return err
	})
	return slot, parts, err
}

// reclaim raises the fence, or finds out why it cannot.
func reclaim(ctx context.Context, t tx, p queries.ReclaimSlotParams) (queries.Slot, error) {
	row, err := t.ReclaimSlot(ctx, p)
	if !errors.Is(err, sql.ErrNoRows) {
		return row, err
	}
	row, err = t.Slot(ctx, queries.SlotParams{Ref: p.Ref, Date: p.Date})
	if err == nil && amendable(row) {
		return row, fenced(row, p.Now)
	}
	return row, err
}

// amendable says that a slot can be reclaimed, now or when the lease is over.
func amendable(row queries.Slot) bool {
	if row.RetractAt > 0 {
		return row.RetractedAt == 0
	}
	return delivery.SlotState(row.State) == delivery.Posted
}

// Stage implements delivery.Amendment.
func (l *Ledger) Stage(ctx context.Context, key delivery.SlotKey, fence int64, c delivery.Correction, parts []delivery.Part) error {
	ref, date := key.Ref.String(), string(key.Date)
	return l.held(ctx, "stage correction", key, fence, func(ctx context.Context, t tx) error {
		for _, p := range parts {
			err := t.StagePart(ctx, queries.StagePartParams{
				Ref: ref, Date: date, Idx: int32(p.Index), State: string(p.State), Body: string(p.Body), Note: p.Note,
			})
			if err != nil {
				return err
			}
		}
		return t.StageSlot(ctx, queries.StageSlotParams{
			Ref: ref, Date: date, Edition: c.Edition, Corrections: int64(c.Times), CorrectedOn: string(c.On),
		})
	})
}

// Mark implements delivery.Amendment.
func (l *Ledger) Mark(ctx context.Context, key delivery.SlotKey, fence int64, index int, state delivery.PartState) error {
	return l.held(ctx, fmt.Sprintf("mark part %d %s", index, state), key, fence, func(ctx context.Context, t tx) error {
		return orPart(t.MarkPart(ctx, queries.MarkPartParams{
			Ref: key.Ref.String(), Date: string(key.Date), Idx: int32(index), State: string(state),
		}))
	})
}

// SettleCorrection implements delivery.Amendment.
func (l *Ledger) SettleCorrection(ctx context.Context, key delivery.SlotKey, fence int64, edition string, c delivery.Correction) error {
	ref, date := key.Ref.String(), string(key.Date)
	return l.held(ctx, "settle correction", key, fence, func(ctx context.Context, t tx) error {
		return t.SettleCorrection(ctx, queries.SettleCorrectionParams{
			Ref: ref, Date: date, Edition: edition,
			NextEdition: c.Edition, NextState: string(c.State), NextReason: storable(c.Reason),
		})
	})
}

// Retract implements delivery.Amendment.
func (l *Ledger) Retract(ctx context.Context, key delivery.SlotKey, e bot.AuditEntry) error {
	return l.s.inTx(ctx, "retract "+describe(key), func(ctx context.Context, t tx) error {
		n, err := t.RetractSlot(ctx, queries.RetractSlotParams{
			Ref: key.Ref.String(), Date: string(key.Date), At: millis(l.s.orNow(e.At)),
		})
		if err != nil || n == 0 {
			return err
		}
		if err := l.s.addAudit(ctx, t, key.Ref, e); err != nil {
			return err
		}
		return t.enqueue(ctx, delivery.RetractArgsOf(key))
	})
}

// Release implements delivery.Amendment.
func (l *Ledger) Release(ctx context.Context, key delivery.SlotKey, fence int64, reason string) error {
	return l.held(ctx, "release", key, fence, func(ctx context.Context, t tx) error {
		return t.ReleaseSlot(ctx, queries.ReleaseSlotParams{
			Ref: key.Ref.String(), Date: string(key.Date), Reason: storable(reason),
		})
	})
}

// SettleRetraction implements delivery.Amendment.
func (l *Ledger) SettleRetraction(ctx context.Context, key delivery.SlotKey, fence int64, at time.Time, reason string) error {
	return l.held(ctx, "settle retraction", key, fence, func(ctx context.Context, t tx) error {
		return t.SettleRetraction(ctx, queries.SettleRetractionParams{
			Ref: key.Ref.String(), Date: string(key.Date), At: millis(at), Reason: storable(reason),
		})
	})
}
