package web

import (
	"slices"

	"cyberbrief/briefing"
)

// anchors sees to it that each line of a digest is the anchor of one place on
// the page. A file may be read so that a line counts twice, as a heading and
// as the key point made of it: then the part that tells the story has it.
// It belongs to one writing of one page.
type anchors struct {
	lines map[int]bool // lines that something on the page begins at
	parts map[int]bool // those of parts
	taken map[int]bool
}

func newAnchors(d *briefing.Digest) *anchors {
	a := &anchors{map[int]bool{}, map[int]bool{}, map[int]bool{}}
	part := func(line int, text briefing.Text) {
		a.lines[line], a.parts[line] = true, true
		for _, b := range text {
			if b.Kind == briefing.Heading {
				a.lines[b.Line] = true
			}
		}
	}
	for _, s := range d.Stories {
		part(s.Line, s.Text)
		for _, line := range s.Also {
			a.lines[line] = true
		}
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		part(s.Line, s.Text)
	}
	for _, p := range []*briefing.Passage{d.Outlook, d.Conclusion} {
		if p != nil {
			part(p.Line, p.Text)
		}
	}
	for _, t := range d.Glossary {
		part(t.Line, nil)
	}
	return a
}

// take claims a line's anchor, once; a part's line is kept for the part.
func (a *anchors) take(line int, part bool) bool {
	if line <= 0 || a.taken[line] || !part && a.parts[line] {
		return false
	}
	a.taken[line] = true
	return true
}
