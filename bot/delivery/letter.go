package delivery

import (
	"time"

	"cyberbrief/bot"
)

const (
	// gather is how long a notice waits after the newest pause, gatherMost
	// after the oldest: channels of one installation are often paused one
	// after the other, and one message names them all.
	gather     = 10 * time.Second
	gatherMost = 10 * time.Minute
)

// letter is what one person is told of one installation.
type letter struct {
	person  string
	notices []Notice
}

func (l letter) installation() bot.InstallationID { return l.notices[0].Ref.ID() }

// lettersOf gathers notices by installation and person, in their order.
func lettersOf(due []Notice) []letter {
	type address struct {
		in     bot.InstallationID
		person string
	}
	places := map[address]int{}
	var letters []letter
	for _, n := range due {
		a := address{n.Ref.ID(), n.Person}
		i, known := places[a]
		if !known {
			i = len(letters)
			places[a] = i
			letters = append(letters, letter{person: n.Person})
		}
		letters[i].notices = append(letters[i].notices, n)
	}
	return letters
}

// ready is when the letter may go: when no more pauses are about to follow, and
// never before a try that was put off.
func (l letter) ready() time.Time {
	first, last := l.notices[0].PausedAt, l.notices[0].PausedAt
	var putOff time.Time
	for _, n := range l.notices {
		if n.PausedAt.Before(first) {
			first = n.PausedAt
		}
		if n.PausedAt.After(last) {
			last = n.PausedAt
		}
		if n.DueAt.After(n.PausedAt) && n.DueAt.After(putOff) {
			putOff = n.DueAt
		}
	}
	ready := last.Add(gather)
	if most := first.Add(gatherMost); most.Before(ready) {
		ready = most
	}
	if !putOff.IsZero() {
		return putOff
	}
	return ready
}

// attempts is the number of tries that the letter has behind it.
func (l letter) attempts() (n int) {
	for _, notice := range l.notices {
		n = max(n, notice.Attempts)
	}
	return n
}

// refs are the channels of the letter, for the log.
func (l letter) refs() (refs []bot.Ref) {
	for _, n := range l.notices {
		refs = append(refs, n.Ref)
	}
	return refs
}
