package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/web"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/source"
)

// What a database file needs beside it. An archive grows by some 10 KB a day.
const (
	freeWarns = 1 << 30
	freeFails = 100 << 20
)

// databasePart looks at the database: reachable, of the right version,
// writable, with room to grow.
func (d *doctor) databasePart(context.Context) []bot.Finding {
	x, err := d.database()
	if err != nil {
		return append([]bot.Finding{{Check: "connection", Grade: bot.Fail, Text: err.Error(), Next: "see DATABASE_URL"}}, d.disk(x.File)...)
	}
	if x.Missing {
		return append([]bot.Finding{{Check: "connection", Grade: bot.OK, Text: x.Name + " is made at the first start"}}, d.disk(x.File)...)
	}
	found := []bot.Finding{{Check: "connection", Grade: bot.OK, Text: x.Name + ", " + x.Engine}}
	tables := bot.Finding{Check: "tables", Grade: bot.OK, Text: fmt.Sprintf("version %d, the newest", x.Version)}
	switch {
	case x.Version > x.Known:
		tables.Grade, tables.Text = bot.Fail, fmt.Sprintf("version %d is newer than this program, which knows %d", x.Version, x.Known)
		tables.Next = "install the newer program, or restore a backup made before it ran"
	case x.Version == 0:
		tables.Text = "none yet; they are made at the first start"
	case x.Version < x.Known:
		tables.Text = fmt.Sprintf("version %d; %d migrations are made at the next start", x.Version, x.Known-x.Version)
	}
	found = append(found, tables)
	switch {
	case x.Unwritable != nil:
		found = append(found, bot.Finding{Check: "writable", Grade: bot.Fail, Text: x.Unwritable.Error(), Next: "without writing the bot posts nothing: it keeps a ledger"})
	case x.Version > 0 && x.Version <= x.Known:
		found = append(found, bot.Finding{Check: "writable", Grade: bot.OK, Text: "a row was written and removed"})
	}
	return append(found, d.disk(x.File)...)
}

// disk looks at the room for a database file.
func (d *doctor) disk(file string) []bot.Finding {
	if file == "" {
		return nil
	}
	folder := filepath.Dir(file)
	free, err := d.free(folder)
	f := bot.Finding{Check: "disk", Grade: bot.OK, Text: fmt.Sprintf("%d MiB free in %s", free>>20, folder), Next: "free some space, or name a file on another disk in DATABASE_URL"}
	switch {
	case err != nil:
		f.Grade, f.Text, f.Next = bot.Warn, fmt.Sprintf("room in %s: %v", folder, err), "see that there is room for some hundred MiB"
	case free < freeFails:
		f.Grade = bot.Fail
	case free < freeWarns:
		f.Grade = bot.Warn
	default:
		f.Next = ""
	}
	return []bot.Finding{f}
}

const (
	// maxLookedAt is how many channels are asked about: platforms bear only so
	// many questions a minute.
	maxLookedAt = 40
	// lookers is how many are asked about at the same time.
	lookers = 4
)

// channels asks the platforms about each channel that gets briefings. No
// channel is joined.
func (d *doctor) channels(ctx context.Context, ps *platformSet) []bot.Finding {
	x, err := d.database()
	if err != nil {
		return []bot.Finding{{Check: "list", Grade: bot.Warn, Text: "the database cannot be asked which there are", Next: "see the database"}}
	}
	all := x.Channels
	if named, err := refs(d.cfg); err == nil {
		for _, ref := range named {
			if !slices.ContainsFunc(all, func(c bot.Channel) bool { return c.Ref == ref }) {
				all = append(all, bot.Channel{Ref: ref})
			}
		}
	}
	if len(all) == 0 {
		return []bot.Finding{{Check: "list", Grade: bot.Warn, Text: "no channel gets briefings yet", Next: "/briefing-admin add in a channel, or `cyberbrief channel add REF`"}}
	}
	looked := all[:min(len(all), maxLookedAt)]
	found := make([]bot.Finding, len(looked))
	turns := make(chan struct{}, lookers)
	var wg sync.WaitGroup
	for i, c := range looked {
		wg.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			found[i] = channelFinding(ctx, ps, c)
		})
	}
	wg.Wait()
	if more := len(all) - len(looked); more > 0 {
		found = append(found, bot.Finding{Check: "list", Grade: bot.OK, Text: fmt.Sprintf("%d more were not asked about; `cyberbrief status` says how they stand", more)})
	}
	return found
}

