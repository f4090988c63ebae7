package delivery_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"cyberbrief/bot/store"

	"go.uber.org/goleak"
)

var matrix = flag.String("matrix", "short", "how much is replayed and delivered: short, or full")

// template is the file of an empty database. Each test begins with a copy,
// which spares it the migrations.
var template string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "delivery")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	template = filepath.Join(dir, "template.db")
	s, err := store.Open(context.Background(), "sqlite:"+template, store.Options{})
	if err != nil {
		return 1, err
	}
	if err := s.Shutdown(); err != nil {
		return 1, err
	}
	code = m.Run()
	if code == 0 {
		err = goleak.Find()
	}
	if err != nil {
		code = 1
	}
	return code, err
}

// database is the URL of a new, empty database.
func database(t *testing.T) string {
	t.Helper()
	empty, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cyberbrief.db")
	if err := os.WriteFile(file, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}
