package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// ErrServer says that a database is copied by the tools of its server.
var ErrServer = errors.New("a PostgreSQL database is copied by its own tool")

// Backup copies the SQLite database at url into a new file that stands on its
// own, while others read and write it: the copy is the state of one instant.
// The tables are copied as they are, of whatever version. It gives the size
// of the copy in bytes. The file is there only when the copy is whole.
func Backup(ctx context.Context, url, file string) (int64, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	path = strings.TrimPrefix(path, "//")
	switch {
	case !ok:
		return 0, ErrServer
	case path == ":memory:":
		return 0, errors.New("a database in memory ends with the bot: there is nothing to copy")
	}
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("no database to copy: %w; set DATABASE_URL as the bot has it", err)
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("%s is there already: name a new file", file)
	}
	part := file + ".part"
	defer os.Remove(part) // nothing after the renaming
	if err := copySQLite(ctx, path, part); err != nil {
		return 0, fmt.Errorf("copy %s to %s: %w", path, file, err)
	}
	info, err := os.Stat(part)
	if err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(part, file)
}

// copySQLite writes the copy to the disk and reads it back.
func copySQLite(ctx context.Context, path, part string) error {
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// SQLite fills an empty file; this one is for its owner only.
	out, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := onFile(ctx, path, "VACUUM INTO ?", part); err != nil {
		return err
	}
	const mark = "INSERT INTO notes (name, value) VALUES (?, 'backup') ON CONFLICT (name) DO UPDATE SET value = excluded.value"
	if err := onFile(ctx, part, mark, copiedNote); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return onFile(ctx, part, "PRAGMA quick_check")
}

// onFile runs one statement on a file that is there; rows other than "ok" are
// an error.
func onFile(ctx context.Context, path, statement string, args ...any) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	wait := url.Values{"mode": {"rw"}, "_busy_timeout": {fmt.Sprint(defaultPatience.Milliseconds())}}
	db, err := openFile(fileURI(path) + "?" + wait.Encode())
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var said string
		if err := rows.Scan(&said); err != nil {
			return err
		}
		if said != "ok" {
			return fmt.Errorf("%s says %q", statement, said)
		}
	}
	return rows.Err()
}
