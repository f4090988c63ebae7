package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing/briefingtest"
)

// errKilled is the panic by which a test ends a process: Deliver gives up at
// once, writes nothing more, and its claim stays open as after a kill -9.
var errKilled = errors.New("killed")

// mortal is a ledger whose process dies at a step.
type mortal struct {
	delivery.Books
	step string // "claim", "render", "intend 1", "confirm 0", "settle" …
	// before is whether the step is still to be done when the process dies.
	before bool
	// skip is how often the step passes first.
	skip int
	// instead happens in the place of death; nil for none.
	instead func()
}

func (m *mortal) at(step string, do func() error) error {
	if m.step != step {
		return do()
	}
	if m.skip > 0 {
		m.skip--
		return do()
	}
	m.step = ""
	if m.instead != nil {
		if m.before {
			m.instead()
			return do()
		}
		defer m.instead()
		return do()
	}
	if !m.before {
		if err := do(); err != nil {
			return err
		}
	}
	panic(errKilled)
}

func (m *mortal) Claim(ctx context.Context, key delivery.SlotKey, lease time.Duration) (held delivery.Holding, err error) {
	err = m.at("claim", func() error {
		held, err = m.Books.Claim(ctx, key, lease)
		return err
	})
	return held, err
}

func (m *mortal) Renew(ctx context.Context, key delivery.SlotKey, fence int64, attempts int, lease time.Duration) error {
	return m.at("renew", func() error { return m.Books.Renew(ctx, key, fence, attempts, lease) })
}

func (m *mortal) Intend(ctx context.Context, key delivery.SlotKey, fence int64, in delivery.Intent) error {
	return m.at(fmt.Sprintf("intend %d", in.Index), func() error { return m.Books.Intend(ctx, key, fence, in) })
}

func (m *mortal) Confirm(ctx context.Context, key delivery.SlotKey, fence int64, r delivery.Receipt) error {
	return m.at(fmt.Sprintf("confirm %d", r.Index), func() error { return m.Books.Confirm(ctx, key, fence, r) })
}

func (m *mortal) Settle(ctx context.Context, key delivery.SlotKey, fence int64, state delivery.SlotState, reason string) error {
	return m.at("settle", func() error { return m.Books.Settle(ctx, key, fence, state, reason) })
}

func (m *mortal) Stage(ctx context.Context, key delivery.SlotKey, fence int64, c delivery.Correction, parts []delivery.Part) error {
	return m.at("stage", func() error { return m.Books.Stage(ctx, key, fence, c, parts) })
}

func (m *mortal) Mark(ctx context.Context, key delivery.SlotKey, fence int64, i int, state delivery.PartState) error {
	return m.at(fmt.Sprintf("mark %d", i), func() error { return m.Books.Mark(ctx, key, fence, i, state) })
}

func (m *mortal) SettleCorrection(ctx context.Context, key delivery.SlotKey, fence int64, edition string, c delivery.Correction) error {
	return m.at("settle", func() error { return m.Books.SettleCorrection(ctx, key, fence, edition, c) })
}

func (m *mortal) SettleRetraction(ctx context.Context, key delivery.SlotKey, fence int64, at time.Time, reason string) error {
	return m.at("settle", func() error { return m.Books.SettleRetraction(ctx, key, fence, at, reason) })
}

// crash is one way to die; at most one of its fields is set.
type crash struct {
	step   string
	before bool
	// part is that whose request is the last thing the process does.
	part  *int
	taken bool
}

func (c crash) String() string {
	switch {
	case c.part != nil:
		return fmt.Sprintf("in request %d, taken %v", *c.part, c.taken)
	case c.before:
		return "before " + c.step
	}
	return "after " + c.step
}

// crashes are all steps of a delivery of three messages.
func crashes() []crash {
	var all []crash
	steps := []string{"claim"}
	for i := range 3 {
		steps = append(steps, fmt.Sprintf("intend %d", i), fmt.Sprintf("confirm %d", i))
		all = append(all, crash{part: &i}, crash{part: &i, taken: true})
	}
	for _, s := range steps {
		all = append(all, crash{step: s, before: true}, crash{step: s})
	}
	return briefingtest.Some(all)
}

// die delivers until the process is killed as c says.
func (w *world) die(c crash, key delivery.SlotKey) {
	w.Helper()
	w.books = func(b delivery.Books) delivery.Books {
		return &mortal{Books: b, step: c.step, before: c.before}
	}
	if c.part != nil {
		kill := outcome{refused: !c.taken, after: func() { panic(errKilled) }}
		w.platform.fault = onPart(*c.part, 1, kill)
	}
	err := w.deliverer().Deliver(w.Context(), key)
	if err == nil || !slices.Contains([]delivery.SlotState{delivery.Claimed, delivery.Posted}, w.slot(today).State) {
		w.Fatalf("the process was not killed: %v", err)
	}
	w.books, w.platform.fault = nil, nil
}

