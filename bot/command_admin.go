package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"cyberbrief/briefing"
)

// adminCommand is one subcommand of /briefing-admin. One that changes may
// leave the settings other than they were.
type adminCommand struct {
	name    string
	changes bool
	run     func(*Router, context.Context, Request, string) (Document, error)
}

func adminCommands() []adminCommand {
	return []adminCommand{
		{"add", true, (*Router).addChannel},
		{"remove", true, (*Router).removeChannel},
		{"list", false, (*Router).listChannels},
		{"set", true, (*Router).setChannel},
		{"pause", true, (*Router).pauseChannel},
		{"resume", true, (*Router).resumeChannel},
		{"status", false, (*Router).showStatus},
		{"preview", false, (*Router).preview},
		{"retract", true, (*Router).retract},
		{"test", false, (*Router).test},
		{"log", false, (*Router).showLog},
	}
}

// admin answers /briefing-admin; Respond has asked who may.
func (r *Router) admin(ctx context.Context, req Request) (Reply, error) {
	name, rest := cutWord(Clean(req.Text))
	for _, f := range adminForms() {
		if f.name == fold(name) {
			return f.run(r, ctx, req, rest)
		}
	}
	for _, c := range adminCommands() {
		if c.name == fold(name) {
			doc, err := c.run(r, ctx, req, rest)
			return Reply{Document: doc, Changed: c.changes && err == nil}, err
		}
	}
	return Reply{Document: r.help(req.Language)}, nil
}

// channelNamed reads the channel an admin named: <#C1|name> or <#1> as the
// platforms write it, #name, a bare id, or the ref that list shows; none
// means the channel here. The rest of the text follows. Only channels of the
// asker's own installation can be named.
func channelNamed(req Request, text string) (Ref, string, error) {
	word, rest := cutWord(text)
	if word == "" || fold(word) == "here" {
		return hereIn(req, rest)
	}
	if ref, err := ParseRef(word); err == nil {
		if ref.ID() != req.Ref.ID() {
			return Ref{}, "", mistake("%s はこのワークスペースのチャンネルではありません。", "%s is no channel of this workspace.", ref)
		}
		return ref, rest, nil
	}
	id := word
	switch {
	case strings.HasPrefix(word, "<#") && strings.HasSuffix(word, ">"):
		id, _, _ = strings.Cut(word[2:len(word)-1], "|")
	case strings.HasPrefix(word, "#"):
		id = word[1:]
	case !channelShaped(req.Ref.Platform, word):
		return hereIn(req, text) // a setting, not a channel: here is meant
	}
	if !plainID(id) {
		return Ref{}, "", noChannel(word)
	}
	return Ref{req.Ref.Installation, id}, rest, nil
}

// hereIn is the channel that a request was made in; at home there is none.
func hereIn(req Request, rest string) (Ref, string, error) {
	if req.Ref.Channel == "" {
		return Ref{}, "", mistake("チャンネルを #channel の形で指定してください。", "Name a channel as #channel.")
	}
	return req.Ref, rest, nil
}

func noChannel(word string) error {
	return mistake("「%s」はチャンネルとして読めません。#チャンネル の形で指定してください。", "“%s” is no channel. Name it as #channel.", word)
}

// shortID is an id as tests and stand-ins for the platforms have them: C1. No
// setting and no time zone is named like it.
var shortID = regexp.MustCompile(`^[A-Z][0-9]+$`)

// channelShaped says whether a bare word looks like the platform's own id.
func channelShaped(p Platform, word string) bool {
	if p != Console && shortID.MatchString(word) {
		return true
	}
	switch p {
	case Slack:
		return len(word) >= 9 && strings.ContainsRune("CG", rune(word[0])) && word == strings.ToUpper(word) && plainID(word)
	case Discord:
		return len(word) >= 15 && strings.Trim(word, "0123456789") == ""
	}
	return false
}

// addChannel is `add #c [HH:MM] [ZONE]`. Where a channel can be picked from a
// form, `add` alone offers that.
func (r *Router) addChannel(ctx context.Context, req Request, text string) (Document, error) {
	if text == "" && picksChannels(req.Ref.Platform) {
		return offerAdding(req), nil
	}
	ref, rest, err := channelNamed(req, text)
	if err != nil {
		return nil, err
	}
	ch := Channel{Ref: ref, Settings: r.opts.Defaults, AddedAt: r.opts.Clock()}
	if err := r.isNew(ctx, ref); err != nil {
		return nil, err
	}
	if err := setTimeAndZone(&ch.Settings, strings.Fields(rest)); err != nil {
		return nil, err
	}
	return r.add(ctx, req, ch)
}

// isNew says that a channel gets no briefings yet.
func (r *Router) isNew(ctx context.Context, ref Ref) error {
	_, err := r.opts.Channels.Channel(ctx, ref)
	switch {
	case err == nil:
		return mistake("%s は登録済みです。変えるには set を使ってください。", "%s is there already. Use set to change it.", ref)
	case errors.Is(err, briefing.ErrNotFound):
		return nil
	}
	return err
}

