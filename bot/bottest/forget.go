package bottest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Forget drops all that is older than an instant and that only a test would
// look at: messages, requests, answers. A run over a year needs as little
// memory as one over a day then.
func (s *Slack) Forget(before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := fmt.Sprintf("%d.000000", before.Unix())
	for _, c := range s.channels {
		c.messages = kept(c.messages, func(m *SlackMessage) bool { return m.TS >= oldest })
	}
	s.calls = kept(s.calls, func(c SlackCall) bool { return !c.At.Before(before) })
	maps.DeleteFunc(s.answers, func(_ string, a *slackAnswers) bool { return a.at.Before(before) })
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	maps.DeleteFunc(s.views.triggers, func(_ string, t slackTrigger) bool { return t.at.Before(before) })
}

// Forget is what Slack's is; threads go with their parents.
func (d *Discord) Forget(before time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	oldest := snowflakeOf(before)
	for id, ch := range d.channels {
		if ch.kind == discordThread && number(ch.parent) < oldest {
			delete(d.channels, id)
			continue
		}
		ch.messages = kept(ch.messages, func(m *DiscordMessage) bool { return number(m.ID) >= oldest })
		maps.DeleteFunc(ch.nonces, func(_ string, n discordNonce) bool { return n.at.Before(before) })
	}
	d.requests = kept(d.requests, func(r DiscordRequest) bool { return !r.At.Before(before) })
	d.faults = kept(d.faults, func(p *plannedFault) bool { return p.left > 0 })
	maps.DeleteFunc(d.interactions, func(_ string, i *discordInteraction) bool { return i.at.Before(before) })
}

// kept are the elements to keep, in memory of their own.
func kept[T any](all []T, keep func(T) bool) []T {
	return slices.Clip(slices.Clone(slices.DeleteFunc(all, func(v T) bool { return !keep(v) })))
}

// number is an id as a number, 0 for one that is none.
func number(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}
