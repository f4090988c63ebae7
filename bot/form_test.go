package bot

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

// send fills a form in as an admin: what is not given stays as it stands.
func (d *desk) send(t *testing.T, f *Form, answers map[string]string) Reply {
	t.Helper()
	if f == nil {
		t.Fatal("there is no form")
	}
	all := map[string]string{}
	for _, field := range f.Fields {
		all[field.Name] = field.Value
	}
	maps.Copy(all, answers)
	return d.Respond(t.Context(), Request{Ref: here, User: admin(true, nil), Command: f.Action.Command, Text: f.Action.Argument, Answers: all})
}

const settingsHere = "set-form all slack:T1/CHERE1234"

func (d *desk) openSettings(t *testing.T) *Form {
	t.Helper()
	return d.ask(t, "briefing-admin", settingsHere).Form
}

func (f *Form) field(name string) Field {
	i := slices.IndexFunc(f.Fields, func(x Field) bool { return x.Name == name })
	if i < 0 {
		return Field{Value: "no such field"}
	}
	return f.Fields[i]
}

// TestSettingsFormHoldsEverySetting: what set can change, the form can, and
// sent as it stands it changes nothing.
func TestSettingsFormHoldsEverySetting(t *testing.T) {
	d := newDesk(t)
	ch := d.channels.all[here]
	ch.Settings = Settings{Time: 545, Zone: "Europe/Paris", Days: Weekdays{1, 3}, SkipHolidays: true, CatchUp: ch.CatchUp, MaxAge: 7,
		Language: briefing.English, KeyPointsOnly: true, LeaveOut: []briefing.Part{briefing.PartOutlook}, WatchWords: []string{"甲", "乙"}, Mention: "S0123"}
	d.channels.all[here] = ch
	f := d.openSettings(t)
	var names []string
	for _, x := range f.Fields {
		names = append(names, x.Name)
	}
	if diff := cmp.Diff(SettingNames(), names); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"time": "09:05", "zone": "Europe/Paris", "days": "mon,wed", "skip-holidays": "on", "catch-up": "4h", "max-age": "7",
		"language": "en", "thread": "off", "leave-out": "outlook", "watch": "甲,乙", "mention": "S0123"} {
		if got := f.field(name).Value; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if reply := d.send(t, f, nil); reply.Changed || reply.Form != nil || len(d.channels.audits) != 0 || show(reply.Document) != "変更はありません。\n" {
		t.Errorf("sent as it stands: %s, %v", show(reply.Document), d.channels.audits)
	}
	if got := d.channels.all[here]; !cmp.Equal(got, ch) {
		t.Errorf("settings changed: %s", cmp.Diff(ch, got))
	}
}

// TestSettingsFormSaves: all that was filled in, with one entry in the log,
// the same as if it had been typed.
func TestSettingsFormSaves(t *testing.T) {
	d := newDesk(t)
	before := d.channels.all[here]
	want := before
	want.Time, want.Days, want.SkipHolidays, want.KeyPointsOnly, want.WatchWords = 555, Weekdays{2, 4}, true, true, []string{"Exchange", "甲"}
	reply := d.send(t, d.openSettings(t), map[string]string{"time": "９：１５", "days": "thu,tue", "skip-holidays": "on", "thread": "", "watch": "Exchange、甲"})
	if diff := cmp.Diff(want, d.channels.all[here]); diff != "" {
		t.Errorf("channel (-want +got):\n%s", diff)
	}
	says := "✅ #CHERE1234 の設定を保存しました。\n- `time 08:30 → 09:15`\n- `days daily → tue,thu`\n- `skip-holidays off → on`\n- `thread on → off`\n- `watch 前からの語 → Exchange,甲`\n"
	if got := show(reply.Document); got != says || !reply.Changed || reply.Form != nil {
		t.Errorf("answer, changed %v (-want +got):\n%s", reply.Changed, cmp.Diff(says, got))
	}
	audit := []AuditEntry{{At: at(9, 0), Installation: "slack:T1", Who: "U1", What: "set", Ref: here, Before: before.JSON(), After: want.JSON()}}
	if diff := cmp.Diff(audit, d.channels.audits); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
}

