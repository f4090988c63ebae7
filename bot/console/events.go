package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// stream is one browser tab that listens. The console puts events in, the
// tab's own request writes them out; closing events ends the request.
type stream struct {
	person *person
	events chan []byte
}

// everyone as the receiver of an event.
var everyone *person

// publish puts an event into the streams of one person, or of everyone. It
// never blocks: a stream that is full is cut. The caller holds mu.
func (c *Console) publish(event string, data any, to *person) {
	e, err := encodeEvent(event, data)
	if err != nil {
		c.log.Error("console event was not sent", "event", event, "error", err)
		return
	}
	for s := range c.streams {
		if to != everyone && s.person != to {
			continue
		}
		select {
		case s.events <- e:
		default:
			c.log.Info("console stream is too slow and was cut", "person", s.person.ID)
			c.cut(s)
		}
	}
}

// cut ends a stream. The caller holds mu.
func (c *Console) cut(s *stream) {
	if _, open := c.streams[s]; open {
		delete(c.streams, s)
		close(s.events)
	}
}

// encodeEvent writes an event in the form of server-sent events. JSON has no
// raw line breaks, so one data line is enough.
func encodeEvent(event string, data any) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "event: %s\ndata: ", event)
	if err := json.NewEncoder(&b).Encode(data); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", event, err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// snapshot is the first event of a stream: everything this person can see. A
// browser that was away starts from it again, so no event has to be kept.
type snapshot struct {
	Me       string     `json:"me"`
	Channels []string   `json:"channels"`
	Messages []*message `json:"messages"`
}

// listen opens a stream and puts the snapshot in front, in one step, so that
// no message is missed or shown twice between the two.
func (c *Console) listen(p *person) (*stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || len(c.streams) >= maxStreams {
		return nil, errUnavailable
	}
	snap := snapshot{Me: p.ID, Messages: []*message{}}
	for _, r := range c.rooms {
		snap.Channels = append(snap.Channels, r.name)
		snap.Messages = append(snap.Messages, r.messages...)
	}
	snap.Messages = append(snap.Messages, p.private...)
	e, err := encodeEvent("snapshot", snap)
	if err != nil {
		return nil, err
	}
	s := &stream{person: p, events: make(chan []byte, streamBuffer)}
	s.events <- e
	c.streams[s] = struct{}{}
	return s, nil
}

func (c *Console) unlisten(s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut(s)
}

// serveEvents writes events until the browser leaves, the stream is cut or
// Run ends.
func (c *Console) serveEvents(w http.ResponseWriter, r *http.Request) {
	p := c.person(w, r)
	s, err := c.listen(p)
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	defer c.unlisten(s)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	// A server's ReadTimeout is meant for requests that are slow to come; it
	// would end this one. Writers without deadlines have none to lift.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	w.WriteHeader(http.StatusOK)
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var e []byte
		var open bool
		select {
		case <-r.Context().Done():
			return
		case <-ping.C:
			e, open = []byte(": ping\n\n"), true
		case e, open = <-s.events:
		}
		if !open || writeEvent(w, e) != nil {
			return
		}
	}
}

// writeEvent gives the browser a limited time to take the event.
func writeEvent(w http.ResponseWriter, e []byte) error {
	rc := http.NewResponseController(w)
	// Writers without deadlines (tests, some middleware) are written to
	// without one.
	_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := w.Write(e); err != nil {
		return err
	}
	return rc.Flush()
}
