package source

import (
	"context"

	"cyberbrief/briefing"
	"cyberbrief/briefing/sample"
)

// Sample is the source of the digests that are built into the binary.
func Sample() Source { return &builtin{} }

type builtin struct {
	handed int // how many the sink has taken
}

func (*builtin) String() string { return "sample" }

func (b *builtin) Scan(ctx context.Context, sink Sink) (newest briefing.Date, err error) {
	files := sample.Files()
	for _, f := range files[b.handed:] {
		if err := sink(ctx, File{Name: f.Name, Body: f.Body, Source: b.String()}); err != nil {
			return b.newest(files), err
		}
		b.handed++
	}
	return b.newest(files), nil
}

func (*builtin) newest(files []sample.File) briefing.Date {
	return dateIn(files[len(files)-1].Name)
}
