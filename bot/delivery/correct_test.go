package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing/briefingtest"

	"github.com/riverqueue/river"
)

// digest is the one that these tests post and correct.
const digest = "2000-01-04"

// posted posts a digest of these stories at its time.
func (w *world) posted(stories ...string) delivery.SlotKey {
	w.Helper()
	key := w.open(stories...)
	w.drive(w.deliverer(), key)
	return key
}

// queued is what the planner finds to amend now.
func (w *world) queued() (jobs []river.JobArgs) {
	w.Helper()
	l := w.store.Ledger()
	p := delivery.NewPlanner(delivery.PlannerOptions{
		Ledger: l, Board: l, Library: w.library, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
		Enqueue: func(_ context.Context, a river.JobArgs) error {
			if a.Kind() != "deliver" {
				jobs = append(jobs, a)
			}
			return nil
		},
	})
	if err := p.Plan(w.Context()); err != nil {
		w.Fatal(err)
	}
	return jobs
}

// shows compares what people see in the channel.
func (w *world) shows(texts ...string) {
	w.Helper()
	if got := w.platform.texts(w.channel.Ref); !slices.Equal(got, texts) {
		w.Errorf("channel shows %q, want %q", got, texts)
	}
}

// later is the parent of a post that was corrected at a time of day.
func later(at string) string { return parent + "\nupdated " + at }

func TestRevise(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		first, second []string
		amended       []string // in order, further messages left out
		texts         []string
	}{
		{"one part says something else", []string{"one", "two"}, []string{"one", "zwei"}, []string{"edit 0", "edit 2"}, []string{"one", "zwei"}},
		{"more parts", []string{"one"}, []string{"one", "two", "three"}, []string{"edit 0"}, []string{"one", "two", "three"}},
		{"a first part below the parent", nil, []string{"one"}, []string{"edit 0"}, []string{"one"}},
		{"fewer parts", []string{"one", "two", "three"}, []string{"one"}, []string{"edit 0", "delete 2", "delete 3"}, []string{"one"}},
		{"no parts", []string{"one"}, nil, []string{"edit 0", "delete 1"}, nil},
	} {
		for _, p := range everywhere {
			t.Run(tt.name+"/"+string(p), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, p)
					key := w.posted(tt.first...)
					if jobs := w.queued(); len(jobs) != 0 {
						t.Errorf("queued %v without a correction", jobs)
					}
					time.Sleep(time.Until(clock(5, 10, 7)))
					w.library.put(digest, tt.second...)
					jobs := w.queued()
					if len(jobs) != 1 || jobs[0].Kind() != "revise" {
						t.Fatalf("queued %v", jobs)
					}
					before := w.platform.requests
					w.work(w.deliverer().Revise, key)
					w.shows(append([]string{later("10:07")}, tt.texts...)...)
					w.want(delivery.Posted, "", append([]string{later("10:07")}, tt.texts...)...)
					if got := w.platform.amended; !slices.Equal(got, tt.amended) {
						t.Errorf("amended %q, want %q", got, tt.amended)
					}
					if n := w.platform.requests - before; n != max(0, len(tt.second)-len(tt.first)) {
						t.Errorf("%d further messages", n)
					}
					for _, m := range w.platform.messages[1:] {
						if m.Thread != w.platform.messages[0].id {
							t.Errorf("%q stands in thread %q", m.text, m.Thread)
						}
					}
					if jobs := w.queued(); len(jobs) != 0 {
						t.Errorf("queued %v after the correction", jobs)
					}
				})
			})
		}
	}
}

// TestReviseWakes: a channel at rest is looked at again for a new edition of
// what it shows, and only for that.
func TestReviseWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.posted("one")
		var queued []string
		l := w.store.Ledger()
		p := delivery.NewPlanner(delivery.PlannerOptions{
			Ledger: l, Board: l, Library: w.library, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
			Enqueue: func(_ context.Context, a river.JobArgs) error { queued = append(queued, a.Kind()); return nil },
		})
		for _, change := range []func(){func() {}, func() {}, func() { w.library.put(digest, "two") }} {
			change()
			time.Sleep(time.Second)
			if err := p.Plan(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(queued, []string{"revise"}) {
			t.Errorf("queued %q", queued)
		}
	})
}

