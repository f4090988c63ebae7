package bottest

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Forget drops the messages that are older than an instant, and all that only
// a test would look at: requests, answers, what one person sees. A run over a
// year needs as little memory as one over days then. Nobody may be waiting
// for an answer.
func (s *Slack) Forget(before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := fmt.Sprintf("%d.000000", before.Unix())
	for _, c := range s.channels {
		c.messages = kept(c.messages, func(m *SlackMessage) bool { return m.TS >= oldest && m.For == "" })
	}
	s.calls, s.answers = nil, map[string]*slackAnswers{}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	s.views.triggers = map[string]slackTrigger{}
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
		ch.nonces = map[string]discordNonce{}
	}
	d.requests, d.interactions = nil, map[string]*discordInteraction{}
	d.faults = kept(d.faults, func(p *plannedFault) bool { return p.left > 0 })
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
