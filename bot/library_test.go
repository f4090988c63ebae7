package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

// keeper keeps digests in memory as bot/store does in a database.
type keeper struct {
	mu       sync.Mutex
	files    map[briefing.Date]DigestFile
	changed  []briefing.Date // by revision
	rejected map[string]string
	reader   string // of all readings
	readings map[briefing.Date]Reading
	broken   error
}

func newKeeper() *keeper {
	return &keeper{files: map[briefing.Date]DigestFile{}, rejected: map[string]string{}, readings: map[briefing.Date]Reading{}}
}

func (k *keeper) KeepDigest(_ context.Context, f DigestFile) (Edition, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken != nil {
		return Unchanged, k.broken
	}
	delete(k.rejected, f.Name)
	old, known := k.files[f.Date]
	edition := First
	if known {
		if bytes.Equal(old.Body, f.Body) {
			return Unchanged, nil
		}
		f.FirstAt, edition = old.FirstAt, Revised
	}
	k.put(f)
	return edition, nil
}

func (k *keeper) put(f DigestFile) {
	k.files[f.Date] = f
	k.changed = append(k.changed, f.Date)
}

func (k *keeper) withdraw(date briefing.Date, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.files[date]
	f.WithdrawnAt = at
	k.put(f)
}

func (k *keeper) DigestsSince(_ context.Context, rev int64, reader string) ([]KeptDigest, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var files []KeptDigest
	seen := map[briefing.Date]bool{}
	for _, date := range k.changed[rev:] {
		if !seen[date] {
			files = append(files, k.kept(date, reader))
		}
		seen[date] = true
	}
	return files, int64(len(k.changed)), k.broken
}

func (k *keeper) RejectDigest(_ context.Context, r Rejected) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rejected[r.File] = r.Reason
	return k.broken
}

// kept is a file with its revision, or its reading where there is one.
func (k *keeper) kept(date briefing.Date, reader string) KeptDigest {
	f := KeptDigest{DigestFile: k.files[date], Revision: int64(lastIndex(k.changed, date) + 1)}
	if r, ok := k.readings[date]; ok && reader != "" && k.reader == reader && r.Revision == f.Revision {
		f.Body, f.Edition, f.Reading = nil, r.Edition, r.Packed
	}
	return f
}

func lastIndex(dates []briefing.Date, date briefing.Date) int {
	for i := len(dates) - 1; i >= 0; i-- {
		if dates[i] == date {
			return i
		}
	}
	return -1
}

func (k *keeper) RejectedFiles(context.Context) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Keys(k.rejected)), k.broken
}

func (k *keeper) KeepReadings(_ context.Context, reader string, all []Reading) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken != nil {
		return k.broken
	}
	k.reader = reader
	for _, r := range all {
		k.readings[r.Date] = r
	}
	return nil
}

// termDates remembers which digests a TermIndex would know.
type termDates map[briefing.Date]string

func (t termDates) Put(d *briefing.Digest)       { t[d.Date] = d.Title }
func (t termDates) Remove(date briefing.Date)    { delete(t, date) }
func silent() *slog.Logger                       { return slog.New(slog.DiscardHandler) }
func at(hour, minute int) time.Time              { return time.Date(2025, 7, 3, hour, minute, 0, 0, time.UTC) }
func newsOf(date briefing.Date, s string) []byte { return []byte(string(date) + "|" + s) }

// readNews reads "DATE|HEADING|TEXT…": one story; without a heading it is a
// digest that cannot be posted.
func readNews(_ string, body []byte) *briefing.Digest {
	fields := strings.Split(string(body), "|")
	d := &briefing.Digest{Date: briefing.Date(fields[0]), Title: "題 " + fields[0]}
	if len(fields) < 2 || fields[1] == "" {
		d.Warnings = []briefing.Warning{{Line: 1, Code: "empty", Message: "nothing to post", Severity: briefing.Error}}
		return d
	}
	d.Stories = []briefing.Story{{Line: 10, Heading: fields[1], Text: briefing.Plain(strings.Join(fields[2:], "|"))}}
	return d
}

