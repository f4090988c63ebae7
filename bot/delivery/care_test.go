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

// added says in the audit log that a person added a channel.
func (w *world) added(c bot.Channel, who string) {
	w.Helper()
	if err := w.store.PutChannel(w.Context(), c, bot.AuditEntry{At: time.Now(), Installation: c.ID(), Who: who, What: "add", Ref: c.Ref}); err != nil {
		w.Fatal(err)
	}
}

// try delivers once.
func (w *world) try(d *delivery.Deliverer, key delivery.SlotKey) {
	w.Helper()
	err := d.Deliver(w.Context(), key)
	if _, ok := errors.AsType[*delivery.Later](err); err != nil && !ok {
		w.Fatal(err)
	}
}

// TestNotice: the person who added the channel is told once, and not again
// within a week.
func TestNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.added(w.channel, "U7")
		w.platform.fault = onPart(0, always, fail(bot.ChannelGone, "not_in_channel"))
		d := w.deliverer()
		for day := range 9 {
			date := today.AddDays(day)
			w.library.put(date.AddDays(-1))
			time.Sleep(time.Until(clock(5+day, 8, 30)))
			if _, err := w.store.Ledger().Resume(t.Context(), w.channel.Ref, "not_in_channel", bot.AuditEntry{Who: bot.ByProbe, What: "resume"}); err != nil {
				t.Fatal(err)
			}
			if err := w.planner().Plan(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.drive(d, delivery.SlotKey{Ref: w.channel.Ref, Date: date})
			want := 1 + day/7
			if len(w.platform.notices) != want {
				t.Errorf("day %d: notices %q, want %d", day, w.platform.notices, want)
			}
		}
		first := w.platform.notices[0]
		if !strings.HasPrefix(first, "U7: ⏸️") || !strings.Contains(first, w.channel.Ref.String()) {
			t.Errorf("notice %q", first)
		}
		audit, err := w.store.Audit(t.Context(), w.channel.ID(), 1)
		if err != nil || audit[0].Who != bot.ByPlatform || audit[0].Change() != "active → paused not_in_channel" {
			t.Errorf("audit %+v, %v", audit, err)
		}
	})
}

// TestNoticeOfAnInstallation: each person is told once of all channels.
func TestNoticeOfAnInstallation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Discord)
		for i, who := range []string{"1", "1", "2", "cli"} {
			c := w.channel
			c.Ref.Channel = fmt.Sprint("C", i+1)
			w.added(c, who)
		}
		w.platform.fault = onPart(0, always, fail(bot.InstallationGone, "50001"))
		w.platform.unwilling = errors.New("refuses messages")
		w.try(w.deliverer(), w.open())
		if n := len(w.platform.notices); n != 2 {
			t.Fatalf("notices %q", w.platform.notices)
		}
		for _, notice := range w.platform.notices {
			both := strings.Contains(notice, "T1/C1") && strings.Contains(notice, "T1/C2")
			if strings.HasPrefix(notice, "1: ") != both || strings.HasPrefix(notice, "2: ") != strings.Contains(notice, "T1/C3") || strings.Contains(notice, "C4") {
				t.Errorf("notice %q", notice)
			}
		}
	})
}

// TestNoticeWithAToken that was revoked is tried once, however many people
// there are to tell.
func TestNoticeWithAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		for i := range 5 {
			c := w.channel
			c.Ref.Channel = fmt.Sprint("C", i+1)
			w.added(c, fmt.Sprint("U", i))
		}
		w.platform.fault = onPart(0, always, fail(bot.InstallationGone, "token_revoked"))
		w.platform.unwilling = &bot.OutcomeError{Class: bot.InstallationGone, Code: "token_revoked"}
		w.try(w.deliverer(), w.open())
		if n := len(w.platform.notices); n != 1 {
			t.Errorf("%d people were written to with a token that is no good", n)
		}
	})
}

// TestProbe: a channel that the platform paused is asked about once a day and
// resumed; one that a person paused is left alone.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name    string
		reason  string
		check   error
		checks  int // within two days
		resumed bool
	}{
		{"fine again", "not_in_channel", nil, 1, true},
		{"still gone", "not_in_channel", &bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel"}, 3, false},
		{"not known", "not_in_channel", bot.ErrUnchecked, 3, false},
		{"paused by a person", bot.PausedByAdmin, nil, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.change(func(c *bot.Channel) { c.Paused, c.Reason = true, tt.reason })
				w.platform.check = tt.check
				d := w.deliverer()
				for range 48 * 4 {
					if err := d.Probe(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(15 * time.Minute)
				}
				c, err := w.store.Channel(t.Context(), w.channel.Ref)
				if err != nil || c.Paused == tt.resumed || w.platform.checks != tt.checks {
					t.Errorf("paused %v after %d checks, %v", c.Paused, w.platform.checks, err)
				}
				audit, err := w.store.Audit(t.Context(), c.ID(), 1)
				if err != nil || (audit[0].Who == bot.ByProbe) != tt.resumed {
					t.Errorf("audit %+v, %v", audit, err)
				}
			})
		})
	}
}

// TestProbeBeforeTheNextSlot: a channel that was refused in the morning and
// mended during the day gets the next morning's briefing on time.
func TestProbeBeforeTheNextSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.platform.fault = onPart(0, always, fail(bot.ChannelGone, "not_in_channel"))
		w.platform.check = &bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel"}
		p, key := w.process(), w.open()
		w.try(p.d, key)
		probe := func() {
			if err := p.d.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(15 * time.Minute)
		}
		probe()
		w.drive(p.d, key) // to the end of its window
		w.platform.fault, w.platform.check = nil, nil
		for time.Now().Before(clock(6, 8, 30)) {
			probe()
		}
		w.library.put("2000-01-05")
		p.tick()
		if s := w.slot("2000-01-06"); s.State != delivery.Posted || s.PostedAt.After(clock(6, 8, 46)) {
			t.Errorf("slot is %s %q, posted at %v", s.State, s.Reason, s.PostedAt)
		}
	})
}
