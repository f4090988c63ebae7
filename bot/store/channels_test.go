package store_test

import (
	"errors"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"

	"github.com/google/go-cmp/cmp"
)

func channel(ref bot.Ref) bot.Channel {
	return bot.Channel{
		Ref: ref,
		Settings: bot.Settings{
			Time: 8*60 + 30, Zone: "Asia/Tokyo", Days: bot.Weekdays{time.Monday, time.Friday},
			SkipHolidays: true, CatchUp: 4 * time.Hour, MaxAge: 3, Language: briefing.Japanese,
			LeaveOut: []briefing.Part{briefing.PartCitations}, WatchWords: []string{"製品名"}, Mention: "S1",
		},
		AddedAt: t0, OpenAtStart: true,
	}
}

func TestChannels(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if _, err := s.Channel(ctx, here); !errors.Is(err, briefing.ErrNotFound) {
			t.Errorf("channel nobody added: %v", err)
		}
		first, second := channel(here), channel(there)
		for _, c := range []bot.Channel{second, first} {
			if err := s.PutChannel(ctx, c, bot.AuditEntry{Who: "U1", What: "add", After: "{}"}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Channels(ctx)
		if diff := cmp.Diff([]bot.Channel{first, second}, got); diff != "" || err != nil {
			t.Errorf("channels: %v (-want +got):\n%s", err, diff)
		}

		changed := first
		changed.Time, changed.OpenAtStart, changed.Paused, changed.Reason = 9*60, false, true, "admin"
		changed.AddedAt = t0.Add(time.Hour)
		if err := s.PutChannel(ctx, changed, bot.AuditEntry{Who: "U1", What: "set"}); err != nil {
			t.Fatal(err)
		}
		changed.AddedAt = first.AddedAt
		one, err := s.Channel(ctx, here)
		if diff := cmp.Diff(changed, one); diff != "" || err != nil {
			t.Errorf("changed channel: %v (-want +got):\n%s", err, diff)
		}

		remove := bot.AuditEntry{Who: "U2", What: "remove", Ref: here}
		if err := s.RemoveChannel(ctx, here, remove); err != nil {
			t.Fatal(err)
		}
		if err := s.RemoveChannel(ctx, here, remove); !errors.Is(err, briefing.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if left, err := s.Channels(ctx); len(left) != 1 || err != nil {
			t.Errorf("%d channels left, %v; want 1", len(left), err)
		}
	})
}

func TestAudit(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		steps := []error{
			s.PutChannel(ctx, channel(here), bot.AuditEntry{Who: "U1", What: "add", After: "{}"}),
			s.PutChannel(ctx, channel(there), bot.AuditEntry{Who: "config", What: "add"}),
			s.AddAudit(ctx, bot.AuditEntry{Who: "cli", What: "retract", Ref: here, At: t0.Add(time.Second), Before: "2025-07-02"}),
			s.RemoveChannel(ctx, here, bot.AuditEntry{Who: "U\x00\xff", What: "remove", Before: "{}"}),
		}
		if err := errors.Join(steps...); err != nil {
			t.Fatal(err)
		}
		want := []bot.AuditEntry{
			{At: t0, Installation: here.ID(), Who: "U\uFFFD\uFFFD", What: "remove", Ref: here, Before: "{}"},
			{At: t0.Add(time.Second), Installation: here.ID(), Who: "cli", What: "retract", Ref: here, Before: "2025-07-02"},
		}
		got, err := s.Audit(ctx, here.ID(), 2)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("newest two changes: %v (-want +got):\n%s", err, diff)
		}
		if got, err := s.Audit(ctx, there.ID(), 10); len(got) != 1 || err != nil {
			t.Errorf("the other workspace has %d changes, %v; want 1", len(got), err)
		}
		for _, of := range []struct {
			ref  bot.Ref
			want int
		}{{bot.Ref{}, 4}, {here, 3}, {there, 1}} {
			got, err := s.AuditOf(ctx, of.ref, 10)
			if len(got) != of.want || err != nil || got[0].Installation != got[0].Ref.ID() {
				t.Errorf("changes of %q: %+v, %v; want %d", of.ref, got, err, of.want)
			}
		}
	})
}

// A change that cannot be recorded is not made.
func TestNoChangeWithoutAudit(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url)
		if err := s.PutChannel(t.Context(), channel(there), bot.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
		execute(t, raw(t, url), "DROP TABLE audit")
		if err := s.PutChannel(t.Context(), channel(here), bot.AuditEntry{}); err == nil {
			t.Error("put without an audit table")
		}
		if err := s.RemoveChannel(t.Context(), there, bot.AuditEntry{}); err == nil {
			t.Error("removed without an audit table")
		}
		got, err := s.Channels(t.Context())
		if len(got) != 1 || got[0].Ref != there || err != nil {
			t.Errorf("channels %v, %v; want only %s", got, err, there)
		}
	})
}
