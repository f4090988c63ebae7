package store_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

func TestOpenTogether(t *testing.T) {
	t.Parallel()
	const goroutines, processes = 8, 3
	bottest.EachBareDatabase(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		for range goroutines {
			all.Go(func() {
				s, err := store.Open(t.Context(), url, store.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(s.Health(t.Context()), s.Shutdown()); err != nil {
					t.Error(err)
				}
			})
		}
		for range processes {
			all.Go(func() {
				other := exec.CommandContext(t.Context(), os.Args[0])
				other.Env = append(os.Environ(), childVariable+"="+url)
				if out, err := other.CombinedOutput(); err != nil {
					t.Errorf("other process: %v: %s", err, out)
				}
			})
		}
		all.Wait()
		if n := count(t, raw(t, url), "SELECT count(*) FROM counters"); n != 2 {
			t.Errorf("%d counters after all have migrated, want 2", n)
		}
	})
}

func TestOpenAgain(t *testing.T) {
	t.Parallel()
	bottest.EachBareDatabase(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.PutNote(t.Context(), "a", "b"), s.Shutdown()); err != nil {
			t.Fatal(err)
		}
		if got, err := open(t, url).Note(t.Context(), "a"); got != "b" || err != nil {
			t.Errorf("note after a restart: %q, %v", got, err)
		}
	})
}

func TestOpenMemoryTwice(t *testing.T) {
	a, b := open(t, "sqlite::memory:"), open(t, "sqlite::memory:")
	if err := a.PutNote(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Note(t.Context(), "a"); err == nil {
		t.Errorf("databases in memory share the note %q", got)
	}
}

func TestOpenNewer(t *testing.T) {
	t.Parallel()
	bottest.EachBareDatabase(t, func(t *testing.T, url string) {
		open(t, url)
		execute(t, raw(t, url), "INSERT INTO cyberbrief_version (version_id, is_applied) VALUES (900, TRUE)")
		_, err := store.Open(t.Context(), url, store.Options{})
		if !errors.Is(err, store.ErrNewer) {
			t.Fatalf("error %v, want ErrNewer", err)
		}
		for _, want := range []string{"900", "install the newer program"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
	})
}

func TestOpenLocked(t *testing.T) {
	for _, state := range []string{"new", "in use"} {
		t.Run(state, func(t *testing.T) {
			url := bottest.BareSQLite(t)
			if state == "in use" {
				open(t, url)
			}
			db := raw(t, url)
			execute(t, db, "BEGIN IMMEDIATE")
			_, err := store.Open(t.Context(), url, store.Options{Patience: time.Millisecond})
			if !errors.Is(err, store.ErrLocked) {
				t.Fatalf("error %v, want ErrLocked", err)
			}
			if want := "end the other program"; !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
			execute(t, db, "ROLLBACK")
			open(t, url)
		})
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "digest.md")
	if err := os.WriteFile(text, []byte(strings.Repeat("# a digest, not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, url, want string }{
		{"empty", "", "want sqlite:PATH or postgres://"},
		{"no scheme", "cyberbrief.db", "want sqlite:PATH or postgres://"},
		{"wrong scheme", "mysql://root@localhost/x", `unknown scheme "mysql"`},
		{"no path", "sqlite:", "sqlite wants a file"},
		{"parameters", "sqlite:x.db?mode=ro", "sqlite wants a file"},
		{"no folder", "sqlite:" + filepath.Join(dir, "none", "x.db"), "must exist and be writable"},
		{"folder", "sqlite:" + dir, "must exist and be writable"},
		{"below a file", "sqlite:" + filepath.Join(text, "x.db"), "must exist and be writable"},
		{"no database", "sqlite:" + text, "name another one in DATABASE_URL"},
		{"refused", "postgres://bot@" + closedPort(t) + "/x", "start the server"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), c.url, store.Options{Patience: time.Millisecond})
			if err == nil {
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q has several lines", err)
			}
		})
	}
}

func TestPasswordStaysSecret(t *testing.T) {
	const secret = "hunter2%2Fx"
	host := closedPort(t)
	urls := []string{
		"postgres://bot:" + secret + "@" + host + "/x",
		"postgres://bot@" + host + "/x?password=" + secret,
		"postgres://bot:" + secret + "@" + host + ":x/y",
		"postgres://bot:" + secret + "@" + host + "/x?sslmode=perhaps",
		"postgres://bot:" + secret + "%zz@" + host + "/x",
		"postgres:bot:" + secret + "@" + host + "/x",
		"postgres://bot:a@" + secret + "@" + host + "/x",
		"mysql://bot:" + secret + "@" + host + "/x",
		"bot:" + secret + "@" + host + "/x",
	}
	for _, u := range urls {
		s, err := store.Open(t.Context(), u, store.Options{})
		if err == nil {
			t.Fatalf("opened %s as %s", u, s)
		}
		mustHide(t, err, "hunter2")
	}
}

// Whatever a driver or a server may quote, it does not reach the error.
func TestPasswordIsCutOut(t *testing.T) {
	const plain, escaped = "hunter2/ x", "hunter2%2F%20x"
	for _, u := range []string{
		"postgres://bot:" + escaped + "@localhost/x",
		"postgres://bot@localhost/x?password=" + escaped,
		"postgres://bot@localhost/x?sslpassword=" + escaped,
	} {
		for _, quoted := range []string{plain, escaped, u} {
			err := store.Clean(u, fmt.Errorf("connect as bot with %q failed", quoted))
			mustHide(t, err, "hunter2")
		}
	}
}

// A password of a letter is part of every text: only its place gives it away.
func TestShortPassword(t *testing.T) {
	for _, u := range []string{"postgres://u:p@127.0.0.1:1/x", "postgres://u@127.0.0.1:1/x?password=p&sslmode=disable"} {
		for text, want := range map[string]string{
			"dial tcp 127.0.0.1:1: connection refused": "dial tcp 127.0.0.1:1: connection refused",
			"cannot parse `" + u + "`":                 "<secret>",
		} {
			err := store.Clean(u, errors.New(text))
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q became %q", text, err)
			}
			mustHide(t, err, ":p@")
			mustHide(t, err, "=p")
		}
	}
}

func TestServerRefuses(t *testing.T) {
	good := bottest.Postgres(t)
	cases := []struct {
		name   string
		change func(*url.URL)
		want   string
	}{
		{"password", func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "hunter2") }, "check user and password"},
		{"database", func(u *url.URL) { u.Path = "/none" }, "create the database first"},
		{"read only", func(u *url.URL) { u.RawQuery += "&default_transaction_read_only=on" }, "name the primary"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u, err := url.Parse(good)
			if err != nil {
				t.Fatal(err)
			}
			c.change(u)
			_, err = store.Open(t.Context(), u.String(), store.Options{})
			if err == nil {
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
			password, _ := u.User.Password()
			mustHide(t, err, password)
		})
	}
}

func TestNameHasNoCredentials(t *testing.T) {
	t.Parallel()
	bottest.EachBareDatabase(t, func(t *testing.T, address string) {
		s := open(t, address)
		if u, err := url.Parse(address); err == nil && u.User != nil {
			password, _ := u.User.Password()
			if strings.Contains(s.String(), password) {
				t.Errorf("name %q shows the password", s)
			}
		}
		if s.String() == "" {
			t.Error("no name")
		}
	})
}

// mustHide fails when any common way to print err shows the secret.
func mustHide(t *testing.T, err error, secret string) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if strings.Contains(text, secret) {
				t.Errorf("error shows the password: %s", text)
			}
		}
	}
}

// closedPort is an address on loopback where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
