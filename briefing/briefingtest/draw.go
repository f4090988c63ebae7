package briefingtest

import (
	"flag"
	"testing"

	"pgregory.net/rapid"
)

// Check holds a promise to drawn cases, the same ones in every run, so that
// what fails once fails again. -rapid.seed=0 draws others, -rapid.checks more.
func Check(t *testing.T, promise func(*rapid.T)) {
	t.Helper()
	if !given("rapid.seed") {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, promise)
}

// given says whether a flag was set.
func given(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}
