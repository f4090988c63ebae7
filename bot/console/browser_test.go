package console_test

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/console"
	"cyberbrief/briefing"
)

// pictures is a folder into which the browser tests put what they see:
// go test ./bot/console -run Browser -pictures DIR
var pictures = flag.String("pictures", "", "folder for `pictures` of the console")

// scripted answers as the router would, from a script.
type scripted struct{}

func (scripted) Respond(_ context.Context, req bot.Request) bot.Reply {
	switch {
	case req.Command == "share":
		return bot.Reply{Public: true, Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "共有: " + req.Text}}}}}
	case req.Command == "term" && req.Text == "能動的サイバー防御":
		return bot.Reply{Document: bot.Document{
			bot.Title{Text: "能動的サイバー防御"},
			bot.Prose{Spans: []bot.Span{{Text: "攻撃の前ぶれをつかみ、被害が出る前に手を打つ守り方。"}}},
			bot.Note{Spans: []bot.Span{{Text: "別名: ACD ・ 初出 2025-07-01 ・ 出典 2025-07-02"}}},
			bot.Buttons{{Label: "チャンネルに共有", Action: bot.Action{Command: "share", Argument: "term 能動的サイバー防御"}}},
		}}
	}
	return bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "その用語はまだありません。もしかして:"}}},
		bot.Buttons{{Label: "能動的サイバー防御", Action: bot.Action{Command: "term", Argument: "能動的サイバー防御"}}}}}
}

func (scripted) Opens(req bot.Request) bool {
	return req.Answers == nil && strings.HasPrefix(req.Text, "form")
}

func (scripted) Complete(_ context.Context, prefix string) (terms []string) {
	for _, t := range []string{"能動的サイバー防御", "能力成熟度モデル", "国家サイバー統括室"} {
		if strings.HasPrefix(t, prefix) {
			terms = append(terms, t)
		}
	}
	return terms
}

func spans(s string) []bot.Span { return []bot.Span{{Text: s}} }

// morning is a post in the layout that channels get.
func morning() bot.Post {
	return bot.Post{
		Language: briefing.Japanese,
		Parent: bot.Document{
			bot.Title{Text: "2025年7月2日 サイバーセキュリティの朝刊", URL: "http://127.0.0.1/briefings/2025-07-02"},
			bot.Note{Spans: spans("2025年7月2日（水） ・ ニュース 3 件 ・ 読了 約 4 分")},
			bot.ListItem{Marker: "1.", Spans: spans("政府が「国家サイバー統括室」を設け、攻撃の前ぶれに先に動く守りへ舵を切った。")},
			bot.Note{Spans: spans("詳細 ▸ スレッドの 1")},
			bot.ListItem{Marker: "2.", Spans: append(spans("ハーグの国際法廷が巧妙な侵入を受け、調べが続いている。悪用されたのは "), bot.Span{Text: "CVE-2025-0001", URL: "https://nvd.nist.gov/vuln/detail/CVE-2025-0001"}, bot.Span{Text: " とみられる。"})},
			bot.Note{Spans: spans("詳細 ▸ スレッドの 2")},
			bot.ListItem{Marker: "3.", Spans: spans("電子部品商社の海外子会社でサーバーが暗号化され、周辺の拠点にも影響が広がった。")},
			bot.Note{Spans: spans("詳細 ▸ スレッドの 3")},
			bot.Buttons{
				{Label: "📖 国家サイバー統括室", Action: bot.Action{Command: "term", Argument: "国家サイバー統括室"}},
				{Label: "📖 能動的サイバー防御", Action: bot.Action{Command: "term", Argument: "能動的サイバー防御"}},
				{Label: "📖 ランサムウェア", Action: bot.Action{Command: "term", Argument: "ランサムウェア"}},
			},
			bot.Note{Spans: spans("🧵 スレッド: ニュース 3 件・深掘り・今後の展望・引用 3 件")},
		},
		Thread: bot.Document{
			bot.Heading{Level: 1, Text: "国内ニュース"},
			bot.Heading{Level: 2, Text: "1. 政府、国家サイバー統括室を発足"},
			bot.Prose{Spans: append(spans("7月1日、内閣官房に新しい司令塔が置かれた。"), bot.Span{Text: "能動的サイバー防御", Strong: true}, bot.Span{Text: "を進め、重要インフラを守る取り組みを束ねる。"})},
			bot.Note{Spans: []bot.Span{{Text: "出典: "}, {Text: "内閣官房", URL: "https://www.cas.go.jp/"}}},
			bot.Heading{Level: 1, Text: "海外の重大事例"},
			bot.Heading{Level: 2, Text: "2. 国際法廷に高度な侵入"},
			bot.Prose{Spans: spans("六月末に見つかった侵入は封じ込められ、影響の確認が続く。")},
			bot.QuoteText{Spans: spans("「迅速に気づき、閉じ込めた」と法廷は説明した。")},
			bot.Heading{Level: 3, Text: "確認すること"},
			bot.ListItem{Marker: "-", Spans: spans("公開サーバーの更新")},
			bot.ListItem{Marker: "-", Level: 1, Spans: []bot.Span{{Text: "tail -f /var/log/auth.log", Code: true}, {Text: " で見る"}}},
			bot.Heading{Level: 1, Text: "今後の展望"},
			bot.Prose{Spans: spans("官民が知らせ合う仕組みが要になる。")},
			bot.CodeText{Text: "deny from 203.0.113.0/24\nallow from 198.51.100.7"},
		},
	}
}

