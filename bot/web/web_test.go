package web_test

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"cyberbrief/bot"
	"cyberbrief/bot/web"
	"cyberbrief/briefing"
)

// shelf is an archive and glossary of what a test puts on it, newest first.
type shelf struct {
	digests []*briefing.Digest
	revised map[briefing.Date]time.Time
	entries []briefing.Entry
}

func (s shelf) Latest() (*briefing.Digest, error) {
	if len(s.digests) == 0 {
		return nil, briefing.ErrNotFound
	}
	return s.digests[0], nil
}

func (s shelf) Digest(d briefing.Date) (*briefing.Digest, error) {
	for _, x := range s.digests {
		if x.Date == d {
			return x, nil
		}
	}
	return nil, fmt.Errorf("digest %s: %w", d, briefing.ErrNotFound)
}

func (s shelf) Dates() (dates []briefing.Date) {
	for _, x := range s.digests {
		dates = append(dates, x.Date)
	}
	return dates
}

func (s shelf) FirstAt(d briefing.Date) time.Time { return d.Time().Add(22 * time.Hour) }
func (s shelf) Revised(d briefing.Date) time.Time { return s.revised[d] }

// Revision never changes: neither does what stands on the shelf.
func (s shelf) Revision() int64 { return 1 }

func (s shelf) SearchPage(words string, first, n int) (hits []bot.Hit, total int) {
	for _, d := range s.digests {
		for _, x := range d.Stories {
			if !strings.Contains(strings.ToLower(x.Text.String()+x.Heading), strings.ToLower(words)) {
				continue
			}
			if total >= first && len(hits) < n {
				hits = append(hits, bot.Hit{Date: d.Date, Line: x.Line, Anchor: d.Anchors()[x.Line], Heading: x.Heading, Snippet: x.Text.String()})
			}
			total++
		}
	}
	return hits, total
}

func (s shelf) All() []briefing.Entry { return s.entries }

func (s shelf) Lookup(q string) briefing.Answer {
	for _, e := range s.entries {
		if e.Term == q || slices.Contains(e.Aliases, q) {
			return briefing.Answer{Query: q, Match: briefing.MatchExact, Terms: []briefing.Entry{e}}
		}
	}
	a := briefing.Answer{Query: q, Match: briefing.MatchNone}
	for _, e := range s.entries {
		a.Suggestions = append(a.Suggestions, e.Term)
	}
	return a
}