// shelf is a library on a keeper in memory, with what it told others.
type shelf struct {
	*Library
	keeper  *keeper
	terms   termDates
	now     time.Time
	changed []briefing.Date
}

func newShelf() *shelf {
	s := &shelf{keeper: newKeeper(), terms: termDates{}, now: at(6, 0)}
	s.Library = s.replica()
	return s
}

// replica is one more library on the same keeper.
func (s *shelf) replica() *Library {
	return NewLibrary(LibraryOptions{
		Read: readNews, Keeper: s.keeper, Terms: s.terms, Logger: silent(),
		Clock:   func() time.Time { return s.now },
		Changed: func(d briefing.Date) { s.changed = append(s.changed, d) },
	})
}

func (s *shelf) mustTake(t *testing.T, date briefing.Date, text string) {
	t.Helper()
	if _, err := s.Take(t.Context(), string(date)+".md", newsOf(date, text), "folder"); err != nil {
		t.Fatal(err)
	}
}

func TestLibraryTake(t *testing.T) {
	s := newShelf()
	if _, err := s.Latest(); !errors.Is(err, briefing.ErrNotFound) {
		t.Errorf("empty library: %v, want ErrNotFound", err)
	}
	s.mustTake(t, "2025-07-02", "第一版|本文")
	s.mustTake(t, "2025-07-01", "前の日|本文")
	s.now = at(7, 30)
	s.mustTake(t, "2025-07-01", "前の日|本文") // unchanged
	if d := cmp.Diff([]briefing.Date{"2025-07-02", "2025-07-01"}, s.Dates()); d != "" {
		t.Errorf("dates (-want +got):\n%s", d)
	}
	if d, err := s.Latest(); err != nil || d.Stories[0].Heading != "第一版" {
		t.Errorf("latest: %+v, %v", d, err)
	}
	if got := s.Revised("2025-07-01"); !got.IsZero() {
		t.Errorf("the same file again counts as revised at %v", got)
	}

	s.mustTake(t, "2025-07-02", "第二版|本文")
	if d, err := s.Digest("2025-07-02"); err != nil || d.Stories[0].Heading != "第二版" {
		t.Errorf("revised: %+v, %v", d, err)
	}
	if got := s.Revised("2025-07-02"); !got.Equal(at(7, 30)) {
		t.Errorf("revised at %v, want 07:30", got)
	}
	if got := s.FirstAt("2025-07-02"); !got.Equal(at(6, 0)) {
		t.Errorf("first at %v, want 06:00", got)
	}
	if d := cmp.Diff([]briefing.Date{"2025-07-02", "2025-07-01", "2025-07-02"}, s.changed); d != "" {
		t.Errorf("told of changes (-want +got):\n%s", d)
	}
	if _, err := s.Digest("2025-06-30"); !errors.Is(err, briefing.ErrNotFound) {
		t.Errorf("unknown date: %v, want ErrNotFound", err)
	}
	if !s.Revised("2025-06-30").IsZero() || !s.FirstAt("2025-06-30").IsZero() {
		t.Error("an unknown date has times")
	}
}

func TestLibraryRejects(t *testing.T) {
	s := newShelf()
	s.mustTake(t, "2025-07-02", "良い版|本文")
	d, err := s.Take(t.Context(), "2025-07-02.md", newsOf("2025-07-02", ""), "push")
	if _, ok := errors.AsType[*briefing.UnreadableError](err); !ok {
		t.Errorf("error %v, want an UnreadableError", err)
	}
	if d == nil || len(d.Warnings) != 1 {
		t.Errorf("digest %+v, want it with its warning", d)
	}
	if got := s.keeper.rejected["2025-07-02.md"]; !strings.Contains(got, "nothing to post") {
		t.Errorf("kept aside with %q", got)
	}
	if d, err := s.Latest(); err != nil || d.Stories[0].Heading != "良い版" {
		t.Errorf("a bad edition replaced a good one: %+v, %v", d, err)
	}
	s.mustTake(t, "2025-07-02", "直した版|本文")
	if len(s.keeper.rejected) != 0 {
		t.Errorf("still kept aside: %v", s.keeper.rejected)
	}
}

