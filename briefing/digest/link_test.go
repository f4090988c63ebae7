package digest

import (
	"os"
	"slices"
	"testing"
)

// TestListedNames holds a key point that lists three names to the headings of
// all three, and one whose story is told nowhere to none.
func TestListedNames(t *testing.T) {
	src, err := os.ReadFile("testdata/layouts/listed-names.md")
	if err != nil {
		t.Fatal(err)
	}
	points := Read("2031-07-02.md", src).KeyPoints
	for i, want := range [][]int{{11, 15, 19}, {25}, nil} {
		var got []int
		for _, d := range points[i].Details {
			got = append(got, d.Line)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("key point %d is told at lines %v, want %v", i, got, want)
		}
	}
}
