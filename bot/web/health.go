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

// healthz says that the process is alive, nothing more.
func (s *Site) healthz(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
	return nil
}

// readyz says whether the service can do its work, and if not, why.
func (s *Site) readyz(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	reasons := []Reason{}
	if s.opts.Ready != nil {
		reasons = append(reasons, s.opts.Ready(ctx)...)
	}
	b, err := json.Marshal(map[string]any{"ready": len(reasons) == 0, "reasons": reasons})
	if err != nil {
		return fmt.Errorf("write readiness: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if len(reasons) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(b, '\n'))
	return nil
}
