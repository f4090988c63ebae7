package slack

import (
	"slices"
	"sync"
	"time"

	"cyberbrief/bot"
)

// Who has opened the home tab lately may be looking at it still: it is drawn
// anew for so many, so long.
const (
	viewsFor  = time.Hour
	viewsMost = 50
)

// viewers are the members who opened the home tab lately. It is safe for
// concurrent use.
type viewers struct {
	clock func() time.Time

	mu  sync.Mutex
	all []viewer // who came last is last
}

type viewer struct {
	team, user string
	at         time.Time
}

func newViewers(clock func() time.Time) *viewers { return &viewers{clock: clock} }

func (v *viewers) add(team, user string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = slices.DeleteFunc(v.all, func(x viewer) bool { return x.team == team && x.user == user })
	if len(v.all) >= viewsMost {
		v.all = v.all[1:]
	}
	v.all = append(v.all, viewer{team, user, v.clock()})
}

// of are the viewers in a workspace.
func (v *viewers) of(team string) []viewer {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock()
	return slices.DeleteFunc(slices.Clone(v.all), func(x viewer) bool { return x.team != team || now.Sub(x.at) > viewsFor })
}

// refresh has the home tabs of a workspace drawn anew when a job has changed
// what they show.
func (in *intake) refresh(j job, reply bot.Reply) {
	if !reply.Changed {
		return
	}
	for _, x := range in.homes.of(j.Ref.Tenant) {
		in.accept(in.slack.homeJob("", x.team, x.user))
	}
}
