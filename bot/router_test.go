package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

// words is a glossary of few terms.
type words map[string]briefing.Answer

func (w words) Lookup(query string) briefing.Answer {
	if query == "爆発" {
		panic("glossary exploded")
	}
	if a, ok := w[query]; ok {
		return a
	}
	return briefing.Answer{Query: query, Match: briefing.MatchNone, Suggestions: []string{"甲", "乙", "丙", "丁", "戊"}}
}

func (w words) Newest(n int) []briefing.Entry {
	var all []briefing.Entry
	for i := range min(n, len(w)*20) {
		all = append(all, briefing.Entry{Term: fmt.Sprint("新語", i), LastSeen: "2025-07-02"})
	}
	return all
}

func (w words) Complete(prefix string, n int) []string {
	if prefix == "爆発" {
		panic("glossary exploded")
	}
	return []string{prefix + "一", fmt.Sprint(n)}
}

// Mentioned finds the terms in their order of age; none but these.
func (w words) Mentioned(text string, n int) []briefing.Entry {
	var all []briefing.Entry
	for _, term := range []string{"一語", "多義"} {
		if strings.Contains(text, term) && len(all) < n {
			all = append(all, w[term].Terms...)
		}
	}
	return all
}

// channels keep channels in memory, with the audit log.
type channels struct {
	all    map[Ref]Channel
	audits []AuditEntry
	broken error
}

func (c *channels) Channels(context.Context) ([]Channel, error) {
	var all []Channel
	for _, ch := range c.all {
		all = append(all, ch)
	}
	return all, c.broken
}

func (c *channels) Channel(_ context.Context, ref Ref) (Channel, error) {
	ch, ok := c.all[ref]
	if !ok && c.broken == nil {
		return Channel{}, fmt.Errorf("channel %s: %w", ref, briefing.ErrNotFound)
	}
	return ch, c.broken
}

func (c *channels) PutChannel(_ context.Context, ch Channel, a AuditEntry) error {
	if c.broken != nil {
		return c.broken
	}
	c.all[ch.Ref] = ch
	c.audits = append(c.audits, a)
	return nil
}

func (c *channels) RemoveChannel(_ context.Context, ref Ref, a AuditEntry) error {
	delete(c.all, ref)
	c.audits = append(c.audits, a)
	return c.broken
}

// counter counts unknown words.
type counter struct {
	words  []string
	broken error
}

func (c *counter) CountUnknown(_ context.Context, in InstallationID, word string, _ time.Time) error {
	if c.broken == nil {
		c.words = append(c.words, string(in)+" "+word)
	}
	return c.broken
}

// reporter reports what it is told to.
type reporter []ChannelStatus

func (r reporter) Status(_ context.Context, in InstallationID) ([]ChannelStatus, error) {
	var all []ChannelStatus
	for _, s := range r {
		if s.Ref.ID() == in {
			all = append(all, s)
		}
	}
	return all, nil
}

// retractor has one post of one digest, and remembers what it was asked.
type retractor struct{ asked []string }

func (r *retractor) Retract(_ context.Context, in InstallationID, date briefing.Date, who string) ([]Ref, error) {
	r.asked = append(r.asked, fmt.Sprintf("%s %s %s", in, date, who))
	if date != "2025-07-01" {
		return nil, nil
	}
	return []Ref{here, beside}, nil
}

// Audit implements Auditor.
func (c *channels) Audit(_ context.Context, in InstallationID, n int) ([]AuditEntry, error) {
	var mine []AuditEntry
	for _, e := range c.audits {
		if e.Installation == in && len(mine) < n {
			mine = append(mine, e)
		}
	}
	return mine, c.broken
}

// tester fails as it is told to.
type tester struct {
	err    error
	tested []Ref
}

func (t *tester) Test(_ context.Context, ref Ref, _ briefing.Language) error {
	t.tested = append(t.tested, ref)
	return t.err
}

type checker func(Ref) error

func (c checker) Check(_ context.Context, ref Ref) error { return c(ref) }

