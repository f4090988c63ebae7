// Command notices writes what goes along with the program when it is handed
// on: the licences of what it is made of, and its bill of materials. It is a
// tool of the build and uses the standard library and the go command only.
//
//	go run ./cmd/notices licenses > cmd/cyberbrief/third_party.txt
//	go run ./cmd/notices sbom FILE > FILE.cdx.json
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "notices: %v\n", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("want `licenses`, or `sbom FILE` with a built program")

func run(args []string, w io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == "licenses":
		return licenses(w)
	case len(args) == 2 && args[0] == "sbom":
		return sbom(w, args[1])
	}
	return errUsage
}
