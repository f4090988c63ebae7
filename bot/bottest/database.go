package bottest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// PostgresVariable names the environment variable that holds the URL of a
// PostgreSQL database whose user may create databases. Tests make their own
// beside it and drop them in the end.
const PostgresVariable = "CYBERBRIEF_TEST_POSTGRES"

// EachDatabase runs f as a subtest on each engine, with the URL of a fresh and
// empty database. They run side by side, after the function that calls this
// has returned. PostgreSQL is skipped where PostgresVariable is not set; in
// continuous integration (CI=true) that is a failure.
func EachDatabase(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) string{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t))
		})
	}
}

// SQLite is the URL of a new file.
func SQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "cyberbrief.db")
}

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
