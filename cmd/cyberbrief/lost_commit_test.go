package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// lostCommits are the commits of groups of steps that a delivery loses, each in
// both ways.
func lostCommits() (all []bottest.LostCommit) {
	for _, statement := range []string{"ClaimSlots", "IntendSlots", "ConfirmSlots"} {
		for _, done := range []bool{false, true} {
			all = append(all, bottest.LostCommit{Statement: statement, Together: true, Done: done})
		}
	}
	return all
}

// TestCommitsLost delivers to many channels at a time while the line to the
// database breaks at the commits of groups of their steps, before the server
// hears of them or before its answers arrive. Every channel gets its briefing
// once, in its order, and every slot is settled.
func TestCommitsLost(t *testing.T) {
	t.Parallel()
	for _, p := range []bot.Platform{bot.Slack, bot.Discord} {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			c := newThrong(t, p)
			lost := lostCommits()
			c.line.Lose(lost...)
			c.deliver()
			if n := c.line.Lost(); n != len(lost) {
				t.Errorf("%d commits were lost, want %d", n, len(lost))
			}
			c.check()
		})
	}
}

// throng is many channels of one platform, whose briefings are due.
type throng struct {
	*testing.T
	line      *bottest.PostgresLine
	store     *store.Store
	deliverer *delivery.Deliverer
	keys      []delivery.SlotKey
	// seen is what people see in a channel.
	seen func(channel string) []bottest.Seen

	mu    sync.Mutex
	ahead time.Duration // of the clock
}

const (
	throngChannels = 24
	throngParts    = 3
	// throngRounds are how often everything is tried again at most.
	throngRounds = 40
)

func newThrong(t *testing.T, p bot.Platform) *throng {
	t.Helper()
	c := &throng{T: t, line: bottest.NewPostgresLine(t, bottest.Postgres(t))}
	var err error
	if c.store, err = store.Open(t.Context(), c.line.URL, store.Options{Clock: c.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.store.Shutdown() })
	sender, add := c.platform(p)
	now := c.clock()
	for i := range throngChannels {
		to := markedTarget(p).Ref
		to.Channel = fmt.Sprint(800000000000000000 + i)
		add(to.Channel)
		key := delivery.SlotKey{Ref: to, Date: "2025-07-04"}
		c.keys = append(c.keys, key)
		err := errors.Join(
			c.store.PutChannel(t.Context(), bot.Channel{Ref: to, Settings: bot.Settings{Zone: "Asia/Tokyo"}, AddedAt: now}, bot.AuditEntry{}),
			c.store.Ledger().Open(t.Context(), delivery.Slot{SlotKey: key, Digest: "2025-07-03", DueAt: now, ClosesAt: now.Add(time.Hour)}),
		)
		if err != nil {
			t.Fatal(err)
		}
	}
	policy := delivery.DefaultPolicies()[p]
	policy.Pace, policy.Spacing, policy.LookGap = rate.Inf, 0, 0
	c.deliverer = delivery.NewDeliverer(delivery.Options{
		Books: c.store.Ledger(), Channels: c.store, Library: oneDigest{}, Layout: func(*briefing.Briefing) bot.Post { return smallPost() },
		Senders:  map[bot.Platform]delivery.Sender{p: &stoppedSender{Sender: sender, mission: mission{Parts: throngParts}}},
		Policies: map[bot.Platform]delivery.Policy{p: policy},
		Clock:    c.clock, Logger: slog.New(slog.DiscardHandler),
	})
	return c
}

// platform is the fake's client, and how a channel is added there.
func (c *throng) platform(p bot.Platform) (s delivery.Sender, add func(channel string)) {
	c.Helper()
	var err error
	if p == bot.Slack {
		fake := bottest.NewSlack(c.T)
		c.seen = fake.Seen
		add = func(id string) { fake.AddChannel(bottest.SlackChannel{ID: id, Name: "news" + id, Member: true}) }
		s, err = slack.New(slack.Options{BotToken: bottest.SlackBotToken, APIURL: fake.URL})
	} else {
		fake := bottest.NewDiscord(c.T)
		c.seen = fake.Seen
		add = func(id string) { fake.AddChannel(testGuild, id) }
		s, err = discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: fake.URL()})
	}
	if err != nil {
		c.Fatal(err)
	}
	return s, add
}

func (c *throng) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// deliver delivers all slots at the same time, again and again until they are
// settled. The clock is put ahead where they are to wait.
func (c *throng) deliver() {
	c.Helper()
	for range throngRounds {
		var all sync.WaitGroup
		waits := make([]time.Duration, len(c.keys))
		for i, key := range c.keys {
			all.Go(func() {
				err := c.deliverer.Deliver(c.Context(), key)
				if later, ok := errors.AsType[*delivery.Later](err); ok {
					waits[i] = max(later.After, time.Millisecond)
				} else if err != nil {
					waits[i] = time.Second // the queue would come back
				}
			})
		}
		all.Wait()
		wait := slices.Max(waits)
		if wait == 0 {
			return
		}
		c.mu.Lock()
		c.ahead += wait
		c.mu.Unlock()
	}
	c.Error("not everything is settled")
}

// check wants every channel to have its briefing once.
func (c *throng) check() {
	c.Helper()
	var want []string
	for i := range throngParts {
		want = append(want, partText(i))
	}
	for _, key := range c.keys {
		var got []string
		for _, m := range c.seen(key.Ref.Channel) {
			got = append(got, strings.TrimSpace(m.Text))
		}
		rows, err := c.store.Ledger().Slots(c.Context(), key.Ref, 1)
		if err != nil || len(rows) != 1 || rows[0].State != delivery.Posted || !slices.Equal(got, want) {
			c.Errorf("channel %s shows %q, its slot is %+v, %v", key.Ref, got, rows, err)
		}
	}
}
