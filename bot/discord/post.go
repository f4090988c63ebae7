package discord

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
)

// created is the body of Create Message with the two fields that make a
// repeated request give the first message again.
// https://discord.com/developers/docs/resources/message#create-message
type created struct {
	message
	Nonce        string `json:"nonce"`
	EnforceNonce bool   `json:"enforce_nonce"`
}

// edited is the body of Edit Message: everything is said, so that what the
// new version does not have goes away.
type edited struct {
	Content         markup          `json:"content"`
	Embeds          []embed         `json:"embeds"`
	Components      []actionRow     `json:"components"`
	AllowedMentions allowedMentions `json:"allowed_mentions"`
}

// Send posts one message; see delivery.Sender. The first part of a thread
// opens the thread, which is a request of its own; one that failed or was
// repeated has posted nothing.
func (d *Discord) Send(ctx context.Context, to bot.Target, b bot.Message) (bot.MessageID, error) {
	m, err := decodeMessage(b)
	if err != nil {
		return "", err
	}
	if nonce := to.Marker.String(); len(nonce) > maxNonceChars {
		return "", &bot.OutcomeError{Class: bot.Payload, Code: "nonce", Err: fmt.Errorf("marker %q is longer than %d characters", nonce, maxNonceChars)}
	}
	hide(&m, to)
	if to.Thread == "" {
		return d.create(ctx, to, m)
	}
	id, err := d.reply(ctx, to, m)
	return id, orThreadless(to, err)
}

// reply posts in the thread of a target, which it opens where it is needed.
func (d *Discord) reply(ctx context.Context, to bot.Target, m message) (bot.MessageID, error) {
	if to.Marker.Part <= 1 {
		if err := d.openThread(ctx, to); err != nil {
			return "", err
		}
	}
	id, err := d.create(ctx, to, m)
	if isAbsent(err) {
		if err := d.openThread(ctx, to); err != nil {
			return "", err
		}
		id, err = d.create(ctx, to, m)
	}
	return id, err
}

// threadPermission is the code of a thread that the bot may not open, or not
// write in. Admins are told what to do about it.
const threadPermission = "no_thread_permission"

// orThreadless says of a refusal that it concerns threads and not the channel,
// whose posts may be welcome all the same. Whoever takes a permission away may
// give it back while the post is waited for.
func orThreadless(to bot.Target, err error) error {
	switch {
	case hasCode(err, codeMissingPermissions, codeMayNotReply):
		return &bot.OutcomeError{Class: bot.Transient, Code: threadPermission, Err: err}
	case hasCode(err, codeWrongChannelType): // which has no threads
		return &bot.OutcomeError{Class: bot.MessageKept, Code: codeOf(err), Err: err}
	}
	return orKept(to, err)
}

// orKept says of a thread that moderators have locked that nothing in it can be
// changed: Discord would take it out of the archive by itself for a message. It
// has nothing to do with the channel, where others are welcome.
func orKept(to bot.Target, err error) error {
	if to.Thread == "" || !hasCode(err, codeThreadArchived, codeThreadLocked) {
		return err
	}
	return &bot.OutcomeError{Class: bot.MessageKept, Code: codeOf(err), Err: err}
}

// isAbsent says that there was no channel or thread to post in: Discord's own
// word for it, or a bare 404, which posts nothing either.
func isAbsent(err error) bool {
	return hasCode(err, codeUnknownChannel) || codeOf(err) == httpName(http.StatusNotFound)
}

func (d *Discord) create(ctx context.Context, to bot.Target, m message) (bot.MessageID, error) {
	place, err := d.place(ctx, to)
	if err != nil {
		return "", err
	}
	var made identified
	err = d.api.do(ctx, request{
		method: http.MethodPost,
		path:   "channels/" + place + "/messages",
		body:   created{m, to.Marker.String(), true},
		once:   true,
	}, &made)
	return bot.MessageID(made.ID), err
}

// hide puts the target's marker where it can be found again and nobody sees
// it: behind the # of the address of the first embed. An address on an embed
// without a title is shown nowhere and leads to the channel itself; one on a
// title leads to the same page as before. Discord keeps it for the life of
// the message and returns it in listings, which is not certain of the nonce.
func hide(m *message, to bot.Target) {
	if len(m.Embeds) == 0 {
		return
	}
	e := &m.Embeds[0]
	address, fragment, _ := strings.Cut(e.URL, "#")
	switch {
	case e.URL == "":
		address = "https://discord.com/channels/" + url.PathEscape(to.Tenant) + "/" + url.PathEscape(to.Channel)
	case fragment != "":
		fragment += "-"
	}
	e.URL = address + "#" + fragment + to.Marker.String()
}

// hidden says whether an address carries the marker.
func hidden(address string, m bot.Marker) bool { return strings.HasSuffix(address, m.String()) }

// listed is a message as a listing shows it.
type listed struct {
	identified
	Author identified `json:"author"`
	// Nonce is a string or a number.
	Nonce  any     `json:"nonce"`
	Embeds []embed `json:"embeds"`
}

// What Find looks through: Discord's clock and ours may differ, and a busy
// channel may have had many messages since.
const (
	clockSkew = 2 * time.Minute
	maxPages  = 20
)

// Find looks for the message with the target's marker; see delivery.Sender.
func (d *Discord) Find(ctx context.Context, to bot.Target, since time.Time) (bot.MessageID, error) {
	me, err := d.author(ctx)
	if err != nil {
		return "", err
	}
	place, err := d.place(ctx, to)
	if err != nil {
		return "", err
	}
	found, err := d.search(ctx, place, me, to.Marker, snowflake(since.Add(-clockSkew)))
	if err == nil && found == "" && !isID(place) {
		// Where ids are no snowflakes, none is known to be before an instant.
		found, err = d.search(ctx, place, me, to.Marker, "")
	}
	if to.Thread != "" && hasCode(err, codeUnknownChannel) {
		return "", nil // no thread, so nothing in it
	}
	return found, err
}

