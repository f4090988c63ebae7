package bot

import (
	"strings"
	"testing"

	"cyberbrief/briefing"
)

// TestSearchOfALongTitle: a title is found with each key point, but not all of
// one that is as long as a file may be.
func TestSearchOfALongTitle(t *testing.T) {
	const points = 1000
	ordinary := strings.Repeat("題", maxTitleBytes/len("題"))
	for _, c := range []struct{ name, title, want string }{
		{"ordinary", ordinary, ordinary},
		{"hostile", ordinary + strings.Repeat("👨‍👩‍👧‍👦", 10_000), ordinary + "…"},
		{"one grapheme", "題" + strings.Repeat("\u0301", 10_000), "…"},
		{"none", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &briefing.Digest{Date: "2025-07-01", Title: c.title, KeyPoints: make([]briefing.KeyPoint, points)}
			all := passages(d)
			if len(all) != points || all[points-1].heading != c.want {
				t.Errorf("%d passages, the last is headed %.30q", len(all), all[len(all)-1].heading)
			}
			if n := len(newBook(KeptDigest{}, d).sought().folded); n > points*(len(c.want)+1) {
				t.Errorf("%d bytes are searched", n)
			}
		})
	}
}
