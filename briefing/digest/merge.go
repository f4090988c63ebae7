package digest

import (
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// maxPairs bounds the work on hostile files: so many stories times stories,
// or key points times texts, are compared. Real digests have some 200.
const maxPairs = 20_000

// merge makes one story of each that is told twice: once short and once
// long, in different parts of the digest. The long telling keeps its line;
// the line of the short one goes to Also. A themed summary that tells of
// several stories stays a story of its own.
func merge(v *vocabulary, all []*told) []*told {
	gone := map[*told]bool{}
	short, long := parts(all)
	if len(short) > 0 && len(long) > 0 && len(short)*len(long) <= maxPairs {
		for s, l := range twins(v, short, long) {
			into(l, s)
			gone[s] = true
		}
	}
	return slices.DeleteFunc(all, func(t *told) bool { return gone[t] })
}

// parts divides the stories at the place where the digest starts over: a
// second title, or a rule with stories on both sides of it.
func parts(all []*told) (short, long []*told) {
	last := 0
	for _, t := range all {
		last = max(last, t.part)
	}
	at := slices.IndexFunc(all, func(t *told) bool { return t.part != all[0].part })
	if at < 0 || last == all[0].part {
		return nil, nil
	}
	return all[:at], all[at:]
}

// A short text is a telling of a long one when that much of its weight is in
// the long text (covered) and that much of the long headline is in it
// (headline). A themed summary usually tells of several stories and must
// match in both; two items may also say it with nearly the same headline.
const (
	themeCovered  = 0.40
	themeHeadline = 0.40
	itemSum       = 0.95 // covered + headline
	itemHeadline  = 0.30
	sameHeadline  = 0.60
)

// twins pairs short tellings with long ones: each is the other's best match,
// and close enough to be the same story.
func twins(v *vocabulary, short, long []*told) map[*told]*told {
	var bodies, titles []bag
	for _, l := range long {
		bodies = append(bodies, l.bag)
		titles = append(titles, l.title)
	}
	x := newIndex(v, bodies, titles)
	scores := make([][]float64, len(short))
	for i, s := range short {
		scores[i] = make([]float64, len(long))
		known := x.known(&s.bag)
		for j := range long {
			scores[i][j] = x.score(&s.bag, j, known)
		}
	}
	out := map[*told]*told{}
	for i, row := range scores {
		j := best(row)
		column := make([]float64, len(short))
		for k := range short {
			column[k] = scores[k][j]
		}
		if best(column) == i && sameStory(x, short[i], long[j], j) {
			out[short[i]] = long[j]
		}
	}
	return out
}

func sameStory(x *index, short, long *told, n int) bool {
	covered, headline := x.covered(&short.bag, n), x.headline(&short.bag, n)
	if short.theme {
		return covered >= themeCovered && headline >= themeHeadline
	}
	return covered+headline >= itemSum && headline >= itemHeadline ||
		overlap(short.Heading, long.Heading) >= sameHeadline
}

// best is the place of the highest score.
func best(scores []float64) int {
	at := 0
	for i, s := range scores {
		if s > scores[at] {
			at = i
		}
	}
	return at
}

// into adds the short telling s to the long telling l. The heading of s is
// kept: as the group that l stands in where s is a theme, else in Short,
// unless l has the same.
func into(l, s *told) {
	l.bag = union(l.bag, s.bag)
	l.Also = append(l.Also, s.Line)
	l.Sources = append(l.Sources, s.Sources...)
	l.Short = s.Text
	switch {
	case s.theme:
		l.Section = s.Heading
	default:
		if s.Section != "" {
			l.Section = s.Section
		}
		if !strings.Contains(normal(l.Heading), normal(s.Heading)) {
			head := briefing.Block{Kind: briefing.Heading, Level: 3, Line: s.Line, Spans: []briefing.Span{{Text: s.Heading}}}
			l.Short = append(briefing.Text{head}, l.Short...)
		}
	}
}
