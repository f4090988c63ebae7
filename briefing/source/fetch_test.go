package source

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFetchErrorsNameNoKeys(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	t.Cleanup(srv.Close)
	host := strings.TrimPrefix(srv.URL, "http://")
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, address := range []string{
		"http://user:hunter2@" + host + "/x?key=hunter2",
		strings.Replace(closed.URL, "http://", "http://user:hunter2@", 1) + "/x?key=hunter2",
	} {
		_, err := get(t, newClient(Options{AllowPrivate: true}), address)
		if err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "user") {
			t.Errorf("got %v", err)
		}
	}
}

// TestBomb sends a body of a few kilobytes that unpacks to 64 MiB.
func TestBomb(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	for range 64 {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}))
	t.Cleanup(srv.Close)
	p, err := get(t, newClient(Options{AllowPrivate: true}), srv.URL)
	if err != nil || len(p.body) != MaxDigest+1 {
		t.Errorf("%d bytes unpacked, error %v; want one byte over the limit", len(p.body), err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 7, 2, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string
		want time.Duration
	}{
		{"", 0}, {"30", 30 * time.Second}, {" 1.5 ", 1500 * time.Millisecond}, {"-1", 0}, {"0", 0}, {"soon", 0}, {"NaN", 0},
		{"1e300", maxBackOff}, {"Inf", maxBackOff},
		{"Wed, 02 Jul 2025 00:01:00 GMT", time.Minute}, {"Tue, 01 Jul 2025 00:00:00 GMT", 0},
	}
	for _, tt := range tests {
		if got := retryAfter(tt.in, now); got != tt.want {
			t.Errorf("retryAfter(%q) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestTooManyRequests(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(srv.Close)
	_, err := get(t, newClient(Options{AllowPrivate: true}), srv.URL)
	retry := (*retryError)(nil)
	if !errors.As(err, &retry) || retry.after != 2*time.Minute || !strings.Contains(err.Error(), "429 Too Many Requests") {
		t.Errorf("got %v", err)
	}
}
