package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cyberbrief/config"
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

// TestReadmesNameEveryVariable keeps the tables of both languages in step
// with the code.
func TestReadmesNameEveryVariable(t *testing.T) {
	for _, file := range []string{"../../README.md", "../../README.ja.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range config.Variables() {
			row := fmt.Sprintf("| `%s` | ", v.Name)
			if v.Default != "" {
				row += "`" + v.Default + "` "
			}
			if !strings.Contains(string(text), row) {
				t.Errorf("%s: no row that begins %q", file, row)
			}
		}
	}
}
