package briefing_test

import (
	"regexp"
	"testing"

	"cyberbrief/briefing"
)

// morning is a digest with something at every kind of place.
func morning() *briefing.Digest {
	return &briefing.Digest{
		KeyPoints: []briefing.KeyPoint{{Line: 3}, {Line: 10}},
		Stories: []briefing.Story{
			{Line: 10, Also: []int{60}, Heading: "1. 港の荷役が止まる", Text: briefing.Text{{Kind: briefing.Heading, Line: 12, Spans: []briefing.Span{{Text: "手当て"}}}}},
			{Line: 20, Heading: "短信"}, {Line: 22, Heading: "短信"},
		},
		DeepDives:  []briefing.Section{{Line: 30, Heading: "守りの作法", Text: briefing.Text{{Kind: briefing.Heading, Line: 32, Spans: []briefing.Span{{Text: "手当て"}}}}}},
		Glossary:   []briefing.Term{{Line: 40, Term: "多要素認証"}},
		Outlook:    &briefing.Passage{Line: 50},
		Conclusion: &briefing.Passage{Line: 55},
	}
}

func TestAnchorsAreUnique(t *testing.T) {
	anchors := morning().Anchors()
	lines := []int{3, 10, 12, 20, 22, 30, 32, 40, 50, 55}
	byName := map[string]int{}
	for _, line := range lines {
		name := anchors[line]
		if !regexp.MustCompile(`^[a-z][a-z0-9-]*$`).MatchString(name) {
			t.Errorf("line %d is named %q", line, name)
		}
		if other, taken := byName[name]; taken {
			t.Errorf("lines %d and %d are both named %q", other, line, name)
		}
		byName[name] = line
	}
	if anchors[60] != anchors[10] {
		t.Errorf("two tellings of a story are named %q and %q", anchors[10], anchors[60])
	}
	if anchors[3] != "k-1" || anchors[50] != "outlook" || anchors[55] != "conclusion" {
		t.Errorf("anchors: %v", anchors)
	}
}

// TestAnchorsSurviveACorrection moves every line, renumbers a heading, adds a
// story and changes texts: what still is there keeps its name.
func TestAnchorsSurviveACorrection(t *testing.T) {
	before, d := morning().Anchors(), morning()
	d.KeyPoints[0] = briefing.KeyPoint{Line: 4, Text: briefing.Plain("言い直した要点")}
	d.Stories = append([]briefing.Story{{Line: 8, Heading: "1. 速報"}}, d.Stories...)
	d.Stories[1].Line, d.Stories[1].Heading = 15, "２．　港の荷役が、止まる！"
	d.Glossary[0].Line, d.Glossary[0].Definition = 90, "定義"
	d.Outlook.Line = 95
	after := d.Anchors()
	for was, is := range map[int]int{3: 4, 10: 15, 12: 12, 20: 20, 22: 22, 30: 30, 40: 90, 50: 95} {
		if before[was] != after[is] {
			t.Errorf("line %d was named %q; at line %d it is named %q", was, before[was], is, after[is])
		}
	}
}
