package source

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cyberbrief/briefing"
)

func TestPush(t *testing.T) {
	const path, good = "/api/digests?name=n_2025-07-02.md", "Bearer s3cret"
	read := &briefing.Digest{Date: "2025-07-02", Title: "まとめ", Warnings: []briefing.Warning{{Line: 3, Code: "no-source", Message: "name one"}}}
	bad := &briefing.Digest{Date: "2025-07-02", Warnings: []briefing.Warning{{Line: 1, Code: "empty", Message: "no key points", Severity: briefing.Error}}}
	tests := []struct {
		name           string
		method, path   string
		auth, encoding string
		body           string
		token          string
		digest         *briefing.Digest
		err            error
		status         int
		want           string // part of the answer
		taken          string // file name the taker got, "-" for none
	}{
		{"good", "POST", path, good, "", "x", "s3cret", read, nil, 200, `"warnings":[{"line":3,"code":"no-source"`, "n_2025-07-02.md"},
		{"without a name", "POST", "/api/digests", good, "", "x", "s3cret", read, nil, 200, `"accepted":true`, "push.md"},
		{"scheme in small letters", "POST", path, "bearer s3cret", "", "x", "s3cret", read, nil, 200, `"date":"2025-07-02"`, "n_2025-07-02.md"},
		{"unreadable", "POST", path, good, "", "x", "s3cret", bad, bad.Err(), 422, "no key points", "n_2025-07-02.md"},
		{"cannot be kept", "POST", path, good, "", "x", "s3cret", nil, errors.New("disk /var/x is full"), 503, "try again later", "n_2025-07-02.md"},
		{"wrong token", "POST", path, "Bearer s3cre", "", "x", "s3cret", read, nil, 401, "Authorization", "-"},
		{"longer token", "POST", path, "Bearer s3cret2", "", "x", "s3cret", read, nil, 401, "", "-"},
		{"no token", "POST", path, "", "", "x", "s3cret", read, nil, 401, "", "-"},
		{"other scheme", "POST", path, "Basic s3cret", "", "x", "s3cret", read, nil, 401, "", "-"},
		{"token without scheme", "POST", path, "s3cret", "", "x", "s3cret", read, nil, 401, "", "-"},
		{"pushing is off", "POST", path, "Bearer ", "", "x", "", read, nil, 403, "API_TOKEN", "-"},
		{"GET", "GET", path, good, "", "", "s3cret", read, nil, 405, "use POST", "-"},
		{"empty", "POST", path, good, "", "", "s3cret", read, nil, 400, "empty", "-"},
		{"as large as may be", "POST", path, good, "", strings.Repeat("x", MaxDigest), "s3cret", read, nil, 200, "", "n_2025-07-02.md"},
		{"too large", "POST", path, good, "", strings.Repeat("x", MaxDigest+1), "s3cret", read, nil, 413, "1 MiB", "-"},
		{"compressed", "POST", path, good, "gzip", "x", "s3cret", read, nil, 415, "", "-"},
		{"folder in the name", "POST", "/api/digests?name=..%2Fetc%2Fpasswd", good, "", "x", "s3cret", read, nil, 400, "file name", "-"},
		{"dots", "POST", "/api/digests?name=..", good, "", "x", "s3cret", read, nil, 400, "", "-"},
		{"backslash", "POST", "/api/digests?name=a%5Cb.md", good, "", "x", "s3cret", read, nil, 400, "", "-"},
		{"line break", "POST", "/api/digests?name=a%0Ab.md", good, "", "x", "s3cret", read, nil, 400, "", "-"},
		{"not UTF-8", "POST", "/api/digests?name=%ff.md", good, "", "x", "s3cret", read, nil, 400, "", "-"},
		{"long name", "POST", "/api/digests?name=" + strings.Repeat("a", maxName+1), good, "", "x", "s3cret", read, nil, 400, "", "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			taken := "-"
			h := Push(tt.token, func(_ context.Context, f File) (*briefing.Digest, error) {
				taken = f.Name
				if string(f.Body) != tt.body || f.Source != Pushed {
					t.Errorf("got %d bytes from %q", len(f.Body), f.Source)
				}
				return tt.digest, tt.err
			})
			r := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			if tt.auth != "" {
				r.Header.Set("Authorization", tt.auth)
			}
			r.Header.Set("Content-Encoding", tt.encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			answer, _ := io.ReadAll(w.Result().Body)
			if w.Code != tt.status || !strings.Contains(string(answer), tt.want) {
				t.Errorf("%d %s; want %d %s", w.Code, answer, tt.status, tt.want)
			}
			if taken != tt.taken {
				t.Errorf("the taker got %q, want %q", taken, tt.taken)
			}
			if !json.Valid(answer) || strings.Contains(string(answer), "disk") || strings.Contains(string(answer), "s3cret") {
				t.Errorf("answer %s", answer)
			}
			if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
		})
	}
}
