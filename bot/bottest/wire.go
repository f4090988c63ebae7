package bottest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"syscall"
)

// Wire carries requests to handlers in the same process, by the host of their
// address: no socket, so that it works where time is simulated. An exchange
// on it fails as one on a network does, and a request that has left counts as
// written. It is safe for concurrent use.
type Wire struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
	down  map[string]bool
}

// NewWire leads nowhere yet.
func NewWire() *Wire { return &Wire{hosts: map[string]http.Handler{}, down: map[string]bool{}} }

// Serve answers requests to a host.
func (w *Wire) Serve(host string, h http.Handler) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[host] = h
}

// SetDown makes a host unreachable, or reachable again.
func (w *Wire) SetDown(host string, down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[host] = down
}

// RoundTrip implements http.RoundTripper.
func (w *Wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	h, down := w.hosts[r.URL.Host], w.down[r.URL.Host]
	w.mu.Unlock()
	if h == nil || down {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	if t := httptrace.ContextClientTrace(r.Context()); t != nil && t.GotConn != nil {
		t.GotConn(httptrace.GotConnInfo{})
	}
	in, err := arriving(r)
	if err != nil {
		return nil, err
	}
	out, ended := &wired{header: http.Header{}}, make(chan error, 1)
	go func() { ended <- out.serve(h, in) }()
	select {
	case err = <-ended:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	return out.response(r), nil
}

// arriving is a request as the server sees it.
func arriving(r *http.Request) (*http.Request, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	in := r.Clone(r.Context())
	in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	in.RequestURI, in.RemoteAddr, in.Host = r.URL.RequestURI(), "127.0.0.1:1", r.URL.Host
	return in, nil
}

// wired is an answer on its way.
type wired struct {
	header http.Header
	status int
	body   bytes.Buffer
	reset  bool
}

// errReset is what the client sees of a connection that the server has ended.
var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

func (o *wired) serve(h http.Handler, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case p == http.ErrAbortHandler:
			err = errReset
		default:
			err = fmt.Errorf("handler panicked: %v", p)
		}
	}()
	h.ServeHTTP(o, r)
	if o.reset {
		return errReset
	}
	return nil
}

// Header implements http.ResponseWriter.
func (o *wired) Header() http.Header { return o.header }

// WriteHeader implements http.ResponseWriter.
func (o *wired) WriteHeader(status int) {
	if o.status == 0 && status >= http.StatusOK {
		o.status = status
	}
}

// Write implements http.ResponseWriter.
func (o *wired) Write(p []byte) (int, error) {
	o.WriteHeader(http.StatusOK)
	return o.body.Write(p)
}

// FlushError implements what http.ResponseController looks for.
func (o *wired) FlushError() error { return nil }

// Hijack gives a connection that only serves to be closed.
func (o *wired) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if o.status != 0 {
		return nil, nil, errors.New("hijacked after the answer began")
	}
	o.reset = true
	conn, other := net.Pipe()
	return conn, nil, other.Close()
}

func (o *wired) response(r *http.Request) *http.Response {
	o.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: http.StatusText(o.status), StatusCode: o.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: o.header, Body: io.NopCloser(&o.body), ContentLength: int64(o.body.Len()), Request: r,
	}
}
