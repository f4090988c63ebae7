package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"

	"github.com/google/go-cmp/cmp"
)

func file(date briefing.Date, body string) bot.DigestFile {
	return bot.DigestFile{
		Date: date, Name: "news_" + string(date) + ".md", Body: []byte(body),
		Source: "folder", FirstAt: t0,
	}
}

func TestKeepDigest(t *testing.T) {
	const day = "2025-07-02"
	later := t0.Add(time.Hour)
	revised := file(day, "二版")
	revised.FirstAt, revised.RevisedAt = later, later
	withdrawn := bot.DigestFile{Date: day, WithdrawnAt: later.Add(time.Hour)}

	kept := func(f bot.DigestFile) bot.DigestFile {
		f.FirstAt = t0
		return f
	}
	first := file(day, "初版\x00")
	first.RevisedAt = t0
	gone := kept(revised)
	gone.WithdrawnAt = withdrawn.WithdrawnAt

	steps := []struct {
		name string
		file bot.DigestFile
		want bot.Edition
		kept bot.DigestFile
	}{
		{"first", file(day, "初版\x00"), bot.First, first},
		{"the same bytes", file(day, "初版\x00"), bot.Unchanged, first},
		{"other bytes", revised, bot.Revised, kept(revised)},
		{"withdrawn", withdrawn, bot.Revised, gone},
		{"withdrawn twice", withdrawn, bot.Unchanged, gone},
		{"back again", revised, bot.Revised, kept(revised)},
	}
	everywhere(t, func(t *testing.T, s *store.Store) {
		var rev int64
		for _, step := range steps {
			e, err := s.KeepDigest(t.Context(), step.file)
			if e != step.want || err != nil {
				t.Fatalf("%s: edition %d, %v; want %d", step.name, e, err, step.want)
			}
			got, err := s.Digest(t.Context(), day)
			if diff := cmp.Diff(step.kept, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", step.name, err, diff)
			}
			changed, newest, err := s.DigestsSince(t.Context(), rev, "")
			if want := e != bot.Unchanged; (len(changed) == 1) != want || (newest > rev) != want || err != nil {
				t.Errorf("%s: %d changes, revision %d after %d, %v", step.name, len(changed), newest, rev, err)
			}
			rev = newest
		}
		unknown := bot.DigestFile{Date: "2025-07-03", WithdrawnAt: t0}
		if e, err := s.KeepDigest(t.Context(), unknown); e != bot.Unchanged || err != nil {
			t.Errorf("withdraw what is not there: edition %d, %v", e, err)
		}
		if _, err := s.Digest(t.Context(), "2025-07-03"); !errors.Is(err, briefing.ErrNotFound) {
			t.Errorf("digest nobody kept: %v", err)
		}
	})
}

func TestDigestsSince(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		for _, date := range []briefing.Date{"2025-07-03", "2025-07-01", "2025-07-02"} {
			if _, err := s.KeepDigest(t.Context(), file(date, "")); err != nil {
				t.Fatal(err)
			}
		}
		got, rev, err := s.DigestsSince(t.Context(), 0, "")
		want := []briefing.Date{"2025-07-01", "2025-07-02", "2025-07-03"}
		if diff := cmp.Diff(want, keptDates(got)); diff != "" || err != nil {
			t.Errorf("all digests: %v (-want +got):\n%s", err, diff)
		}
		if got, again, err := s.DigestsSince(t.Context(), rev, ""); len(got) != 0 || again != rev || err != nil {
			t.Errorf("after revision %d: %v, %d, %v", rev, keptDates(got), again, err)
		}
		newest, err := s.NewestDigests(t.Context(), 2)
		if diff := cmp.Diff([]briefing.Date{"2025-07-03", "2025-07-02"}, dates(newest)); diff != "" || err != nil {
			t.Errorf("newest: %v (-want +got):\n%s", err, diff)
		}
	})
}

// Whoever reads on from a revision misses nothing, even while several
// processes keep digests.
func TestDigestsSinceWhileKept(t *testing.T) {
	t.Parallel()
	const writers, each = 4, 8
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		var writing sync.WaitGroup
		for w := range writers {
			s := open(t, url)
			writing.Go(func() {
				for i := range each {
					date := briefing.Date(fmt.Sprintf("2025-%02d-%02d", w+1, i+1))
					if _, err := s.KeepDigest(t.Context(), file(date, "x")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { writing.Wait(); close(done) }()

		reader := open(t, url)
		seen := map[briefing.Date]bool{}
		var rev int64
		read := func() {
			var got []bot.KeptDigest
			var err error
			if got, rev, err = reader.DigestsSince(t.Context(), rev, ""); err != nil {
				t.Error(err)
			}
			for _, d := range keptDates(got) {
				seen[d] = true
			}
		}
		for running := true; running; read() {
			select {
			case <-done:
				running = false
			default:
			}
		}
		if len(seen) != writers*each {
			t.Errorf("%d of %d digests seen", len(seen), writers*each)
		}
	})
}

func keptDates(all []bot.KeptDigest) (dates []briefing.Date) {
	for _, k := range all {
		dates = append(dates, k.Date)
	}
	return dates
}

func dates(files []bot.DigestFile) (dates []briefing.Date) {
	for _, f := range files {
		dates = append(dates, f.Date)
	}
	return dates
}

func TestKeepDigestTogether(t *testing.T) {
	t.Parallel()
	const processes = 4
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		editions := make(chan bot.Edition, processes)
		var all sync.WaitGroup
		for range processes {
			s := open(t, url)
			all.Go(func() {
				e, err := s.KeepDigest(t.Context(), file("2025-07-02", "初版"))
				if err != nil {
					t.Error(err)
				}
				editions <- e
			})
		}
		all.Wait()
		close(editions)
		tally := map[bot.Edition]int{}
		for e := range editions {
			tally[e]++
		}
		if diff := cmp.Diff(map[bot.Edition]int{bot.First: 1, bot.Unchanged: processes - 1}, tally); diff != "" {
			t.Errorf("the same file from %d processes (-want +got):\n%s", processes, diff)
		}
	})
}

func TestRejected(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		name := file("2025-07-02", "").Name
		steps := []error{
			s.RejectDigest(ctx, bot.Rejected{File: name, Reason: "no key points", At: t0}),
			s.RejectDigest(ctx, bot.Rejected{File: name, Reason: "no key points", At: t0.Add(time.Minute)}),
			s.RejectDigest(ctx, bot.Rejected{File: "b\xff.md", Reason: "not UTF-8", At: t0.Add(time.Hour)}),
		}
		if err := errors.Join(steps...); err != nil {
			t.Fatal(err)
		}
		want := []bot.Rejected{
			{File: "b\uFFFD.md", Reason: "not UTF-8", At: t0.Add(time.Hour)},
			{File: name, Reason: "no key points", At: t0},
		}
		got, err := s.Rejected(ctx, 10)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("rejected: %v (-want +got):\n%s", err, diff)
		}
		for range 2 { // the second time the same bytes, after another rejection
			if _, err := s.KeepDigest(ctx, file("2025-07-02", "読める")); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Rejected(ctx, 10); len(got) != 1 || err != nil {
				t.Errorf("%d rejected once one was kept, %v; want 1", len(got), err)
			}
			if err := s.RejectDigest(ctx, bot.Rejected{File: name, Reason: "again"}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
