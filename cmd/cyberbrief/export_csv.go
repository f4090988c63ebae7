package main

import (
	"encoding/csv"
	"strings"

	"cyberbrief/briefing"
)

// exportCSV writes one line a term. Cells that a spreadsheet would take for a
// formula get an apostrophe in front.
func exportCSV(e *environment, entries []briefing.Entry) error {
	w := csv.NewWriter(e.stdout)
	_ = w.Write([]string{"term", "aliases", "definition", "first_seen", "last_seen", "digests"})
	for _, t := range entries {
		dates := make([]string, len(t.Digests))
		for i, d := range t.Digests {
			dates[i] = string(d)
		}
		row := []string{t.Term, strings.Join(t.Aliases, "; "), t.Definition, string(t.FirstSeen), string(t.LastSeen), strings.Join(dates, " ")}
		for i := range row {
			row[i] = plainCell(row[i])
		}
		_ = w.Write(row) // Flush keeps the error
	}
	w.Flush()
	return w.Error()
}

// plainCell keeps outside text from running as a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
