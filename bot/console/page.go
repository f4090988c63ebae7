package console

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"path"
	"strings"
	"time"

	"cyberbrief/briefing"
)

//go:embed assets
var assets embed.FS

var page = template.Must(template.ParseFS(assets, "assets/console.html"))

// cookieName holds the secret key of a browser. It tells private answers
// apart and lives as long as the browser's session.
const cookieName = "cyberbrief_console"

// contentPolicy lets the page load its own files and talk to its own server,
// nothing else. There is no inline script or style to allow.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard sets the headers of every answer and turns away requests that
// another site could have caused.
func (c *Console) guard(next http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if !c.ourHost(r.Host) {
			http.Error(w, "misdirected request", http.StatusMisdirectedRequest)
			return
		}
		if err := foreign.Check(r); err != nil {
			http.Error(w, "cross-origin request", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ourHost accepts the public host name, localhost and literal addresses: a
// name that somebody else controls is none of them.
func (c *Console) ourHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return host == "localhost" || host == c.publicHost && host != "" || net.ParseIP(host) != nil
}

// person is the one behind the request; a new one gets a cookie.
func (c *Console) person(w http.ResponseWriter, r *http.Request) *person {
	now := c.opts.Clock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if cookie, err := r.Cookie(cookieName); err == nil {
		if p := c.people[cookie.Value]; p != nil {
			p.seen = now
			return p
		}
	}
	if len(c.people) >= maxPeople {
		c.forget()
	}
	c.joined++
	p := &person{ID: fmt.Sprintf("p%d", c.joined), Name: guestName(c.joined, c.opts.Language), seen: now}
	key := rand.Text()
	c.people[key] = p
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: key, Path: "/console",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || strings.HasPrefix(c.opts.PublicURL, "https:"),
	})
	return p
}

// forget drops the person who was away longest. The caller holds mu.
func (c *Console) forget() {
	var oldest string
	for key, p := range c.people {
		if oldest == "" || cmp.Or(p.seen.Compare(c.people[oldest].seen), cmp.Compare(p.ID, c.people[oldest].ID)) < 0 {
			oldest = key
		}
	}
	delete(c.people, oldest)
}

// servePage writes the page's frame; its script fills it.
func (c *Console) servePage(w http.ResponseWriter, r *http.Request) {
	c.person(w, r)
	lang := c.language(briefing.Language(r.URL.Query().Get("lang")))
	words := wordsFor(lang)
	script, err := json.Marshal(words.Script)
	if err != nil {
		c.refuse(w, r, fmt.Errorf("encode words: %w", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	err = page.Execute(w, map[string]any{"Lang": lang, "Words": words, "Script": string(script), "MaxTyped": maxTypedRunes})
	if err != nil {
		c.log.Debug("console page was not delivered", "error", err)
	}
}

// serveAsset writes the page's style, script and pictures.
func (c *Console) serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	kind := kinds[path.Ext(name)]
	content, err := assets.ReadFile("assets/" + name)
	if err != nil || kind == "" {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(content)
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
