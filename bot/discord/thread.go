package discord

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"sync"
	"time"

	"cyberbrief/bot"
)

// threads remembers which thread was started from which message. Discord
// gives both the same id; a server that stands in for it may not. Safe for
// concurrent use.
type threads struct {
	clock func() time.Time

	mu    sync.Mutex
	ids   map[parent]string
	order []started // of ids, oldest first
}

// started is when a thread was heard of first.
type started struct {
	parent
	at time.Time
}

// parent is a message that may have a thread.
type parent struct {
	channel string
	message bot.MessageID
}

// How many threads are remembered, and for how long, which is more than posts
// are corrected; Discord is asked for others.
const (
	maxThreads = 1000
	threadTime = 3 * 24 * time.Hour
)

func newThreads(clock func() time.Time) *threads {
	return &threads{clock: clock, ids: map[parent]string{}}
}

func parentOf(to bot.Target) parent { return parent{to.Channel, to.Thread} }

func (t *threads) id(p parent) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ids[p]
}

func (t *threads) remember(p parent, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.ids[p]; !known {
		now := t.clock()
		for len(t.order) > 0 && (len(t.order) >= maxThreads || now.Sub(t.order[0].at) > threadTime) {
			delete(t.ids, t.order[0].parent)
			t.order = t.order[1:]
		}
		t.order = append(t.order, started{p, now})
	}
	t.ids[p] = id
}

// place is the path's id of the channel or thread that a target is in.
func (d *Discord) place(ctx context.Context, to bot.Target) (string, error) {
	id := to.Channel
	if to.Thread != "" {
		known, err := d.threadBelow(ctx, to)
		if err != nil {
			return "", err
		}
		id = cmp.Or(known, string(to.Thread))
	}
	return url.PathEscape(id), nil
}

// threadBelow is the id of the thread below a parent, asked for where it is
// not remembered; empty if Discord does not tell. The error says that Discord
// could not be asked now.
func (d *Discord) threadBelow(ctx context.Context, to bot.Target) (string, error) {
	if known := d.threads.id(parentOf(to)); known != "" {
		return known, nil
	}
	var m struct {
		Thread identified `json:"thread"`
	}
	err := d.api.do(ctx, request{
		method: http.MethodGet,
		path:   parentPath(to),
		route:  "channels/" + to.Channel + "/messages/{message}",
	}, &m)
	if class := bot.ClassOf(err); (class == bot.Transient || class == bot.Limited) && !errors.Is(err, errUnreadable) {
		return "", err
	}
	if m.Thread.ID != "" {
		d.threads.remember(parentOf(to), m.Thread.ID)
	}
	return m.Thread.ID, nil
}

func parentPath(to bot.Target) string {
	return "channels/" + url.PathEscape(to.Channel) + "/messages/" + url.PathEscape(string(to.Thread))
}

// threadHides is after how many minutes without a message Discord takes the
// thread out of the channel's list: a day, when the next one has come.
const threadHides = 1440

// openThread starts the thread below a parent. One that is there already is
// fine, so a request of which the outcome is not known can be repeated.
func (d *Discord) openThread(ctx context.Context, to bot.Target) error {
	var made identified
	err := d.api.do(ctx, request{
		method: http.MethodPost,
		path:   parentPath(to) + "/threads",
		route:  "channels/" + to.Channel + "/messages/{message}/threads",
		body: struct {
			Name string `json:"name"`
			Hide int    `json:"auto_archive_duration"`
		}{cmp.Or(cutTo(label(to.ThreadTitle), maxThreadNameChars), "…"), threadHides},
	}, &made)
	switch {
	case err == nil:
		d.threads.remember(parentOf(to), made.ID)
	case hasCode(err, codeThreadExists), errors.Is(err, errNoID), errors.Is(err, errUnreadable):
		return nil // Discord is asked for its id when something goes there
	}
	return err
}

// putAway takes the thread of a post that was removed out of the channel's
// list and its title away; what people wrote in it stays. Whoever started a
// thread may do that. One that Discord has put away before is taken out for
// its new title. A refusal is final, and the thread stays as it is: a person
// has started it, or a moderator locked it. The post is gone all the same.
// https://discord.com/developers/docs/topics/threads#editing-&-deleting-threads
func (d *Discord) putAway(ctx context.Context, ref bot.Ref, thread string) {
	retitle := func(archived bool) error {
		return d.api.do(ctx, request{method: http.MethodPatch, path: "channels/" + url.PathEscape(thread), body: struct {
			Name     string `json:"name"`
			Archived bool   `json:"archived"`
		}{saysRetracted.in(d.opts.Language(ref)), archived}}, nil)
	}
	err := retitle(true)
	if hasCode(err, codeThreadArchived) {
		if err = retitle(false); err == nil {
			err = retitle(true)
		}
	}
	if err != nil {
		d.log.Warn("the thread of a removed post keeps its title", "channel", ref, "thread", thread, "cause", err)
	}
}