var (
	here   = Ref{Installation{Slack, "T1"}, "CHERE1234"}
	beside = Ref{Installation{Slack, "T1"}, "CBESIDE12"}
	other  = Ref{Installation{Slack, "T2"}, "COTHER123"}
)

// desk is a router with everything it works with in memory.
type desk struct {
	*Router
	shelf    *shelf
	words    *counter
	channels *channels
	retracts *retractor
	tester   *tester
}

func newDesk(t *testing.T) *desk {
	d := &desk{shelf: newShelf(), words: &counter{}, channels: &channels{all: map[Ref]Channel{}}, retracts: &retractor{}, tester: &tester{}}
	for _, ref := range []Ref{here, other} {
		d.channels.all[ref] = Channel{Ref: ref, Settings: someSettings(), AddedAt: at(0, 0)}
	}
	d.shelf.mustTake(t, "2025-07-01", "古い見出し|ランサムウェアの話")
	d.shelf.mustTake(t, "2025-07-02", "新しい見出し|ランサムウェアの続き")
	d.Router = NewRouter(RouterOptions{
		Glossary: words{
			"一語": {Match: briefing.MatchExact, Terms: []briefing.Entry{{
				Term: "一語", Aliases: []string{"別名一", "別名二"}, Definition: "一つの意味。", FirstSeen: "2025-06-01", LastSeen: "2025-07-02",
				Digests: []briefing.Date{"2025-07-02", "2025-06-01"}, Related: []string{"関連語"},
				Meanings: []briefing.Meaning{{Definition: "一つの意味。", Date: "2025-07-02"}},
			}}},
			"多義": {Match: briefing.MatchExact, Terms: []briefing.Entry{{
				Term: "多義", Definition: "新しい意味。", FirstSeen: "2025-06-01", LastSeen: "2025-07-02",
				Digests:  []briefing.Date{"2025-07-06", "2025-07-05", "2025-07-04", "2025-07-03", "2025-07-02", "2025-07-01"},
				Meanings: []briefing.Meaning{{Definition: "新しい意味。", Date: "2025-07-06"}, {Definition: "古い意味。", Date: "2025-07-01"}},
			}}, Suggestions: []string{"一語"}},
		},
		Library: d.shelf.Library, Channels: d.channels, Words: d.words, Retractor: d.retracts, Tester: d.tester, Auditor: d.channels,
		Reporter: reporter{
			{Ref: here, State: "paused", Reason: "not_in_channel", LastPost: &LastPost{Digest: "2025-07-01", At: at(0, 0)}, Slot: SlotStatus{Date: "2025-07-03", State: "no_digest", Reason: "none"}, NextSlot: at(23, 30)},
			{Ref: beside, State: "active"},
			{Ref: other, State: "active"},
		},
		Checkers: map[Platform]Checker{Slack: checker(func(ref Ref) error {
			switch ref.Channel {
			case "CLOCKED12":
				return errors.New("invite the bot first")
			case "CMISTY123":
				return fmt.Errorf("%w: timeout", ErrUnchecked)
			}
			return nil
		})},
		Defaults: Settings{Time: 510, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, Language: briefing.Japanese},
		Clock:    func() time.Time { return at(9, 0) }, Logger: silent(),
	})
	return d
}

// ask gives a command as an admin in the channel here.
func (d *desk) ask(t *testing.T, command, text string) Reply {
	t.Helper()
	return d.Respond(t.Context(), Request{Ref: here, User: admin(true, nil), Command: command, Text: text})
}

func admin(ok bool, err error) User {
	return User{ID: "U1", Name: "花子", Admin: func(context.Context) (bool, error) { return ok, err }}
}

