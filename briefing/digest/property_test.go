package digest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

// TestAnyLayout reads digests whose words, numbering, markers and forms are
// left to chance, and expects to find what they say.
func TestAnyLayout(t *testing.T) {
	briefingtest.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		made := briefingtest.MakeDigest(rand.New(rand.NewPCG(seed, seed)))
		for _, p := range misread(made) {
			t.Errorf("%s\n%s", p, made.Source)
			return
		}
	})
}

// misread lists what the reader got wrong about a made digest.
func misread(made briefingtest.Made) (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	d := Read(made.Name, []byte(made.Source))
	if err := d.Err(); err != nil {
		complain("Err() = %v", err)
		return problems
	}
	if d.Date != made.Date || d.Title != made.Title {
		complain("date, title = %s, %q; want %s, %q", d.Date, d.Title, made.Date, made.Title)
	}
	var stories []int
	for _, s := range made.Stories {
		stories = append(stories, s.Line)
		if s.Again > 0 {
			stories = append(stories, s.Again)
		}
	}
	var found []int
	for _, s := range d.Stories {
		found = append(append(found, s.Line), s.Also...)
	}
	slices.Sort(stories)
	slices.Sort(found)
	if diff := cmp.Diff(stories, found); diff != "" {
		complain("stories (-want +got):\n%s", diff)
		return problems
	}
	if len(d.KeyPoints) != len(made.KeyPoints) {
		complain("%d key points, want %d", len(d.KeyPoints), len(made.KeyPoints))
		return problems
	}
	for i, k := range d.KeyPoints {
		want := made.Stories[made.KeyPoints[i].Story]
		if k.Line != made.KeyPoints[i].Line {
			complain("key point %d on line %d, want %d", i, k.Line, made.KeyPoints[i].Line)
		}
		if len(k.Details) == 0 || k.Details[0].Line != want.Line && k.Details[0].Line != want.Again {
			complain("key point %q has details %v, want line %d first", k.Text, k.Details, want.Line)
		}
		if want.URL != "" && !slices.ContainsFunc(k.Sources, func(s briefing.Source) bool { return s.URL == want.URL }) {
			complain("key point %q has sources %v, want %s", k.Text, k.Sources, want.URL)
		}
	}
	ignore := cmpopts.IgnoreFields(briefing.Term{}, "Definition")
	if diff := cmp.Diff(made.Terms, d.Glossary, ignore, cmpopts.EquateEmpty()); diff != "" {
		complain("terms (-want +got):\n%s", diff)
	}
	if got := sectionLines(d.DeepDives); !slices.Equal(got, made.DeepDives) {
		complain("deep dives on %v, want %v", got, made.DeepDives)
	}
	if got := lineOf(d.Outlook); got != made.Outlook {
		complain("outlook on line %d, want %d", got, made.Outlook)
	}
	if got := lineOf(d.Conclusion); got != made.Conclusion {
		complain("conclusion on line %d, want %d", got, made.Conclusion)
	}
	ignore = cmpopts.IgnoreFields(briefing.Citation{}, "Title")
	if diff := cmp.Diff(made.Citations, d.Citations, ignore, cmpopts.EquateEmpty()); diff != "" {
		complain("citations (-want +got):\n%s", diff)
	}
	return append(problems, unseen(made, d)...)
}

// unseen lists text that is lost, and leftovers that are not.
func unseen(made briefingtest.Made, d *briefing.Digest) (problems []string) {
	src := strings.ReplaceAll(made.Source, "\r\n", "\n")
	for _, s := range missing(src, d) {
		problems = append(problems, fmt.Sprintf("lost: %q", s))
	}
	for _, s := range texts(d) {
		if m := visibleLeftovers.FindString(s); m != "" {
			problems = append(problems, fmt.Sprintf("leftover %q in %q", m, s))
		}
	}
	return problems
}

func sectionLines(list []briefing.Section) (out []int) {
	for _, s := range list {
		out = append(out, s.Line)
	}
	return out
}

func lineOf(p *briefing.Passage) int {
	if p == nil {
		return 0
	}
	return p.Line
}
