//go:build linux

package main

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
)

// TestDiskFull: a disk that takes nothing in the middle of a delivery and of
// a correction makes the bot unready and say why; when there is room again, it
// goes on by itself, and nothing is posted twice.
func TestDiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the tries after an error of the database")
	}
	t.Parallel() // they mostly wait
	c := newChild(t, bottest.SQLite(t))
	c.breaks("free some space", c.fillDisk, c.makeRoom)
}

// heldFor is how long the database stays locked in a full matrix, longer
// than any call of the bot waits.
const heldFor = 30 * time.Second

// TestDatabaseLocked: the same while another process keeps the database to
// itself.
func TestDatabaseLocked(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the tries after an error of the database")
	}
	t.Parallel() // they mostly wait
	file := bottest.SQLite(t)
	c := newChild(t, file)
	db, err := sql.Open("sqlite", "file://"+(&url.URL{Path: strings.TrimPrefix(file, "sqlite:")}).EscapedPath()+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	must := func(statement string) func() {
		return func() {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.breaks("locked", must("BEGIN IMMEDIATE"), func() {
		if *matrix == "full" {
			time.Sleep(heldFor)
		}
		must("ROLLBACK")()
	})
}