// TestRouterAnswers asks every command and compares what people see; of an
// answer that ends in … only the beginning.
func TestRouterAnswers(t *testing.T) {
	for _, c := range []struct{ command, text, want string }{
		{"term", " 一語 ", "# 一語\n  ~ 別名: 別名一、別名二\n一つの意味。\n  ~ 関連: 関連語\n  ~ 初出 2025-06-01・掲載 2 回: 2025-07-02、2025-06-01\n[📣 チャンネルに共有 → /share term 一語]\n"},
		{"term", "多義", "# 多義\n1. 新しい意味。 [2025-07-06]\n2. 古い意味。 [2025-07-01]\n  ~ 初出 2025-06-01・掲載 6 回: 2025-07-06、2025-07-05、2025-07-04、2025-07-03、2025-07-02 ほか\n  ~ もしかして:\n[一語 → /term 一語]\n[📣 チャンネルに共有 → /share term 多義]\n"},
		{"term", "知らない語", "「知らない語」はまだ用語集にありません。執筆者に伝わるよう記録しました。\n  ~ もしかして:\n[甲 → /term 甲] [乙 → /term 乙] [丙 → /term 丙] [丁 → /term 丁] [戊 → /term 戊]\n"},
		{"term", strings.Repeat("長", 201), "入力が長すぎます（200 文字まで）。\n"},
		{"briefing", "", "# 題 2025-07-02\n…"},
		{"briefing", "Latest", "# 題 2025-07-02\n…"},
		{"briefing", "2025-07-01", "# 題 2025-07-01\n  ~ 7月1日（火）・ニュース 1 件・読了 約 1 分\n## 見出し\n1) 古い見出し\n[📰 記事を読む ▾ /briefing: 古い見出し=2025-07-01 10]\n[📣 チャンネルに共有 → /share briefing 2025-07-01]\n"},
		{"briefing", "2025/7/1", "# 題 2025-07-01\n…"},
		{"briefing", "２０２５年７月１日", "# 題 2025-07-01\n…"},
		{"briefing", "2025-07-01 10", "### 古い見出し\nランサムウェアの話\n[📣 チャンネルに共有 → /share briefing 2025-07-01 10]\n"},
		{"briefing", "2025-07-01 99", "2025-07-01 のまとめの 99 行目に記事はありません。\n"},
		{"briefing", "2025-07-01 x", "「x」は分かりません。/briefing help をご覧ください。\n"},
		{"briefing", "2025-06-30", "2025-06-30 のまとめはありません。\n"},
		{"briefing", "2025-02-30", "「2025-02-30」は日付として読めません。例: /briefing 2025-07-02\n"},
		{"briefing", "search", "探す言葉を入力してください。例: /briefing search ランサムウェア\n"},
		{"briefing", "search ない言葉", "「ない言葉」は見つかりませんでした。\n"},
		{"briefing", "Search　続き", "# 「続き」の検索結果\n  ~ 1 件中 1〜1 件目・新しい順\n- 2025-07-02 **新しい見出し**\n  ~ ランサムウェアの続き\n[📰 開いて読む ▾ /briefing: 2025-07-02 新しい見出し=2025-07-02 10]\n"},
		{"briefing", "search " + strings.Repeat("長", 201), "検索の言葉が長すぎます（200 文字まで）。\n"},
		{"briefing", "search 続き page 2", "2 ページ目はありません（全 1 件）。\n"},
		{"briefing", "search 続き page 9223372036854775807", "「続き page 9223372036854775807」は見つかりませんでした。\n"},
		{"briefing", "help", "# コマンドの使い方\n…"},
		{"unheard-of", "", "# コマンドの使い方\n…"},
		{"briefing-admin", "", "# コマンドの使い方\n…"},
		{"briefing-admin", "dance", "# コマンドの使い方\n…"},
		{"briefing-admin", "list", "# 配信チャンネル\n- #CHERE1234 `slack:T1/CHERE1234` 08:30 Asia/Tokyo daily\n[⚙️ 設定を変える → /briefing-admin set-form all slack:T1/CHERE1234] [⏸️ 止める → /briefing-admin pause slack:T1/CHERE1234] [👀 プレビュー → /briefing-admin preview slack:T1/CHERE1234] [🔔 テスト → /briefing-admin test slack:T1/CHERE1234]\n"},
		{"briefing-admin", "status", "# 配信の状況\n- #CHERE1234 `slack:T1/CHERE1234` 停止中: ボットがチャンネルにいません。招待してください（not_in_channel）・前回 2025-07-03 09:00（2025-07-01 のまとめ）・2025-07-03 分: まとめなし。none・次回 2025-07-04 08:30\n[⚙️ 設定を変える → …"},
		{"briefing-admin", "preview", "# 題 2025-07-02\n…"},
		{"briefing-admin", "set", "# 設定 slack:T1/CHERE1234\n- `time 08:30`\n…"},
		{"term", "爆発", "⚠️ いま処理できませんでした。しばらくしてからもう一度お試しください。\n"},
		{"share", "term 爆発", "⚠️ いま処理できませんでした。しばらくしてからもう一度お試しください。\n"},
	} {
		t.Run(c.command+" "+c.text[:min(len(c.text), 30)], func(t *testing.T) {
			reply := newDesk(t).ask(t, c.command, c.text)
			got := show(reply.Document)
			want, begins := strings.CutSuffix(c.want, "…")
			if !strings.HasPrefix(got, want) || !begins && got != want {
				t.Errorf("answer (-want +got):\n%s", cmp.Diff(want, got))
			}
			if reply.Public || reply.Quiet {
				t.Errorf("reply is public %v, quiet %v; want a private one", reply.Public, reply.Quiet)
			}
		})
	}
}