// live is a running console with the morning's post in it.
func live(t *testing.T, opts console.Options) string {
	t.Helper()
	c, url := start(t, opts)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, scripted{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	post(t, c, morning())
	return url
}

func post(t *testing.T, c *console.Console, p bot.Post) bot.MessageID {
	t.Helper()
	messages, err := c.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	var parent bot.MessageID
	for i, m := range messages {
		id, err := c.Send(t.Context(), bot.Target{Ref: general(), Thread: parent, Marker: bot.Marker{Delivery: "d", Part: i}}, m)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			parent = id
		}
	}
	return parent
}

func TestBrowser(t *testing.T) {
	tab := bottest.Browser(t)
	url := live(t, console.Options{Channels: []string{"general", "soc"}, Clock: func() time.Time { return time.Now().Truncate(time.Minute) }})
	picture := func(name string) {
		if *pictures != "" {
			bottest.Picture(t, tab, filepath.Join(*pictures, "console-"+name+".png"), false)
		}
	}
	type look struct {
		name          string
		width, height int64
		dark          bool
	}
	for _, l := range []look{{"desktop", 1280, 860, false}, {"desktop-dark", 1280, 860, true}, {"phone", 390, 844, false}, {"phone-dark", 390, 844, true}} {
		t.Run(l.name, func(t *testing.T) {
			bottest.Do(t, tab, bottest.Look(l.width, l.height, l.dark), chromedp.Navigate(url+"/console"))
			bottest.Await(t, tab, `document.querySelectorAll("#log .message .item").length >= 3`)
			picture(l.name)
			bottest.Accessible(t, tab)
			if wide := bottest.Ask[int64](t, tab, `document.documentElement.scrollWidth`); wide > l.width {
				t.Errorf("page is %d pixels wide in a window of %d", wide, l.width)
			}

			bottest.Do(t, tab, chromedp.Click(chromedp.CSS(".open-thread")))
			bottest.Await(t, tab, `document.querySelectorAll("#replies .message").length === 3`)
			picture(l.name + "-thread")
			bottest.Do(t, tab, chromedp.KeyEvent("\x1b"))
			bottest.Await(t, tab, `document.getElementById("thread").hidden`)

			bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "/"))
			bottest.Await(t, tab, `document.querySelectorAll("#offers li").length === 3`)
			picture(l.name + "-commands")
			bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "term 能動"))
			bottest.Await(t, tab, `document.querySelector("#offers li")?.textContent === "能動的サイバー防御"`)
			bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "\t"))
			before := bottest.Ask[int64](t, tab, `document.querySelectorAll(".private").length`)
			bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "\r"))
			bottest.Await(t, tab, `document.querySelectorAll(".private").length > `+strconv.FormatInt(before, 10))
			bottest.Await(t, tab, `[...document.querySelectorAll(".private")].pop().textContent.includes("被害が出る前に")`)
			if left := bottest.Ask[string](t, tab, `document.getElementById("write").value`); left != "" {
				t.Errorf("after a command was sent the box holds %q", left)
			}
			picture(l.name + "-term")
			bottest.Accessible(t, tab)
		})
	}
}

// TestBrowserKnowsWhatIsNew has one browser read a channel while another one,
// and the bot, write in both.
func TestBrowserKnowsWhatIsNew(t *testing.T) {
	here, there := bottest.Browser(t), bottest.Browser(t)
	c, url := running(t, console.Options{Channels: []string{"general", "soc"}})
	server := url + "/console"
	bottest.Do(t, here, bottest.Look(1280, 860, false), chromedp.Navigate(server+"#general"))
	bottest.Do(t, there, bottest.Look(1280, 860, false), chromedp.Navigate(server+"#soc"))
	for _, tab := range []context.Context{here, there} {
		bottest.Await(t, tab, `document.getElementById("link").classList.contains("live") && document.getElementById("name").textContent !== ""`)
	}
	bottest.Do(t, there, chromedp.SendKeys(chromedp.CSS("#write"), "一件め\r"))
	bottest.Do(t, there, chromedp.SendKeys(chromedp.CSS("#write"), "二件め\r"))
	bottest.Await(t, here, `document.querySelector("#channels .unread .count")?.textContent === "2" && document.title.startsWith("(2) ")`)
	if n := bottest.Ask[int64](t, there, `document.querySelectorAll("#channels .count").length`); n != 0 {
		t.Error("what a person wrote is new to that person")
	}
	bottest.Do(t, here, chromedp.Click(chromedp.CSS("#channels .unread")))
	bottest.Await(t, here, `document.querySelectorAll("#log .message").length === 2 && !document.querySelector("#channels .count")`)

	// Back in the first channel, and with that known to have been read, a
	// line parts what came meanwhile from what was there.
	bottest.Do(t, here, chromedp.Click(chromedp.CSS("#channels a:not([aria-current])")))
	bottest.Do(t, there, chromedp.SendKeys(chromedp.CSS("#write"), "三件め\r"))
	bottest.Await(t, here, `document.querySelector("#channels .unread .count")?.textContent === "1"`)
	bottest.Do(t, here, chromedp.Click(chromedp.CSS("#channels .unread")))
	bottest.Await(t, here, `document.querySelector("#log .fresh")?.nextElementSibling?.textContent.includes("三件め")`)
	if *pictures != "" {
		bottest.Picture(t, here, filepath.Join(*pictures, "console-new.png"), false)
	}

	// A reload remembers what was read.
	bottest.Do(t, here, chromedp.Navigate(server+"?again#general"))
	bottest.Await(t, here, `document.getElementById("name").textContent === "# general" && !document.querySelector("#channels .count")`)
	post(t, c, morning())
	bottest.Await(t, here, `document.querySelectorAll("#log .message").length >= 1`)
}