// library is a few days of a made-up world.
func library() shelf {
	d := &briefing.Digest{
		Date:  "2025-07-02",
		Title: "2025年7月2日 サイバーセキュリティの朝刊",
		KeyPoints: []briefing.KeyPoint{
			{Line: 5, Text: briefing.Plain("政府が「国家サイバー統括室」を設け、攻撃の前ぶれに先に動く守りへ舵を切った。"), Details: []briefing.Detail{{Line: 11, Heading: "政府、国家サイバー統括室を発足"}}, Sources: []briefing.Source{{Title: "内閣官房のお知らせ", URL: "https://www.example.go.jp/cyber"}}},
			{Line: 6, Text: briefing.Plain("ハーグの国際法廷が巧妙な侵入を受け、調べが続いている。"), Details: []briefing.Detail{{Line: 17, Heading: "国際法廷に高度な侵入"}}},
			{Line: 7, Text: briefing.Plain("電子部品商社の海外子会社でサーバーが暗号化され、周辺の拠点にも影響が広がった。"), Details: []briefing.Detail{{Line: 21, Heading: "電子部品商社の海外子会社で障害"}, {Line: 999, Heading: "ここにはない"}}},
		},
		Stories: []briefing.Story{
			{Line: 11, Also: []int{61}, Section: "国内ニュース", Heading: "政府、国家サイバー統括室を発足", Short: briefing.Plain("内閣官房に新しい司令塔ができた。"), Text: briefing.Text{
				{Spans: []briefing.Span{{Text: "7月1日、内閣官房に新しい司令塔が置かれた。"}, {Text: "能動的サイバー防御", Strong: true}, {Text: "を進め、重要インフラを守る取り組みを束ねる。長は事務次官と同じ格で、年内に新しい戦略をまとめる。"}}},
				{Kind: briefing.Heading, Level: 4, Line: 14, Spans: []briefing.Span{{Text: "何が変わるか"}}},
				{Kind: briefing.Item, Spans: []briefing.Span{{Text: "前ぶれの段階で情報を集める"}}},
				{Kind: briefing.Item, Level: 1, Spans: []briefing.Span{{Text: "通信の秘密との釣り合いは第三者が見る"}}},
				{Kind: briefing.Item, Spans: []briefing.Span{{Text: "民間との知らせ合いを義務づける"}}},
			}, Sources: []briefing.Citation{{Line: 54, Title: "内閣官房のお知らせ", URL: "https://www.example.go.jp/cyber"}}},
			{Line: 17, Section: "海外の重大事例", Heading: "国際法廷に高度な侵入", Text: briefing.Text{
				{Spans: []briefing.Span{{Text: "六月末に見つかった侵入は封じ込められ、影響の確認が続く。悪用されたのは "}, {Text: "CVE-2025-0001", Code: true}, {Text: " とみられる。"}}},
				{Kind: briefing.Quote, Spans: []briefing.Span{{Text: "「迅速に気づき、閉じ込めた」と法廷は説明した。"}}},
				{Kind: briefing.Row, Spans: []briefing.Span{{Text: "製品 | 版 | 直った版"}}},
				{Kind: briefing.Row, Spans: []briefing.Span{{Text: "門番 | 7.0〜7.4 | 7.5"}}},
			}},
			{Line: 21, Section: "海外の重大事例", Heading: "電子部品商社の海外子会社で障害", Text: briefing.Plain("香港の子会社に何者かが入り込み、サーバーの中身が読めなくなった。つながっていた三つの国の拠点も止まり、外の専門家と立て直しを急いでいる。")},
		},
		DeepDives:  []briefing.Section{{Line: 27, Heading: "能動的サイバー防御とは", Text: briefing.Text{{Spans: []briefing.Span{{Text: "待って防ぐのではなく、前ぶれをつかんで手を打つ考え方。"}}}, {Kind: briefing.Code, Spans: []briefing.Span{{Text: "deny from 203.0.113.0/24\nallow from 198.51.100.7"}}}}}},
		Glossary:   []briefing.Term{{Line: 39, Term: "国家サイバー統括室", Aliases: []string{"NCO"}, Definition: "国の守りの司令塔。"}, {Line: 40, Term: "能動的サイバー防御", Definition: "攻撃の前ぶれをつかみ、被害が出る前に手を打つ守り方。"}},
		Outlook:    &briefing.Passage{Line: 44, Text: briefing.Plain("官民が知らせ合う仕組みが要になる。")},
		Conclusion: &briefing.Passage{Line: 48, Text: briefing.Plain("守りの重心は、起きてからから、起きる前へ移りつつある。")},
		Citations:  []briefing.Citation{{Line: 54, Title: "内閣官房のお知らせ", URL: "https://www.example.go.jp/cyber"}, {Line: 55, Title: "法廷の発表"}},
		CVEs:       []string{"CVE-2025-0001"},
	}
	before := &briefing.Digest{Date: "2025-07-01", Title: "2025年7月1日 サイバーセキュリティの朝刊", KeyPoints: []briefing.KeyPoint{{Line: 5, Text: briefing.Plain("月の初めの要点。")}}, Stories: []briefing.Story{{Line: 9, Heading: "ランサムウェアの新しい手口", Text: briefing.Plain("身代金を求める手口がまた一つ見つかった。")}}}
	june := &briefing.Digest{Date: "2025-06-30", Title: "2025年6月30日 サイバーセキュリティの朝刊", Stories: []briefing.Story{{Line: 9, Heading: "半年の振り返り", Text: briefing.Plain("上半期の出来事を並べた。")}}}
	return shelf{
		digests: []*briefing.Digest{d, before, june},
		revised: map[briefing.Date]time.Time{"2025-07-02": time.Date(2025, 7, 2, 23, 41, 0, 0, time.UTC)},
		entries: []briefing.Entry{
			{Term: "国家サイバー統括室", Aliases: []string{"NCO", "National Cybersecurity Office"}, Definition: "国の守りの司令塔。", FirstSeen: "2025-07-01", LastSeen: "2025-07-02", Digests: []briefing.Date{"2025-07-02", "2025-07-01"}, Related: []string{"能動的サイバー防御"}, Meanings: []briefing.Meaning{{Definition: "国の守りの司令塔。", Date: "2025-07-02"}, {Definition: "新しくできる役所。", Date: "2025-07-01"}}},
			{Term: "能動的サイバー防御", Definition: "攻撃の前ぶれをつかみ、被害が出る前に手を打つ守り方。", FirstSeen: "2025-07-02", LastSeen: "2025-07-02", Digests: []briefing.Date{"2025-07-02"}},
			{Term: "TCP/IP", Definition: "網のことば。", FirstSeen: "2025-07-01", LastSeen: "2025-07-01", Digests: []briefing.Date{"2025-07-01"}},
		},
	}
}

