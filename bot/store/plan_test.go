package store_test

import (
	"context"
	"database/sql"
	"os"
	"regexp"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// stepStatements are the statements that work on the rows of a group's steps,
// by name, without their arguments.
func stepStatements(t *testing.T) map[string]string {
	t.Helper()
	source, err := os.ReadFile("queries.sql")
	if err != nil {
		t.Fatal(err)
	}
	argument := regexp.MustCompile(`sqlc\.arg\(\w+\)`)
	embedded := regexp.MustCompile(`sqlc\.embed\((\w+)\)`)
	found := map[string]string{}
	for _, statement := range strings.Split(string(source), "-- name: ")[1:] {
		name, body, _ := strings.Cut(statement, "\n")
		body, _, _ = strings.Cut(body, ";")
		if !strings.Contains(body, "json_each(sqlc.arg(steps))") || strings.HasPrefix(body, "INSERT") {
			continue
		}
		body = strings.ReplaceAll(body, "sqlc.arg(steps)", "'{}'")
		found[name] = embedded.ReplaceAllString(argument.ReplaceAllString(body, "1"), "$1.*")
	}
	if len(found) < 6 {
		t.Errorf("%d statements work on steps, want 6", len(found))
	}
	return found
}

// queryer is what a database and one connection to it have in common.
type queryer interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// explain is a query's plan, a line for each row's last column.
func explain(t *testing.T, db queryer, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan []string
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(sql.RawBytes)
		}
		if err := rows.Scan(row...); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, strings.TrimSpace(string(*row[len(row)-1].(*sql.RawBytes))))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestStepsAreFoundByKey: a database looks for each step of a group among the
// rows by their key. The other way round it would read all steps for each slot
// that is not settled, or all slots for each group, and a group take the longer
// the more channels and the more years there are.
func TestStepsAreFoundByKey(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		url := bottest.SQLite(t)
		open(t, url)
		db := raw(t, url)
		for name, statement := range stepStatements(t) {
			plan := explain(t, db, "EXPLAIN QUERY PLAN "+statement)
			if len(plan) < 2 || !strings.HasPrefix(plan[0], "SCAN step ") || !strings.Contains(plan[1], "(ref=?") {
				t.Errorf("%s: plan is\n%s", name, strings.Join(plan, "\n"))
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := bottest.Postgres(t)
		s := open(t, url)
		manySlots(t, s, 1)
		conn, err := raw(t, url).Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, statement := range []string{
			"INSERT INTO channels SELECT (jsonb_populate_record(channels, jsonb_build_object('ref', 'slack:T1/D' || n))).* FROM channels, generate_series(1, 3000) n",
			"INSERT INTO slots SELECT (jsonb_populate_record(slots, jsonb_build_object('ref', 'slack:T1/D' || n))).* FROM slots, generate_series(1, 3000) n",
			"INSERT INTO parts (ref, date, idx, state, body, message_id, intent_at, sent_at) SELECT ref, date, 0, 'sending', '{}', '', 1, 0 FROM slots",
			store.BeginQuery,
		} {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		for name, statement := range stepStatements(t) {
			plan := strings.Join(explain(t, conn, "EXPLAIN "+statement), "\n")
			if !foundByKey(plan) {
				t.Errorf("%s: plan is\n%s", name, plan)
			}
		}
	})
}

// foundByKey says whether a plan of PostgreSQL's goes from the steps to the
// rows that their keys name; a channel's key has no date.
func foundByKey(plan string) bool {
	_, rows, steps := strings.Cut(plan, "Function Scan on json_each step")
	_, condition, index := strings.Cut(rows, "Index Cond: ")
	condition, _, _ = strings.Cut(condition, "\n")
	return steps && index && !strings.Contains(plan, "Seq Scan") && strings.Contains(condition, "(ref = (step.value") &&
		(strings.Contains(rows, " on channels ") || strings.Contains(condition, "(date = (step.value"))
}
