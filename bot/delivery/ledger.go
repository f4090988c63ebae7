package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// SlotKey is a channel and a local date: a channel gets at most one briefing
// for it.
type SlotKey struct {
	Ref  bot.Ref
	Date briefing.Date
}

// SlotState is how far a slot has come. A slot that has no row yet is open
// or still to come; package schedule says which.
type SlotState string

// The states of a slot's row. Only Claimed and Doubtful can still change by
// themselves; Failed waits for an admin.
const (
	Claimed  SlotState = "claimed"   // a digest is chosen, parts are being sent
	Doubtful SlotState = "doubtful"  // it is unknown whether a part was posted
	Posted   SlotState = "posted"    // every part has its message id
	NoDigest SlotState = "no_digest" // the window ended without a digest
	Missed   SlotState = "missed"    // the bot or the channel was not able to
	Failed   SlotState = "failed"    // the platform refuses what we send
)

// Slot is the ledger's row of a slot.
type Slot struct {
	SlotKey
	State  SlotState
	Reason string // a code such as not_in_channel, empty when all is well
	Digest briefing.Date
	// Earlier are the digests named in the post, newest first: the channel
	// counts as having had them.
	Earlier []briefing.Date
	// DueAt is the slot's instant, ClosesAt the end of its window.
	DueAt, ClosesAt time.Time
	// RestoredAt is when work began on a ledger that is a copy which was put
	// back, zero for never: what was posted in between, it does not know.
	RestoredAt time.Time
	PostedAt   time.Time // of the parent; zero while it is not posted
	// Fence grows with each claim; a holder of an old one may write nothing.
	Fence int64
	// Attempts counts the claims so far in which the platform was asked for
	// anything; one that only had to wait is none. A correction counts anew.
	Attempts int
	// Edition is that of the digest which the messages show, see
	// bot.Printing; empty while nothing is rendered.
	Edition    string
	Correction Correction
	// RetractAt is when the removal of the messages was asked for,
	// RetractedAt when it ended; zero for never.
	RetractAt, RetractedAt time.Time
}

// Correction is what becomes of a newer edition of a digest that was posted.
type Correction struct {
	// Edition is that which is being put in place, or was given up; empty
	// when there is none.
	Edition string
	State   CorrectionState
	Reason  string
	// Times counts the corrections that began on the local date On.
	Times int
	On    briefing.Date
}

// CorrectionState is how far a correction has come. One that is shown is none
// any more: its edition is the slot's.
type CorrectionState string

// The states of a correction.
const (
	Correcting CorrectionState = "correcting"
	GivenUp    CorrectionState = "given_up"
)

// PartState is how far one message of a slot has come.
type PartState string

// The states of a part. A correction or a removal goes on from Sent.
const (
	Rendered PartState = "rendered" // its bytes are stored, nothing was sent
	Sending  PartState = "sending"  // intent: a request may have been made
	Sent     PartState = "sent"     // the platform gave it an id
	Stale    PartState = "stale"    // the message shows something older than Body
	Surplus  PartState = "surplus"  // the message is to be removed
	Removed  PartState = "removed"  // by us
	Gone     PartState = "gone"     // removed by people: it never comes back
	Kept     PartState = "kept"     // the platform lets nobody change it any more
)

// Part is one message of a slot; Index 0 is the parent.
type Part struct {
	Index    int
	State    PartState
	Body     bot.Message
	ID       bot.MessageID
	IntentAt time.Time
	// Note is set for the reply that stands for messages that could not be
	// edited.
	Note bool
}

// ErrFenced says that somebody else has claimed the slot since.
var ErrFenced = errors.New("slot was claimed by another process")

// FencedError is an ErrFenced that says how long the other claim has left,
// by the ledger's clock, unless it is renewed.
type FencedError struct{ Left time.Duration }

func (e *FencedError) Error() string { return fmt.Sprintf("%v, for %s from now", ErrFenced, e.Left) }

// Unwrap makes it an ErrFenced.
func (e *FencedError) Unwrap() error { return ErrFenced }

// ErrTaken says that the slot, or the digest in this channel, has a row.
var ErrTaken = errors.New("slot or digest is taken")

// Holding is a slot as it was claimed, and what a delivery has to know besides.
type Holding struct {
	Slot  Slot
	Parts []Part
	Addressee
}

// Addressee is the channel of a slot and how it stands.
type Addressee struct {
	// Channel is the zero value where it is not Subscribed any more.
	Channel    bot.Channel
	Subscribed bool
	// Behind says that an older slot of the channel is still Claimed.
	Behind bool
}

// Intent says that a request is about to be made.
type Intent struct {
	Index int
	At    time.Time
	// Lease and Attempts are those of Renew: an intent prolongs the claim.
	Lease    time.Duration
	Attempts int
	// Rendering is stored along with the first intent, nil for the others.
	Rendering *Rendering
}

// Rendering is what a slot will be sent, and which edition of the digest it
// shows.
type Rendering struct {
	Edition string
	Bodies  []bot.Message
}

// Receipt says that the platform took a part.
type Receipt struct {
	Index int
	ID    bot.MessageID
	At    time.Time
	// Last settles the slot as Posted and ends the claim: every part is Sent.
	Last bool
}