// author is whose messages can be ours; empty, which is anybody's, where
// there is no way to ask, which is never so at Discord itself.
func (d *Discord) author(ctx context.Context) (string, error) {
	me, err := d.self(ctx)
	if codeOf(err) == httpName(http.StatusNotFound) {
		return "", nil
	}
	return me, err
}

// search looks through the pages after an id; without one, through the
// newest page.
func (d *Discord) search(ctx context.Context, place, me string, marker bot.Marker, after string) (bot.MessageID, error) {
	for range maxPages {
		page, err := d.page(ctx, place, after)
		if err != nil {
			return "", err
		}
		newest := after
		for _, m := range page {
			if m.isBy(me) && m.carries(marker) {
				return bot.MessageID(m.ID), nil
			}
			newest = later(newest, m.ID)
		}
		if len(page) < maxPageMessages || newest == after || after == "" {
			return "", nil
		}
		after = newest
	}
	return "", &bot.OutcomeError{Class: bot.Doubtful, Code: "too many messages to look through"}
}

func (d *Discord) page(ctx context.Context, place, after string) ([]listed, error) {
	var page []listed
	query := "?limit=" + strconv.Itoa(maxPageMessages)
	if after != "" {
		query = "?after=" + url.QueryEscape(after) + "&limit=" + strconv.Itoa(maxPageMessages)
	}
	err := d.api.get(ctx, "channels/"+place+"/messages"+query, &page)
	return page, err
}

func (m listed) isBy(id string) bool { return id == "" || m.Author.ID == "" || m.Author.ID == id }

func (m listed) carries(marker bot.Marker) bool {
	if m.Nonce == marker.String() {
		return true
	}
	return len(m.Embeds) > 0 && hidden(m.Embeds[0].URL, marker)
}

// discordEpoch is the first instant of 2015 in Unix milliseconds.
// https://discord.com/developers/docs/reference#snowflakes
const discordEpoch = 1420070400000

// snowflake is the smallest id of a message posted at t.
func snowflake(t time.Time) string {
	return strconv.FormatInt(max(0, t.UnixMilli()-discordEpoch)<<22, 10)
}

// later is the higher of two ids. One that is no snowflake is higher than one
// that is: the bot makes only snowflakes.
func later(a, b string) string {
	if isID(a) != isID(b) && b != "" {
		if isID(a) {
			return b
		}
		return a
	}
	if len(a) != len(b) {
		if len(a) > len(b) {
			return a
		}
		return b
	}
	return max(a, b)
}

// Edit replaces a message; see delivery.Editor. It notifies nobody.
func (d *Discord) Edit(ctx context.Context, to bot.Target, id bot.MessageID, b bot.Message) error {
	m, err := decodeMessage(b)
	if err != nil {
		return err
	}
	hide(&m, to)
	r, err := d.existing(ctx, http.MethodPatch, to, id)
	if err != nil {
		return err
	}
	r.body = edited{
		Content:    m.Content,
		Embeds:     append([]embed{}, m.Embeds...),
		Components: append([]actionRow{}, m.Components...),
	}
	return d.amend(ctx, to, r) // the id is known; any success is one
}

// Delete removes a message; see delivery.Editor. The thread below it, which
// Discord keeps, is put away.
func (d *Discord) Delete(ctx context.Context, to bot.Target, id bot.MessageID) error {
	r, err := d.existing(ctx, http.MethodDelete, to, id)
	if err != nil {
		return err
	}
	var thread string
	if to.Thread == "" {
		thread, _ = d.threadBelow(ctx, bot.Target{Ref: to.Ref, Thread: id})
	}
	err = d.amend(ctx, to, r)
	if err == nil && thread != "" {
		d.putAway(ctx, to.Ref, thread)
	}
	if hasCode(err, codeUnknownMessage) || to.Thread != "" && hasCode(err, codeUnknownChannel) {
		return nil
	}
	return err
}

// amend makes a request that concerns a message posted before. Discord puts a
// thread away when nobody wrote in it for a day, and lets nobody edit its
// messages then: it is taken out again first. Where the bot may not do that,
// for the thread is locked, the message stays as it is, and is not asked for
// again.
func (d *Discord) amend(ctx context.Context, to bot.Target, r request) error {
	err := d.api.do(ctx, r, nil)
	if to.Thread == "" || !hasCode(err, codeThreadArchived) {
		return orKept(to, err)
	}
	place, err := d.place(ctx, to)
	if err != nil {
		return err
	}
	err = d.api.do(ctx, request{method: http.MethodPatch, path: "channels/" + place, body: struct {
		Archived bool `json:"archived"`
	}{false}}, &identified{})
	switch {
	case hasCode(err, codeMissingPermissions):
		return &bot.OutcomeError{Class: bot.MessageKept, Code: codeName(codeThreadArchived), Err: err}
	case err != nil:
		return orKept(to, err)
	}
	return orKept(to, d.api.do(ctx, r, nil))
}

// existing is a request that concerns a message posted before.
func (d *Discord) existing(ctx context.Context, method string, to bot.Target, id bot.MessageID) (request, error) {
	place, err := d.place(ctx, to)
	messages := "channels/" + place + "/messages/"
	return request{method: method, path: messages + url.PathEscape(string(id)), route: messages + "{message}"}, err
}
