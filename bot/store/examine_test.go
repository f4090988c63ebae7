package store_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

func examine(t *testing.T, url string) store.Examination {
	t.Helper()
	x, err := store.Examine(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestExamine(t *testing.T) {
	t.Parallel()
	bottest.EachBareDatabase(t, func(t *testing.T, url string) {
		before := examine(t, url)
		if before.Version != 0 || before.Identity != "" || len(before.Channels) != 0 {
			t.Errorf("before it was opened: %+v", before)
		}
		if file, ok := strings.CutPrefix(url, "sqlite:"); ok && (!before.Missing || before.File != file) {
			t.Errorf("before it was made: %+v", before)
		}
		s := open(t, url)
		if err := s.PutChannel(t.Context(), channel(here), bot.AuditEntry{What: "add"}); err != nil {
			t.Fatal(err)
		}
		identity, err := s.Identity(t.Context())
		if err != nil || identity == "" {
			t.Fatalf("identity: %q, %v", identity, err)
		}
		if again, err := s.Identity(t.Context()); again != identity || err != nil {
			t.Errorf("identity changes: %q, %q, %v", identity, again, err)
		}
		x := examine(t, url)
		if x.Missing || x.Engine == "" || x.Version == 0 || x.Version != x.Known || x.Unwritable != nil || x.Identity != identity {
			t.Errorf("open: %+v", x)
		}
		if len(x.Channels) != 1 || x.Channels[0].Ref != here {
			t.Errorf("channels: %+v", x.Channels)
		}
		if v, err := s.Note(t.Context(), "probe"); err == nil {
			t.Errorf("the probe stayed: %q", v)
		}
		// A newer program has been here; then somebody has locked the notes.
		execute(t, raw(t, url), "INSERT INTO cyberbrief_version (version_id, is_applied) VALUES (99, TRUE)")
		if x := examine(t, url); x.Version != 99 || x.Known >= 99 || x.Unwritable != nil {
			t.Errorf("newer: %+v", x)
		}
		execute(t, raw(t, url), "DELETE FROM cyberbrief_version WHERE version_id >= 3")
		if x := examine(t, url); x.Version != 2 || x.Known < 3 {
			t.Errorf("older: %+v", x)
		}
	})
}

// TestExamineUnwritable: a database that lets nobody write.
func TestExamineUnwritable(t *testing.T) {
	url := bottest.BareSQLite(t)
	open(t, url)
	execute(t, raw(t, url), "CREATE TRIGGER refuse BEFORE INSERT ON notes BEGIN SELECT RAISE(ABORT, 'refused'); END")
	if x := examine(t, url); x.Unwritable == nil || !strings.Contains(x.Unwritable.Error(), "refused") {
		t.Errorf("%+v", x)
	}
}

func TestExamineErrors(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite:" + filepath.Join(t.TempDir(), "none", "x.db"): "make it, or name another file",
		"sqlite:" + t.TempDir():                                "DATABASE_URL",
		"postgres://user:hidden@127.0.0.1:1/x?sslmode=disable": "start the server",
		"mysql://x": "unknown scheme",
	} {
		_, err := store.Examine(t.Context(), url, store.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	if _, err := store.Examine(t.Context(), "sqlite::memory:", store.Options{}); errors.Is(err, store.ErrLocked) {
		t.Error(err)
	}
}
