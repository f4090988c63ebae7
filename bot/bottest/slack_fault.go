package bottest

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// SlackFault is how one request goes wrong. The zero value is no fault: the
// request is carried out and answered.
type SlackFault struct {
	// Accept carries the request out before it goes wrong: the message is
	// posted although nobody is told.
	Accept bool
	// Silence answers nothing until the client gives up.
	Silence bool
	// Reset resets the connection instead of an answer.
	Reset bool
	// Error answers 200 with ok false and this error.
	Error string
	// Status answers with this HTTP status.
	Status int
	// RetryAfter is sent as it is in the header of this name.
	RetryAfter string
	// Body is answered as it is; Huge is so many blanks before it.
	Body string
	Huge int
	// Delay waits before anything is answered.
	Delay time.Duration
	// Plain answers as if nothing were wrong: it lets requests pass in a
	// script of faults.
	Plain bool
}

// FailNext makes the next requests of a method go wrong, one fault each, in
// order. The method "response_url" stands for all response URLs.
func (s *Slack) FailNext(method string, faults ...SlackFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

func (s *Slack) nextFault(method string) SlackFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := s.faults[method]
	if len(queue) == 0 {
		return SlackFault{Plain: true}
	}
	s.faults[method] = queue[1:]
	return queue[0]
}

// answer carries out a request, goes wrong as told, and answers.
func (s *Slack) answer(w http.ResponseWriter, r *http.Request, f SlackFault, carryOut func() map[string]any) {
	wrong := !f.Plain && f != (SlackFault{Delay: f.Delay})
	var result map[string]any
	if !wrong || f.Accept {
		result = carryOut()
	}
	s.sockets.bell.ring()
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		}
	}
	switch {
	case f.Silence:
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
	case f.Reset:
		resetSlackConn(w)
	case !wrong:
		writeSlackJSON(w, http.StatusOK, result)
	default:
		f.write(w)
	}
}

func (f SlackFault) write(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	if f.Error != "" {
		writeSlackJSON(w, status, map[string]any{"ok": false, "error": f.Error})
		return
	}
	w.WriteHeader(status)
	for chunk := strings.Repeat(" ", 64<<10); f.Huge > 0; f.Huge -= len(chunk) {
		if _, err := w.Write([]byte(chunk[:min(f.Huge, len(chunk))])); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(f.Body)) // the client may be gone
}

// resetSlackConn closes the connection of a request by a TCP reset.
func resetSlackConn(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

func writeSlackJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client may be gone
}
