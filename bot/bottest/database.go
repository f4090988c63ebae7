package bottest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cyberbrief/bot/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// PostgresVariable names the environment variable that holds the URL of a
// PostgreSQL database whose user may create databases. Tests make their own
// beside it and drop them in the end.
const PostgresVariable = "CYBERBRIEF_TEST_POSTGRES"

// EachDatabase runs f as a subtest on each engine, with the URL of a fresh
// database that holds nothing; see SQLite. They run side by side, after the
// function that calls this has returned. PostgreSQL is skipped where
// PostgresVariable is not set; in continuous integration (CI=true) that is a
// failure.
func EachDatabase(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	eachOf(t, map[string]func(testing.TB) string{"sqlite": SQLite, "postgres": Postgres}, f)
}

// EachBareDatabase is EachDatabase without tables, for tests that are about
// the making of them.
func EachBareDatabase(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	eachOf(t, map[string]func(testing.TB) string{"sqlite": BareSQLite, "postgres": Postgres}, f)
}

func eachOf(t *testing.T, engines map[string]func(testing.TB) string, f func(t *testing.T, url string)) {
	t.Helper()
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t))
		})
	}
}

// SQLite is the URL of a new file that has its tables already: it is a copy,
// since the race detector makes the making of them take half a second.
func SQLite(t testing.TB) string {
	t.Helper()
	tables, err := withTables()
	if err != nil {
		t.Fatal(err)
	}
	url := BareSQLite(t)
	if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), tables, 0o600); err != nil {
		t.Fatal(err)
	}
	return url
}

// BareSQLite is the URL of a file that is not there yet.
func BareSQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "cyberbrief.db")
}

// withTables is the content of an empty database.
var withTables = sync.OnceValues(func() (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "database")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "tables.db")
	s, err := store.Open(context.Background(), "sqlite:"+file, store.Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Shutdown(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// Postgres is the URL of a new database on the server of PostgresVariable.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(PostgresVariable)
	switch {
	case server != "":
	case os.Getenv("CI") == "true":
		t.Fatalf("%s is not set: continuous integration must test PostgreSQL", PostgresVariable)
	default:
		t.Skipf("%s is not set: no PostgreSQL to test with", PostgresVariable)
	}
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", PostgresVariable)
	}
	name := "cyberbrief_test_" + strings.ToLower(rand.Text()[:12])
	onServer(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { onServer(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	address.Path = "/" + name
	return address.String()
}

// onServer runs one statement outside any transaction.
func onServer(t testing.TB, server, statement string) {
	t.Helper()
	config, err := pgx.ParseConfig(server)
	if err != nil {
		t.Fatalf("%s: %v", PostgresVariable, err)
	}
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
