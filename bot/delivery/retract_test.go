package delivery_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// retract asks for the removal of the digest's copies as an admin does.
func (w *world) retract(in bot.InstallationID) []bot.Ref {
	w.Helper()
	refs, err := w.deliverer().Retract(w.Context(), in, digest, "U1")
	if err != nil {
		w.Fatal(err)
	}
	return refs
}

// nextDay lets a bot run through the next day's slot.
func (w *world) nextDay() {
	w.Helper()
	p := w.process()
	for _, at := range []time.Time{clock(6, 8, 31), clock(6, 12, 31)} {
		time.Sleep(time.Until(at))
		p.tick()
	}
}

func TestRetract(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, p)
				key := w.posted("one", "two")
				if refs := w.retract("slack:T9"); len(refs) != 0 {
					t.Errorf("another installation retracts %v", refs)
				}
				for range 2 { // the second time it is marked already
					if refs := w.retract(w.channel.ID()); len(refs) != 1 || refs[0] != w.channel.Ref {
						t.Errorf("retracts %v", refs)
					}
				}
				audit, err := w.store.Audit(t.Context(), w.channel.ID(), 10)
				if err != nil || len(audit) != 2 || audit[0].What != "retract" || audit[0].Who != "U1" || audit[0].Before != "digest "+digest {
					t.Errorf("audit %+v, %v", audit, err)
				}
				if jobs := w.queued(); len(jobs) != 1 || jobs[0].Kind() != "retract" {
					t.Errorf("queued %v", jobs)
				}
				w.library.put(digest, "three") // which is not edited in any more
				d := w.deliverer()
				w.work(d.Revise, key)
				w.work(d.Remove, key)
				w.want(delivery.Posted, "retracted")
				if got := fmt.Sprint(w.platform.amended); got != "[delete 2 delete 1 delete 0]" {
					t.Errorf("removed %s", got)
				}
				if jobs := w.queued(); len(jobs) != 0 {
					t.Errorf("queued %v", jobs)
				}
				if refs := w.retract(""); len(refs) != 0 {
					t.Errorf("retracts %v again", refs)
				}
				w.nextDay()
				w.shows() // it never comes back
			})
		})
	}
}

// TestRetractMidway: a delivery that is not over ends, and what may have been
// posted is looked for.
func TestRetractMidway(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		for _, c := range crashes() {
			t.Run(fmt.Sprintf("%s/%s", p, c), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, p)
					key := w.open("one", "two")
					w.die(c, key)
					w.retract("")
					d := w.deliverer()
					w.work(d.Remove, key)
					w.drive(d, key)
					s := w.slot(today)
					if settled := s.State == delivery.Posted || s.State == delivery.Missed; !settled || s.Reason != "retracted" || s.RetractedAt.IsZero() {
						t.Errorf("slot is %s %q", s.State, s.Reason)
					}
					w.shows()
					w.nextDay()
					w.shows()
				})
			})
		}
	}
}

func TestRetractCrash(t *testing.T) {
	t.Parallel()
	var all []crash
	for i := range 3 {
		step := fmt.Sprintf("mark %d", i)
		all = append(all, crash{part: &i}, crash{part: &i, taken: true}, crash{step: step, before: true}, crash{step: step})
	}
	for _, c := range append(all, crash{step: "settle", before: true}, crash{step: "settle"}) {
		t.Run(c.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.posted("one", "two")
				w.retract("")
				w.books = func(b delivery.Books) delivery.Books {
					return &mortal{Books: b, step: c.step, before: c.before}
				}
				if c.part != nil {
					w.platform.killOn(c)
				}
				for range 3 {
					_ = w.deliverer().Remove(t.Context(), key)
					time.Sleep(2 * time.Second)
				}
				w.books, w.platform.amend = nil, nil
				w.work(w.deliverer().Remove, key)
				w.want(delivery.Posted, "retracted")
			})
		})
	}
}

func TestRetractFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		amend  func(string, int) outcome
		reason string
		texts  []string
	}{
		{"transient", onAmend("delete", 1, 2, fail(bot.Transient, "http 503")), "retracted", nil},
		{"doubtful", onAmend("delete", 1, 1, outcome{err: &bot.OutcomeError{Class: bot.Doubtful, Code: "http 502"}}), "retracted", nil},
		{"limited", onAmend("delete", 0, 2, fail(bot.Limited, "ratelimited")), "retracted", nil},
		{"removed by people", func(string, int) outcome { return fail(bot.MessageGone, "message_not_found") }, "retracted", []string{parent, "one"}},
		{"not allowed", onAmend("delete", 1, always, fail(bot.MessageKept, "cant_delete_message")), "retracted, but not everything: the platform does not let the bot", []string{"one"}},
		{"channel gone for a while", onAmend("delete", 1, 5, fail(bot.ChannelGone, "not_in_channel")), "retracted", nil},
		{"channel gone for ever", onAmend("delete", 1, always, fail(bot.ChannelGone, "not_in_channel")), "retracted, but not everything: not_in_channel", []string{parent, "one"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.posted("one")
				w.platform.amend = tt.amend
				w.retract("")
				w.work(w.deliverer().Remove, key)
				w.want(delivery.Posted, tt.reason, tt.texts...)
				if c, err := w.store.Channel(t.Context(), key.Ref); err != nil || c.Paused {
					t.Errorf("channel paused %v, %v", c.Paused, err)
				}
			})
		})
	}
}

// TestRetractCorrected removes the note and the further messages too.
func TestRetractCorrected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		d := w.deliverer()
		w.library.put(digest, "one", "two")
		w.work(d.Revise, key)
		w.platform.amend = onAmend("edit", 0, 1, fail(bot.MessageKept, "edit_window_closed"))
		time.Sleep(time.Minute)
		w.library.put(digest, "one", "three")
		w.work(d.Revise, key)
		if n := len(w.platform.texts(key.Ref)); n != 4 {
			t.Fatalf("%d messages, want the note too", n)
		}
		w.retract("")
		w.work(d.Remove, key)
		w.shows()
	})
}

// TestRetractNow is how the command line retracts, with or without a bot.
func TestRetractNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Console)
		w.posted("one")
		w.platform.amend = onAmend("delete", 1, always, fail(bot.MessageKept, "cant_delete_message"))
		d := w.deliverer()
		w.retract("")
		copies, err := d.Copies(t.Context(), "", digest)
		if err != nil || len(copies) != 1 {
			t.Fatalf("copies %v, %v", copies, err)
		}
		if err := d.RemoveNow(t.Context(), copies[0]); err == nil || !strings.Contains(err.Error(), "not everything") {
			t.Errorf("removed: %v", err)
		}
		w.shows("one")
	})
}
