package bot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// setting is one thing that an admin can choose for a channel.
type setting struct {
	name    string
	example string
	get     func(Settings) string
	set     func(*Settings, string) error
	// The rest is how a form asks for it.
	part     part
	kind     FieldKind
	required bool
	ja, en   wording
	options  func(briefing.Language) []Option
}

// wording is what people read beside a field.
type wording struct{ label, hint string }

// part is a group of settings that fits one form on every platform.
type part string

const (
	partWhen  part = "when"
	partWhat  part = "what"
	partWatch part = "watch"
	partAll   part = "all"
)

// settings are all there are, in the order people see them.
var settings = []setting{
	{
		name: "time", example: "08:30", get: func(s Settings) string { return s.Time.String() },
		set: func(s *Settings, v string) (err error) {
			s.Time, err = ParseClock(v)
			return err
		},
		part: partWhen, kind: TimeOfDay, required: true,
		ja: wording{"配信時刻", "このチャンネルに投稿する時刻です。"},
		en: wording{"Time", "When the briefing is posted."},
	},
	{
		name: "zone", example: "Asia/Tokyo", get: func(s Settings) string { return s.Zone }, set: setZone,
		part: partWhen, kind: TextLine, required: true,
		ja: wording{"タイムゾーン", "例: Asia/Tokyo、America/New_York"},
		en: wording{"Time zone", "For example Asia/Tokyo or America/New_York"},
	},
	{
		name: "days", example: "weekdays", get: func(s Settings) string { return s.Days.String() },
		set: func(s *Settings, v string) (err error) {
			s.Days, err = ParseWeekdays(v)
			return err
		},
		part: partWhen, kind: SomeOf, required: true, options: dayOptions,
		ja: wording{"曜日", "投稿する曜日です。"},
		en: wording{"Days", "The days on which it is posted."},
	},
	{
		name: "skip-holidays", example: "on", get: func(s Settings) string { return onOff(s.SkipHolidays) },
		set: func(s *Settings, v string) (err error) {
			s.SkipHolidays, err = parseOnOff(v)
			return err
		},
		part: partWhen, kind: OnOff,
		ja: wording{"祝日は休む", "日本の祝日と 12/29〜1/3 は投稿しません。"},
		en: wording{"Skip holidays", "Nothing on Japanese public holidays and 12/29–1/3."},
	},
	{
		name: "catch-up", example: "4h", get: func(s Settings) string { return shortDuration(s.CatchUp) }, set: setCatchUp,
		part: partWhen, kind: TextLine, required: true,
		ja: wording{"遅れて届いたときに待つ時間", "例: 4h、1h30m（24h まで）"},
		en: wording{"Wait for a late digest", "For example 4h or 1h30m; at most 24h"},
	},
	{
		name: "max-age", example: "3", get: func(s Settings) string { return strconv.Itoa(s.MaxAge) }, set: setMaxAge,
		part: partWhat, kind: TextLine, required: true,
		ja: wording{"何日前のまとめまで投稿するか", "日数です。0 は制限なし。"},
		en: wording{"Oldest digest to post, in days", "0 is no limit."},
	},
	{
		name: "language", example: "ja", get: func(s Settings) string { return string(s.Language) }, set: setLanguage,
		part: partWhat, kind: OneOf, required: true, options: languageOptions,
		ja: wording{"言語", "見出しや案内の言語です。"},
		en: wording{"Language", "The language of headings and answers."},
	},
	{
		name: "thread", example: "on", get: func(s Settings) string { return onOff(!s.KeyPointsOnly) },
		set: func(s *Settings, v string) error {
			on, err := parseOnOff(v)
			s.KeyPointsOnly = !on
			return err
		},
		part: partWhat, kind: OnOff,
		ja: wording{"詳細をスレッドに付ける", "付けないときは要点だけを投稿します。"},
		en: wording{"Details in a thread", "Without them only the key points are posted."},
	},
	{
		name: "leave-out", example: "citations,outlook", get: func(s Settings) string { return orNone(joinParts(s.LeaveOut)) }, set: setLeaveOut,
		part: partWhat, kind: SomeOf, options: partOptions,
		ja: wording{"省く部分", "選んだ部分は投稿しません。"},
		en: wording{"Leave out", "These parts are not posted."},
	},
	{
		name: "watch", example: "Exchange,FortiGate", get: func(s Settings) string { return orNone(strings.Join(s.WatchWords, ",")) }, set: setWatch,
		part: partWatch, kind: TextLine,
		ja: wording{"監視する語", "製品名など。「、」か「,」で区切ります。投稿の中で目印が付きます。"},
		en: wording{"Watch words", "Product names and the like, with commas between. They are marked in the post."},
	},
	{
		name: "mention", example: "none", get: func(s Settings) string { return orNone(s.Mention) }, set: setMention,
		part: partWatch, kind: TextLine,
		ja: wording{"知らせる相手", "監視する語があったときに知らせるユーザーグループ（S…）かロールの ID。空なら誰にも知らせません。"},
		en: wording{"Whom to tell", "The id of one user group (S…) or role to mention when a watch word is met; empty for nobody."},
	},
}

