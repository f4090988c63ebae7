package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing"
)

// job is what a victim does with a slot. The zero value delivers it.
type job struct {
	// Kind is "revise" or "retract".
	Kind string
	// Parts is how many messages a corrected post has.
	Parts int
}

func (j job) String() string {
	switch j.Kind {
	case "revise":
		return fmt.Sprintf("revised to %d from ", j.Parts)
	case "retract":
		return "retracted "
	}
	return ""
}

// The kinds of requests, and how the platforms call them.
const (
	posts   = ""
	edits   = "edit "
	deletes = "delete "
)

var (
	slackMethods  = map[string]string{posts: "chat.postMessage", edits: "chat.update", deletes: "chat.delete"}
	discordRoutes = map[string]string{
		posts:   "POST channels/{channel}/messages",
		edits:   "PATCH channels/{channel}/messages/{message}",
		deletes: "DELETE channels/{channel}/messages/{message}",
	}
)

// does is the kind of request that a step belongs to.
func (s stop) does() string {
	for _, kind := range []string{edits, deletes} {
		if strings.HasPrefix(s.Step, kind) {
			return kind
		}
	}
	return posts
}

// cuts says by the first line of a request whether it is one of the stop's.
func (s stop) cuts() func(line string) bool {
	return func(line string) bool {
		switch s.does() {
		case edits:
			return strings.Contains(line, "chat.update") || strings.HasPrefix(line, "PATCH ")
		case deletes:
			return strings.Contains(line, "chat.delete") || strings.HasPrefix(line, "DELETE ")
		}
		return strings.Contains(line, "chat.postMessage") || strings.HasSuffix(line, "messages HTTP/1.1")
	}
}

// requests are those that a job makes for a post of n messages, in order.
func (j job) requests(n int) (all []stop) {
	switch j.Kind {
	case "revise":
		for i := range min(n, j.Parts) {
			all = append(all, stop{edits, i})
		}
		for i := n; i < j.Parts; i++ {
			all = append(all, stop{posts, i})
		}
		for i := j.Parts; i < n; i++ {
			all = append(all, stop{deletes, i})
		}
	case "retract":
		for i := n - 1; i >= 0; i-- {
			all = append(all, stop{deletes, i})
		}
	}
	return all
}

// before is how many requests of its kind are made before that of a stop.
func (j job) before(s stop) (n int, does string) {
	switch {
	case j.Kind == "":
		return s.Part, posts
	case j.Kind == "retract" && s.does() == deletes:
		return j.Parts - 1 - s.Part, deletes
	case s.does() == deletes:
		return s.Part - j.Parts, deletes
	case s.does() == edits:
		return s.Part, edits
	case j.Kind == "retract":
		return 0, deletes
	case s.Part > 0: // the further messages of a correction
		return 0, posts
	}
	return 0, edits
}

// amendStops are the points at which a job on a post of n messages is killed.
func (j job) amendStops(n int) []stop {
	all := []stop{{"reclaimed", 0}, {"renewed", 0}}
	if j.Kind == "revise" {
		all = append(all, stop{"before staged", 0}, stop{"staged", 0})
	} else {
		all = append(all, stop{"before asked", 0}, stop{"asked", 0})
	}
	for _, r := range j.requests(n) {
		steps := []string{"before", "half", "heard", "taken", "before marked", "marked"}
		if r.Step == posts {
			steps = []string{"before intent", "intent", "before request", "half", "heard", "taken", "before confirmed", "confirmed"}
		}
		for _, step := range steps {
			all = append(all, stop{r.Step + step, r.Part})
		}
	}
	return append(all, stop{"before settled", 0}, stop{"settled", 0})
}

// text is what part i says.
func (j job) text(i int) string {
	if j.Kind == "revise" {
		return fmt.Sprintf("第%d部の改訂版です。", i)
	}
	return partText(i)
}

// want are the messages that stand after the job.
func (j job) want(n int) (texts []string) {
	switch j.Kind {
	case "revise":
		n = j.Parts
	case "retract":
		n = 0
	}
	for i := range n {
		texts = append(texts, j.text(i))
	}
	return texts
}

