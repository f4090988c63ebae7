package source

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// write writes a file in dir and fails the test if it cannot.
func write(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// TestFolder walks through the life of a folder; each step is a look.
func TestFolder(t *testing.T) {
	steps := []struct {
		name   string
		change func(t *testing.T, dir string)
		pass   time.Duration
		want   string
		newest string
	}{
		{"first look, oldest first", func(t *testing.T, dir string) {
			write(t, dir, "news_2025-07-02.md", "two")
			write(t, dir, "news_2025-07-01.md", "one")
			write(t, dir, "notes.txt", "no")
			write(t, dir, ".hidden.md", "no")
			if err := os.Mkdir(filepath.Join(dir, "folder.md"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, 0, "news_2025-07-01.md=one news_2025-07-02.md=two", "2025-07-02"},
		{"nothing new", func(*testing.T, string) {}, time.Minute, "", "2025-07-02"},
		{"touched only", func(t *testing.T, dir string) { write(t, dir, "news_2025-07-02.md", "two") }, time.Minute, "", "2025-07-02"},
		{"revised", func(t *testing.T, dir string) { write(t, dir, "news_2025-07-02.md", "TWO") }, time.Minute, "news_2025-07-02.md=TWO", "2025-07-02"},
		{"renamed into place", func(t *testing.T, dir string) {
			write(t, dir, ".tmp", "three")
			if err := os.Rename(filepath.Join(dir, ".tmp"), filepath.Join(dir, "NEWS_2025-07-03.MD")); err != nil {
				t.Fatal(err)
			}
		}, time.Minute, "NEWS_2025-07-03.MD=three", "2025-07-03"},
		{"linked in", func(t *testing.T, dir string) {
			write(t, dir, "data", "four")
			if err := os.Symlink("data", filepath.Join(dir, "2025-07-04.md")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("nowhere", filepath.Join(dir, "2025-07-05.md")); err != nil {
				t.Fatal(err)
			}
		}, time.Minute, "2025-07-04.md=four", "2025-07-04"},
		{"gone for a moment", func(t *testing.T, dir string) { remove(t, dir, "2025-07-04.md") }, time.Second, "", "2025-07-03"},
		{"back again", func(t *testing.T, dir string) {
			if err := os.Symlink("data", filepath.Join(dir, "2025-07-04.md")); err != nil {
				t.Fatal(err)
			}
		}, time.Minute, "", "2025-07-04"},
		{"removed", func(t *testing.T, dir string) { remove(t, dir, "news_2025-07-01.md") }, time.Minute, "", "2025-07-04"},
		{"removed for good", func(*testing.T, string) {}, time.Minute, "-news_2025-07-01.md", "2025-07-04"},
		{"withdrawn once", func(*testing.T, string) {}, time.Minute, "", "2025-07-04"},
		{"put back", func(t *testing.T, dir string) { write(t, dir, "news_2025-07-01.md", "one") }, time.Minute, "news_2025-07-01.md=one", "2025-07-04"},
		{"renamed", func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "news_2025-07-01.md"), filepath.Join(dir, "2025-07-01.md")); err != nil {
				t.Fatal(err)
			}
		}, time.Minute, "2025-07-01.md=one", "2025-07-04"},
		{"a new name is no withdrawal", func(*testing.T, string) {}, time.Minute, "", "2025-07-04"},
		{"without a date", func(t *testing.T, dir string) { write(t, dir, "latest.md", "five") }, time.Minute, "latest.md=five", "2025-07-04"},
		{"renamed without a date", func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "latest.md"), filepath.Join(dir, "newest.md")); err != nil {
				t.Fatal(err)
			}
		}, time.Minute, "newest.md=five", "2025-07-04"},
		{"nor is that a withdrawal", func(*testing.T, string) {}, time.Minute, "", "2025-07-04"},
		{"removed without a date", func(t *testing.T, dir string) { remove(t, dir, "newest.md") }, time.Minute, "", "2025-07-04"},
		{"removed without a date for good", func(*testing.T, string) {}, time.Minute, "-newest.md", "2025-07-04"},
	}
	synctest.Test(t, func(t *testing.T) {
		dir, in := t.TempDir(), &inbox{}
		f := NewFolder(dir)
		for _, step := range steps {
			step.change(t, dir)
			time.Sleep(step.pass) // the bubble's clock, not ours
			newest, err := f.Scan(t.Context(), in.take)
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := in.got(); got != step.want {
				t.Errorf("%s: got %q, want %q", step.name, got, step.want)
			}
			if string(newest) != step.newest {
				t.Errorf("%s: newest %s, want %s", step.name, newest, step.newest)
			}
		}
	})
}

