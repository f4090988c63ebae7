package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"cyberbrief/bot/web"
)

// TestHealthSaysWhatHasEnded: what only a restart puts right is a reason to
// be restarted, and nothing else is.
func TestHealthSaysWhatHasEnded(t *testing.T) {
	var dead []web.Reason
	site, err := web.New(web.Options{
		Alive: func() []web.Reason { return dead },
		Ready: func(context.Context) []web.Reason { return []web.Reason{{Name: "database", Problem: "gone"}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func() (int, string) {
		w := httptest.NewRecorder()
		site.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
		return w.Code, w.Body.String()
	}
	if status, body := get(); status != http.StatusOK || body != "ok\n" {
		t.Errorf("alive: %d %q", status, body)
	}
	dead = []web.Reason{{Name: "queue", Problem: "has stopped"}}
	if status, body := get(); status != http.StatusServiceUnavailable || body != "queue: has stopped\n" {
		t.Errorf("dead: %d %q", status, body)
	}
}
