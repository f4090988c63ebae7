package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
)

// SetTimeout bounds each call by d.
func SetTimeout(s *Store, d time.Duration) { s.timeout = d }

// SetPatience bounds each call, and each try of a group, by d.
func SetPatience(s *Store, d time.Duration) { s.timeout, s.steps.patience = d, d }

// Clean is how Open shows err for a database at url.
func Clean(url string, err error) error {
	a, urlErr := parseURL(url)
	if urlErr != nil {
		return urlErr
	}
	return a.clean(err)
}

// BeginQuery begins each transaction on PostgreSQL.
const BeginQuery = beginQuery

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

// NewDetailHandler is what the logs of libraries go through.
func NewDetailHandler(next slog.Handler) slog.Handler { return newDetailHandler(next) }

// Limit makes the database full at so many pages; 0 ends that.
func Limit(t interface{ Fatal(...any) }, s *Store, pages int64) {
	if pages == 0 {
		pages = math.MaxInt32
	}
	if _, err := s.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
		t.Fatal(err)
	}
}

// Pages is how many pages the database has.
func Pages(t interface{ Fatal(...any) }, s *Store) (pages int64) {
	if err := s.db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	return pages
}

// Gather lets the steps of deliveries wait until release, which writes all
// that wait then together.
func Gather(s *Store) (waiting func() int, release func()) {
	g := s.steps
	g.mu.Lock()
	defer g.mu.Unlock()
	limit := g.limit
	g.limit = 0
	waiting = func() int {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.waiting)
	}
	return waiting, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.limit = limit
		g.writers++
		g.running.Go(g.work)
	}
}

// counted counts transactions, and lets none begin while refusal is set.
type counted struct {
	engine
	n       atomic.Int32
	refusal error
}

func (c *counted) inTx(ctx context.Context, f func(tx) error) error {
	c.n.Add(1)
	if c.refusal != nil {
		return c.refusal
	}
	return c.engine.inTx(ctx, f)
}

// Count counts the transactions from now on. With a refusal none begins.
func Count(s *Store, refusal error) (transactions func() int) {
	c := &counted{engine: s.engine, refusal: refusal}
	s.engine = c
	return func() int { return int(c.n.Load()) }
}

// Ask is what the database answers to a question of the store's own.
func Ask(s *Store, question string) (answer string, err error) {
	err = s.db.QueryRow(question).Scan(&answer)
	return answer, err
}
