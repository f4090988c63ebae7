package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
)

// TestEveryAddressIsGuarded asks every address of the running program, those
// that take something in with far too much: each answer has the headers that
// keep browsers from harm, and none of what was sent is taken.
func TestEveryAddressIsGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.env["API_TOKEN"], w.env["CONSOLE"] = secretAPIToken, "true"
	w.publish("2025-07-03", "架空の事案")
	address := w.address(w.byHTTP(time.Now()))
	client := &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path string, size int64) {
		t.Helper()
		req, err := http.NewRequest(method, address+path, io.LimitReader(endless{}, size))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secretAPIToken)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasPrefix(path, "/console/") {
			req.Header.Set("Content-Type", "application/json")
		}
		resp, err := client.Do(req)
		if err != nil {
			return // the server has hung up on what it does not read
		}
		defer resp.Body.Close()
		if size > 0 && (resp.StatusCode < 400 || resp.StatusCode >= 500) {
			t.Errorf("%s %s with %d bytes: %s", method, path, size, resp.Status)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := resp.Header.Get(name); got == "" || !strings.Contains(got, want) {
				t.Errorf("%s %s: %s is %q", method, path, name, got)
			}
		}
	}
	for _, path := range []string{
		"/", "/briefings", "/briefings/2025-07-03", "/terms", "/terms/x", "/search?q=x", "/feed.atom", "/assets/site.css", "/channels", "/console",
		"/console/complete?q=x", "/healthz", "/readyz", "/metrics", "/api/digests", "/slack/commands", "/discord/interactions", "/nothing", "/../etc/passwd",
	} {
		ask(http.MethodGet, path, 0)
	}
	for _, path := range []string{
		"/slack/commands", "/slack/interactions", "/slack/events", "/discord/interactions", "/api/digests?name=a.md", "/channels",
		"/console/messages", "/console/actions", "/console/forms",
	} {
		ask(http.MethodPost, path, 3<<20)
	}
}

// endless is a text without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// bounds are what a server, a client or a transport must set to wait for
// nobody for ever. A transport of a client that has a time-out needs none.
var bounds = map[string][]string{
	"Server": {"ReadHeaderTimeout", "ReadTimeout", "IdleTimeout", "MaxHeaderBytes"},
	"Client": {"Timeout"},
}

// unbounded are the clients that are bounded in another way, by file.
var unbounded = map[string]string{
	"bot/transport.go":               "Transport bounds every exchange",
	"bot/discord/gateway.go":         "its transport answers by itself",
	"cmd/cyberbrief/doctor_parts.go": "the request's context ends",
}

// TestNothingWaitsForEver reads the program for servers and clients of HTTP
// without time-outs, and for the ones of net/http, which have none.
func TestNothingWaitsForEver(t *testing.T) {
	found := 0
	for _, folder := range []string{"bot", "briefing", "cmd", "config"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "bottest") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			ast.Inspect(file, func(n ast.Node) bool {
				found += waits(t, name, n)
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 4 {
		t.Errorf("%d servers and clients found: the search is broken", found)
	}
}

// waits complains of a node that waits for ever; it gives 1 for a server or
// a client.
func waits(t *testing.T, file string, n ast.Node) int {
	t.Helper()
	ofHTTP := func(e ast.Expr) string {
		s, ok := e.(*ast.SelectorExpr)
		if !ok {
			return ""
		}
		if pkg, ok := s.X.(*ast.Ident); !ok || pkg.Name != "http" {
			return ""
		}
		return s.Sel.Name
	}
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if slices.Contains([]string{"Get", "Post", "PostForm", "Head", "DefaultClient", "ListenAndServe", "Serve"}, ofHTTP(n)) {
			t.Errorf("%s: http.%s has no time-out", file, n.Sel.Name)
		}
	case *ast.CompositeLit:
		wanted, ok := bounds[ofHTTP(n.Type)]
		if !ok {
			return 0
		}
		var set []string
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				set = append(set, kv.Key.(*ast.Ident).Name)
			}
		}
		for _, field := range wanted {
			if !slices.Contains(set, field) && unbounded[file] == "" {
				t.Errorf("%s: http.%s without %s", file, ofHTTP(n.Type), field)
			}
		}
		return 1
	}
	return 0
}
