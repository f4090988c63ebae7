package source

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// breaks is the status of a connection that ends without an answer.
const breaks = -1

// shelf is a web server of files that honours ETag.
type shelf struct {
	mu     sync.Mutex
	files  map[string]string // path → body
	status map[string]int    // path → another answer; "" for every path
	asked  []string          // path, with "?" when the request was conditional
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	note := r.URL.Path
	if r.Header.Get("If-None-Match") != "" {
		note += "?"
	}
	s.asked = append(s.asked, note)
	for _, path := range []string{r.URL.Path, ""} {
		if code := s.status[path]; code == breaks {
			panic(http.ErrAbortHandler)
		} else if code != 0 {
			w.WriteHeader(code)
			return
		}
	}
	body, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(body)))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write([]byte(body))
}

// requests are the requests since the last call.
func (s *shelf) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := strings.Join(s.asked, " ")
	s.asked = nil
	return out
}

func (s *shelf) set(path, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path] = body
}

// serve starts the shelf and says where.
func serve(t *testing.T, files map[string]string) (*shelf, string) {
	s := &shelf{files: files, status: map[string]int{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv.URL
}

func TestTemplate(t *testing.T) {
	now := time.Date(2025, 7, 2, 20, 0, 0, 0, time.UTC) // the 3rd in Japan
	s, at := serve(t, map[string]string{"/n_2025-07-01.md": "one", "/n_2025-06-24.md": "old", "/n_2025-06-20.md": "too old"})
	src, err := NewTemplate(at+"/n_{date}.md", Options{AllowPrivate: true, Lookback: 9 * 24 * time.Hour, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{}
	// requests are those for the 3rd and so many days before it, conditional
	// for the days named.
	requests := func(back int, conditional string) string {
		var out []string
		for n := range back + 1 {
			day := time.Date(2025, 7, 3-n, 0, 0, 0, 0, time.UTC).Format("01-02")
			path := "/n_2025-" + day + ".md"
			if strings.Contains(conditional, day) {
				path += "?"
			}
			out = append(out, path)
		}
		return strings.Join(out, " ")
	}
	look := func(name, want, requests string) {
		t.Helper()
		if _, err := src.Scan(t.Context(), in.take); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := in.got(); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		if got := s.requests(); got != requests {
			t.Errorf("%s: requests %q, want %q", name, got, requests)
		}
		now = now.Add(time.Minute)
	}
	look("first look: any today on earth and ten days back", "n_2025-07-01.md=one n_2025-06-24.md=old", requests(10, ""))
	look("soon again: the usual look-back only", "", requests(8, "07-01"))
	s.set("/n_2025-06-26.md", "late")
	s.set("/n_2025-07-02.md", "two")
	look("published", "n_2025-07-02.md=two n_2025-06-26.md=late", requests(8, "07-01"))
	s.set("/n_2025-07-01.md", "ONE")
	look("revised", "n_2025-07-01.md=ONE", requests(8, "06-26 07-01 07-02"))
	now = now.Add(olderEvery)
	look("older days now and then", "", requests(10, "06-24 06-26 07-01 07-02"))
	delete(s.files, "/n_2025-07-02.md")
	look("gone, perhaps by accident", "", requests(8, "06-26 07-01 07-02"))
	look("gone", "-n_2025-07-02.md", requests(8, "06-26 07-01 07-02"))
	s.status["/n_2025-07-01.md"] = http.StatusGone
	look("said to be gone", "-n_2025-07-01.md", requests(8, "06-26 07-01"))
	if newest, _ := src.Scan(t.Context(), in.take); newest != "2025-06-26" {
		t.Errorf("newest %s", newest)
	}
}

func TestTemplateAnswers(t *testing.T) {
	const page = "<!DOCTYPE html><html><body>our app</body></html>"
	all := func(code int) func(*shelf) { return func(s *shelf) { s.status[""] = code } }
	one := func(path, body string) func(*shelf) { return func(s *shelf) { s.files[path] = body } }
	tests := []struct {
		name    string
		path    string
		arrange func(*shelf)
		want    string
		wantErr string // part of it
	}{
		{"name from the date", "/{yyyy}/{mm}/{dd}/index.md", one("/2025/07/02/index.md", "x"), "2025-07-02.md=x", ""},
		{"nothing yet", "/{date}.md", func(*shelf) {}, "", ""},
		{"server error", "/{date}.md", all(503), "", "the server answers 503 Service Unavailable"},
		{"forbidden everywhere", "/{date}.md", all(403), "", "for every date, the server answers 403 Forbidden"},
		{"forbidden where nothing is", "/{date}.md", func(s *shelf) {
			s.files["/2025-07-02.md"] = "x"
			s.status["/2025-07-01.md"] = 403
		}, "2025-07-02.md=x", ""},
		{"web page everywhere", "/{date}.md", func(s *shelf) {
			for _, d := range []string{"06-29", "06-30", "07-01", "07-02", "07-03"} {
				s.files["/2025-"+d+".md"] = page
			}
		}, "", "web page"},
		{"web page where nothing is", "/{date}.md", func(s *shelf) {
			s.files["/2025-07-01.md"] = page
			s.files["/2025-07-02.md"] = "x"
		}, "2025-07-02.md=x", ""},
		{"one broken answer", "/{date}.md", func(s *shelf) {
			s.files["/2025-07-01.md"] = "x"
			s.status["/2025-07-02.md"] = 500
		}, "2025-07-01.md=x", "500"},
		{"one broken answer before the others", "/{date}.md", func(s *shelf) {
			s.files["/2025-07-02.md"] = "x"
			s.status["/2025-06-29.md"] = 500
		}, "2025-07-02.md=x", "2025-06-29.md: the server answers 500"},
		{"a connection that breaks at an older date", "/{date}.md", func(s *shelf) {
			s.files["/2025-07-02.md"] = "x"
			s.status["/2025-07-01.md"] = breaks
		}, "2025-07-02.md=x", "2025-07-01.md: EOF"},
		{"too large, cut", "/{date}.md", one("/2025-07-02.md", strings.Repeat("x", 100)+"\n"+strings.Repeat("y", 2*MaxDigest)), "2025-07-02.md=" + strings.Repeat("x", 100), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, at := serve(t, map[string]string{})
			tt.arrange(s)
			now := time.Date(2025, 7, 2, 20, 0, 0, 0, time.UTC)
			src, err := NewTemplate(at+tt.path, Options{AllowPrivate: true, Lookback: 3 * 24 * time.Hour, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			in := &inbox{}
			_, err = src.Scan(t.Context(), in.take)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error %v, want %q", err, tt.wantErr)
			}
			if got := in.got(); got != tt.want {
				t.Errorf("got %.200q, want %.200q", got, tt.want)
			}
		})
	}
}

func TestTemplateOffersAgain(t *testing.T) {
	_, at := serve(t, map[string]string{"/2025-07-02.md": "x"})
	now := time.Date(2025, 7, 2, 20, 0, 0, 0, time.UTC)
	src, err := NewTemplate(at+"/{date}.md", Options{AllowPrivate: true, Now: func() time.Time { return now }, Lookback: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{fail: map[string]error{"2025-07-02.md": errors.New("database is locked")}}
	if _, err := src.Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "database is locked") {
		t.Errorf("got %v", err)
	}
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() != "2025-07-02.md=x" {
		t.Errorf("not offered again: %v", err)
	}
}

// A server that has lost everything, perhaps while it is set up anew, has not
// withdrawn everything.
func TestTemplateLosesAll(t *testing.T) {
	s, at := serve(t, map[string]string{"/2025-07-01.md": "one", "/2025-07-02.md": "two"})
	now := time.Date(2025, 7, 2, 20, 0, 0, 0, time.UTC)
	src, err := NewTemplate(at+"/{date}.md", Options{AllowPrivate: true, Now: func() time.Time { return now }, Lookback: 3 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{}
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() == "" {
		t.Fatalf("first look: %v", err)
	}
	s.status[""] = http.StatusNotFound
	for range 3 {
		if _, err := src.Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "all 2 digests are gone") || in.got() != "" {
			t.Fatalf("all gone: %v", err)
		}
	}
	s.status[""] = http.StatusGone
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() != "-2025-07-02.md -2025-07-01.md" {
		t.Errorf("said to be gone: %v", err)
	}
}
