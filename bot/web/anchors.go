package web

import (
	"slices"

	"cyberbrief/briefing"
)

// anchors sees to it that each anchor of a digest stands at one place on the
// page. A file may be read so that a line counts twice, as a heading and as
// the sub-heading of what stands before: then the part that begins there has
// it. It belongs to one writing of one page.
type anchors struct {
	names briefing.Anchors
	parts map[string]bool // those of parts
	taken map[string]bool
}

func newAnchors(d *briefing.Digest) *anchors {
	a := &anchors{d.Anchors(), map[string]bool{}, map[string]bool{}}
	part := func(line int) { a.parts[a.names[line]] = true }
	for _, s := range d.Stories {
		part(s.Line)
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		part(s.Line)
	}
	for _, p := range []*briefing.Passage{d.Outlook, d.Conclusion} {
		if p != nil {
			part(p.Line)
		}
	}
	for _, t := range d.Glossary {
		part(t.Line)
	}
	return a
}

// take claims a line's anchor, once; empty when it is not to be had.
func (a *anchors) take(line int, part bool) string {
	name := a.names[line]
	if a.taken[name] || !part && a.parts[name] {
		return ""
	}
	a.taken[name] = true
	return name
}
