package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"cyberbrief/bot/web"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/glossary"
	"cyberbrief/briefing/sample"
)

// series is a folder of real digests, beside the repository where there is
// one.
const series = "../../../shared/digests"

// maxPage is what a page may weigh, in bytes.
const maxPage = 100 << 10

// archive is a shelf with all digests that can be posted, and the glossary
// that they make.
func archive(t testing.TB, files map[string][]byte) shelf {
	t.Helper()
	s, index := shelf{}, glossary.New()
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(files))) {
		if d := digest.Read(name, files[name]); d.Err() == nil {
			s.digests = append(s.digests, d)
			index.Put(d)
		}
	}
	s.entries = index.All()
	return s
}

// TestSeries shows all of a real series: no page is too heavy, no anchor
// stands twice, no link within a page leads nowhere.
func TestSeries(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(series, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Skipf("no digests in %s", series)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	checkPages(t, archive(t, files))
}

func TestSamplesHaveSoundPages(t *testing.T) {
	files := map[string][]byte{}
	for _, f := range sample.Files() {
		files[f.Name] = f.Body
	}
	checkPages(t, archive(t, files))
}

// checkPages asks for every page of an archive.
func checkPages(t *testing.T, s shelf) {
	t.Helper()
	site := siteOf(t, s)
	var paths []string
	for _, d := range s.digests {
		paths = append(paths, "/briefings/"+string(d.Date), "/briefings?month="+string(d.Date[:7]))
	}
	for _, e := range s.entries {
		paths = append(paths, "/terms/"+url.PathEscape(e.Term))
	}
	for n := range len(s.entries)/80 + 1 {
		paths = append(paths, fmt.Sprintf("/terms?page=%d", n+1))
	}
	slices.Sort(paths)
	heaviest := map[string]int{}
	for _, path := range append(slices.Compact(paths), "/", "/briefings", "/terms?q=ー", "/search?q=の", "/feed.atom") {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, w.Code)
		}
		kind, _, _ := strings.Cut(path[1:], "/")
		kind, _, _ = strings.Cut(kind, "?")
		heaviest[kind] = max(heaviest[kind], w.Body.Len())
		if w.Body.Len() > maxPage {
			t.Errorf("%s has %d bytes, at most %d", path, w.Body.Len(), maxPage)
		}
		if path != "/feed.atom" {
			checkAnchors(t, path, w.Body.String())
		}
	}
	t.Logf("heaviest pages in bytes: %v", heaviest)
}

func siteOf(t testing.TB, s shelf) http.Handler {
	t.Helper()
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
