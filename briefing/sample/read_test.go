package sample_test

import (
	"slices"
	"strings"
	"testing"

	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/sample"
)

// TestReadWithoutWarnings holds the samples to what they are an example of.
func TestReadWithoutWarnings(t *testing.T) {
	for _, f := range sample.Files() {
		d := digest.Read(f.Name, f.Body)
		for _, w := range d.Warnings {
			t.Errorf("%s:%d: %s: %s", f.Name, w.Line, w.Code, w.Message)
		}
		if !strings.Contains(f.Name, string(d.Date)) || d.Date == "" {
			t.Errorf("%s is of %q", f.Name, d.Date)
		}
		if len(d.KeyPoints) < 3 || len(d.Stories) < 3 || len(d.DeepDives) == 0 || len(d.Glossary) < 4 ||
			len(d.Citations) < 3 || len(d.CVEs) == 0 || d.Outlook == nil || d.Conclusion == nil {
			t.Errorf("%s: %d key points, %d stories, %d deep dives, %d terms, %d citations, CVEs %v", f.Name,
				len(d.KeyPoints), len(d.Stories), len(d.DeepDives), len(d.Glossary), len(d.Citations), d.CVEs)
		}
		if len(d.Sections) > 0 {
			t.Errorf("%s: parts without a role: %+v", f.Name, d.Sections)
		}
		for _, k := range d.KeyPoints {
			if len(k.Details) == 0 || len(k.Sources) == 0 {
				t.Errorf("%s:%d: a key point without story or source: %s", f.Name, k.Line, k.Text)
			}
		}
	}
}

func TestActiveCyberDefenseIsExplained(t *testing.T) {
	var all []string
	for _, f := range sample.Files() {
		for _, term := range digest.Read(f.Name, f.Body).Glossary {
			all = append(all, term.Term)
		}
	}
	if !slices.Contains(all, "能動的サイバー防御") {
		t.Errorf("terms: %v", all)
	}
}
