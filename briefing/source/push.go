package source

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// Pushed is what File.Source says of a digest that was pushed.
const Pushed = "push"

// unnamed is the name of a file that was pushed without one. It has no date:
// the title's date counts then.
const unnamed = "push.md"

// maxName bounds the name of a pushed file, in bytes.
const maxName = 200

// Taker reads a pushed digest and keeps it. The digest is what was read, also
// when it cannot be posted; the error is then the digest's Err. Any other
// error means that the digest could not be kept; the caller may push again.
type Taker func(context.Context, File) (*briefing.Digest, error)

// receipt is the answer to a push: the digest as it was read, with all its
// warnings, or what was wrong with the request.
type receipt struct {
	Accepted bool   `json:"accepted"`
	Error    string `json:"error,omitempty"`
	*briefing.Digest
}

// Push handles POST /api/digests?name=FILE, the body being Markdown. It asks
// for token as the bearer token; with an empty token pushing is off. Answers
// are JSON.
func Push(token string, take Taker) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, answer := push(w, r, token, take)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer) // the caller has gone: nobody to tell
	})
}

// push decides on one request. The token is checked before anything is read.
func push(w http.ResponseWriter, r *http.Request, token string, take Taker) (int, receipt) {
	refuse := func(status int, why string) (int, receipt) { return status, receipt{Error: why} }
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, "use POST")
	}
	if token == "" {
		return refuse(http.StatusForbidden, "pushing is off: API_TOKEN is not set")
	}
	if !authorized(r, token) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="cyberbrief"`)
		return refuse(http.StatusUnauthorized, "send the header Authorization: Bearer API_TOKEN")
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return refuse(http.StatusUnsupportedMediaType, "send the body uncompressed")
	}
	name, ok := cleanName(r.URL.Query().Get("name"))
	if !ok {
		return refuse(http.StatusBadRequest, "name must be a file name without folders, for example cybersecurity_news_2025-07-02.md")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxDigest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return refuse(http.StatusRequestEntityTooLarge, "the digest is larger than 1 MiB")
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "the body ended too early")
	}
	if len(body) == 0 {
		return refuse(http.StatusBadRequest, "the body is empty; send the Markdown itself, not a form")
	}
	return result(take(r.Context(), File{Name: name, Body: body, Source: Pushed}))
}

// result turns what became of a digest into an answer. The cause of a failure
// of ours is for the log, not for the caller.
func result(d *briefing.Digest, err error) (int, receipt) {
	unreadable := (*briefing.UnreadableError)(nil)
	switch {
	case err == nil && d != nil:
		return http.StatusOK, receipt{Accepted: true, Digest: d}
	case errors.As(err, &unreadable):
		return http.StatusUnprocessableEntity, receipt{Error: err.Error(), Digest: d}
	default:
		return http.StatusServiceUnavailable, receipt{Error: "the digest could not be kept; try again later"}
	}
}

// authorized compares digests of the tokens, which takes the same time
// whatever the caller sent.
func authorized(r *http.Request, token string) bool {
	scheme, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	a, b := sha256.Sum256([]byte(strings.TrimSpace(got))), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && strings.EqualFold(scheme, "bearer")
}

// cleanName accepts a plain file name, or none.
func cleanName(name string) (string, bool) {
	if name == "" {
		return unnamed, true
	}
	bad := func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) }
	if len(name) > maxName || name != path.Base(name) || name == "." || name == ".." || name == "/" ||
		!utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
		return "", false
	}
	return name, true
}
