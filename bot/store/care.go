package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/store/queries"
)

// Pause implements delivery.Settlement.
func (l *Ledger) Pause(ctx context.Context, ref bot.Ref, reason string) (paused bool, err error) {
	reason = storable(reason)
	entry := bot.AuditEntry{
		Who: bot.ByPlatform, What: "pause",
		Before: bot.Channel{}.State(), After: bot.Channel{Paused: true, Reason: reason}.State(),
	}
	err = l.s.inTx(ctx, fmt.Sprintf("pause %s", ref), func(ctx context.Context, t tx) error {
		n, err := t.PauseChannel(ctx, queries.PauseChannelParams{Ref: ref.String(), Reason: reason})
		if paused = n > 0; err != nil || !paused {
			return err
		}
		return l.s.addAudit(ctx, t, ref, entry)
	})
	return paused && err == nil, err
}

// Resume implements delivery.Care.
func (l *Ledger) Resume(ctx context.Context, ref bot.Ref, reason string, e bot.AuditEntry) (resumed bool, err error) {
	err = l.s.inTx(ctx, fmt.Sprintf("resume %s", ref), func(ctx context.Context, t tx) error {
		n, err := t.ResumeChannel(ctx, queries.ResumeChannelParams{Ref: ref.String(), Reason: reason})
		if resumed = n > 0; err != nil || !resumed {
			return err
		}
		return l.s.addAudit(ctx, t, ref, e)
	})
	return resumed && err == nil, err
}

// onceForm is of one length, so that instants compare as their texts do.
const onceForm = "2006-01-02T15:04:05.000Z"

// Once implements delivery.Care.
func (l *Ledger) Once(ctx context.Context, what string, at time.Time, every time.Duration) (first bool, err error) {
	err = l.s.do(ctx, what, func(ctx context.Context, q *queries.Queries) error {
		n, err := q.PutNoteAfter(ctx, queries.PutNoteAfterParams{
			Name: "once:" + storable(what), Value: at.UTC().Format(onceForm), Last: at.Add(-every).UTC().Format(onceForm),
		})
		first = n > 0
		return err
	})
	return first, err
}

// Contact implements delivery.Care.
func (l *Ledger) Contact(ctx context.Context, ref bot.Ref) (person string, err error) {
	err = l.s.do(ctx, fmt.Sprintf("find who added %s", ref), func(ctx context.Context, q *queries.Queries) error {
		person, err = q.Contact(ctx, ref.String())
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return person, err
}
