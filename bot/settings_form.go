package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// adminForm is a form of /briefing-admin: the subcommand opens it, and gets
// what was filled in.
type adminForm struct {
	name string
	run  func(*Router, context.Context, Request, string) (Reply, error)
}

func adminForms() []adminForm {
	return []adminForm{
		{"set-form", (*Router).settingsForm},
		{"add-form", (*Router).addForm},
	}
}

// settingsForm is `set-form PART #c`, which opens the form of some settings
// of a channel, and with what was filled in saves all of it or nothing. The
// action of the form names the edition of the settings that it shows: what
// another admin has changed meanwhile is not overwritten.
func (r *Router) settingsForm(ctx context.Context, req Request, text string) (Reply, error) {
	which, rest := cutWord(text)
	ch, edition, err := r.subscribed(ctx, req, rest)
	if err != nil {
		return Reply{}, err
	}
	p := part(which)
	form := newSettingsForm(ch, p, req.Language)
	if len(form.Fields) == 0 {
		return Reply{}, mistake("その設定画面はありません。", "There is no such form.")
	}
	again := channelButtons(ch, req)
	if req.Answers == nil {
		return Reply{Form: form, Document: append(settingsOf(ch, req.Language), again...)}, nil
	}
	if edition != ch.edition() {
		warning := plain(in(req.Language, "⚠️ 開いている間に設定が変わりました。まだ保存していません。今の設定を確かめて、もう一度送ってください。",
			"⚠️ The settings were changed while this was open. Nothing was saved. Check them and send again."))
		form.Note = slices.Concat(form.Note, plain("\n"), warning)
		return Reply{Form: form, Document: append(Document{Prose{warning}}, again...)}, nil
	}
	changed := ch
	if problems := changed.setAll(p, req.Answers, req.Language); len(problems) > 0 {
		form.fill(req.Answers, problems)
		return Reply{Form: form, Document: append(form.complaint(req.Language), again...)}, nil
	}
	if changed.JSON() == ch.JSON() {
		return Reply{Document: done(req, "変更はありません。", "Nothing was changed.")}, nil
	}
	if err := r.opts.Channels.PutChannel(ctx, changed, r.audit(req, "set", ch.Ref, ch.JSON(), changed.JSON())); err != nil {
		return Reply{}, err
	}
	return Reply{Document: savedSettings(ch, changed, req), Changed: true}, nil
}

// savedSettings says what was changed.
func savedSettings(before, after Channel, req Request) Document {
	doc := Document{Prose{[]Span{
		{Text: in(req.Language, "✅ ", "✅ Saved the settings of ")}, channelName(after.Ref), {Text: in(req.Language, " の設定を保存しました。", ".")},
	}}}
	for _, change := range differences(before.Settings, after.Settings) {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: change, Code: true}}})
	}
	return doc
}

// channelName is a channel as people call it.
func channelName(ref Ref) Span { return Span{Text: "#" + ref.Channel, Channel: ref.Channel} }

// edition tells settings apart from what they were before and after.
func (s Settings) edition() string {
	sum := sha256.Sum256([]byte(s.JSON()))
	return hex.EncodeToString(sum[:4])
}

// newSettingsForm is the form of the settings in a part. It has no fields
// where there is no such part.
func newSettingsForm(ch Channel, p part, lang briefing.Language) *Form {
	f := &Form{
		Title:    in(lang, "配信の設定", "Briefing settings"),
		Submit:   in(lang, "保存", "Save"),
		Action:   Action{Command: "briefing-admin", Argument: strings.Join([]string{"set-form", string(p), ch.Ref.String(), ch.edition()}, " ")},
		Note:     []Span{{Text: in(lang, "対象: ", "For ")}, channelName(ch.Ref)},
		Language: lang,
	}
	for _, s := range settings {
		if p == partAll || s.part == p {
			f.Fields = append(f.Fields, s.field(ch.Settings, lang))
		}
	}
	return f
}

// field is how a form asks for the setting.
func (s setting) field(now Settings, lang briefing.Language) Field {
	words := s.ja
	if lang == briefing.English {
		words = s.en
	}
	f := Field{Name: s.name, Label: words.label, Hint: words.hint, Kind: s.kind, Value: s.get(now), Optional: !s.required, Zone: now.Zone}
	if s.options != nil {
		f.Options = s.options(lang)
	}
	switch {
	case f.Value == "none":
		f.Value = ""
	case s.name == "days":
		f.Value = daysInOrder(now.Days, f.Options)
	}
	return f
}

// daysInOrder are the days one by one in the order of the options, which
// begin with Monday.
func daysInOrder(days Weekdays, options []Option) string {
	var all []string
	for _, o := range options {
		if len(days) == 0 || slices.Contains(days.names(), o.Value) {
			all = append(all, o.Value)
		}
	}
	return strings.Join(all, ",")
}

