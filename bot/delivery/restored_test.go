package delivery_test

import (
	"errors"
	"fmt"
	"strings"
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

// elsewhere posts a slot's messages from a part on, as a bot did whose ledger
// was lost. A thread is that of the first message in the channel.
func (w *world) elsewhere(key delivery.SlotKey, from int, texts ...string) {
	to := bot.Target{Ref: key.Ref, Marker: bot.Marker{Delivery: bot.DeliveryID(key.Ref, key.Date)}}
	for i, text := range texts {
		if to.Marker.Part = from + i; to.Marker.Part > 0 {
			to.Thread = "m1"
		}
		w.platform.take(to, message(text, false))
	}
}

// A slot that the restored ledger knows as open, and that was not posted, is
// posted like any other while its window is open.
func TestRestoredInTime(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
	for _, sent := range [][]string{{parent}, {parent, "one"}, {parent, "one", "two"}} {
		t.Run(sent[len(sent)-1], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.open("one", "two")
				time.Sleep(time.Minute)
				w.elsewhere(key, 0, sent...)
				time.Sleep(10 * time.Minute)
				w.restore()
				w.drive(w.deliverer(), key)
				w.want(delivery.Posted, "", parent, "one", "two")
			})
		})
	}
}

// What was posted by hand before its time is found, whether it is posted by
// hand again or at its time; the next day's slot is not even looked for.
func TestRestoredByHand(t *testing.T) {
	for _, p := range everywhere {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprint(p, again), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, p)
					w.library.put(digest, "one", "two")
					key := delivery.SlotKey{Ref: w.channel.Ref, Date: today}
					time.Sleep(5 * time.Minute)
					w.elsewhere(key, 0, parent, "one", "two")
					time.Sleep(10 * time.Minute)
					w.restore()
					d := w.deliverer()
					if !again {
						w.drive(d, w.open("one", "two"))
					} else if _, err := d.PostNow(t.Context(), key.Ref, ""); err != nil {
						t.Error(err)
					}
					w.want(delivery.Posted, "", parent, "one", "two")
					looks := w.platform.looks
					w.library.put("2000-01-05", "three")
					w.nextDay()
					if got := w.platform.texts(key.Ref); len(got) != 5 || w.platform.looks != looks {
						t.Errorf("the next day: the channel shows %q after %d looks", got, w.platform.looks-looks)
					}
				})
			})
		}
	}
}

// A message that a correction had added is found and shows what it is to show.
func TestRestoredCorrection(t *testing.T) {
	for _, p := range everywhere {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, p)
				key := w.posted("one")
				time.Sleep(10 * time.Minute)
				w.library.put(digest, "eins", "zwei", "drei")
				w.elsewhere(key, 2, "zwei")
				time.Sleep(10 * time.Minute)
				w.restore()
				w.work(w.deliverer().Revise, key)
				w.want(delivery.Posted, "", later("08:40"), "eins", "zwei", "drei")
			})
		})
	}
}

// What was posted from the lost ledger is removed when it is retracted, however
// much of it the copy knows.
func TestRestoredRetract(t *testing.T) {
	for _, p := range everywhere {
		for known := range 2 { // messages
			t.Run(fmt.Sprint(p, known), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, p)
					key := w.open("one", "two")
					if known > 0 {
						w.platform.fault = onPart(1, always, fail(bot.Transient, "dial"))
						w.try(w.deliverer(), key)
					}
					w.elsewhere(key, known, []string{parent, "one", "two"}[known:]...)
					w.shows(parent, "one", "two")
					time.Sleep(10 * time.Minute)
					w.restore()
					w.retract("")
					w.work(w.deliverer().Remove, key)
					w.shows()
				})
			})
		}
	}
}

// What was posted from the lost ledger cannot be looked for when its digest is
// withdrawn: nobody knows how many messages it had. Whoever retracts is told at
// once, and the slot says so in the end.
func TestRestoredRetractWithdrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.open("one")
		w.library.withdraw(digest)
		time.Sleep(10 * time.Minute)
		w.restore()
		w.retract("")
		asked := time.Now()
		err := w.deliverer().RemoveNow(t.Context(), w.slot(today))
		if took := time.Since(asked); err == nil || !strings.Contains(err.Error(), "digest is not there") || took > time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		w.work(w.deliverer().Remove, w.slot(today).SlotKey)
		if got := w.slot(today).Reason; got != "retracted, but not everything: digest is not there" {
			t.Errorf("the slot ends with %q", got)
		}
	})
}
