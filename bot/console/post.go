package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cyberbrief/bot"
)

// Send adds a message to a channel or thread and shows it in every browser.
func (c *Console) Send(ctx context.Context, to bot.Target, m bot.Message) (bot.MessageID, error) {
	if err := c.sendable(ctx, to, m); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.room(to.Channel)
	if to.Thread != "" && r.find(to.Thread) == nil {
		return "", failed(bot.MessageGone, "thread_not_found", to.Ref)
	}
	now := c.opts.Clock()
	msg := &message{ID: c.nextID(now), Channel: to.Channel, Thread: to.Thread, At: now, Body: json.RawMessage(m), marker: to.Marker}
	r.messages = add(r.messages, msg)
	c.publish("message", msg, everyone)
	return msg.ID, nil
}

// Find looks for the message with the target's marker. It looks at all that
// the channel remembers.
func (c *Console) Find(ctx context.Context, to bot.Target, since time.Time) (bot.MessageID, error) {
	if err := c.Check(ctx, to.Ref); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.room(to.Channel).messages {
		if m.marker == to.Marker && m.marker != (bot.Marker{}) && m.Thread == to.Thread && !m.At.Before(since) {
			return m.ID, nil
		}
	}
	return "", nil
}

// Edit replaces what a message says; its place and its marker stay.
func (c *Console) Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error {
	if err := c.sendable(ctx, to, m); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.room(to.Channel)
	i := slices.IndexFunc(r.messages, func(m *message) bool { return m.ID == id && m.From == "" })
	if i < 0 {
		return failed(bot.MessageGone, "message_not_found", to.Ref)
	}
	// A copy, because a stream may be writing the old one.
	edited := *r.messages[i]
	edited.Body, edited.Edited = json.RawMessage(m), true
	r.messages[i] = &edited
	c.publish("message", &edited, everyone)
	return nil
}

// Delete removes a message and, with a parent, its thread.
func (c *Console) Delete(ctx context.Context, to bot.Target, id bot.MessageID) error {
	if err := c.Check(ctx, to.Ref); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.room(to.Channel)
	r.messages = slices.DeleteFunc(r.messages, func(m *message) bool {
		return m.From == "" && m.ID == id || m.Thread == id
	})
	c.publish("gone", map[string]any{"id": id, "channel": to.Channel}, everyone)
	return nil
}

// Check says whether the channel can be posted to.
func (c *Console) Check(ctx context.Context, ref bot.Ref) error {
	if err := ctx.Err(); err != nil {
		return &bot.OutcomeError{Class: bot.Transient, Code: "canceled", Err: err}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ref.Platform != bot.Console || c.room(ref.Channel) == nil {
		return failed(bot.ChannelGone, "channel_not_found", ref)
	}
	return nil
}

// sendable refuses what a channel does not take, before anything is changed.
func (c *Console) sendable(ctx context.Context, to bot.Target, m bot.Message) error {
	if err := c.Check(ctx, to.Ref); err != nil {
		return err
	}
	var b body
	err := json.Unmarshal(m, &b)
	switch {
	case err != nil:
	case len(m) > maxMessageBytes:
		err = fmt.Errorf("%d bytes, at most %d", len(m), maxMessageBytes)
	case len(b.Blocks) == 0:
		err = errors.New("no blocks")
	case len(b.Blocks) > maxMessageBlocks:
		err = fmt.Errorf("%d blocks, at most %d", len(b.Blocks), maxMessageBlocks)
	default:
		return nil
	}
	return &bot.OutcomeError{Class: bot.Payload, Code: "invalid_message", Err: err}
}

func failed(class bot.Class, code string, ref bot.Ref) error {
	return &bot.OutcomeError{Class: class, Code: code, Err: fmt.Errorf("console channel %s", ref)}
}
