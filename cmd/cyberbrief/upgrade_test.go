package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"modernc.org/sqlite"

	"cyberbrief/bot/bottest"
	"cyberbrief/briefing/briefingtest"
)

// migrationFiles are the tables of every release, in order.
var migrationFiles = os.DirFS("../../bot/store/migrations")

// tableVersions are the versions of the tables that there have been.
func tableVersions(t *testing.T) []int64 {
	t.Helper()
	names, err := fs.Glob(migrationFiles, "*.sql")
	if err != nil || len(names) < 2 {
		t.Fatalf("%d migrations, %v", len(names), err)
	}
	var versions []int64
	for _, name := range names {
		v, err := goose.NumericComponent(name)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	slices.Sort(versions)
	return versions
}

// rowsOf is what a release with tables of a version wrote: the newest file
// that is not newer. Columns that came later have their defaults.
func rowsOf(t *testing.T, version int64) string {
	t.Helper()
	for v := version; v > 0; v-- {
		text, err := os.ReadFile(filepath.Join("testdata", "upgrade", fmt.Sprintf("%05d.sql", v)))
		if err == nil {
			return string(text)
		}
	}
	t.Fatalf("no rows for version %d", version)
	return ""
}

// openBelow opens a database below the store.
func openBelow(t *testing.T, url string) (*sql.DB, database.Dialect) {
	t.Helper()
	var db *sql.DB
	dialect := goose.DialectSQLite3
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
		db, dialect = sql.OpenDB(stdlib.GetConnector(*config)), goose.DialectPostgres
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, dialect
}

// writeOld makes a database as a release with tables of a version left it.
func writeOld(t *testing.T, url string, version int64, bodies map[string]string) {
	t.Helper()
	db, dialect := openBelow(t, url)
	p, err := goose.NewProvider(dialect, db, migrationFiles, goose.WithTableName("cyberbrief_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), rowsOf(t, version)); err != nil {
		t.Fatal(err)
	}
	for date, body := range bodies {
		if _, err := db.ExecContext(t.Context(), "UPDATE digests SET body = $1 WHERE date = $2", []byte(body), date); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUpgrade starts the bot on the database of every release so far, in the
// morning on which that one was stopped: it goes on where the other ended.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	versions := tableVersions(t)
	if briefingtest.Racing { // what the program does then is the same for each
		versions = []int64{versions[0], versions[len(versions)-1]}
	}
	for _, version := range versions {
		t.Run(fmt.Sprintf("from version %d", version), func(t *testing.T) {
			t.Parallel()
			bottest.EachBareDatabase(t, func(t *testing.T, url string) { upgrade(t, url, version) })
		})
	}
}

func upgrade(t *testing.T, url string, version int64) {
	w := newWorld(t, url)
	w.env["CHANNELS"] = "" // they are in the database
	writeOld(t, url, version, map[string]string{
		"2025-07-02": digestText("2025-07-02", "一昨日の架空の事案"),
		"2025-07-03": digestText("2025-07-03", "昨日の架空の事案"),
	})
	first := w.run(morning)
	w.await("what was chosen is posted", func() bool { return len(parents(w.inDiscord())) == 1 && w.settled(morning) })
	if got := parents(w.inSlack()); len(got) != 0 {
		t.Errorf("the Slack channel had its briefing, and gets %+v", got)
	}
	if got := parents(w.inDiscord())[0].Text; !strings.Contains(got, "昨日の架空の事案") {
		t.Errorf("Discord: %s", got)
	}
	report := w.status(morning)
	if len(report.Channels) != 3 || len(report.Rejected) != 1 {
		t.Errorf("status: %+v", report)
	}
	for _, c := range report.Channels {
		if c.Ref.String() == w.slackRef() && (c.LastPost == nil || c.LastPost.Digest != "2025-07-03") {
			t.Errorf("last post on Slack: %+v", c.LastPost)
		}
	}
	var log bytes.Buffer
	if err := (channelLogCommand{Limit: 9}).Run(w.environment(t.Context(), morning, &log)); err != nil || !strings.Contains(log.String(), "U1  add slack:T1/C1") {
		t.Errorf("log of changes: %v, %s", err, log.String())
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	w.publish("2025-07-04", "今日の架空の事案")
	tomorrow := morning.Add(24 * time.Hour)
	w.run(tomorrow)
	w.await("the next morning is like any other", func() bool {
		return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 2 && w.settled(tomorrow)
	})
}

// settled says whether no channel that gets briefings waits for one.
func (w *world) settled(now time.Time) bool {
	for _, c := range w.status(now).Channels {
		if c.State == "active" && c.Slot.State != "posted" {
			return false
		}
	}
	return true
}

// TestDowngrade: an older program names the newer database, and what to do.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	bottest.EachBareDatabase(t, func(t *testing.T, url string) {
		versions := tableVersions(t)
		newest := versions[len(versions)-1]
		writeOld(t, url, newest, nil)
		db, _ := openBelow(t, url)
		if _, err := db.ExecContext(t.Context(), "INSERT INTO cyberbrief_version (version_id, is_applied) VALUES ($1, TRUE)", newest+1); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, url)
		var out bytes.Buffer
		err := runCommand{}.Run(w.environment(t.Context(), morning, &out))
		if err == nil {
			t.Fatal("started")
		}
		for _, want := range []string{fmt.Sprintf("version %d, this program knows %d", newest+1, newest), "install the newer program, or restore a backup"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error %q does not say %q", err, want)
			}
		}
		if len(w.inSlack())+len(w.inDiscord()) > 0 {
			t.Error("it posted")
		}
	})
}
