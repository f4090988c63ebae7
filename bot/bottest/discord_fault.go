package bottest

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// DiscordFault is what goes wrong with a request. The zero value of a field
// is nothing special.
type DiscordFault struct {
	// Status and Code are those of the refusal: HTTP and JSON.
	Status int
	Code   int
	// Message goes with Code.
	Message string
	// Header is added, for example Retry-After.
	Header map[string]string
	// RetryAfter is the number of seconds in the body, where it is not zero.
	RetryAfter float64
	Global     bool
	// Body is sent as it is instead of JSON made of the above.
	Body string
	// Huge sends this many bytes as the body.
	Huge int
	// Accepted requests are carried out first: the message is posted.
	Accepted bool
	// Silent gives no answer at all; Reset ends the connection.
	Silent bool
	Reset  bool
	// Delay comes before the answer.
	Delay time.Duration
	// Times is how often; once if it is zero.
	Times int
}

// Cloudflare is the page that stands before Discord, when it refuses.
const Cloudflare = "<!DOCTYPE html><html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head><body>error code: 1015</body></html>"

type plannedFault struct {
	route string
	fault DiscordFault
	left  int
}

// FailNext makes the next request of a route fail. The route is written as in
// DiscordRequest; an empty one is any.
func (d *Discord) FailNext(route string, f DiscordFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, &plannedFault{route, f, max(1, f.Times)})
}

// takeFault is the fault planned for a request of a route, if there is one.
func (d *Discord) takeFault(route string) *DiscordFault {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.faults {
		if p.left > 0 && (p.route == "" || p.route == route) {
			p.left--
			return &p.fault
		}
	}
	return nil
}

// play answers a request the way the fault says. Carry carries the request
// out as usual.
func (d *Discord) play(f *DiscordFault, w http.ResponseWriter, r *http.Request, carry func(http.ResponseWriter)) {
	if f.Accepted {
		carry(&unheard{})
	}
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		case <-d.closing:
		}
	}
	switch {
	case f.Silent:
		select {
		case <-r.Context().Done():
		case <-d.closing:
		}
		panic(http.ErrAbortHandler)
	case f.Reset:
		reset(w)
	case f.Status == 0 && f.Body == "" && f.Huge == 0:
		carry(w)
	default:
		f.write(w)
	}
}

// unheard is an answer that nobody gets.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header {
	if u.header == nil {
		u.header = http.Header{}
	}
	return u.header
}
func (*unheard) Write(p []byte) (int, error) { return len(p), nil }
func (*unheard) WriteHeader(int)             {}

// reset ends the connection at once, without the TCP goodbye.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func (f *DiscordFault) write(w http.ResponseWriter) {
	body := f.Body
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(body, "<") {
		w.Header().Set("Content-Type", "text/html")
	}
	if body == "" {
		body = f.json()
	}
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	if f.Status > 0 {
		w.WriteHeader(f.Status)
	}
	if f.Huge > 0 {
		block := strings.Repeat(" ", 64<<10)
		for n := 0; n < f.Huge; n += len(block) {
			if _, err := w.Write([]byte(block)); err != nil {
				return
			}
		}
	}
	_, _ = w.Write([]byte(body))
}

func (f *DiscordFault) json() string {
	fields := map[string]any{"code": f.Code, "message": f.Message}
	if f.RetryAfter != 0 || f.Global {
		fields["retry_after"], fields["global"] = f.RetryAfter, f.Global
	}
	b, _ := json.Marshal(fields)
	return string(b)
}

// discordRate is how many messages a channel takes in a window.
type discordRate struct {
	limit  int
	window time.Duration
	used   map[string][]time.Time
}

// SetRate limits the posts in each channel. Without it there is no limit.
func (d *Discord) SetRate(limit int, window time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rate = discordRate{limit, window, map[string][]time.Time{}}
}

// take counts a post; ok is false when there were too many, and left is how
// many more the window takes.
func (r *discordRate) take(channel string, now time.Time) (left int, reset time.Duration, ok bool) {
	if r.limit == 0 {
		return 1, time.Second, true
	}
	used := r.used[channel]
	for len(used) > 0 && now.Sub(used[0]) >= r.window {
		used = used[1:]
	}
	if ok = len(used) < r.limit; ok {
		used = append(used, now)
	}
	r.used[channel] = used
	return r.limit - len(used), used[0].Add(r.window).Sub(now), ok
}
