package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// TestBackupWhileItIsWritten copies a database again and again while notes
// are counted up in it: each copy holds all that was written before it began.
func TestBackupWhileItIsWritten(t *testing.T) {
	url, dir := bottest.SQLite(t), t.TempDir()
	s := open(t, url)
	const copies = 5
	written := make(chan int) // the newest note that is in the database
	stop := make(chan struct{})
	go func() {
		defer close(written)
		for n := 0; ; n++ {
			if err := s.PutNote(t.Context(), "n", fmt.Sprint(n)); err != nil {
				t.Error(err)
				return
			}
			select {
			case written <- n:
			case <-stop:
				return
			default:
			}
		}
	}()
	for i := range copies {
		least := <-written
		file := filepath.Join(dir, fmt.Sprint(i, ".db"))
		size, err := store.Backup(t.Context(), url, file)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil || info.Size() != size || info.Mode().Perm() != 0o600 {
			t.Errorf("copy of %d bytes: %v, %v", size, info, err)
		}
		note, err := open(t, "sqlite:"+file).Note(t.Context(), "n")
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if _, err := fmt.Sscan(note, &n); err != nil || n < least {
			t.Errorf("the copy has note %s, and %d was written before it", note, least)
		}
	}
	close(stop)
	for range written {
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 || err != nil {
		t.Errorf("left over: %q, %v", left, err)
	}
}

func TestBackupErrors(t *testing.T) {
	dir := t.TempDir()
	url := bottest.SQLite(t)
	open(t, url)
	text := filepath.Join(dir, "digest.md")
	if err := os.WriteFile(text, []byte(strings.Repeat("# a digest, not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, url, file, want string }{
		{"a server", "postgres://bot:hunter2@127.0.0.1/x", "new.db", store.ErrServer.Error()},
		{"memory", "sqlite::memory:", "new.db", "ends with the bot"},
		{"no database", "sqlite:" + filepath.Join(dir, "none.db"), "new.db", "no such file or directory; set DATABASE_URL as the bot has it"},
		{"not a database", "sqlite:" + text, "new.db", "not a database"},
		{"the file is there", url, "digest.md", "name a new file"},
		{"no folder", url, "none/new.db", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, c.file)
			_, err := store.Backup(t.Context(), c.url, file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			mustHide(t, err, "hunter2")
			if _, err := os.Stat(filepath.Join(dir, "new.db")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file is left: %v", err)
			}
		})
	}
}

// TestRestored: whoever claims a slot is told when a bot began to post from a
// copy, of whatever slot it is; of a database that is no copy there is nothing
// to tell.
func TestRestored(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		if restored, err := s.BeginRestored(t.Context(), t0); restored || err != nil {
			t.Fatalf("a new database: %v, %v", restored, err)
		}
		claim := func(date string, due time.Time) time.Time {
			t.Helper()
			d := briefing.Date(date)
			s0 := slot(here, d, d)
			s0.DueAt = due
			if err := s.Ledger().Open(t.Context(), s0); err != nil {
				t.Fatal(err)
			}
			held, err := s.Ledger().Claim(t.Context(), s0.SlotKey, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			return held.Slot.RestoredAt
		}
		if at := claim("2025-07-01", t0.Add(-time.Hour)); !at.IsZero() {
			t.Errorf("a slot of a database that is no copy was restored at %s", at)
		}
		if err := s.MarkCopied(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []bool{true, false} { // the first bot that begins, and the next
			if restored, err := s.BeginRestored(t.Context(), t0); restored != want || err != nil {
				t.Fatalf("a copy: %v, %v", restored, err)
			}
		}
		if at := claim("2025-07-02", t0.Add(-time.Hour)); !at.Equal(t0) {
			t.Errorf("restored at %s", at)
		}
		key := delivery.SlotKey{Ref: here, Date: "2025-07-02"}
		if err := s.Ledger().Settle(t.Context(), key, 1, delivery.Posted, ""); err != nil {
			t.Fatal(err)
		}
		if again, _, err := s.Ledger().Reclaim(t.Context(), key, time.Minute); err != nil || !again.RestoredAt.Equal(t0) {
			t.Errorf("for a correction: restored at %s, %v", again.RestoredAt, err)
		}
	})
}