func TestLibraryStoreFails(t *testing.T) {
	s := newShelf()
	s.keeper.broken = errors.New("disk full")
	for _, text := range []string{"版|本文", ""} {
		if _, err := s.Take(t.Context(), "x.md", newsOf("2025-07-02", text), "push"); !errors.Is(err, s.keeper.broken) {
			t.Errorf("take %q: %v, want the store's error", text, err)
		}
	}
	if err := s.Refresh(t.Context()); !errors.Is(err, s.keeper.broken) {
		t.Errorf("refresh: %v, want the store's error", err)
	}
	if len(s.Dates()) != 0 || len(s.changed) != 0 {
		t.Errorf("memory runs ahead of the store: %v, %v", s.Dates(), s.changed)
	}
}

func TestLibraryRefresh(t *testing.T) {
	s := newShelf()
	other := s.replica()
	s.mustTake(t, "2025-07-01", "一日|本文")
	s.mustTake(t, "2025-07-03", "三日|本文")
	s.mustTake(t, "2025-07-02", "二日|本文")
	if err := other.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s.Dates(), other.Dates()); d != "" {
		t.Errorf("replica (-want +got):\n%s", d)
	}

	s.keeper.withdraw("2025-07-03", at(9, 0))
	s.changed = nil
	if err := other.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]briefing.Date{"2025-07-02", "2025-07-01"}, other.Dates()); d != "" {
		t.Errorf("after a withdrawal (-want +got):\n%s", d)
	}
	if d := cmp.Diff(termDates{"2025-07-01": "題 2025-07-01", "2025-07-02": "題 2025-07-02"}, s.terms); d != "" {
		t.Errorf("terms (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]briefing.Date{"2025-07-03"}, s.changed); d != "" {
		t.Errorf("only what is new since the last refresh is told (-want +got):\n%s", d)
	}
	if hits, _ := other.SearchPage("三日", 0, 0); len(hits) != 0 {
		t.Errorf("a withdrawn digest is found: %v", hits)
	}
}

// TestLibraryNewReader: what an earlier version of the reader took in and
// this one refuses is left out, and the rest is there.
func TestLibraryNewReader(t *testing.T) {
	s := newShelf()
	s.keeper.put(DigestFile{Date: "2025-07-01", Body: newsOf("2025-07-01", "")})
	s.keeper.put(DigestFile{Date: "2025-07-02", Body: newsOf("2025-07-02", "良い版|本文")})
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]briefing.Date{"2025-07-02"}, s.Dates()); d != "" {
		t.Errorf("dates (-want +got):\n%s", d)
	}
}

func TestLibraryConcurrently(t *testing.T) {
	s := newShelf()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for day := range 20 {
				date := briefing.Date("2025-07-01").AddDays(day)
				if _, err := s.Take(t.Context(), "x.md", newsOf(date, fmt.Sprintf("版 %d|本文", i)), "folder"); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 100 {
				s.SearchPage("本文", 0, 5)
				s.Dates()
			}
		})
	}
	wg.Wait()
	if got, _ := s.SearchPage("本文", 0, 0); len(got) != 20 {
		t.Errorf("%d hits, want 20", len(got))
	}
}

