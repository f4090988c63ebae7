package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand is `version`.
type versionCommand struct{}

// Run prints the version of the program and of what it is made of.
func (versionCommand) Run(e *environment) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("version: the program was built without build information")
	}
	fmt.Fprintf(e.stdout, "cyberbrief %s\n", info.Main.Version)
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision", "vcs.time", "vcs.modified":
			fmt.Fprintf(e.stdout, "%s %s\n", s.Key[len("vcs."):], s.Value)
		}
	}
	fmt.Fprintf(e.stdout, "go %s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, d := range info.Deps {
		fmt.Fprintf(e.stdout, "%s %s\n", d.Path, d.Version)
	}
	return nil
}
