package main

import (
	"bytes"
	"io"
	"os"
)

// buildIDWithin is where in the file of a program its build ID stands, which
// is as far as Go's own tools look for it; see cmd/internal/buildid.
const buildIDWithin = 32 << 10

// readerName names what reads digests in this program: its build ID, which
// follows from everything it was built from. A program that was built from
// anything else reads the archive anew. It is empty where the ID cannot be
// found, and then nothing that was read is kept.
func readerName() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, buildIDWithin))
	if err != nil {
		return ""
	}
	return buildID(head)
}

// buildID finds the build ID in the beginning of a program, empty for none.
func buildID(head []byte) string {
	for _, before := range []string{
		"Go\x00\x00",           // the name of a note of an ELF file
		"\xff Go build ID: \"", // at the beginning of the code in all others
	} {
		_, id, found := bytes.Cut(head, []byte(before))
		if n := bytes.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' }); found && n > 0 {
			return string(id[:n])
		}
	}
	return ""
}
