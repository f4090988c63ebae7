package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"

	"github.com/google/go-cmp/cmp"
)

// claimed opens and claims a slot; the lease is over at once, so that another
// claim can follow.
func claimed(t *testing.T, l *store.Ledger, s delivery.Slot) delivery.Slot {
	t.Helper()
	if err := l.Open(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return claim(t, l, s.SlotKey)
}

func claim(t *testing.T, l *store.Ledger, key delivery.SlotKey) delivery.Slot {
	t.Helper()
	held, err := l.Claim(t.Context(), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	return held.Slot
}

// intent is that of a request; bodies are what is rendered for it.
func intent(i int, at time.Time, bodies ...string) delivery.Intent {
	in := delivery.Intent{Index: i, At: at, Attempts: 1}
	if len(bodies) > 0 {
		in.Rendering = &delivery.Rendering{Edition: "e1", Bodies: messages(bodies...)}
	}
	return in
}

func receipt(i int, id bot.MessageID, at time.Time) delivery.Receipt {
	return delivery.Receipt{Index: i, ID: id, At: at}
}

func messages(bodies ...string) (ms []bot.Message) {
	for _, b := range bodies {
		ms = append(ms, bot.Message(b))
	}
	return ms
}

func TestProgress(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		c := claimed(t, l, slot(here, "2025-07-03", "2025-07-02"))
		sentAt := t0.Add(time.Second)
		steps := []struct {
			name string
			err  error
			want []delivery.Part
		}{
			{"render", l.Intend(ctx, c.SlotKey, c.Fence, intent(0, t0, `{"親":0}`, `{"b":1}`, `{"c":2}`)), nil},
			{"confirm", l.Confirm(ctx, c.SlotKey, c.Fence, receipt(0, "m0", sentAt)), nil},
			{"intend", l.Intend(ctx, c.SlotKey, c.Fence, intent(1, sentAt)), nil},
			{"refuse", l.Refuse(ctx, c.SlotKey, c.Fence, 1), nil},
			{"replace", l.Replace(ctx, c.SlotKey, c.Fence, 1, messages(`{"plain":1}`)), nil},
			{"intend", l.Intend(ctx, c.SlotKey, c.Fence, intent(1, sentAt)), nil},
		}
		for _, step := range steps {
			if step.err != nil {
				t.Errorf("%s: %v", step.name, step.err)
			}
		}
		want := []delivery.Part{
			{Index: 0, State: delivery.Sent, Body: bot.Message(`{"親":0}`), ID: "m0", IntentAt: t0},
			{Index: 1, State: delivery.Sending, Body: bot.Message(`{"plain":1}`), IntentAt: sentAt},
		}
		got, err := l.Parts(ctx, c.SlotKey)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("parts: %v (-want +got):\n%s", err, diff)
		}
		again, err := l.Claim(ctx, c.SlotKey, 0)
		if diff := cmp.Diff(want, again.Parts); diff != "" || err != nil || !again.Slot.PostedAt.Equal(sentAt) || again.Slot.Edition != "e1" || again.Slot.Attempts != 1 {
			t.Errorf("claim after a crash: %+v, %v (-want +got):\n%s", again.Slot, err, diff)
		}
	})
}

// What a part has gone through bounds what can be done with it.
func TestProgressRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		c := claimed(t, l, slot(here, "2025-07-03", "2025-07-02"))
		prepare := []error{
			l.Intend(ctx, c.SlotKey, c.Fence, intent(0, t0, "{}", "{}")),
			l.Confirm(ctx, c.SlotKey, c.Fence, receipt(0, "m0", t0)),
		}
		if err := errors.Join(prepare...); err != nil {
			t.Fatal(err)
		}
		before, err := l.Parts(ctx, c.SlotKey)
		if err != nil {
			t.Fatal(err)
		}
		refused := map[string]error{
			"render twice":        l.Intend(ctx, c.SlotKey, c.Fence, intent(0, t0, "{}")),
			"send what was sent":  l.Intend(ctx, c.SlotKey, c.Fence, intent(0, t0)),
			"take back":           l.Refuse(ctx, c.SlotKey, c.Fence, 0),
			"replace":             l.Replace(ctx, c.SlotKey, c.Fence, 0, messages("{}")),
			"send what is not":    l.Intend(ctx, c.SlotKey, c.Fence, intent(7, t0)),
			"confirm what is not": l.Confirm(ctx, c.SlotKey, c.Fence, receipt(7, "m7", t0)),
			"confirm without id":  l.Confirm(ctx, c.SlotKey, c.Fence, receipt(1, "", t0)),
		}
		for name, err := range refused {
			if err == nil || errors.Is(err, delivery.ErrFenced) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !errors.Is(refused["render twice"], delivery.ErrTaken) {
			t.Errorf("render twice: %v, want ErrTaken", refused["render twice"])
		}
		after, err := l.Parts(ctx, c.SlotKey)
		if diff := cmp.Diff(before, after); diff != "" || err != nil {
			t.Errorf("parts changed: %v (-before +after):\n%s", err, diff)
		}
	})
}

func TestFence(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l := s.Ledger()
		old := claimed(t, l, slot(here, "2025-07-03", "2025-07-02"))
		if err := l.Intend(t.Context(), old.SlotKey, old.Fence, intent(0, t0, "{}")); err != nil {
			t.Fatal(err)
		}
		claim(t, l, old.SlotKey)
		mustBeFenced(t, l, old)
	})
}

func TestNoProgressAfterTheEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l := s.Ledger()
		c := claimed(t, l, slot(here, "2025-07-03", "2025-07-02"))
		if err := l.Settle(t.Context(), c.SlotKey, c.Fence, delivery.Posted, ""); err != nil {
			t.Fatal(err)
		}
		mustBeFenced(t, l, c)
	})
}

