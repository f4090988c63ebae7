package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
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

// past is an event that a browser may have missed.
type past struct {
	to    *person
	event []byte
}

// publish puts an event into the streams of one person, or of everyone, and
// remembers it for those who come back. It never blocks: a stream that is full
// is cut. The caller holds mu.
func (c *Console) publish(event string, data any, to *person) {
	e, err := c.encodeEvent(event, data, c.events+1)
	if err != nil {
		c.log.Error("console event was not sent", "event", event, "error", err)
		return
	}
	c.events++
	c.remember(past{to, e})
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

// remember keeps an event and forgets the oldest beyond the limits. The caller
// holds mu.
func (c *Console) remember(e past) {
	c.past = append(c.past, e)
	c.pastBytes += len(e.event)
	drop := 0
	for ; len(c.past)-drop > maxPast || c.pastBytes > maxPastBytes; drop++ {
		c.pastBytes -= len(c.past[drop].event)
	}
	c.past = slices.Delete(c.past, 0, drop)
}

// cut ends a stream. The caller holds mu.
func (c *Console) cut(s *stream) {
	if _, open := c.streams[s]; open {
		delete(c.streams, s)
		close(s.events)
	}
}

// encodeEvent writes an event in the form of server-sent events. Its id holds
// its number and this console's own name: a number from before a restart means
// nothing. JSON has no raw line breaks, so one data line is enough.
func (c *Console) encodeEvent(event string, data any, number int64) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "id: %s.%d\nevent: %s\ndata: ", c.name, number, event)
	if err := json.NewEncoder(&b).Encode(data); err != nil {
		return nil, fmt.Errorf("encode event %s: %w", event, err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// missed is what a person missed after the event with the id last, or false
// when that is not known any more. The caller holds mu.
func (c *Console) missed(p *person, last string) ([]byte, bool) {
	name, number, _ := strings.Cut(last, ".")
	n, err := strconv.ParseInt(number, 10, 64)
	oldest := c.events - int64(len(c.past))
	if err != nil || name != c.name || !p.greeted || n < oldest || n > c.events {
		return nil, false
	}
	var resumed []byte
	for _, e := range c.past[n-oldest:] {
		if e.to == everyone || e.to == p {
			resumed = append(resumed, e.event...)
		}
	}
	return resumed, true
}

// snapshot is the first event of a new stream: everything this person can see.
type snapshot struct {
	Me       string     `json:"me"`
	Channels []string   `json:"channels"`
	Messages []*message `json:"messages"`
}

// listen opens a stream. In front it puts what was missed since the event with
// the id last, or a snapshot, in one step with opening it, so that no message
// is missed or shown twice between the two.
func (c *Console) listen(p *person, last string) (*stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || len(c.streams) >= maxStreams {
		return nil, errUnavailable
	}
	first, ok := c.missed(p, last)
	if !ok {
		var err error
		if first, err = c.encodeEvent("snapshot", c.snapshot(p), c.events); err != nil {
			return nil, err
		}
		p.greeted = true
	}
	s := &stream{person: p, events: make(chan []byte, streamBuffer)}
	s.events <- append(fmt.Appendf(nil, "retry: %d\n\n", retryAfter.Milliseconds()), first...)
	c.streams[s] = struct{}{}
	return s, nil
}

// snapshot is what a person can see now. The caller holds mu.
func (c *Console) snapshot(p *person) snapshot {
	snap := snapshot{Me: p.ID, Messages: []*message{}}
	for _, r := range c.rooms {
		snap.Channels = append(snap.Channels, r.name)
		snap.Messages = append(snap.Messages, r.messages...)
	}
	snap.Messages = append(snap.Messages, p.private...)
	return snap
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
	s, err := c.listen(p, r.Header.Get("Last-Event-ID"))
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
