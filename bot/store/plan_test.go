package store_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
)

// TestStepsAreFoundByKey: SQLite looks for each step of a group among the rows
// by their key. The other way round it would read all steps for each slot that
// is not settled, and a group take the longer the more channels there are.
func TestStepsAreFoundByKey(t *testing.T) {
	source, err := os.ReadFile("queries.sql")
	if err != nil {
		t.Fatal(err)
	}
	url := bottest.SQLite(t)
	open(t, url)
	db := raw(t, url)
	argument := regexp.MustCompile(`sqlc\.arg\(\w+\)`)
	embedded := regexp.MustCompile(`sqlc\.embed\((\w+)\)`)
	seen := 0
	for _, statement := range strings.Split(string(source), "-- name: ")[1:] {
		name, body, _ := strings.Cut(statement, "\n")
		body, _, _ = strings.Cut(body, ";")
		if !strings.Contains(body, "json_each(sqlc.arg(steps))") || strings.HasPrefix(body, "INSERT") {
			continue
		}
		seen++
		body = strings.ReplaceAll(body, "sqlc.arg(steps)", "'{}'")
		body = embedded.ReplaceAllString(argument.ReplaceAllString(body, "1"), "$1.*")
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if len(plan) < 2 || !strings.HasPrefix(plan[0], "SCAN step ") || !strings.Contains(plan[1], "(ref=?") {
			t.Errorf("%s: plan is\n%s", name, strings.Join(plan, "\n"))
		}
	}
	if seen < 6 {
		t.Errorf("%d statements work on steps, want 6", seen)
	}
}
