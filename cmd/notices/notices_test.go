package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

const notices = "../cyberbrief/third_party.txt"

func TestLicensesAreCurrent(t *testing.T) {
	var want bytes.Buffer
	if err := run([]string{"licenses"}, &want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(notices)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the modules of go.mod ask for: write it anew with\n\tgo run ./cmd/notices licenses > cmd/cyberbrief/third_party.txt", notices)
	}
}

// TestLicensesSayWhatTheyMust looks for what a licence asks for by name.
func TestLicensesSayWhatTheyMust(t *testing.T) {
	text, err := os.ReadFile(notices)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"https://github.com/riverqueue/river,",                                          // MPL 2.0, 3.2 (a)
		"Mozilla Public License Version 2.0",                                            // its text
		"Prometheus instrumentation library for Go applications",                        // Apache 2.0, 4 (d): NOTICE
		"github.com/prometheus/client_golang (internal/github.com/golang/gddo/LICENSE)", // a part of a module
		"Copyright 2009 The Go Authors",
		"modernc.org/sqlite (LICENSE-SQLITE)",
		"Copyright (c) 2016 holiday-jp",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, notices)
		}
	}
}

func TestIdentify(t *testing.T) {
	for text, want := range map[string]string{
		"Mozilla Public License\nVersion 2.0":                                   "MPL-2.0",
		"Apache License\n   Version 2.0":                                        "Apache-2.0",
		"Permission is hereby\ngranted, free of charge, to":                     "MIT",
		"Redistribution and use in source and binary forms, … Neither the name": "BSD-3-Clause",
		"Redistribution and use in source and binary forms":                     "BSD-2-Clause",
		"All rights reserved. You may look, not touch.":                         "",
	} {
		if got := identify(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestUnknownLicense: a new dependency under terms that nobody has read stops
// the build of the notices.
func TestUnknownLicense(t *testing.T) {
	dir := t.TempDir()
	m := module{Path: "example.com/odd", Dir: dir, used: []string{dir}}
	if _, err := licensesOf(m); err == nil || !strings.Contains(err.Error(), "no licence") {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("You may look, not touch."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := licensesOf(m); err == nil || !strings.Contains(err.Error(), "read it") {
		t.Errorf("with odd terms: %v", err)
	}
}

// TestBillListsEveryModule holds a bill to the build information it is made of.
func TestBillListsEveryModule(t *testing.T) {
	modules, err := programModules()
	if err != nil {
		t.Fatal(err)
	}
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Path: ours, Version: "v1.2.3"}}
	for _, m := range modules {
		info.Deps = append(info.Deps, &debug.Module{Path: m.Path, Version: m.Version, Sum: "h1:x"})
	}
	b, err := billOf(info)
	if err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, c := range b.Components {
		refs = append(refs, c.Ref)
		if len(c.Licenses) == 0 {
			t.Errorf("%s has no licence", c.Ref)
		}
	}
	if len(refs) != len(modules)+1 || !slices.Equal(refs, b.Dependencies[0].DependsOn) {
		t.Errorf("%d components for %d modules and the standard library; %v", len(refs), len(modules), b.Dependencies)
	}
	if !slices.Contains(refs, "pkg:golang/github.com/riverqueue/river@"+version(modules, "github.com/riverqueue/river")) {
		t.Errorf("no River in %v", refs)
	}
	if text, err := json.Marshal(b); err != nil || !strings.Contains(string(text), `"licenses":[{"license":{"id":"MPL-2.0"}}]`) {
		t.Errorf("%s, %v", text, err)
	}
	info.Deps[0].Version = "v9.9.9"
	if _, err := billOf(info); err == nil || !strings.Contains(err.Error(), "build it from this checkout") {
		t.Errorf("a program from elsewhere: %v", err)
	}
}

func version(modules []module, path string) string {
	i := slices.IndexFunc(modules, func(m module) bool { return m.Path == path })
	return modules[i].Version
}

func TestUsage(t *testing.T) {
	if err := run([]string{"sbom"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "sbom FILE") {
		t.Errorf("%v", err)
	}
}

// TestReleasedPlatforms holds the list here to that of the release script.
func TestReleasedPlatforms(t *testing.T) {
	script, err := os.ReadFile("../../.ci/release")
	if err != nil {
		t.Fatal(err)
	}
	if want := "for platform in " + strings.Join(released, " ") + "; do"; !strings.Contains(string(script), want) {
		t.Errorf(".ci/release does not say %q", want)
	}
}
