package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"

	"github.com/riverqueue/river"
)

const (
	// openTimeout bounds Open, migrations included.
	openTimeout = time.Minute
	// callTimeout bounds every other call: a database that stalls must not
	// stall the bot.
	callTimeout = 10 * time.Second
	// defaultPatience is how long a write waits for another process's on SQLite.
	defaultPatience = 5 * time.Second
)

// Options are what a store needs from the program around it.
type Options struct {
	// Logger gets what River and the migrations have to say, their news as
	// details; nil is none.
	Logger *slog.Logger
	// Clock dates what callers leave undated, and measures leases. Where it
	// is nil, leases on PostgreSQL are measured by the server's clock, so that
	// replicas whose clocks differ agree; all else by time.Now.
	Clock func() time.Time
	// Patience is how long a write on SQLite waits while another process
	// writes; 0 is five seconds. PostgreSQL does not use it.
	Patience time.Duration
	// Meter counts calls; nil counts nothing.
	Meter Meter
	// Prepare reads SQLite's statements once, at the start: for a process that
	// stays. Others would read many that they never use.
	Prepare bool
}

// Meter counts calls of the database, for whoever watches the bot. Its methods
// take no time and never fail.
type Meter interface {
	// Called is told how long a call took in all, the wait for a connection
	// included. A call is a transaction, or one statement that only reads or
	// writes one row. Not to find something is no failure.
	Called(transaction bool, took time.Duration, failed bool)
}

// Store is an open database. Close it after every Queue is stopped.
type Store struct {
	name   string
	engine engine
	db     *sql.DB
	logger *slog.Logger
	clock  func() time.Time
	// timeout is callTimeout, except in tests.
	timeout time.Duration
	meter   Meter
	// statements are those outside a transaction.
	statements *queries.Queries
	// steps are the writes of deliveries.
	steps *group
}

// An engine is what differs between SQLite and PostgreSQL.
type engine interface {
	// lock keeps other processes from preparing the database until unlock.
	lock(context.Context) (unlock func(), err error)
	// migrateQueue brings River's tables up to date.
	migrateQueue(context.Context) error
	// prepare gives the statements, once the tables are there.
	prepare(context.Context) (*queries.Queries, error)
	// inTx commits what f did, unless f fails.
	inTx(ctx context.Context, f func(tx) error) error
	// maxGroups is how many groups of steps are written at the same time.
	maxGroups() int
	// maxJobs is how many jobs of a queue can run at a time without waiting
	// for each other's writes for longer than a call may take.
	maxJobs() int
	// client makes a client of River that is not started.
	client(*river.Config) (client, error)
	// now is the instant by which leases are measured.
	now(context.Context, queries.DBTX) (time.Time, error)
	// advice is what the operator can do about an error, or empty, and the
	// sentinel that the error means, or nil.
	advice(error) (advice string, means error)
	close() error
}

// tx is a transaction: rows and jobs.
type tx struct {
	*queries.Queries
	conn queries.DBTX
	// enqueue inserts a job that is seen only after the commit.
	enqueue func(context.Context, river.JobArgs) error
}

// Open connects to the database at url, sqlite:PATH, sqlite::memory: or
// postgres://…, and brings its tables up to date. Processes that open one
// database together wait for each other. An error says what to do, and never
// holds a password; see ErrNewer and ErrLocked.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	opts.Logger = slog.New(newDetailHandler(orSilent(opts.Logger).Handler()))
	if opts.Patience == 0 {
		opts.Patience = defaultPatience
	}
	address, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	s := &Store{name: address.name, logger: opts.Logger, clock: opts.Clock, timeout: callTimeout, meter: opts.Meter}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.engine, s.db, err = address.connect(ctx, opts); err != nil {
		return nil, address.clean(err)
	}
	if err = s.prepare(ctx); err != nil {
		return nil, address.clean(errors.Join(explain(s.engine, err), s.engine.close()))
	}
	s.steps = newGroup(s.Ledger(), s.engine.maxGroups())
	return s, nil
}

// prepare makes the database ready for use, alone.
func (s *Store) prepare(ctx context.Context) error {
	unlock, err := s.engine.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := migrate(ctx, s.db, s.engine, s.logger); err != nil {
		return err
	}
	if s.statements, err = s.engine.prepare(ctx); err != nil {
		return err
	}
	return touch(ctx, s.statements, s.clock())
}

// Shutdown closes the database. Calls that run fail.
func (s *Store) Shutdown() error {
	s.steps.shutdown()
	if err := s.engine.close(); err != nil {
		return fmt.Errorf("close database %s: %w", s.name, err)
	}
	return nil
}

// String is the database's URL without user, password and parameters.
func (s *Store) String() string { return s.name }

// Health fails when the database cannot be written.
func (s *Store) Health(ctx context.Context) error {
	return s.do(ctx, "check database", func(ctx context.Context, q *queries.Queries) error {
		return touch(ctx, q, s.clock())
	})
}

// touch writes something of no importance.
func touch(ctx context.Context, q *queries.Queries, now time.Time) error {
	return q.PutNote(ctx, queries.PutNoteParams{Name: "touched", Value: now.UTC().Format(time.RFC3339)})
}

// do runs single statements, each its own transaction.
func (s *Store) do(ctx context.Context, what string, f func(context.Context, *queries.Queries) error) error {
	return s.metered(false, func() error {
		return s.call(ctx, what, func(ctx context.Context) error { return f(ctx, s.statements) })
	})
}

// inTx runs f in one transaction, which is committed unless f fails.
func (s *Store) inTx(ctx context.Context, what string, f func(context.Context, tx) error) error {
	return s.metered(true, func() error {
		return s.call(ctx, what, func(ctx context.Context) error {
			return s.engine.inTx(ctx, func(t tx) error { return f(ctx, t) })
		})
	})
}

// metered tells the meter of a call.
func (s *Store) metered(transaction bool, call func() error) error {
	if s.meter == nil {
		return call()
	}
	began := time.Now()
	err := call()
	s.meter.Called(transaction, time.Since(began), isFailure(err))
	return err
}

// isFailure says that an error is the database's: not one that the caller
// asked for, and not the caller's own end.
func isFailure(err error) bool {
	if err == nil {
		return false
	}
	for _, answer := range []error{briefing.ErrNotFound, delivery.ErrTaken, delivery.ErrFenced, context.Canceled} {
		if errors.Is(err, answer) {
			return false
		}
	}
	return true
}

// call bounds f in time and says in its error what failed.
func (s *Store) call(ctx context.Context, what string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, ErrStalled)
	defer cancel()
	err := f(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", what, briefing.ErrNotFound)
	case errors.Is(context.Cause(ctx), ErrStalled):
		return fmt.Errorf("%s: %w: %w", what, ErrStalled, err)
	}
	return fmt.Errorf("%s: %w", what, explain(s.engine, err))
}

func orSilent(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
