package bot

import (
	"context"
	"time"

	"cyberbrief/briefing"
)

// DigestFile is a digest as it came: the file itself is kept, so that a
// better reader reads the whole archive anew.
type DigestFile struct {
	Date   briefing.Date
	Name   string
	Body   []byte
	Source string // where it came from, as configured
	// FirstAt is when the first edition was taken in, RevisedAt the newest
	// edition (equal to FirstAt while there is one), WithdrawnAt when the
	// source took it back; zero while it stands.
	FirstAt, RevisedAt, WithdrawnAt time.Time
}

// KeptDigest is a digest as the store has it. Where there is a Reading, the
// Body is left out and Edition names its bytes.
type KeptDigest struct {
	DigestFile
	Revision int64  // of the store when the file came, was revised or withdrawn
	Edition  string // empty without a Reading
	Reading  []byte // Packed of what KeepReadings was given; nil for none
}

// Rejected is a file that could not be read as a digest, kept aside.
type Rejected struct {
	File   string    `json:"file"`
	Reason string    `json:"reason"`
	At     time.Time `json:"-"`
}

// Edition says what became of a file that was handed to the archive.
type Edition int

// What a file can be to the archive.
const (
	Unchanged Edition = iota
	First
	Revised
)

// DigestKeeper keeps the files of digests. Implemented by bot/store.
type DigestKeeper interface {
	// KeepDigest stores an edition; the same bytes again are Unchanged. A
	// rejection of the same file name ends.
	KeepDigest(context.Context, DigestFile) (Edition, error)
	// RejectDigest notes that a file could not be read, once per file.
	RejectDigest(context.Context, Rejected) error
	// RejectedFiles are the names of all files that are kept aside.
	RejectedFiles(context.Context) ([]string, error)
}

// ReadingKeeper gives back what a DigestKeeper keeps, and keeps what was read
// of it. Implemented by bot/store.
type ReadingKeeper interface {
	// DigestsSince gives every digest that changed after revision rev (0: all),
	// withdrawn ones included, oldest date first, and the newest revision:
	// what the named reader made of a file where that was kept, else the file.
	// No reader has no name: for an empty one there are files only.
	DigestsSince(ctx context.Context, rev int64, reader string) ([]KeptDigest, int64, error)
	// KeepReadings keeps what a reader made of digests, in place of what
	// others did. That of a file which is no longer the newest is of no use.
	KeepReadings(ctx context.Context, reader string, all []Reading) error
}

// ArchiveKeeper is all that an archive outlives the process by.
type ArchiveKeeper interface {
	DigestKeeper
	ReadingKeeper
}

// AuditEntry is one change that an admin made.
type AuditEntry struct {
	At           time.Time
	Installation InstallationID
	// Who is the platform's id of the person, or one of ByCLI, ByConfig, ….
	Who    string
	What   string // add, remove, set, pause, resume, retract
	Ref    Ref
	Before string // settings as JSON, or Channel.State; empty for none
	After  string
}

// ChannelKeeper keeps the channels. Implemented by bot/store.
type ChannelKeeper interface {
	Channels(context.Context) ([]Channel, error)
	// Channel is briefing.ErrNotFound when the ref is not subscribed.
	Channel(context.Context, Ref) (Channel, error)
	// PutChannel adds or replaces a channel and writes the audit entry in the
	// same transaction. AddedAt of a known channel stays as it is.
	PutChannel(context.Context, Channel, AuditEntry) error
	// RemoveChannel is briefing.ErrNotFound when the ref is not subscribed.
	// The ledger of the channel stays.
	RemoveChannel(context.Context, Ref, AuditEntry) error
}

// WordCounter counts the words that nobody has explained yet.
type WordCounter interface {
	CountUnknown(ctx context.Context, in InstallationID, word string, at time.Time) error
}

// SourceCheck is the last look at one source of digests.
type SourceCheck struct {
	Source    string        `json:"source"`
	Newest    briefing.Date `json:"newest"`
	CheckedAt time.Time     `json:"checked_at"`
	Error     string        `json:"error"`
}

// SourceKeeper keeps how each source was found last.
type SourceKeeper interface {
	KeepSourceCheck(context.Context, SourceCheck) error
}