// channelFinding asks about one channel.
func channelFinding(ctx context.Context, ps *platformSet, c bot.Channel) bot.Finding {
	f := bot.Finding{Check: c.Ref.String(), Grade: bot.OK, Text: "reachable and writable"}
	ask := asker(ps.all[c.Ref.Platform])
	if ask == nil {
		f.Grade, f.Text, f.Next = bot.Fail, fmt.Sprintf("%s is not set up", c.Ref.Platform), "set its token, or `cyberbrief channel remove "+c.Ref.String()+"`"
		return f
	}
	err := ask(ctx, c.Ref)
	switch {
	case errors.Is(err, bot.ErrUnchecked):
		f.Grade, f.Text, f.Next = bot.Warn, inEnglish(err), fmt.Sprintf("see what stands above for %s, and try again", c.Ref.Platform)
	case refusesBot(err):
		f.Grade, f.Text, f.Next = bot.Fail, inEnglish(err), fmt.Sprintf("see what stands above for %s: the channel is not the cause", c.Ref.Platform)
	case err != nil:
		f.Grade, f.Text, f.Next = bot.Fail, inEnglish(err), "put it right in the channel, then /briefing-admin resume; or choose another channel"
	}
	if c.Paused {
		f.Text += "; paused: " + c.Reason
		if f.Grade == bot.OK {
			f.Grade, f.Next = bot.Warn, "`cyberbrief channel resume "+c.Ref.String()+"` when it is to get briefings again"
		}
	}
	return f
}

// refusesBot says that a platform refused the bot itself, in whatever channel.
func refusesBot(err error) bool {
	class := bot.ClassOf(err)
	return class == bot.InstallationGone || class == bot.Fatal
}

// inEnglish is an error without the Japanese half of the advice that some
// have for both kinds of readers.
func inEnglish(err error) string {
	text := err.Error()
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if _, english, both := strings.Cut(text, " / "); ok && both {
		return oe.Code + ": " + english
	}
	return text
}

// asker is how to ask a platform about a channel without changing anything.
func asker(p platform) func(context.Context, bot.Ref) error {
	switch p := p.(type) {
	case nil:
		return nil
	case delivery.Prober:
		return p.Probe
	default:
		return p.Check
	}
}

// sources looks at each source once and keeps nothing.
func (d *doctor) sources(ctx context.Context) []bot.Finding {
	all, err := newSources(d.env, d.cfg)
	if err != nil {
		return []bot.Finding{{Check: "list", Grade: bot.Fail, Text: err.Error(), Next: "correct DIGEST_SOURCES"}}
	}
	found := make([][]bot.Finding, len(all))
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() { found[i] = d.sourceFindings(ctx, s) })
	}
	wg.Wait()
	return slices.Concat(found...)
}

// maxFilesNamed is how many files that cannot be posted are named of a source.
const maxFilesNamed = 10

func (d *doctor) sourceFindings(ctx context.Context, s source.Source) []bot.Finding {
	var bad []bot.Finding
	rejected := 0
	newest, err := s.Scan(ctx, func(_ context.Context, f source.File) error {
		if read := digest.Read(f.Name, f.Body); !f.Withdrawn && read.Err() != nil {
			if rejected++; rejected <= maxFilesNamed {
				bad = append(bad, bot.Finding{Check: s.String(), Grade: bot.Warn, Text: fmt.Sprintf("%s cannot be posted: %v", f.Name, read.Err()), Next: "`cyberbrief digest lint` shows the places; a corrected file is taken by itself"})
			}
		}
		return nil
	})
	if more := rejected - maxFilesNamed; more > 0 {
		bad = append(bad, bot.Finding{Check: s.String(), Grade: bot.Warn, Text: fmt.Sprintf("%d more files cannot be posted", more), Next: "`cyberbrief digest lint FILE…`"})
	}
	return append([]bot.Finding{d.newestFinding(s, newest, err)}, bad...)
}

