package bottest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SlackHooks are the addresses of an app that gets signed requests instead
// of Socket Mode.
type SlackHooks struct {
	Commands, Interactions, Events string
	// Secret signs the requests; empty is SlackSigningSecret.
	Secret string
}

// UseHooks sends commands and buttons as signed requests from now on.
func (s *Slack) UseHooks(h SlackHooks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = h
}

// Bounds of a response URL.
// https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses
const (
	slackResponseUses = 5
	slackResponseLife = 30 * time.Minute
)

// slackAnswers is what came to one response URL.
type slackAnswers struct {
	channel, user string
	at            time.Time
	uses          int
	came          chan SlackMessage
}

// SlackAnswer is what a person gets for a command or a button.
type SlackAnswer struct {
	// Message is the first message of the answer.
	Message SlackMessage
	// Acks tell when the deliveries were acknowledged.
	Acks []SlackAck
	more chan SlackMessage
}

// Next waits for a further message of the answer.
func (a SlackAnswer) Next(ctx context.Context) (SlackMessage, error) {
	select {
	case m := <-a.more:
		return m, nil
	case <-ctx.Done():
		return SlackMessage{}, fmt.Errorf("no further answer: %w", ctx.Err())
	}
}

// Command types a slash command such as "/term" and waits for its answer.
func (s *Slack) Command(ctx context.Context, channel, user, command, text string) (SlackAnswer, error) {
	answers, payload := s.slashCommand(channel, user, command, text)
	return s.ask(ctx, answers, "slash_commands", payload, 1)
}

// CommandTwice is Command whose envelope is delivered twice under one id.
func (s *Slack) CommandTwice(ctx context.Context, channel, user, command, text string) (SlackAnswer, error) {
	answers, payload := s.slashCommand(channel, user, command, text)
	return s.ask(ctx, answers, "slash_commands", payload, 2)
}

// CommandFrom is Command, or CommandTwice, in a workspace of another id.
func (s *Slack) CommandFrom(ctx context.Context, team, channel, user, command, text string, times int) (SlackAnswer, error) {
	answers, payload := s.slashCommand(channel, user, command, text)
	payload["team_id"] = team
	return s.ask(ctx, answers, "slash_commands", payload, times)
}

// slashCommand is the payload of a slash command. Slack escapes the text.
func (s *Slack) slashCommand(channel, user, command, text string) (*slackAnswers, map[string]any) {
	answers, responseURL, serial := s.newAnswers(channel, user)
	s.mu.Lock()
	defer s.mu.Unlock()
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	return answers, map[string]any{
		"token": "legacy", "team_id": SlackTeam, "team_domain": "fake", "channel_id": channel, "channel_name": "general",
		"user_id": user, "user_name": s.users[user].Name, "command": command, "text": escaped, "api_app_id": "A1",
		"is_enterprise_install": "false", "response_url": responseURL, "trigger_id": s.views.trigger(serial, user),
	}
}

// Press presses the button, or picks the option, that is labelled so in a
// message, and waits for the answer.
func (s *Slack) Press(ctx context.Context, user string, m SlackMessage, label string) (SlackAnswer, error) {
	action := findAction(m, label)
	if action == nil {
		return SlackAnswer{}, fmt.Errorf("nothing is labelled %q in %q", label, m.PlainText())
	}
	answers, payload := s.pressedIn(user, m, action)
	return s.ask(ctx, answers, "interactive", payload, 1)
}

// pressedIn is the payload of an action in a message.
func (s *Slack) pressedIn(user string, m SlackMessage, action map[string]any) (*slackAnswers, map[string]any) {
	answers, responseURL, serial := s.newAnswers(m.Channel, user)
	s.mu.Lock()
	name := s.users[user].Name
	s.mu.Unlock()
	container := map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.For != ""}
	if m.Thread != "" {
		container["thread_ts"] = m.Thread
	}
	return answers, map[string]any{
		"type": "block_actions", "api_app_id": "A1", "token": "legacy", "trigger_id": s.views.trigger(serial, user),
		"team":    map[string]any{"id": SlackTeam, "domain": "fake"},
		"user":    map[string]any{"id": user, "username": name, "name": name, "team_id": SlackTeam},
		"channel": map[string]any{"id": m.Channel, "name": "general"}, "container": container,
		"actions": []any{action}, "response_url": responseURL, "enterprise": nil, "is_enterprise_install": false,
	}
}

// findAction is the action of a button or an option, as Slack reports it.
func findAction(m SlackMessage, label string) map[string]any {
	return actionBelow(m.Blocks, m.TS, label)
}

func actionBelow(blocks []json.RawMessage, ts, label string) map[string]any {
	for _, raw := range blocks {
		var b slackObject
		if json.Unmarshal(raw, &b) != nil {
			continue
		}
		for _, e := range slackObjects(b["elements"]) {
			action := map[string]any{"type": e["type"], "action_id": e["action_id"], "block_id": b["block_id"], "action_ts": ts}
			if e["type"] == "button" && slackTextObject(e["text"]) == label {
				action["value"], action["text"] = e["value"], e["text"]
				return action
			}
			for _, o := range slackObjects(e["options"]) {
				if slackTextObject(o["text"]) == label {
					action["selected_option"] = o
					return action
				}
			}
		}
	}
	return nil
}

