package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// The parts of CycloneDX 1.6 that are written:
// https://cyclonedx.org/docs/1.6/json/. Nothing in it depends on when or
// where it is written, so that the same program has the same bill.
type (
	bill struct {
		Format       string       `json:"bomFormat"`
		SpecVersion  string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Component component `json:"component"`
	}
	component struct {
		Type       string          `json:"type"`
		Ref        string          `json:"bom-ref"`
		Name       string          `json:"name"`
		Version    string          `json:"version"`
		PURL       string          `json:"purl"`
		Licenses   []licenseChoice `json:"licenses,omitempty"`
		Properties []property      `json:"properties,omitempty"`
	}
	licenseChoice struct {
		License struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// sbom writes the bill of materials of a built program, from what the linker
// wrote into it, and the licences from the module cache.
func sbom(w io.Writer, file string) error {
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read build information of %s: %w", file, err)
	}
	b, err := billOf(info)
	if err != nil {
		return fmt.Errorf("bill of %s: %w", filepath.Base(file), err)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(b)
}

func billOf(info *debug.BuildInfo) (bill, error) {
	var paths []string
	for _, d := range info.Deps {
		paths = append(paths, d.Path)
	}
	modules, err := modulesNamed(paths)
	if err != nil {
		return bill{}, err
	}
	library, err := standardLibrary()
	if err != nil {
		return bill{}, err
	}
	// The name that scanners know the standard library by.
	parts := []component{newComponent("std", strings.TrimPrefix(info.GoVersion, "go"), library.licenses)}
	for _, d := range info.Deps {
		m := modules[d.Path]
		if m.Version != d.Version {
			return bill{}, fmt.Errorf("%s %s is in the program, go.mod has %s: build it from this checkout", d.Path, d.Version, m.Version)
		}
		found, err := licensesOf(m)
		if err != nil {
			return bill{}, err
		}
		c := newComponent(d.Path, d.Version, found)
		c.Properties = []property{{"go:sum", d.Sum}}
		parts = append(parts, c)
	}
	return assemble(info, parts), nil
}

func newComponent(name, version string, found []license) component {
	purl := "pkg:golang/" + name + "@" + version
	c := component{Type: "library", Ref: purl, Name: name, Version: version, PURL: purl}
	for _, id := range ids(found) {
		var choice licenseChoice
		choice.License.ID = id
		c.Licenses = append(c.Licenses, choice)
	}
	return c
}

func assemble(info *debug.BuildInfo, parts []component) bill {
	main := newComponent(info.Main.Path, info.Main.Version, nil)
	main.Type = "application"
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS", "GOARCH", "vcs.revision", "vcs.time", "vcs.modified":
			main.Properties = append(main.Properties, property{"go:" + s.Key, s.Value})
		}
	}
	uses := dependency{Ref: main.Ref}
	for _, c := range parts {
		uses.DependsOn = append(uses.DependsOn, c.Ref)
	}
	return bill{"CycloneDX", "1.6", 1, metadata{main}, parts, []dependency{uses}}
}