// TestReviseAgain: parts that went do not disturb those that come, and what
// is revised back shows the first text again.
func TestReviseAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Discord)
		key := w.posted("one", "two")
		d := w.deliverer()
		for _, stories := range [][]string{{"one"}, {"one", "two", "three"}, {"one", "two"}} {
			time.Sleep(time.Minute)
			w.library.put(digest, stories...)
			w.work(d.Revise, key)
			w.shows(append([]string{later(time.Now().In(begin.Location()).Format("15:04"))}, stories...)...)
		}
	})
}

// TestReviseAtMostThreeTimesADay: the last edition of the day waits for the
// next.
func TestReviseAtMostThreeTimesADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		d := w.deliverer()
		for i := range 5 {
			time.Sleep(time.Hour)
			w.library.put(digest, fmt.Sprint("edition ", i))
			w.work(d.Revise, key)
		}
		w.shows(later("11:30"), "edition 2")
		if jobs := w.queued(); len(jobs) != 0 {
			t.Errorf("queued %v", jobs)
		}
		time.Sleep(time.Until(clock(6, 0, 1)))
		if jobs := w.queued(); len(jobs) != 1 {
			t.Errorf("queued %v on the next day", jobs)
		}
		w.work(d.Revise, key)
		w.shows(later("13:30"), "edition 4")
	})
}

func TestReviseWithin48Hours(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		after time.Duration
		jobs  int
		text  string
	}{{48*time.Hour - time.Minute, 1, "two"}, {48*time.Hour + time.Minute, 0, "one"}} {
		t.Run(tt.after.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.posted("one")
				time.Sleep(tt.after)
				w.library.put(digest, "two")
				if jobs := w.queued(); len(jobs) != tt.jobs {
					t.Errorf("queued %v", jobs)
				}
				w.work(w.deliverer().Revise, key)
				if got := w.platform.texts(key.Ref); got[1] != tt.text {
					t.Errorf("channel shows %q", got)
				}
			})
		})
	}
}

// TestReviseNot: nothing is amended where nothing is to be.
func TestReviseNot(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"the same again": func(w *world) { w.library.put(digest, "one") },
		"withdrawn":      func(w *world) { w.library.withdraw(digest) },
		"paused": func(w *world) {
			w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, "admin" })
			w.library.put(digest, "two")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.posted("one")
				change(w)
				if jobs := w.queued(); len(jobs) != 0 {
					t.Errorf("queued %v", jobs)
				}
				w.shows(parent, "one")
			})
		})
	}
}

// onAmend gives an outcome for the first times requests of one kind.
func onAmend(what string, part, times int, o outcome) func(string, int) outcome {
	return func(w string, p int) outcome {
		if w != what || p != part || times == 0 {
			return outcome{}
		}
		times--
		return o
	}
}

