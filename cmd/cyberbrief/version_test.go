package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionReport(t *testing.T) {
	info := &debug.BuildInfo{
		Main: debug.Module{Version: "v1.2.3"},
		Deps: []*debug.Module{{Path: "modernc.org/sqlite", Version: "v9"}, {Path: "example.com/other", Version: "v1"}},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2025-07-04T00:00:00Z"}, {Key: "vcs.modified", Value: "true"},
		},
	}
	got := versionOf(info, "")
	if got.Version != "v1.2.3" || got.Commit != "abc" || got.CommitDate != "2025-07-04T00:00:00Z" || !got.Modified {
		t.Errorf("%+v", got)
	}
	if len(got.Libraries) != 1 || got.Libraries[0] != (library{"modernc.org/sqlite", "v9"}) {
		t.Errorf("libraries: %+v, want the one that matters", got.Libraries)
	}
	if got.TZData != builtInZones+" (built in)" {
		t.Errorf("tzdata: %q", got.TZData)
	}
}

func TestVersionJSON(t *testing.T) {
	var out bytes.Buffer
	if err := (versionCommand{JSON: true}).Run(&environment{stdout: &out}); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"version", "commit", "commit_date", "modified", "go", "platform", "tzdata", "libraries"} {
		if _, there := fields[name]; !there {
			t.Errorf("no field %q in %s", name, out.String())
		}
	}
}

// TestBuiltInZones holds the constant to the Go that builds the program.
func TestBuiltInZones(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "update.bash"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(script), "\nDATA="+builtInZones+"\n") {
		t.Errorf("this Go holds other time zones than those of %s: set builtInZones", builtInZones)
	}
}

func TestSystemZones(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"none":        {"other", "", ""},
		"tzdata.zi":   {"tzdata.zi", "# version 2031a\nR A 1 2\n", "2031a"},
		"+VERSION":    {"+VERSION", "2031b\n", "2031b"},
		"not said":    {"Asia/Tokyo", "TZif", "unknown"},
		"other first": {"tzdata.zi", "R A 1 2\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			file := filepath.Join(folder, c.file)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want != "" {
				want += " (" + folder + ")"
			}
			if got := zonesIn(folder); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}
