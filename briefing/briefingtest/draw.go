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
	if err := fixDraws(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, promise)
}

// fixDraws does so once: tests run side by side, and flags have no lock.
var fixDraws = sync.OnceValue(func() error {
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.checks": drawn()} {
		if given(name) {
			continue
		}
		if err := flag.Set(name, value); err != nil {
			return err
		}
	}
	return nil
})

// drawn is how many cases a property sees.
func drawn() string {
	if Racing {
		return "10"
	}
	return "100"
}

// given says whether a flag was set.
func given(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}
