package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cyberbrief/bot"
)

// client asks Slack's Web API: one request a call, repeated by nobody.
type client struct {
	base  string // with a slash at its end
	token string
	http  *bot.Transport
	clock func() time.Time
}

// answer is what all answers have in common.
type answer struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	Needed   string `json:"needed"` // the scope, for missing_scope
	Metadata struct {
		Messages   []string `json:"messages"`
		NextCursor string   `json:"next_cursor"`
	} `json:"response_metadata"`
}

// call makes one request and decodes the answer. Its error is always an
// *bot.OutcomeError. Doubt about a method that only reads is none: it may be
// asked again.
func (c *client) call(ctx context.Context, method string, args url.Values, into any) error {
	err := c.ask(ctx, method, args, into)
	if err == nil {
		return nil
	}
	if err.Class == bot.Doubtful && readsOnly(method) {
		err.Class = bot.Transient
	}
	err.Err = fmt.Errorf("slack %s: %w", method, err.Err)
	return err
}

func readsOnly(method string) bool { return !strings.HasPrefix(method, "chat.") }

func (c *client) ask(ctx context.Context, method string, args url.Values, into any) *bot.OutcomeError {
	_, failed := c.hear(ctx, method, args, into)
	return failed
}

// hear is ask for those who want the answer's headers too; nil where there
// was none.
func (c *client) hear(ctx context.Context, method string, args url.Values, into any) (http.Header, *bot.OutcomeError) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+method, strings.NewReader(args.Encode()))
	if err != nil {
		return nil, &bot.OutcomeError{Class: bot.Fatal, Code: "bad address", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+c.token)
	body, header, failed := c.exchange(req)
	if failed != nil {
		return header, failed
	}
	return header, c.read(body, header, into)
}

// exchange makes a request and reads the body of a 200; any other status is
// an error.
func (c *client) exchange(req *http.Request) ([]byte, http.Header, *bot.OutcomeError) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, nil, c.http.Outcome(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return body, resp.Header, &bot.OutcomeError{Class: classOfStatus(resp.StatusCode), Code: statusCode(resp.StatusCode),
			RetryAfter: bot.RetryAfter(resp.Header, c.clock()), Err: errors.New(http.StatusText(resp.StatusCode))}
	}
	if err != nil {
		return nil, nil, c.http.Outcome(err)
	}
	return body, resp.Header, nil
}

// read decodes the body of a 200. What is no JSON says nothing about what
// happened.
func (c *client) read(body []byte, header http.Header, into any) *bot.OutcomeError {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return &bot.OutcomeError{Class: bot.Doubtful, Code: "unreadable answer", Err: errors.New("the answer is no JSON object")}
	}
	if !a.OK {
		return c.refusal(a, header)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &bot.OutcomeError{Class: bot.Doubtful, Code: "unreadable answer", Err: errors.New("the answer has another shape")}
	}
	return nil
}

// emptyAnswer is the code of an answer that says nothing at all, such as {}.
const emptyAnswer = "empty answer"

func (c *client) refusal(a answer, header http.Header) *bot.OutcomeError {
	if a.Error == "" {
		return &bot.OutcomeError{Class: bot.Doubtful, Code: emptyAnswer, Err: errors.New("neither success nor a reason")}
	}
	why := "refused"
	if a.Needed != "" {
		why = "the scope " + a.Needed + " is missing: add it to the app and install it again"
	}
	if len(a.Metadata.Messages) > 0 {
		why += ": " + strings.Join(a.Metadata.Messages, "; ")
	}
	return &bot.OutcomeError{Class: classOf(a.Error), Code: c.http.Redact(a.Error),
		RetryAfter: bot.RetryAfter(header, c.clock()), Err: errors.New(c.http.Redact(why))}
}

// respond posts a message to a response_url. Slack answers "ok" or JSON, which
// is a refusal only where it says so.
func (c *client) respond(ctx context.Context, to string, m bot.Message) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(m))
	if err != nil {
		return &bot.OutcomeError{Class: bot.Payload, Code: "bad address", Err: errors.New("response_url cannot be read")}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	body, header, failed := c.exchange(req)
	if failed == nil {
		a := answer{OK: true}
		if json.Unmarshal(body, &a) == nil && (!a.OK || a.Error != "") {
			failed = c.refusal(a, header)
		}
	}
	if failed != nil {
		failed.Err = fmt.Errorf("slack response_url: %w", failed.Err)
		return failed
	}
	return nil
}
