package main

import (
	"strings"
	"testing"

	"cyberbrief/briefing/digest"
)

// TestExampleReadsWell: an author who starts from the example of the page
// about the format gets no warning, and every key point finds its story.
func TestExampleReadsWell(t *testing.T) {
	for _, path := range []string{"../../docs/digest-format.md", "../../docs/digest-format.ja.md"} {
		_, rest, begun := strings.Cut(readPage(t, path).text, "```markdown\n")
		example, _, ended := strings.Cut(rest, "```")
		if !begun || !ended {
			t.Fatalf("%s has no example", path)
		}
		d := digest.Read("cybersecurity_news_2025-07-02.md", []byte(example))
		for _, w := range d.Warnings {
			t.Errorf("%s: example line %d: %s: %s", path, w.Line, w.Code, w.Message)
		}
		for _, k := range d.KeyPoints {
			if len(k.Details) == 0 || len(k.Sources) == 0 {
				t.Errorf("%s: %q has details %v and sources %v", path, k.Text, k.Details, k.Sources)
			}
		}
		if len(d.Stories) != 2 || len(d.DeepDives) != 1 || len(d.Glossary) != 1 || len(d.Citations) != 2 {
			t.Errorf("%s: read %d stories, %d deep dives, %d terms, %d citations", path, len(d.Stories), len(d.DeepDives), len(d.Glossary), len(d.Citations))
		}
	}
}
