package main

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleaseIsReproducible builds the newest commit in two folders: the
// bytes are the same, and they name the commit.
func TestReleaseIsReproducible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program twice")
	}
	head, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no git repository: %v", err)
		}
		t.Skip("not in a git repository")
	}
	var programs []string
	for _, folder := range []string{"a", filepath.Join("another", "place")} {
		programs = append(programs, buildHead(t, filepath.Join(t.TempDir(), folder)))
	}
	first, err := os.ReadFile(programs[0])
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(programs[1])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("%s and %s differ", programs[0], programs[1])
	}
	info, err := buildinfo.ReadFile(programs[0])
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{
		"vcs.revision": strings.TrimSpace(string(head)), "vcs.modified": "false", "-trimpath": "true", "CGO_ENABLED": "0",
	} {
		if settings[key] != want {
			t.Errorf("stamp %s=%q, want %q", key, settings[key], want)
		}
	}
}

// buildHead clones the newest commit into a folder and builds it there.
func buildHead(t *testing.T, folder string) string {
	t.Helper()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "--quiet", repository, folder).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v: %s", err, out)
	}
	program := filepath.Join(folder, "bin", "cyberbrief")
	build := exec.CommandContext(t.Context(), filepath.Join(folder, ".ci", "build"), program)
	build.Env = append(os.Environ(), "VERSION=v0.0.0-release")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	return program
}