func mustBeFenced(t *testing.T, l *store.Ledger, s delivery.Slot) {
	t.Helper()
	ctx := t.Context()
	for name, err := range map[string]error{
		"render":  l.Intend(ctx, s.SlotKey, s.Fence, intent(0, t0, "{}")),
		"replace": l.Replace(ctx, s.SlotKey, s.Fence, 0, messages("{}")),
		"intend":  l.Intend(ctx, s.SlotKey, s.Fence, intent(0, t0)),
		"refuse":  l.Refuse(ctx, s.SlotKey, s.Fence, 0),
		"confirm": l.Confirm(ctx, s.SlotKey, s.Fence, receipt(0, "m0", t0)),
		"settle":  l.Settle(ctx, s.SlotKey, s.Fence, delivery.Failed, "late"),
		"renew":   l.Renew(ctx, s.SlotKey, s.Fence, 1, time.Minute),
	} {
		if !errors.Is(err, delivery.ErrFenced) {
			t.Errorf("%s: %v, want ErrFenced", name, err)
		}
	}
}

// Either the intent comes first and the next holder sees it, or the claim
// comes first and the old holder must not send.
func TestIntendRacesClaim(t *testing.T) {
	t.Parallel()
	const rounds = 20
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		old, next := open(t, url).Ledger(), open(t, url).Ledger()
		for round := range rounds {
			c := claimed(t, old, slot(here, briefing.Date("2025-07-03").AddDays(round), briefing.Date("2025-07-02").AddDays(round)))
			in := intent(0, t0, "{}")
			if round%2 == 0 { // a part that is there
				err := errors.Join(old.Intend(t.Context(), c.SlotKey, c.Fence, in), old.Refuse(t.Context(), c.SlotKey, c.Fence, 0))
				if err != nil {
					t.Fatal(err)
				}
				in = intent(0, t0)
			}
			var both sync.WaitGroup
			var intended, claimed error
			var held delivery.Holding
			both.Go(func() { intended = old.Intend(t.Context(), c.SlotKey, c.Fence, in) })
			both.Go(func() { held, claimed = next.Claim(t.Context(), c.SlotKey, time.Minute) })
			both.Wait()
			if claimed != nil || intended != nil && !errors.Is(intended, delivery.ErrFenced) {
				t.Fatalf("claim: %v; intend: %v", claimed, intended)
			}
			if seen := len(held.Parts) == 1 && held.Parts[0].State == delivery.Sending; seen != (intended == nil) {
				t.Fatalf("intend: %v, but the next holder sees %+v", intended, held.Parts)
			}
		}
	})
}

func TestSettle(t *testing.T) {
	const digest, earlier = "2025-07-02", "2025-07-01"
	sending := func(ctx context.Context, l *store.Ledger, s delivery.Slot) error {
		return l.Intend(ctx, s.SlotKey, s.Fence, intent(0, t0, "{}"))
	}
	nothing := func(ctx context.Context, l *store.Ledger, s delivery.Slot) error {
		return errors.Join(sending(ctx, l, s), l.Refuse(ctx, s.SlotKey, s.Fence, 0))
	}
	cases := []struct {
		name   string
		state  delivery.SlotState
		before func(context.Context, *store.Ledger, delivery.Slot) error
		again  bool // the slot can be claimed
		had    []briefing.Date
	}{
		{"claimed", delivery.Claimed, nothing, true, []briefing.Date{digest, earlier}},
		{"doubtful", delivery.Doubtful, sending, true, []briefing.Date{digest, earlier}},
		{"posted", delivery.Posted, sending, false, []briefing.Date{digest, earlier}},
		{"failed", delivery.Failed, nothing, false, []briefing.Date{digest, earlier}},
		{"missed", delivery.Missed, nothing, false, nil},
		{"missed, perhaps posted", delivery.Missed, sending, false, []briefing.Date{digest, earlier}},
	}
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		for i, c := range cases {
			ref := mustRef("discord:G1/" + string(rune('A'+i)))
			open := slot(ref, "2025-07-03", digest, earlier)
			if err := l.Open(ctx, open); err != nil {
				t.Fatal(err)
			}
			taken, err := l.Claim(ctx, open.SlotKey, time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			held := taken.Slot
			err = errors.Join(
				c.before(ctx, l, held),
				l.Settle(ctx, held.SlotKey, held.Fence, c.state, "why"),
				l.Settle(ctx, held.SlotKey, held.Fence, c.state, "why"), // the answer was lost
			)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			again, err := l.Claim(ctx, held.SlotKey, 0)
			got := again.Slot
			if err != nil || got.State != c.state || got.Reason != "why" || (got.Fence > held.Fence) != c.again {
				t.Errorf("%s: claimed again as %+v, %v", c.name, got, err)
			}
			mustHave(t, l, ref, c.had...)
		}
	})
}

func TestPause(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		l, ctx := s.Ledger(), t.Context()
		if err := s.PutChannel(ctx, channel(here), bot.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			ref  bot.Ref
			code string
			want bool
		}{{here, "is_archived", true}, {here, "not_in_channel", false}, {there, "is_archived", false}} {
			if paused, err := l.Pause(ctx, c.ref, c.code, t0); paused != c.want || err != nil {
				t.Errorf("pause %s: %v, %v; want %v", c.ref, paused, err, c.want)
			}
		}
		want := channel(here)
		want.Paused, want.Reason = true, "is_archived"
		got, err := l.Channels(ctx)
		if diff := cmp.Diff([]bot.Channel{want}, got); diff != "" || err != nil {
			t.Errorf("channels: %v (-want +got):\n%s", err, diff)
		}
	})
}