// TestSettingsFormSaysAllThatIsWrong and saves nothing, not even what is right.
func TestSettingsFormSaysAllThatIsWrong(t *testing.T) {
	d := newDesk(t)
	before := d.channels.all[here]
	wrong := map[string]string{"time": "25:00", "zone": "Mars/Base", "days": "", "catch-up": "soon", "max-age": "-1", "language": "fr",
		"leave-out": "everything", "watch": strings.Repeat("長", maxWatchWordRunes+1), "mention": "@everyone", "skip-holidays": "maybe"}
	reply := d.send(t, d.openSettings(t), map[string]string{"thread": "off"})
	d.channels.all[here], d.channels.audits = before, nil
	reply = d.send(t, d.openSettings(t), wrong)
	if reply.Form == nil || reply.Changed {
		t.Fatalf("answer: %+v", reply)
	}
	for _, f := range reply.Form.Fields {
		if _, bad := wrong[f.Name]; bad != (f.Problem != "") {
			t.Errorf("%s: problem %q", f.Name, f.Problem)
		}
		if typed, bad := wrong[f.Name]; bad && f.Value != typed {
			t.Errorf("%s holds %q, not what was typed", f.Name, f.Value)
		}
	}
	text := show(reply.Document)
	for _, want := range []string{"保存していません", "**配信時刻**: 「25:00」は使えません。例: 08:30", "**曜日**: 空にはできません。例: weekdays", "[⚙️ 設定を変える → /briefing-admin " + settingsHere + "]"} {
		if !strings.Contains(text, want) {
			t.Errorf("the message lacks %q:\n%s", want, text)
		}
	}
	if diff := cmp.Diff(before, d.channels.all[here]); diff != "" || len(d.channels.audits) != 0 {
		t.Errorf("something was saved: %v\n%s", d.channels.audits, diff)
	}
}

// TestSettingsFormOverwritesNobody: what another admin changed while the form
// was open is shown, not undone.
func TestSettingsFormOverwritesNobody(t *testing.T) {
	d := newDesk(t)
	old := d.openSettings(t)
	d.ask(t, "briefing-admin", "set time 7:00")
	reply := d.send(t, old, map[string]string{"zone": "Europe/Paris"})
	if reply.Form == nil || reply.Form.field("time").Value != "07:00" || !strings.Contains(fmt.Sprint(reply.Form.Note), "設定が変わりました") || !strings.Contains(show(reply.Document), "設定が変わりました") {
		t.Fatalf("answer: %+v", reply)
	}
	if ch := d.channels.all[here]; ch.Time != 420 || ch.Zone != "Asia/Tokyo" {
		t.Errorf("saved: %v %s", ch.Time, ch.Zone)
	}
	if reply := d.send(t, reply.Form, map[string]string{"zone": "Europe/Paris"}); !reply.Changed {
		t.Errorf("sent again: %s", show(reply.Document))
	}
}

// TestFormsAreRefused: who may not, or for what is not there, neither opens a
// form nor sends one.
func TestFormsAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, text string
		user       User
		want       string
	}{
		{"a member", settingsHere, admin(false, nil), "🔒"},
		{"the platform is down", settingsHere, admin(true, errors.New("timeout")), "⚠️ 管理者かどうか"},
		{"a member adds", "add-form", admin(false, nil), "🔒"},
		{"another workspace", "set-form all slack:T2/COTHER123", admin(true, nil), "slack:T2/COTHER123 はこのワークスペース"},
		{"another platform", "set-form all discord:1/2", admin(true, nil), "discord:1/2 はこのワークスペース"},
		{"a channel that was removed", "set-form all slack:T1/CGONE1234", admin(true, nil), "slack:T1/CGONE1234 は配信先に登録されていません"},
		{"no such part", "set-form some slack:T1/CHERE1234", admin(true, nil), "その設定画面はありません"},
	} {
		for _, answers := range []map[string]string{nil, {"time": "09:15", "channel": "CBESIDE12"}} {
			d := newDesk(t)
			before := fmt.Sprint(d.channels.all)
			reply := d.Respond(t.Context(), Request{Ref: here, User: c.user, Command: "briefing-admin", Text: c.text, Answers: answers})
			if got := show(reply.Document); !strings.HasPrefix(got, c.want) || reply.Form != nil || reply.Changed {
				t.Errorf("%s, sent %v: %q, want %q", c.name, answers != nil, got, c.want)
			}
			if fmt.Sprint(d.channels.all) != before || len(d.channels.audits) != 0 {
				t.Errorf("%s, sent %v: something changed", c.name, answers != nil)
			}
		}
	}
}