// start serves a site over what is on the shelf.
func start(t *testing.T, s shelf, more func(*web.Options)) *httptest.Server {
	t.Helper()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	opts := web.Options{Library: s, Editions: s, Search: s, Glossary: s, Zone: tokyo}
	if more != nil {
		more(&opts)
	}
	site, err := web.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(site.Handler())
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, address string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp, read(t, resp)
}

// read is the body of an answer, which it closes.
func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestPages(t *testing.T) {
	server := start(t, library(), nil)
	for _, c := range []struct {
		path   string
		status int
		holds  []string
	}{
		{"/", 200, []string{"<html lang=\"ja\">", "国家サイバー統括室", "更新 2025-07-03 08:41", `id="k-1"`, `id="` + anchor(11) + `"`, `href="#` + anchor(11) + `"`, `id="` + anchor(14) + `"`, `id="outlook"`, "JVN"}},
		{"/?lang=en", 200, []string{"<html lang=\"en\">", "Key points", "Updated", `href="/briefings?lang=en"`}},
		{"/briefings", 200, []string{"2025年7月", "2025年6月", `href="/briefings/2025-07-01"`}},
		{"/briefings/2025-07-01", 200, []string{"月の初めの要点。", `href="/briefings/2025-07-02"`, `href="/briefings/2025-06-30"`}},
		{"/briefings/2025-01-01", 404, []string{"ページが見つかりません", `href="/briefings/2025-06-30"`}},
		{"/briefings/yesterday", 404, []string{"ページが見つかりません"}},
		{"/briefings?month=2025-06", 200, []string{"半年の振り返り", `href="/briefings?month=2025-07"`}},
		{"/briefings?month=2024-06", 404, []string{"ページが見つかりません"}},
		{"/terms?page=x", 400, []string{"読み取れませんでした"}},
		{"/search?q=x&page=0", 400, []string{"読み取れませんでした"}},
		{"/terms", 200, []string{"3 語", `href="/terms/TCP%2FIP"`}},
		{"/terms?q=tcp", 200, []string{"1 語見つかりました", `href="/terms/TCP%2FIP"`}},
		{"/terms?q=zzz", 200, []string{"「zzz」はまだ用語集にありません", "もしかして"}},
		{"/terms/TCP%2FIP", 200, []string{"網のことば。"}},
		{"/terms/" + url.PathEscape("国家サイバー統括室"), 200, []string{"National Cybersecurity Office", "掲載の履歴", "新しくできる役所。", "関連する用語", `href="/briefings/2025-07-01"`, `href="/briefings/2025-07-02#t-`}},
		{"/terms/" + url.PathEscape("無い言葉"), 404, []string{"「無い言葉」はまだ用語集にありません", "もしかして", "TCP/IP"}},
		{"/search", 200, []string{`<input type="search"`}},
		{"/search?q=" + url.QueryEscape("ランサムウェア"), 200, []string{"1 件見つかりました", "<mark>ランサムウェア</mark>", `href="/briefings/2025-07-01#s-`}},
		{"/search?q=" + url.QueryEscape("どこにもない"), 200, []string{"見つかりませんでした"}},
		{"/healthz", 200, []string{"ok"}},
		{"/readyz", 200, []string{`"ready":true`}},
		{"/metrics", 404, nil},
		{"/nowhere", 404, []string{"ページが見つかりません"}},
		{"/assets/site.css", 200, nil},
		{"/assets/../web.go", 404, nil},
	} {
		t.Run(c.path, func(t *testing.T) {
			resp, body := get(t, server.URL+c.path)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			for _, want := range c.holds {
				if !strings.Contains(body, want) {
					t.Errorf("%q is missing in\n%s", want, body)
				}
			}
			if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
				t.Errorf("content policy %q", got)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("Referrer-Policy") == "" {
				t.Errorf("headers are missing: %v", resp.Header)
			}
			if len(body) > 100<<10 {
				t.Errorf("page has %d bytes, at most 100 kB", len(body))
			}
		})
	}
}