// TestRouterLinksDigests: the digests that explain a term are linked where
// there are pages to link to.
func TestRouterLinksDigests(t *testing.T) {
	d := newDesk(t)
	d.Router.opts.PublicURL = "https://news.example"
	if got := show(d.ask(t, "term", "一語").Document); !strings.Contains(got, "https://news.example/briefings/2025-07-02") || !strings.Contains(got, "関連: 関連語") {
		t.Errorf("got %s", got)
	}
}

func TestRouterEnglish(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ command, text, want string }{
		{"term", "nothing", "“nothing” is not in the glossary yet. It was noted for the author.\n"},
		{"briefing", "help", "# Commands\n"},
		{"briefing-admin", "set time 25:00", "Cannot read the setting: setting time: "},
		{"term", "爆発", "⚠️ That did not work just now."},
	} {
		got := show(d.Respond(t.Context(), Request{Ref: here, User: admin(true, nil), Command: c.command, Text: c.text, Language: briefing.English}).Document)
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.command, c.text, got, c.want)
		}
	}
}

func TestRouterNewTerms(t *testing.T) {
	d := newDesk(t)
	got := show(d.ask(t, "term", "　").Document)
	if !strings.HasPrefix(got, "# 用語集\n") || strings.Count(got, "- **新語") != newestTerms || !strings.Contains(got, "▾ /term: 新語0=新語0, ") {
		t.Errorf("newest terms: %s", got)
	}
	d.opts.Glossary = words{}
	if got := show(d.ask(t, "term", "").Document); !strings.Contains(got, "用語はまだありません") {
		t.Errorf("no terms: %s", got)
	}
}

func TestRouterCountsUnknownWords(t *testing.T) {
	d := newDesk(t)
	d.ask(t, "term", "知らない\u200B語")
	d.ask(t, "term", "一語")
	if diff := cmp.Diff([]string{"slack:T1 知らない語"}, d.words.words); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
	d.words.broken = errors.New("database is locked")
	got := show(d.ask(t, "term", "数えられない語").Document)
	if !strings.HasPrefix(got, "「数えられない語」はまだ用語集にありません。\n") {
		t.Errorf("answer when counting fails: %s", got)
	}
}

func TestRouterSearchPages(t *testing.T) {
	d := newDesk(t)
	for i := range 12 {
		d.shelf.mustTake(t, briefing.Date("2025-05-01").AddDays(i), "号|探す言葉")
	}
	seen, ask := 0, Action{Command: "briefing", Argument: "search 探す 言葉"}
	for pages := 1; ; pages++ {
		doc := d.ask(t, ask.Command, ask.Argument).Document
		seen += strings.Count(show(doc), "**号**")
		row, more := doc[len(doc)-1].(Buttons)
		if !more {
			if pages != 3 || seen != 12 {
				t.Errorf("%d hits on %d pages, want 12 on 3", seen, pages)
			}
			return
		}
		ask = row[0].Action
	}
}