func TestAddFormAddsAChannel(t *testing.T) {
	d := newDesk(t)
	offer := d.ask(t, "briefing-admin", "add").Document
	if got := show(offer); !strings.Contains(got, "[➕ チャンネルを選んで追加 → /briefing-admin add-form] [📍 このチャンネルを追加 → /briefing-admin add here]") {
		t.Errorf("offered: %s", got)
	}
	f := d.ask(t, "briefing-admin", "add-form").Form
	if f.field("channel").Value != here.Channel || f.field("time").Value != "08:30" {
		t.Errorf("form: %+v", f)
	}
	for channel, want := range map[string]string{
		"": "チャンネルを選んでください", "../T2/C1": "チャンネルを選んでください", "CHERE1234": "登録済み", "CLOCKED12": "invite the bot first",
	} {
		reply := d.send(t, f, map[string]string{"channel": channel, "zone": "Mars/Base"})
		if reply.Form == nil || reply.Form.field("zone").Problem == "" {
			t.Errorf("%q: %s", channel, show(reply.Document))
		} else if p := reply.Form.field("channel").Problem; !strings.Contains(p, want) && channel != "CLOCKED12" {
			t.Errorf("%q: %q, want %q", channel, p, want)
		}
		reply = d.send(t, f, map[string]string{"channel": channel})
		if reply.Form == nil || !strings.Contains(reply.Form.field("channel").Problem, want) {
			t.Errorf("%q alone: %s, want %q", channel, show(reply.Document), want)
		}
	}
	reply := d.send(t, f, map[string]string{"channel": beside.Channel, "time": "07:00", "days": "mon,tue,wed,thu,fri", "language": "en", "max-age": "9"})
	want := Channel{Ref: beside, Settings: d.opts.Defaults, AddedAt: at(9, 0)}
	want.Time, want.Days, want.Language = 420, Weekdays{1, 2, 3, 4, 5}, briefing.English
	if diff := cmp.Diff(want, d.channels.all[beside]); diff != "" || !reply.Changed {
		t.Errorf("channel, changed %v (-want +got):\n%s", reply.Changed, diff)
	}
	if got := show(reply.Document); !strings.HasPrefix(got, "✅ slack:T1/CBESIDE12 を追加しました。07:00（Asia/Tokyo）に投稿します。\n[⚙️ 設定を変える") {
		t.Errorf("answer: %s", got)
	}
	if len(d.channels.audits) != 1 || d.channels.audits[0].What != "add" || d.channels.audits[0].After != want.JSON() {
		t.Errorf("audit log: %+v", d.channels.audits)
	}
}

// TestFormsFitEveryPlatform: titles, labels and actions are within the bounds
// of the platform that has the least room.
func TestFormsFitEveryPlatform(t *testing.T) {
	d := newDesk(t)
	guild := Ref{Installation{Discord, "1198622483471925248"}, "1198622483471925249"}
	ch := Channel{Ref: guild, Settings: someSettings()}
	d.channels.all[guild] = ch
	for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
		req := Request{Ref: guild, User: admin(true, nil), Command: "briefing-admin", Language: lang}
		for _, p := range []part{partWhen, partWhat, partWatch} {
			f := newSettingsForm(ch, p, lang)
			if n := len(f.Fields); n == 0 || n > fieldsPerForm(Discord) {
				t.Errorf("%s: %d fields", p, n)
			}
			if n := len(f.Action.Command + ":" + f.Action.Argument); n > 100 {
				t.Errorf("%s: the action has %d characters", p, n)
			}
		}
		req.Text = "term-form"
		term, _ := d.termForm(t.Context(), req)
		for _, f := range []*Form{newSettingsForm(ch, partAll, lang), d.newAddForm(req), term.Form} {
			if n := utf8.RuneCountInString(f.Title); n > MaxFormTitle {
				t.Errorf("title %q has %d characters", f.Title, n)
			}
			for _, x := range f.Fields {
				if n := utf8.RuneCountInString(x.Label); n > MaxFieldLabel || n == 0 {
					t.Errorf("label %q has %d characters", x.Label, n)
				}
			}
		}
	}
	req := Request{Ref: guild, User: admin(true, nil), Command: "briefing-admin", Text: "set"}
	got := show(d.Respond(t.Context(), req).Document)
	for _, want := range []string{"set-form when discord:", "set-form what discord:", "set-form watch discord:", "/briefing-admin pause discord:"} {
		if !strings.Contains(got, want) {
			t.Errorf("the settings lack %q:\n%s", want, got)
		}
	}
	req.Ref.Channel, req.Text = "1198622483471925250", "add"
	if got := show(d.Respond(t.Context(), req).Document); !strings.HasPrefix(got, "✅ discord:1198622483471925248/1198622483471925250 を追加しました") {
		t.Errorf("add without a channel on Discord: %s", got)
	}
}

func TestRouterOpens(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		command, text string
		answers       map[string]string
		want          bool
	}{
		{"briefing-admin", settingsHere, nil, true},
		{"briefing-admin", "ADD-FORM", nil, true},
		{"term-form", "", nil, true},
		{"briefing-admin", settingsHere, map[string]string{}, false},
		{"term-form", "", map[string]string{}, false},
		{"briefing-admin", "set", nil, false},
		{"briefing-admin", "", nil, false},
		{"term", "set-form", nil, false},
	} {
		if got := d.Opens(Request{Command: c.command, Text: c.text, Answers: c.answers}); got != c.want {
			t.Errorf("%s %s %v: %v", c.command, c.text, c.answers, got)
		}
		reply := d.ask(t, c.command, c.text)
		if c.answers == nil && (reply.Form != nil) != c.want {
			t.Errorf("%s %s is answered by a form: %v", c.command, c.text, reply.Form != nil)
		}
	}
}

