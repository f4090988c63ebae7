package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"cyberbrief/bot"
	"cyberbrief/bot/store/queries"
)

// Examination is what a look at a database showed that nobody opened: it was
// neither made nor brought up to date.
type Examination struct {
	Name   string // as Store.String
	Engine string // with its version; empty while it could not be asked
	File   string // of SQLite, absolute; empty for a server
	// Missing is set where there is no file yet; the rest is empty then.
	Missing bool
	// Version is that of the tables, 0 where there are none; Known is the
	// newest that this program knows.
	Version, Known int64
	// Unwritable says why nothing can be written; nil also where there are no
	// tables yet.
	Unwritable error
	// Identity is Store.Identity, empty where there is none yet.
	Identity string
	Channels []bot.Channel
}

// Examine looks at the database at url, beside those who use it: it reads,
// writes one row and removes it again. The error says why it cannot be
// reached; what was found until then is returned with it.
func Examine(ctx context.Context, url string, opts Options) (x Examination, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	opts.Logger = slog.New(slog.DiscardHandler)
	if opts.Patience == 0 {
		opts.Patience = defaultPatience
	}
	address, err := parseURL(url)
	if err != nil {
		return x, err
	}
	x.Name = address.name
	if x.Known, err = newestMigration(); err != nil {
		return x, err
	}
	if path, isFile := strings.CutPrefix(address.name, "sqlite:"); isFile && path != ":memory:" {
		if x.File, err = filepath.Abs(path); err != nil {
			return x, err
		}
		if _, err := os.Stat(x.File); errors.Is(err, os.ErrNotExist) {
			x.Missing = true
			return x, folderOf(x.File)
		}
	}
	e, db, err := address.connect(ctx, opts)
	if err != nil {
		return x, address.clean(err)
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := x.read(ctx, e, db); err != nil {
		return x, address.clean(explain(e, err))
	}
	return x, nil
}

// folderOf says why a file cannot be made.
func folderOf(file string) error {
	folder := filepath.Dir(file)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s: make it, or name another file in DATABASE_URL", folder)
	}
	return nil
}

// newestMigration is the version of the tables after all migrations.
func newestMigration() (newest int64, err error) {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", f.Name(), err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// read fills in what the database itself says.
func (x *Examination) read(ctx context.Context, e engine, db *sql.DB) error {
	engineQuery, engineName := "SELECT sqlite_version()", "SQLite "
	tablesQuery := "SELECT count(*) FROM sqlite_master WHERE name = '" + versionTable + "'"
	if _, ok := e.(*postgresEngine); ok {
		engineQuery, engineName = "SHOW server_version", "PostgreSQL "
		tablesQuery = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '" + versionTable + "'"
	}
	var version string
	if err := db.QueryRowContext(ctx, engineQuery).Scan(&version); err != nil {
		return err
	}
	x.Engine = engineName + version
	var tables int
	if err := db.QueryRowContext(ctx, tablesQuery).Scan(&tables); err != nil || tables == 0 {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+versionTable).Scan(&x.Version); err != nil {
		return err
	}
	if x.Version == 0 || x.Version > x.Known {
		return nil
	}
	if err := probeRow(ctx, e); err != nil {
		x.Unwritable = explain(e, err)
	}
	return x.readRows(ctx, queries.New(db))
}

// probeRow writes a row and removes it, for everybody else at once.
func probeRow(ctx context.Context, e engine) error {
	const name = "probe"
	return e.inTx(ctx, func(t tx) error {
		if err := t.AddNote(ctx, queries.AddNoteParams{Name: name}); err != nil {
			return err
		}
		return t.DropNote(ctx, name)
	})
}

func (x *Examination) readRows(ctx context.Context, q *queries.Queries) error {
	rows, err := q.Channels(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		c, err := channelOf(row)
		if err != nil {
			return err
		}
		x.Channels = append(x.Channels, c)
	}
	x.Identity, err = q.Note(ctx, identityNote)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// identityNote is the name of the note with the database's identity.
const identityNote = "identity"

// Identity is a name that this database has and no other, the same for all who
// use it. It is made at the first call, and is no secret.
func (s *Store) Identity(ctx context.Context) (identity string, err error) {
	err = s.do(ctx, "read identity", func(ctx context.Context, q *queries.Queries) error {
		if err := q.AddNote(ctx, queries.AddNoteParams{Name: identityNote, Value: rand.Text()}); err != nil {
			return err
		}
		identity, err = q.Note(ctx, identityNote)
		return err
	})
	return identity, err
}
