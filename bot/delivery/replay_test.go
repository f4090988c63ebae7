package delivery_test

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/schedule"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

// timeline is when the digests of one real series came out: ten months in
// which they were early, late, several at once, and revised.
const timeline = "../../../shared/timeline.csv"

// racesUntil cuts the series off for the race detector, under which SQLite is a
// dozen times as slow: after three outages, before the clocks change.
const racesUntil = "2025-09-20"

// event is a digest that comes out or is revised.
type event struct {
	at      time.Time
	digest  briefing.Date
	revised bool
}

// readTimeline skips the test where there is no timeline.
func readTimeline(t *testing.T) []event {
	t.Helper()
	f, err := os.Open(timeline)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", timeline)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var events []event
	for _, row := range rows[1:] {
		if briefingtest.Racing && row[0] >= racesUntil {
			break
		}
		at, err := time.Parse(time.RFC3339, row[0])
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event{at, briefing.Date(row[1]), row[2] == "revise"})
	}
	return events
}

// span is a time without a running bot.
type span struct{ from, to time.Time }

func (s span) holds(t time.Time) bool { return !t.Before(s.from) && t.Before(s.to) }

func jst(month time.Month, day, hour, minute int) time.Time {
	year := 2025
	if month < time.June {
		year = 2026
	}
	return time.Date(year, month, day, hour, minute, 0, 0, begin.Location())
}

// outages are from minutes to eleven days, over slots and beside them.
var outages = []span{
	{jst(7, 2, 8, 20), jst(7, 2, 8, 50)},    // over one slot's time
	{jst(8, 5, 8, 0), jst(8, 5, 14, 0)},     // over a whole window
	{jst(9, 12, 10, 0), jst(9, 16, 9, 0)},   // over a long weekend
	{jst(10, 8, 8, 29), jst(10, 8, 8, 30)},  // a restart just before
	{jst(11, 3, 1, 0), jst(11, 14, 12, 10)}, // for longer than a week
	{jst(2, 20, 0, 0), jst(2, 20, 6, 0)},    // by night
}

// subscribers are channels of all kinds, in a short matrix one of each: every
// day or some, with and without holidays, windows and ages from none to long,
// and clocks that change by an hour, by half of one or not at all.
func subscribers() []bot.Channel {
	weekdays := bot.Weekdays{1, 2, 3, 4, 5}
	var all []bot.Channel
	for i, s := range []struct {
		platform bot.Platform
		settings bot.Settings
	}{
		{bot.Slack, bot.Settings{Time: 8*60 + 30, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, MaxAge: 3}},
		{bot.Slack, bot.Settings{Time: 7 * 60, Zone: "Asia/Tokyo", Days: weekdays, SkipHolidays: true, CatchUp: 4 * time.Hour, MaxAge: 3}},
		{bot.Discord, bot.Settings{Time: 2*60 + 30, Zone: "America/New_York", CatchUp: 4 * time.Hour, MaxAge: 3}},
		{bot.Slack, bot.Settings{Time: 9 * 60, Zone: "Europe/Berlin", Days: weekdays, CatchUp: 4 * time.Hour}},
		{bot.Discord, bot.Settings{Time: 10*60 + 15, Zone: "Australia/Lord_Howe", CatchUp: 0, MaxAge: 1}},
		{bot.Slack, bot.Settings{Time: 8*60 + 30, Zone: "Asia/Tokyo", Days: bot.Weekdays{1}, CatchUp: 26 * time.Hour, MaxAge: 3}},
		{bot.Discord, bot.Settings{Time: 12 * 60, Zone: "Asia/Tokyo", CatchUp: time.Hour, MaxAge: 3}},
		{bot.Slack, bot.Settings{Time: 30, Zone: "Asia/Tokyo", CatchUp: 10 * time.Hour, MaxAge: 3}},
		{bot.Discord, bot.Settings{Time: 18 * 60, Zone: "Asia/Kolkata", Days: bot.Weekdays{2, 4}, CatchUp: 4 * time.Hour, MaxAge: 3}},
	} {
		if few := 6; *matrix != "full" && (i == few || briefingtest.Racing && i == few/2) {
			break
		}
		c := bot.Channel{Settings: s.settings, AddedAt: jst(6, 10, 0, 0)}
		c.Ref = bot.Ref{Installation: bot.Installation{Platform: s.platform, Tenant: "T1"}, Channel: string(rune('A' + i))}
		all = append(all, c)
	}
	return all
}

