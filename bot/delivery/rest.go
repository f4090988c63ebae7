package delivery

import (
	"errors"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"
)

// maxRest is the longest time for which a channel is not looked at. It
// bounds how late a Planner learns of what it cannot foresee: a row that
// another process wrote and left.
const maxRest = 5 * time.Minute

// memory is what a Planner knows of a channel from its last look. It spares
// the ledger two questions a channel at each plan, which would take longer
// than the time between two plans where there are very many channels.
type memory struct {
	channel bot.Channel // as it was
	looked  time.Time   // when it was last found in order
	until   time.Time   // the first instant at which there can be something to do
	// waits is set while a slot is open for which there is no digest: a new
	// one ends the rest.
	waits bool
}

// rests says that a look at the channel would find nothing to do. A clock
// that was set back ends the rest, and so does any change of the channel.
func (m memory) rests(c bot.Channel, now time.Time) bool {
	return now.Before(m.until) && !now.Before(m.looked) && reflect.DeepEqual(c, m.channel)
}

// remember is what is known of a channel after a look that found, or put,
// everything in order.
func (v view) remember() memory {
	m := memory{channel: v.channel, looked: v.now, until: v.now.Add(maxRest/2 + rand.N(maxRest/2))}
	earlier := func(t time.Time) {
		if t.Before(m.until) {
			m.until = t
		}
	}
	next, err := schedule.Next(v.channel, v.now)
	switch {
	case err == nil:
		earlier(next.DueAt)
	case !errors.Is(err, schedule.ErrNoSlot):
		earlier(v.now)
	}
	open, err := schedule.Open(v.channel, v.now)
	if err != nil {
		earlier(v.now)
	}
	for _, s := range open {
		if _, taken := v.row(s.Date); !taken {
			m.waits = true
			earlier(s.ClosesAt)
		}
	}
	for _, s := range v.rows {
		if s.State == Claimed || s.State == Doubtful {
			earlier(s.DueAt.Add(jobPatience))
		}
	}
	return m
}

// inOrder says that every slot that is open, or has ended since the last
// look, has its row: which digests the channel has had makes no difference.
func (v view) inOrder() bool {
	open, openErr := schedule.Open(v.channel, v.now)
	ended, endedErr := schedule.Ended(v.channel, v.last, v.now)
	missing := func(s schedule.Slot) bool {
		_, taken := v.row(s.Date)
		return !taken
	}
	return openErr == nil && endedErr == nil && !slices.ContainsFunc(open, missing) && !slices.ContainsFunc(ended, missing)
}

// recall is the memory of a channel; the zero value for none.
func (p *Planner) recall(ref bot.Ref) memory {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[ref]
}

func (p *Planner) keep(ref bot.Ref, m memory) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[ref] = m
}

// forget drops the channels that are no longer there.
func (p *Planner) forget(channels []bot.Channel) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) <= len(channels) {
		return
	}
	there := make(map[bot.Ref]bool, len(channels))
	for _, c := range channels {
		there[c.Ref] = true
	}
	maps.DeleteFunc(p.known, func(ref bot.Ref, _ memory) bool { return !there[ref] })
}

// wake ends the rest of the channels that another archive than at the last plan
// may concern: those that wait for a digest, when there are other digests; all
// of them when a digest has another edition, or than before it was withdrawn,
// for any channel may show it. They are awake until a look found them in order.
func (p *Planner) wake(dates []briefing.Date) {
	news, revised := p.compare(dates)
	if !news && !revised {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ref, m := range p.known {
		if revised || m.waits {
			m.until = m.looked
			p.known[ref] = m
		}
	}
}

// compare says whether the archive has other digests than at the last plan,
// and whether one of them has another edition.
func (p *Planner) compare(dates []briefing.Date) (news, revised bool) {
	p.mu.Lock()
	editions := make(map[briefing.Date]string, len(dates))
	maps.Copy(editions, p.editions)
	p.mu.Unlock()
	for _, d := range dates {
		if imprint, err := p.opts.Library.Imprint(d); err == nil {
			editions[d] = imprint.Edition
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	news = !slices.Equal(p.dates, dates)
	for d, edition := range editions {
		old, known := p.editions[d]
		revised = revised || known && old != edition
	}
	p.dates, p.editions = dates, editions
	return news, revised
}