// newestFinding says how new the newest digest of a source is.
func (d *doctor) newestFinding(s source.Source, newest briefing.Date, err error) bot.Finding {
	f := bot.Finding{Check: s.String(), Grade: bot.OK}
	today := briefing.DateOf(d.env.clock().UTC())
	age := 0
	if newest != "" {
		age = max(0, today.DaysSince(newest))
		f.Text = fmt.Sprintf("newest digest %s, %d day(s) old", newest, age)
	}
	remote := strings.Contains(s.String(), "://")
	switch {
	case err != nil:
		f.Grade, f.Text, f.Next = bot.Fail, strings.TrimPrefix(f.Text+": "+err.Error(), ": "), "see that the source exists and may be read from this machine"
	case newest == "" && remote:
		f.Grade, f.Text = bot.Fail, fmt.Sprintf("answers, but has no digest of the last %s", d.cfg.DigestLookback)
		f.Next = "open the address with a date of which there is a digest in a browser, and correct DIGEST_SOURCES"
	case newest == "":
		f.Grade, f.Text, f.Next = bot.Warn, "has no digest yet", "put files such as cybersecurity_news_2025-07-02.md there"
	case d.cfg.MaxAge > 0 && age > int(d.cfg.MaxAge) && s.String() != source.Sample().String():
		f.Grade, f.Next = bot.Warn, "older than MAX_AGE: it is posted to no new channel; ask the author"
	}
	return f
}

// web looks at LISTEN and PUBLIC_URL.
func (d *doctor) web(ctx context.Context) []bot.Finding {
	x, _ := d.database() // without it nobody knows whose answer it is
	var found []bot.Finding
	runs := false
	if address, err := ownAddress(d.cfg.Listen); err == nil { // else its variable is found fault with
		var listen bot.Finding
		listen, runs = d.listening(ctx, address, x.Identity)
		found = append(found, listen)
	}
	if d.cfg.PublicURL == "" {
		return append(found, bot.Finding{Check: "PUBLIC_URL", Grade: bot.OK, Text: "not set: posts lead into their threads, not to pages"})
	}
	return append(found, d.public(ctx, x.Identity, runs))
}

// listening looks whether LISTEN is free, and if not, who is there; address is
// where a client of this machine finds it.
func (d *doctor) listening(ctx context.Context, address, identity string) (f bot.Finding, runs bool) {
	f = bot.Finding{Check: "LISTEN", Grade: bot.OK, Text: d.cfg.Listen + " is free; the bot does not run here"}
	l, err := net.Listen("tcp", d.cfg.Listen)
	if err == nil {
		l.Close()
		return f, false
	}
	if who, askErr := askIdentity(ctx, "http://"+address); askErr == nil && identity != "" && who == identity {
		f.Text = d.cfg.Listen + " is in use by the bot itself"
		return f, true
	}
	f.Grade, f.Text = bot.Fail, fmt.Sprintf("%s cannot be had: %v", d.cfg.Listen, err)
	f.Next = "set LISTEN to another address, or end the program that is there; a bot with another database is one too"
	return f, false
}

// public looks whether PUBLIC_URL leads to this very bot.
func (d *doctor) public(ctx context.Context, identity string, runs bool) bot.Finding {
	address := string(d.cfg.PublicURL)
	f := bot.Finding{Check: "PUBLIC_URL", Grade: bot.OK, Text: address + " leads to this bot"}
	who, err := askIdentity(ctx, address)
	switch {
	case err == nil && who != "" && who == identity:
	case err == nil && who != "":
		f.Grade, f.Text = bot.Fail, address+" leads to a bot with another database"
		f.Next = "correct PUBLIC_URL, or where the proxy leads to"
	case err == nil:
		f.Grade, f.Text = bot.Fail, address+" leads to something that is not this bot"
		f.Next = "let the proxy pass all paths on to LISTEN"
	case runs:
		f.Grade, f.Text = bot.Fail, err.Error()
		f.Next = "let the proxy pass " + address + " on to " + d.cfg.Listen + ", and see that its name leads there"
	default:
		f.Grade, f.Text = bot.Warn, err.Error()
		f.Next = "start the bot and look again: without it nobody answers"
	}
	return f
}

// askTimeout bounds a question to an HTTP server.
const askTimeout = 5 * time.Second

// askIdentity asks the /healthz of whoever is at an address for its name;
// empty for somebody who is no bot of this kind.
func askIdentity(ctx context.Context, base string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/healthz", nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	resp, err := client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, which stands before it
		}
		return "", fmt.Errorf("%s cannot be reached: %w", base, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxHealthBytes)) // only the header counts
	return resp.Header.Get(web.IdentityHeader), nil
}