func TestEmptyArchive(t *testing.T) {
	server := start(t, shelf{}, nil)
	for _, path := range []string{"/", "/briefings"} {
		if resp, body := get(t, server.URL+path); resp.StatusCode != 200 || !strings.Contains(body, "まだブリーフィングはありません") {
			t.Errorf("%s: %s\n%s", path, resp.Status, body)
		}
	}
	if resp, _ := get(t, server.URL+"/feed.atom"); resp.StatusCode != 200 {
		t.Errorf("feed: %s", resp.Status)
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	server := start(t, library(), nil)
	for _, path := range []string{"/", "/terms", "/feed.atom", "/assets/site.css"} {
		resp, _ := get(t, server.URL+path)
		tag := resp.Header.Get("ETag")
		if tag == "" {
			t.Fatalf("%s has no ETag", path)
		}
		for _, list := range []string{tag, "W/" + tag, `"other", ` + tag} {
			if again, body := get(t, server.URL+path, "If-None-Match", list); again.StatusCode != http.StatusNotModified || body != "" {
				t.Errorf("%s with If-None-Match %s: %s, %d bytes", path, list, again.Status, len(body))
			}
		}
		if again, _ := get(t, server.URL+path, "If-None-Match", `"other"`); again.StatusCode != 200 {
			t.Errorf("%s with a stale tag: %s", path, again.Status)
		}
	}
}

func TestReadinessSaysWhy(t *testing.T) {
	server := start(t, library(), func(o *web.Options) {
		o.Ready = func(context.Context) []web.Reason {
			return []web.Reason{{Name: "database", Problem: "is newer than this program"}}
		}
	})
	resp, body := get(t, server.URL+"/readyz")
	var got struct {
		Ready   bool
		Reasons []web.Reason
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 503 || got.Ready || len(got.Reasons) != 1 || got.Reasons[0].Name != "database" {
		t.Errorf("%s %s", resp.Status, body)
	}
}

func TestMountedHandlers(t *testing.T) {
	said := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s) })
	}
	server := start(t, library(), func(o *web.Options) {
		o.Metrics, o.Push, o.Console = said("metrics"), said("push"), said("console")
		o.Hooks = map[string]http.Handler{"/slack/commands": said("slack")}
	})
	for path, want := range map[string]string{"/metrics": "metrics", "/console": "console", "/console/assets/x": "console"} {
		if _, body := get(t, server.URL+path); body != want {
			t.Errorf("GET %s says %q", path, body)
		}
	}
	for path, want := range map[string]string{"/api/digests": "push", "/slack/commands": "slack"} {
		resp, err := http.Post(server.URL+path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != want {
			t.Errorf("POST %s says %q", path, body)
		}
	}
}

// TestFeed holds the feed to RFC 4287: what must be there once is there once,
// addresses are absolute, instants are in order.
func TestFeed(t *testing.T) {
	for _, public := range []string{"https://news.example.com/", ""} {
		server := start(t, library(), func(o *web.Options) { o.PublicURL = public })
		base := strings.TrimSuffix(cmp.Or(public, server.URL), "/")
		resp, body := get(t, server.URL+"/feed.atom")
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/atom+xml") {
			t.Errorf("content type %q", got)
		}
		var feed atomFeed
		if err := xml.Unmarshal([]byte(body), &feed); err != nil {
			t.Fatal(err)
		}
		if feed.Lang != "ja" || len(feed.Author) != 1 || feed.Author[0].Name == "" {
			t.Errorf("feed: language %q, authors %v", feed.Lang, feed.Author)
		}
		feed.check(t, "feed", base)
		if self := feed.link("self"); self != base+"/feed.atom" {
			t.Errorf("self is %q", self)
		}
		if feed.Updated[0] != "2025-07-02T23:41:00Z" {
			t.Errorf("updated %s, want the newest correction", feed.Updated)
		}
		ids := map[string]bool{}
		for _, e := range feed.Entries {
			e.check(t, "entry", base)
			if ids[e.ID[0]] {
				t.Errorf("id %s stands twice", e.ID[0])
			}
			ids[e.ID[0]] = true
			if len(e.Published) != 1 || e.Published[0] > e.Updated[0] || e.Updated[0] > feed.Updated[0] {
				t.Errorf("%s: published %s, updated %s", e.ID[0], e.Published, e.Updated)
			}
		}
		if len(feed.Entries) != 3 || feed.Entries[0].link("alternate") != base+"/briefings/2025-07-02" || !strings.Contains(feed.Entries[0].Summary, "国家サイバー統括室") {
			t.Errorf("entries: %+v", feed.Entries)
		}
	}
}

