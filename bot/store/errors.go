package store

import (
	"errors"
	"fmt"
)

var (
	// ErrNewer says that a newer version of the program has changed the
	// tables in a way that this one does not know.
	ErrNewer = errors.New("database is newer than this program")
	// ErrLocked says that another process keeps the database to itself.
	ErrLocked = errors.New("database is locked by another process")
	// ErrStalled says that a call got no answer within ten seconds.
	ErrStalled = errors.New("database gave no answer in time")
)

// explain adds to err what it means and what can be done about it.
func explain(e engine, err error) error {
	advice, means := e.advice(err)
	if means != nil {
		err = fmt.Errorf("%w: %w", means, err)
	}
	if advice != "" {
		err = fmt.Errorf("%w; %s", err, advice)
	}
	return err
}