func TestRouterShares(t *testing.T) {
	d := newDesk(t)
	reply := d.ask(t, "share", "term 一語")
	got := show(reply.Document)
	if !reply.Public || !strings.Contains(got, "一つの意味。") || !strings.HasSuffix(got, "  ~ 花子 さんが共有しました\n") || strings.Contains(got, "/share") {
		t.Errorf("shared: public %v\n%s", reply.Public, got)
	}
	for _, text := range []string{"", "briefing-admin list", "share term 一語", "term " + strings.Repeat("長", 201), "briefing 2020-01-01", "term 爆発"} {
		if reply := d.ask(t, "share", text); reply.Public {
			t.Errorf("share %q was public: %s", text, show(reply.Document))
		}
	}
}

func TestRouterWhoMay(t *testing.T) {
	for name, c := range map[string]struct {
		user User
		want string
	}{
		"a member":             {admin(false, nil), "🔒"},
		"nobody to ask":        {User{ID: "U1"}, "🔒"},
		"the platform is down": {admin(false, errors.New("timeout")), "⚠️"},
		"yes, but in doubt":    {admin(true, errors.New("timeout")), "⚠️"},
		"the check panics":     {User{ID: "U1", Admin: func(context.Context) (bool, error) { panic("no") }}, "⚠️"},
		"an admin":             {admin(true, nil), "✅"},
	} {
		d := newDesk(t)
		got := show(d.Respond(t.Context(), Request{Ref: here, User: c.user, Command: "briefing-admin", Text: "remove"}).Document)
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if _, there := d.channels.all[here]; there == (c.want == "✅") {
			t.Errorf("%s: the channel is there: %v", name, there)
		}
		if got := show(d.Respond(t.Context(), Request{Ref: here, User: c.user, Command: "term", Text: "一語"}).Document); !strings.HasPrefix(got, "# 一語") {
			t.Errorf("%s: may not even ask for a term: %s", name, got)
		}
	}
}

