package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
)

// shelf is a library.
type shelf struct {
	mu      sync.Mutex
	digests map[briefing.Date]bot.Printing
}

// put adds a digest whose thread has a message per story, or a newer edition
// of it.
func (s *shelf) put(date briefing.Date, stories ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &briefing.Digest{Date: date, Title: "digest of " + string(date)}
	for i, text := range stories {
		d.Stories = append(d.Stories, briefing.Story{Line: i + 1, Heading: text})
	}
	if s.digests == nil {
		s.digests = map[briefing.Date]bot.Printing{}
	}
	p := bot.Printing{Digest: d, Imprint: bot.Imprint{Edition: strings.Join(append(stories, "edition"), "+"), First: time.Now()}}
	if old, known := s.digests[date]; known {
		p.First = old.First
		if old.Edition != p.Edition {
			p.Revised = time.Now()
		}
	}
	s.digests[date] = p
}

// withdraw takes a digest out.
func (s *shelf) withdraw(date briefing.Date) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.digests, date)
}

func (s *shelf) Printing(date briefing.Date) (bot.Printing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.digests[date]; ok {
		return p, nil
	}
	return bot.Printing{}, briefing.ErrNotFound
}

func (s *shelf) Imprint(date briefing.Date) (bot.Imprint, error) {
	p, err := s.Printing(date)
	return p.Imprint, err
}

func (s *shelf) Dates() []briefing.Date {
	s.mu.Lock()
	defer s.mu.Unlock()
	var dates []briefing.Date
	for d := range s.digests {
		dates = append(dates, d)
	}
	slices.Sort(dates)
	slices.Reverse(dates)
	return dates
}

// layout is one block for the parent and one for each story.
func layout(b *briefing.Briefing) bot.Post {
	p := bot.Post{Parent: bot.Document{bot.Title{Text: b.Digest.Title}}, ThreadTitle: b.Digest.Title}
	if !b.Revised.IsZero() {
		p.Parent = append(p.Parent, bot.Note{Spans: []bot.Span{{Text: "updated " + b.Revised.Format("15:04")}}})
	}
	for _, e := range b.Earlier {
		p.Parent = append(p.Parent, bot.Note{Spans: []bot.Span{{Text: "earlier " + string(e.Date)}}})
	}
	for _, s := range b.Digest.Stories {
		p.Thread = append(p.Thread, bot.Heading{Level: 1, Text: s.Heading})
	}
	return p
}

// posted is a message on the fake platform.
type posted struct {
	bot.Target
	id   bot.MessageID
	text string
	at   time.Time
}

// platform is a chat platform in memory with faults to order.
type platform struct {
	// fault is asked before each request to post. It may panic or block.
	fault func(n int, to bot.Target, m bot.Message) outcome
	// amend is asked before each request to edit or delete.
	amend func(what string, part int) outcome
	// check is what Check fails with, unwilling what Notify does; nil for not.
	check     error
	unwilling func(person string) error
	// notified is called when a person was written to, before the answer.
	notified func()
	// blind is what Find fails with.
	blind error
	// nonce makes a repeated marker give the first message, for a while.
	nonce time.Duration

	mu       sync.Mutex
	messages []posted
	ids      int
	requests int
	looks    int
	amended  []string // what was edited or deleted, as "edit 0"
	notices  []string // to people, as "U1: text"
	checks   int
}

// outcome says whether the platform takes a message, and what it answers.
type outcome struct {
	refused bool
	err     error
	hang    bool // no answer until the caller loses patience
	after   func()
}

func (p *platform) Render(post bot.Post) ([]bot.Message, error) {
	var parent []string
	for _, b := range post.Parent {
		parent = append(parent, blockText(b))
	}
	bodies := []bot.Message{message(strings.Join(parent, "\n"), isPlain(post.Parent))}
	for i, b := range post.Thread {
		bodies = append(bodies, message(blockText(b), isPlain(post.Thread[i:i+1])))
	}
	return bodies, nil
}

func blockText(b bot.Block) string {
	switch b := b.(type) {
	case bot.Title:
		return b.Text
	case bot.Heading:
		return b.Text
	case bot.Note:
		return b.Spans[0].Text
	case bot.Prose:
		return spansText(b.Spans)
	case bot.ListItem:
		return spansText(b.Spans)
	}
	panic(fmt.Sprintf("block %T", b))
}

func spansText(spans []bot.Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
	}
	return sb.String()
}

func isPlain(d bot.Document) bool {
	_, prose := d[0].(bot.Prose)
	return prose
}

func message(text string, plain bool) bot.Message {
	b, err := json.Marshal(map[string]any{"text": text, "plain": plain})
	if err != nil {
		panic(err)
	}
	return b
}

