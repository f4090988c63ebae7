package delivery_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"

	"github.com/riverqueue/river"
)

// patience ends a test that hangs; no test waits for it.
const patience = 30 * time.Second

// live is a bot on real time with a real queue, whose channel is due now.
func live(t *testing.T, url string) (w *world, start func(), done <-chan struct{}) {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	posted := make(chan struct{}, 1)
	now := time.Now().UTC()
	w = &world{T: t, store: s, library: &shelf{}, platform: &platform{}, meter: &counts{}, policy: delivery.DefaultPolicies()[bot.Console]}
	w.platform.fault = func(_ int, to bot.Target, _ bot.Message) outcome {
		if to.Marker.Part == 1 {
			return outcome{after: func() { posted <- struct{}{} }}
		}
		return outcome{}
	}
	w.channel = bot.Channel{
		Ref:         bot.Ref{Installation: bot.Installation{Platform: bot.Console}, Channel: "C1"},
		Settings:    bot.Settings{Time: bot.Clock(now.Hour()*60 + now.Minute()), Zone: "UTC", CatchUp: time.Hour},
		AddedAt:     now,
		OpenAtStart: true,
	}
	w.put(w.channel)
	w.library.put("2000-01-04", "one")
	return w, func() { w.startQueue() }, posted
}

func (w *world) startQueue() {
	w.Helper()
	l := w.store.Ledger()
	planner := delivery.NewPlanner(delivery.PlannerOptions{
		Ledger: l, Board: l, Library: w.library, Enqueue: w.store.Enqueue, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	workers, err := delivery.Workers(w.deliverer(), planner)
	if err != nil {
		w.Fatal(err)
	}
	queue, err := w.store.StartQueue(w.Context(), workers, store.QueueConfig{
		Queues: delivery.Queues(), Periodic: delivery.PeriodicJobs(), JobTimeout: delivery.JobTimeout,
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := queue.Stop(ctx); err != nil {
			w.Error(err)
		}
	})
	if err := w.store.Enqueue(w.Context(), delivery.PlanArgs{}); err != nil {
		w.Fatal(err)
	}
}

func TestQueueDelivers(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w, start, done := live(t, url)
		start()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatalf("not posted; channel shows %q", w.platform.texts(w.channel.Ref))
		}
		if got := w.platform.texts(w.channel.Ref); strings.Join(got, ",") != parent+",one" {
			t.Errorf("channel shows %q", got)
		}
	})
}

// TestQueueFindsOrphans: the slot's job is gone with the process that had it.
func TestQueueFindsOrphans(t *testing.T) {
	t.Parallel()
	url := bottest.SQLite(t)
	w, start, done := live(t, url)
	if err := w.planner().Plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE river_job SET state = 'running', attempted_at = CURRENT_TIMESTAMP"); err != nil {
		t.Fatal(err)
	}
	start()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatal("the orphan was not posted")
	}
}

// TestRequeue: all that is open when a process begins, later what takes long,
// and then not more often than needed.
func TestRequeue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		key := w.open("one")
		var queued []river.JobArgs
		l := w.store.Ledger()
		p := delivery.NewPlanner(delivery.PlannerOptions{
			Ledger: l, Board: l, Library: w.library, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
			Enqueue: func(_ context.Context, a river.JobArgs) error { queued = append(queued, a); return nil },
		})
		plan := func(want int) {
			t.Helper()
			if err := p.Plan(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(queued) != want {
				t.Fatalf("%d jobs queued, want %d", len(queued), want)
			}
		}
		plan(1)
		time.Sleep(time.Minute)
		plan(1) // its own job has time
		time.Sleep(time.Minute)
		plan(2)
		for i, period := range []time.Duration{0, 5 * time.Minute} {
			b, err := json.Marshal(queued[i])
			if err != nil || string(b) != `{"channel":"slack:T1/C1","date":"2000-01-05"}` {
				t.Errorf("job %d: %s, %v", i, b, err)
			}
			if got := queued[i].(river.JobArgsWithInsertOpts).InsertOpts().UniqueOpts.ByPeriod; got != period {
				t.Errorf("job %d: once in %v, want %v", i, got, period)
			}
		}
		w.drive(w.deliverer(), key)
		plan(2) // settled
	})
}

func TestArgs(t *testing.T) {
	t.Parallel()
	key := delivery.SlotKey{Ref: bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: "1"}, Channel: "2"}, Date: today}
	if got, err := delivery.ArgsOf(key).Key(); got != key || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []delivery.DeliverArgs{{}, {Channel: "discord:1/2", Date: "5 January"}, {Channel: "fax:1", Date: "2000-01-05"}} {
		if _, err := bad.Key(); err == nil {
			t.Errorf("%+v names a slot", bad)
		}
	}
}