// TestRouterChanges checks what each admin command leaves behind, and that
// the audit log says so.
func TestRouterChanges(t *testing.T) {
	for _, c := range []struct {
		text, want, audit string
		ref               Ref
		change            func(*Channel) // of here, or of a channel with the defaults; nil: it is gone
	}{
		{"add #CBESIDE12", "✅ slack:T1/CBESIDE12 を追加しました。08:30（Asia/Tokyo）に投稿します。", "add", beside, func(*Channel) {}},
		{"add <#CBESIDE12|beside> 7:00 America/New_York", "✅", "add", beside, func(c *Channel) { c.Time, c.Zone = 420, "America/New_York" }},
		{"ADD CBESIDE12 Europe/Paris", "✅", "add", beside, func(c *Channel) { c.Zone = "Europe/Paris" }},
		{"add C1 7:00", "✅", "add", Ref{here.Installation, "C1"}, func(c *Channel) { c.Time = 420 }},
		{"add slack:T1/CBESIDE12 ７：００", "✅", "add", beside, func(c *Channel) { c.Time = 420 }},
		{"add CMISTY123", "✅ slack:T1/CMISTY123 を追加しました。08:30（Asia/Tokyo）に投稿します。\n⚠️ 投稿できるかは、いま確かめられませんでした。test で試せます。\n[⚙️", "add", Ref{here.Installation, "CMISTY123"}, func(*Channel) {}},
		{"remove", "✅ slack:T1/CHERE1234 を配信先から外しました。", "remove", here, nil},
		{"remove here", "✅", "remove", here, nil},
		{"remove slack:T1/CHERE1234", "✅", "remove", here, nil},
		{"set days weekdays", "# 設定", "set", here, func(c *Channel) { c.Days = Weekdays{1, 2, 3, 4, 5} }},
		{"set <#CHERE1234> Time 9:15", "# 設定", "set", here, func(c *Channel) { c.Time = 555 }},
		{"set　watch　Exchange、Forti Gate", "# 設定", "set", here, func(c *Channel) { c.WatchWords = []string{"Exchange", "Forti Gate"} }},
		{"pause", "⏸️", "pause", here, func(c *Channel) { c.Paused, c.Reason = true, "admin" }},
		{"resume", "▶️", "resume", here, func(*Channel) {}},
	} {
		t.Run(c.text, func(t *testing.T) {
			d := newDesk(t)
			want := Channel{Ref: c.ref, Settings: d.opts.Defaults, AddedAt: at(9, 0)}
			before := ""
			if old, known := d.channels.all[c.ref]; known {
				want, before = old, old.JSON()
			}
			got := show(d.ask(t, "briefing-admin", c.text).Document)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("answer %q, want %q", got, c.want)
			}
			after := ""
			ch, there := d.channels.all[c.ref]
			if c.change != nil {
				c.change(&want)
				after = want.JSON()
				if diff := cmp.Diff(want, ch); diff != "" {
					t.Errorf("channel (-want +got):\n%s", diff)
				}
			} else if there {
				t.Error("the channel is still there")
			}
			if c.audit == "pause" || c.audit == "resume" {
				before, after = "active", want.State()
			}
			audit := []AuditEntry{{At: at(9, 0), Installation: "slack:T1", Who: "U1", What: c.audit, Ref: c.ref, Before: before, After: after}}
			if diff := cmp.Diff(audit, d.channels.audits); diff != "" {
				t.Errorf("audit log (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRouterRetracts(t *testing.T) {
	for _, c := range []struct{ text, want, asked string }{
		{"retract 2025-07-01", "🗑️ 2025-07-01 のまとめの投稿を削除します: slack:T1/CHERE1234、slack:T1/CBESIDE12。", "slack:T1 2025-07-01 U1"},
		{"retract 2025年7月1日", "🗑️ 2025-07-01", "slack:T1 2025-07-01 U1"},
		{"retract 2025-07-02", "2025-07-02 のまとめの投稿はありません。", "slack:T1 2025-07-02 U1"},
		{"retract", "取り消すまとめの日付を指定してください。", ""},
		{"retract today", "取り消すまとめの日付を指定してください。", ""},
		{"retract 2025-07-01 slack:T2", "取り消すまとめの日付を指定してください。", ""},
	} {
		d := newDesk(t)
		if got := show(d.ask(t, "briefing-admin", c.text).Document); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
		if got := strings.Join(d.retracts.asked, ","); got != c.asked {
			t.Errorf("%s asked for %q, want %q", c.text, got, c.asked)
		}
	}
}

func TestRouterTests(t *testing.T) {
	fails := func(c Class, code string) error { return &OutcomeError{Class: c, Code: code} }
	for _, c := range []struct {
		text   string
		paused bool
		err    error
		want   string
		tested int
	}{
		{"test", false, nil, "✅ slack:T1/CHERE1234 にテスト投稿をしました。\n", 1},
		{"test #CHERE1234", true, nil, "✅ slack:T1/CHERE1234 にテスト投稿をしました。\n⏸️ 配信は停止中です: ボットがチャンネルにいません。招待してください（not_in_channel）。", 1},
		{"test", false, fails(ChannelGone, "not_in_channel"), "❌ slack:T1/CHERE1234 に投稿できませんでした: not_in_channel（チャンネルが受け付けません。", 1},
		{"test", false, fails(Fatal, "invalid_auth"), "❌ slack:T1/CHERE1234 に投稿できませんでした: invalid_auth（トークン", 1},
		{"test", false, fails(Limited, "ratelimited"), "❌ slack:T1/CHERE1234 に投稿できませんでした: ratelimited（いまは", 1},
		{"test", false, fails(Payload, "invalid_blocks"), "❌ slack:T1/CHERE1234 に投稿できませんでした: invalid_blocks（拒否", 1},
		{"test", false, fails(Doubtful, "timeout"), "❓ slack:T1/CHERE1234 に投稿できたか分かりません: timeout。", 1},
		{"test", false, errors.New("token xoxb-1 refused"), "❓ slack:T1/CHERE1234 に投稿できたか分かりません: error。", 1},
		{"test #CBESIDE12", false, nil, "slack:T1/CBESIDE12 は配信先に登録されていません", 0},
		{"test slack:T2/COTHER123", false, nil, "slack:T2/COTHER123 はこのワークスペース", 0},
	} {
		d := newDesk(t)
		d.tester.err = c.err
		ch := d.channels.all[here]
		if ch.Paused = c.paused; c.paused {
			ch.Reason = "not_in_channel"
		}
		d.channels.all[here] = ch
		if got := show(d.ask(t, "briefing-admin", c.text).Document); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s, %v: %q, want %q", c.text, c.err, got, c.want)
		}
		if len(d.tester.tested) != c.tested {
			t.Errorf("%s tested %v", c.text, d.tester.tested)
		}
	}
}

func TestRouterLog(t *testing.T) {
	d := newDesk(t)
	if got := show(d.ask(t, "briefing-admin", "log").Document); got != "# 変更の記録\n変更はまだありません。\n" {
		t.Errorf("without changes: %q", got)
	}
	d.channels.audits = []AuditEntry{
		{At: at(0, 0), Installation: "slack:T2", Who: "U9", What: "add", Ref: other},
		{At: at(0, 0), Installation: "slack:T1", Who: "U1", What: "pause", Ref: here, Before: "active", After: "paused admin"},
		{At: at(0, 0), Installation: "slack:T1", Who: "cli", What: "remove", Ref: here},
	}
	want := "# 変更の記録\n- 2025-07-03 09:00 **停止** #CHERE1234 `slack:T1/CHERE1234` — U1\n  ~ active → paused admin\n- 2025-07-03 09:00 **削除** #CHERE1234 `slack:T1/CHERE1234` — コマンドライン\n"
	if got := show(d.ask(t, "briefing-admin", "log").Document); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRouterRefuses: what is not understood, or belongs to another
// installation, changes nothing.
func TestRouterRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"add here", "slack:T1/CHERE1234 は登録済みです"},
		{"add", "どのチャンネルに配信しますか？"},
		{"add CLOCKED12", "slack:T1/CLOCKED12 に投稿できません: invite the bot first"},
		{"add #CBESIDE12 25:00", "「25:00」は time に設定できません。例: time 08:30"},
		{"add #CBESIDE12 Mars/Base", "「Mars/Base」は zone に設定できません。例: zone Asia/Tokyo"},
		{"add #CBESIDE12 08:30 Asia/Tokyo extra", "「extra」は余分です"},
		{"add #全体", "「#全体」はチャンネルとして読めません"},
		{"remove #CBESIDE12", "slack:T1/CBESIDE12 は配信先に登録されていません"},
		{"remove general", "「general」はチャンネルとして読めません"},
		{"pause it please", "「it please」はチャンネルとして読めません"},
		{"remove slack:T2/COTHER123", "slack:T2/COTHER123 はこのワークスペースのチャンネルではありません"},
		{"set slack:T2/COTHER123 time 9:00", "slack:T2/COTHER123 はこのワークスペース"},
		{"pause discord:1/2", "discord:1/2 はこのワークスペース"},
		{"add slack:T2/CNEW12345", "slack:T2/CNEW12345 はこのワークスペース"},
		{"preview slack:T2/COTHER123", "slack:T2/COTHER123 はこのワークスペース"},
		{"remove #COTHER123", "slack:T1/COTHER123 は配信先に登録されていません"},
		{"remove <#COTHER123|x>", "slack:T1/COTHER123 は配信先に登録されていません"},
		{"remove COTHER123", "slack:T1/COTHER123 は配信先に登録されていません"},
		{"remove <#../T2/COTHER123>", "「<#../T2/COTHER123>」はチャンネルとして読めません"},
		{"remove #slack:T2/COTHER123", "「#slack:T2/COTHER123」はチャンネルとして読めません"},
		{"remove <#T2/COTHER123|x>", "「<#T2/COTHER123|x>」はチャンネルとして読めません"},
		{"set colour red", "設定「colour」はありません。変えられるのは time, zone"},
		{"set zone JST", "「JST」は zone に設定できません。例: zone Asia/Tokyo"},
	} {
		t.Run(c.text, func(t *testing.T) {
			d := newDesk(t)
			before := fmt.Sprint(d.channels.all)
			got := show(d.ask(t, "briefing-admin", c.text).Document)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("answer %q, want %q", got, c.want)
			}
			if after := fmt.Sprint(d.channels.all); after != before || len(d.channels.audits) != 0 {
				t.Errorf("something changed: %s, %v", after, d.channels.audits)
			}
		})
	}
}