// TestFolderHalfWritten lets a writer pause in the middle of a file.
func TestFolderHalfWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, in := t.TempDir(), &inbox{}
		go func() {
			for body := "a"; len(body) < 5; body += "a" {
				write(t, dir, "2025-07-01.md", body)
				time.Sleep(settle / 2)
			}
		}()
		synctest.Wait()
		if _, err := NewFolder(dir).Scan(t.Context(), in.take); err != nil {
			t.Fatal(err)
		}
		if got := in.got(); got != "2025-07-01.md=aaaa" {
			t.Errorf("got %q, want the finished file", got)
		}
	})
}

// TestFolderNeverSettles keeps one file in the making for ever; the other one
// must not wait for it.
func TestFolderNeverSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, in := t.TempDir(), &inbox{}
		stop := make(chan struct{})
		old := time.Now().Add(-time.Hour)
		write(t, dir, "2025-07-01.md", "done")
		if err := os.Chtimes(filepath.Join(dir, "2025-07-01.md"), old, old); err != nil {
			t.Fatal(err)
		}
		go func() {
			for body := "a"; ; body += "a" {
				write(t, dir, "2025-07-02.md", body)
				select {
				case <-stop:
					return
				case <-time.After(settle / 2):
				}
			}
		}()
		synctest.Wait()
		f := NewFolder(dir)
		if _, err := f.Scan(t.Context(), in.take); err != nil {
			t.Fatal(err)
		}
		if got := in.got(); got != "2025-07-01.md=done" {
			t.Errorf("got %q, want the finished one only", got)
		}
		close(stop)
		synctest.Wait()
		if _, err := f.Scan(t.Context(), in.take); err != nil {
			t.Fatal(err)
		}
		if got := in.got(); !strings.HasPrefix(got, "2025-07-02.md=aaa") {
			t.Errorf("got %q, want the other one now", got)
		}
	})
}

func TestFolderErrors(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	t.Run("no such folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "none")
		_, err := NewFolder(dir).Scan(t.Context(), (&inbox{}).take)
		if err == nil || !strings.Contains(err.Error(), "none: no such file or directory; check") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a file that the sink cannot keep is offered again, others go on", func(t *testing.T) {
		dir, in := t.TempDir(), &inbox{fail: map[string]error{"2025-07-01.md": errors.New("database is locked")}}
		for _, name := range []string{"2025-07-01.md", "2025-07-02.md"} {
			write(t, dir, name, "x")
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
		f := NewFolder(dir)
		if _, err := f.Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "2025-07-01.md: database is locked") {
			t.Errorf("got %v", err)
		}
		if _, err := f.Scan(t.Context(), in.take); err != nil {
			t.Error(err)
		}
		if got := in.got(); got != "2025-07-02.md=x 2025-07-01.md=x" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a file that cannot be read, others go on", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root reads every file")
		}
		dir, in := t.TempDir(), &inbox{}
		write(t, dir, "2025-07-01.md", "x")
		write(t, dir, "2025-07-02.md", "x")
		if err := os.Chmod(filepath.Join(dir, "2025-07-01.md"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := NewFolder(dir).Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "2025-07-01.md: permission denied") {
			t.Errorf("got %v", err)
		}
		if got := in.got(); got != "2025-07-02.md=x" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a file that cannot be looked up, others go on", func(t *testing.T) {
		dir, in := t.TempDir(), &inbox{}
		write(t, dir, "2025-07-02.md", "x")
		if err := os.Symlink("2025-07-01.md", filepath.Join(dir, "2025-07-01.md")); err != nil {
			t.Fatal(err)
		}
		f := NewFolder(dir)
		for _, want := range []string{"2025-07-02.md=x", ""} {
			if _, err := f.Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "2025-07-01.md: too many levels") {
				t.Errorf("got %v", err)
			}
			if got := in.got(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
	t.Run("everything gone at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dir, in := t.TempDir(), &inbox{}
			write(t, dir, "2025-07-01.md", "x")
			write(t, dir, "2025-07-02.md", "x")
			f := NewFolder(dir)
			if _, err := f.Scan(t.Context(), in.take); err != nil {
				t.Fatal(err)
			}
			in.got()
			remove(t, dir, "2025-07-01.md")
			remove(t, dir, "2025-07-02.md")
			for range 3 {
				time.Sleep(time.Minute)
				if _, err := f.Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "all 2 digests are gone") {
					t.Errorf("got %v", err)
				}
			}
			if got := in.got(); got != "" {
				t.Errorf("withdrawn: %q", got)
			}
		})
	})
	t.Run("a huge file is cut for the reader to refuse", func(t *testing.T) {
		dir, in := t.TempDir(), &inbox{}
		write(t, dir, "2025-07-01.md", string(bytes.Repeat([]byte("x"), 2*MaxDigest)))
		if _, err := NewFolder(dir).Scan(t.Context(), in.take); err != nil {
			t.Fatal(err)
		}
		if len(in.files) != 1 || len(in.files[0].Body) != MaxDigest+1 {
			t.Errorf("got %d files", len(in.files))
		}
	})
}
