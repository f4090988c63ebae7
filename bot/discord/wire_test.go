package discord

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// frame is an unmasked frame, as a server sends it.
func frame(opcode byte, payload []byte) []byte {
	head := []byte{0x80 | opcode}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	return append(head, payload...)
}

const upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"

// onWire reads a wire to which a server sends bytes and then hangs up.
func onWire(t *testing.T, sent []byte) (read []byte, w *wire, err error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer server.Close()
		_, _ = server.Write(sent)
	}()
	w = newWire(client, 5*time.Second)
	read, err = io.ReadAll(w)
	return read, w, err
}

// TestWireHandsOnEverything: what needs no action arrives byte for byte.
func TestWireHandsOnEverything(t *testing.T) {
	sent := []byte(upgraded)
	for _, payload := range []string{
		`{"op":10,"d":{"heartbeat_interval":41250}}`, `{"op":0,"t":"READY","d":{}}`, `{"op":11}`, `{"op":1}`, `{`, "",
		`{"op":0,"t":"X","d":"` + strings.Repeat("x", 200) + `"}`,
		`{"op":0,"t":"X","d":"` + strings.Repeat("x", 70_000) + `"}`,
	} {
		sent = append(sent, frame(frameText, []byte(payload))...)
	}
	sent = append(sent, frame(0x9, []byte("ping"))...)
	read, w, err := onWire(t, sent)
	if err != nil || string(read) != string(sent) {
		t.Errorf("read %d of %d bytes, %v", len(read), len(sent), err)
	}
	if w.interval != 41250*time.Millisecond {
		t.Errorf("the heartbeat interval is %v", w.interval)
	}
	if w.reason() != nil {
		t.Errorf("ended by %v", w.reason())
	}
}

func TestWireEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		frame []byte
		want  error
		kept  bool // from discordgo
	}{
		{"reconnect", frame(frameText, []byte(`{"op":7,"d":null}`)), errReconnect, true},
		{"reconnect, op last", frame(frameText, []byte(`{"t":null,"s":null,"d":null,"op":7}`)), errReconnect, true},
		{"invalid session", frame(frameText, []byte(`{"op":9,"d":false}`)), errInvalidSession, true},
		{"hello without an interval", frame(frameText, []byte(`{"op":10,"d":{}}`)), errHeartbeat, true},
		{"hello with a negative interval", frame(frameText, []byte(`{"op":10,"d":{"heartbeat_interval":-1}}`)), errHeartbeat, true},
		{"hello with an endless interval", frame(frameText, []byte(`{"op":10,"d":{"heartbeat_interval":9223372036854775807}}`)), errHeartbeat, true},
		{"close", frame(frameClose, []byte{0x0F, 0xA4}), closed(4004), false},
	} {
		read, w, err := onWire(t, append([]byte(upgraded), c.frame...))
		if !errors.Is(w.reason(), c.want) {
			t.Errorf("%s: ended by %v, want %v", c.name, w.reason(), c.want)
		}
		if kept := len(read) == len(upgraded); kept != c.kept || kept && !errors.Is(err, c.want) {
			t.Errorf("%s: discordgo got %q, %v", c.name, read[len(upgraded):], err)
		}
	}
}

func TestWireRefusesAHugeFrame(t *testing.T) {
	head := binary.BigEndian.AppendUint64([]byte{0x81, 127}, 1<<62)
	if _, w, err := onWire(t, append([]byte(upgraded), head...)); err == nil || w.reason() == nil {
		t.Errorf("read %v, ended by %v", err, w.reason())
	}
}

func TestWireThatIsNotUpgraded(t *testing.T) {
	const sent = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"
	if read, _, err := onWire(t, []byte(sent)); err != nil || string(read) != sent {
		t.Errorf("read %q, %v", read, err)
	}
}

// TestWireNoticesSilence: two heartbeats after the last acknowledgement, and
// not a moment before.
func TestWireNoticesSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		defer server.Close()
		const interval, acks = 10 * time.Second, 5
		go func() {
			_, _ = server.Write([]byte(upgraded))
			_, _ = server.Write(frame(frameText, []byte(`{"op":10,"d":{"heartbeat_interval":10000}}`)))
			_, _ = server.Write(frame(frameText, []byte(`{"op":0,"t":"READY","d":{}}`)))
			for range acks {
				time.Sleep(interval)
				_, _ = server.Write(frame(frameText, []byte(`{"op":11}`)))
			}
		}()
		began := time.Now()
		w := newWire(client, time.Second)
		if _, err := io.ReadAll(w); !errors.Is(err, errSilent) {
			t.Errorf("read ended with %v", err)
		}
		if took := time.Since(began); took != (acks+missedHeartbeats)*interval {
			t.Errorf("noticed after %v, want %v", took, (acks+missedHeartbeats)*interval)
		}
	})
}

// FuzzWire: whatever a server sends, the wire ends, and hands on nothing that
// was not sent.
func FuzzWire(f *testing.F) {
	f.Add([]byte(upgraded + "\x81\x03{}\n"))
	f.Add(append([]byte(upgraded), frame(frameText, []byte(`{"op":7}`))...))
	f.Add([]byte("\x00\n\n"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		read, _, _ := onWire(t, sent)
		if !strings.HasPrefix(string(sent), string(read)) {
			t.Errorf("read %q of %q", read, sent)
		}
	})
}

// TestCompleted: with discordgo's own addition, the handshake asks for the
// path that was named and for the query that Discord documents.
func TestCompleted(t *testing.T) {
	for address, want := range map[string]string{
		"wss://gateway.discord.gg":            "/?encoding=json&v=9",
		"wss://gateway.discord.gg/":           "/?encoding=json&v=9",
		"ws://127.0.0.1:9/gw/ws":              "/gw/ws?encoding=json&v=9",
		"ws://127.0.0.1:9/gw/ws/":             "/gw/ws/?encoding=json&v=9",
		"ws://127.0.0.1:9/gw?shard=a%2Fb&v=6": "/gw?encoding=json&shard=a%2Fb&v=9",
	} {
		got, err := completed(address)
		if err != nil || !strings.HasSuffix(got, "/") {
			t.Errorf("%s: %q, %v; without a slash at the end discordgo puts one", address, got, err)
		}
		u, err := url.Parse(got + "?v=9&encoding=json")
		if err != nil || u.RequestURI() != want {
			t.Errorf("%s: asks for %q, %v; want %q", address, u.RequestURI(), err, want)
		}
	}
	if got, err := completed("ws://[::1"); err == nil {
		t.Errorf("no address became %q", got)
	}
}