// setAll sets what a form of a part has answered, and says of each answer
// that cannot be what is wrong with it.
func (s *Settings) setAll(p part, answers map[string]string, lang briefing.Language) (problems map[string]string) {
	problems = map[string]string{}
	for _, t := range settings {
		value, answered := answers[t.name]
		if !answered || p != partAll && t.part != p {
			continue
		}
		empty := strings.TrimSpace(Clean(value)) == ""
		if empty && t.kind == OnOff {
			value = "off"
		}
		if t.required && empty {
			problems[t.name] = in(lang, "空にはできません。例: ", "This is needed, for example ") + t.example
		} else if err := s.Set(t.name, value); err != nil {
			problems[t.name] = fmt.Sprintf(in(lang, "「%s」は使えません。例: %s", "“%s” cannot be used. Example: %s"), briefly(value), t.example)
		}
	}
	return problems
}

// maxQuoted is how much of a wrong value is said again, in characters.
const maxQuoted = 40

// briefly is the beginning of what somebody typed.
func briefly(value string) string {
	r := []rune(strings.TrimSpace(Clean(value)))
	if len(r) <= maxQuoted {
		return string(r)
	}
	return string(r[:maxQuoted]) + "…"
}

// What can be picked in a form; the values are what Set reads.

func dayOptions(lang briefing.Language) []Option {
	ja := []string{"月", "火", "水", "木", "金", "土", "日"}
	en := []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	var all []Option
	for i := range ja {
		all = append(all, Option{Label: in(lang, ja[i], en[i]), Value: weekdayNames[(i+1)%len(weekdayNames)]})
	}
	return all
}

func languageOptions(briefing.Language) []Option {
	return []Option{{Label: "日本語", Value: string(briefing.Japanese)}, {Label: "English", Value: string(briefing.English)}}
}

func partOptions(lang briefing.Language) []Option {
	names := map[briefing.Part]wording{
		briefing.PartStories: {"ニュースの記事", "Stories"}, briefing.PartDeepDive: {"深掘り", "Deep dives"},
		briefing.PartSections: {"その他の節", "Other sections"}, briefing.PartOutlook: {"今後の展望", "Outlook"},
		briefing.PartConclusion: {"結論", "Conclusion"}, briefing.PartCitations: {"出典の一覧", "Citations"},
	}
	var all []Option
	for _, p := range briefing.Parts() {
		all = append(all, Option{Label: in(lang, names[p].label, names[p].hint), Value: string(p)})
	}
	return all
}

// formButtons open the forms of a channel's settings: one where a form can
// have all of them, else one for each part.
func formButtons(ch Channel, req Request) Buttons {
	open := func(p part, ja, en string) Button {
		return adminButton(in(req.Language, ja, en), "set-form "+string(p)+" "+ch.Ref.String())
	}
	if fieldsPerForm(ch.Platform) == 0 {
		return Buttons{open(partAll, "⚙️ 設定を変える", "⚙️ Change settings")}
	}
	return Buttons{
		open(partWhen, "⏰ 時刻と曜日を変える", "⏰ Change when"),
		open(partWhat, "📄 内容を変える", "📄 Change what"),
		open(partWatch, "👁 監視する語を変える", "👁 Change watch words"),
	}
}

func adminButton(label, argument string) Button {
	return Button{Label: label, Action: Action{Command: "briefing-admin", Argument: argument}}
}

// careButtons do what an admin does with a channel other than setting it.
func careButtons(ch Channel, req Request) Buttons {
	ref := ch.Ref.String()
	turn := adminButton(in(req.Language, "⏸️ 止める", "⏸️ Pause"), "pause "+ref)
	if ch.Paused {
		turn = adminButton(in(req.Language, "▶️ 再開", "▶️ Resume"), "resume "+ref)
	}
	return Buttons{turn, adminButton(in(req.Language, "👀 プレビュー", "👀 Preview"), "preview "+ref), adminButton(in(req.Language, "🔔 テスト", "🔔 Test"), "test "+ref)}
}

// channelButtons are all that can be done with one channel.
func channelButtons(ch Channel, req Request) Document {
	all := slices.Concat(formButtons(ch, req), careButtons(ch, req))
	if len(all) <= MaxButtons {
		return Document{all}
	}
	return Document{formButtons(ch, req), careButtons(ch, req)}
}

// rowButtons are the same in one row, for a list of channels.
func rowButtons(ch Channel, req Request) Document {
	settings := formButtons(ch, req)
	if len(settings) > 1 {
		settings = Buttons{adminButton(in(req.Language, "⚙️ 設定", "⚙️ Settings"), "set "+ch.Ref.String())}
	}
	return Document{slices.Concat(settings, careButtons(ch, req))}
}

// maxButtonRows is how many channels of a list get buttons of their own; of
// more, one is picked from a menu. Discord has five rows in a message.
const maxButtonRows = 4

// pickChannel is a menu of channels that opens the settings of one.
func pickChannel(all []Channel, req Request) Document {
	var options []Option
	for _, ch := range all {
		options = append(options, Option{Label: "#" + ch.Ref.Channel + " · " + ch.brief(), Value: "set " + ch.Ref.String()})
	}
	return menus(in(req.Language, "⚙️ チャンネルを選ぶ", "⚙️ Pick a channel"), Action{Command: "briefing-admin"}, options)
}
