package digest

import (
	"slices"

	"cyberbrief/briefing"
)

// candidate is a heading that may tell the story of a key point.
type candidate struct {
	detail briefing.Detail
	story  *briefing.Story // nil for deep dives and sections
	prior  float64
}

// What multiplies the score of a candidate: a news item that names its
// source is the better answer to "where does this come from", a themed
// summary or a deep dive the worse one at the same score.
const (
	priorSourced = 1.15
	priorItem    = 1.05
	priorTheme   = 0.90
	priorDive    = 0.85
	priorSection = 0.60
)

const (
	// minDetail is the score below which nothing is a detail.
	minDetail = 0.30
	// nearDetail is how close to the best a further detail must be.
	nearDetail = 0.62
	// maxDetails is how many are given.
	maxDetails = 4
)

// link ties key points to the headings that tell their stories, and both to
// their sources.
func (r *reader) link() {
	d := r.digest
	candidates := r.candidates()
	if len(d.KeyPoints)*len(candidates) > maxPairs || len(d.Citations)*len(candidates) > maxPairs {
		r.advise(1, codeTooMany, "too many key points or sections to tie together; no links are made")
		return
	}
	x := newIndex()
	points := make([][]int32, len(d.KeyPoints))
	for i, k := range d.KeyPoints {
		points[i] = x.query(func(yield func(token)) { textTokens(k.Text, yield) })
	}
	cited := make([][]int32, len(d.Citations))
	for i, c := range d.Citations {
		cited[i] = x.query(func(yield func(token)) { tokens(c.Title, yield) })
	}
	for _, c := range candidates {
		if c.story != nil {
			x.text(c.detail.Heading, c.story.Text, c.story.Short, sourceTitles(c.story))
		} else {
			x.text(c.detail.Heading, r.diveText(c.detail.Line))
		}
	}
	x.rarity()
	r.linkCitations(x, candidates, cited)
	for i := range d.KeyPoints {
		r.linkPoint(x, candidates, &d.KeyPoints[i], points[i], cited)
	}
}

// candidates are the headings that key points can be tied to.
func (r *reader) candidates() []candidate {
	d := r.digest
	var out []candidate
	for i := range d.Stories {
		s := &d.Stories[i]
		prior := priorItem
		switch {
		case slices.ContainsFunc(s.Sources, func(c briefing.Citation) bool { return c.Line > 0 }):
			prior = priorSourced
		case !numbered(s.Heading) && s.Section == "":
			prior = priorTheme
		}
		out = append(out, candidate{briefing.Detail{Line: s.Line, Heading: s.Heading}, s, prior})
	}
	for _, s := range d.DeepDives {
		out = append(out, candidate{briefing.Detail{Line: s.Line, Heading: s.Heading}, nil, priorDive})
	}
	for _, s := range d.Sections {
		if s.Heading != d.Title {
			out = append(out, candidate{briefing.Detail{Line: s.Line, Heading: s.Heading}, nil, priorSection})
		}
	}
	return out
}

// diveText is the text of the deep dive or section at a line.
func (r *reader) diveText(no int) briefing.Text {
	for _, list := range [][]briefing.Section{r.digest.DeepDives, r.digest.Sections} {
		for _, s := range list {
			if s.Line == no {
				return s.Text
			}
		}
	}
	return nil
}

// sourceTitles are the titles of a story's sources as a text.
func sourceTitles(s *briefing.Story) briefing.Text {
	var out briefing.Text
	for _, c := range s.Sources {
		out = append(out, briefing.Block{Spans: []briefing.Span{{Text: c.Title}}})
	}
	return out
}

// linkPoint finds the details and sources of one key point.
func (r *reader) linkPoint(x *index, candidates []candidate, k *briefing.KeyPoint, query []int32, cited [][]int32) {
	type scored struct {
		candidate
		n     int
		score float64
	}
	var found []scored
	for n, c := range candidates {
		if s := x.score(query, n) * c.prior; s >= minDetail {
			found = append(found, scored{c, n, s})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	for i, f := range found {
		if i == maxDetails || f.score < nearDetail*found[0].score {
			break
		}
		k.Details = append(k.Details, f.detail)
	}
	_ = cited
}

func (r *reader) linkCitations(x *index, candidates []candidate, cited [][]int32) {}
