package main

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// kept are the digests of a database as the next start finds them.
func (w *world) kept() []bot.KeptDigest {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), w.env["DATABASE_URL"], store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Shutdown()
	all, _, err := s.DigestsSince(w.t.Context(), 0, readerName())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// allKept says that the next start has to read none of n digests.
func (w *world) allKept(n int) bool {
	w.t.Helper()
	all := w.kept()
	for _, k := range all {
		if _, err := briefing.Unpack(k.Reading); err != nil {
			return false
		}
	}
	return len(all) == n
}

func (w *world) page(address, path string) string {
	w.t.Helper()
	resp, err := http.Get(address + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s, %v", path, resp.Status, err)
	}
	return string(body)
}

// TestStartFromReadings starts the bot anew and again: it shows the same as
// when it had read the files, what was kept aside included, also when what was
// kept of one is damaged.
func TestStartFromReadings(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.publish("2025-07-02", "古い方の架空の事案")
		w.publish("2025-07-03", "新しい方の架空の事案")
		bad := filepath.Join(w.digests, "cybersecurity_news_2025-07-01.md")
		if err := os.WriteFile(bad, []byte("# 2025-07-01 見出しだけ\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		paths := []string{"/", "/briefings/2025-07-02", "/terms", "/search?q=" + "架空の事案"}
		var first []string
		for _, before := range []func(){
			func() {},
			func() {},
			func() { w.damageReading("2025-07-03", cutShort) },
			func() { w.damageReading("2025-07-03", misnamed) },
		} {
			before()
			p := w.run(morning)
			address := w.address(p)
			var pages []string
			for _, path := range paths {
				pages = append(pages, w.page(address, path))
			}
			if first == nil {
				first = pages
			}
			for i, page := range pages {
				if !strings.Contains(page, "架空の事案") && !strings.Contains(page, "試験用語") || page != first[i] {
					t.Errorf("%s after a restart:\n%s\nwant\n%s", paths[i], page, first[i])
				}
			}
			rejected := w.status(morning).Rejected
			if len(rejected) != 1 || rejected[0].File != filepath.Base(bad) || rejected[0].Reason == "" {
				t.Errorf("kept aside: %+v, want %s", rejected, filepath.Base(bad))
			}
			w.await("what was read is kept", func() bool { return w.allKept(2) })
			if err := p.stop(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What can happen to a reading in a database that was damaged.
const (
	cutShort = "UPDATE readings SET packed = substr(packed, 1, length(packed) / 2) WHERE date = $1"
	misnamed = "UPDATE readings SET edition = '0123456789abcdef' WHERE date = $1"
)

// damageReading harms what was kept of a digest.
func (w *world) damageReading(date, harm string) {
	w.t.Helper()
	db, _ := openBelow(w.t, w.env["DATABASE_URL"])
	defer db.Close()
	result, err := db.ExecContext(w.t.Context(), harm, date)
	if err != nil {
		w.t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		w.t.Fatalf("%d readings harmed, %v", n, err)
	}
}

// TestReaderName: the name is what Go's own tool says, and differs with the
// program.
func TestReaderName(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	want, err := exec.Command("go", "tool", "buildid", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := readerName(); got == "" || got != strings.TrimSpace(string(want)) {
		t.Errorf("reader %q, want %s", got, want)
	}
	for _, c := range []struct{ name, head, want string }{
		{"ELF", "\x7fELF…\x04\x00\x00\x00\x05\x00\x00\x00\x04\x00\x00\x00Go\x00\x00a/b/c\x00\x04", "a/b/c"},
		{"others", "MZ…\xff Go build ID: \"d/e-f_1\"\n \xff…", "d/e-f_1"},
		{"built without", "\x7fELF…Go\x00\x00\x00\x00", ""},
		{"the same in every program", "\x7fELF…Go\x00\x00redacted\x00", ""},
		{"something else", "#!/bin/sh\n", ""},
		{"nothing", "", ""},
	} {
		if got := buildID([]byte(c.head)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