// add adds a new channel once its platform does not say that it cannot be
// posted to.
func (r *Router) add(ctx context.Context, req Request, ch Channel) (Document, error) {
	checked, err := r.check(ctx, ch.Ref)
	if err != nil {
		return nil, mistake("%s に投稿できません: %v", "Cannot post to %s: %v", ch.Ref, err)
	}
	if err := r.opts.Channels.PutChannel(ctx, ch, r.audit(req, "add", ch.Ref, "", ch.JSON())); err != nil {
		return nil, err
	}
	added := done(req, "✅ %s を追加しました。%s（%s）に投稿します。", "✅ Added %s. It gets its briefing at %s (%s).", ch.Ref, ch.Time, ch.Zone)
	if !checked {
		added = append(added, done(req,
			"⚠️ 投稿できるかは、いま確かめられませんでした。test で試せます。",
			"⚠️ Whether it can be posted to could not be found out just now. Try it with test.")...)
	}
	return append(added, channelButtons(ch, req)...), nil
}

// check asks the platform whether a channel can be posted to: err is a no;
// checked is false where nobody knows, and the log says why.
func (r *Router) check(ctx context.Context, ref Ref) (checked bool, err error) {
	c := r.opts.Checkers[ref.Platform]
	if c == nil {
		return true, nil
	}
	err = c.Check(ctx, ref)
	if errors.Is(err, ErrUnchecked) {
		r.opts.Logger.Warn("channel added unchecked", "channel", ref, "cause", err)
		return false, nil
	}
	return true, err
}

// setTimeAndZone reads `[HH:MM] [ZONE]`; only a time has a colon.
func setTimeAndZone(s *Settings, values []string) error {
	names := []string{"time", "zone"}
	for _, value := range values {
		if len(names) > 0 && names[0] == "time" && !strings.Contains(fold(value), ":") {
			names = names[1:]
		}
		if len(names) == 0 {
			return mistake("「%s」は余分です。例: add #channel 08:30 Asia/Tokyo", "“%s” is one word too many. Example: add #channel 08:30 Asia/Tokyo", value)
		}
		if err := s.Set(names[0], value); err != nil {
			return cannotSet(names[0], value, err)
		}
		names = names[1:]
	}
	return nil
}

// cannotSet says what a setting looks like to an admin who got it wrong.
func cannotSet(name, value string, err error) error {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		names := strings.Join(SettingNames(), ", ")
		return mistake("設定「%s」はありません。変えられるのは %s です。", "There is no setting “%s”. There are %s.", name, names)
	}
	return &userError{
		ja: fmt.Sprintf("「%s」は %s に設定できません。例: %s %s", value, name, name, settings[i].example),
		en: "Cannot read the setting: " + err.Error(),
	}
}

// removeChannel is `remove #c`.
func (r *Router) removeChannel(ctx context.Context, req Request, text string) (Document, error) {
	ch, err := r.subscribedOnly(ctx, req, text)
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
	// Not another workspace's.
	all = slices.DeleteFunc(all, func(ch Channel) bool { return ch.ID() != req.Ref.ID() })
	doc := Document{Title{Text: in(req.Language, "配信チャンネル", "Channels")}}
	for _, ch := range all {
		doc = append(doc, channelRow(ch.Ref, ch.brief()))
		if ch.Paused {
			doc = append(doc, Note{plain(in(req.Language, "停止中: ", "Paused: ") + ReasonWords(ch.Reason, req.Language))})
		}
		if len(all) <= maxButtonRows {
			doc = append(doc, rowButtons(ch, req)...)
		}
	}
	switch {
	case len(all) == 0:
		doc = append(doc, Prose{plain(in(req.Language, "まだありません。/briefing-admin add #channel で追加できます。", "None yet. Add one with /briefing-admin add #channel."))})
		doc = append(doc, addButtons(req)...)
	case len(all) > maxButtonRows:
		doc = append(doc, pickChannel(all, req)...)
	}
	return doc, nil
}

// channelRow is a channel in a list: its name, the ref by which the command
// line knows it, and what there is to say of it.
func channelRow(ref Ref, says string) ListItem {
	return ListItem{Marker: "-", Spans: []Span{channelName(ref), {Text: " "}, {Text: ref.String(), Code: true}, {Text: " " + says}}}
}

// setChannel is `set #c NAME VALUE`; without a name it shows the settings.
func (r *Router) setChannel(ctx context.Context, req Request, text string) (Document, error) {
	ch, rest, err := r.subscribed(ctx, req, text)
	if err != nil {
		return nil, err
	}
	before := ch.JSON()
	if name, value := cutWord(rest); name != "" {
		if err := ch.Set(fold(name), value); err != nil {
			return nil, cannotSet(fold(name), value, err)
		}
		if err := r.opts.Channels.PutChannel(ctx, ch, r.audit(req, "set", ch.Ref, before, ch.JSON())); err != nil {
			return nil, err
		}
	}
	return append(settingsOf(ch, req.Language), channelButtons(ch, req)...), nil
}