// outcome is what a victim says in the end.
func (j job) outcome() string {
	switch j.Kind {
	case "revise":
		return "posted second"
	case "retract":
		return "posted first retracted"
	}
	return "posted"
}

// library has the edition that the job is about.
func (j job) library() delivery.Library {
	if j.Kind == "revise" {
		return secondEdition{}
	}
	return oneDigest{}
}

// secondEdition is a library whose digest was revised.
type secondEdition struct{ oneDigest }

func (secondEdition) Printing(d briefing.Date) (bot.Printing, error) {
	p, err := oneDigest{}.Printing(d)
	p.Edition, p.Revised = "second", time.Now()
	return p, err
}

func (l secondEdition) Imprint(d briefing.Date) (bot.Imprint, error) {
	p, err := l.Printing(d)
	return p.Imprint, err
}

// amend corrects or removes the newest post until it is done.
func (m mission) amend(ctx context.Context, books *stoppedBooks, d *delivery.Deliverer) (string, error) {
	rows, err := books.Slots(ctx, m.Ref, 1)
	if err != nil || len(rows) == 0 {
		return "", fmt.Errorf("%d slots, %w", len(rows), err)
	}
	key, do := rows[0].SlotKey, d.Revise
	if m.Job.Kind == "retract" {
		do = d.Remove
		if err := books.Retract(ctx, key, bot.AuditEntry{Installation: m.Ref.ID(), Who: "test", What: "retract", Ref: m.Ref}); err != nil {
			return "", err
		}
	}
	for {
		err := do(ctx, key)
		if later, ok := errors.AsType[*delivery.Later](err); ok {
			time.Sleep(later.After)
			continue
		}
		if err != nil {
			return "", err
		}
		rows, err = books.Slots(ctx, m.Ref, 1)
		s := rows[0]
		return strings.TrimSpace(fmt.Sprint(s.State, " ", s.Edition, " ", s.Correction.State, s.Reason)), err
	}
}

func (b *stoppedBooks) Retract(ctx context.Context, key delivery.SlotKey, e bot.AuditEntry) error {
	b.at("before asked", 0)
	err := b.Books.Retract(ctx, key, e)
	b.at("asked", 0)
	return err
}

func (b *stoppedBooks) Reclaim(ctx context.Context, key delivery.SlotKey, lease time.Duration) (delivery.Slot, []delivery.Part, error) {
	slot, parts, err := b.Books.Reclaim(ctx, key, lease)
	b.at("reclaimed", 0)
	return slot, parts, err
}

func (b *stoppedBooks) Renew(ctx context.Context, key delivery.SlotKey, fence int64, attempts int, lease time.Duration) error {
	err := b.Books.Renew(ctx, key, fence, attempts, lease)
	b.at("renewed", 0)
	return err
}

func (b *stoppedBooks) Stage(ctx context.Context, key delivery.SlotKey, fence int64, c delivery.Correction, parts []delivery.Part) error {
	b.at("before staged", 0)
	err := b.Books.Stage(ctx, key, fence, c, parts)
	b.at("staged", 0)
	return err
}

func (b *stoppedBooks) Mark(ctx context.Context, key delivery.SlotKey, fence int64, i int, state delivery.PartState) error {
	does := edits
	if state == delivery.Removed {
		does = deletes
	}
	b.at(does+"before marked", i)
	err := b.Books.Mark(ctx, key, fence, i, state)
	b.at(does+"marked", i)
	return err
}

func (b *stoppedBooks) SettleCorrection(ctx context.Context, key delivery.SlotKey, fence int64, edition string, c delivery.Correction) error {
	if c.State == "" {
		b.at("before settled", 0)
	}
	err := b.Books.SettleCorrection(ctx, key, fence, edition, c)
	if c.State == "" {
		b.at("settled", 0)
	}
	return err
}

func (b *stoppedBooks) SettleRetraction(ctx context.Context, key delivery.SlotKey, fence int64, at time.Time, reason string) error {
	b.at("before settled", 0)
	err := b.Books.SettleRetraction(ctx, key, fence, at, reason)
	b.at("settled", 0)
	return err
}