// TestBrowserComesBack cuts the connection: the page goes on where it was, with
// what came meanwhile and without losing what stands in the box.
func TestBrowserComesBack(t *testing.T) {
	tab := bottest.Browser(t)
	c, err := console.New(console.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	streams := make(chan context.CancelFunc, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cut := context.WithCancel(ctx)
		defer cut()
		if r.URL.Path == "/console/events" {
			streams <- cut
		}
		c.Handler().ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(server.Close)
	t.Cleanup(end)
	bottest.Do(t, tab, chromedp.Navigate(server.URL+"/console"))
	bottest.Await(t, tab, `document.getElementById("link").classList.contains("live")`)
	post(t, c, morning())
	bottest.Await(t, tab, `document.querySelectorAll("#log .message").length === 1`)
	bottest.Do(t, tab, chromedp.Click(chromedp.CSS(".open-thread")), chromedp.SendKeys(chromedp.CSS("#reply"), "書きかけ"))
	bottest.Ask[bool](t, tab, `(document.querySelector("#log .message").dataset.same = "1") === "1"`)
	(<-streams)()
	post(t, c, morning())
	bottest.Await(t, tab, `document.querySelectorAll("#log .message").length === 2 && document.getElementById("link").classList.contains("live")`)
	if !bottest.Ask[bool](t, tab, `document.querySelector("#log .message").dataset.same === "1" && document.getElementById("reply").value === "書きかけ" && !document.getElementById("thread").hidden`) {
		t.Error("the page began afresh")
	}
}

// TestBrowserKeyboard uses the console without a mouse.
func TestBrowserKeyboard(t *testing.T) {
	tab := bottest.Browser(t)
	url := live(t, console.Options{})
	bottest.Do(t, tab, bottest.Look(1280, 860, false), chromedp.Navigate(url+"/console"))
	bottest.Await(t, tab, `document.querySelectorAll("#log .message .item").length >= 3`)
	if n := bottest.Tabbed(t, tab); n < 7 {
		t.Errorf("only %d stops", n)
	}
	keys := func(keys string) { bottest.Do(t, tab, chromedp.KeyEvent(keys)) }
	bottest.Do(t, tab, chromedp.Focus(chromedp.CSS("#write")))
	keys("/")
	bottest.Await(t, tab, `document.querySelectorAll("#offers li").length === 3`)
	const picked = `document.querySelector("#offers [aria-selected=true] b").textContent`
	if first := bottest.Ask[string](t, tab, picked); first != "/term" {
		t.Errorf("first offer %q", first)
	}
	keys(kb.ArrowDown)
	if second := bottest.Ask[string](t, tab, picked); second != "/briefing" {
		t.Errorf("after arrow down %q", second)
	}
	keys(kb.ArrowUp)
	keys(kb.ArrowUp)
	if last := bottest.Ask[string](t, tab, picked); last != "/briefing-admin" {
		t.Errorf("after two arrows up %q", last)
	}
	if id := bottest.Ask[string](t, tab, `document.getElementById(document.activeElement.getAttribute("aria-activedescendant")).querySelector("b").textContent`); id != "/briefing-admin" {
		t.Errorf("a screen reader is told of %q", id)
	}
	keys(kb.ArrowDown)
	keys("\t")
	bottest.Await(t, tab, `document.getElementById("write").value === "/term " && document.querySelector("#offers li")?.textContent === "能動的サイバー防御"`)
	keys(kb.ArrowDown)
	keys("\r")
	// The driver types the line break that the page has refused.
	bottest.Await(t, tab, `document.getElementById("write").value.trim() === "/term 能動的サイバー防御"`)
	keys("\r")
	bottest.Await(t, tab, `[...document.querySelectorAll(".private")].some(m => m.textContent.includes("被害が出る前に"))`)
	keys("\x1b")
	for _, want := range []string{`document.getElementById("log").getAttribute("aria-live") === "polite"`, `document.getElementById("toast").getAttribute("role") === "alert"`} {
		if !bottest.Ask[bool](t, tab, want) {
			t.Errorf("not so: %s", want)
		}
	}
}