// Set changes one setting by its name; the error says what is accepted.
func (s *Settings) Set(name, value string) error {
	i := slices.IndexFunc(settings, func(t setting) bool { return t.name == name })
	if i < 0 {
		return fmt.Errorf("setting %q: no such setting; there are %s", name, strings.Join(SettingNames(), ", "))
	}
	changed := *s
	if err := settings[i].set(&changed, strings.TrimSpace(Clean(value))); err != nil {
		return fmt.Errorf("setting %s: %w", name, err)
	}
	*s = changed
	return nil
}

// SettingNames are the names that Set knows.
func SettingNames() []string {
	names := make([]string, len(settings))
	for i, t := range settings {
		names[i] = t.name
	}
	return names
}

// Lines are the settings as people read them, one "name value" each.
func (s Settings) Lines() []string {
	lines := make([]string, len(settings))
	for i, t := range settings {
		lines[i] = t.name + " " + t.get(s)
	}
	return lines
}

// JSON is the form in which settings stand in the audit log.
func (s Settings) JSON() string {
	b, _ := json.Marshal(s) // plain fields only: cannot fail
	return string(b)
}

// Options are the settings that concern what a briefing shows.
func (s Settings) Options(publicURL string) briefing.Options {
	return briefing.Options{
		Language: s.Language, KeyPointsOnly: s.KeyPointsOnly, LeaveOut: s.LeaveOut,
		WatchWords: s.WatchWords, Mention: s.Mention, PublicURL: publicURL,
	}
}

func setZone(s *Settings, v string) error {
	// "Local" and "" are zones to Go, but depend on the machine.
	if _, err := time.LoadLocation(v); err != nil || v == "" || v == "Local" {
		return fmt.Errorf("zone %q: want an IANA name, for example Asia/Tokyo", v)
	}
	s.Zone = v
	return nil
}

// maxCatchUp ends a slot's window at the latest when the next day's begins.
const maxCatchUp = 24 * time.Hour

func setCatchUp(s *Settings, v string) error {
	d, err := time.ParseDuration(fold(v))
	if err != nil || d <= 0 || d > maxCatchUp {
		return fmt.Errorf("window %q: want a duration of at most 24h, for example 4h", v)
	}
	s.CatchUp = d
	return nil
}

// shortDuration is a duration without the units that are nought: 4h, 1h30m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// maxMaxAge is ten years: who wants more wants no limit.
const maxMaxAge = 3650

func setMaxAge(s *Settings, v string) error {
	n, err := strconv.Atoi(strings.TrimSuffix(fold(v), "d"))
	if err != nil || n < 0 || n > maxMaxAge {
		return fmt.Errorf("age %q: want a number of days up to %d, 0 for no limit", v, maxMaxAge)
	}
	s.MaxAge = n
	return nil
}

func setLanguage(s *Settings, v string) error {
	l := briefing.Language(fold(v))
	if l != briefing.Japanese && l != briefing.English {
		return fmt.Errorf("language %q: want ja or en", v)
	}
	s.Language = l
	return nil
}

func setLeaveOut(s *Settings, v string) error {
	var parts []briefing.Part
	for _, name := range splitList(v) {
		p := briefing.Part(fold(name))
		if !slices.Contains(briefing.Parts(), p) {
			return fmt.Errorf("part %q: want none or some of %s", name, joinParts(briefing.Parts()))
		}
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	s.LeaveOut = parts
	return nil
}

// The bounds of watch words: enough for every product a team runs, and little
// to look for in a digest.
const (
	maxWatchWords     = 50
	maxWatchWordRunes = 50
)

func setWatch(s *Settings, v string) error {
	words := splitList(v)
	if len(words) > maxWatchWords {
		return fmt.Errorf("%d words: want at most %d", len(words), maxWatchWords)
	}
	for _, w := range words {
		if utf8.RuneCountInString(w) > maxWatchWordRunes {
			return fmt.Errorf("word %q: want at most %d characters", w, maxWatchWordRunes)
		}
	}
	s.WatchWords = words
	return nil
}

// groupID finds the id of a Slack user group or a Discord role: bare, or as
// the platforms write a mention of it. Names such as everyone are no ids.
var groupID = regexp.MustCompile(`^(?:<!subteam\^(S[0-9A-Z]+)(?:\|[^<>]*)?>|<@&([0-9]+)>|(S[0-9A-Z]+|[0-9]+))$`)

func setMention(s *Settings, v string) error {
	if v == "" || fold(v) == "none" {
		s.Mention = ""
		return nil
	}
	m := groupID.FindStringSubmatch(v)
	if m == nil {
		return fmt.Errorf("mention %q: want one user group or role, or none", v)
	}
	s.Mention = cmp.Or(m[1:]...)
	return nil
}

func orNone(v string) string { return cmp.Or(v, "none") }

func joinParts(parts []briefing.Part) string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = string(p)
	}
	return strings.Join(names, ",")
}

// splitList reads a list with commas, Japanese ones too; "none" is empty.
func splitList(v string) []string {
	var list []string
	for _, item := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == '、' || r == '，' }) {
		item = strings.TrimSpace(item)
		if item != "" && fold(item) != "none" && !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

func parseOnOff(v string) (bool, error) {
	switch fold(v) {
	case "on", "true", "yes", "オン", "はい":
		return true, nil
	case "off", "false", "no", "オフ", "いいえ":
		return false, nil
	}
	return false, fmt.Errorf("%q: want on or off", v)
}