// Edit is delivery.Editor's; see Send.
func (s *stoppedSender) Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error {
	ctx, cancel := s.request(ctx, edits, to.Marker.Part)
	defer cancel()
	return s.Sender.(delivery.Editor).Edit(ctx, to, id, m)
}

// Delete is delivery.Editor's; see Send.
func (s *stoppedSender) Delete(ctx context.Context, to bot.Target, id bot.MessageID) error {
	ctx, cancel := s.request(ctx, deletes, to.Marker.Part)
	defer cancel()
	return s.Sender.(delivery.Editor).Delete(ctx, to, id)
}

// request bounds one that is not to be waited for, and arms the cutter.
func (s *stoppedSender) request(ctx context.Context, does string, part int) (context.Context, context.CancelFunc) {
	s.at(does+"before", part)
	mine := s.Stop.does() == does && s.Stop.Part == part
	if s.cut != nil && mine {
		s.cut.armed = true
	}
	if mine && (s.Stop.Step == does+"heard" || s.Stop.Step == does+"taken") {
		return context.WithCancel(ctx)
	}
	return s.bounded(ctx)
}

// prepare posts what the victim is to amend.
func (s *scene) prepare() {
	s.Helper()
	if s.job.Kind == "" {
		return
	}
	m := s.mission
	m.Job, m.Stop, m.Patience = job{}, stop{}, 0
	if state, err := m.run(); err != nil || state != "posted" {
		s.Fatalf("first post: %s, %v", state, err)
	}
	s.mission.Job = s.job
	s.mission.Parts = s.job.Parts
	_, does := s.job.before(s.stop)
	s.heard = s.requests(does)
	if s.discord != nil {
		for _, parent := range s.discord.Messages(m.Ref.Channel) {
			s.parents = append(s.parents, parent.ID)
		}
	}
}

// stopped says that the platform has heard, or taken, the request at which the
// process is to be killed.
func (s *scene) stopped() bool {
	n, does := s.job.before(s.stop)
	switch s.stop.Step {
	case does + "heard":
		return s.requests(does) > s.heard+n
	case does + "taken":
		return s.effects(does) > n
	}
	return false
}

// effects is how many requests of a kind have had their effect.
func (s *scene) effects(does string) (n int) {
	seen := s.seen()
	switch {
	case does == edits:
		for _, m := range seen {
			if strings.Contains(m.Text, "改訂版") {
				n++
			}
		}
		return n
	case does == deletes:
		return s.parts - len(seen)
	case s.job.Kind == "revise":
		return len(seen) - s.parts
	}
	return len(seen)
}

// amendCells are all cells of jobs on posts, each with one of the seeds; in a
// short matrix every stop once, with a platform that answers.
func amendCells(databases []string) []cell {
	var all []cell
	for _, c := range []cell{
		{job: job{"revise", 3}, parts: 2}, {job: job{"revise", 1}, parts: 3}, {job: job{"retract", 2}, parts: 2},
	} {
		for i, s := range c.job.amendStops(c.parts) {
			c.stop = s
			for j, p := range []bot.Platform{bot.Slack, bot.Discord} {
				for k, db := range databases {
					for l, mood := range moods {
						c.platform, c.database, c.mood, c.seed = p, db, mood, (i+j+k+l)%3
						if *matrix == "full" || mood == moods[0] && i%2 == j && (i/2)%len(databases) == k {
							all = append(all, c)
						}
					}
				}
			}
		}
	}
	return all
}

// TestAmendMatrix kills real processes with kill -9 at every step of
// a correction and of a retraction. Every message shows the newest edition,
// none is there twice, none is left after a retraction.
func TestAmendMatrix(t *testing.T) { runMatrix(t, amendCells) }

// left are the messages in threads whose parent was removed.
func (s *scene) left() (texts []string) {
	if s.job.Kind != "retract" {
		return nil
	}
	for _, parent := range s.parents {
		thread, _ := s.discord.Thread(parent)
		for _, m := range s.discord.Messages(thread) {
			texts = append(texts, m.Content)
		}
	}
	return texts
}
