package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// readyTimeout bounds the check of readiness: a prober gives up after a few
// seconds, and no answer tells it less than a reason does.
const readyTimeout = 3 * time.Second

// healthz says that the process is alive: that it answers, and that nothing
// in it has come to an end. Whether it can do its work is for readyz to say.
func (s *Site) healthz(*http.Request) (*answer, error) {
	status, text := http.StatusOK, "ok\n"
	if s.opts.Alive != nil {
		if dead := s.opts.Alive(); len(dead) > 0 {
			status, text = http.StatusServiceUnavailable, ""
			for _, r := range dead {
				text += r.Name + ": " + r.Problem + "\n"
			}
		}
	}
	a := newAnswer(status, "text/plain; charset=utf-8", []byte(text))
	a.private = true
	return a, nil
}

// IdentityHeader names the bot in the answers of /healthz; see
// Options.Identity.
const IdentityHeader = "X-Cyberbrief-Identity"

// named says in a header which bot answers.
func (s *Site) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opts.Identity != "" {
			w.Header().Set(IdentityHeader, s.opts.Identity)
		}
		next.ServeHTTP(w, r)
	})
}

// readyz says whether the service can do its work, and if not, why.
func (s *Site) readyz(r *http.Request) (*answer, error) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	reasons := []Reason{}
	if s.opts.Ready != nil {
		reasons = append(reasons, s.opts.Ready(ctx)...)
	}
	b, err := json.Marshal(map[string]any{"ready": len(reasons) == 0, "reasons": reasons})
	if err != nil {
		return nil, fmt.Errorf("write readiness: %w", err)
	}
	status := http.StatusOK
	if len(reasons) > 0 {
		status = http.StatusServiceUnavailable
	}
	a := newAnswer(status, "application/json", append(b, '\n'))
	a.private = true
	return a, nil
}