func TestSearch(t *testing.T) {
	s := newShelf()
	s.mustTake(t, "2025-07-01", "古い話|ＦｏｒｔｉＧａｔｅの弱点 CVE-2025-1111 が見つかる")
	s.mustTake(t, "2025-07-02", "ｻｲﾊﾞｰ攻撃の波|FortiGate を狙う")
	s.mustTake(t, "2025-07-03", "新しい話|関係のない本文")
	for _, c := range []struct {
		words string
		limit int
		want  []briefing.Date
	}{
		{"fortigate", 0, []briefing.Date{"2025-07-02", "2025-07-01"}},
		{"fortigate", 1, []briefing.Date{"2025-07-02"}},
		{"ｆｏｒｔｉｇａｔｅ　cve-2025-1111", 0, []briefing.Date{"2025-07-01"}},
		{"サイバー", 0, []briefing.Date{"2025-07-02"}},
		{"本文 関係", 0, []briefing.Date{"2025-07-03"}},
		{"FortiGate 関係", 0, nil},
		{"　 ", 0, nil},
		{"", 0, nil},
	} {
		var got []briefing.Date
		hits, _ := s.SearchPage(c.words, 0, c.limit)
		for _, h := range hits {
			got = append(got, h.Date)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("search %q (-want +got):\n%s", c.words, d)
		}
	}
	hits, total := s.SearchPage("話", 1, 5)
	if total != 2 || len(hits) != 1 || hits[0].Date != "2025-07-01" {
		t.Errorf("second page: %v of %d", hits, total)
	}
}

func TestPassages(t *testing.T) {
	d := &briefing.Digest{
		Title: "題",
		KeyPoints: []briefing.KeyPoint{
			{Line: 1, Text: briefing.Plain("記事のある要点"), Details: []briefing.Detail{{Line: 10}}},
			{Line: 2, Text: briefing.Plain("記事のない要点")},
		},
		Stories:    []briefing.Story{{Line: 10, Heading: "記事", Text: briefing.Plain("長い版"), Short: briefing.Plain("短い版")}},
		DeepDives:  []briefing.Section{{Line: 20, Heading: "深掘り"}},
		Sections:   []briefing.Section{{Line: 30, Heading: "その他"}},
		Outlook:    &briefing.Passage{Line: 40, Text: briefing.Plain("展望")},
		Conclusion: &briefing.Passage{Line: 50, Text: briefing.Plain("結論")},
		Glossary:   []briefing.Term{{Line: 60, Term: "用語", Aliases: []string{"Alias"}, Definition: "定義"}},
	}
	var got []string
	for _, p := range passages(d) {
		got = append(got, fmt.Sprintf("%d %s: %s", p.line, p.heading, strings.ReplaceAll(p.text, "\n", "/")))
	}
	want := []string{"2 題: 記事のない要点", "10 記事: 長い版/短い版", "20 深掘り: ", "30 その他: ", "40 題: 展望", "50 題: 結論", "60 用語: Alias/定義"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("passages (-want +got):\n%s", d)
	}
}

func TestSnippet(t *testing.T) {
	long := strings.Repeat("前", 200) + "ｻｲﾊﾞｰ攻撃" + strings.Repeat("後", 200)
	for _, c := range []struct{ name, text, word, want string }{
		{"short", "短い文です。", "文", "短い文です。"},
		{"spaces and lines", "一\n\n 二\t三", "二", "一 二 三"},
		{"only in the heading", "本文", "見出し", "本文"},
		{"in the middle", long, "サイバー", "…" + strings.Repeat("前", 22) + "ｻｲﾊﾞｰ攻撃" + strings.Repeat("後", 61) + "…"},
		{"after what folding shortens", strings.Repeat("ﾊﾞ", 200) + "印", "印", "…" + strings.Repeat("ﾊﾞ", 11) + "印"},
		{"nothing", "", "x", ""},
	} {
		if got := snippet(c.text, fold(c.word)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := snippet(long, "ない"); utf8.RuneCountInString(got) != snippetChars+1 {
		t.Errorf("without the word: %q", got)
	}
}