// FuzzRouterAdmin: no text reaches a channel of another installation, and
// none makes the router panic.
func FuzzRouterAdmin(f *testing.F) {
	for _, s := range []string{"remove slack:T2/COTHER123", "add <#COTHER123>", "set #COTHER123 time 9:00", "pause T2/COTHER123", "remove #../T2/COTHER123"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := newDesk(t)
		want := d.channels.all[other]
		got := show(d.ask(t, "briefing-admin", text).Document)
		if diff := cmp.Diff(want, d.channels.all[other]); diff != "" {
			t.Errorf("%q changed another workspace's channel:\n%s", text, diff)
		}
		for ref := range d.channels.all {
			if ref != other && ref.ID() != here.ID() {
				t.Errorf("%q made %s", text, ref)
			}
		}
		if strings.Contains(got, show(sorry(briefing.Japanese))) {
			t.Errorf("%q failed inside", text)
		}
	})
}

func TestRouterStoreFails(t *testing.T) {
	for _, text := range []string{"add #CBESIDE12", "remove", "list", "set time 9:00", "pause", "status", "preview", "test", "log"} {
		d := newDesk(t)
		d.channels.broken = errors.New("password=hunter2 refused")
		got := show(d.ask(t, "briefing-admin", text).Document)
		if got != show(sorry(briefing.Japanese)) {
			t.Errorf("%s: %q, want an apology without the cause", text, got)
		}
	}
}

