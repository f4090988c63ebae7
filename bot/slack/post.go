package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"cyberbrief/bot"
)

// eventType names our metadata among that of other apps.
const eventType = "cyberbrief"

// metadata is the marker as message metadata: ids only, for every app of the
// workspace can read it.
// https://docs.slack.dev/messaging/message-metadata/
type metadata struct {
	EventType string `json:"event_type"`
	Payload   struct {
		Delivery string `json:"delivery"`
		Part     int    `json:"part"`
	} `json:"event_payload"`
}

// Send posts one message; see delivery.Sender. The target's marker is put
// into the message's metadata and, since Slack may ignore metadata, into the
// block_id of its first block.
func (s *Slack) Send(ctx context.Context, to bot.Target, m bot.Message) (bot.MessageID, error) {
	args, err := arguments(to, m)
	if err != nil {
		return "", err
	}
	if to.Thread != "" {
		args.Set("thread_ts", string(to.Thread))
	}
	if to.Marker.Delivery != "" {
		var meta metadata
		meta.EventType, meta.Payload.Delivery, meta.Payload.Part = eventType, to.Marker.Delivery, to.Marker.Part
		b, err := marshal(meta)
		if err != nil {
			return "", unsendable(err)
		}
		args.Set("metadata", string(b))
	}
	id, err := s.write(ctx, "chat.postMessage", args)
	return id, orThreadless(to, err)
}

// orThreadless says of a refusal that it concerns the thread and not its
// channel, whose posts are welcome all the same.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
func orThreadless(to bot.Target, err error) error {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if !ok || to.Thread == "" {
		return err
	}
	switch oe.Code {
	case "cannot_reply_to_message", "restricted_action_non_threadable_channel", "restricted_action_thread_locked":
		return &bot.OutcomeError{Class: bot.MessageKept, Code: oe.Code, Err: err}
	}
	return err
}

// Edit replaces a message; see delivery.Editor. Its metadata stays.
func (s *Slack) Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error {
	args, err := arguments(to, m)
	if err != nil {
		return err
	}
	args.Set("ts", string(id))
	_, err = s.write(ctx, "chat.update", args)
	return err
}

// Delete removes a message; one that is gone already is no error.
func (s *Slack) Delete(ctx context.Context, to bot.Target, id bot.MessageID) error {
	err := s.api.call(ctx, "chat.delete", url.Values{"channel": {to.Channel}, "ts": {string(id)}}, nil)
	if oe, ok := errors.AsType[*bot.OutcomeError](err); ok && oe.Code == "message_not_found" {
		return nil
	}
	return err
}

// write calls a method that answers with the message's id. A success without
// one is none: it is unknown what happened.
func (s *Slack) write(ctx context.Context, method string, args url.Values) (bot.MessageID, error) {
	var posted struct {
		TS string `json:"ts"`
	}
	if err := s.api.call(ctx, method, args, &posted); err != nil {
		return "", err
	}
	if posted.TS == "" {
		return "", &bot.OutcomeError{Class: bot.Doubtful, Code: emptyAnswer, Err: fmt.Errorf("slack %s: success without a ts", method)}
	}
	return bot.MessageID(posted.TS), nil
}

// arguments are those that posting and editing share.
func arguments(to bot.Target, body bot.Message) (url.Values, error) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, unsendable(fmt.Errorf("message is not as Render writes it: %w", err))
	}
	if err := m.mark(to.Marker); err != nil {
		return nil, unsendable(err)
	}
	blocks, err := marshal(m.Blocks)
	if err != nil {
		return nil, unsendable(err)
	}
	return url.Values{
		"channel":      {to.Channel},
		"text":         {m.Text},
		"blocks":       {string(blocks)},
		"unfurl_links": {strconv.FormatBool(m.UnfurlLinks)},
		"unfurl_media": {strconv.FormatBool(m.UnfurlMedia)},
		"link_names":   {strconv.FormatBool(m.LinkNames)},
		"parse":        {m.Parse},
	}, nil
}

func unsendable(err error) error {
	return &bot.OutcomeError{Class: bot.Payload, Code: "unreadable message", Err: err}
}

// mark writes the marker into the block_id of the first block.
func (m *message) mark(marker bot.Marker) error {
	if marker.Delivery == "" || len(m.Blocks) == 0 {
		return nil
	}
	var first map[string]json.RawMessage
	if err := json.Unmarshal(m.Blocks[0], &first); err != nil {
		return fmt.Errorf("first block: %w", err)
	}
	first["block_id"] = json.RawMessage(strconv.Quote(marker.String()))
	b, err := marshal(first)
	if err != nil {
		return fmt.Errorf("first block: %w", err)
	}
	m.Blocks[0] = b
	return nil
}

// How far Find looks: our clock and Slack's may differ by clockSkew, and a
// channel that is busier than maxPages since then is not read to its end.
const (
	clockSkew = time.Minute
	maxPages  = 10
)

// Find looks for the message with the target's marker; see delivery.Sender.
func (s *Slack) Find(ctx context.Context, to bot.Target, since time.Time) (bot.MessageID, error) {
	method := "conversations.history"
	args := url.Values{
		"channel":              {to.Channel},
		"oldest":               {timestamp(since.Add(-clockSkew))},
		"inclusive":            {"true"},
		"limit":                {strconv.Itoa(historyPage)},
		"include_all_metadata": {"true"},
	}
	if to.Thread != "" {
		method = "conversations.replies"
		args.Set("ts", string(to.Thread))
	}
	for range maxPages {
		var page struct {
			answer
			Messages []json.RawMessage `json:"messages"`
		}
		if err := s.api.call(ctx, method, args, &page); err != nil {
			return "", err
		}
		for _, raw := range page.Messages {
			if id, ok := carries(raw, to.Marker); ok {
				return id, nil
			}
		}
		if page.Metadata.NextCursor == "" {
			return "", nil
		}
		args.Set("cursor", page.Metadata.NextCursor)
	}
	return "", &bot.OutcomeError{Class: bot.Transient, Code: "too many messages",
		Err: fmt.Errorf("slack %s: more than %d messages since %s", method, maxPages*historyPage, since.Format(time.RFC3339))}
}

// carries says whether a message of the history has the marker. Only what is
// needed of it is read, for other apps' messages may have any shape.
func carries(raw json.RawMessage, marker bot.Marker) (bot.MessageID, bool) {
	var m struct {
		TS       string            `json:"ts"`
		Metadata json.RawMessage   `json:"metadata"`
		Blocks   []json.RawMessage `json:"blocks"`
	}
	if json.Unmarshal(raw, &m) != nil || m.TS == "" {
		return "", false
	}
	var meta metadata
	if json.Unmarshal(m.Metadata, &meta) == nil && meta.EventType == eventType &&
		meta.Payload.Delivery == marker.Delivery && meta.Payload.Part == marker.Part {
		return bot.MessageID(m.TS), true
	}
	var first struct {
		ID string `json:"block_id"`
	}
	if len(m.Blocks) > 0 && json.Unmarshal(m.Blocks[0], &first) == nil && first.ID == marker.String() {
		return bot.MessageID(m.TS), true
	}
	return "", false
}

// timestamp is an instant as Slack writes it: seconds and microseconds.
func timestamp(t time.Time) string {
	return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/int(time.Microsecond))
}
