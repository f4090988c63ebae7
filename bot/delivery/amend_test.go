package delivery_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing"
)

// TestReviseMidway: a digest that is revised while it is delivered is shown
// as it was and corrected after.
func TestReviseMidway(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		t.Run(string(p), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, p)
				key := w.open("one", "two")
				w.platform.fault = onPart(1, 1, outcome{after: func() { w.library.put(digest, "eins", "zwei", "drei") }})
				d := w.deliverer()
				w.drive(d, key)
				w.shows(parent, "one", "two")
				if jobs := w.queued(); len(jobs) != 1 || jobs[0].Kind() != "revise" {
					t.Fatalf("queued %v", jobs)
				}
				w.work(d.Revise, key)
				w.want(delivery.Posted, "", later("08:30"), "eins", "zwei", "drei")
			})
		})
	}
}

// TestReviseInAnotherDress: a correction looks as the channel wants its posts
// now, whatever it wanted when the post was made.
func TestReviseInAnotherDress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.layout = func(b *briefing.Briefing) bot.Post {
			p := layout(b)
			if b.Options.KeyPointsOnly {
				p.Thread = nil
			}
			return p
		}
		key := w.posted("one", "two")
		for _, only := range []bool{true, false} {
			time.Sleep(time.Minute)
			w.change(func(c *bot.Channel) { c.KeyPointsOnly = only })
			w.library.put(digest, "eins", fmt.Sprint(only))
			w.work(w.deliverer().Revise, key)
			want := []string{later(time.Now().In(begin.Location()).Format("15:04"))}
			if !only {
				want = append(want, "eins", "false")
			}
			w.shows(want...)
		}
	})
}

// TestReviseBackAfterHalf: when only half of a correction could be shown, and
// the digest goes back to what it was, so does that half.
func TestReviseBackAfterHalf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one", "two")
		d := w.deliverer()
		w.platform.amend = onAmend("edit", 2, always, fail(bot.Unknown, "new_error"))
		w.library.put(digest, "eins", "zwei")
		w.work(d.Revise, key)
		w.shows(later("08:30"), "eins", "two")
		w.platform.amend = nil
		time.Sleep(time.Minute)
		w.library.put(digest, "one", "two")
		if jobs := w.queued(); len(jobs) != 1 {
			t.Errorf("queued %v", jobs)
		}
		w.work(d.Revise, key)
		if got := w.platform.texts(key.Ref); !slices.Equal(got[1:], []string{"one", "two"}) {
			t.Errorf("channel shows %q", got)
		}
		if jobs := w.queued(); len(jobs) != 0 {
			t.Errorf("queued %v again", jobs)
		}
	})
}

// TestReviseAcrossTheEnd: what began within the 48 hours comes to its end.
func TestReviseAcrossTheEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		amend func(string, int) outcome
		texts []string
		state delivery.CorrectionState
	}{
		{"limited", onAmend("edit", 1, 3, fail(bot.Limited, "30046")), []string{"eins", "zwei"}, ""},
		{"for ever", onAmend("edit", 1, always, fail(bot.Transient, "http 503")), []string{"one", "two"}, delivery.GivenUp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Discord)
				key := w.posted("one", "two")
				time.Sleep(48*time.Hour - 20*time.Second)
				w.library.put(digest, "eins", "zwei")
				w.platform.amend = tt.amend
				w.work(w.deliverer().Revise, key)
				if got := w.platform.texts(key.Ref); !slices.Equal(got[1:], tt.texts) {
					t.Errorf("channel shows %q", got)
				}
				if s := w.slot(today); s.Correction.State != tt.state {
					t.Errorf("correction %+v", s.Correction)
				}
			})
		})
	}
}

// TestReviseLeftBehind: a correction whose process died ends in any case,
// be it days later.
func TestReviseLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		w.library.put(digest, "eins")
		w.platform.amend = onAmend("edit", 1, 1, fail(bot.Transient, "http 503"))
		_ = w.deliverer().Revise(t.Context(), key) // and its job is lost
		time.Sleep(3 * 24 * time.Hour)
		if jobs := w.queued(); len(jobs) != 1 || jobs[0].Kind() != "revise" {
			t.Fatalf("queued %v", jobs)
		}
		w.work(w.deliverer().Revise, key)
		if s := w.slot(today); s.Correction.State != delivery.GivenUp || s.Correction.Reason != "http 503" {
			t.Errorf("correction %+v", s.Correction)
		}
		if jobs := w.queued(); len(jobs) != 0 {
			t.Errorf("queued %v again", jobs)
		}
	})
}

// TestReviseYields: a briefing that is due does not wait for a correction.
func TestReviseYields(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		time.Sleep(time.Until(clock(6, 8, 30)))
		w.library.put(digest, "eins")
		w.library.put("2000-01-05", "next")
		if err := w.planner().Plan(t.Context()); err != nil {
			t.Fatal(err)
		}
		d := w.deliverer()
		if err := d.Revise(t.Context(), key); err == nil || !strings.Contains(err.Error(), "goes first") {
			t.Errorf("corrected first: %v", err)
		}
		w.drive(d, delivery.SlotKey{Ref: key.Ref, Date: "2000-01-06"})
		w.work(d.Revise, key)
		w.shows(later("08:30"), "eins", "digest of 2000-01-05", "next")
	})
}

