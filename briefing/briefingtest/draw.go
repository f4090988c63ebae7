package briefingtest

import (
	"flag"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Check holds a promise to drawn cases, the same ones in every run, so that
// what fails once fails again. -rapid.seed=0 draws others, -rapid.checks more.
func Check(t *testing.T, promise func(*rapid.T)) {
	t.Helper()
	if err := fixSeed(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, promise)
}

// fixSeed does so once: tests run side by side, and flags have no lock.
var fixSeed = sync.OnceValue(func() error {
	if given("rapid.seed") {
		return nil
	}
	return flag.Set("rapid.seed", "1")
})

// given says whether a flag was set.
func given(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}
