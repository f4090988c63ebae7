package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"cyberbrief/bot/web"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/sample"
)

// series is a folder of real digests, beside the repository where there is
// one.
const series = "../../../shared/digests"

// maxPage is what a page may weigh, in bytes.
const maxPage = 100 << 10

// TestSeries shows every day of a real series: no page is too heavy, no
// anchor stands twice, no link within a page leads nowhere.
func TestSeries(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(series, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no digests in %s", series)
	}
	heaviest := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := digest.Read(filepath.Base(file), content)
		if d.Err() != nil {
			continue
		}
		page := pageOf(t, d)
		heaviest = max(heaviest, len(page))
		if len(page) > maxPage {
			t.Errorf("%s: page has %d bytes, at most %d", d.Date, len(page), maxPage)
		}
		checkAnchors(t, string(d.Date), page)
	}
	t.Logf("heaviest page: %d bytes", heaviest)
}

func TestSamplesHaveSoundPages(t *testing.T) {
	for _, f := range sample.Files() {
		d := digest.Read(f.Name, f.Body)
		checkAnchors(t, f.Name, pageOf(t, d))
	}
}

func pageOf(t testing.TB, d *briefing.Digest) string {
	t.Helper()
	w := httptest.NewRecorder()
	siteOf(t, d).ServeHTTP(w, httptest.NewRequest("GET", "/briefings/"+string(d.Date), nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: status %d", d.Date, w.Code)
	}
	return w.Body.String()
}

func siteOf(t testing.TB, d *briefing.Digest) http.Handler {
	t.Helper()
	s := shelf{digests: []*briefing.Digest{d}}
	site, err := web.New(web.Options{Library: s, Editions: s, Search: s, Glossary: s})
	if err != nil {
		t.Fatal(err)
	}
	return site.Handler()
}

// checkAnchors fails for an id that stands twice and a link within the page
// that leads nowhere. It returns how many such links there are.
func checkAnchors(t *testing.T, name, page string) int {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	var wanted []string
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "id" {
				if ids[a.Val] {
					t.Errorf("%s: id %q stands twice", name, a.Val)
				}
				ids[a.Val] = true
			}
			if a.Key == "href" && strings.HasPrefix(a.Val, "#") {
				wanted = append(wanted, a.Val[1:])
			}
		}
	}
	for _, w := range wanted {
		if !ids[w] {
			t.Errorf("%s: a link leads to #%s, which is not there", name, w)
		}
	}
	return len(wanted)
}

// BenchmarkDay writes a sample's page; BenchmarkBare writes the same bytes
// from memory and does nothing else.
func BenchmarkDay(b *testing.B) {
	f := sample.Files()[0]
	d := digest.Read(f.Name, f.Body)
	site := siteOf(b, d)
	r := httptest.NewRequest("GET", "/briefings/"+string(d.Date), nil)
	for b.Loop() {
		site.ServeHTTP(httptest.NewRecorder(), r)
	}
}

func BenchmarkBare(b *testing.B) {
	f := sample.Files()[0]
	page := []byte(pageOf(b, digest.Read(f.Name, f.Body)))
	r := httptest.NewRequest("GET", "/", nil)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
}
