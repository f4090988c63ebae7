package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"cyberbrief/briefing"
)

// Imprint says which edition of a digest it is, and when it came.
type Imprint struct {
	// Edition names the bytes of the file that was read: the same on every
	// replica and after every restart.
	Edition string
	// First is when the first edition came, Revised when this one did; zero
	// for a first one.
	First, Revised time.Time
}

// Printing is a digest as it stands in the archive now.
type Printing struct {
	Digest *briefing.Digest
	Imprint
}

// editionOf names the bytes of a file in 16 characters.
func editionOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:8])
}

// book is a digest as it stands in memory: packed, since most are never asked
// for, and opened when somebody is; see openBooks. Nothing in it changes but
// kept.
type book struct {
	Imprint
	date     briefing.Date
	revision int64  // of the store
	file     string // name of the file it came from
	source   string
	packed   []byte
	// kept says that the store has the reading; guarded by the library's mu.
	kept   bool
	sought func() sought // made by the first search
}

// newBook packs what was read of a file.
func newBook(f KeptDigest, d *briefing.Digest) *book {
	b := &book{
		Imprint: Imprint{Edition: f.Edition, First: f.FirstAt},
		date:    f.Date, revision: f.Revision, file: f.Name, source: f.Source,
		packed: f.Reading, kept: f.Reading != nil,
	}
	if !b.kept {
		b.Edition, b.packed = editionOf(f.Body), briefing.Pack(d)
	}
	if f.RevisedAt.After(f.FirstAt) {
		b.Revised = f.RevisedAt
	}
	b.sought = sync.OnceValue(b.seek)
	return b
}

// unpack opens the book.
func (b *book) unpack() (*briefing.Digest, error) {
	d, err := briefing.Unpack(b.packed)
	if err != nil {
		return nil, fmt.Errorf("open the digest of %s: %w", b.date, err)
	}
	return d, nil
}
