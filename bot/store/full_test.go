package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// press is a platform whose messages are long, and a library of one digest in
// the edition that is to be shown.
type press struct {
	edition string
	posts   []string
}

func (p *press) Printing(d briefing.Date) (bot.Printing, error) {
	return bot.Printing{Digest: &briefing.Digest{Date: d}, Imprint: bot.Imprint{Edition: p.edition}}, nil
}
func (p *press) Imprint(briefing.Date) (bot.Imprint, error) {
	return bot.Imprint{Edition: p.edition}, nil
}
func (p *press) Dates() []briefing.Date { return nil }

func (p *press) Render(bot.Post) (all []bot.Message, err error) {
	for i := range 2 {
		body, err := json.Marshal(fmt.Sprint(p.edition, i, strings.Repeat("長い文。", 2000*len(p.edition))))
		if err != nil {
			return nil, err
		}
		all = append(all, body)
	}
	return all, nil
}

func (p *press) Send(_ context.Context, _ bot.Target, m bot.Message) (bot.MessageID, error) {
	p.posts = append(p.posts, short(m))
	return bot.MessageID(fmt.Sprint(len(p.posts))), nil
}

func (p *press) Find(context.Context, bot.Target, time.Time) (bot.MessageID, error) { return "", nil }

func (p *press) Edit(_ context.Context, to bot.Target, _ bot.MessageID, m bot.Message) error {
	p.posts[to.Marker.Part] = short(m)
	return nil
}

func (p *press) Delete(context.Context, bot.Target, bot.MessageID) error { return nil }

// TestFull: SQLite has no room for what a delivery, and then a correction, has
// to write. Both wait, and go on when there is room again.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, bottest.SQLite(t))
		l, p := s.Ledger(), &press{edition: "e1"}
		if err := s.PutChannel(t.Context(), bot.Channel{Ref: here, Settings: bot.Settings{Zone: "Asia/Tokyo"}}, bot.AuditEntry{}); err != nil {
			t.Fatal(err)
		}
		opened := delivery.Slot{SlotKey: delivery.SlotKey{Ref: here, Date: "2000-01-01"}, Digest: "1999-12-31", DueAt: time.Now(), ClosesAt: time.Now().Add(time.Hour)}
		if err := l.Open(t.Context(), opened); err != nil {
			t.Fatal(err)
		}
		d := delivery.NewDeliverer(delivery.Options{
			Books: l, Channels: s, Library: p, Layout: func(*briefing.Briefing) bot.Post { return bot.Post{} },
			Senders:  map[bot.Platform]delivery.Sender{here.Platform: p},
			Policies: delivery.DefaultPolicies(), Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		for _, step := range []struct {
			do   func(context.Context, delivery.SlotKey) error
			want string
		}{{d.Deliver, "[e10 e11]"}, {d.Revise, "[x20 x21]"}} {
			store.Limit(t, s, store.Pages(t, s))
			failed := 0
			for range 3 {
				err := step.do(t.Context(), opened.SlotKey)
				if later, ok := errors.AsType[*delivery.Later](err); ok && later.Reason == "ledger" {
					failed++
				}
				time.Sleep(time.Minute)
			}
			if failed == 0 {
				t.Error("the database was never full")
			}
			store.Limit(t, s, 0)
			for range 100 {
				err := step.do(t.Context(), opened.SlotKey)
				if err == nil {
					break
				}
				time.Sleep(10 * time.Second)
			}
			if got := fmt.Sprint(p.posts); got != step.want {
				t.Errorf("channel shows %s, want %s", got, step.want)
			}
			p.edition = "x2" + strings.Repeat("+", 8) // longer
		}
	})
}

// short is the edition and the number at the head of a message.
func short(m bot.Message) string {
	head, _, _ := strings.Cut(strings.ReplaceAll(string(m[1:]), "+", ""), "長")
	return head
}
