package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing/briefingtest"
)

// The kinds of jobs that have to do with a channel that is paused: to post and
// be refused, and to tell of it.
const (
	pauses = "pause"
	tells  = "tell"
)

// everybodyTold is what a victim says when nobody is left to tell.
const everybodyTold = "everybody told"

// notice tries to post until the channel is paused, and then tells until
// nobody is left to tell.
func (m mission) notice(ctx context.Context, planner *delivery.Planner, books *stoppedBooks, d *delivery.Deliverer) (string, error) {
	if err := planner.Plan(ctx); err != nil {
		return "", err
	}
	rows, err := books.Slots(ctx, m.Ref, 1)
	if err != nil || len(rows) == 0 {
		return "", fmt.Errorf("%d slots, %w", len(rows), err)
	}
	for {
		err := d.Deliver(ctx, rows[0].SlotKey)
		later, ok := errors.AsType[*delivery.Later](err)
		if !ok { // the slot waits for the channel
			return "", fmt.Errorf("posted to a channel that refuses: %w", err)
		}
		mine, err := books.Channels(ctx)
		if err != nil || len(mine) != 1 {
			return "", fmt.Errorf("%d channels, %w", len(mine), err)
		}
		if mine[0].Paused {
			break
		}
		time.Sleep(later.After)
	}
	if m.Job.Kind == pauses {
		return pauses, nil
	}
	for {
		err := d.Tell(ctx)
		if _, ok := errors.AsType[*delivery.Later](err); ok {
			time.Sleep(10 * time.Millisecond) // the clock is ahead already
			continue
		}
		return everybodyTold, err
	}
}

func (b *stoppedBooks) Pause(ctx context.Context, ref bot.Ref, reason string, at time.Time) (bool, error) {
	b.at("before paused", 0)
	paused, err := b.Books.Pause(ctx, ref, reason, at)
	b.at("paused", 0)
	return paused, err
}

// OpenNotices leaves out those of others, who share the database.
func (b *stoppedBooks) OpenNotices(ctx context.Context) ([]delivery.Notice, error) {
	open, err := b.Books.OpenNotices(ctx)
	return slices.DeleteFunc(open, func(n delivery.Notice) bool { return n.Ref != b.Ref }), err
}

func (b *stoppedBooks) IntendNotices(ctx context.Context, notices []delivery.Notice, at time.Time) ([]delivery.Notice, error) {
	b.at("before told intent", 0)
	mine, err := b.Books.IntendNotices(ctx, notices, at)
	b.at("told intent", 0)
	return mine, err
}

func (b *stoppedBooks) SettleNotices(ctx context.Context, notices []delivery.Notice, state delivery.NoticeState, reason string, due time.Time) error {
	b.at("before told", 0)
	err := b.Books.SettleNotices(ctx, notices, state, reason, due)
	b.at("told", 0)
	return err
}

// Notify is delivery.Notifier's.
func (s *stoppedSender) Notify(ctx context.Context, to bot.Target, m bot.Message) error {
	s.at("before notice", 0)
	return s.Sender.(delivery.Notifier).Notify(ctx, to, m)
}

// TestNoticeMatrix kills real processes with kill -9 between the refusal of a
// channel and the end of the notice of it, and lets others go on. The person is
// told once where the kill came before the intent, and at most once elsewhere.
func TestNoticeMatrix(t *testing.T) {
	t.Parallel()
	bases := basesToKillOn(t)
	var wg sync.WaitGroup
	turns := make(chan struct{}, victims())
	runs := 0
	for _, c := range []struct {
		kind, step string
		want       int
	}{
		{pauses, "before paused", 1}, {pauses, "paused", 1}, {tells, "before told intent", 1},
		{tells, "told intent", 0}, {tells, "before notice", 0}, {tells, "before told", 1}, {tells, "told", 1},
	} {
		for engine, url := range bases {
			for _, p := range []bot.Platform{bot.Slack, bot.Discord} {
				if runs++; briefingtest.Racing && runs%racedCells != 0 {
					continue
				}
				turns <- struct{}{}
				wg.Go(func() {
					defer func() { <-turns }()
					t.Run(fmt.Sprintf("%s/%s/%s", engine, p, c.step), func(t *testing.T) {
						newRefusal(t, p, url).run(job{Kind: c.kind}, c.step, c.want)
					})
				})
			}
		}
	}
	wg.Wait()
}

// refusal is a scene whose channel does not let the bot post.
type refusal struct {
	*scene
	person string
}

func newRefusal(t *testing.T, p bot.Platform, url string) *refusal {
	t.Helper()
	r := &refusal{newScene(t, cell{platform: p, parts: 1, mood: moods[0]}, url), bottest.SlackAdmin}
	id := r.mission.Ref.Channel
	if p == bot.Slack {
		r.slack.AddChannel(bottest.SlackChannel{ID: id, Name: "news"}) // the bot is out
	} else {
		r.person = "8"
		r.discord.RefusePosts(id, bottest.DiscordFault{Status: 403, Code: 50013})
	}
	s, err := store.Open(t.Context(), r.mission.Database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Channel(t.Context(), r.mission.Ref)
	if err == nil {
		err = s.PutChannel(t.Context(), c, bot.AuditEntry{Who: r.person, What: "add"})
	}
	if err := errors.Join(err, s.Shutdown()); err != nil {
		t.Fatal(err)
	}
	return r
}

// run lets a process be refused, another one tell, and a third one after it,
// and kills the one that does the job at the step.
func (r *refusal) run(victim job, step string, want int) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), lifetime)
	defer cancel()
	for i, does := range []string{pauses, tells, tells} {
		m := r.mission
		m.Job.Kind, m.Ahead = does, time.Duration(i)*10*time.Minute
		killed := i < 2 && does == victim.Kind
		if killed {
			m.Stop = stop{Step: step}
		}
		cmd, lines := r.start(m)
		stuck := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
		if killed {
			if other := r.await(ctx, lines); other != "" {
				r.Errorf("stop not reached: %s", other)
			}
			if err := cmd.Process.Kill(); err != nil {
				r.Error(err)
			}
			_ = cmd.Wait() // it was killed
		} else {
			last := "nothing"
			for line := range lines {
				last = line
			}
			says := map[string]string{pauses: pauses, tells: everybodyTold}[does]
			if err := cmd.Wait(); err != nil || last != settled+says {
				r.Errorf("process %d: %v, it said %q", i, err, last)
			}
		}
		stuck()
	}
	told := r.told()
	if len(told) != want || want == 1 && !strings.Contains(told[0].Text, r.mission.Ref.String()) {
		r.Errorf("told %+v, want %d", told, want)
	}
}

// told is what the person was told.
func (r *refusal) told() []bottest.Seen {
	if r.slack != nil {
		return r.slack.Seen(bottest.SlackConversation(r.person))
	}
	return r.discord.Conversation(r.person)
}
