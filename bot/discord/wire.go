package discord

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// wire is the connection below the gateway's web socket. It reads along and
// ends the connection where discordgo v0.29.0 would go wrong:
//
//   - on Reconnect (7) it deadlocks while it opens, and on Invalid Session (9)
//     it identifies again at once and without end: the connection is over;
//   - it looks at no close code: the code is kept;
//   - it panics on a heartbeat interval of no length: the connection is over;
//   - it notices a dead peer after five heartbeats: every read ends two
//     heartbeats after the last one that was acknowledged.
//
// A wire is read by one goroutine at a time.
type wire struct {
	net.Conn
	in      *bufio.Reader
	pending []byte // read, and looked at, but not handed on yet
	mode    wireMode

	writeWithin time.Duration
	interval    time.Duration
	asked       time.Duration // the interval that Hello asked for
	heardAt     time.Time     // the last acknowledgement, or what came before the first

	mu  sync.Mutex
	why error
}

type wireMode int

const (
	handshake wireMode = iota
	frames
	refused // the server did not upgrade the connection
)

// missedHeartbeats end a connection.
const missedHeartbeats = 2

// maxInterval is more than any interval between heartbeats.
const maxInterval = time.Hour

// maxFrame is more than any event that comes without intents.
const maxFrame = 4 << 20

// newWire makes a wire over a connection on which Hello is to come in time,
// and on which no write may take longer than that.
func newWire(c net.Conn, helloWithin time.Duration) *wire {
	return &wire{Conn: c, in: bufio.NewReader(c), writeWithin: helloWithin, interval: helloWithin / missedHeartbeats, heardAt: time.Now()}
}

// closed is the close code of the server.
type closed int

func (c closed) Error() string { return fmt.Sprintf("the gateway closed with code %d", int(c)) }

var (
	errReconnect      = errors.New("the gateway asked to reconnect")
	errInvalidSession = errors.New("the gateway ended the session")
	errSilent         = errors.New("the gateway acknowledges no heartbeats")
	errHeartbeat      = errors.New("the gateway asks for heartbeats at no interval that can be")
)

// reason is why the connection ended, nil where the wire does not know.
func (w *wire) reason() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.why
}

func (w *wire) end(why error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.why == nil {
		w.why = why
	}
	return why
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.pending) == 0 {
		if err := w.fill(); err != nil {
			if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
				err = w.end(errSilent)
			}
			return 0, err
		}
	}
	n := copy(p, w.pending)
	w.pending = w.pending[n:]
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(w.writeWithin)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// fill reads what comes next: the answer to the handshake, then frame by
// frame.
func (w *wire) fill() (err error) {
	if err := w.SetReadDeadline(w.heardAt.Add(missedHeartbeats * w.interval)); err != nil {
		return err
	}
	switch w.mode {
	case handshake:
		return w.readHandshake()
	case frames:
		return w.readFrame()
	}
	buf := make([]byte, 1024)
	n, err := w.in.Read(buf)
	w.pending = buf[:n]
	return err
}

// maxHandshake bounds the header of the server's answer.
const maxHandshake = 64 << 10

func (w *wire) readHandshake() error {
	var head []byte
	for len(head) < maxHandshake {
		line, err := w.in.ReadBytes('\n')
		if err != nil {
			return err
		}
		if head = append(head, line...); len(line) <= len("\r\n") {
			break
		}
	}
	w.pending, w.mode = head, frames
	if len(head) < 12 || string(head[8:12]) != " 101" {
		w.mode = refused
	}
	return nil
}

// Opcodes of web socket frames. https://www.rfc-editor.org/rfc/rfc6455#section-5.2
const (
	frameText  = 0x1
	frameClose = 0x8
)

// readFrame reads one frame. Discord does not fragment messages, and without
// compression in Identify it sends text.
func (w *wire) readFrame() error {
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(w.in, head); err != nil {
		return err
	}
	length := uint64(head[1] & 0x7F)
	if more := map[uint64]int{126: 2, 127: 8}[length]; more > 0 {
		head = head[:2+more]
		if _, err := io.ReadFull(w.in, head[2:]); err != nil {
			return err
		}
		length = binary.BigEndian.Uint64(append(make([]byte, 8-more), head[2:]...))
	}
	if length > maxFrame {
		return w.end(errors.New("the gateway sent more than a message may have"))
	}
	frame := make([]byte, len(head)+int(length))
	copy(frame, head)
	payload := frame[len(head):]
	if _, err := io.ReadFull(w.in, payload); err != nil {
		return err
	}
	w.pending = frame
	return w.inspect(head[0]&0x0F, payload)
}

// Gateway opcodes. https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
const (
	opDispatch       = 0
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
	opHeartbeatAck   = 11
)

// inspect acts on a frame; an error keeps it from discordgo.
func (w *wire) inspect(opcode byte, payload []byte) error {
	if opcode == frameClose && len(payload) >= 2 {
		_ = w.end(closed(binary.BigEndian.Uint16(payload)))
	}
	if opcode != frameText {
		return nil
	}
	m := struct {
		Op   int `json:"op"`
		Data struct {
			Interval int64 `json:"heartbeat_interval"`
		} `json:"d"`
	}{Op: -1}
	// The data of Invalid Session is no object; the opcode is read all the same.
	_ = json.Unmarshal(payload, &m)
	switch m.Op {
	case opReconnect:
		return w.end(errReconnect)
	case opInvalidSession:
		return w.end(errInvalidSession)
	case opHello:
		if m.Data.Interval <= 0 || m.Data.Interval > maxInterval.Milliseconds() {
			return w.end(errHeartbeat)
		}
		// Ready has to come as soon as Hello had to; heartbeats begin after it.
		w.asked = time.Duration(m.Data.Interval) * time.Millisecond
		w.heardAt = time.Now()
	case opDispatch:
		if w.asked > 0 {
			w.interval, w.asked = w.asked, 0
			w.heardAt = time.Now()
		}
	case opHeartbeatAck:
		w.heardAt = time.Now()
	}
	return nil
}
