package bot

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
)

// sealSize is the length of a seal, in bytes.
const sealSize = 8

// sealOf is a checksum of all that stands in a Reading. The one of briefing.Pack
// says only that the bytes are a digest; with the edition of another, each post
// of the digest would be corrected to what it shows already.
func sealOf(r Reading) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%d\x00%s\x00", r.Date, r.Revision, r.Edition)
	h.Write(r.Packed)
	return h.Sum(nil)[:sealSize]
}

// sealed is a reading with its seal behind what is packed.
func sealed(r Reading) Reading {
	r.Packed = append(slices.Clip(r.Packed), sealOf(r)...)
	return r
}

// unsealed is the reading that was sealed, if nothing in it has changed.
func unsealed(r Reading) (Reading, bool) {
	if len(r.Packed) < sealSize {
		return r, false
	}
	at := len(r.Packed) - sealSize
	seal := r.Packed[at:]
	r.Packed = r.Packed[:at:at]
	return r, bytes.Equal(seal, sealOf(r))
}