// Ledger is the memory of what was sent where. Each method is one
// transaction, which it may share with calls of others; none fails because
// another one does. Times are stored in milliseconds.
type Ledger interface {
	// Open writes the row of a slot in state Claimed with its digest, and
	// queues its delivery in the same transaction. ErrTaken when the slot has
	// a row or the channel has had the digest.
	Open(ctx context.Context, s Slot) error
	// Close writes a row that ends a slot without a post (NoDigest, Missed).
	// ErrTaken when the slot has a row.
	Close(ctx context.Context, s Slot) error
	// Claim raises the fence of a Claimed or Doubtful slot and holds it for
	// lease. *FencedError while another claim's lease runs; ErrNotFound when
	// there is no such row; a settled slot is returned as it is.
	Claim(ctx context.Context, key SlotKey, lease time.Duration) (Holding, error)
	// Renew holds a claim for lease from now on and keeps the slot's Attempts.
	// ErrFenced when fence is not the slot's newest.
	Renew(ctx context.Context, key SlotKey, fence int64, attempts int, lease time.Duration) error
}

// Progress records one delivery step by step. Every method fails with
// ErrFenced when fence is not the slot's newest.
type Progress interface {
	// Intend marks a part Sending, before the request. A Rendering is stored
	// with it, once: all other parts are Rendered then.
	Intend(ctx context.Context, key SlotKey, fence int64, in Intent) error
	// Confirm marks a part Sent with the platform's id.
	Confirm(ctx context.Context, key SlotKey, fence int64, r Receipt) error
	// Refuse marks a Sending part Rendered again: the platform certainly did
	// not take it, so nobody has to look for it before the next try.
	Refuse(ctx context.Context, key SlotKey, fence int64, index int) error
	// Replace drops the parts from index from on, none of which may be Sent,
	// and stores bodies in their stead, in state Rendered.
	Replace(ctx context.Context, key SlotKey, fence int64, from int, bodies []bot.Message) error
}

// Amendment is what is done with a post that was made. The methods with a
// fence fail with ErrFenced when it is not the slot's newest.
type Amendment interface {
	// Reclaim is Claim for a slot that was Posted, to correct it, or that is
	// to be retracted. A slot with nothing to amend is returned as it is.
	Reclaim(ctx context.Context, key SlotKey, lease time.Duration) (Slot, []Part, error)
	// Stage writes down what a correction will make of the parts, before it
	// begins: new ones are added, of those there are the state and the body
	// change.
	Stage(ctx context.Context, key SlotKey, fence int64, c Correction, parts []Part) error
	// Mark gives a part that has an id another state.
	Mark(ctx context.Context, key SlotKey, fence int64, index int, state PartState) error
	// SettleCorrection ends the claim: the messages show the edition, or did
	// so far, and c is what there is still to do or was given up.
	SettleCorrection(ctx context.Context, key SlotKey, fence int64, edition string, c Correction) error
	// SlotsWith are the slots of all channels whose post is of this digest.
	SlotsWith(ctx context.Context, digest briefing.Date) ([]Slot, error)
	// Retract asks for the removal of a slot's messages: it marks the slot,
	// writes the audit entry and queues the work in one transaction. A slot
	// that is marked already stays as it is. From then on it is not delivered.
	Retract(ctx context.Context, key SlotKey, e bot.AuditEntry) error
	// Release ends the claim of a slot whose post is amended later, and says
	// why not now.
	Release(ctx context.Context, key SlotKey, fence int64, reason string) error
	// SettleRetraction ends the claim of a slot whose messages are removed,
	// or as far as that goes. A slot that was not settled is Missed then; its
	// digests stay taken.
	SettleRetraction(ctx context.Context, key SlotKey, fence int64, at time.Time, reason string) error
}

// Settlement ends a claim.
type Settlement interface {
	// Settle gives the slot its state and reason and ends the lease. A slot
	// left Claimed or Doubtful is tried again.
	Settle(ctx context.Context, key SlotKey, fence int64, state SlotState, reason string) error
	// Pause stops all deliveries to a channel until it is resumed, and writes
	// an audit entry. In the same transaction it puts the Notice of it into the
	// Outbox, if none has gone out for TellEvery, and queues that. False when
	// the channel was paused already, or is not subscribed.
	Pause(ctx context.Context, ref bot.Ref, reason string, at time.Time) (bool, error)
}

// Care looks after channels that are paused.
type Care interface {
	// Resume ends the pause of a channel that is still paused for this reason,
	// with an audit entry; false when it is not.
	Resume(ctx context.Context, ref bot.Ref, reason string, e bot.AuditEntry) (bool, error)
	// TakeProbe is true for one caller in each period of every: for the first,
	// and again for the first after it. It tells how many times in a row
	// nobody could answer, see PutOffProbe.
	TakeProbe(ctx context.Context, ref bot.Ref, now time.Time, every time.Duration) (unanswered int, first bool, err error)
	// PutOffProbe says when TakeProbe is true again, and that so many times in
	// a row nobody could answer.
	PutOffProbe(ctx context.Context, ref bot.Ref, next time.Time, unanswered int) error
}

// Board is what planning and status read.
type Board interface {
	Channels(ctx context.Context) ([]bot.Channel, error)
	// Addressee is what Claim says of the slot's channel.
	Addressee(ctx context.Context, key SlotKey) (Addressee, error)
	// Slots are the newest rows of a channel, newest date first, at most n.
	Slots(ctx context.Context, ref bot.Ref, n int) ([]Slot, error)
	// Had are the dates of all digests that the channel was sent or told of.
	Had(ctx context.Context, ref bot.Ref) (map[briefing.Date]bool, error)
}