// replay is the whole of the ten months.
type replay struct {
	*testing.T
	store     *store.Store
	shelf     *shelf
	platforms map[bot.Platform]*platform
	channels  []bot.Channel
	end       time.Time
	published map[briefing.Date]time.Time
	opened    []delivery.SlotKey // and not delivered yet
	p         *delivery.Planner
	d         *delivery.Deliverer
}

func newReplay(t *testing.T, events []event) *replay {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite::memory:", store.Options{Prepare: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	r := &replay{
		T: t, store: s, shelf: &shelf{}, channels: subscribers(), published: map[briefing.Date]time.Time{},
		platforms: map[bot.Platform]*platform{bot.Slack: {}, bot.Discord: {nonce: 2 * time.Minute}},
		end:       events[len(events)-1].at.Add(48 * time.Hour),
	}
	for _, c := range r.channels {
		entry := bot.AuditEntry{At: c.AddedAt, Installation: c.ID(), Who: "test", What: "add", Ref: c.Ref}
		if err := s.PutChannel(t.Context(), c, entry); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// start is a new process, which remembers nothing.
func (r *replay) start() {
	log := slog.New(slog.DiscardHandler)
	books := r.store.Ledger()
	r.p = delivery.NewPlanner(delivery.PlannerOptions{Ledger: &queued{books, r}, Board: books, Library: r.shelf, Clock: time.Now, Logger: log})
	senders := map[bot.Platform]delivery.Sender{}
	for name, p := range r.platforms {
		senders[name] = p
	}
	r.d = delivery.NewDeliverer(delivery.Options{
		Books: books, Channels: r.store, Library: r.shelf, Layout: layout, Senders: senders,
		Policies: delivery.DefaultPolicies(), Clock: time.Now, Logger: log,
	})
}

// tickEvery is how often the bot plans. No slot begins at phase.
const (
	tickEvery = 15 * time.Second
	phase     = 7 * time.Second
)

// ticks are those of the bot's plans that can find something to do: the
// first ones after a slot begins or ends, a digest comes, or the bot is back,
// and a few more to see that the others find nothing.
func (r *replay) ticks(events []event) []time.Time {
	set := map[time.Time]bool{}
	add := func(t time.Time) {
		if t = t.UTC().Add(-phase).Truncate(tickEvery).Add(tickEvery + phase); !t.After(r.end) {
			set[t] = true
		}
	}
	for _, e := range events {
		add(e.at)
	}
	for _, o := range outages {
		add(o.to)
	}
	for _, c := range r.channels {
		for _, s := range r.slots(c) {
			add(s.DueAt)
			add(s.ClosesAt)
		}
	}
	for t := jst(6, 10, 0, 0); t.Before(r.end); t = t.Add(24 * time.Hour) {
		add(t)
	}
	return slices.SortedFunc(maps.Keys(set), time.Time.Compare)
}

// slots are a channel's from its beginning to the end, by the calendar.
func (r *replay) slots(c bot.Channel) []schedule.Slot {
	var all []schedule.Slot
	for d := briefing.Date("2025-06-09"); d < "2026-03-20"; d = d.AddDays(1) {
		due, err := schedule.At(c.Settings, d)
		if err != nil {
			r.Fatal(err)
		}
		closes := due.Add(max(c.CatchUp, 5*time.Minute))
		if schedule.Wanted(c.Settings, d) && !due.Before(c.AddedAt) && closes.Before(r.end) {
			all = append(all, schedule.Slot{Date: d, DueAt: due, ClosesAt: closes})
		}
	}
	return all
}

// run lets the ten months pass.
func (r *replay) run(events []event) {
	r.Helper()
	time.Sleep(time.Until(jst(6, 10, 0, 0)))
	for _, tick := range r.ticks(events) {
		time.Sleep(time.Until(tick))
		for ; len(events) > 0 && !events[0].at.After(tick); events = events[1:] {
			r.take(events[0])
		}
		if slices.ContainsFunc(outages, func(o span) bool { return o.holds(tick) }) {
			r.p = nil
			continue
		}
		if r.p == nil {
			r.start()
		}
		if err := r.p.Plan(r.Context()); err != nil {
			r.Fatal(err)
		}
		r.deliver()
	}
}

// take puts a digest on the shelf; a revised one says something else.
func (r *replay) take(e event) {
	if !e.revised {
		r.published[e.digest] = e.at
		r.shelf.put(e.digest, "one", "two")
		return
	}
	r.shelf.put(e.digest, "one", "two, revised", "three")
}

// queued is a ledger that notes what is to be delivered.
type queued struct {
	delivery.Ledger
	replay *replay
}

func (q *queued) Open(ctx context.Context, s delivery.Slot) error {
	err := q.Ledger.Open(ctx, s)
	if err == nil {
		q.replay.opened = append(q.replay.opened, s.SlotKey)
	}
	return err
}

// deliver delivers what was opened, all channels at the same time.
func (r *replay) deliver() {
	var wg sync.WaitGroup
	for _, key := range r.opened {
		wg.Go(func() { r.settle(key) })
	}
	wg.Wait()
	r.opened = nil
}

// settle delivers one slot as River would.
func (r *replay) settle(key delivery.SlotKey) {
	for {
		err := r.d.Deliver(r.Context(), key)
		later, ok := errors.AsType[*delivery.Later](err)
		if !ok {
			if err != nil {
				r.Errorf("%s of %s: %v", key.Date, key.Ref, err)
			}
			return
		}
		time.Sleep(later.After)
	}
}

// tale is what people can read in a channel: which digests were posted or
// named, when and how often.
type tale struct {
	posted map[briefing.Date]time.Time
	times  map[briefing.Date]int
	first  briefing.Date
}

func (r *replay) tale(c bot.Channel) tale {
	told := tale{posted: map[briefing.Date]time.Time{}, times: map[briefing.Date]int{}}
	for _, m := range r.platforms[c.Platform].messages {
		if m.Ref != c.Ref || m.Marker.Part != 0 {
			continue
		}
		for line := range strings.SplitSeq(m.text, "\n") {
			date, named := strings.CutPrefix(line, "earlier ")
			d := briefing.Date(strings.TrimPrefix(date, "digest of "))
			told.times[d]++
			if !named {
				told.posted[d] = m.at
				told.first = cmp.Or(told.first, d)
			}
		}
	}
	return told
}

// census counts what became of slots and digests.
type census struct {
	slots, posted, noDigest, missed      int
	digests, asPosts, named, old, before int
	delays, back                         []time.Duration
}

// check holds the channel to the promise: every slot has an outcome that the
// calendar and the outages explain, and every digest came once or there is a
// reason why not.
func (r *replay) check(c bot.Channel, n *census) {
	r.Helper()
	told := r.tale(c)
	rows, err := r.store.Ledger().Slots(r.Context(), c.Ref, 1000)
	if err != nil {
		r.Fatal(err)
	}
	byDate := map[briefing.Date]delivery.Slot{}
	for _, s := range rows {
		byDate[s.Date] = s
	}
	slots := r.slots(c)
	if len(byDate) != len(slots) {
		r.Errorf("%s: %d slots have an outcome, %d were due", c.Ref, len(byDate), len(slots))
	}
	had := map[briefing.Date]bool{}
	for _, s := range slots {
		row, ok := byDate[s.Date]
		if !ok {
			r.Errorf("%s: slot %s has no outcome", c.Ref, s.Date)
			continue
		}
		r.checkSlot(c, s, row, told, had, n)
		had[row.Digest] = true
		for _, d := range row.Earlier {
			had[d] = true
		}
	}
	r.checkDigests(c, told, byDate, n)
}

// checkSlot compares a slot's row with what could be known at the time.
func (r *replay) checkSlot(c bot.Channel, s schedule.Slot, row delivery.Slot, told tale, had map[briefing.Date]bool, n *census) {
	r.Helper()
	n.slots++
	ready, instant := r.ready(c, s, had, told.first)
	up := r.up(instant)
	switch row.State {
	case delivery.Posted:
		n.posted++
		at := told.posted[row.Digest]
		if at.IsZero() || at.Before(s.DueAt) || !at.Before(s.ClosesAt) {
			r.Errorf("%s: slot %s says posted, the channel shows it at %v", c.Ref, s.Date, at)
		}
		if up.Equal(instant) {
			n.delays = append(n.delays, at.Sub(instant))
		} else {
			n.back = append(n.back, at.Sub(up))
		}
	case delivery.NoDigest:
		n.noDigest++
		if ready {
			r.Errorf("%s: slot %s says no_digest, but there was one at %v", c.Ref, s.Date, instant)
		}
	case delivery.Missed:
		n.missed++
		allDown, cameWhenDown := !r.up(s.DueAt).Before(s.ClosesAt), ready && !up.Before(s.ClosesAt)
		if !allDown && !cameWhenDown {
			r.Errorf("%s: slot %s says missed, but the bot was up at %v", c.Ref, s.Date, r.up(s.DueAt))
		}
	default:
		r.Errorf("%s: slot %s ended as %s %q", c.Ref, s.Date, row.State, row.Reason)
	}
}

// ready is the first instant of a slot at which it could be posted, had the
// bot been up: max(slot, publication) of any digest that is new to the
// channel, not a relic from before its first, and not too old.
func (r *replay) ready(c bot.Channel, s schedule.Slot, had map[briefing.Date]bool, first briefing.Date) (bool, time.Time) {
	var best time.Time
	for d, at := range r.published {
		age := s.Date.DaysSince(d)
		relic := len(had) > 1 && d < first // had holds the empty date of slots without a post
		if had[d] || relic || c.MaxAge > 0 && age > c.MaxAge || c.MaxAge == 0 && r.isLate(d, had) && age > 7 {
			continue
		}
		if at.Before(s.DueAt) {
			at = s.DueAt
		}
		if at.Before(s.ClosesAt) && (best.IsZero() || at.Before(best)) {
			best = at
		}
	}
	return !best.IsZero(), best
}

// isLate says that the channel has had a newer digest.
func (r *replay) isLate(d briefing.Date, had map[briefing.Date]bool) bool {
	for h := range had {
		if h > d {
			return true
		}
	}
	return false
}

// up is t, or the end of the outage that t falls into.
func (r *replay) up(t time.Time) time.Time {
	for _, o := range outages {
		if o.holds(t) {
			return o.to
		}
	}
	return t
}

// checkDigests wants every digest once, or a reason why the channel never
// got it.
func (r *replay) checkDigests(c bot.Channel, told tale, byDate map[briefing.Date]delivery.Slot, n *census) {
	r.Helper()
	for d, published := range r.published {
		n.digests++
		switch {
		case told.times[d] > 1:
			r.Errorf("%s: digest %s came %d times", c.Ref, d, told.times[d])
		case !told.posted[d].IsZero():
			n.asPosts++
		case told.times[d] == 1:
			n.named++
		case d < told.first:
			n.before++ // the archive is not posted to a new channel
		case r.tooOld(c, d, published, byDate):
			n.old++
		default:
			r.Errorf("%s: digest %s, published %v, never came", c.Ref, d, published)
		}
	}
}

// tooOld says that every slot that ended after a digest came out either was
// not posted and says so, or was of a day on which the digest was too old.
func (r *replay) tooOld(c bot.Channel, d briefing.Date, published time.Time, byDate map[briefing.Date]delivery.Slot) bool {
	age := c.MaxAge
	if age == 0 {
		age = 7
	}
	for _, s := range r.slots(c) {
		if row := byDate[s.Date]; row.State == delivery.Posted && row.PostedAt.After(published) && s.Date.DaysSince(d) <= age {
			return false
		}
	}
	return true
}

// TestReplay lets the ten months of a real series pass over channels of all
// kinds, with a bot that is down now and then.
func TestReplay(t *testing.T) {
	t.Parallel()
	events := readTimeline(t)
	synctest.Test(t, func(t *testing.T) {
		r := newReplay(t, events)
		r.run(events)
		var n census
		for _, c := range r.channels {
			r.check(c, &n)
		}
		slices.Sort(n.delays)
		slices.Sort(n.back)
		t.Logf("%d events, %d channels, %d slots: %d posted, %d no_digest, %d missed", len(events), len(r.channels), n.slots, n.posted, n.noDigest, n.missed)
		t.Logf("%d digests in channels: %d posted, %d named as earlier, %d from before the first post, %d older than MAX_AGE", n.digests, n.asPosts, n.named, n.before, n.old)
		t.Logf("after max(slot, publication): median %v, worst %v; after the end of an outage: %d posts, worst %v", n.delays[len(n.delays)/2], n.delays[len(n.delays)-1], len(n.back), n.back[len(n.back)-1])
		for _, worst := range []time.Duration{n.delays[len(n.delays)-1], n.back[len(n.back)-1]} {
			if worst > time.Minute {
				t.Errorf("a briefing came %v late", worst)
			}
		}
	})
}
