package delivery

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestNowWaitsForARunningBot: whoever posts or removes by hand waits for the
// bot that has just begun to, and for no more than that.
func TestNowWaitsForARunningBot(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		left  time.Duration
		calls int
	}{
		{"a claim made while it was asked for", lease + 10*time.Millisecond, 3},
		{"a channel that is looked at again in ten minutes", lookWait, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				err := NewDeliverer(Options{}).now(t.Context(), SlotKey{}, func(context.Context, SlotKey) error {
					if calls++; calls == 3 {
						return nil
					}
					return &Later{tt.left, "somebody else is at it"}
				})
				_, later := errors.AsType[*Later](err)
				if calls != tt.calls || later != (tt.calls == 1) {
					t.Errorf("%d calls, want %d: %v", calls, tt.calls, err)
				}
			})
		})
	}
}
