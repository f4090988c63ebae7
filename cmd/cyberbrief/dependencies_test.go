package main

import (
	"os"
	"strings"
	"testing"
)

// TestDependenciesHaveAReason holds docs/dependencies.md to go.mod.
func TestDependenciesHaveAReason(t *testing.T) {
	text, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(mod), "\n") {
		fields := strings.Fields(line)
		if len(fields) != 2 || !strings.HasPrefix(line, "\t") { // a comment: indirect
			continue
		}
		name := strings.TrimPrefix(fields[0], "github.com/riverqueue/")
		if !strings.Contains(string(text), name) {
			t.Errorf("docs/dependencies.md does not say why %s is needed", fields[0])
		}
	}
}
