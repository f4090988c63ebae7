package briefingtest

import (
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// TestCheckTogether: properties that are checked side by side draw the same
// cases, and do not race for the flag that sees to it.
func TestCheckTogether(t *testing.T) {
	drawn := make([]string, 4)
	var ready, checked sync.WaitGroup
	ready.Add(len(drawn))
	for i := range drawn {
		checked.Go(func() {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				ready.Done()
				ready.Wait()
				Check(t, func(t *rapid.T) { drawn[i] += fmt.Sprint(rapid.Int().Draw(t, "n"), " ") })
			})
		})
	}
	checked.Wait()
	for i := range drawn {
		if drawn[i] != drawn[0] {
			t.Errorf("property %d drew %s, the first %s", i, drawn[i], drawn[0])
		}
	}
}
