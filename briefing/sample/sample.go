// Package sample holds three digests that are built into the binary, so that
// the bot has something to show before anybody gave it a source. Their text
// was written for this project in the layout of the series that cyberbrief
// grew up with; what they report happened on the first days of July 2025.
package sample

import (
	"embed"
	"path"
)

//go:embed cybersecurity_news_*.md
var files embed.FS

// File is one digest as its author would publish it.
type File struct {
	Name string // its date is part of the name
	Body []byte // Markdown, UTF-8; the caller's own copy
}

// Files are the samples, oldest first.
func Files() []File {
	const root = "."
	entries, err := files.ReadDir(root)
	if err != nil {
		panic("sample: " + err.Error()) // the compiler put them there
	}
	out := make([]File, 0, len(entries))
	for _, e := range entries {
		body, err := files.ReadFile(path.Join(root, e.Name()))
		if err != nil {
			panic("sample: " + err.Error())
		}
		out = append(out, File{e.Name(), body})
	}
	return out
}
