package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// step is one of the three writes of a delivery: a claim, an intent or a
// confirmation. Many of them are written together; see group.
type step struct {
	delivery.SlotKey
	fence int64
	// One of these is set.
	claim   *claim
	intent  *delivery.Intent
	receipt *delivery.Receipt
	// err is why this step was not done although the others were: nothing of
	// it is written then.
	err  error
	done chan error
	// ctx is its caller's.
	ctx context.Context
}

// claim is for how long, and what it found.
type claim struct {
	lease time.Duration
	delivery.Holding
}

// orderDays is how far back an older slot holds up the next one.
const orderDays = 16

// row names the step's row of slots, or its rows of parts.
func (s *step) row() rowKey { return keyOf(s.SlotKey) }

func keyOf(key delivery.SlotKey) rowKey { return rowKey{key.Ref.String(), string(key.Date)} }

type rowKey struct {
	Ref  string `json:"ref"`
	Date string `json:"date"`
}

// claimRow, intentRow, partRow and receiptRow are what the statements read of
// a step; see rowsOf.
type (
	claimRow struct {
		rowKey
		LeaseUntil int64  `json:"lease_until"`
		Since      string `json:"since"`
	}
	intentRow struct {
		rowKey
		Fence      int64   `json:"fence"`
		Attempts   int     `json:"attempts"`
		LeaseUntil int64   `json:"lease_until"`
		Edition    *string `json:"edition,omitempty"`
	}
	partRow struct {
		rowKey
		Idx      int                `json:"idx"`
		State    delivery.PartState `json:"state"`
		IntentAt int64              `json:"intent_at"`
		Body     string             `json:"body,omitempty"`
	}
	receiptRow struct {
		rowKey
		Fence     int64              `json:"fence"`
		Idx       int                `json:"idx"`
		MessageID string             `json:"message_id"`
		SentAt    int64              `json:"sent_at"`
		PostedAt  int64              `json:"posted_at"`
		Settled   delivery.SlotState `json:"settled,omitempty"`
	}
)

// rowsOf is the JSON of a statement's argument steps. PostgreSQL takes no
// array apart with json_each, so each row has a name.
func rowsOf[T any](rows []T) (string, error) {
	var sb strings.Builder
	for i, row := range rows {
		b, err := json.Marshal(row)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&sb, `%c"%d":%s`, "{,"[min(i, 1)], i, b)
	}
	sb.WriteByte('}')
	return sb.String(), nil
}

// write does all steps in one transaction. Those that are fenced or find no
// slot have an err of their own; for any other error the transaction has to
// be rolled back. No two of them are of one slot.
func (l *Ledger) write(ctx context.Context, t tx, steps []*step) error {
	now, err := l.s.engine.now(ctx, t.conn)
	if err != nil {
		return err
	}
	var claims, intents, receipts []*step
	for _, s := range steps {
		switch {
		case s.claim != nil:
			claims = append(claims, s)
		case s.intent != nil:
			intents = append(intents, s)
		default:
			receipts = append(receipts, s)
		}
	}
	if err := l.claimAll(ctx, t, claims, now); err != nil {
		return err
	}
	if err := l.intendAll(ctx, t, intents, now); err != nil {
		return err
	}
	return l.confirmAll(ctx, t, receipts, now)
}

// claimAll raises the fences of slots, or finds out why it cannot, and reads
// what there is of them.
func (l *Ledger) claimAll(ctx context.Context, t tx, steps []*step, now time.Time) error {
	if len(steps) == 0 {
		return nil
	}
	rows := make([]claimRow, len(steps))
	for i, s := range steps {
		rows[i] = claimRow{s.row(), millis(now.Add(s.claim.lease)), sinceOf(s.Date)}
	}
	wanted, err := rowsOf(rows)
	if err != nil {
		return err
	}
	claimed, err := t.ClaimSlots(ctx, queries.ClaimSlotsParams{Now: millis(now), Steps: wanted})
	if err != nil {
		return err
	}
	restored, err := restoredAt(ctx, t.Queries)
	if err != nil {
		return err
	}
	found := make(map[rowKey]*step, len(steps))
	for _, s := range steps {
		found[s.row()] = s
	}
	for _, row := range claimed {
		s := found[rowKey{row.Ref, row.Date}]
		if s.claim.Slot, err = slotOf(row); err != nil {
			return err
		}
		s.claim.Slot.RestoredAt = restored
	}
	for _, s := range steps {
		if s.claim.Slot.Fence > 0 {
			continue
		}
		if err := s.unclaimed(ctx, t, now); err != nil {
			return err
		}
	}
	if err := readParts(ctx, t, wanted, found); err != nil {
		return err
	}
	return readAddressees(ctx, t, wanted, found)
}

// sinceOf is the date from which an older slot holds up that of the date.
func sinceOf(d briefing.Date) string { return string(d.AddDays(-orderDays)) }

// unclaimed reads a slot that cannot be claimed: it is settled, and returned
// as it is, or somebody else's, or there is none. One that is being retracted
// counts as somebody else's.
func (s *step) unclaimed(ctx context.Context, t tx, now time.Time) error {
	key := s.row()
	row, err := t.Slot(ctx, queries.SlotParams{Ref: key.Ref, Date: key.Date})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		s.err = err
		return nil
	case err != nil:
		return err
	case unsettled(delivery.SlotState(row.State)):
		s.err = fenced(row, millis(now))
		return nil
	}
	s.claim.Slot, err = slotOf(row)
	return err
}

