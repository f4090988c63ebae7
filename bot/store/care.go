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
func (l *Ledger) Pause(ctx context.Context, ref bot.Ref, reason string, at time.Time) (paused bool, err error) {
	reason = storable(reason)
	entry := bot.AuditEntry{
		At: at, Who: bot.ByPlatform, What: "pause",
		Before: bot.Channel{}.State(), After: bot.Channel{Paused: true, Reason: reason}.State(),
	}
	err = l.s.inTx(ctx, fmt.Sprintf("pause %s", ref), func(ctx context.Context, t tx) error {
		n, err := t.PauseChannel(ctx, queries.PauseChannelParams{Ref: ref.String(), Reason: reason})
		if paused = n > 0; err != nil || !paused {
			return err
		}
		if err := l.s.addAudit(ctx, t, ref, entry); err != nil {
			return err
		}
		return addNotice(ctx, t, ref, reason, at)
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

// TakeProbe implements delivery.Care.
func (l *Ledger) TakeProbe(ctx context.Context, ref bot.Ref, now time.Time, every time.Duration) (unanswered int, first bool, err error) {
	err = l.s.do(ctx, fmt.Sprintf("begin to probe %s", ref), func(ctx context.Context, q *queries.Queries) error {
		n, err := q.TakeProbe(ctx, queries.TakeProbeParams{
			Ref: ref.String(), Now: millis(now), NextAt: millis(now.Add(every)), Latest: millis(now.Add(2 * every)),
		})
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		unanswered, first = int(n), err == nil
		return err
	})
	return unanswered, first, err
}

// PutOffProbe implements delivery.Care.
func (l *Ledger) PutOffProbe(ctx context.Context, ref bot.Ref, next time.Time, unanswered int) error {
	return l.s.do(ctx, fmt.Sprintf("put off probe of %s", ref), func(ctx context.Context, q *queries.Queries) error {
		return q.PutOffProbe(ctx, queries.PutOffProbeParams{Ref: ref.String(), NextAt: millis(next), Unanswered: int64(unanswered)})
	})
}
