package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
)

func TestOwnAddress(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080":  "127.0.0.1:8080",
		"0.0.0.0:8080":    "127.0.0.1:8080",
		":8080":           "127.0.0.1:8080",
		"[::]:8080":       "[::1]:8080",
		"[::1]:80":        "[::1]:80",
		"bot.internal:80": "bot.internal:80",
		"10.1.2.3:80":     "10.1.2.3:80",
	} {
		if got, err := ownAddress(listen); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", listen, got, err, want)
		}
	}
	if _, err := ownAddress("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "name one") {
		t.Errorf("port 0: %v", err)
	}
}

// health runs `health` against an address.
func health(t *testing.T, listen string, c healthCommand) (string, error) {
	t.Helper()
	c.Timeout = patience
	var out bytes.Buffer
	w := &world{t: t, env: map[string]string{"LISTEN": listen}}
	err := c.Run(w.environment(t.Context(), time.Now(), &out))
	return out.String(), err
}

func TestHealthOfTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案")
	p := w.run(morning)
	listen := strings.TrimPrefix(w.address(p), "http://")
	if out, err := health(t, listen, healthCommand{}); out != "ready\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := health(t, listen, healthCommand{}); err == nil || !strings.Contains(err.Error(), "does the bot run") {
		t.Errorf("after the end: %v", err)
	}
}

func TestHealthSaysWhy(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
	}{
		"/healthz": {http.StatusOK, "ok\n"},
		"/readyz":  {http.StatusServiceUnavailable, `{"ready":false,"reasons":[{"name":"database","problem":"the disk is full"},{"name":"queue","problem":"not started yet"}]}`},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(answers[r.URL.Path].status)
		_, _ = w.Write([]byte(answers[r.URL.Path].body))
	}))
	defer server.Close()
	listen := server.Listener.Addr().String()
	_, err := health(t, listen, healthCommand{})
	if want := "not ready: database: the disk is full; queue: not started yet"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if out, err := health(t, listen, healthCommand{Alive: true}); out != "alive\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	answers["/readyz"] = struct {
		status int
		body   string
	}{http.StatusBadGateway, "<html>"}
	if _, err := health(t, listen, healthCommand{}); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("a proxy's page: %v", err)
	}
}
