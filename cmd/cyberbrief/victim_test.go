package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
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

// mission is what a victim is told: deliver one slot, or amend what was
// posted for it, and stop dead at a step until somebody kills you.
type mission struct {
	Job      job
	Platform bot.Platform
	API      string
	Database string
	Ref      bot.Ref
	Parts    int
	Stop     stop
	// Ahead is added to the clock: time that passed while nobody ran.
	Ahead time.Duration
	// Patience is how long a request may take; 0 is as long as anything.
	Patience time.Duration
}

// stop is a point of a delivery. The zero value is none.
type stop struct {
	Step string
	Part int
}

func (s stop) String() string { return fmt.Sprintf("%s %d", s.Step, s.Part) }

// The lines by which a victim tells how far it is.
const (
	reached = "reached"
	settled = "settled "
)

// victim is a process of its own that delivers for real: the real store, the
// real client of the platform, and decorators around both that stop it.
func victim() {
	var m mission
	if err := json.Unmarshal([]byte(os.Args[1]), &m); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	state, err := m.run()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(settled + state)
}

func (m mission) clock() time.Time { return time.Now().Add(m.Ahead) }

// at stops the process for good if this is the step.
func (m mission) at(step string, part int) {
	if m.Stop == (stop{step, part}) {
		halt()
	}
}

// lifetime is how long a victim waits for its end, should nobody come.
const lifetime = 5 * time.Minute

// halt tells that the stop is reached and does nothing more.
func halt() {
	fmt.Println(reached)
	time.Sleep(lifetime)
	os.Exit(3)
}

// run plans and delivers until the slot is settled.
func (m mission) run() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lifetime)
	defer cancel()
	s, err := store.Open(ctx, m.Database, store.Options{Clock: m.clock})
	if err != nil {
		return "", err
	}
	defer s.Shutdown()
	sender, err := m.sender()
	if err != nil {
		return "", err
	}
	books := &stoppedBooks{s.Ledger(), m}
	log := slog.New(slog.DiscardHandler)
	planner := delivery.NewPlanner(delivery.PlannerOptions{
		Ledger: books, Board: books, Library: oneDigest{}, Clock: m.clock, Logger: log,
	})
	deliverer := delivery.NewDeliverer(delivery.Options{
		Books: books, Channels: s, Library: m.Job.library(), Layout: func(*briefing.Briefing) bot.Post { return smallPost() },
		Senders:  map[bot.Platform]delivery.Sender{m.Platform: sender},
		Policies: map[bot.Platform]delivery.Policy{m.Platform: m.policy()},
		Clock:    m.clock, Logger: log,
	})
	switch m.Job.Kind {
	case "":
	case pauses, tells:
		return m.notice(ctx, planner, books, deliverer)
	default:
		return m.amend(ctx, books, deliverer)
	}
	for {
		if err := planner.Plan(ctx); err != nil {
			return "", err
		}
		rows, err := books.Slots(ctx, m.Ref, 1)
		if err != nil || len(rows) == 0 {
			return "", fmt.Errorf("%d slots, %w", len(rows), err)
		}
		err = deliverer.Deliver(ctx, rows[0].SlotKey)
		if later, ok := errors.AsType[*delivery.Later](err); ok {
			time.Sleep(later.After)
			continue
		}
		if err != nil {
			return "", err
		}
		rows, err = books.Slots(ctx, m.Ref, 1)
		return string(rows[0].State), err
	}
}

// policy is the platform's with the waits for the sake of its people left out.
func (m mission) policy() delivery.Policy {
	p := delivery.DefaultPolicies()[m.Platform]
	p.Pace, p.Spacing, p.LookGap = rate.Inf, 0, 50*time.Millisecond
	return p
}

// sender is the platform's client, which stops where it is told to.
func (m mission) sender() (delivery.Sender, error) {
	var base http.RoundTripper // nil: the client's own
	var cut *cutter
	if strings.HasSuffix(m.Stop.Step, "half") {
		cut = &cutter{cuts: m.Stop.cuts()}
		base = &http.Transport{DialContext: cut.dial}
	}
	var inner delivery.Sender
	var err error
	switch m.Platform {
	case bot.Slack:
		inner, err = slack.New(slack.Options{BotToken: bottest.SlackBotToken, APIURL: m.API, Clock: m.clock, Base: base})
	default:
		inner, err = discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: m.API, Clock: m.clock, Base: base})
	}
	return &stoppedSender{inner, m, cut}, err
}

