package delivery

import (
	"context"
	"time"

	"cyberbrief/briefing"
)

// farthestEast is the zone in which a date begins first: that of a channel
// which is not known.
var farthestEast = time.FixedZone("UTC+14", 14*60*60)

// zone is the channel's.
func (r *run) zone() *time.Location {
	if loc, err := time.LoadLocation(r.channel.Zone); err == nil && r.channel.Zone != "" {
		return loc
	}
	return farthestEast
}

// lost says that messages of the slot may stand in the channel of which the
// ledger does not know, for it is a copy that was put back. Those of a slot
// whose date had begun by then may: one can be posted by hand before its time.
func (r *run) lost() bool {
	at := r.slot.RestoredAt
	return !at.IsZero() && (r.slot.DueAt.Before(at) || r.slot.Date <= briefing.DateOf(at.In(r.zone())))
}

// dawn is the earliest instant at which a message of the slot can have been
// posted: nobody can before its date begins.
func (r *run) dawn() time.Time {
	begins, err := time.ParseInLocation(time.DateOnly, string(r.slot.Date), r.zone())
	if err != nil || r.slot.DueAt.Before(begins) {
		return r.slot.DueAt
	}
	return begins
}

// suspect says that a part which the ledger does not know as sent may have been
// all the same: its intent, and even its id, may have been written after the
// ledger was copied. In a thread that this run began nothing can be.
func (r *run) suspect(i int) bool {
	return r.lost() && r.parts[i].State == Rendered && !r.anew
}

// recall looks for all messages of a slot that the ledger may have lost.
func (r *run) recall(ctx context.Context) (verdict, bool) {
	if v, stop := r.meet(ctx); stop || !r.lost() {
		return v, stop
	}
	if len(r.parts) == 0 {
		if v, stop := r.render(); stop {
			// A digest that was withdrawn may never come back: whoever retracts
			// by hand is not to wait for it.
			v.after = max(v.after, lookWait)
			return v, true
		}
	}
	for i := range r.parts {
		if !r.suspect(i) {
			continue
		}
		if v, stop := r.intend(ctx, i, r.dawn()); stop {
			return v, true
		}
		if v, stop := r.look(ctx, i); stop {
			return v, true
		}
		if i == 0 && r.parts[0].State != Sent {
			return verdict{}, false // and so there is no thread
		}
	}
	return verdict{}, false
}
