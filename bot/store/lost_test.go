package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
)

// TestGroupCommitLost breaks the line to the server when a group is committed,
// before the server hears of it or before its answer arrives: no caller is told
// of a success, none is told that somebody else was at it, all that was written
// is there or none of it, and each step can be made again.
func TestGroupCommitLost(t *testing.T) {
	const n = 6
	for _, done := range []bool{false, true} {
		t.Run(fmt.Sprintf("done %v", done), func(t *testing.T) {
			line := bottest.NewPostgresLine(t, bottest.Postgres(t))
			s := open(t, line.URL)
			l, keys := s.Ledger(), manySlots(t, s, n)
			lose := func(statement string, call func(i int) error) {
				t.Helper()
				before := line.Lost()
				line.Lose(bottest.LostCommit{Statement: statement, Together: true, Done: done})
				for i, err := range together(t, s, n, call) {
					if err == nil || errors.Is(err, delivery.ErrFenced) || errors.Is(err, delivery.ErrTaken) {
						t.Errorf("%s %d: %v, but its commit was lost", statement, i, err)
					}
				}
				if line.Lost() != before+1 {
					t.Fatalf("%s: no commit was lost", statement)
				}
			}
			fence := make([]int64, n)
			claim := func(i int) error {
				held, err := l.Claim(t.Context(), keys[i], 0) // for no time, so that it can be repeated
				fence[i] = held.Slot.Fence
				return err
			}
			lose("ClaimSlots", claim)
			mustAll(t, together(t, s, n, claim))
			want := map[bool]int64{false: 1, true: 2}[done]
			for i := range fence {
				if fence[i] != want {
					t.Errorf("slot %d was claimed %d times, want %d", i, fence[i], want)
				}
			}

			first := func(i int) error { return l.Intend(t.Context(), keys[i], fence[i], intent(0, t0, "{}")) }
			lose("IntendSlots", first)
			if !done {
				mustAll(t, together(t, s, n, first))
			}
			mustAll(t, together(t, s, n, func(i int) error {
				return l.Intend(t.Context(), keys[i], fence[i], intent(0, t0.Add(time.Second)))
			}))

			confirm := func(i int) error {
				return l.Confirm(t.Context(), keys[i], fence[i], delivery.Receipt{ID: bot.MessageID(fmt.Sprint("m", i)), At: t0})
			}
			lose("ConfirmSlots", confirm)
			for i, key := range keys {
				parts, err := l.Parts(t.Context(), key)
				if err != nil || len(parts) != 1 || (parts[0].State == delivery.Sent) != done {
					t.Errorf("parts of slot %d: %+v, %v; confirmed: %v", i, parts, err, done)
				}
			}
			mustAll(t, together(t, s, n, confirm))
		})
	}
}
