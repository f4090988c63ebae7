package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of one request. The whole of it, redirects and body included, ends
// after fetchTime.
const (
	dialTime     = 5 * time.Second
	headerTime   = 10 * time.Second
	fetchTime    = 20 * time.Second
	maxHeader    = 64 << 10 // bytes
	maxRedirects = 3
	idleTime     = 90 * time.Second
)

// newClient makes the HTTP client of one source. It takes no proxy from the
// environment: a proxy would dial for it, past the guard.
func newClient(o Options) *http.Client {
	return &http.Client{
		Timeout:       fetchTime,
		CheckRedirect: checkRedirect,
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            newDialer(o).DialContext,
			TLSHandshakeTimeout:    dialTime,
			ResponseHeaderTimeout:  headerTime,
			MaxResponseHeaderBytes: maxHeader,
			IdleConnTimeout:        idleTime,
			MaxIdleConnsPerHost:    1,
			ForceAttemptHTTP2:      true,
		},
	}
}

func newDialer(o Options) *net.Dialer {
	d := &net.Dialer{Timeout: dialTime}
	if !o.AllowPrivate {
		d.Control = guard
	}
	return d
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return errors.New("redirect to something other than http and https")
	}
	return nil
}

// validators let a server answer that nothing has changed.
type validators struct{ etag, modified string }

// page is a server's answer of a kind that sources can use.
type page struct {
	status int // 200, 304, 403, 404 or 410
	body   []byte
	validators
}

var (
	// errStatus is the failure of a server that answered, with the wrong status.
	errStatus     = errors.New("the server answers")
	errBadAddress = errors.New("bad address")
)

// fetch gets one address. The body is at most limit+1 bytes, decompressed.
// Answers other than those of page are errors; none of them names the address,
// which may hold keys.
func fetch(ctx context.Context, client *http.Client, u *url.URL, known validators, limit int64, now func() time.Time) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return page{}, errBadAddress
	}
	req.Header.Set("User-Agent", "cyberbrief")
	req.Header.Set("Accept", "text/markdown, text/plain, application/feed+json, application/atom+xml, application/rss+xml, */*;q=0.5")
	if known.etag != "" {
		req.Header.Set("If-None-Match", known.etag)
	}
	if known.modified != "" {
		req.Header.Set("If-Modified-Since", known.modified)
	}
	resp, err := client.Do(req)
	if err != nil {
		return page{}, withoutURL(err)
	}
	defer resp.Body.Close()
	p := page{status: resp.StatusCode, validators: validators{resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")}}
	switch resp.StatusCode {
	case http.StatusOK:
		if p.body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1)); err != nil {
			return page{}, fmt.Errorf("read body: %w", withoutURL(err))
		}
		return p, nil
	case http.StatusNotModified:
		p.validators = known
		return p, nil
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden:
		return p, nil
	}
	err = fmt.Errorf("%w %d %s", errStatus, resp.StatusCode, http.StatusText(resp.StatusCode))
	if after := retryAfter(resp.Header.Get("Retry-After"), now()); after > 0 {
		err = &retryError{after, err}
	}
	return page{}, err
}

// withoutURL takes the address off an error of net/http: it may hold keys.
func withoutURL(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter reads the header of that name: seconds, also with a fraction, or
// a date. It is 0 for none and for nonsense.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if seconds, err := strconv.ParseFloat(s, 64); err == nil {
		if math.IsNaN(seconds) || seconds <= 0 {
			return 0
		}
		return time.Duration(min(seconds, maxBackOff.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// isWebPage recognises pages of HTML, which servers answer with instead of
// saying that there is nothing.
func isWebPage(body []byte) bool {
	head := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(string(body[:min(len(body), 512)]), "\ufeff")))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}
