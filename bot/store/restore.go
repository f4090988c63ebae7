package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"cyberbrief/bot/store/queries"
)

// What a database says of itself. One that was copied and put back does not
// know what was posted after the copy was made: whatever was due by then is
// looked for before it is sent.
const (
	// copiedNote stands in a copy from which no bot has begun to post yet.
	copiedNote = "copied"
	// restoredNote is when a bot began to, in milliseconds.
	restoredNote = "restored_at"
)

// MarkCopied notes that the database is a copy which was put back. Backup
// writes the note into its copies; other tools do not.
func (s *Store) MarkCopied(ctx context.Context) error {
	return s.do(ctx, "mark database as restored", func(ctx context.Context, q *queries.Queries) error {
		return q.PutNote(ctx, queries.PutNoteParams{Name: copiedNote, Value: "restored"})
	})
}

// BeginRestored has to be called before posting begins, with the present
// instant. In a database that is a copy it makes every slot due until then one
// that may have been posted, every notice one that may have been read, and
// says so.
func (s *Store) BeginRestored(ctx context.Context, now time.Time) (restored bool, err error) {
	err = s.inTx(ctx, "look whether the database was restored", func(ctx context.Context, t tx) error {
		value, err := t.Note(ctx, copiedNote)
		if errors.Is(err, sql.ErrNoRows) || err == nil && value == "" {
			return nil
		}
		if err != nil {
			return err
		}
		restored = true
		if err := t.PutNote(ctx, queries.PutNoteParams{Name: restoredNote, Value: fmt.Sprint(millis(now))}); err != nil {
			return err
		}
		if err := t.DoubtNotices(ctx, millis(now)); err != nil {
			return err
		}
		return t.PutNote(ctx, queries.PutNoteParams{Name: copiedNote, Value: ""})
	})
	return restored, err
}

// restoredAt is when a bot began to post from a copy, zero for never.
func restoredAt(ctx context.Context, q *queries.Queries) (time.Time, error) {
	value, err := q.Note(ctx, restoredNote)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	return instant(ms), err
}
