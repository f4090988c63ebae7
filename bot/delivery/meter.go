package delivery

import (
	"time"

	"cyberbrief/bot"
)

// SlotMeter counts slots.
type SlotMeter interface {
	// Due is called once for each slot in all replicas: when its row is
	// written.
	Due(bot.Platform)
	// Settled is called when a slot has come to its end; Doubtful is none. Late is how long after the later of its time and the
	// coming of its digest the post stood in the channel; 0 where it does not.
	Settled(p bot.Platform, state SlotState, late time.Duration)
}

// RequestMeter counts requests that did not go as they should.
type RequestMeter interface {
	// Failed gets the class of the failure and the platform's word for it.
	Failed(p bot.Platform, class bot.Class, code string)
	// Resolved is called when a doubt about a message is over.
	Resolved(p bot.Platform, how Resolution)
}

// Resolution is how a doubt ended.
type Resolution string

// The resolutions.
const (
	Found    Resolution = "found"    // the message stands in the channel
	Repeated Resolution = "repeated" // it was not there, or its nonce keeps it single: sent again
)

// AmendMeter counts what was done with posts that were made.
type AmendMeter interface {
	// Corrected is called when a correction is over: done says that the post
	// shows it.
	Corrected(p bot.Platform, done bool)
	// Retracted is called when a removal is over: done says that nothing is
	// left of the post.
	Retracted(p bot.Platform, done bool)
}

// Meter counts what becomes of slots and posts, for whoever watches the bot.
// Its methods take no time and never fail. Counts are this process's own: what
// replicas count is to be added up.
type Meter interface {
	SlotMeter
	RequestMeter
	AmendMeter
}

// unmetered is a Meter that counts nothing.
type unmetered struct{}

func (unmetered) Due(bot.Platform)                               {}
func (unmetered) Settled(bot.Platform, SlotState, time.Duration) {}
func (unmetered) Failed(bot.Platform, bot.Class, string)         {}
func (unmetered) Resolved(bot.Platform, Resolution)              {}
func (unmetered) Corrected(bot.Platform, bool)                   {}
func (unmetered) Retracted(bot.Platform, bool)                   {}

// late is how long after the later of the slot's time and the coming of its
// digest the parent was posted.
func (r *run) late() time.Duration {
	if r.slot.PostedAt.IsZero() {
		return 0
	}
	from := r.slot.DueAt
	if p, err := r.Library.Imprint(r.slot.Digest); err == nil && p.First.After(from) {
		from = p.First
	}
	return max(0, r.slot.PostedAt.Sub(from))
}

// count tells the meter of a request that failed.
func (r *run) count(err error) {
	r.Meter.Failed(r.slot.Ref.Platform, bot.ClassOf(err), codeOf(err))
}
