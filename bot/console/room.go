package console

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"cyberbrief/bot"
)

// room is one channel with its messages, oldest first.
type room struct {
	name     string
	messages []*message
}

// person is one browser. The key under which it is kept is its cookie and
// stays secret; the id and the name are what others see.
type person struct {
	ID, Name string
	seen     time.Time
	greeted  bool // has had a snapshot, as this person
	// private are the answers that only this person sees, oldest first.
	private []*message
	// requests are the ids of the newest requests, oldest first.
	requests []string
}

// find is the private message of that id, or nil. The caller holds the
// console's mu.
func (p *person) find(id bot.MessageID) *message {
	i := slices.IndexFunc(p.private, func(m *message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return p.private[i]
}

// message is what the page shows as one message. Marker and body are for
// the bot, the rest goes to browsers as JSON.
type message struct {
	ID      bot.MessageID `json:"id"`
	Channel string        `json:"channel"`
	Thread  bot.MessageID `json:"thread,omitempty"`
	From    string        `json:"from,omitempty"` // a person's id, empty for the bot
	Name    string        `json:"name,omitempty"`
	At      time.Time     `json:"at"`
	Edited  bool          `json:"edited,omitempty"`
	Private bool          `json:"private,omitempty"`
	// Command is what a private answer answers, as typed.
	Command string          `json:"command,omitempty"`
	Body    json.RawMessage `json:"body"`
	marker  bot.Marker
	// form is what Body asks to be filled in, nil for nothing.
	form *bot.Form
}

// room is the channel of that name, or nil. The caller holds mu, or has not
// shared c yet.
func (c *Console) room(name string) *room {
	i := slices.IndexFunc(c.rooms, func(r *room) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return c.rooms[i]
}

// find is the message of that id, or nil.
func (r *room) find(id bot.MessageID) *message {
	i := slices.IndexFunc(r.messages, func(m *message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return r.messages[i]
}

// nextID is the time in microseconds, made unique: ids grow, and one from
// before a restart never names another message. The caller holds mu.
func (c *Console) nextID(now time.Time) bot.MessageID {
	c.lastID = max(c.lastID+1, now.UnixMicro())
	return bot.MessageID(strconv.FormatInt(c.lastID, 10))
}

// add keeps a message in a list of limited length.
func add(list []*message, m *message) []*message {
	if len(list) >= maxKept {
		list = slices.Delete(list, 0, len(list)-maxKept+1)
	}
	return append(list, m)
}
