package web

import (
	"errors"
	"fmt"
	"net/http"

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
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// handler makes the answer to a request, or says why there is none.
type handler func(*http.Request) (*answer, error)

// badRequest is what a reader asked in a way that cannot be answered.
type badRequest struct{ why error }

func (e badRequest) Error() string { return e.why.Error() }

// serve sends a handler's answers, and turns its errors into pages. It is the
// only place that decides on the status of a failure.
func (s *Site) serve(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := h(r)
		if err != nil {
			a = s.failed(r, err)
		}
		a.send(w, r)
	})
}

// failed is the page of a request that cannot be answered.
func (s *Site) failed(r *http.Request, err error) *answer {
	status := http.StatusInternalServerError
	if errors.Is(err, briefing.ErrNotFound) {
		status = http.StatusNotFound
	} else if _, ok := errors.AsType[badRequest](err); ok {
		status = http.StatusBadRequest
	} else {
		s.log.Error("page failed", "path", r.URL.Path, "error", err)
	}
	a, err := s.problem(r, status)
	if err != nil {
		s.log.Error("page failed twice", "path", r.URL.Path, "error", err)
		return newAnswer(status, "text/plain; charset=utf-8", []byte(http.StatusText(status)+"\n"))
	}
	return a
}

// nothing answers addresses that do not exist.
func (s *Site) nothing(*http.Request) (*answer, error) {
	return nil, fmt.Errorf("page: %w", briefing.ErrNotFound)
}
