package store

import (
	"context"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// Unsettled implements delivery.Survey.
func (l *Ledger) Unsettled(ctx context.Context) (slots []delivery.Slot, err error) {
	err = l.s.do(ctx, "read slots that are not settled", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.UnsettledSlots(ctx)
		if err != nil {
			return err
		}
		slots, err = slotsOf(rows)
		return err
	})
	return slots, err
}

// SlotsSince implements delivery.Survey.
func (l *Ledger) SlotsSince(ctx context.Context, from briefing.Date) (slots []delivery.Slot, err error) {
	err = l.s.do(ctx, "read slots since "+string(from), func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.SlotsSince(ctx, string(from))
		if err != nil {
			return err
		}
		for _, row := range rows {
			ref, err := bot.ParseRef(row.Ref)
			if err != nil {
				return err
			}
			slots = append(slots, delivery.Slot{
				SlotKey: delivery.SlotKey{Ref: ref, Date: briefing.Date(row.Date)},
				State:   delivery.SlotState(row.State), DueAt: instant(row.DueAt),
			})
		}
		return nil
	})
	return slots, err
}

// JobCount is how many jobs of a queue are in a state of River's.
type JobCount struct {
	Queue, State string
	Jobs         int
}

// jobCounts asks River's own table, which our queries do not know. Its index
// begins with the state.
const jobCounts = `SELECT queue, CAST(state AS text), count(*) FROM river_job
WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled') GROUP BY queue, state`

// Jobs counts the jobs that will still run, for all processes that share the
// database.
func (s *Store) Jobs(ctx context.Context) (counts []JobCount, err error) {
	err = s.call(ctx, "count jobs", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, jobCounts)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c JobCount
			if err := rows.Scan(&c.Queue, &c.State, &c.Jobs); err != nil {
				return err
			}
			counts = append(counts, c)
		}
		return rows.Err()
	})
	return counts, err
}
