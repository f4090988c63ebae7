package main

import (
	"encoding/csv"
	"strings"

	"cyberbrief/briefing"
)

// exportCSV writes one line a term.
func exportCSV(e *environment, entries []briefing.Entry) error {
	rows := [][]string{{"term", "aliases", "definition", "first_seen", "last_seen", "digests"}}
	for _, t := range entries {
		dates := make([]string, len(t.Digests))
		for i, d := range t.Digests {
			dates[i] = string(d)
		}
		rows = append(rows, []string{t.Term, strings.Join(t.Aliases, "; "), t.Definition, string(t.FirstSeen), string(t.LastSeen), strings.Join(dates, " ")})
	}
	return writeCSV(e, rows)
}

// writeCSV writes rows. Cells that a spreadsheet would take for a formula get
// an apostrophe in front.
func writeCSV(e *environment, rows [][]string) error {
	w := csv.NewWriter(e.stdout)
	for _, row := range rows {
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