// atomElement is what a feed and its entries have in common.
type atomElement struct {
	ID      []string `xml:"http://www.w3.org/2005/Atom id"`
	Title   []string `xml:"http://www.w3.org/2005/Atom title"`
	Updated []string `xml:"http://www.w3.org/2005/Atom updated"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"http://www.w3.org/2005/Atom link"`
}

type atomFeed struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
	atomElement
	Author []struct {
		Name string `xml:"http://www.w3.org/2005/Atom name"`
	} `xml:"http://www.w3.org/2005/Atom author"`
	Entries []struct {
		atomElement
		Published []string `xml:"http://www.w3.org/2005/Atom published"`
		Summary   string   `xml:"http://www.w3.org/2005/Atom summary"`
	} `xml:"http://www.w3.org/2005/Atom entry"`
}

func (e atomElement) link(rel string) string {
	for _, l := range e.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

func (e atomElement) check(t *testing.T, what, base string) {
	t.Helper()
	if len(e.ID) != 1 || len(e.Title) != 1 || len(e.Updated) != 1 || e.Title[0] == "" {
		t.Fatalf("%s: ids %v, titles %v, updated %v, want one of each", what, e.ID, e.Title, e.Updated)
	}
	if _, err := time.Parse(time.RFC3339, e.Updated[0]); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for _, address := range []string{e.ID[0], e.link("alternate")} {
		if !strings.HasPrefix(address, base+"/") {
			t.Errorf("%s: address %q is not below %s", what, address, base)
		}
	}
}

// TestLinkPreviews looks at what a chat shows of a link: absolute addresses
// where the site knows its own, none where it would have to guess.
func TestLinkPreviews(t *testing.T) {
	for public, want := range map[string]bool{"https://news.example.com/": true, "": false} {
		server := start(t, library(), func(o *web.Options) { o.PublicURL = public })
		for path, canonical := range map[string]string{
			"/": "/briefings/2025-07-02", "/briefings/2025-07-01?lang=en": "/briefings/2025-07-01", "/terms/NCO": termPath("国家サイバー統括室"), "/briefings": "/briefings", "/briefings?month=2025-06&lang=en": "/briefings?month=2025-06",
		} {
			_, body := get(t, server.URL+path)
			for _, tag := range []string{
				`<meta property="og:url" content="https://news.example.com` + canonical + `">`,
				`<link rel="canonical" href="https://news.example.com` + canonical + `">`,
				`<meta property="og:image" content="https://news.example.com/assets/card.png">`,
			} {
				if strings.Contains(body, tag) != want {
					t.Errorf("%s with public URL %q: %s: %v, want %v", path, public, tag, !want, want)
				}
			}
			for _, tag := range []string{"og:title", "og:description", "og:type", "og:locale"} {
				if !strings.Contains(body, `property="`+tag+`"`) && !(tag == "og:description" && strings.HasPrefix(path, "/briefings") && !strings.HasPrefix(path, "/briefings/")) {
					t.Errorf("%s has no %s", path, tag)
				}
			}
		}
	}
	resp, _ := get(t, start(t, library(), nil).URL+"/assets/card.png")
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/png" {
		t.Errorf("picture: %s %s", resp.Status, resp.Header.Get("Content-Type"))
	}
}

func termPath(term string) string { return "/terms/" + url.PathEscape(term) }

// TestHostileQueries asks in every way that people and machines do.
func TestHostileQueries(t *testing.T) {
	server := operated(t, func() time.Time { return now }, nil)
	words := []string{hostile, strings.Repeat("長", 5000), "\x00", "%", "a b c d e f g", "(?i)(a+)+$", "' OR 1=1 --", "../../etc/passwd", "\u202eabc", "😀", "　", "e\u0301", "ﾊﾞ"}
	for _, w := range words {
		for _, path := range []string{"/search?q=", "/terms?q=", "/terms/", "/briefings/", "/briefings?month=", "/search?lang=", "/?lang=", "/search?q=a&page=", "/channels?lang="} {
			resp, body := get(t, server.URL+path+url.QueryEscape(w))
			if resp.StatusCode >= 500 {
				t.Errorf("%s%q: %s", path, w, resp.Status)
			}
			if len(body) > maxPage {
				t.Errorf("%s%q: %d bytes", path, w, len(body))
			}
			if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
				checkMarkup(t, path, body)
			}
		}
	}
}