// settingsOf are the settings of a channel.
func settingsOf(ch Channel, lang briefing.Language) Document {
	doc := Document{Title{Text: in(lang, "設定 ", "Settings of ") + ch.Ref.String()}}
	for _, line := range ch.Lines() {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: line, Code: true}}})
	}
	return doc
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
	ch, err := r.subscribedOnly(ctx, req, text)
	if err != nil {
		return nil, err
	}
	before := ch.State()
	ch.Paused, ch.Reason = paused, ""
	what := "resume"
	if paused {
		ch.Reason, what = PausedByAdmin, "pause"
	}
	if err := r.opts.Channels.PutChannel(ctx, ch, r.audit(req, what, ch.Ref, before, ch.State())); err != nil {
		return nil, err
	}
	if paused {
		return done(req, "⏸️ %s への配信を止めました。", "⏸️ Paused %s.", ch.Ref), nil
	}
	return done(req, "▶️ %s への配信を再開しました。", "▶️ Resumed %s.", ch.Ref), nil
}

// preview is `preview #c`: exactly what the channel would get now.
func (r *Router) preview(ctx context.Context, req Request, text string) (Document, error) {
	ch, err := r.subscribedOnly(ctx, req, text)
	if err != nil {
		return nil, err
	}
	d, err := r.latest()
	if err != nil {
		return nil, err
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
	rows, channels, err := r.statusRows(ctx, req, all)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		doc = append(doc, row)
		if len(rows) <= maxButtonRows {
			doc = append(doc, rowButtons(channels[i], req)...)
		}
	}
	switch {
	case len(rows) == 0:
		doc = append(doc, Prose{plain(in(req.Language, "配信チャンネルはまだありません。", "There are no channels yet."))})
	case len(rows) > maxButtonRows:
		doc = append(doc, pickChannel(channels, req)...)
	}
	return doc, nil
}

// statusRows say how each channel stands, beside the channel itself.
func (r *Router) statusRows(ctx context.Context, req Request, all []ChannelStatus) (rows []ListItem, channels []Channel, err error) {
	for _, s := range all {
		ch, err := r.opts.Channels.Channel(ctx, s.Ref)
		if errors.Is(err, briefing.ErrNotFound) {
			continue // removed since
		}
		if err != nil {
			return nil, nil, err
		}
		rows, channels = append(rows, channelRow(s.Ref, statusWords(s, ch.Zone, req.Language))), append(channels, ch)
	}
	return rows, channels, nil
}

// slotStatesJA are the states of SlotStatus as people say them.
var slotStatesJA = map[string]string{
	"due": "まもなく配信", "waiting": "まとめ待ち", "posted": "配信済み", "no_digest": "まとめなし",
	"missed": "配信できず", "doubtful": "確認中", "failed": "失敗",
}

// SlotStateWords says how a slot stands; an unknown state stays as it is.
func SlotStateWords(state string, lang briefing.Language) string {
	return in(lang, cmp.Or(slotStatesJA[state], state), state)
}

// statusWords says how a channel stands in one line.
func statusWords(s ChannelStatus, zone string, lang briefing.Language) string {
	var parts []string
	if s.State == "paused" {
		parts = append(parts, in(lang, "停止中: ", "paused: ")+ReasonWords(s.Reason, lang))
	}
	if s.LastPost != nil {
		parts = append(parts, fmt.Sprintf(in(lang, "前回 %s（%s のまとめ）", "last post %s (digest of %s)"), localTime(s.LastPost.At, zone), s.LastPost.Digest))
	}
	if s.Slot.Date != "" {
		state := fmt.Sprintf(in(lang, "%s 分: %s", "%s: %s"), s.Slot.Date, SlotStateWords(s.Slot.State, lang))
		if s.Slot.Reason != "" {
			state += in(lang, "。", "; ") + ReasonWords(s.Slot.Reason, lang)
		}
		parts = append(parts, state)
	}
	if !s.NextSlot.IsZero() {
		parts = append(parts, in(lang, "次回 ", "next ")+localTime(s.NextSlot, zone))
	}
	return strings.Join(parts, in(lang, "・", " · "))
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

// subscribedOnly is subscribed for commands that take nothing but a channel:
// a word that is none must not be taken for the channel here.
func (r *Router) subscribedOnly(ctx context.Context, req Request, text string) (Channel, error) {
	ch, rest, err := r.subscribed(ctx, req, text)
	if err == nil && rest != "" {
		return Channel{}, noChannel(rest)
	}
	return ch, err
}

// audit is the log entry of a change that req makes.
func (r *Router) audit(req Request, what string, ref Ref, before, after string) AuditEntry {
	return AuditEntry{At: r.opts.Clock(), Installation: ref.ID(), Who: req.User.ID, What: what, Ref: ref, Before: before, After: after}
}

func done(req Request, ja, en string, args ...any) Document {
	return Document{Prose{plain(fmt.Sprintf(in(req.Language, ja, en), args...))}}
}

// localTime writes an instant for people in a zone.
func localTime(t time.Time, zone string) string {
	if loc, err := time.LoadLocation(zone); err == nil {
		t = t.In(loc)
	}
	return t.Format("2006-01-02 15:04")
}
