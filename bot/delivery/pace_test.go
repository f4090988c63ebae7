package delivery_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing"
)

// notebook is a ledger in memory for one process, and its queue.
type notebook struct {
	delivery.Books // what it does not have
	mu             sync.Mutex
	channels       []bot.Channel
	slots          map[bot.Ref]*delivery.Slot
	parts          map[bot.Ref][]delivery.Part
	queue          []delivery.SlotKey
}

func newNotebook(channels []bot.Channel) *notebook {
	return &notebook{channels: channels, slots: map[bot.Ref]*delivery.Slot{}, parts: map[bot.Ref][]delivery.Part{}}
}

func (n *notebook) Channels(context.Context) ([]bot.Channel, error) { return n.channels, nil }

func (n *notebook) Had(context.Context, bot.Ref) (map[briefing.Date]bool, error) { return nil, nil }

func (n *notebook) Slots(_ context.Context, ref bot.Ref, _ int) ([]delivery.Slot, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.slots[ref]; s != nil {
		return []delivery.Slot{*s}, nil
	}
	return nil, nil
}

func (n *notebook) Open(_ context.Context, s delivery.Slot) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slots[s.Ref] = &s
	n.queue = append(n.queue, s.SlotKey)
	return nil
}

func (n *notebook) Claim(ctx context.Context, key delivery.SlotKey, _ time.Duration) (delivery.Holding, error) {
	c, err := n.Channel(ctx, key.Ref)
	n.mu.Lock()
	defer n.mu.Unlock()
	return delivery.Holding{
		Slot: *n.slots[key.Ref], Parts: slices.Clone(n.parts[key.Ref]),
		Addressee: delivery.Addressee{Channel: c, Subscribed: err == nil},
	}, nil
}

func (n *notebook) Intend(_ context.Context, key delivery.SlotKey, _ int64, in delivery.Intent) error {
	if in.Rendering != nil {
		n.render(key, in.Rendering.Bodies)
	}
	return n.part(key, in.Index, delivery.Sending, in.At)
}

func (n *notebook) render(key delivery.SlotKey, bodies []bot.Message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, b := range bodies {
		n.parts[key.Ref] = append(n.parts[key.Ref], delivery.Part{Index: i, State: delivery.Rendered, Body: b})
	}
}

func (n *notebook) Refuse(_ context.Context, key delivery.SlotKey, _ int64, i int) error {
	return n.part(key, i, delivery.Rendered, time.Time{})
}

func (n *notebook) Confirm(ctx context.Context, key delivery.SlotKey, fence int64, r delivery.Receipt) error {
	n.mu.Lock()
	n.parts[key.Ref][r.Index].ID = r.ID
	n.mu.Unlock()
	err := n.part(key, r.Index, delivery.Sent, r.At)
	if err == nil && r.Last {
		err = n.Settle(ctx, key, fence, delivery.Posted, "")
	}
	return err
}

func (n *notebook) part(key delivery.SlotKey, i int, state delivery.PartState, at time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.parts[key.Ref][i].State, n.parts[key.Ref][i].IntentAt = state, at
	return nil
}

func (n *notebook) Settle(_ context.Context, key delivery.SlotKey, _ int64, state delivery.SlotState, reason string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slots[key.Ref].State, n.slots[key.Ref].Reason = state, reason
	return nil
}

// strict is a platform that enforces its documented pace, and counts.
type strict struct {
	platform
	every, burst int // requests a second and at once, of one installation or of all
	apart        bool
	mu           sync.Mutex
	buckets      map[string]*rate.Limiter
	sent         int
	refused      int
}

func (s *strict) Send(_ context.Context, to bot.Target, _ bot.Message) (bot.MessageID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tenant := "all"
	if s.apart {
		tenant = to.Tenant
	}
	if !s.allow(tenant, rate.Limit(s.every), s.burst) || !s.allow(to.Ref.String(), 1, 1) {
		s.refused++
		return "", &bot.OutcomeError{Class: bot.Limited, Code: "ratelimited", RetryAfter: 30 * time.Second}
	}
	s.sent++
	return bot.MessageID(fmt.Sprint(s.sent)), nil
}

func (s *strict) allow(key string, limit rate.Limit, burst int) bool {
	if s.buckets[key] == nil {
		s.buckets[key] = rate.NewLimiter(limit, burst)
	}
	// A request that is due this nanosecond is not early.
	return s.buckets[key].AllowN(time.Now().Add(time.Microsecond), 1)
}

