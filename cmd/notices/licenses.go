package main

import (
	_ "embed"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// holidayLicense is that of the table of holidays in bot/schedule, which was
// made from a package that is no Go module.
//
//go:embed holiday_jp.txt
var holidayLicense string

// heading stands before the list. River's licence, the MPL, asks in its
// section 3.2 that people are told where the source is.
const heading = `THIRD-PARTY NOTICES

cyberbrief is made of the works below. Each stays under its own licence, whose
text follows after the list.

River (github.com/riverqueue/river and the modules below it) is under the
Mozilla Public License 2.0. Its source code is at
https://github.com/riverqueue/river, under the tag of the version below; none
of its files has been changed.

`

// work is something that the program is made of.
type work struct {
	name, version string
	licenses      []license
}

// licenses writes the notices: a list of all works, then each text once.
func licenses(w io.Writer) error {
	works, err := allWorks()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, heading); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range works {
		fmt.Fprintf(table, "%s\t%s\t%s\n", k.name, k.version, strings.Join(ids(k.licenses), " AND "))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return writeTexts(w, works)
}

// allWorks are the modules, the standard library, and what came otherwise.
func allWorks() ([]work, error) {
	modules, err := programModules()
	if err != nil {
		return nil, err
	}
	var works []work
	for _, m := range modules {
		found, err := licensesOf(m)
		if err != nil {
			return nil, err
		}
		works = append(works, work{m.Path, m.Version, found})
	}
	library, err := standardLibrary()
	if err != nil {
		return nil, err
	}
	holidays := license{name: "LICENSE", text: tidy(holidayLicense), id: identify(holidayLicense)}
	return append(works, library, work{"holiday_jp (dates of holidays)", "2.5.1", []license{holidays}}), nil
}

// standardLibrary is Go itself, whose run time is in every program.
func standardLibrary() (work, error) {
	root, err := goCommand(nil, "env", "GOROOT")
	if err != nil {
		return work{}, err
	}
	dir := filepath.Clean(strings.TrimSpace(root))
	found, err := licensesOf(module{Path: "Go", Dir: dir, used: []string{dir}})
	return work{"Go and its standard library", "", found}, err
}

// writeTexts writes each text once, with the works that it belongs to.
func writeTexts(w io.Writer, works []work) error {
	var order []string
	owners := map[string][]string{}
	for _, k := range works {
		for _, l := range k.licenses {
			if owners[l.text] == nil {
				order = append(order, l.text)
			}
			owners[l.text] = append(owners[l.text], k.name+" ("+l.name+")")
		}
	}
	for _, text := range order {
		rule := strings.Repeat("=", 78)
		if _, err := fmt.Fprintf(w, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(owners[text], "\n"), rule, text); err != nil {
			return err
		}
	}
	return nil
}
