package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing/briefingtest"
)

// tell tells as River would for so long.
func (w *world) tell(d *delivery.Deliverer, span time.Duration) {
	w.Helper()
	for end := time.Now().Add(span); ; {
		err := d.Tell(w.Context())
		wait := 5 * time.Minute // until the next periodic job
		if later, ok := errors.AsType[*delivery.Later](err); ok {
			wait = later.After
		} else if err != nil {
			w.Fatal(err)
		}
		if time.Now().Add(wait).After(end) {
			time.Sleep(time.Until(end))
			return
		}
		time.Sleep(wait)
	}
}

// pause pauses channels of the world's installation, one after the other.
func (w *world) pause(code string, every time.Duration, names ...string) {
	w.Helper()
	for _, name := range names {
		ref := w.channel.Ref
		ref.Channel = name
		if paused, err := w.store.Ledger().Pause(w.Context(), ref, code, time.Now()); err != nil || !paused {
			w.Errorf("pause %s: %v, %v", ref, paused, err)
		}
		time.Sleep(every)
	}
}

// resume resumes a channel that was paused for this code.
func (w *world) resume(code, name string) {
	w.Helper()
	ref := w.channel.Ref
	ref.Channel = name
	if resumed, err := w.store.Ledger().Resume(w.Context(), ref, code, bot.AuditEntry{Who: bot.ByProbe, What: "resume"}); err != nil || !resumed {
		w.Fatalf("resume %s: %v, %v", ref, resumed, err)
	}
}

// addAll adds channels for people.
func (w *world) addAll(people map[string]string) {
	w.Helper()
	for name, who := range people {
		c := w.channel
		c.Ref.Channel = name
		w.added(c, who)
	}
}

// told wants so many notices, the newest of which says all this.
func (w *world) told(n int, says ...string) {
	w.Helper()
	if len(w.platform.notices) != n {
		w.Fatalf("notices %q, want %d", w.platform.notices, n)
	}
	for _, text := range says {
		if !strings.Contains(w.platform.notices[n-1], text) {
			w.Errorf("notice %q does not say %q", w.platform.notices[n-1], text)
		}
	}
}

func refuse(c bot.Class, code string) func(string) error {
	return func(string) error { return &bot.OutcomeError{Class: c, Code: code} }
}

// TestNotice: the person who added the channel is told once, and not again
// within a week.
func TestNotice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.channel.CatchUp = 15 * time.Minute
		w.added(w.channel, "U7")
		w.platform.fault = onPart(0, always, fail(bot.ChannelGone, "not_in_channel"))
		d := w.deliverer()
		for day := range 9 {
			date := today.AddDays(day)
			w.library.put(date.AddDays(-1))
			time.Sleep(time.Until(clock(5+day, 8, 30)))
			if day > 0 {
				w.resume("not_in_channel", "C1")
			}
			if err := w.planner().Plan(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.try(d, delivery.SlotKey{Ref: w.channel.Ref, Date: date})
			w.tell(d, 10*time.Minute)
			w.drive(d, delivery.SlotKey{Ref: w.channel.Ref, Date: date})
			w.told(1 + day/8) // the first one went out a little after its pause
		}
		w.told(2, "U7: ⏸️", w.channel.Ref.String(), "not_in_channel")
		audit, err := w.store.Audit(t.Context(), w.channel.ID(), 1)
		if err != nil || audit[0].Who != bot.ByPlatform || audit[0].Change() != "active → paused not_in_channel" || !audit[0].At.Equal(clock(13, 8, 30)) {
			t.Errorf("audit %+v, %v", audit, err)
		}
	})
}