func TestTermForm(t *testing.T) {
	d := newDesk(t)
	f := d.ask(t, "term-form", "").Form
	if got := show(d.send(t, f, map[string]string{"word": "一語"}).Document); !strings.HasPrefix(got, "# 一語\n") {
		t.Errorf("looked up: %s", got)
	}
}

func TestRouterLooksUpAMessage(t *testing.T) {
	d := newDesk(t)
	if got := show(d.ask(t, "lookup", "この一語と多義について").Document); !strings.HasPrefix(got, "  ~ このメッセージにある用語: 2 件\n# 一語\n") || !strings.Contains(got, "# 多義\n") {
		t.Errorf("looked up: %s", got)
	}
	if got := show(d.ask(t, "lookup", "何もない").Document); !strings.HasPrefix(got, "このメッセージには用語集の用語が見つかりませんでした") {
		t.Errorf("without terms: %s", got)
	}
	if len(d.words.words) != 0 {
		t.Errorf("counted as unknown: %v", d.words.words)
	}
}

// TestRouterHome: admins see the channels of their own workspace, nobody else
// a trace of any.
func TestRouterHome(t *testing.T) {
	d := newDesk(t)
	home := func(u User) string {
		ref := here
		ref.Channel = ""
		return show(d.Respond(t.Context(), Request{Ref: ref, User: u, Command: "home"}).Document)
	}
	ours := home(admin(true, nil))
	for _, want := range []string{"🔍 用語を調べる", "▾ /term: 新語0", "# 題 2025-07-02", "[📰 記事を読む ▾", "配信の管理", "- #CHERE1234 停止中", "set-form all slack:T1/CHERE1234", "[➕ チャンネルを選んで追加", "[📜 変更の記録"} {
		if !strings.Contains(ours, want) {
			t.Errorf("an admin's home lacks %q:\n%s", want, ours)
		}
	}
	if strings.Contains(ours, "T2") || strings.Contains(ours, "/share") || strings.Contains(ours, "add here") {
		t.Errorf("an admin's home has too much:\n%s", ours)
	}
	for name, u := range map[string]User{"a member": admin(false, nil), "nobody to ask": {ID: "U2"}, "the platform is down": admin(true, errors.New("timeout"))} {
		got := home(u)
		if !strings.Contains(got, "# 題 2025-07-02") || strings.Contains(got, "CHERE1234") || strings.Contains(got, "admin") || strings.Contains(got, "管理") {
			t.Errorf("%s: %s", name, got)
		}
	}
	d.channels.broken = errors.New("password=hunter2 refused")
	if got := home(admin(true, nil)); !strings.Contains(got, "# 題 2025-07-02") || strings.Contains(got, "hunter2") || !strings.Contains(got, "いま処理できませんでした") {
		t.Errorf("without a database: %s", got)
	}
	d.opts.Library = newShelf().Library
	if got := home(admin(false, nil)); !strings.Contains(got, "まとめはまだありません") {
		t.Errorf("without a digest: %s", got)
	}
}

// TestListOfManyChannels offers a menu in place of a row of buttons each.
func TestListOfManyChannels(t *testing.T) {
	d := newDesk(t)
	for i := range maxButtonRows {
		ref := Ref{here.Installation, fmt.Sprintf("CMORE%04d", i)}
		d.channels.all[ref] = Channel{Ref: ref, Settings: someSettings()}
	}
	got := show(d.ask(t, "briefing-admin", "list").Document)
	if strings.Contains(got, "→") || !strings.Contains(got, "[⚙️ チャンネルを選ぶ ▾ /briefing-admin: ") || !strings.Contains(got, "=set slack:T1/CMORE0003") {
		t.Errorf("list: %s", got)
	}
}

// TestFilledInFormIsNotLost: who has asked too much may still send what was
// filled in.
func TestFilledInFormIsNotLost(t *testing.T) {
	d := newDesk(t)
	f := d.openSettings(t)
	for range perUser.burst + 1 {
		d.ask(t, "briefing-admin", settingsHere)
	}
	if reply := d.ask(t, "briefing-admin", settingsHere); reply.Form != nil {
		t.Fatal("nobody is limited: the test is void")
	}
	if reply := d.send(t, f, map[string]string{"time": "09:15"}); !reply.Changed {
		t.Errorf("sent: %s", show(reply.Document))
	}
}
