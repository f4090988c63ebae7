package store_test

import (
	"slices"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"

	"github.com/google/go-cmp/cmp"
)

// TestReadings: a reader finds what it has kept of the newest file, in the
// place of the file, and all others find the file.
func TestReadings(t *testing.T) {
	const day, other = briefing.Date("2025-07-02"), briefing.Date("2025-07-03")
	everywhere(t, func(t *testing.T, s *store.Store) {
		put := func(date briefing.Date, body string) {
			t.Helper()
			f := file(date, body)
			f.RevisedAt = t0
			if _, err := s.KeepDigest(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		since := func(reader string) map[briefing.Date]bot.KeptDigest {
			t.Helper()
			all, _, err := s.DigestsSince(t.Context(), 0, reader)
			if err != nil {
				t.Fatal(err)
			}
			byDate := map[briefing.Date]bot.KeptDigest{}
			for _, k := range all {
				byDate[k.Date] = k
			}
			return byDate
		}
		keep := func(reader string, of bot.KeptDigest, edition, packed string) {
			t.Helper()
			r := bot.Reading{Date: of.Date, Revision: of.Revision, Edition: edition, Packed: []byte(packed)}
			if err := s.KeepReadings(t.Context(), reader, []bot.Reading{r}); err != nil {
				t.Fatal(err)
			}
		}
		want := func(when, reader string, date briefing.Date, edition, reading, body string) {
			t.Helper()
			got := since(reader)[date]
			found := []string{got.Edition, string(got.Reading), string(got.Body)}
			if d := cmp.Diff([]string{edition, reading, body}, found); d != "" {
				t.Errorf("%s, reader %q (-want +got):\n%s", when, reader, d)
			}
			if got.Name != "news_"+string(date)+".md" || got.Source != "folder" || !got.FirstAt.Equal(t0) {
				t.Errorf("%s: %+v", when, got)
			}
		}

		put(day, "初版")
		put(other, "別の日")
		first := since("a")[day]
		want("nothing kept", "a", day, "", "", "初版")
		keep("a", first, "e1", "\x00読んだもの\xff")
		want("kept", "a", day, "e1", "\x00読んだもの\xff", "")
		want("kept", "b", day, "", "", "初版")
		want("kept", "", day, "", "", "初版")
		want("kept", "a", other, "", "", "別の日")

		put(day, "二版")
		second := since("a")[day]
		if second.Revision <= first.Revision {
			t.Errorf("revision %d after %d", second.Revision, first.Revision)
		}
		want("revised", "a", day, "", "", "二版")
		keep("a", second, "e2", "二版を読んだもの")
		keep("a", first, "e1", "初版を読んだもの")
		want("a late reading of the first edition", "a", day, "e2", "二版を読んだもの", "")
		keep("b", second, "e2", "bが読んだもの")
		want("another reader", "b", day, "e2", "bが読んだもの", "")
		want("another reader", "a", day, "", "", "二版")
		keep("b", second, "", "刷りを失った")
		want("a reading that lost its edition", "b", day, "", "", "二版")
	})
}

func TestRejectedFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		want := func(names ...string) {
			t.Helper()
			got, err := s.RejectedFiles(t.Context())
			slices.Sort(got)
			if d := cmp.Diff(names, got); d != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, d)
			}
		}
		want()
		for _, name := range []string{"b.md", "a.md", "b.md", "news_2025-07-02.md"} {
			if err := s.RejectDigest(t.Context(), bot.Rejected{File: name, Reason: "要点がない"}); err != nil {
				t.Fatal(err)
			}
		}
		want("a.md", "b.md", "news_2025-07-02.md")
		if _, err := s.KeepDigest(t.Context(), file("2025-07-02", "直した版")); err != nil {
			t.Fatal(err)
		}
		want("a.md", "b.md")
	})
}
