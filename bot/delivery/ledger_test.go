package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot/delivery"
)

// errDisk is what a ledger says whose disk is full, that is locked, or whose
// server restarts.
var errDisk = errors.New("database or disk is full")

// broken is a ledger that fails at a step until an instant. It may have done
// what it was asked to all the same: then the commit's answer was lost.
type broken struct {
	mortal
	until time.Time
	done  bool
	times int // how often it failed
}

func (b *broken) try(step string, do func() error) error {
	if step != b.step || !time.Now().Before(b.until) {
		return do()
	}
	b.times++
	if b.done {
		if err := do(); err != nil {
			return err
		}
	}
	return errDisk
}

func (b *broken) Claim(ctx context.Context, key delivery.SlotKey, lease time.Duration) (held delivery.Holding, err error) {
	err = b.try("claim", func() error {
		held, err = b.Books.Claim(ctx, key, lease)
		return err
	})
	return held, err
}

func (b *broken) Intend(ctx context.Context, key delivery.SlotKey, fence int64, in delivery.Intent) error {
	return b.try(fmt.Sprintf("intend %d", in.Index), func() error { return b.Books.Intend(ctx, key, fence, in) })
}

func (b *broken) Confirm(ctx context.Context, key delivery.SlotKey, fence int64, r delivery.Receipt) error {
	return b.try(fmt.Sprintf("confirm %d", r.Index), func() error { return b.Books.Confirm(ctx, key, fence, r) })
}

// TestLedgerFails lets the ledger fail at every step, for a moment and for
// minutes, and lose what it was told or the answer to it. All is posted once
// and in order as soon as it works again.
func TestLedgerFails(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		for _, step := range []string{"claim", "intend 0", "intend 1", "confirm 0", "confirm 2"} {
			for _, lasts := range []time.Duration{20 * time.Second, 10 * time.Minute} {
				for _, done := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s for %v, done %v", p, step, lasts, done), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							w := newWorld(t, p)
							key := w.open("one", "two")
							b := &broken{mortal: mortal{step: step}, done: done}
							w.books = func(books delivery.Books) delivery.Books {
								b.Books = books
								return b
							}
							b.until = time.Now().Add(lasts)
							w.persist(w.deliverer(), key)
							w.want(delivery.Posted, "", parent, "one", "two")
							if b.times == 0 {
								t.Error("it never failed")
							}
							if took := time.Since(b.until); took > 2*time.Minute {
								t.Errorf("settled %v after it worked again", took)
							}
						})
					})
				}
			}
		}
	}
}

// persist delivers as River does, which comes back after an error too.
func (w *world) persist(d *delivery.Deliverer, key delivery.SlotKey) {
	w.Helper()
	for range 1000 {
		err := d.Deliver(w.Context(), key)
		if err == nil {
			return
		}
		wait := 30 * time.Second
		if later, ok := errors.AsType[*delivery.Later](err); ok {
			wait = later.After
		}
		time.Sleep(max(wait, time.Second))
	}
	w.Fatal("no end")
}
