package main

import (
	_ "embed"
	"io"
)

// thirdParty are the licences of all that the program is made of; written by
// `go run ./cmd/notices licenses`.
//
//go:embed third_party.txt
var thirdParty string

// licensesCommand is `licenses`: a binary that is copied on by itself still
// carries the notices that its parts ask for.
type licensesCommand struct{}

// Run prints the notices.
func (licensesCommand) Run(e *environment) error {
	_, err := io.WriteString(e.stdout, thirdParty)
	return err
}
