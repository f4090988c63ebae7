package console_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/console"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	bottest.TestPlatform(t, func(t *testing.T) bottest.Subject {
		c, url := start(t, console.Options{})
		someone := newVisitor(t, url)
		return bottest.Subject{
			Platform: c,
			Ref:      general(),
			Absent:   channel("nowhere"),
			Seen:     func() []bottest.Seen { return threaded(someone.snapshot().Messages) },
			Command: func(ctx context.Context, name, text string) (bottest.Seen, error) {
				return someone.command(ctx, "", "/"+name+" "+text)
			},
			Open:   someone.open,
			Submit: someone.submit,
			Redeliver: func(ctx context.Context, name, text string) error {
				for range 2 {
					if _, err := someone.command(ctx, "same-id", "/"+name+" "+text); err != nil {
						return err
					}
				}
				return nil
			},
		}
	})
}

func channel(name string) bot.Ref {
	return bot.Ref{Installation: bot.Installation{Platform: bot.Console}, Channel: name}
}

func general() bot.Ref { return channel("general") }

// start makes a console with a server in front.
func start(t *testing.T, opts console.Options) (*console.Console, string) {
	t.Helper()
	c, err := console.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c.Handler())
	t.Cleanup(server.Close)
	return c, server.URL
}

// visitor is a browser without a window: it keeps its cookie, reads events
// and posts what the page's script would post.
type visitor struct {
	t      *testing.T
	url    string
	client *http.Client
}

func newVisitor(t *testing.T, url string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{t, url, &http.Client{Jar: jar, Transport: transport}}
}

// shown is a message as the page receives it.
type shown struct {
	ID      bot.MessageID `json:"id"`
	Channel string        `json:"channel"`
	Thread  bot.MessageID `json:"thread"`
	From    string        `json:"from"`
	Edited  bool          `json:"edited"`
	Private bool          `json:"private"`
	Command string        `json:"command"`
	Body    struct {
		Blocks []struct {
			Type, Text, URL, Marker, Placeholder, Command string

			Level int
			Spans []struct {
				Text, URL             string
				Strong, Code, Mention bool
			}
			Buttons []struct{ Label, URL, Command, Argument string }
			Options []struct{ Label, Value string }
			Form    *shownForm
		}
	} `json:"body"`
}

// shownForm is a form as the page receives it.
type shownForm struct {
	Title, Submit, Note string
	Fields              []struct {
		Name, Label, Hint, Kind, Value, Zone, Problem string

		Options  []struct{ Label, Value string }
		Optional bool
	}
}

type snapshot struct {
	Me       string
	Channels []string
	Messages []shown
}

// event is one server-sent event.
type event struct {
	ID, Name string
	Data     []byte
}

// listen opens a stream; next reads its events one by one, and fails when
// the server ends it.
func (v *visitor) listen(ctx context.Context) (next func() (event, error), done func()) {
	v.t.Helper()
	return v.resume(ctx, "")
}

// resume is listen for a browser that has seen the event with the id last.
func (v *visitor) resume(ctx context.Context, last string) (next func() (event, error), done func()) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+"/console/events", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		v.t.Fatalf("open stream: %s", resp.Status)
	}
	lines := bufio.NewReader(resp.Body)
	next = func() (e event, err error) {
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return event{}, err
			}
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			switch {
			case name == "id":
				e.ID = value
			case name == "event":
				e.Name = value
			case name == "data":
				e.Data = []byte(value)
			case name == "" && value == "" && e.Name != "":
				return e, nil
			}
		}
	}
	return next, func() { resp.Body.Close() }
}

func (v *visitor) snapshot() snapshot {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	next, done := v.listen(ctx)
	defer done()
	e, err := next()
	if err != nil || e.Name != "snapshot" {
		v.t.Fatalf("first event: %q, %v; want a snapshot", e.Name, err)
	}
	return read[snapshot](v.t, e.Data)
}

func read[T any](t *testing.T, data []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	return v
}