func TestReviseFailures(t *testing.T) {
	t.Parallel()
	const at = "08:30"
	corrected := []string{later(at), "eins", "zwei"}
	note := "📝 更新 08:30: このまとめは訂正されました。上の投稿は書き換えられないため、訂正後の内容は/briefing " + digest + " をご覧ください。"
	for _, tt := range []struct {
		name   string
		amend  func(string, int) outcome
		texts  []string
		reason string // of the correction that was given up
	}{
		{"transient", onAmend("edit", 0, 2, fail(bot.Transient, "http 503")), corrected, ""},
		{"transient for ever", onAmend("edit", 1, always, fail(bot.Transient, "http 503")), []string{later(at), "one", "two"}, "http 503"},
		{"doubtful, taken", onAmend("edit", 1, 1, outcome{err: &bot.OutcomeError{Class: bot.Doubtful, Code: "http 502"}}), corrected, ""},
		{"doubtful, not taken", onAmend("edit", 1, 1, fail(bot.Doubtful, "http 502")), corrected, ""},
		{"silent", onAmend("edit", 1, 1, outcome{hang: true, refused: true}), corrected, ""},
		{"limited", onAmend("edit", 0, 3, fail(bot.Limited, "30046")), corrected, ""},
		{"unknown", onAmend("edit", 0, always, fail(bot.Unknown, "new_error")), []string{parent, "one", "two"}, "new_error"},
		{"refused as it looks", onAmend("edit", 0, 1, fail(bot.Payload, "invalid_blocks")), corrected, ""},
		{"refused for ever", onAmend("edit", 0, always, fail(bot.Payload, "invalid_blocks")), []string{parent, "one", "two"}, "refused: invalid_blocks"},
		{"parent removed by people", onAmend("edit", 0, always, fail(bot.MessageGone, "message_not_found")), []string{parent, "one", "two"}, ""},
		{"part removed by people", onAmend("edit", 1, always, fail(bot.MessageGone, "message_not_found")), []string{later(at), "one", "zwei"}, ""},
		{"parent kept", onAmend("edit", 0, always, fail(bot.MessageKept, "edit_window_closed")), []string{parent, "one", "two", note}, ""},
		{"part kept", onAmend("edit", 2, always, fail(bot.MessageKept, "cant_update_message")), []string{later(at), "eins", "two", note}, ""},
		{"channel gone", onAmend("edit", 0, always, fail(bot.ChannelGone, "is_archived")), []string{parent, "one", "two"}, "is_archived"},
		{"bot refused", onAmend("edit", 0, always, fail(bot.Fatal, "invalid_auth")), []string{parent, "one", "two"}, "platform stopped: invalid_auth"},
	} {
		if briefingtest.Racing && tt.name == "bot refused" {
			continue // it asks again each minute of two days
		}
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.posted("one", "two")
				w.platform.amend = tt.amend
				w.library.put(digest, "eins", "zwei")
				w.work(w.deliverer().Revise, key)
				got := w.platform.texts(key.Ref)
				for i := range got { // plain text is marked as what it is
					got[i] = strings.TrimSuffix(got[i], "\n")
				}
				if !slices.Equal(got, tt.texts) {
					t.Errorf("channel shows %q, want %q", got, tt.texts)
				}
				s := w.slot(today)
				if s.State != delivery.Posted || s.Correction.Reason != tt.reason || (s.Correction.State == delivery.GivenUp) != (tt.reason != "") {
					t.Errorf("slot is %s, correction %+v, want reason %q", s.State, s.Correction, tt.reason)
				}
				if jobs := w.queued(); len(jobs) != 0 {
					t.Errorf("queued %v again", jobs)
				}
				if c, err := w.store.Channel(t.Context(), key.Ref); err != nil || c.Paused {
					t.Errorf("channel paused %v, %v", c.Paused, err)
				}
			})
		})
	}
}

// TestReviseKept: a post that cannot be changed has one reply, which shows
// the newest correction; removed messages never come back.
func TestReviseKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		d := w.deliverer()
		w.platform.amend = onAmend("edit", 0, always, fail(bot.MessageKept, "edit_window_closed"))
		for hour := 9; hour <= 10; hour++ {
			time.Sleep(time.Until(clock(5, hour, 0)))
			w.library.put(digest, fmt.Sprint(hour), "more")
			w.work(d.Revise, key)
			got := w.platform.texts(key.Ref)
			if len(got) != 3 || got[0] != parent || got[1] != "one" || !strings.Contains(got[2], fmt.Sprintf("更新 %02d:00", hour)) {
				t.Errorf("channel shows %q", got)
			}
		}
	})
}

func TestReviseWhatPeopleRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one", "two")
		d := w.deliverer()
		w.platform.lose(1)
		w.library.put(digest, "eins", "zwei")
		w.work(d.Revise, key)
		w.shows(later("08:30"), "zwei")
		w.platform.lose(0)
		for _, stories := range [][]string{{"uno", "due", "tre"}, {"un", "deux", "trois"}} {
			time.Sleep(time.Minute)
			w.library.put(digest, stories...)
			w.work(d.Revise, key)
		}
		w.shows("zwei")
		if jobs := w.queued(); len(jobs) != 0 {
			t.Errorf("queued %v for a post that people removed", jobs)
		}
	})
}

