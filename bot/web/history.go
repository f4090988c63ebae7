package web

import (
	"slices"

	"cyberbrief/briefing"
)

// explained is a term with where it was explained.
type explained struct {
	briefing.Entry
	// History are the newest days with the term, Earlier those before.
	History, Earlier []appearance
}

// appearance is a day on which a digest explained a term.
type appearance struct {
	Date   briefing.Date
	Anchor string // of the term on the day's page
	// Definition is what was said then where it differs from today's words.
	Definition string
}

// recentDays is how many days a term's history shows at once.
const recentDays = 8

// explain adds a term's history. A day that was withdrawn meanwhile is left
// out.
func (s *Site) explain(e briefing.Entry) explained {
	out := explained{Entry: e}
	for _, date := range e.Digests {
		d, err := s.opts.Library.Digest(date)
		if err != nil {
			continue
		}
		a := appearance{Date: date, Anchor: d.Anchors()[termLine(d, e)]}
		for i, m := range e.Meanings {
			if i > 0 && m.Date == date {
				a.Definition = m.Definition
			}
		}
		out.History = append(out.History, a)
	}
	if len(out.History) > recentDays {
		out.History, out.Earlier = out.History[:recentDays], out.History[recentDays:]
	}
	return out
}

// termLine is where a digest explains a term, by any of its names; 0 when it
// is not found.
func termLine(d *briefing.Digest, e briefing.Entry) int {
	for _, t := range d.Glossary {
		if t.Term == e.Term || slices.Contains(e.Aliases, t.Term) || slices.Contains(t.Aliases, e.Term) {
			return t.Line
		}
	}
	return 0
}
