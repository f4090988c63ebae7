package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// typed are the commands that can be typed, in the order they are offered.
// Others, such as share, exist only as buttons.
func typed() []string { return []string{"term", "briefing", "briefing-admin"} }

// What a request can be refused for. The page shows the status in words.
var (
	errUnavailable = errors.New("console is not ready or busy")
	errNoChannel   = errors.New("no such channel")
	errNoMessage   = errors.New("no such message")
	errBadRequest  = errors.New("request is not understood")
	errTooLong     = errors.New("message is too long")
)

// posted is a message as the page posts it.
type posted struct {
	// ID is the page's own: the same id again is the same request, sent anew
	// because its answer was lost.
	ID       string            `json:"id"`
	Channel  string            `json:"channel"`
	Thread   bot.MessageID     `json:"thread"`
	Text     string            `json:"text"`
	Language briefing.Language `json:"lang"`
}

// pressed is a button or menu as the page posts it. The message must hold
// the action: a page can do nothing that was not offered to its reader.
type pressed struct {
	ID       string            `json:"id"`
	Message  bot.MessageID     `json:"message"`
	Command  string            `json:"command"`
	Argument string            `json:"argument"`
	Language briefing.Language `json:"lang"`
}

// serveMessage takes what a person typed: a command is answered, anything
// else is shown to everyone.
func (c *Console) serveMessage(w http.ResponseWriter, r *http.Request) {
	p := c.person(w, r)
	in, err := decode[posted](w, r)
	if err == nil {
		err = c.once(p, in.ID, func() error { return c.take(r.Context(), p, in) })
	}
	c.done(w, r, err)
}

func (c *Console) take(ctx context.Context, p *person, in posted) error {
	in.Text = strings.TrimSpace(bot.Clean(in.Text))
	switch {
	case in.Text == "":
		return errBadRequest
	case utf8.RuneCountInString(in.Text) > maxTypedRunes:
		return errTooLong
	case !strings.HasPrefix(in.Text, "/"):
		return c.say(p, in)
	}
	command, text := cutCommand(in.Text)
	where := place{channel: in.Channel, thread: in.Thread, command: in.Text}
	if !slices.Contains(typed(), command) {
		return c.show(where, unknownCommand(command, c.language(in.Language)), p)
	}
	return c.answer(ctx, p, where, bot.Request{Command: command, Text: text}, in.Language)
}

// once does what a request asks for unless the person has sent its id before,
// as far as the console remembers. What failed may be asked for again; no id
// is always new.
func (c *Console) once(p *person, id string, do func() error) error {
	if id == "" {
		return do()
	}
	c.mu.Lock()
	known := slices.Contains(p.requests, id)
	if !known {
		if len(p.requests) >= maxRequestIDs {
			p.requests = slices.Delete(p.requests, 0, 1)
		}
		p.requests = append(p.requests, id)
	}
	c.mu.Unlock()
	if known {
		return nil
	}
	err := do()
	if err != nil {
		c.mu.Lock()
		p.requests = slices.DeleteFunc(p.requests, func(s string) bool { return s == id })
		c.mu.Unlock()
	}
	return err
}

