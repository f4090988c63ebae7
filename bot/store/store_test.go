package store_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/goleak"
	"modernc.org/sqlite"
)

// childVariable makes the test binary open the database it names and end: the
// other process of a test.
const childVariable = "CYBERBRIEF_TEST_CHILD"

// TestMain lets many tests run side by side: they wait for the server, or for
// each other's locks.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	if url := os.Getenv(childVariable); url != "" {
		os.Exit(child(url))
	}
	goleak.VerifyTestMain(m)
}

func child(url string) int {
	s, err := store.Open(context.Background(), url, store.Options{})
	if err == nil {
		err = s.Shutdown()
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// t0 is the instant at which the tests play.
var t0 = time.Date(2025, 7, 2, 23, 30, 0, 0, time.UTC)

// The channels of the tests: two workspaces with a channel of the same id.
var (
	here  = mustRef("slack:T1/C1")
	there = mustRef("slack:T2/C1")
)

func mustRef(s string) bot.Ref {
	ref, err := bot.ParseRef(s)
	if err != nil {
		panic(err)
	}
	return ref
}

// everywhere runs f on each engine, with a store on an empty database. The
// test goes on beside others from here.
func everywhere(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) { f(t, open(t, url)) })
	if briefingtest.Racing { // to the store it is another SQLite
		return
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		f(t, open(t, "sqlite::memory:"))
	})
}

// open opens a store whose clock stands at t0.
func open(t *testing.T, url string) *store.Store {
	t.Helper()
	prepare := !briefingtest.Racing && url != "sqlite::memory:" // a bot does, others do not
	return openWith(t, url, store.Options{Prepare: prepare, Clock: func() time.Time { return t0 }})
}

func openWith(t *testing.T, url string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// raw opens the database below the store, on one connection.
func raw(t *testing.T, url string) *sql.DB {
	t.Helper()
	var db *sql.DB
	if file, ok := strings.CutPrefix(url, "sqlite:"); ok {
		connector, err := sqlite.NewConnector(file)
		if err != nil {
			t.Fatal(err)
		}
		db = sql.OpenDB(connector)
	} else {
		config, err := pgx.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		db = sql.OpenDB(stdlib.GetConnector(*config))
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// count is the number that a query gives.
func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func slot(ref bot.Ref, date, digest briefing.Date, earlier ...briefing.Date) delivery.Slot {
	return delivery.Slot{
		SlotKey: delivery.SlotKey{Ref: ref, Date: date},
		Digest:  digest, Earlier: earlier,
		DueAt: t0, ClosesAt: t0.Add(4 * time.Hour),
	}
}
