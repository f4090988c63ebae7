package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// program is the package that is handed on, and ours the module it is in.
const (
	program = "cyberbrief/cmd/cyberbrief"
	ours    = "cyberbrief"
)

// released are the platforms that the program is built for: they need
// different modules. .ci/release has the same list.
var released = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}

// module is a module in the module cache.
type module struct {
	Path, Version, Dir string
	// used are the folders of its packages that the program needs, Dir
	// itself included: a part of a module can have a licence of its own.
	used []string
}

// programModules are the modules that the program is made of on any released
// platform, by path.
func programModules() ([]module, error) {
	found := map[string]*module{}
	for _, platform := range released {
		system, processor, _ := strings.Cut(platform, "/")
		out, err := goCommand([]string{"GOOS=" + system, "GOARCH=" + processor},
			"list", "-deps", "-json=Dir,Module", program)
		if err != nil {
			return nil, err
		}
		if err := addModules(found, out); err != nil {
			return nil, err
		}
	}
	var all []module
	for _, m := range found {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b module) int { return cmp.Compare(a.Path, b.Path) })
	return all, nil
}

// addModules reads what `go list -json` printed about packages.
func addModules(found map[string]*module, out string) error {
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var pkg struct {
			Dir    string
			Module *module
		}
		err := d.Decode(&pkg)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("go list: %w", err)
		case pkg.Module == nil || pkg.Module.Path == ours: // the standard library, ourselves
			continue
		}
		m := cmp.Or(found[pkg.Module.Path], pkg.Module)
		found[m.Path] = m
		for dir := pkg.Dir; ; dir = filepath.Dir(dir) {
			if !slices.Contains(m.used, dir) {
				m.used = append(m.used, dir)
			}
			if dir == m.Dir || len(dir) < len(m.Dir) {
				break
			}
		}
		slices.Sort(m.used)
	}
}

// modulesNamed finds modules in the module cache, by path.
func modulesNamed(paths []string) (map[string]module, error) {
	out, err := goCommand(nil, append([]string{"list", "-m", "-json=Path,Version,Dir"}, paths...)...)
	if err != nil {
		return nil, err
	}
	found := map[string]module{}
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var m module
		if err := d.Decode(&m); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		m.used = []string{m.Dir}
		found[m.Path] = m
	}
	return found, nil
}

// goCommand runs the go command and gives what it prints.
func goCommand(environment []string, args ...string) (string, error) {
	command := exec.Command("go", args...)
	command.Env = append(os.Environ(), append([]string{"CGO_ENABLED=0"}, environment...)...)
	out, err := command.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}
