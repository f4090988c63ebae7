package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
)

// addNotice writes down, in the transaction of a pause, that an admin is to be
// told of it, and queues that.
func addNotice(ctx context.Context, t tx, ref bot.Ref, code string, at time.Time) error {
	n, err := t.AddNotice(ctx, queries.AddNoticeParams{
		Ref: ref.String(), Installation: string(ref.ID()), Code: code,
		At: millis(at), Last: millis(at.Add(-delivery.TellEvery)),
	})
	if err != nil || n == 0 {
		return err
	}
	return t.enqueue(ctx, delivery.NoticeArgs{Paused: true})
}

// OpenNotices implements delivery.Outbox.
func (l *Ledger) OpenNotices(ctx context.Context) (notices []delivery.Notice, err error) {
	err = l.s.do(ctx, "read notices", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.OpenNotices(ctx)
		if err != nil {
			return err
		}
		notices = make([]delivery.Notice, len(rows))
		for i, row := range rows {
			if notices[i], err = noticeOf(row); err != nil {
				return err
			}
		}
		return nil
	})
	return notices, err
}

func noticeOf(row queries.OpenNoticesRow) (delivery.Notice, error) {
	n := row.Notice
	ref, err := bot.ParseRef(n.Ref)
	return delivery.Notice{
		Ref: ref, Person: row.Person, Code: n.Code, PausedAt: instant(n.PausedAt),
		State: delivery.NoticeState(n.State), DueAt: instant(n.DueAt), IntentAt: instant(n.ToldAt),
		Attempts: int(n.Attempts), Fence: n.Fence,
	}, err
}

// IntendNotices implements delivery.Outbox. The rows are written in one order,
// so that two that intend the same do not wait for each other for ever.
func (l *Ledger) IntendNotices(ctx context.Context, notices []delivery.Notice, at time.Time) (mine []delivery.Notice, err error) {
	notices = slices.Clone(notices)
	slices.SortFunc(notices, func(a, b delivery.Notice) int { return strings.Compare(a.Ref.String(), b.Ref.String()) })
	err = l.s.inTx(ctx, "intend notices", func(ctx context.Context, t tx) error {
		mine = nil
		for _, n := range notices {
			taken, err := t.IntendNotice(ctx, queries.IntendNoticeParams{Ref: n.Ref.String(), Fence: n.Fence, At: millis(at)})
			switch {
			case err != nil:
				return err
			case taken > 0:
				n.State, n.IntentAt = delivery.NoticeSending, at
				n.Attempts++
				n.Fence++
				mine = append(mine, n)
				continue
			}
			if err := t.DropNotice(ctx, queries.DropNoticeParams{Ref: n.Ref.String(), Fence: n.Fence}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return mine, nil
}

// SettleNotices implements delivery.Outbox.
func (l *Ledger) SettleNotices(ctx context.Context, notices []delivery.Notice, state delivery.NoticeState, reason string, due time.Time) error {
	return l.s.inTx(ctx, "settle notices", func(ctx context.Context, t tx) error {
		for _, n := range notices {
			err := t.SettleNotice(ctx, queries.SettleNoticeParams{
				Ref: n.Ref.String(), Fence: n.Fence, State: string(state), Reason: storable(reason), DueAt: millis(due),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