// readParts reads the messages of the slots. One that is claimed for the first
// time has none: they are written under a claim.
func readParts(ctx context.Context, t tx, wanted string, found map[rowKey]*step) error {
	first := true
	for _, s := range found {
		first = first && (s.err != nil || s.claim.Slot.Fence == 1 && unsettled(s.claim.Slot.State))
	}
	if first {
		return nil
	}
	parts, err := t.PartsOfAll(ctx, wanted)
	if err != nil {
		return err
	}
	for _, row := range parts {
		s := found[rowKey{row.Ref, row.Date}]
		s.claim.Parts = append(s.claim.Parts, partOf(row))
	}
	return nil
}

// readAddressees reads how the channels of the slots stand.
func readAddressees(ctx context.Context, t tx, wanted string, found map[rowKey]*step) error {
	addressees, err := t.Addressees(ctx, wanted)
	if err != nil {
		return err
	}
	for _, row := range addressees {
		s := found[rowKey{row.Channel.Ref, row.Date}]
		if s.claim.Addressee, err = addresseeOf(row); err != nil {
			return err
		}
	}
	return nil
}

func addresseeOf(row queries.AddresseesRow) (delivery.Addressee, error) {
	c, err := channelOf(row.Channel)
	return delivery.Addressee{Channel: c, Subscribed: err == nil, Behind: row.Behind}, err
}

// intendAll prolongs claims, and marks parts as being sent.
func (l *Ledger) intendAll(ctx context.Context, t tx, steps []*step, now time.Time) error {
	if len(steps) == 0 {
		return nil
	}
	rows := make([]intentRow, len(steps))
	for i, s := range steps {
		rows[i] = intentRow{s.row(), s.fence, s.intent.Attempts, millis(now.Add(s.intent.Lease)), nil}
		if r := s.intent.Rendering; r != nil {
			rows[i].Edition = &r.Edition
		}
	}
	wanted, err := rowsOf(rows)
	if err != nil {
		return err
	}
	held, err := t.IntendSlots(ctx, queries.IntendSlotsParams{Now: millis(now), Steps: wanted})
	if err != nil {
		return err
	}
	ours := make(map[rowKey]bool, len(held))
	for _, row := range held {
		ours[rowKey(row)] = true
	}
	var fresh, known []partRow
	for _, s := range hold(steps, ours) {
		if s.intent.Rendering == nil {
			known = append(known, partRow{rowKey: s.row(), Idx: s.intent.Index, IntentAt: millis(s.intent.At)})
			continue
		}
		fresh = append(fresh, s.rendered()...)
	}
	if err := insertParts(ctx, t, fresh); err != nil {
		return err
	}
	return writeParts(ctx, known, t.IntendParts)
}

// rendered are the parts of a slot as its first intent leaves them.
func (s *step) rendered() []partRow {
	rows := make([]partRow, len(s.intent.Rendering.Bodies))
	for i, body := range s.intent.Rendering.Bodies {
		rows[i] = partRow{rowKey: s.row(), Idx: i, State: delivery.Rendered, Body: string(body)}
		if i == s.intent.Index {
			rows[i].State, rows[i].IntentAt = delivery.Sending, millis(s.intent.At)
		}
	}
	return rows
}

// confirmAll marks parts as sent, and settles the slots whose last they are.
func (l *Ledger) confirmAll(ctx context.Context, t tx, steps []*step, now time.Time) error {
	if len(steps) == 0 {
		return nil
	}
	rows := make([]receiptRow, len(steps))
	for i, s := range steps {
		rows[i] = s.received()
	}
	wanted, err := rowsOf(rows)
	if err != nil {
		return err
	}
	held, err := t.ConfirmSlots(ctx, queries.ConfirmSlotsParams{Now: millis(now), Steps: wanted})
	if err != nil {
		return err
	}
	ours := make(map[rowKey]bool, len(held))
	for _, row := range held {
		ours[rowKey(row)] = true
	}
	rows = rows[:0]
	for _, s := range hold(steps, ours) {
		rows = append(rows, s.received())
	}
	return writeParts(ctx, rows, t.ConfirmParts)
}

// received is the row of a confirmation. Part 0 gives the slot its PostedAt.
func (s *step) received() receiptRow {
	r := s.receipt
	row := receiptRow{rowKey: s.row(), Fence: s.fence, Idx: r.Index, MessageID: string(r.ID), SentAt: millis(r.At)}
	if r.Index == 0 {
		row.PostedAt = row.SentAt
	}
	if r.Last {
		row.Settled = delivery.Posted
	}
	return row
}

// hold fences the steps whose slots' fences were not theirs: those of ours
// were updated, and on PostgreSQL nobody else can claim them before the end
// of the transaction. It returns the others.
func hold(steps []*step, ours map[rowKey]bool) (held []*step) {
	for _, s := range steps {
		if !ours[s.row()] {
			s.err = delivery.ErrFenced
			continue
		}
		held = append(held, s)
	}
	return held
}

// writeParts is errPart unless every row was written.
func writeParts[T any](ctx context.Context, rows []T, write func(context.Context, string) (int64, error)) error {
	if len(rows) == 0 {
		return nil
	}
	wanted, err := rowsOf(rows)
	if err != nil {
		return err
	}
	n, err := write(ctx, wanted)
	if err == nil && n < int64(len(rows)) {
		return errPart
	}
	return err
}

// insertParts is ErrTaken when one of them is there already.
func insertParts(ctx context.Context, t tx, rows []partRow) error {
	err := writeParts(ctx, rows, t.AddParts)
	if errors.Is(err, errPart) {
		return delivery.ErrTaken
	}
	return err
}
