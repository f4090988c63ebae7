package store

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

// SetTimeout bounds each call by d.
func SetTimeout(s *Store, d time.Duration) { s.timeout = d }

// Clean is how Open shows err for a database at url.
func Clean(url string, err error) error {
	a, urlErr := parseURL(url)
	if urlErr != nil {
		return urlErr
	}
	return a.clean(err)
}

// errUndo makes a transaction roll back.
var errUndo = errors.New("undo")

// Undo writes a note and a job in one transaction and rolls it back.
func Undo(ctx context.Context, s *Store, args river.JobArgs) error {
	err := s.inTx(ctx, "undo", func(ctx context.Context, t tx) error {
		if err := touch(ctx, t.Queries, s.clock()); err != nil {
			return err
		}
		if err := t.enqueue(ctx, args); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return errors.Join(errors.New("not rolled back"), err)
}