// oneDigest is a library of one.
type oneDigest struct{}

func (oneDigest) Printing(d briefing.Date) (bot.Printing, error) {
	return bot.Printing{Digest: &briefing.Digest{Date: d, Title: "朝のまとめ"}, Imprint: bot.Imprint{Edition: "first"}}, nil
}
func (l oneDigest) Imprint(d briefing.Date) (bot.Imprint, error) {
	p, err := l.Printing(d)
	return p.Imprint, err
}
func (oneDigest) Dates() []briefing.Date { return []briefing.Date{"2025-07-03"} }

// stoppedBooks is a ledger of one channel whose process stops at a step.
type stoppedBooks struct {
	delivery.Books
	mission
}

func (b *stoppedBooks) Channels(ctx context.Context) ([]bot.Channel, error) {
	all, err := b.Books.Channels(ctx)
	var mine []bot.Channel
	for _, c := range all {
		if c.Ref == b.Ref {
			mine = append(mine, c)
		}
	}
	return mine, err
}

func (b *stoppedBooks) Open(ctx context.Context, s delivery.Slot) error {
	err := b.Books.Open(ctx, s)
	b.at("opened", 0)
	return err
}

func (b *stoppedBooks) Claim(ctx context.Context, key delivery.SlotKey, lease time.Duration) (delivery.Holding, error) {
	held, err := b.Books.Claim(ctx, key, lease)
	b.at("claimed", 0)
	return held, err
}

func (b *stoppedBooks) Intend(ctx context.Context, key delivery.SlotKey, fence int64, in delivery.Intent) error {
	b.at("before intent", in.Index)
	err := b.Books.Intend(ctx, key, fence, in)
	b.at("intent", in.Index)
	return err
}

func (b *stoppedBooks) Confirm(ctx context.Context, key delivery.SlotKey, fence int64, r delivery.Receipt) error {
	b.at("before confirmed", r.Index)
	err := b.Books.Confirm(ctx, key, fence, r)
	b.at("confirmed", r.Index)
	return err
}

// silencePatience is how long a request may take to a platform that is silent
// once. A machine that is busy answers later than that, and so no other
// platform is held to it.
const silencePatience = time.Second

// bounded ends with the patience for one request.
func (m mission) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(m.Patience, patience))
}

// stoppedSender sends messages of its own in the place of a post.
type stoppedSender struct {
	delivery.Sender
	mission
	cut *cutter
}

// Render gives as many messages as wanted, which say who they are.
func (s *stoppedSender) Render(p bot.Post) ([]bot.Message, error) {
	if s.Job.Kind == tells {
		return s.Sender.Render(p)
	}
	var all []bot.Message
	for i := range s.Parts {
		one, err := s.Sender.Render(bot.Post{Parent: bot.Document{bot.Prose{Spans: []bot.Span{{Text: s.Job.text(i)}}}}})
		if err != nil {
			return nil, err
		}
		all = append(all, one...)
	}
	return all, nil
}

func partText(i int) string { return fmt.Sprintf("第%d部です。", i) }

func (s *stoppedSender) Send(ctx context.Context, to bot.Target, m bot.Message) (bot.MessageID, error) {
	s.at("before request", to.Marker.Part)
	mine := to.Marker.Part == s.Stop.Part
	if s.cut != nil && mine {
		s.cut.armed = true
	}
	if !mine || s.Stop.Step != "heard" && s.Stop.Step != "taken" { // those wait to be killed
		var cancel context.CancelFunc
		ctx, cancel = s.bounded(ctx)
		defer cancel()
	}
	return s.Sender.Send(ctx, to, m)
}

// cutter stops the process in the middle of a request.
type cutter struct {
	armed bool
	// cuts says by its first line whether it is the one.
	cuts func(line string) bool
}

func (c *cutter) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &cutConn{conn, c}, err
}

type cutConn struct {
	net.Conn
	cutter *cutter
}

// Write sends half of a message that is posted and no more.
func (c *cutConn) Write(p []byte) (int, error) {
	if head, _, _ := strings.Cut(string(p[:min(len(p), 200)]), "\r\n"); c.cutter.armed && c.cutter.cuts(head) {
		_, _ = c.Conn.Write(p[:len(p)/2])
		halt()
	}
	return c.Conn.Write(p)
}
