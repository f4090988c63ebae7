//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
)

// TestFilesAreTheOwnersOnly: the database, its journal, its lock and a copy of
// it can be read by nobody else, whatever the umask. A file that was there
// keeps its mode.
func TestFilesAreTheOwnersOnly(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cyberbrief.db")
	s, err := store.Open(t.Context(), "sqlite:"+file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ref := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T1"}, Channel: "C1"}
	c := bot.Channel{Ref: ref, AddedAt: time.Now()}
	if err := s.PutChannel(t.Context(), c, bot.AuditEntry{At: c.AddedAt, Installation: ref.ID(), Who: "test", What: "add", Ref: ref}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(t.Context(), "sqlite:"+file, filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 4 {
		t.Fatalf("%v, %v: want the database, its journal, its lock and a copy", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(t.Context(), "sqlite:"+file, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the operator's mode became %v, %v", info.Mode(), err)
	}
}