// newAnswers opens a response URL.
func (s *Slack) newAnswers(channel, user string) (*slackAnswers, string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	serial := s.newSerial()
	id := strconv.Itoa(serial)
	a := &slackAnswers{channel: channel, user: user, at: time.Now(), came: make(chan SlackMessage, 100)}
	s.answers[id] = a
	return a, s.origin + "/response/" + id, serial
}

// ask delivers what a person did and waits for the first answer.
func (s *Slack) ask(ctx context.Context, answers *slackAnswers, kind string, payload map[string]any, times int) (SlackAnswer, error) {
	acks, err := s.bring(ctx, kind, payload, times)
	answer := SlackAnswer{Acks: acks, more: answers.came}
	if err != nil {
		return answer, err
	}
	for _, ack := range acks {
		if message, ok := s.answerInAck(answers, ack); ok && kind == "slash_commands" {
			answer.Message = message
			return answer, nil
		}
	}
	answer.Message, err = answer.Next(ctx)
	return answer, err
}

// bring delivers what a person did, the way that the app gets it.
func (s *Slack) bring(ctx context.Context, kind string, payload map[string]any, times int) ([]SlackAck, error) {
	s.mu.Lock()
	hooks := s.hooks
	s.mu.Unlock()
	if hooks != (SlackHooks{}) {
		return hooks.deliver(ctx, s.base, kind, payload)
	}
	return s.Deliver(ctx, kind, payload, times)
}

// answerInAck is the message that an acknowledgement may hold.
func (s *Slack) answerInAck(a *slackAnswers, ack SlackAck) (SlackMessage, bool) {
	var body map[string]json.RawMessage
	if json.Unmarshal(ack.Payload, &body) != nil || body["text"] == nil && body["blocks"] == nil {
		return SlackMessage{}, false
	}
	message, code, _ := s.respond(a, body)
	return message, code == ""
}

// serveResponseURL takes an answer.
func (s *Slack) serveResponseURL(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSlackRequest))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, SlackCall{"response_url", map[string]string{"body": string(body)}, time.Now()})
	a := s.answers[r.PathValue("id")]
	s.mu.Unlock()
	s.answer(w, r, s.nextFault("response_url"), func() map[string]any {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil || a == nil {
			return s.refuse("invalid_payload")
		}
		s.mu.Lock()
		a.uses++
		spent := a.uses > slackResponseUses || time.Since(a.at) > slackResponseLife
		s.mu.Unlock()
		if spent {
			return s.refuse("used_url")
		}
		message, code, why := s.respond(a, fields)
		if code != "" {
			return s.refuse(code, why...)
		}
		a.came <- message
		return map[string]any{"ok": true}
	})
}

// respond posts an answer: to the asker only, unless it is in_channel. The
// budget of a message does not hold here.
func (s *Slack) respond(a *slackAnswers, body map[string]json.RawMessage) (SlackMessage, string, []string) {
	args := slackArgs{}
	for name, raw := range body {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		args[name] = text
	}
	m, code, why := s.compose(args, 1<<30)
	if code != "" {
		return m, code, why
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Channel, m.TS, m.Thread = a.channel, s.newTS(), args["thread_ts"]
	if args["response_type"] != "in_channel" {
		m.For = a.user
	}
	if c := s.channels[a.channel]; c != nil {
		c.messages = append(c.messages, &m)
	}
	return m, "", nil
}

// SignSlack signs a body as Slack does.
// https://docs.slack.dev/authentication/verifying-requests-from-slack/
func SignSlack(h http.Header, secret string, body []byte, at time.Time) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// deliver sends a signed request by base, or over the network, and takes its
// answer for the acknowledgement.
func (h SlackHooks) deliver(ctx context.Context, base http.RoundTripper, kind string, payload map[string]any) ([]SlackAck, error) {
	ctx, cancel := context.WithTimeout(ctx, slackAckTimeout)
	defer cancel()
	to, contentType, body, err := h.request(kind, payload)
	if err != nil {
		return nil, err
	}
	secret := h.Secret
	if secret == "" {
		secret = SlackSigningSecret
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("signed request: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	SignSlack(req.Header, secret, []byte(body), time.Now())
	began := time.Now()
	if base == nil {
		base = &http.Transport{DisableKeepAlives: true}
	}
	client := &http.Client{Transport: base}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSlackTimeout, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxSlackRequest))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("signed request: status %d, %v", resp.StatusCode, err)
	}
	return []SlackAck{{Payload: answer, Took: time.Since(began)}}, nil
}

// request is the body of a signed request and where it goes.
func (h SlackHooks) request(kind string, payload map[string]any) (to, contentType, body string, err error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return "", "", "", fmt.Errorf("%s: %w", kind, err)
	}
	const form = "application/x-www-form-urlencoded"
	switch kind {
	case "events_api":
		return h.Events, "application/json", string(raw), nil
	case "interactive":
		return h.Interactions, form, url.Values{"payload": {string(raw)}}.Encode(), nil
	}
	values := url.Values{}
	for name, value := range payload {
		values.Set(name, fmt.Sprint(value))
	}
	return h.Commands, form, values.Encode(), nil
}
