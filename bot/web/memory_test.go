package web_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cyberbrief/bot/web"
	"cyberbrief/briefing"
	"cyberbrief/briefing/sample"
)

// moving is a shelf that is put in order while it is read.
type moving struct {
	mu    sync.Mutex
	shelf shelf
	rev   int64
	reads atomic.Int64
}

func (m *moving) now() (shelf, int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shelf, m.rev
}

func (m *moving) put(d *briefing.Digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shelf.digests = append([]*briefing.Digest{d}, m.shelf.digests...)
	m.rev++
}

func (m *moving) Latest() (*briefing.Digest, error) {
	m.reads.Add(1)
	s, _ := m.now()
	return s.Latest()
}

func (m *moving) Digest(d briefing.Date) (*briefing.Digest, error) {
	m.reads.Add(1)
	s, _ := m.now()
	return s.Digest(d)
}

func (m *moving) Dates() []briefing.Date { s, _ := m.now(); return s.Dates() }
func (m *moving) Revision() int64        { _, rev := m.now(); return rev }

// reader shows pages of a site over the shelf.
func (m *moving) reader(t *testing.T) func(path string) string {
	t.Helper()
	s := m.shelf
	site, err := web.New(web.Options{Library: m, Editions: s, Search: s, Glossary: s})
	if err != nil {
		t.Fatal(err)
	}
	handler := site.Handler()
	return func(path string) string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.String()
	}
}

func TestPagesStayInMemoryUntilTheArchiveChanges(t *testing.T) {
	m := &moving{shelf: library(), rev: 1}
	show := m.reader(t)
	first := show("/")
	read := m.reads.Load()
	if again := show("/"); again != first || m.reads.Load() != read {
		t.Errorf("the page was made again: %d reads, then %d", read, m.reads.Load())
	}
	if english := show("/?lang=en"); english == first {
		t.Error("one language is shown for the other")
	}
	if strange := show("/?x=1"); strange != first {
		t.Error("a query that means nothing changes the page")
	}
	m.put(&briefing.Digest{Date: "2025-07-03", Title: "次の日", KeyPoints: []briefing.KeyPoint{{Text: briefing.Plain("新しい要点")}}})
	if next := show("/"); !strings.Contains(next, "次の日") {
		t.Error("a new digest is not shown")
	}
	if day := show("/briefings/2025-07-02"); !strings.Contains(day, `href="/briefings/2025-07-03"`) {
		t.Error("the day before does not lead to the new one")
	}
}

// TestPagesWhileTheArchiveChanges reads while digests come: after each one
// has come, its page is there.
func TestPagesWhileTheArchiveChanges(t *testing.T) {
	m := &moving{shelf: library(), rev: 1}
	show := m.reader(t)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					show("/")
				}
			}
		})
	}
	for i := range 50 {
		title := fmt.Sprintf("第 %d 号", i)
		m.put(&briefing.Digest{Date: briefing.Date("2025-07-03").AddDays(i), Title: title, KeyPoints: []briefing.KeyPoint{{Text: briefing.Plain("要点")}}})
		if !strings.Contains(show("/"), title) {
			t.Errorf("%s has come and is not shown", title)
		}
	}
	close(done)
	readers.Wait()
}

func TestCompressedPages(t *testing.T) {
	server := start(t, library(), nil)
	_, want := get(t, server.URL+"/", "Accept-Encoding", "identity")
	for accept, packed := range map[string]bool{
		"gzip": true, "br, gzip;q=0.5": true, "deflate, gzip; q=1": true,
		"identity": false, "gzip;q=0": false, "br": false, "x-gzip-not": false,
	} {
		resp, body := get(t, server.URL+"/", "Accept-Encoding", accept)
		if got := resp.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("Accept-Encoding: %s: packed %v, want %v", accept, got, packed)
			continue
		}
		if resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding: %s: Vary %q", accept, resp.Header.Get("Vary"))
		}
		if packed {
			if len(body) > len(want)/2 {
				t.Errorf("packed page has %d bytes of %d", len(body), len(want))
			}
			body = unpacked(t, body)
		}
		if body != want {
			t.Errorf("Accept-Encoding: %s: another page", accept)
		}
		again, _ := get(t, server.URL+"/", "Accept-Encoding", accept, "If-None-Match", resp.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("Accept-Encoding: %s: %s for the own tag", accept, again.Status)
		}
	}
}

func unpacked(t *testing.T, body string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestHeadHasNoBody(t *testing.T) {
	w := httptest.NewRecorder()
	siteOf(t, library()).ServeHTTP(w, httptest.NewRequest("HEAD", "/", nil))
	if w.Code != http.StatusOK || w.Body.Len() > 0 || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d, %d bytes, headers %v", w.Code, w.Body.Len(), w.Header())
	}
}

// BenchmarkPages asks for the newest sample's page over loopback, sixteen
// readers at a time, in turns with the same bytes from a handler that does
// nothing but write them. It reports requests a second of both, and their ratio.
func BenchmarkPages(b *testing.B) {
	files := map[string][]byte{}
	for _, f := range sample.Files() {
		files[f.Name] = f.Body
	}
	site := siteOf(b, archive(b, files))
	for _, encoding := range []string{"identity", "gzip"} {
		b.Run(encoding, func(b *testing.B) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept-Encoding", encoding)
			site.ServeHTTP(w, r)
			page := bytes.Clone(w.Body.Bytes())
			bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
			ours, theirs := newReaders(b, site, encoding, len(page)), newReaders(b, bare, encoding, len(page))
			for done := 0; done < b.N; done += turn {
				ours.read(turn)
				theirs.read(turn)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(len(page)), "bytes")
			b.ReportMetric(ours.perSecond(), "pages/s")
			b.ReportMetric(theirs.perSecond(), "bare/s")
			b.ReportMetric(ours.perSecond()/theirs.perSecond(), "ratio")
		})
	}
}

// turn is how many requests a handler gets before it is the other's turn.
const turn = 400

// readers ask a handler over loopback.
type readers struct {
	b         *testing.B
	url       string
	encoding  string
	size      int // of the page, in bytes
	transport *http.Transport
	requests  int
	took      time.Duration
}

func newReaders(b *testing.B, h http.Handler, encoding string, size int) *readers {
	b.Helper()
	server := httptest.NewServer(h)
	transport := &http.Transport{MaxIdleConnsPerHost: turn, DisableCompression: true}
	b.Cleanup(server.Close)
	b.Cleanup(transport.CloseIdleConnections)
	r := &readers{b: b, url: server.URL + "/", encoding: encoding, size: size, transport: transport}
	r.read(turn) // opens the connections
	r.requests, r.took = 0, 0
	return r
}

// read asks n times and adds the time that it took.
func (r *readers) read(n int) {
	const atOnce = 16
	began := time.Now()
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for range n / atOnce {
				r.one()
			}
		})
	}
	all.Wait()
	r.requests += n / atOnce * atOnce
	r.took += time.Since(began)
}

func (r *readers) one() {
	req, err := http.NewRequest(http.MethodGet, r.url, nil)
	if err != nil {
		r.b.Error(err)
		return
	}
	req.Header.Set("Accept-Encoding", r.encoding)
	resp, err := r.transport.RoundTrip(req)
	if err != nil {
		r.b.Error(err)
		return
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || int(n) != r.size {
		r.b.Errorf("%d bytes of %d, %v", n, r.size, err)
	}
}

func (r *readers) perSecond() float64 { return float64(r.requests) / r.took.Seconds() }
