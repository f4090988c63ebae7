package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// instantSlack takes every message at once and checks nothing. It keeps the
// last body, for the bare client to send.
type instantSlack struct {
	server *httptest.Server
	serial atomic.Int64
	body   atomic.Pointer[[]byte]
}

func newInstantSlack(b *testing.B) *instantSlack {
	s := &instantSlack{}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.body.Store(&body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprintf(w, `{"ok":true,"channel":"C1","ts":"1751500000.%06d"}`, s.serial.Add(1))
	}))
	b.Cleanup(s.server.Close)
	return s
}

// abreast is how many deliveries run at the same time in this benchmark, and
// how many posts of the bare loop. The bot runs up to 1,000 on PostgreSQL.
const abreast = 256

// BenchmarkDeliveries posts one message each to b.N channels of a Slack that
// answers at once, and then the same bytes with a bare http.Client, and says
// how they compare. Each delivery is claimed, intended, sent and confirmed,
// each of it on the disk before the next.
func BenchmarkDeliveries(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			url := map[string]func(testing.TB) string{"sqlite": bottest.SQLite, "postgres": bottest.Postgres}[engine](b)
			fake := newInstantSlack(b)
			d, keys := benchDeliverer(b, url, fake)
			b.ResetTimer()
			began := time.Now()
			together(b.N, func(i int) {
				if err := d.Deliver(b.Context(), keys[i]); err != nil {
					b.Error(err)
				}
			})
			took := time.Since(began)
			b.StopTimer()
			bare := bareLoop(b, fake, max(b.N, 2000))
			ours := float64(b.N) / took.Seconds()
			b.ReportMetric(ours, "deliveries/s")
			b.ReportMetric(bare, "bare_posts/s")
			b.ReportMetric(ours/bare, "of_bare")
		})
	}
}

// benchDeliverer opens a slot in each of b.N channels.
func benchDeliverer(b *testing.B, url string, fake *instantSlack) (*delivery.Deliverer, []delivery.SlotKey) {
	s, err := store.Open(b.Context(), url, store.Options{Prepare: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Shutdown() })
	client, err := slack.New(slack.Options{BotToken: bottest.SlackBotToken, APIURL: fake.server.URL + "/api/"})
	if err != nil {
		b.Fatal(err)
	}
	books, now := s.Ledger(), time.Now()
	keys := make([]delivery.SlotKey, b.N)
	for i := range keys {
		ref := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: bottest.SlackTeam}, Channel: fmt.Sprintf("C%d", i)}
		c := bot.Channel{Ref: ref, Settings: bot.Settings{Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour}, AddedAt: now}
		if err := s.PutChannel(b.Context(), c, bot.AuditEntry{At: now, Installation: c.ID(), Who: "test", What: "add", Ref: ref}); err != nil {
			b.Fatal(err)
		}
		keys[i] = delivery.SlotKey{Ref: ref, Date: "2025-07-04"}
		if err := books.Open(b.Context(), delivery.Slot{SlotKey: keys[i], Digest: "2025-07-03", DueAt: now, ClosesAt: now.Add(4 * time.Hour)}); err != nil {
			b.Fatal(err)
		}
	}
	policy := delivery.DefaultPolicies()[bot.Slack]
	policy.Pace, policy.Spacing = rate.Inf, 0
	return delivery.NewDeliverer(delivery.Options{
		Books: books, Channels: s, Library: oneDigest{}, Layout: func(*briefing.Briefing) bot.Post { return smallPost() },
		Senders:  map[bot.Platform]delivery.Sender{bot.Slack: client},
		Policies: map[bot.Platform]delivery.Policy{bot.Slack: policy},
		Clock:    time.Now, Logger: slog.New(slog.DiscardHandler),
	}), keys
}

// bareLoop posts the same bytes n times with nothing around it, and gives how
// many a second.
func bareLoop(b *testing.B, fake *instantSlack, n int) float64 {
	body := *fake.body.Load()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: abreast}}
	defer client.CloseIdleConnections()
	began := time.Now()
	together(n, func(int) {
		resp, err := client.Post(fake.server.URL+"/api/chat.postMessage", "application/x-www-form-urlencoded", bytes.NewReader(body))
		if err != nil {
			b.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	})
	return float64(n) / time.Since(began).Seconds()
}

// BenchmarkPlan plans for 100,000 channels: the first time, when all are
// looked at, and the next, when all rest.
func BenchmarkPlan(b *testing.B) {
	const many = 100_000
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			url := map[string]func(testing.TB) string{"sqlite": bottest.SQLite, "postgres": bottest.Postgres}[engine](b)
			s, err := store.Open(b.Context(), url, store.Options{Prepare: true})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Shutdown() })
			now := time.Date(2025, 7, 4, 3, 0, 0, 0, time.UTC)
			board := &manyChannels{Ledger: s.Ledger(), all: make([]bot.Channel, many)}
			for i := range board.all {
				ref := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: fmt.Sprintf("T%d", i/50)}, Channel: fmt.Sprintf("C%d", i)}
				board.all[i] = bot.Channel{Ref: ref, Settings: bot.Settings{Time: bot.Clock(8*60 + i%120), Zone: "Asia/Tokyo", CatchUp: time.Hour}, AddedAt: now}
			}
			for b.Loop() {
				planner := delivery.NewPlanner(delivery.PlannerOptions{
					Ledger: board, Board: board, Library: oneDigest{}, Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
				})
				for _, what := range []string{"first_s", "next_s"} {
					began := time.Now()
					if err := planner.Plan(b.Context()); err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(time.Since(began).Seconds(), what)
				}
			}
		})
	}
}

// manyChannels is a ledger that has many channels without a row for each.
type manyChannels struct {
	*store.Ledger
	all []bot.Channel
}

// Channels implements delivery.Board.
func (m *manyChannels) Channels(context.Context) ([]bot.Channel, error) { return m.all, nil }

// together does n things, so many abreast.
func together(n int, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(abreast, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
