package digest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

var update = flag.Bool("update", false, "write what is read into testdata/layouts; judge the difference before committing it")

// TestLayouts reads digests in layouts that the real series never had, and
// holds the outline of each to the one beside it, judged by hand.
func TestLayouts(t *testing.T) {
	names, err := filepath.Glob("testdata/layouts/*.md")
	if err != nil || len(names) < 25 {
		t.Fatalf("%d layouts, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".md"), func(t *testing.T) {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := outlineOf(Read("2031-07-02.md", src))
			golden := strings.TrimSuffix(name, ".md") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("outline (-want +got):\n%s", diff)
			}
		})
	}
}

// outlineOf is what a reading found, a line for each kind of part: the line
// numbers, and names where they matter.
func outlineOf(d *briefing.Digest) string {
	var sb strings.Builder
	row := func(name string, list []string) {
		if len(list) > 0 {
			fmt.Fprintf(&sb, "%s: %s\n", name, strings.Join(list, "; "))
		}
	}
	var points, stories, dives, terms, citations, sections []string
	for _, k := range d.KeyPoints {
		s := fmt.Sprint(k.Line, "→")
		if len(k.Details) > 0 {
			s += fmt.Sprint(k.Details[0].Line)
		}
		for _, src := range k.Sources {
			s += " " + strings.TrimPrefix(src.URL, "https://")
		}
		points = append(points, s)
	}
	for _, st := range d.Stories {
		s := fmt.Sprint(st.Line)
		for _, n := range st.Also {
			s += fmt.Sprint("=", n)
		}
		for _, src := range st.Sources {
			if src.URL != "" {
				s += " " + strings.TrimPrefix(src.URL, "https://")
			} else {
				s += " " + src.Title
			}
		}
		stories = append(stories, s)
	}
	for _, x := range d.DeepDives {
		dives = append(dives, fmt.Sprint(x.Line, " ", x.Heading))
	}
	for _, x := range d.Glossary {
		terms = append(terms, fmt.Sprint(x.Line, " ", strings.Join(append([]string{x.Term}, x.Aliases...), "/"), " = ", x.Definition))
	}
	for _, x := range d.Citations {
		citations = append(citations, fmt.Sprint(x.Line, " ", x.Title, " ", strings.TrimPrefix(x.URL, "https://")))
	}
	for _, x := range d.Sections {
		sections = append(sections, fmt.Sprint(x.Line, " ", x.Heading))
	}
	fmt.Fprintf(&sb, "title: %s %s\n", d.Date, d.Title)
	row("points", points)
	row("stories", stories)
	row("dives", dives)
	row("terms", terms)
	if d.Outlook != nil {
		row("outlook", []string{fmt.Sprint(d.Outlook.Line)})
	}
	if d.Conclusion != nil {
		row("conclusion", []string{fmt.Sprint(d.Conclusion.Line)})
	}
	row("citations", citations)
	row("sections", sections)
	for _, w := range d.Warnings {
		row("warning", []string{fmt.Sprint(w.Line, " ", w.Code)})
	}
	return sb.String()
}
