package main

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// buildIDWithin is where in the file of a program its build ID stands, which
// is as far as Go's own tools look for it; see cmd/internal/buildid.
const buildIDWithin = 32 << 10

// itself is the program that runs, where the system has such a name: the file
// at its path may be a newer one by now.
const itself = "/proc/self/exe"

// readerName names what reads digests in this program: its build ID, which
// follows from everything it was built from. A program that was built from
// anything else reads the archive anew. It is empty where the ID cannot be
// found, and then nothing that was read is kept.
func readerName() string {
	if id := buildIDOf(itself); id != "" {
		return id
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return buildIDOf(path)
}

// buildIDOf finds the build ID of a program, empty for none.
func buildIDOf(path string) string {
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
// What Go makes has parts between slashes; some tools write a word of their own
// in its place, the same into every program.
func buildID(head []byte) string {
	for _, before := range []string{
		"Go\x00\x00",           // the name of a note of an ELF file
		"\xff Go build ID: \"", // at the beginning of the code in all others
	} {
		_, id, found := bytes.Cut(head, []byte(before))
		n := bytes.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' })
		if found && n > 0 && strings.Contains(string(id[:n]), "/") {
			return string(id[:n])
		}
	}
	return ""
}
