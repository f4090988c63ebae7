package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cyberbrief/config"
)

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
