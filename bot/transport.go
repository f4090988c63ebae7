package bot

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// What a Transport does where its options say nothing.
const (
	defaultExchangeTimeout = 20 * time.Second
	defaultMaxBody         = 4 << 20
	// idleConnTimeout is short: a connection that the platform has closed
	// meanwhile costs a doubtful outcome, a new one costs a handshake.
	idleConnTimeout = 30 * time.Second
	dialTimeout     = 10 * time.Second
	maxHeaderBytes  = 64 << 10
)

// TransportOptions configure a Transport; the zero value is usable.
type TransportOptions struct {
	// Base makes the requests. Nil means an own http.Transport that speaks
	// HTTP/1.1 and knows no proxy: with one exchange a connection at a time,
	// it can tell whether a byte of a request was written.
	Base http.RoundTripper
	// Timeout bounds a whole exchange, reading the body included; 20 s if 0.
	Timeout time.Duration
	// MaxBody is the longest answer that is read, in bytes after
	// decompression; 4 MiB if 0.
	MaxBody int64
	// Secrets are blotted out of every error text.
	Secrets []string
	// UserAgent is set on requests that carry none.
	UserAgent string
}

// Transport is the strict way to a platform: an http.RoundTripper that never
// takes longer than its time-out, never reads more than its cap, never sends
// a request twice, and whose errors are *OutcomeError that say whether the
// platform may have processed the request. It is safe for concurrent use.
type Transport struct {
	base      http.RoundTripper
	timeout   time.Duration
	maxBody   int64
	userAgent string
	redact    *Redactor
}

// NewTransport makes a Transport. It starts nothing.
func NewTransport(o TransportOptions) *Transport {
	t := &Transport{o.Base, o.Timeout, o.MaxBody, o.UserAgent, NewRedactor(o.Secrets...)}
	if t.base == nil {
		t.base = strictBase()
	}
	if t.timeout <= 0 {
		t.timeout = defaultExchangeTimeout
	}
	if t.maxBody <= 0 {
		t.maxBody = defaultMaxBody
	}
	return t
}

// strictBase dials directly and, by an empty TLSNextProto, keeps to HTTP/1.1.
func strictBase() *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &countingConn{Conn: c}, nil
		},
		Protocols:              &http1,
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        idleConnTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// Client is an http.Client over t that follows no redirect: the answer is
// the redirect itself, for the caller to class. The errors of its methods
// are *url.Error around t's and name the whole address; where that may hold
// a secret, use Do or pass them through Outcome.
func (t *Transport) Client() *http.Client {
	return &http.Client{Transport: t, CheckRedirect: stayHere}
}

func stayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do makes one request. Its error is always an *OutcomeError.
func (t *Transport) Do(req *http.Request) (*http.Response, error) {
	resp, err := t.Client().Do(req)
	if err != nil {
		return nil, t.Outcome(err)
	}
	return resp, nil
}

// Outcome gives the *OutcomeError inside of err without the address that
// http.Client puts around it. Any other error becomes a Doubtful one; its
// text is redacted. Outcome of nil is nil.
func (t *Transport) Outcome(err error) *OutcomeError {
	if err == nil {
		return nil
	}
	if oe, ok := errors.AsType[*OutcomeError](err); ok {
		return oe
	}
	return &OutcomeError{Class: Doubtful, Code: codeOf(err), Err: t.redact.Error(err)}
}

// Redact blots out t's secrets and whatever looks like a token.
func (t *Transport) Redact(s string) string { return t.redact.Redact(s) }

// CloseIdleConnections closes the connections that no exchange is using.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip makes one exchange. An http.Transport resends a request on its
// own when a kept connection turns out to be closed and the request has a
// GetBody or an Idempotency-Key; both are taken away, so that nothing that
// changes something is ever sent twice.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), t.timeout)
	var trace writeTrace
	once := req.Clone(httptrace.WithClientTrace(ctx, trace.hooks()))
	once.GetBody = nil
	delete(once.Header, "Idempotency-Key")
	delete(once.Header, "X-Idempotency-Key")
	if t.userAgent != "" && once.Header.Get("User-Agent") == "" {
		once.Header.Set("User-Agent", t.userAgent)
	}
	resp, err := t.base.RoundTrip(once)
	if err != nil {
		cancel()
		return nil, &OutcomeError{Class: trace.class(req.Method), Code: codeOf(err), Err: t.redact.Error(err)}
	}
	resp.Body = &strictBody{body: resp.Body, left: t.maxBody, cancel: cancel, class: classOnceWritten(req.Method), redact: t.redact}
	return resp, nil
}

// writeTrace notes whether any byte of a request may have left.
type writeTrace struct {
	conns  atomic.Int32
	conn   atomic.Pointer[countingConn]
	before atomic.Int64
}

func (w *writeTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		w.conns.Add(1)
		c := counted(info.Conn)
		w.conn.Store(c)
		if c != nil {
			w.before.Store(c.written.Load())
		}
	}}
}

// class is Transient only where it is certain that nothing was written: no
// connection was had, or the one that was had has sent nothing since.
func (w *writeTrace) class(method string) Class {
	switch c := w.conn.Load(); {
	case w.conns.Load() == 0:
		return Transient
	case w.conns.Load() == 1 && c != nil && c.written.Load() == w.before.Load():
		return Transient
	}
	return classOnceWritten(method)
}

// classOnceWritten is the class of a failure after the request has left. A
// method that changes nothing may be repeated at will.
func classOnceWritten(method string) Class {
	if method == http.MethodGet || method == http.MethodHead {
		return Transient
	}
	return Doubtful
}

// countingConn counts the bytes handed to the network.
type countingConn struct {
	net.Conn
	written atomic.Int64
}

func (c *countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

// counted finds the countingConn under c, below TLS too; nil if there is none.
func counted(c net.Conn) *countingConn {
	if over, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = over.NetConn()
	}
	cc, _ := c.(*countingConn)
	return cc
}

var errAnswerTooLong = errors.New("answer is longer than allowed")

// strictBody reads an answer within the time-out and the cap.
type strictBody struct {
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
	class  Class
	redact *Redactor
}

func (b *strictBody) Read(p []byte) (int, error) {
	// One byte over the cap is asked for, to tell a full answer from a longer one.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		n, b.left, err = n-1, 0, errAnswerTooLong
	}
	if err != nil && err != io.EOF {
		err = &OutcomeError{Class: b.class, Code: codeOf(err), Err: b.redact.Error(err)}
	}
	return n, err
}

// Close gives the connection back and ends the exchange.
func (b *strictBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

// codeOf names a failure that is not the platform's own word.
func codeOf(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var slow net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	case errors.Is(err, errAnswerTooLong):
		return "answer too long"
	case errors.As(err, &dns):
		return "name not resolved"
	case errors.As(err, &op) && op.Op == "dial":
		return "not reachable"
	default:
		return "connection failed"
	}
}