// anchor is the one of a line of the newest digest.
func anchor(line int) string { return library().digests[0].Anchors()[line] }

// hostile is text that would become mark-up or a script if it were not
// escaped.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)> <b>'&quot; javascript:alert(1) {{.}} </title></textarea>` + "\u202E\u200B"

func TestHostileDigestStaysText(t *testing.T) {
	spans := []briefing.Span{{Text: hostile}, {Text: hostile, URL: "javascript:alert(1)"}, {Text: hostile, URL: "data:text/html,x"}, {Text: hostile, URL: `https://ok.example/"><script>`, Strong: true, Code: true}, {Text: "x", URL: "https://bank.example@evil.example/"}}
	text := briefing.Text{}
	for _, kind := range []briefing.BlockKind{briefing.Paragraph, briefing.Heading, briefing.Item, briefing.Quote, briefing.Code, briefing.Row} {
		text = append(text, briefing.Block{Kind: kind, Line: 70, Spans: spans})
	}
	d := &briefing.Digest{
		Date: "2025-07-02", Title: hostile, CVEs: []string{hostile},
		KeyPoints:  []briefing.KeyPoint{{Line: 1, Text: text, Details: []briefing.Detail{{Line: 2, Heading: hostile}}, Sources: []briefing.Source{{Title: hostile, URL: "javascript:alert(1)"}, {Title: hostile, URL: "https://ok.example/" + hostile}}}},
		Stories:    []briefing.Story{{Line: 2, Heading: hostile, Section: hostile, Text: text, Short: text, Sources: []briefing.Citation{{Line: 3, Title: hostile, URL: "vbscript:x"}}}},
		DeepDives:  []briefing.Section{{Line: 4, Heading: hostile, Text: text}},
		Sections:   []briefing.Section{{Line: 5, Heading: hostile, Text: text}},
		Glossary:   []briefing.Term{{Line: 6, Term: hostile, Aliases: []string{hostile}, Definition: hostile}},
		Outlook:    &briefing.Passage{Line: 7, Text: text},
		Conclusion: &briefing.Passage{Line: 8, Text: text},
		Citations:  []briefing.Citation{{Line: 9, Title: hostile, URL: "javascript:alert(1)"}},
	}
	s := shelf{digests: []*briefing.Digest{d}, entries: []briefing.Entry{{Term: hostile, Aliases: []string{hostile}, Definition: hostile, FirstSeen: "2025-07-02", LastSeen: "2025-07-02", Related: []string{hostile}, Digests: []briefing.Date{"2025-07-02"}}}}
	server := start(t, s, nil)
	for _, path := range []string{"/", "/briefings", "/terms", "/terms/" + url.PathEscape(hostile), "/search?q=" + url.QueryEscape(hostile), "/search?q=script", "/feed.atom"} {
		_, body := get(t, server.URL+path)
		if strings.ContainsAny(body, "\u202E\u200B") {
			t.Errorf("%s shows characters that hide or turn text", path)
		}
		if path != "/feed.atom" {
			checkMarkup(t, path, body)
		} else if strings.Contains(body, "<script") {
			t.Errorf("%s holds a script", path)
		}
	}
}

// checkMarkup parses a page as a browser does and fails for an element,
// attribute or link that the templates never write.
func checkMarkup(t *testing.T, path, body string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" {
			scripts++
		}
		if n.Data == "style" || n.Data == "iframe" || n.Data == "svg" || n.Data == "b" && strings.Contains(path, "day") {
			t.Errorf("%s: element <%s>", path, n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			}
			if a.Key == "href" || a.Key == "src" {
				if !regexp.MustCompile(`^(https?://[^@]*$|/|#)`).MatchString(a.Val) {
					t.Errorf("%s: link to %q", path, a.Val)
				}
			}
			if a.Key == "src" && !strings.HasPrefix(a.Val, "/assets/") {
				t.Errorf("%s: loads %q", path, a.Val)
			}
		}
	}
	if scripts != 1 {
		t.Errorf("%s: %d scripts, want the site's own only", path, scripts)
	}
}

func TestAnchorsAreUniqueAndReached(t *testing.T) {
	server := start(t, library(), nil)
	_, body := get(t, server.URL+"/briefings/2025-07-02")
	if n := checkAnchors(t, "2025-07-02", body); n < 8 {
		t.Errorf("only %d links within the page", n)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	if _, err := web.New(web.Options{PublicURL: "news.example.com"}); err == nil {
		t.Error("a public URL without scheme was accepted")
	}
}