// TestNoticesTogether: channels of one installation that are paused one after
// the other are named in one message to each person.
func TestNoticesTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Discord)
		people, names := map[string]string{}, []string(nil)
		for i := range 200 {
			name := fmt.Sprintf("D%03d", i)
			people[name] = "1"
			names = append(names, name)
		}
		people["E1"], people["E2"] = "2", "cli"
		w.addAll(people)
		d := w.deliverer()
		go w.pause("50013", time.Second, append(names, "E1", "E2")...)
		w.tell(d, time.Hour)
		if len(w.platform.notices) != 2 {
			t.Fatalf("%d notices, want one for each person", len(w.platform.notices))
		}
		for _, notice := range w.platform.notices {
			switch {
			case strings.HasPrefix(notice, "1: "):
				if n := strings.Count(notice, "discord:T1/D"); n != 20 || !strings.Contains(notice, "ほか 180 チャンネル") {
					t.Errorf("it names %d channels: %s", n, notice)
				}
			case strings.HasPrefix(notice, "2: ") && strings.Contains(notice, "T1/E1") && !strings.Contains(notice, "T1/D"):
			default:
				t.Errorf("notice %s", notice)
			}
		}
	})
}

// TestNoticeWaitsNoLonger: pauses that never end do not keep the first from
// being told of.
func TestNoticeWaitsNoLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		people, names := map[string]string{}, []string(nil)
		for i := range 90 {
			names = append(names, fmt.Sprint("D", i))
			people[names[i]] = "U1"
		}
		w.addAll(people)
		go w.pause("is_archived", 9*time.Second, names...)
		w.tell(w.deliverer(), 11*time.Minute)
		w.told(1, "T1/D0\n", "T1/D1\n", "ほか ")
		w.tell(w.deliverer(), time.Hour)
		w.told(2, "T1/D80")
	})
}

// TestNoticeNeedless: nobody is told of a channel that was resumed or removed
// before.
func TestNoticeNeedless(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.addAll(map[string]string{"D1": "U1", "D2": "U1", "D3": "U1"})
		w.pause("is_archived", 0, "D1", "D2")
		w.resume("is_archived", "D1")
		gone := w.channel.Ref
		gone.Channel = "D2"
		if err := w.store.RemoveChannel(t.Context(), gone, bot.AuditEntry{Who: "U1", What: "remove"}); err != nil {
			t.Fatal(err)
		}
		w.tell(w.deliverer(), time.Hour)
		w.told(0)
		w.pause("is_archived", 0, "D1", "D3")
		w.tell(w.deliverer(), time.Hour)
		w.told(1, "T1/D1", "T1/D3")
		if open, err := w.store.Ledger().OpenNotices(t.Context()); err != nil || len(open) > 0 {
			t.Errorf("still open: %+v, %v", open, err)
		}
	})
}

// TestNoticeOutcomes: what is certainly not told is tried again for a day, what
// may have been told is not repeated.
func TestNoticeOutcomes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class bot.Class
		// least and most are how often it is tried if the answer never changes;
		// again is within which time a second try succeeds, 0 for never.
		least, most int
		again       time.Duration
	}{
		{bot.Transient, 120, 200, 10 * time.Minute},
		{bot.Limited, 120, 200, 10 * time.Minute},
		{bot.ChannelGone, 20, 26, 2 * time.Hour},
		{bot.InstallationGone, 20, 26, 2 * time.Hour},
		{bot.Payload, 20, 26, 2 * time.Hour},
		{bot.Fatal, 1, 1, 0}, // the platform is stopped
		{bot.Doubtful, 1, 1, 0},
		{bot.Unknown, 1, 1, 0},
	} {
		if briefingtest.Racing && tt.least > 1 && tt.class != bot.Limited {
			continue // tried again as that is
		}
		t.Run(tt.class.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.addAll(map[string]string{"D1": "U1"})
				w.pause("is_archived", 0, "D1")
				w.platform.unwilling = refuse(tt.class, "code")
				w.tell(w.deliverer(), 26*time.Hour)
				if n := len(w.platform.notices); n < tt.least || n > tt.most {
					t.Errorf("%d tries, want %d to %d", n, tt.least, tt.most)
				}
				if open, err := w.store.Ledger().OpenNotices(t.Context()); err != nil || len(open) > 0 {
					t.Errorf("a day later open: %+v, %v", open, err)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.addAll(map[string]string{"D1": "U1"})
				w.pause("is_archived", 0, "D1")
				w.platform.unwilling = func(string) error {
					w.platform.unwilling = nil
					return refuse(tt.class, "code")("")
				}
				d, want := w.deliverer(), 1
				if tt.again > 0 {
					want = 2
				}
				w.tell(d, tt.again+5*time.Minute)
				w.told(want)
				w.tell(d, 3*time.Hour)
				w.told(want)
			})
		})
	}
}

