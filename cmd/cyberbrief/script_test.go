package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// victimCommand is the process that the crash matrix kills.
const victimCommand = "cyberbrief-victim"

// TestMain lets scripts run the program itself as "cyberbrief", and many tests
// side by side: most wait for the program's plans, leases and tries.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"cyberbrief": main, victimCommand: victim})
}

// TestScripts runs the command line as a user would. Each script has a folder
// of its own with its own database.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			return nil
		},
	})
}
