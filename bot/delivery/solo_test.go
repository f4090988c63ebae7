package delivery

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// TestSolo: of a slot's jobs one comes back; the others end while it waits,
// and are let in when it does not come.
func TestSolo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSolo()
		slot, other := SlotKey{Date: "2000-01-05"}, SlotKey{Date: "2000-01-06"}
		want := func(job int64, key SlotKey, spare bool) {
			t.Helper()
			if got := s.spare(key, job); got != spare {
				t.Errorf("job %d for %s is spare: %v", job, key.Date, got)
			}
		}
		want(1, slot, false)
		s.putOff(slot, 1, time.Minute)
		want(1, slot, false)
		want(2, slot, true)
		want(2, other, false)
		s.putOff(slot, 2, 2*time.Minute) // it ran while the first one did
		want(1, slot, true)
		time.Sleep(2 * time.Minute)
		want(3, slot, false)
		s.putOff(other, 4, time.Minute)
		if len(s.waits) != 1 {
			t.Errorf("%d waits are remembered, want 1", len(s.waits))
		}
	})
}

// heldBooks are those of a slot that another process has for a minute.
type heldBooks struct {
	Books
	claims int
}

func (b *heldBooks) Claim(context.Context, SlotKey, time.Duration) (Holding, error) {
	b.claims++
	return Holding{}, &FencedError{Left: time.Minute}
}

// TestSecondJobEnds: it would only ask the ledger again what the first knows.
func TestSecondJobEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		books := &heldBooks{}
		w := deliverWorker(NewDeliverer(Options{Books: books}))
		work := func(job int64) error {
			return w.Work(t.Context(), &river.Job[DeliverArgs]{
				JobRow: &rivertype.JobRow{ID: job},
				Args:   DeliverArgs{Channel: "console:one", Date: "2000-01-05"},
			})
		}
		if err := work(1); err == nil || err.Error() != river.JobSnooze(time.Minute).Error() {
			t.Errorf("first job: %v", err)
		}
		if err := work(2); err != nil || books.claims != 1 {
			t.Errorf("second job: %v, after %d claims", err, books.claims)
		}
		time.Sleep(time.Minute)
		if err := work(1); err == nil || books.claims != 2 {
			t.Errorf("first job again: %v, after %d claims", err, books.claims)
		}
	})
}