// crowd is so many channels, all of the same time.
func crowd(p bot.Platform, workspaces, each int) []bot.Channel {
	var all []bot.Channel
	for w := range workspaces {
		for c := range each {
			all = append(all, bot.Channel{
				Ref:      bot.Ref{Installation: bot.Installation{Platform: p, Tenant: fmt.Sprintf("T%03d", w)}, Channel: fmt.Sprintf("C%02d", c)},
				Settings: bot.Settings{Time: 8*60 + 30, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, MaxAge: 3},
				AddedAt:  begin,
			})
		}
	}
	slices.SortFunc(all, func(a, b bot.Channel) int { return cmp.Compare(a.Ref.String(), b.Ref.String()) }) // as the store gives them
	return all
}

// work works on the queue as River does: the oldest job first, so many at a
// time, and those that were put off when their time has come.
func (n *notebook) work(d *delivery.Deliverer) {
	var wg sync.WaitGroup
	for range delivery.Queues()[delivery.DeliverQueue] {
		wg.Go(func() {
			for key, ok := n.next(); ok; key, ok = n.next() {
				n.settle(d, key, &wg)
			}
		})
	}
	wg.Wait()
}

// settle delivers once; what is put off comes again in its time.
func (n *notebook) settle(d *delivery.Deliverer, key delivery.SlotKey, wg *sync.WaitGroup) {
	if later, again := errors.AsType[*delivery.Later](d.Deliver(context.Background(), key)); again {
		wg.Go(func() {
			time.Sleep(max(later.After, time.Second))
			n.settle(d, key, wg)
		})
	}
}

// next takes the oldest job.
func (n *notebook) next() (key delivery.SlotKey, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) == 0 {
		return key, false
	}
	key, n.queue = n.queue[0], n.queue[1:]
	return key, true
}

// TestPace lets 10,000 channels of 200 workspaces be due at the same minute, in
// a short matrix 2,000 of 40, still more than are delivered to at a time, on
// a platform that enforces its documented pace and on one process: it
// refuses nothing, and the last message is there within 5 % of the time that
// the pace leaves at the least.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		platform     bot.Platform
		every, burst int
		parts        int
	}{
		{bot.Slack, 4, 4, 1},
		{bot.Slack, 4, 4, 3},
		{bot.Discord, 20, 5, 1},
	} {
		t.Run(fmt.Sprintf("%s/%d messages", tt.platform, tt.parts), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(begin.Add(30 * time.Minute)))
				workspaces, each := 40, 50
				if *matrix == "full" {
					workspaces = 200
				}
				p := &strict{every: tt.every, burst: tt.burst, apart: tt.platform == bot.Slack, buckets: map[string]*rate.Limiter{}}
				book := newNotebook(crowd(tt.platform, workspaces, each))
				books := &shelf{}
				books.put("2000-01-04", slices.Repeat([]string{"story"}, tt.parts-1)...)
				log := slog.New(slog.DiscardHandler)
				planner := delivery.NewPlanner(delivery.PlannerOptions{Ledger: book, Board: book, Library: books, Clock: time.Now, Logger: log})
				d := delivery.NewDeliverer(delivery.Options{
					Books: book, Channels: book, Library: books, Layout: layout, Clock: time.Now, Logger: log,
					Senders: map[bot.Platform]delivery.Sender{tt.platform: p}, Policies: delivery.DefaultPolicies(),
				})
				if err := planner.Plan(t.Context()); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				book.work(d)
				took := time.Since(began)
				total, groups := workspaces*each*tt.parts, 1
				if p.apart {
					groups = workspaces
				}
				least := time.Duration(float64(total/groups-tt.burst) / float64(tt.every) * float64(time.Second))
				t.Logf("%d messages in %v, at the least %v: %+.1f %%; refused %d", p.sent, took, least, 100*(took.Seconds()/least.Seconds()-1), p.refused)
				if p.sent != total || p.refused > 0 || took > least+least/20 {
					t.Errorf("%d of %d sent, %d refused, %v", p.sent, total, p.refused, took)
				}
				states := map[delivery.SlotState]int{}
				for s := range maps.Values(book.slots) {
					states[s.State]++
				}
				if states[delivery.Posted] != workspaces*each {
					t.Errorf("slots: %v", states)
				}
			})
		})
	}
}

func (n *notebook) Channel(_ context.Context, ref bot.Ref) (bot.Channel, error) {
	i, found := slices.BinarySearchFunc(n.channels, ref.String(), func(c bot.Channel, want string) int { return cmp.Compare(c.Ref.String(), want) })
	if !found {
		return bot.Channel{}, briefing.ErrNotFound
	}
	return n.channels[i], nil
}