func TestRouterEmptyArchive(t *testing.T) {
	d := newDesk(t)
	d.opts.Library = newShelf().Library
	for command, texts := range map[string][]string{"briefing": {"", "latest"}, "briefing-admin": {"preview"}} {
		for _, text := range texts {
			if got := show(d.ask(t, command, text).Document); got != "まとめはまだありません。\n" {
				t.Errorf("%s %s: %s", command, text, got)
			}
		}
	}
	d.channels.all = map[Ref]Channel{other: d.channels.all[other]}
	for _, text := range []string{"list", "status"} {
		if got := show(d.ask(t, "briefing-admin", text).Document); !strings.Contains(got, "まだありません") || strings.Contains(got, "T2") {
			t.Errorf("%s without channels: %s", text, got)
		}
	}
}

func TestRouterSection(t *testing.T) {
	d := newDesk(t)
	whole := day()
	for line, want := range map[int]string{
		11: "### Mailboxの穴", 15: "### 港の荷役システム", 30: "### 更新をためない", 34: "### おことわり",
		40: "## 今後の展望", 44: "## 結論", 5: "# 2025年7月2日", 51: "### 棚卸し\n持ち物を",
	} {
		doc, err := d.section(whole, line, Request{})
		if err != nil || !strings.HasPrefix(show(doc), want) {
			t.Errorf("line %d: %s, %v; want %q", line, show(doc), err, want)
		}
	}
}

func TestRouterCompletes(t *testing.T) {
	d := newDesk(t)
	if diff := cmp.Diff([]string{"能一", "25"}, d.Complete(t.Context(), "能")); diff != "" {
		t.Errorf("completions (-want +got):\n%s", diff)
	}
	if got := d.Complete(t.Context(), "爆発"); got != nil {
		t.Errorf("after a panic: %v", got)
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	d := newDesk(t)
	for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
		got := show(d.help(lang))
		for _, c := range commands() {
			if !strings.Contains(got, "`/"+c.name) {
				t.Errorf("%s: help has no /%s", lang, c.name)
			}
		}
		for _, c := range adminCommands() {
			if !strings.Contains(got, c.name) {
				t.Errorf("%s: help has no /briefing-admin %s", lang, c.name)
			}
		}
	}
}