// TestReviseKeptCrash kills a correction of a post that can no longer be
// changed at every step: one reply says so in the end.
func TestReviseKeptCrash(t *testing.T) {
	t.Parallel()
	var all []crash
	for _, step := range []string{"stage", "mark 0", "mark 1", "intend 2", "confirm 2", "settle"} {
		all = append(all, crash{step: step, before: true}, crash{step: step})
	}
	for _, skip := range []int{0, 1} { // which staging the process dies at
		for _, c := range all {
			t.Run(fmt.Sprintf("%d/%s", skip, c), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, bot.Slack)
					key := w.posted("one")
					w.library.put(digest, "eins")
					w.platform.amend = onAmend("edit", 1, always, fail(bot.MessageKept, "edit_window_closed"))
					w.books = func(b delivery.Books) delivery.Books {
						return &mortal{Books: b, step: c.step, before: c.before, skip: skip}
					}
					for range 3 {
						_ = w.deliverer().Revise(t.Context(), key)
						time.Sleep(2 * time.Second)
					}
					w.books = nil
					w.work(w.deliverer().Revise, key)
					got := w.platform.texts(key.Ref)
					if len(got) != 3 || got[0] != later("08:30") || got[1] != "one" || !strings.Contains(got[2], "訂正されました") {
						t.Errorf("channel shows %q", got)
					}
				})
			})
		}
	}
}

// TestRetractDuringRevise: a retraction that comes at any step of a correction
// leaves nothing.
func TestRetractDuringRevise(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		for _, c := range corrections() {
			if c.part != nil {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", p, c), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, p)
					key := w.posted("one")
					w.library.put(digest, "eins", "zwei")
					w.books = func(b delivery.Books) delivery.Books {
						return &mortal{Books: b, step: c.step, before: c.before, instead: func() { w.retract("") }}
					}
					d := w.deliverer()
					w.books = nil
					go func() { w.work(d.Revise, key) }()
					time.Sleep(time.Second)
					w.retract("") // for steps that this correction does not have
					w.work(w.deliverer().Remove, key)
					w.want(delivery.Posted, "retracted")
					synctest.Wait()
					time.Sleep(time.Minute)
					w.shows()
				})
			})
		}
	}
}

// TestRetractBlind: a message of which nobody may know whether it is there
// keeps no other in its place.
func TestRetractBlind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one", "two")
		part := 2
		w.die(crash{part: &part}, key)
		w.platform.blind = &bot.OutcomeError{Class: bot.InstallationGone, Code: "missing_scope"}
		w.retract("")
		time.Sleep(time.Minute)
		d := w.deliverer()
		for range 5 {
			_ = d.Remove(t.Context(), key)
			time.Sleep(2 * time.Second)
		}
		w.shows()
		w.work(d.Remove, key)
		if s := w.slot(today); s.Reason != "retracted, but not everything: doubtful: cannot read history" {
			t.Errorf("reason %q", s.Reason)
		}
	})
}

// TestRetractWithoutThread: where the thread is gone with its parent, nothing
// of it is left to look for.
func TestRetractWithoutThread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one", "two")
		part := 2
		w.die(crash{part: &part}, key)
		w.platform.blind = &bot.OutcomeError{Class: bot.MessageGone, Code: "thread_not_found"}
		w.retract("")
		began := time.Now()
		w.work(w.deliverer().Remove, key)
		w.want(delivery.Missed, "retracted")
		if took := time.Since(began); took > time.Minute || w.slot(today).Reason != "retracted" {
			t.Errorf("after %v: %q", took, w.slot(today).Reason)
		}
	})
}

// TestRetractStubborn: a message that the platform refuses to remove keeps no
// other in its place, and how often the delivery was tried does not count.
func TestRetractStubborn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		amend  func(string, int) outcome
		texts  []string
		reason string
	}{
		{"refused", onAmend("delete", 2, always, fail(bot.Payload, "50068")), []string{"two"}, "50068"},
		{"unknown for ever", onAmend("delete", 2, always, fail(bot.Unknown, "new_error")), []string{"two"}, "new_error"},
		{"unknown for a while", onAmend("delete", 2, 2, fail(bot.Unknown, "new_error")), nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.platform.fault = onPart(0, 4, fail(bot.Transient, "http 503"))
				key := w.posted("one", "two")
				w.platform.amend = tt.amend
				w.retract("")
				w.work(w.deliverer().Remove, key)
				w.want(delivery.Posted, "retracted", tt.texts...)
				if s := w.slot(today); !strings.HasSuffix(s.Reason, tt.reason) || (s.Reason == "retracted") != (tt.reason == "") {
					t.Errorf("reason %q", s.Reason)
				}
			})
		})
	}
}

// TestReviseCannotRemove: a message that a correction cannot remove gets the
// reply that says what changed.
func TestReviseCannotRemove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one", "two")
		w.platform.amend = onAmend("delete", 2, always, fail(bot.MessageKept, "cant_delete_message"))
		w.library.put(digest, "eins")
		w.work(w.deliverer().Revise, key)
		got := w.platform.texts(key.Ref)
		if len(got) != 4 || !slices.Equal(got[:3], []string{later("08:30"), "eins", "two"}) || !strings.Contains(got[3], "訂正されました") {
			t.Errorf("channel shows %q", got)
		}
	})
}

// TestReviseByReplicas lets two processes correct and a third retract at the
// same time.
func TestReviseByReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		w.library.put(digest, "eins", "zwei")
		done := make(chan bool)
		for _, work := range []func(context.Context, delivery.SlotKey) error{w.deliverer().Revise, w.deliverer().Revise} {
			go func() { w.work(work, key); done <- true }()
		}
		<-done
		<-done
		w.want(delivery.Posted, "", later("08:30"), "eins", "zwei")
		if n := len(w.platform.amended); n != 2 {
			t.Errorf("amended %q", w.platform.amended)
		}
	})
}
