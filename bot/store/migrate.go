package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is goose's; the name is ours, because a PostgreSQL database may
// be shared with a program that uses goose too.
const versionTable = "cyberbrief_version"

// migrate brings our tables and River's up to date. The caller holds the
// engine's lock: neither goose nor River can stand two at a time.
func migrate(ctx context.Context, db *sql.DB, e engine, logger *slog.Logger) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(dialect(e), db, files, goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true), goose.WithSlog(logger))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	have, know, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read version of tables: %w", err)
	}
	if have > know {
		return fmt.Errorf("%w: its tables have version %d, this program knows %d; install the newer program, or restore a backup made before it ran", ErrNewer, have, know)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring tables from version %d to %d: %w", have, know, err)
	}
	if err := e.migrateQueue(ctx); err != nil {
		return fmt.Errorf("bring tables of the job queue up to date: %w", err)
	}
	return nil
}

func dialect(e engine) database.Dialect {
	if _, ok := e.(*postgresEngine); ok {
		return goose.DialectPostgres
	}
	return goose.DialectSQLite3
}