// TestCrash kills a delivery at every step: on every platform, with another
// process taking over at once or after a while, everything is posted once
// and in order.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, p := range everywhere {
		for _, c := range crashes() {
			for _, gap := range []time.Duration{0, 10 * time.Minute} {
				t.Run(fmt.Sprintf("%s/%s/%s", p, c, gap), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, p)
						key := w.open("one", "two")
						w.die(c, key)
						time.Sleep(gap)
						back := time.Now()
						w.drive(w.deliverer(), key)
						w.want(delivery.Posted, "", parent, "one", "two")
						if took := time.Since(back); took > 35*time.Second {
							t.Errorf("settled %v after recovery", took)
						}
					})
				})
			}
		}
	}
}

// TestCrashUnseen kills a delivery where the channel may not be read: what
// may have been posted is not repeated, and the slot says so.
func TestCrashUnseen(t *testing.T) {
	t.Parallel()
	for _, c := range crashes() {
		t.Run(c.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				w.platform.blind = &bot.OutcomeError{Class: bot.InstallationGone, Code: "missing_scope"}
				key := w.open("one", "two")
				w.die(c, key)
				w.drive(w.deliverer(), key)
				shown := w.platform.texts(key.Ref)
				if s := w.slot(today); s.State == delivery.Doubtful {
					if s.Reason != "doubtful: cannot read history" {
						t.Errorf("reason %q", s.Reason)
					}
				} else if s.State != delivery.Posted || len(shown) != 3 {
					t.Errorf("slot is %s with %q", s.State, shown)
				}
				if slices.Sort(shown); len(slices.Compact(shown)) != len(w.platform.texts(key.Ref)) {
					t.Errorf("posted twice: %q", shown)
				}
				if c, err := w.store.Channel(t.Context(), key.Ref); err != nil || c.Paused {
					t.Errorf("channel paused %v, %v: only reading is forbidden", c.Paused, err)
				}
			})
		})
	}
}

// TestStaleProcess wakes a process up that slept through its claim: its fence
// is old, so it may neither send nor write.
func TestStaleProcess(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"intend 0", "after intend 0", "intend 1", "after intend 1", "confirm 1", "confirm 2"} {
		t.Run(step, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.open("one", "two")
				w.books = func(b delivery.Books) delivery.Books {
					return &sleepy{mortal{Books: b, step: step, before: true}}
				}
				stale := w.deliverer()
				w.books = nil
				done := make(chan error)
				go func() { done <- stale.Deliver(t.Context(), key) }()
				time.Sleep(time.Minute) // the claim ends meanwhile
				w.drive(w.deliverer(), key)
				<-done
				w.want(delivery.Posted, "", parent, "one", "two")
			})
		})
	}
}

// TestSlowDelivery: a claim lasts as long as its requests, however slow they
// are, so that nobody else begins meanwhile.
func TestSlowDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one", "two")
		other := w.deliverer()
		w.platform.fault = func(int, bot.Target, bot.Message) outcome {
			time.Sleep(9 * time.Second)
			err := other.Deliver(t.Context(), key)
			later, ok := errors.AsType[*delivery.Later](err)
			if !ok || later.After <= 0 || later.After > 11*time.Second {
				t.Errorf("another process, nine seconds into a request: %v", err)
			}
			return outcome{}
		}
		w.drive(w.deliverer(), key)
		w.want(delivery.Posted, "", parent, "one", "two")
		if s := w.slot(today); s.Fence != 1 {
			t.Errorf("%d claims, want 1", s.Fence)
		}
	})
}

// sleepy is a ledger whose process sleeps before a step instead of dying.
type sleepy struct{ mortal }

func (s *sleepy) nap(step string) {
	if s.step == step {
		time.Sleep(10 * time.Minute)
	}
}

func (s *sleepy) Renew(ctx context.Context, key delivery.SlotKey, fence int64, attempts int, lease time.Duration) error {
	s.nap("renew")
	return s.Books.Renew(ctx, key, fence, attempts, lease)
}

func (s *sleepy) Intend(ctx context.Context, key delivery.SlotKey, fence int64, in delivery.Intent) error {
	s.nap(fmt.Sprintf("intend %d", in.Index))
	defer s.nap(fmt.Sprintf("after intend %d", in.Index)) // the request is still to come
	return s.Books.Intend(ctx, key, fence, in)
}

func (s *sleepy) Confirm(_ context.Context, key delivery.SlotKey, fence int64, r delivery.Receipt) error {
	s.nap(fmt.Sprintf("confirm %d", r.Index))
	return s.Books.Confirm(context.Background(), key, fence, r)
}

func (s *sleepy) Settle(_ context.Context, key delivery.SlotKey, fence int64, state delivery.SlotState, reason string) error {
	s.nap("settle")
	return s.Books.Settle(context.Background(), key, fence, state, reason)
}