func textOf(m bot.Message) (text string, plain bool) {
	var body struct {
		Text  string
		Plain bool
	}
	if err := json.Unmarshal(m, &body); err != nil {
		panic(err)
	}
	return body.Text, body.Plain
}

func (p *platform) Send(ctx context.Context, to bot.Target, m bot.Message) (bot.MessageID, error) {
	p.mu.Lock()
	p.requests++
	n := p.requests
	p.mu.Unlock()
	var o outcome
	if p.fault != nil {
		o = p.fault(n, to, m)
	}
	var id bot.MessageID
	if !o.refused {
		id = p.take(to, m)
	}
	if o.after != nil {
		o.after()
	}
	if o.hang {
		<-ctx.Done()
		return "", &bot.OutcomeError{Class: bot.Doubtful, Code: "timeout", Err: ctx.Err()}
	}
	if o.err != nil {
		return "", o.err
	}
	return id, nil
}

func (p *platform) take(to bot.Target, m bot.Message) bot.MessageID {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, have := range p.messages {
		if have.Marker == to.Marker && have.Ref == to.Ref && time.Since(have.at) < p.nonce {
			return have.id
		}
	}
	text, _ := textOf(m)
	p.ids++
	id := bot.MessageID(fmt.Sprintf("m%d", p.ids))
	p.messages = append(p.messages, posted{to, id, text, time.Now()})
	return id
}

// change edits or deletes a message unless that is to fail.
func (p *platform) change(ctx context.Context, what string, to bot.Target, id bot.MessageID, do func(i int)) error {
	var o outcome
	if p.amend != nil {
		o = p.amend(what, to.Marker.Part)
	}
	p.mu.Lock()
	p.amended = append(p.amended, fmt.Sprintf("%s %d", what, to.Marker.Part))
	i := slices.IndexFunc(p.messages, func(m posted) bool { return m.id == id && m.Ref == to.Ref })
	if i >= 0 && !o.refused {
		do(i)
	}
	p.mu.Unlock()
	if o.after != nil {
		o.after()
	}
	switch {
	case o.hang:
		<-ctx.Done()
		return &bot.OutcomeError{Class: bot.Doubtful, Code: "timeout", Err: ctx.Err()}
	case o.err == nil && i < 0 && what == "edit":
		return &bot.OutcomeError{Class: bot.MessageGone, Code: "message_not_found"}
	}
	return o.err
}

func (p *platform) Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error {
	return p.change(ctx, "edit", to, id, func(i int) { p.messages[i].text, _ = textOf(m) })
}

func (p *platform) Delete(ctx context.Context, to bot.Target, id bot.MessageID) error {
	return p.change(ctx, "delete", to, id, func(i int) { p.messages = slices.Delete(p.messages, i, i+1) })
}

// Notify tells a person something.
func (p *platform) Notify(_ context.Context, to bot.Target, m bot.Message) error {
	text, _ := textOf(m)
	p.mu.Lock()
	p.notices = append(p.notices, to.Channel+": "+text)
	p.mu.Unlock()
	if p.notified != nil {
		p.notified()
	}
	if p.unwilling == nil {
		return nil
	}
	return p.unwilling(to.Channel)
}

// Check says whether a channel can be posted to.
func (p *platform) Check(context.Context, bot.Ref) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks++
	return p.check
}

// lose removes a message as people do.
func (p *platform) lose(part int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = slices.DeleteFunc(p.messages, func(m posted) bool { return m.Marker.Part == part })
}

func (p *platform) Find(_ context.Context, to bot.Target, since time.Time) (bot.MessageID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looks++
	if p.blind != nil {
		return "", p.blind
	}
	for _, m := range p.messages {
		if m.Marker == to.Marker && m.Ref == to.Ref && m.Thread == to.Thread && !m.at.Before(since.Truncate(time.Second)) {
			return m.id, nil
		}
	}
	return "", nil
}

// texts are what people see in a channel, in order.
func (p *platform) texts(ref bot.Ref) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var texts []string
	for _, m := range p.messages {
		if m.Ref == ref {
			texts = append(texts, m.text)
		}
	}
	return texts
}

// fail is an outcome of this class; a class after which nobody knows is one
// where the message was taken all the same.
func fail(c bot.Class, code string) outcome {
	return outcome{refused: true, err: &bot.OutcomeError{Class: c, Code: code}}
}

