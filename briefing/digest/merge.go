package digest

import (
	"slices"

	"cyberbrief/briefing"
)

// maxPairs bounds the work on hostile files: so many stories times stories,
// or key points times texts, are compared. Real digests have some 200.
const maxPairs = 20_000

// sameStory is the score from which on a short and a long text are the same
// story, and sameMargin how far ahead it must be of the next best.
const (
	sameStory  = 0.75
	sameMargin = 1.3
)

// merge makes one story of each that is told twice: once short and once
// long, in different parts of the digest. The long telling keeps its line;
// the line of the short one goes to Also. A themed summary that tells of
// several stories stays a story of its own.
func merge(all []*told) []briefing.Story {
	gone := map[*told]bool{}
	short, long := parts(all)
	if len(short) > 0 && len(long) > 0 && len(short)*len(long) <= maxPairs {
		for s, l := range twins(short, long) {
			into(l, s)
			gone[s] = true
		}
	}
	out := []briefing.Story{}
	for _, t := range all {
		if !gone[t] {
			out = append(out, t.Story)
		}
	}
	return out
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

// twins pairs short tellings with long ones: each is the other's best match,
// clearly ahead of the second.
func twins(short, long []*told) map[*told]*told {
	x := newIndex()
	queries := make([][]int32, len(short))
	for i, s := range short {
		queries[i] = x.query(func(yield func(token)) {
			tokens(s.Heading, yield)
			textTokens(s.Text, yield)
		})
	}
	for _, l := range long {
		x.text(l.Heading, l.Text)
	}
	x.rarity()
	scores := make([][]float64, len(short))
	for i := range short {
		scores[i] = make([]float64, len(long))
		for j := range long {
			scores[i][j] = x.score(queries[i], j)
		}
	}
	out := map[*told]*told{}
	for i, row := range scores {
		j, ahead := best(row)
		if j < 0 || row[j] < sameStory || !ahead && overlap(short[i].Heading, long[j].Heading) < 0.6 {
			continue
		}
		column := make([]float64, len(short))
		for k := range short {
			column[k] = scores[k][j]
		}
		if k, _ := best(column); k == i {
			out[short[i]] = long[j]
		}
	}
	return out
}

// best is the place of the highest score, and whether it is clearly ahead.
func best(scores []float64) (at int, ahead bool) {
	at = -1
	second := 0.0
	for i, s := range scores {
		switch {
		case at < 0 || s > scores[at]:
			if at >= 0 {
				second = max(second, scores[at])
			}
			at = i
		default:
			second = max(second, s)
		}
	}
	return at, at >= 0 && scores[at] >= sameMargin*second
}

// into adds the short telling s to the long telling l. The heading of s is
// kept: as the group that l stands in where s is a theme, else in Short,
// unless l has the same.
func into(l, s *told) {
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
		if overlap(s.Heading, l.Heading) < 1 {
			head := briefing.Block{Kind: briefing.Heading, Level: 3, Line: s.Line, Spans: []briefing.Span{{Text: s.Heading}}}
			l.Short = append(briefing.Text{head}, l.Short...)
		}
	}
}
