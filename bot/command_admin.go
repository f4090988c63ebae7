package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// adminCommand is one subcommand of /briefing-admin.
type adminCommand struct {
	name string
	run  func(*Router, context.Context, Request, string) (Document, error)
}

func adminCommands() []adminCommand {
	return []adminCommand{
		{"add", (*Router).addChannel},
		{"remove", (*Router).removeChannel},
		{"list", (*Router).listChannels},
		{"set", (*Router).setChannel},
		{"pause", (*Router).pauseChannel},
		{"resume", (*Router).resumeChannel},
		{"status", (*Router).showStatus},
		{"preview", (*Router).preview},
	}
}

// admin answers /briefing-admin; Respond has asked who may.
func (r *Router) admin(ctx context.Context, req Request) (Document, error) {
	name, rest := cutWord(req.Text)
	for _, c := range adminCommands() {
		if c.name == name {
			return c.run(r, ctx, req, rest)
		}
	}
	return r.help(req.Language), nil
}

// channelNamed reads the channel an admin named: <#C1|name> or <#1> as the
// platforms write it, #name, or a bare id; none means the channel here. The
// rest of the text follows. Only channels of the asker's own installation can
// be named.
func channelNamed(req Request, text string) (Ref, string, error) {
	ref := req.Ref
	word, rest := cutWord(text)
	id := word
	switch {
	case word == "" || word == "here":
		return ref, rest, nil
	case strings.HasPrefix(word, "<#") && strings.HasSuffix(word, ">"):
		id, _, _ = strings.Cut(word[2:len(word)-1], "|")
	case strings.HasPrefix(word, "#"):
		id = word[1:]
	case !channelShaped(ref.Platform, word):
		return ref, text, nil // a setting, not a channel: here is meant
	}
	if !plainID(id) {
		return ref, "", mistake("「%s」はチャンネルとして読めません。#チャンネル の形で指定してください。", "“%s” is no channel. Name it as #channel.", word)
	}
	ref.Channel = id
	return ref, rest, nil
}

// channelShaped says whether a bare word looks like the platform's own id.
func channelShaped(p Platform, word string) bool {
	switch p {
	case Slack:
		return len(word) >= 9 && strings.ContainsRune("CG", rune(word[0])) && word == strings.ToUpper(word)
	case Discord:
		return len(word) >= 15 && strings.Trim(word, "0123456789") == ""
	}
	return false
}

// addChannel is `add #c [HH:MM] [ZONE]`.
func (r *Router) addChannel(ctx context.Context, req Request, text string) (Document, error) {
	ref, rest, err := channelNamed(req, text)
	if err != nil {
		return nil, err
	}
	if _, err := r.opts.Channels.Channel(ctx, ref); err == nil {
		return nil, mistake("%s は登録済みです。変えるには set を使ってください。", "%s is there already. Use set to change it.", ref)
	} else if !errors.Is(err, briefing.ErrNotFound) {
		return nil, err
	}
	ch := Channel{Ref: ref, Settings: r.opts.Defaults, AddedAt: r.opts.Clock()}
	ch.Language = req.Language
	for i, value := range strings.Fields(rest) {
		if err := ch.Set([]string{"time", "zone"}[min(i, 1)], value); err != nil {
			return nil, mistake("設定を読めません: %v", "Cannot read the settings: %v", err)
		}
	}
	if c := r.opts.Checkers[ref.Platform]; c != nil {
		if err := c.Check(ctx, ref); err != nil {
			return nil, mistake("%s に投稿できません: %v", "Cannot post to %s: %v", ref, err)
		}
	}
	if err := r.opts.Channels.PutChannel(ctx, ch, r.audit(req, "add", ref, "", ch.JSON())); err != nil {
		return nil, err
	}
	return Document{Prose{plain(fmt.Sprintf(in(req.Language, "✅ %s を追加しました。毎回 %s（%s）に投稿します。", "✅ Added %s. It gets its briefing at %s (%s)."), ref, ch.Time, ch.Zone))}}, nil
}

// removeChannel is `remove #c`.
func (r *Router) removeChannel(ctx context.Context, req Request, text string) (Document, error) {
	ch, _, err := r.subscribed(ctx, req, text)
	if err != nil {
		return nil, err
	}
	if err := r.opts.Channels.RemoveChannel(ctx, ch.Ref, r.audit(req, "remove", ch.Ref, ch.JSON(), "")); err != nil {
		return nil, err
	}
	return done(req, "✅ %s を配信先から外しました。", "✅ Removed %s.", ch.Ref), nil
}

// listChannels is `list`.
func (r *Router) listChannels(ctx context.Context, req Request, _ string) (Document, error) {
	all, err := r.opts.Channels.Channels(ctx)
	if err != nil {
		return nil, err
	}
	doc := Document{Title{Text: in(req.Language, "配信チャンネル", "Channels")}}
	for _, ch := range all {
		if ch.ID() != req.Ref.ID() {
			continue // another workspace's
		}
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: ch.Ref.String(), Code: true}, {Text: " " + ch.Time.String() + " " + ch.Zone + " " + ch.Days.String()}}})
		if ch.Paused {
			doc = append(doc, Note{plain(in(req.Language, "停止中: ", "Paused: ") + ch.Reason)})
		}
	}
	if len(doc) == 1 {
		doc = append(doc, Prose{plain(in(req.Language, "まだありません。/briefing-admin add #channel で追加できます。", "None yet. Add one with /briefing-admin add #channel."))})
	}
	return doc, nil
}

