package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// KeepDigest implements bot.DigestKeeper. A file with WithdrawnAt withdraws
// the digest of its date; its body may be left out, and nothing is withdrawn
// that is not there. The same bytes handed in again after that stand again.
func (s *Store) KeepDigest(ctx context.Context, f bot.DigestFile) (e bot.Edition, err error) {
	what := fmt.Sprintf("keep digest %s", f.Date)
	f.Name, f.Source = storable(f.Name), storable(f.Source)
	known := false
	err = s.do(ctx, what, func(ctx context.Context, q *queries.Queries) error {
		known, err = knows(ctx, q, f)
		return err
	})
	if err != nil || known {
		return bot.Unchanged, err
	}
	err = s.inTx(ctx, what, func(ctx context.Context, t tx) error {
		e, err = s.keepDigest(ctx, t, f)
		return err
	})
	return e, err
}

// knows says that there is nothing to write: sources hand in each file they
// have each time they look, and a transaction costs a wait for the disk.
func knows(ctx context.Context, q *queries.Queries, f bot.DigestFile) (bool, error) {
	old, err := digestOn(ctx, q, f.Date)
	if err != nil || edition(old, f) != bot.Unchanged {
		return false, err
	}
	rejected, err := q.IsRejected(ctx, f.Name)
	return rejected == 0, err
}

// keepDigest takes the next revision before it looks, so that of two processes
// with the same file the second sees the first's row.
func (s *Store) keepDigest(ctx context.Context, t tx, f bot.DigestFile) (bot.Edition, error) {
	revision, err := t.Count(ctx, queries.CountParams{Step: 1, Name: digestCounter})
	if err != nil {
		return 0, err
	}
	if f.WithdrawnAt.IsZero() {
		if _, err := t.AcceptDigest(ctx, f.Name); err != nil {
			return 0, err
		}
	}
	old, err := digestOn(ctx, t.Queries, f.Date)
	if err != nil {
		return 0, err
	}
	e := edition(old, f)
	if e == bot.Unchanged {
		return e, nil
	}
	return e, t.PutDigest(ctx, s.successor(old, f, revision))
}

// digestOn is nil when there is no digest of the date.
func digestOn(ctx context.Context, q *queries.Queries, date briefing.Date) (*queries.Digest, error) {
	row, err := q.Digest(ctx, string(date))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &row, nil
}

// edition compares a file with the one that is kept, nil for none.
func edition(old *queries.Digest, f bot.DigestFile) bot.Edition {
	withdraws := !f.WithdrawnAt.IsZero()
	switch {
	case old == nil && withdraws:
		return bot.Unchanged
	case old == nil:
		return bot.First
	case withdraws != (old.WithdrawnAt != 0):
		return bot.Revised
	case withdraws, bytes.Equal(old.Body, f.Body):
		return bot.Unchanged
	}
	return bot.Revised
}

// successor is the row that follows old, nil for none, once f has come.
func (s *Store) successor(old *queries.Digest, f bot.DigestFile, revision int64) queries.PutDigestParams {
	p := queries.PutDigestParams{
		Date: string(f.Date), Name: f.Name, Body: f.Body, Source: f.Source,
		FirstAt:     millis(s.orNow(f.FirstAt)),
		WithdrawnAt: millis(f.WithdrawnAt),
		Revision:    revision,
	}
	if p.Body == nil {
		p.Body = []byte{} // nil would be NULL
	}
	p.RevisedAt = p.FirstAt
	if old == nil {
		return p
	}
	p.FirstAt = old.FirstAt
	p.RevisedAt = old.RevisedAt
	switch {
	case p.WithdrawnAt != 0:
		p.Name, p.Body, p.Source = old.Name, old.Body, old.Source
	case !bytes.Equal(old.Body, p.Body):
		p.RevisedAt = millis(s.orNow(f.RevisedAt))
	}
	return p
}

// DigestsSince implements bot.ReadingKeeper.
func (s *Store) DigestsSince(ctx context.Context, rev int64, reader string) (all []bot.KeptDigest, newest int64, err error) {
	newest = rev
	err = s.do(ctx, "read digests", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.DigestsSince(ctx, queries.DigestsSinceParams{Reader: reader, Since: rev})
		for _, row := range rows {
			all = append(all, keptOf(row))
			newest = max(newest, row.Revision)
		}
		return err
	})
	return all, newest, err
}

// KeepReadings implements bot.ReadingKeeper.
func (s *Store) KeepReadings(ctx context.Context, reader string, all []bot.Reading) error {
	return s.inTx(ctx, "keep what was read of digests", func(ctx context.Context, t tx) error {
		for _, r := range all {
			err := t.PutReading(ctx, queries.PutReadingParams{
				Date: string(r.Date), Revision: r.Revision, Reader: reader, Edition: r.Edition, Packed: r.Packed,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Digest gives the file of a date, a withdrawn one included; ErrNotFound of
// package briefing when there is none.
func (s *Store) Digest(ctx context.Context, date briefing.Date) (f bot.DigestFile, err error) {
	err = s.do(ctx, fmt.Sprintf("read digest %s", date), func(ctx context.Context, q *queries.Queries) error {
		row, err := q.Digest(ctx, string(date))
		f = digestOf(row)
		return err
	})
	return f, err
}

// NewestDigests gives the n newest digests, newest first, without bodies.
func (s *Store) NewestDigests(ctx context.Context, n int) (files []bot.DigestFile, err error) {
	err = s.do(ctx, "read newest digests", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.NewestDigests(ctx, int32(n))
		for _, row := range rows {
			files = append(files, digestOf(queries.Digest{
				Date: row.Date, Name: row.Name, Source: row.Source,
				FirstAt: row.FirstAt, RevisedAt: row.RevisedAt, WithdrawnAt: row.WithdrawnAt,
			}))
		}
		return err
	})
	return files, err
}

// RejectDigest implements bot.DigestKeeper. The time is that of the first
// rejection for the same reason; a zero one is now.
func (s *Store) RejectDigest(ctx context.Context, r bot.Rejected) error {
	return s.do(ctx, fmt.Sprintf("reject file %s", r.File), func(ctx context.Context, q *queries.Queries) error {
		return q.RejectDigest(ctx, queries.RejectDigestParams{
			File: storable(r.File), Reason: storable(r.Reason), At: millis(s.orNow(r.At)),
		})
	})
}

// RejectedFiles implements bot.DigestKeeper.
func (s *Store) RejectedFiles(ctx context.Context) (names []string, err error) {
	err = s.do(ctx, "read names of rejected files", func(ctx context.Context, q *queries.Queries) error {
		names, err = q.RejectedFiles(ctx)
		return err
	})
	return names, err
}

// Rejected gives at most n files that could not be read, newest first.
func (s *Store) Rejected(ctx context.Context, n int) (files []bot.Rejected, err error) {
	err = s.do(ctx, "read rejected files", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.Rejected(ctx, int32(n))
		for _, row := range rows {
			files = append(files, bot.Rejected{File: row.File, Reason: row.Reason, At: instant(row.At)})
		}
		return err
	})
	return files, err
}
