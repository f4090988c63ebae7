package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"cyberbrief/bot"
)

// client is the REST client: one request a call, nothing repeated, success is
// what the caller asked for and nothing less. Errors are *bot.OutcomeError.
type client struct {
	transport *bot.Transport
	base      string // ends in a slash
	token     string
	clock     func() time.Time
	pace      *pacer
}

// request is one call of the API.
type request struct {
	method string
	path   string // below the base
	body   any    // nil for none
	// route names the rate limit that the request counts against and stands
	// for the path in errors, which must not show an interaction's token.
	// Empty means the path.
	route string
	// open requests answer an interaction; they are outside of the global
	// rate limit.
	open bool
	// once says that the request must not be made twice: a failure that may
	// have been processed is Doubtful, not Transient.
	once bool
	// heard, where there is one, gets the headers of the answer.
	heard func(http.Header)
}

// identified is the part of an answer that makes it a success.
type identified struct {
	ID string `json:"id"`
}

func (i identified) id() string { return i.ID }

// get reads something.
func (c *client) get(ctx context.Context, path string, answer any) error {
	return c.do(ctx, request{method: http.MethodGet, path: path}, answer)
}

// do makes the request and decodes the answer, unless answer is nil. An
// answer with an id method is refused without one.
func (c *client) do(ctx context.Context, r request, answer any) error {
	if r.route == "" {
		r.route = r.path
	}
	if i := strings.IndexByte(r.route, '?'); i >= 0 {
		r.route = r.route[:i]
	}
	err := c.pace.wait(ctx, r)
	if err == nil {
		err = c.exchange(ctx, r, answer)
	}
	if err != nil {
		return describe(r, err)
	}
	return nil
}

// describe puts the request into the error's text.
func describe(r request, err error) error {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if !ok {
		oe = &bot.OutcomeError{Code: "failed", Err: err}
	}
	out := *oe
	if out.Class == bot.Doubtful && !r.once {
		out.Class = bot.Transient
	}
	out.Err = fmt.Errorf("discord: %s %s: %w", r.method, r.route, errOf(oe))
	return &out
}

func errOf(oe *bot.OutcomeError) error {
	if oe.Err != nil {
		return oe.Err
	}
	return errors.New(oe.Code)
}

func (c *client) exchange(ctx context.Context, r request, answer any) error {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return &bot.OutcomeError{Class: bot.Payload, Code: "not a request", Err: err}
	}
	resp, err := c.transport.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if r.heard != nil {
		r.heard(resp.Header)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return c.transport.Outcome(err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		oe := refusal(resp.StatusCode, resp.Header, body, c.clock())
		c.pace.refused(r, oe)
		return oe
	}
	c.pace.learn(r, resp.Header)
	return decode(body, answer)
}

func (c *client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		b, err := encode(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bot "+c.token)
	return req, nil
}

var (
	errNoID       = errors.New("the answer has no id")
	errUnreadable = errors.New("the answer is not what Discord's documentation says")
)

// decode reads an answer. What cannot be read is Doubtful: the request was
// taken, but what became of it is not known.
func decode(body []byte, answer any) error {
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return &bot.OutcomeError{Class: bot.Doubtful, Code: "unreadable answer", Err: errUnreadable}
	}
	if made, ok := answer.(interface{ id() string }); ok && made.id() == "" {
		return &bot.OutcomeError{Class: bot.Doubtful, Code: "no id", Err: errNoID}
	}
	return nil
}

// codeOf is the platform's word for a failure.
func codeOf(err error) string {
	if oe, ok := errors.AsType[*bot.OutcomeError](err); ok {
		return oe.Code
	}
	return "failed"
}

// hasCode says whether Discord refused with one of these JSON error codes.
func hasCode(err error, codes ...int) bool {
	for _, c := range codes {
		if codeOf(err) == codeName(c) {
			return true
		}
	}
	return false
}

// retryAfter is how long a failed request asked to wait.
func retryAfter(err error) time.Duration {
	if oe, ok := errors.AsType[*bot.OutcomeError](err); ok {
		return oe.RetryAfter
	}
	return 0
}
