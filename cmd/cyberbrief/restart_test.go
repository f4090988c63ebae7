package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/time/rate"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// restarted is a ledger whose server loses all its connections just before a
// step of a delivery, as it does when it restarts: once before each of a few.
type restarted struct {
	delivery.Books
	drop  func()
	steps map[string]bool // that are still to come
}

func (r *restarted) before(step string) {
	if r.steps[step] {
		delete(r.steps, step)
		r.drop()
	}
}

func (r *restarted) Confirm(ctx context.Context, key delivery.SlotKey, fence int64, c delivery.Receipt) error {
	r.before(fmt.Sprintf("confirm %d", c.Index))
	return r.Books.Confirm(ctx, key, fence, c)
}

// TestPostgresRestarts ends every connection of the database twice while
// a briefing of three messages is delivered. It is posted once.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits for the tries after an error of the database")
	}
	database := bottest.Postgres(t)
	fake := bottest.NewSlack(t)
	s, err := store.Open(t.Context(), database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Shutdown() })
	client, err := slack.New(slack.Options{BotToken: bottest.SlackBotToken, APIURL: fake.URL})
	if err != nil {
		t.Fatal(err)
	}
	ref, now := markedTarget(bot.Slack).Ref, time.Now()
	c := bot.Channel{Ref: ref, Settings: bot.Settings{Zone: "Asia/Tokyo"}, AddedAt: now}
	if err := s.PutChannel(t.Context(), c, bot.AuditEntry{At: now, Installation: c.ID(), Who: "test", What: "add", Ref: ref}); err != nil {
		t.Fatal(err)
	}
	key := delivery.SlotKey{Ref: ref, Date: "2025-07-04"}
	if err := s.Ledger().Open(t.Context(), delivery.Slot{SlotKey: key, Digest: "2025-07-03", DueAt: now, ClosesAt: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	books := &restarted{s.Ledger(), func() { dropConnections(t, database) }, map[string]bool{"confirm 1": true, "confirm 2": true}}
	policy := delivery.DefaultPolicies()[bot.Slack]
	policy.Pace, policy.Spacing, policy.LookGap = rate.Inf, 0, 0
	d := delivery.NewDeliverer(delivery.Options{
		Books: books, Channels: s, Library: oneDigest{}, Layout: func(*briefing.Briefing) bot.Post { return smallPost() },
		Senders:  map[bot.Platform]delivery.Sender{bot.Slack: &stoppedSender{Sender: client, mission: mission{Parts: 3}}},
		Policies: map[bot.Platform]delivery.Policy{bot.Slack: policy},
		Clock:    time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	for deadline := time.Now().Add(4 * patience); ; {
		err := d.Deliver(t.Context(), key)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not settled: %v", err)
		}
		wait := time.Second
		if later, ok := errors.AsType[*delivery.Later](err); ok {
			wait = later.After
		}
		time.Sleep(wait)
	}
	var got, want []string
	for i, m := range fake.Seen(bottest.SlackChannelID) {
		got = append(got, strings.TrimSpace(m.Text))
		want = append(want, partText(i))
	}
	if len(got) != 3 || !slices.Equal(got, want) || len(books.steps) > 0 {
		t.Errorf("the channel shows %q; restarts still to come: %v", got, books.steps)
	}
}

// dropConnections ends all connections to the database but its own.
func dropConnections(t *testing.T, database string) {
	t.Helper()
	config, err := pgx.ParseConfig(database)
	if err != nil {
		t.Error(err)
		return
	}
	name := config.Database
	other, err := url.Parse(database)
	if err != nil {
		t.Error(err)
		return
	}
	other.Path = "/postgres"
	if config, err = pgx.ParseConfig(other.String()); err != nil {
		t.Error(err)
		return
	}
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer db.Close()
	if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		t.Error(fmt.Errorf("end connections: %w", err))
	}
}
