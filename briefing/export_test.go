package briefing

// Laid is what Pack compresses.
func Laid(d *Digest) []byte {
	p := newPacking()
	p.digest(d)
	return p.bytes
}

// Deflate is how Pack compresses.
func Deflate(plain []byte) []byte { return deflate(plain) }