// cutCommand parts "/term 能動的" into its command and the rest; a full-width
// space parts them too.
func cutCommand(s string) (command, text string) {
	s = strings.TrimPrefix(s, "/")
	i := strings.IndexAny(s, " \t\n\u3000")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// say shows what a person typed to everyone.
func (c *Console) say(p *person, in posted) error {
	lines, err := json.Marshal(body{[]block{{Type: "prose", Spans: []span{{Text: in.Text}}}}})
	if err != nil {
		return fmt.Errorf("encode typed message: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.room(in.Channel)
	if r == nil {
		return errNoChannel
	}
	if in.Thread != "" && r.find(in.Thread) == nil {
		return errNoMessage
	}
	now := c.opts.Clock()
	m := &message{ID: c.nextID(now), Channel: in.Channel, Thread: in.Thread, From: p.ID, Name: p.Name, At: now, Body: lines}
	r.messages = add(r.messages, m)
	c.publish("message", m, everyone)
	return nil
}

// serveAction takes a pressed button or a picked option.
func (c *Console) serveAction(w http.ResponseWriter, r *http.Request) {
	p := c.person(w, r)
	in, err := decode[pressed](w, r)
	if err == nil {
		err = c.once(p, in.ID, func() error { return c.press(r.Context(), p, in) })
	}
	c.done(w, r, err)
}

func (c *Console) press(ctx context.Context, p *person, in pressed) error {
	action := bot.Action{Command: in.Command, Argument: in.Argument}
	at, ok := c.offered(p, in.Message, action)
	if !ok {
		return errNoMessage
	}
	return c.answer(ctx, p, at, bot.Request{Command: action.Command, Text: action.Argument}, in.Language)
}

// offered says whether a message that the person can see has an action, and
// where the message is.
func (c *Console) offered(p *person, id bot.MessageID, a bot.Action) (place, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := p.find(id)
	for _, r := range c.rooms {
		m = cmp.Or(m, r.find(id))
	}
	if m == nil || !offers(bot.Message(m.Body), a) {
		return place{}, false
	}
	return place{channel: m.Channel, thread: m.Thread}, true
}

// place is where an answer goes, and the typed command that it answers.
type place struct {
	channel string
	thread  bot.MessageID
	command string
	// instead is the form whose place the answer takes.
	instead bot.MessageID
}

// answer has a request answered, of which the command, the text and the
// answers are given, and shows the reply. The command runs to its end even if
// the browser leaves meanwhile.
func (c *Console) answer(ctx context.Context, p *person, at place, req bot.Request, lang briefing.Language) error {
	c.mu.Lock()
	responder, known := c.responder, c.room(at.channel) != nil
	id := c.nextID(c.opts.Clock())
	c.mu.Unlock()
	switch {
	case !known:
		return errNoChannel
	case responder == nil:
		return errUnavailable
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTimeout)
	defer cancel()
	req.ID = string(id)
	req.Ref = bot.Ref{Installation: bot.Installation{Platform: bot.Console}, Channel: at.channel}
	req.User = bot.User{ID: p.ID, Name: p.Name, Admin: func(context.Context) (bool, error) { return c.opts.Admins, nil }}
	req.Language = c.language(lang)
	reply := responder.Respond(ctx, req)
	switch {
	case reply.Form != nil:
		return c.showForm(at, *reply.Form, p)
	case reply.Quiet:
		return nil
	case reply.Public:
		return c.show(at, reply.Document, everyone)
	}
	return c.show(at, reply.Document, p)
}

// show adds an answer to the channel, for one person or for everyone.
func (c *Console) show(at place, d bot.Document, to *person) error {
	rendered, err := renderReply(d)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.room(at.channel)
	if r == nil {
		return errNoChannel
	}
	for _, body := range rendered {
		var m *message
		if to == everyone {
			now := c.opts.Clock()
			m = &message{ID: c.nextID(now), Channel: at.channel, Thread: at.thread, At: now}
			r.messages = add(r.messages, m)
		} else {
			m = c.place(at, to)
		}
		m.Body = json.RawMessage(body)
		c.publish("message", m, to)
		at.command, at.instead = "", "" // named once, above the first message
	}
	return nil
}

// serveComplete gives the terms that begin as the person typed.
func (c *Console) serveComplete(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	responder := c.responder
	c.mu.Unlock()
	if responder == nil {
		c.refuse(w, r, errUnavailable)
		return
	}
	terms := responder.Complete(r.Context(), r.URL.Query().Get("q"))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(map[string][]string{"terms": append([]string{}, terms...)}); err != nil {
		c.log.Debug("completion was not delivered", "error", err)
	}
}

// language is the one asked for if it is spoken here, else the page's.
func (c *Console) language(asked briefing.Language) briefing.Language {
	if asked == briefing.Japanese || asked == briefing.English {
		return asked
	}
	return c.opts.Language
}

// decode reads the JSON body of a request, within its limit.
func decode[T any](w http.ResponseWriter, r *http.Request) (v T, err error) {
	if ct, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); ct != "application/json" {
		return v, fmt.Errorf("%w: want Content-Type: application/json", errBadRequest)
	}
	err = json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes)).Decode(&v)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return v, errTooLong
	}
	if err != nil {
		return v, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	return v, nil
}

// done ends a request that answers with nothing but its success.
func (c *Console) done(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuse turns an error into a status. The cause goes to the log; the page
// knows words of its own for each status.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	switch {
	case errors.Is(err, errUnavailable):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "2")
	case errors.Is(err, errNoChannel), errors.Is(err, errNoMessage):
		status = http.StatusNotFound
	case errors.Is(err, errBadRequest):
		status = http.StatusBadRequest
	case errors.Is(err, errTooLong):
		status = http.StatusRequestEntityTooLarge
	default:
		c.log.Error("console request failed", "path", r.URL.Path, "error", err)
	}
	http.Error(w, http.StatusText(status), status)
}
