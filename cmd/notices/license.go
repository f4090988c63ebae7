package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// license is a file that has to go along with a module.
type license struct {
	name string // of the file, relative to the module
	text string
	id   string // SPDX, empty for a notice that goes with a licence
}

// licensesOf are the files about licences in the folders that are used of a
// module.
func licensesOf(m module) ([]license, error) {
	var all []license
	for _, dir := range m.used {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if entry.IsDir() || !aboutLicenses(entry.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(m.Dir, filepath.Join(dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			l := license{name: filepath.ToSlash(name), text: tidy(string(text))}
			if !alone(entry.Name()) {
				all = append(all, l)
				continue
			}
			if l.id = identify(l.text); l.id == "" {
				return nil, fmt.Errorf("%s: %s is a licence that is not known here: read it, and teach identify its SPDX id", m.Path, l.name)
			}
			all = append(all, l)
		}
	}
	if len(ids(all)) == 0 {
		return nil, fmt.Errorf("%s: no licence in %s", m.Path, m.Dir)
	}
	return all, nil
}

// aboutLicenses says whether a file's name promises terms or notices.
func aboutLicenses(name string) bool {
	upper := strings.ToUpper(name)
	if filepath.Ext(upper) == ".GO" || strings.Contains(upper, "LOGO") { // a drawing is not shipped
		return false
	}
	return slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, func(word string) bool {
		return strings.Contains(upper, word)
	})
}

// alone holds for a file that is one licence; notices, patents and lists of
// other people's licences are passed on without an id.
func alone(name string) bool {
	upper := strings.ToUpper(name)
	return !strings.HasPrefix(upper, "NOTICE") && !strings.HasPrefix(upper, "PATENTS") && !strings.Contains(upper, "3RD-PARTY")
}

// marks are words by which a licence is known, all of them, and its id of
// https://spdx.org/licenses/; the first that fits counts.
var marks = []struct {
	id    string
	words []string
}{
	{"MPL-2.0", []string{"mozilla public license", "version 2.0"}},
	{"Apache-2.0", []string{"apache license", "version 2.0"}},
	{"MIT", []string{"permission is hereby granted, free of charge"}},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "neither the name"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "may not be used to endorse"}},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms"}},
	{"blessing", []string{"disclaims copyright to this source code"}},
	{"blessing", []string{"sqlite", "public domain"}},
}

// identify gives the SPDX id of a licence's text, or nothing.
func identify(text string) string {
	flat := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, m := range marks {
		if !slices.ContainsFunc(m.words, func(word string) bool { return !strings.Contains(flat, word) }) {
			return m.id
		}
	}
	return ""
}

// ids are the SPDX ids of licences, each once.
func ids(all []license) []string {
	var found []string
	for _, l := range all {
		if l.id != "" && !slices.Contains(found, l.id) {
			found = append(found, l.id)
		}
	}
	return found
}

// tidy is a text with plain line ends and nothing at the ends of its lines.
func tidy(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\f")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