// setChannel is `set #c NAME VALUE`; without a name it shows the settings.
func (r *Router) setChannel(ctx context.Context, req Request, text string) (Document, error) {
	ch, rest, err := r.subscribed(ctx, req, text)
	if err != nil {
		return nil, err
	}
	before := ch.JSON()
	if name, value := cutWord(rest); name != "" {
		if err := ch.Set(name, value); err != nil {
			return nil, mistake("設定を読めません: %v", "Cannot read the setting: %v", err)
		}
		if err := r.opts.Channels.PutChannel(ctx, ch, r.audit(req, "set", ch.Ref, before, ch.JSON())); err != nil {
			return nil, err
		}
	}
	doc := Document{Title{Text: in(req.Language, "設定 ", "Settings of ") + ch.Ref.String()}}
	for _, line := range ch.Lines() {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: line, Code: true}}})
	}
	return doc, nil
}

// pauseChannel is `pause #c`.
func (r *Router) pauseChannel(ctx context.Context, req Request, text string) (Document, error) {
	return r.switchChannel(ctx, req, text, true)
}

// resumeChannel is `resume #c`.
func (r *Router) resumeChannel(ctx context.Context, req Request, text string) (Document, error) {
	return r.switchChannel(ctx, req, text, false)
}

func (r *Router) switchChannel(ctx context.Context, req Request, text string, paused bool) (Document, error) {
	ch, _, err := r.subscribed(ctx, req, text)
	if err != nil {
		return nil, err
	}
	ch.Paused, ch.Reason = paused, ""
	what := "resume"
	if paused {
		ch.Reason, what = "admin", "pause"
	}
	if err := r.opts.Channels.PutChannel(ctx, ch, r.audit(req, what, ch.Ref, ch.JSON(), ch.JSON())); err != nil {
		return nil, err
	}
	if paused {
		return done(req, "⏸️ %s への配信を止めました。", "⏸️ Paused %s.", ch.Ref), nil
	}
	return done(req, "▶️ %s への配信を再開しました。", "▶️ Resumed %s.", ch.Ref), nil
}

// preview is `preview #c`: exactly what the channel would get now.
func (r *Router) preview(ctx context.Context, req Request, text string) (Document, error) {
	ch, _, err := r.subscribed(ctx, req, text)
	if err != nil {
		return nil, err
	}
	d, err := r.opts.Library.Latest()
	if err != nil {
		return nil, mistake("まとめはまだありません。", "There is no digest yet.")
	}
	post := Layout(briefing.Compose(d, ch.Options(r.opts.PublicURL), nil))
	return slices.Concat(post.Parent, Document{Divider{}}, post.Thread), nil
}

// showStatus is `status`.
func (r *Router) showStatus(ctx context.Context, req Request, _ string) (Document, error) {
	all, err := r.opts.Reporter.Status(ctx, req.Ref.ID())
	if err != nil {
		return nil, err
	}
	doc := Document{Title{Text: in(req.Language, "配信の状況", "Status")}}
	for _, s := range all {
		ch, err := r.opts.Channels.Channel(ctx, s.Ref)
		if err != nil {
			continue // removed since
		}
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: s.Ref.String(), Code: true}, {Text: " " + statusWords(s, ch.Zone, req.Language)}}})
	}
	if len(doc) == 1 {
		doc = append(doc, Prose{plain(in(req.Language, "配信チャンネルはまだありません。", "There are no channels yet."))})
	}
	return doc, nil
}

// statusWords says how a channel stands in one line.
func statusWords(s ChannelStatus, zone string, lang briefing.Language) string {
	var parts []string
	if s.State == "paused" {
		parts = append(parts, in(lang, "停止中 ", "paused ")+s.Reason)
	}
	if s.LastPost != nil {
		parts = append(parts, fmt.Sprintf(in(lang, "前回 %s（%s のまとめ）", "last post %s (digest of %s)"), localTime(s.LastPost.At, zone), s.LastPost.Digest))
	}
	if s.Slot.Date != "" {
		state := fmt.Sprintf("%s: %s", s.Slot.Date, s.Slot.State)
		if s.Slot.Reason != "" {
			state += " " + s.Slot.Reason
		}
		parts = append(parts, state)
	}
	if !s.NextSlot.IsZero() {
		parts = append(parts, in(lang, "次回 ", "next ")+localTime(s.NextSlot, zone))
	}
	return strings.Join(parts, in(lang, " ・ ", " · "))
}

// subscribed finds the channel that the text names among those that get
// briefings.
func (r *Router) subscribed(ctx context.Context, req Request, text string) (Channel, string, error) {
	ref, rest, err := channelNamed(req, text)
	if err != nil {
		return Channel{}, "", err
	}
	ch, err := r.opts.Channels.Channel(ctx, ref)
	if errors.Is(err, briefing.ErrNotFound) {
		return Channel{}, "", mistake("%s は配信先に登録されていません。list で確認できます。", "%s gets no briefings. See list.", ref)
	}
	return ch, rest, err
}

// audit is the log entry of a change that req makes.
func (r *Router) audit(req Request, what string, ref Ref, before, after string) AuditEntry {
	return AuditEntry{At: r.opts.Clock(), Installation: ref.ID(), Who: req.User.ID, What: what, Ref: ref, Before: before, After: after}
}

func done(req Request, ja, en string, args ...any) Document {
	return Document{Prose{plain(fmt.Sprintf(in(req.Language, ja, en), args...))}}
}
