package delivery_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// restore makes the ledger a copy that is put back now.
func (w *world) restore() {
	w.Helper()
	_, err := w.store.BeginRestored(w.Context(), time.Now())
	if err := errors.Join(err, w.store.MarkCopied(w.Context())); err != nil {
		w.Fatal(err)
	}
	if restored, err := w.store.BeginRestored(w.Context(), time.Now()); err != nil || !restored {
		w.Fatalf("restored %v, %v", restored, err)
	}
}

// A slot that the restored ledger knows as open, and that was not posted, is
// posted like any other while its window is open.
func TestRestoredInTime(t *testing.T) {
	for _, p := range everywhere {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, p)
				key := w.open("one", "two")
				time.Sleep(10 * time.Minute)
				w.restore()
				w.drive(w.deliverer(), key)
				w.want(delivery.Posted, "", parent, "one", "two")
			})
		})
	}
}

// After its window it is looked for, and missed when it is not there: the
// channel has not had the digest then.
func TestRestoredTooLate(t *testing.T) {
	for _, p := range everywhere {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, p)
				key := w.open("one", "two")
				time.Sleep(w.channel.CatchUp + time.Hour)
				w.restore()
				w.drive(w.deliverer(), key)
				w.want(delivery.Missed, "")
				if had, err := w.store.Ledger().Had(t.Context(), key.Ref); err != nil || len(had) > 0 {
					t.Errorf("the channel had %v, %v", had, err)
				}
			})
		})
	}
}

// What was posted from the lost ledger is found in the channel, whatever part
// of it that is, and completed.
func TestRestoredFindsPost(t *testing.T) {
	for _, sent := range [][]string{{parent}, {parent, "one"}, {parent, "one", "two"}} {
		t.Run(sent[len(sent)-1], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.open("one", "two")
				time.Sleep(time.Minute)
				to := bot.Target{Ref: key.Ref, Marker: bot.Marker{Delivery: bot.DeliveryID(key.Ref, key.Date)}}
				for i, text := range sent {
					to.Marker.Part = i
					id := w.platform.take(to, message(text, false))
					if i == 0 {
						to.Thread = id
					}
				}
				time.Sleep(10 * time.Minute)
				w.restore()
				w.drive(w.deliverer(), key)
				w.want(delivery.Posted, "", parent, "one", "two")
			})
		})
	}
}
