package slack

import (
	"context"
	"crypto/tls"
	"net"
	"regexp"
	"sync"
	"time"
)

// tapDialer dials the connections of a socket and remembers how each ended.
// slack-go swallows the message in which Slack says why it closes a
// connection; here it passes by in the clear, since frames from a server are
// not masked and no compression is agreed on.
type tapDialer struct {
	// sent is called for each message that went out on a connection.
	sent func()

	mu    sync.Mutex
	last  *tap
	ended []string // why earlier ones ended, not yet asked for
}

func (d *tapDialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return d.tap(new(net.Dialer).DialContext(ctx, network, addr))
}

func (d *tapDialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	return d.tap(new(tls.Dialer).DialContext(ctx, network, addr))
}

func (d *tapDialer) tap(c net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
	d.last = &tap{Conn: c, sent: d.sent}
	return d.last, nil
}

// settle notes why the last connection ended, if Slack said so.
func (d *tapDialer) settle() {
	if d.last == nil {
		return
	}
	if reason := d.last.disconnectReason(); reason != "" {
		d.ended, d.last = append(d.ended, reason), nil
	}
}

// reasons are what Slack said when it closed connections, each once.
func (d *tapDialer) reasons() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
	reasons := d.ended
	d.ended = nil
	return reasons
}

// tailLength holds a disconnect message and the frames around it.
const tailLength = 2 << 10

// tap is a connection that remembers the end of what was read from it, and
// that says goodbye before it closes: Slack goes on delivering to a
// connection that just falls silent.
type tap struct {
	net.Conn
	sent func()

	mu     sync.Mutex
	tail   []byte
	closed bool
}

func (t *tap) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tail = append(t.tail, p[:n]...)
	if len(t.tail) > tailLength {
		t.tail = append([]byte(nil), t.tail[len(t.tail)-tailLength:]...)
	}
	return n, err
}

// The first byte of a frame: whether it is its message's last, and what it is.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.2
const (
	finalFrame   = 0x80
	controlFrame = 0x08
)

// Write tells of every message that is out. The library writes a frame at a
// time.
func (t *tap) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	if err == nil && len(p) > 0 && p[0]&finalFrame != 0 && p[0]&controlFrame == 0 {
		t.sent()
	}
	return n, err
}

// Quotes inside of a JSON string are escaped, so text of a user cannot match.
var (
	disconnectType   = regexp.MustCompile(`"type"\s*:\s*"disconnect"`)
	disconnectReason = regexp.MustCompile(`"reason"\s*:\s*"([a-z_]{1,64})"`)
)

func (t *tap) disconnectReason() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !disconnectType.Match(t.tail) {
		return ""
	}
	all := disconnectReason.FindAllSubmatch(t.tail, -1)
	if len(all) == 0 {
		return "unknown"
	}
	return string(all[len(all)-1][1])
}

// closeFrame is a WebSocket close frame with status 1000, masked with zeros.
// https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
const closeFrame = "\x88\x82\x00\x00\x00\x00\x03\xe8"

// goodbyeTimeout bounds the close frame on a connection that is dead.
const goodbyeTimeout = time.Second

// Close says goodbye, once, and closes.
func (t *tap) Close() error {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	t.mu.Unlock()
	if first && t.SetWriteDeadline(time.Now().Add(goodbyeTimeout)) == nil {
		// The other side may be gone already, which is what Close is about.
		_, _ = t.Conn.Write([]byte(closeFrame))
	}
	return t.Conn.Close()
}
