package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// contentPolicy lets a page load the site's own files and nothing else.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// handler writes an answer or returns why it cannot; it writes nothing when
// it returns an error.
type handler func(http.ResponseWriter, *http.Request) error

// badRequest is what a reader asked in a way that cannot be answered.
type badRequest struct{ why error }

func (e badRequest) Error() string { return e.why.Error() }

// serve turns a handler's error into a page. It is the only place that
// decides on a status.
func (s *Site) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil {
			return
		}
		status := http.StatusInternalServerError
		if errors.Is(err, briefing.ErrNotFound) {
			status = http.StatusNotFound
		} else if _, ok := errors.AsType[badRequest](err); ok {
			status = http.StatusBadRequest
		} else {
			s.log.Error("page failed", "path", r.URL.Path, "error", err)
		}
		if err := s.problem(w, r, status); err != nil {
			s.log.Error("page failed twice", "path", r.URL.Path, "error", err)
			http.Error(w, http.StatusText(status), status)
		}
	})
}

// nothing answers addresses that do not exist.
func (s *Site) nothing(http.ResponseWriter, *http.Request) error {
	return fmt.Errorf("page: %w", briefing.ErrNotFound)
}

// send writes a body with its ETag, or says that the reader's copy is good.
func send(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	h := w.Header()
	if status == http.StatusOK {
		tag := etag(body)
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache")
		if holds(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	} else {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		// The reader may be gone; nobody is left to tell.
		_, _ = bytes.NewReader(body).WriteTo(w)
	}
}

func etag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// holds reads an If-None-Match list; a weak tag is as good as a strong one.
func holds(list, tag string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(t string) bool {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		return t == tag || t == "*"
	})
}