// TestNoticeWithAToken that was revoked is tried once, however many people
// there are to tell.
func TestNoticeWithAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		for i := range 5 {
			c := w.channel
			c.Ref.Channel = fmt.Sprint("C", i+1)
			w.added(c, fmt.Sprint("U", i))
		}
		w.platform.fault = onPart(0, always, fail(bot.InstallationGone, "token_revoked"))
		w.platform.unwilling = refuse(bot.InstallationGone, "token_revoked")
		d := w.deliverer()
		w.try(d, w.open())
		w.tell(d, 50*time.Minute)
		w.told(1)
	})
}

// TestNoticeCrash kills the process that tells at every step: somebody is told
// at most once, and certainly where nothing was intended yet.
func TestNoticeCrash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		crash
		request bool // dies in the request
		want    int
	}{
		{crash{step: "intend notices", before: true}, false, 1},
		{crash{step: "intend notices"}, false, 0},
		{crash{}, true, 1},
		{crash{step: "settle notices", before: true}, false, 1},
		{crash{step: "settle notices"}, false, 1},
	} {
		t.Run(fmt.Sprint(tt.crash, tt.request), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.added(w.channel, "U7")
				w.platform.fault = onPart(0, always, fail(bot.ChannelGone, "is_archived"))
				w.books = func(b delivery.Books) delivery.Books { return &mortal{Books: b, step: tt.step, before: tt.before} }
				if tt.request {
					w.platform.notified = func() { panic(errKilled) }
				}
				d := w.deliverer()
				w.try(d, w.open())
				time.Sleep(2 * time.Minute)
				func() {
					defer func() {
						if recover() != errKilled {
							t.Error("the process was not killed")
						}
					}()
					_ = d.Tell(t.Context())
				}()
				w.books, w.platform.notified = nil, nil
				w.tell(w.deliverer(), 3*time.Hour)
				w.told(tt.want)
				if open, err := w.store.Ledger().OpenNotices(t.Context()); err != nil || len(open) > 0 {
					t.Errorf("it never ends: %+v, %v", open, err)
				}
			})
		})
	}
}

// TestNoticeRacing: of processes that tell at the same time one does.
func TestNoticeRacing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.addAll(map[string]string{"D1": "U1", "D2": "U1"})
		w.pause("is_archived", 0, "D1", "D2")
		time.Sleep(2 * time.Minute)
		// Both have read that somebody is to be told before one intends it.
		other := w.deliverer()
		w.books = func(b delivery.Books) delivery.Books {
			return &mortal{Books: b, step: "intend notices", before: true, instead: func() { w.tell(other, time.Minute) }}
		}
		w.tell(w.deliverer(), time.Hour)
		w.told(1, "D1", "D2")
	})
}

func (m *mortal) IntendNotices(ctx context.Context, notices []delivery.Notice, at time.Time) (mine []delivery.Notice, err error) {
	err = m.at("intend notices", func() error {
		mine, err = m.Books.IntendNotices(ctx, notices, at)
		return err
	})
	return mine, err
}

func (m *mortal) SettleNotices(ctx context.Context, notices []delivery.Notice, state delivery.NoticeState, reason string, due time.Time) error {
	return m.at("settle notices", func() error { return m.Books.SettleNotices(ctx, notices, state, reason, due) })
}
