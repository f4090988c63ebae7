package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cyberbrief/bot/store/queries"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteEngine is a file that one process at a time writes, or a database in
// memory that ends with the store.
type sqliteEngine struct {
	db       *sql.DB
	opts     Options
	file     string // absolute, empty for a database in memory
	anchor   *sql.Conn
	keeper   *sql.DB
	inserter *river.Client[*sql.Tx]
	// statements are prepared once the tables are there, if they are to be.
	statements *queries.Queries
}

// pageCache is how much of the file SQLite holds in memory, in KiB, where its
// own measure is 2000. The system holds the file in memory too, and the
// driver's allocator takes 8 KiB for a page of 4, and never gives them back.
const pageCache = 512

// openSQLite opens the file with one connection: SQLite has one writer, and
// waiting in our own pool is fair while waiting for the file's lock is not.
func openSQLite(ctx context.Context, path string, opts Options) (engine, *sql.DB, error) {
	e := &sqliteEngine{opts: opts}
	source, err := e.source(path)
	if err != nil {
		return nil, nil, err
	}
	e.reserve()
	if e.db, err = openFile(source); err != nil {
		return nil, nil, err
	}
	e.statements = queries.New(e.db)
	if e.file == "" {
		if err := e.keepMemory(ctx, source); err != nil {
			return nil, nil, errors.Join(err, e.close())
		}
	}
	e.inserter, err = river.NewClient(riversqlite.New(e.db), &river.Config{Logger: opts.Logger})
	if err != nil {
		return nil, nil, errors.Join(err, e.close())
	}
	return e, e.db, nil
}

// source is the name of the database as the driver wants it. synchronous is
// FULL: an intent that a power cut takes back could mean a second post.
func (e *sqliteEngine) source(path string) (string, error) {
	pragmas := url.Values{
		"_busy_timeout": {fmt.Sprint(e.opts.Patience.Milliseconds())},
		"_txlock":       {"immediate"},
		"_pragma":       {fmt.Sprintf("cache_size(-%d)", pageCache)},
	}
	if path == ":memory:" {
		pragmas.Set("vfs", "memdb")
		return "file:/" + rand.Text() + "?" + pragmas.Encode(), nil
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	e.file = file
	pragmas.Set("_journal_mode", "WAL")
	pragmas.Set("_synchronous", "FULL")
	return fileURI(file) + "?" + pragmas.Encode(), nil
}

// fileURI names a file in the form of https://www.sqlite.org/uri.html.
func fileURI(file string) string {
	slashed := filepath.ToSlash(file)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/… on Windows
	}
	return "file://" + (&url.URL{Path: slashed}).EscapedPath()
}

func openFile(source string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(source)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

// reserving is held while a file is made: closing it lets go of every lock that
// this process has on it, so nobody may have opened it as a database by then.
// See https://www.sqlite.org/howtocorrupt.html, 2.2.
var reserving sync.Mutex

// reserve makes the files that are not there yet, for their owner only: what
// SQLite makes itself everybody may read. It gives its journals the mode of
// the database. Why a file cannot be made is SQLite's to say.
func (e *sqliteEngine) reserve() {
	if e.file == "" {
		return
	}
	reserving.Lock()
	defer reserving.Unlock()
	for _, name := range []string{e.file, e.file + lockSuffix} {
		if f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
			f.Close()
		}
	}
}

// lockSuffix is that of the file beside the database; see lock.
const lockSuffix = "-lock"

// keepMemory holds a second connection: a database in memory ends with its
// last one, and database/sql may replace the first.
func (e *sqliteEngine) keepMemory(ctx context.Context, source string) (err error) {
	if e.keeper, err = openFile(source); err != nil {
		return err
	}
	e.anchor, err = e.keeper.Conn(ctx)
	return err
}

// lock opens a transaction in an empty database beside the file: SQLite's own
// lock, which every system has and which ends with the process. A lock on the
// file itself would stand in the way of the migrations.
func (e *sqliteEngine) lock(ctx context.Context) (func(), error) {
	if e.file == "" {
		return func() {}, nil
	}
	wait := url.Values{"_busy_timeout": {fmt.Sprint(openTimeout.Milliseconds())}}
	db, err := openFile(fileURI(e.file+lockSuffix) + "?" + wait.Encode())
	if err != nil {
		return nil, err
	}
	unlock := func() { db.Close() }
	if _, err = db.ExecContext(ctx, "BEGIN EXCLUSIVE"); err == nil {
		err = e.probe(ctx)
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// probe finds out early, and with SQLite's own error, whether the file can be
// written: goose would try for seconds.
func (e *sqliteEngine) probe(ctx context.Context) error {
	t, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return t.Rollback()
}

func (e *sqliteEngine) migrateQueue(ctx context.Context) error {
	m, err := rivermigrate.New(riversqlite.New(e.db), &rivermigrate.Config{Logger: e.opts.Logger})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// prepare has SQLite read each statement once: that takes longer than doing
// what most of them say. They live as long as the one connection.
func (e *sqliteEngine) prepare(ctx context.Context) (_ *queries.Queries, err error) {
	if !e.opts.Prepare {
		return e.statements, nil
	}
	e.statements, err = queries.Prepare(ctx, e.db)
	return e.statements, err
}

func (e *sqliteEngine) inTx(ctx context.Context, f func(tx) error) error {
	t, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback() // nothing after a commit
	enqueue := func(ctx context.Context, args river.JobArgs) error {
		_, err := e.inserter.InsertTx(ctx, t, args, nil)
		return err
	}
	if err := f(tx{e.statements.WithTx(t), t, enqueue}); err != nil {
		return err
	}
	return t.Commit()
}

// maxGroups is one, like SQLite's writers.
func (e *sqliteEngine) maxGroups() int { return 1 }

// maxJobs is little: all write through one connection, and on a slow disk a
// write can take ten milliseconds.
func (e *sqliteEngine) maxJobs() int { return 100 }

func (e *sqliteEngine) client(c *river.Config) (client, error) {
	return river.NewClient(riversqlite.New(e.db), c)
}

// now is this machine's clock: all who share a file share it.
func (e *sqliteEngine) now(context.Context, queries.DBTX) (time.Time, error) {
	if e.opts.Clock != nil {
		return e.opts.Clock(), nil
	}
	return time.Now(), nil
}

// advice reads the primary code, https://www.sqlite.org/rescode.html.
func (e *sqliteEngine) advice(err error) (string, error) {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return "", nil
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "end the other program that uses the file, or let it finish, and try again", ErrLocked
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return "the file and its folder must exist and be writable for this user: make them so, or name another file in DATABASE_URL", nil
	case sqlite3.SQLITE_FULL:
		return "the disk is full: free some space", nil
	case sqlite3.SQLITE_IOERR:
		return "the disk is full or fails: free some space, or look at its health", nil
	case sqlite3.SQLITE_NOTADB:
		return "the file is something else: name another one in DATABASE_URL", nil
	case sqlite3.SQLITE_CORRUPT:
		return "the file is damaged: restore a backup", nil
	}
	return "", nil
}

func (e *sqliteEngine) close() error {
	var errs []error
	if e.anchor != nil {
		errs = append(errs, e.anchor.Close())
	}
	if e.keeper != nil {
		errs = append(errs, e.keeper.Close())
	}
	return errors.Join(append(errs, e.db.Close())...)
}