// world is a bot with one channel, its database and its platform.
type world struct {
	*testing.T
	store    *store.Store
	library  *shelf
	platform *platform
	policy   delivery.Policy
	channel  bot.Channel
	// layout makes the posts; nil for layout.
	layout func(*briefing.Briefing) bot.Post
	// meter is what every process counts with.
	meter *counts
	// books wraps the ledger of the next process.
	books func(delivery.Books) delivery.Books
}

// begin is when the tests' days begin: a Wednesday in Tokyo.
var begin = time.Date(2000, 1, 5, 8, 0, 0, 0, time.FixedZone("JST", 9*60*60))

const today briefing.Date = "2000-01-05"

// newWorld is to be called in a synctest bubble, which begins at 2000-01-01.
func newWorld(t *testing.T, p bot.Platform) *world {
	t.Helper()
	time.Sleep(time.Until(begin))
	s, err := store.Open(t.Context(), bottest.SQLite(t), store.Options{Prepare: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	w := &world{T: t, store: s, library: &shelf{}, platform: &platform{}, meter: &counts{}, policy: delivery.DefaultPolicies()[p]}
	if p == bot.Discord {
		w.platform.nonce = w.policy.RepeatWithin
	}
	ref := bot.Ref{Installation: bot.Installation{Platform: p, Tenant: "T1"}, Channel: "C1"}
	if p == bot.Console {
		ref.Tenant = ""
	}
	w.channel = bot.Channel{
		Ref:      ref,
		Settings: bot.Settings{Time: 8*60 + 30, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, MaxAge: 3},
		AddedAt:  time.Now(),
	}
	w.put(w.channel)
	return w
}

func (w *world) put(c bot.Channel) {
	w.Helper()
	if err := w.store.PutChannel(w.Context(), c, bot.AuditEntry{At: time.Now(), Installation: c.ID(), Who: "test", What: "add", Ref: c.Ref}); err != nil {
		w.Fatal(err)
	}
}

// deliverer is a new process.
func (w *world) deliverer() *delivery.Deliverer {
	var books delivery.Books = w.store.Ledger()
	if w.books != nil {
		books = w.books(books)
	}
	makePost := w.layout
	if makePost == nil {
		makePost = layout
	}
	return delivery.NewDeliverer(delivery.Options{
		Books: books, Channels: w.store, Library: w.library, Layout: makePost,
		Senders:  map[bot.Platform]delivery.Sender{w.channel.Platform: w.platform},
		Policies: map[bot.Platform]delivery.Policy{w.channel.Platform: w.policy},
		Meter:    w.meter, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
}

func (w *world) planner() *delivery.Planner {
	l := w.store.Ledger()
	return delivery.NewPlanner(delivery.PlannerOptions{
		Ledger: l, Board: l, Library: w.library, Meter: w.meter, Clock: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
}

// open opens today's slot at its time with a digest of these stories.
func (w *world) open(stories ...string) delivery.SlotKey {
	w.Helper()
	w.library.put("2000-01-04", stories...)
	time.Sleep(time.Until(begin.Add(30 * time.Minute)))
	if err := w.planner().Plan(w.Context()); err != nil {
		w.Fatal(err)
	}
	return delivery.SlotKey{Ref: w.channel.Ref, Date: today}
}

// drive delivers as River would, until nothing more is to be done.
func (w *world) drive(d *delivery.Deliverer, key delivery.SlotKey) {
	w.Helper()
	w.work(d.Deliver, key)
}

// work does as River would, until nothing more is to be done.
func (w *world) work(do func(context.Context, delivery.SlotKey) error, key delivery.SlotKey) {
	w.Helper()
	for range 5000 {
		err := do(w.Context(), key)
		later, ok := errors.AsType[*delivery.Later](err)
		switch {
		case err == nil:
			return
		case ok:
			time.Sleep(later.After)
		default:
			w.Fatalf("deliver: %v", err)
		}
	}
	w.Fatal("deliver: no end")
}

func (w *world) slot(date briefing.Date) delivery.Slot {
	w.Helper()
	rows, err := w.store.Ledger().Slots(w.Context(), w.channel.Ref, 30)
	if err != nil {
		w.Fatal(err)
	}
	for _, s := range rows {
		if s.Date == date {
			return s
		}
	}
	return delivery.Slot{}
}

// want compares a slot's state and what people see in the channel.
func (w *world) want(state delivery.SlotState, reason string, texts ...string) {
	w.Helper()
	s := w.slot(today)
	if s.State != state || !strings.Contains(s.Reason, reason) {
		w.Errorf("slot is %s %q, want %s %q", s.State, s.Reason, state, reason)
	}
	if got := w.platform.texts(w.channel.Ref); !slices.Equal(got, texts) {
		w.Errorf("channel shows %q, want %q", got, texts)
	}
}