// TestReviseWithdrawn: a digest that goes while it is edited in is edited in
// to its end, for half of it is worse; one that comes back changed is edited in
// again.
func TestReviseWithdrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.posted("one")
		w.library.put(digest, "two")
		d := w.deliverer()
		w.platform.amend = onAmend("edit", 1, 1, fail(bot.Transient, "http 503"))
		_ = d.Revise(t.Context(), key)
		w.library.withdraw(digest)
		time.Sleep(time.Minute)
		if jobs := w.queued(); len(jobs) != 1 {
			t.Errorf("queued %v", jobs)
		}
		w.work(d.Revise, key)
		w.shows(later("08:30"), "two")
		w.work(d.Revise, key)
		w.library.put(digest, "two")
		if jobs := w.queued(); len(jobs) != 0 {
			t.Errorf("queued %v", jobs)
		}
		w.library.put(digest, "three")
		if jobs := w.queued(); len(jobs) != 1 {
			t.Errorf("queued %v", jobs)
		}
	})
}

// TestReviseOvertaken: while one edition is put in, the next one comes.
func TestReviseOvertaken(t *testing.T) {
	t.Parallel()
	for step := range 3 {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.posted("one")
				w.library.put(digest, "eins", "zwei")
				d := w.deliverer()
				w.platform.amend = onAmend("edit", step, always, fail(bot.Transient, "http 503"))
				w.platform.fault = onPart(2, 1, outcome{hang: true, refused: step == 2})
				_ = d.Revise(t.Context(), key)
				w.platform.amend = nil
				time.Sleep(time.Minute)
				w.library.put(digest, "uno", "due")
				w.work(d.Revise, key)
				w.shows(later(time.Now().In(begin.Location()).Format("15:04")), "uno", "due")
			})
		})
	}
}

// corrections are all steps of a correction that edits two messages, adds one
// and removes none, or the other way round.
func corrections() []crash {
	var all []crash
	steps := []string{"stage", "mark 0", "mark 1", "mark 2", "intend 2", "confirm 2", "settle"}
	for _, s := range steps {
		all = append(all, crash{step: s, before: true}, crash{step: s})
	}
	for _, i := range []int{0, 1, 2} {
		all = append(all, crash{part: &i}, crash{part: &i, taken: true})
	}
	return briefingtest.Some(all)
}

// killOn lets the process die in a request for a part.
func (p *platform) killOn(c crash) {
	kill := outcome{refused: !c.taken, after: func() { panic(errKilled) }}
	p.fault = onPart(*c.part, 1, kill)
	p.amend = func(_ string, part int) outcome {
		if part == *c.part {
			return kill
		}
		return outcome{}
	}
}

// TestReviseCrash kills a correction at every step.
func TestReviseCrash(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		for _, stories := range [][][]string{{{"one"}, {"eins", "zwei"}}, {{"one", "two"}, {"eins"}}} {
			for _, c := range corrections() {
				t.Run(fmt.Sprintf("%s/%d/%s", p, len(stories[0]), c), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, p)
						key := w.posted(stories[0]...)
						w.library.put(digest, stories[1]...)
						w.books = func(b delivery.Books) delivery.Books {
							return &mortal{Books: b, step: c.step, before: c.before}
						}
						if c.part != nil {
							w.platform.killOn(c)
						}
						for range 3 { // a moment's pause can come before the death
							_ = w.deliverer().Revise(t.Context(), key)
							time.Sleep(2 * time.Second)
						}
						w.books, w.platform.fault, w.platform.amend = nil, nil, nil
						back := time.Now()
						w.work(w.deliverer().Revise, key)
						w.want(delivery.Posted, "", append([]string{later("08:30")}, stories[1]...)...)
						if took := time.Since(back); took > 90*time.Second {
							t.Errorf("settled %v after recovery", took)
						}
						if s := w.slot(today); s.Correction.State != "" || s.Correction.Times > 1 {
							t.Errorf("correction %+v", s.Correction)
						}
					})
				})
			}
		}
	}
}