// post sends JSON as the page's script does and returns the status.
func (v *visitor) post(ctx context.Context, path string, data any) (int, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/console/"+path, bytes.NewReader(b))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := v.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// command types a command and returns its answer: the private message that
// names it, else the newest public one.
func (v *visitor) command(ctx context.Context, id, typed string) (bottest.Seen, error) {
	status, err := v.post(ctx, "messages", map[string]string{"id": id, "channel": "general", "text": typed})
	if err != nil || status != http.StatusNoContent {
		return bottest.Seen{}, fmt.Errorf("post %s: status %d, %w", typed, status, err)
	}
	var answer shown
	for _, m := range v.snapshot().Messages {
		if m.Command == typed || m.From == "" && !m.Private {
			answer = m
		}
	}
	return seen(answer), nil
}

func seen(m shown) bottest.Seen {
	s := bottest.Seen{Thread: m.Thread != "", Private: m.Private}
	var lines []string
	for _, b := range m.Body.Blocks {
		line := b.Marker + " " + b.Text + b.Placeholder
		for _, p := range b.Spans {
			line += p.Text
			if p.Mention {
				s.Pings = append(s.Pings, p.Text)
			}
		}
		lines = append(lines, line)
	}
	s.Text = strings.Join(lines, "\n")
	return s
}

// threaded orders messages as the page does: each parent before its thread.
func threaded(all []shown) (out []bottest.Seen) {
	for _, m := range all {
		if m.Thread != "" {
			continue
		}
		out = append(out, seen(m))
		for _, r := range all {
			if r.Thread == m.ID {
				out = append(out, seen(r))
			}
		}
	}
	return out
}

// open presses the button with a label in the answer to a command.
func (v *visitor) open(ctx context.Context, name, text, label string) (bottest.SeenForm, error) {
	typed := "/" + name + " " + text
	if _, err := v.command(ctx, "", typed); err != nil {
		return bottest.SeenForm{}, err
	}
	for _, m := range v.snapshot().Messages {
		for _, b := range m.Body.Blocks {
			for _, x := range b.Buttons {
				if m.Command != typed || x.Label != label {
					continue
				}
				status, err := v.post(ctx, "actions", map[string]string{"message": string(m.ID), "command": x.Command, "argument": x.Argument})
				if err != nil || status != http.StatusNoContent {
					return bottest.SeenForm{}, fmt.Errorf("press %s: status %d, %w", label, status, err)
				}
				return v.newest(), nil
			}
		}
	}
	return bottest.SeenForm{}, fmt.Errorf("nothing is labelled %q", label)
}

// submit fills a form in as a browser does.
func (v *visitor) submit(ctx context.Context, f bottest.SeenForm, answers map[string]string) (bottest.SeenForm, error) {
	m := f.Handle.(shown)
	data := url.Values{"message": {string(m.ID)}}
	for _, field := range m.Body.Blocks[0].Form.Fields {
		value, given := answers[field.Label]
		if !given {
			value = field.Value
		}
		for _, one := range strings.Split(value, ",") {
			data.Add("field."+field.Name, one)
		}
	}
	status, err := v.send(ctx, data, nil)
	if err != nil || status != http.StatusNoContent {
		return bottest.SeenForm{}, fmt.Errorf("submit: status %d, %w", status, err)
	}
	return v.newest(), nil
}

// send posts a form and gives the status.
func (v *visitor) send(ctx context.Context, data url.Values, header http.Header) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/console/forms", strings.NewReader(data.Encode()))
	if err != nil {
		return 0, err
	}
	if header != nil {
		req.Header = header.Clone()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := v.client.Transport.RoundTrip(v.withCookies(req))
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// withCookies is a request as the browser would make it, which does not
// follow where it is led.
func (v *visitor) withCookies(req *http.Request) *http.Request {
	for _, c := range v.client.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	return req
}

// newest is the private message that was shown last.
func (v *visitor) newest() bottest.SeenForm {
	var last shown
	for _, m := range v.snapshot().Messages {
		if m.Private {
			last = m
		}
	}
	f := bottest.SeenForm{Handle: last}
	if len(last.Body.Blocks) == 0 || last.Body.Blocks[0].Form == nil {
		f.Message = seen(last)
		return f
	}
	form := last.Body.Blocks[0].Form
	f.Title = form.Title
	for _, field := range form.Fields {
		f.Fields = append(f.Fields, bottest.SeenField{Label: field.Label, Value: field.Value, Problem: field.Problem})
	}
	return f
}
