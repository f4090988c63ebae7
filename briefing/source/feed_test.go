package source

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

const rssFeed = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>まとめ</title>
<item><title>2025年7月2日 まとめ</title><link>https://blog.example/n/2</link><pubDate>Thu, 03 Jul 2025 07:00:00 +0900</pubDate>
<content:encoded><![CDATA[<h2>主要ポイント</h2><ul><li>一つ目の話</li><li><b>二つ目</b>の話</li></ul>
<p>詳しくは<a href="/n/9">別の記事</a>へ。</p><table><tr><th>製品</th><th>版</th></tr><tr><td>甲</td><td>1.2</td></tr></table><script>alert(1)</script>]]></content:encoded></item>
<item><title>お知らせ</title><link>https://blog.example/n/1</link><pubDate>Wed, 02 Jul 2025 09:00:00 +0900</pubDate><description>同じ日の別の話</description></item>
<item><title>日付のない短い話</title><pubDate>Mon, 30 Jun 2025 23:30:00 GMT</pubDate><description># 日付のない短い話

* 印のついた行</description></item>
<item><title>2025年7月1日 空</title><description> </description></item>
<item><title>いつのものでもない</title><description>本文</description></item>
</channel></rss>`

const atomFeed = `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>まとめ</title><id>urn:x</id><updated>2025-07-03T00:00:00Z</updated>
<entry><title>2025-07-02 まとめ</title><id>urn:1</id><updated>2025-07-03T00:00:00Z</updated><link href="https://blog.example/2"/>
<content type="html">&lt;h1&gt;2025-07-02 まとめ&lt;/h1&gt;&lt;p&gt;本文&lt;/p&gt;</content></entry></feed>`

const jsonFeed = `{"version":"https://jsonfeed.org/version/1.1","title":"まとめ","items":[
{"id":"1","title":"2025/07/02","content_text":"## 主要ポイント\n\n* 一つ目","date_published":"2025-07-03T00:00:00Z"}]}`

func TestFeed(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, feed string
		want       []string // names and what their bodies hold, a file each
		not        string
	}{
		{"RSS", rssFeed, []string{
			"2025-07-01.md|# 日付のない短い話\n\n* 印のついた行\n",
			"2025-07-02.md|# 2025年7月2日 まとめ\n\n## 主要ポイント\n\n- 一つ目の話\n- **二つ目**の話\n\n詳しくは[別の記事](https://blog.example/n/9)へ。\n\n| 製品 | 版 |",
		}, "alert"},
		{"Atom", atomFeed, []string{"2025-07-02.md|# 2025-07-02 まとめ\n\n本文\n"}, ""},
		{"JSON Feed", jsonFeed, []string{"2025-07-02.md|# 2025/07/02\n\n## 主要ポイント\n\n* 一つ目\n"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, at := serve(t, map[string]string{"/feed": tt.feed})
			src, err := NewFeed(at+"/feed", Options{AllowPrivate: true, Zone: tokyo})
			if err != nil {
				t.Fatal(err)
			}
			in := &inbox{}
			newest, err := src.Scan(t.Context(), in.take)
			if err != nil || newest != "2025-07-02" {
				t.Fatalf("newest %s, error %v", newest, err)
			}
			if len(in.files) != len(tt.want) {
				t.Fatalf("got %d files, want %d", len(in.files), len(tt.want))
			}
			for i, f := range in.files {
				name, body, _ := strings.Cut(tt.want[i], "|")
				if f.Name != name || !strings.HasPrefix(string(f.Body), body) {
					t.Errorf("%s:\n%s\nwant %s:\n%s", f.Name, f.Body, name, body)
				}
				if tt.not != "" && strings.Contains(string(f.Body), tt.not) {
					t.Errorf("%s holds %q", f.Name, tt.not)
				}
			}
			in.got()
			s.requests()
			if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() != "" || s.requests() != "/feed?" {
				t.Errorf("the second look was not conditional, or gave files: %v", err)
			}
		})
	}
}

func TestFeedRevised(t *testing.T) {
	s, at := serve(t, map[string]string{"/feed": jsonFeed})
	src, err := NewFeed(at+"/feed", Options{AllowPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{fail: map[string]error{"2025-07-02.md": errors.New("database is locked")}}
	if _, err := src.Scan(t.Context(), in.take); err == nil || !strings.Contains(err.Error(), "database is locked") {
		t.Errorf("got %v", err)
	}
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() == "" {
		t.Errorf("not offered again: %v", err)
	}
	s.set("/feed", strings.Replace(jsonFeed, `"まとめ"`, `"別の名"`, 1))
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() != "" {
		t.Errorf("an item that is the same came again: %v", err)
	}
	s.set("/feed", strings.Replace(jsonFeed, "一つ目", "直した話", 1))
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() == "" {
		t.Errorf("a revised item did not come: %v", err)
	}
	s.set("/feed", `{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[]}`)
	if _, err := src.Scan(t.Context(), in.take); err != nil || in.got() != "" {
		t.Errorf("an item that left the feed was withdrawn: %v", err)
	}
}

func TestFeedErrors(t *testing.T) {
	tests := []struct {
		name    string
		body    string
		status  int
		wantErr string
	}{
		{"no such feed", "", http.StatusNotFound, "404 Not Found"},
		{"forbidden", "", http.StatusForbidden, "403 Forbidden"},
		{"a web page", "<html><head></head></html>", 0, "web page"},
		{"nonsense", "hello", 0, "read feed:"},
		{"cut off", rssFeed[:200], 0, "read feed:"},
		{"brackets", strings.Replace(rssFeed, "一つ目の話", strings.Repeat("[甲", 30_000), 1), 0, "item of 2025-07-02: too many opening brackets"},
		{"huge", rssFeed + strings.Repeat(" ", maxFeed), 0, "larger than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, at := serve(t, map[string]string{"/feed": tt.body})
			if tt.status != 0 {
				s.status["/feed"] = tt.status
			}
			src, err := NewFeed(at+"/feed?key=hunter2", Options{AllowPrivate: true})
			if err != nil {
				t.Fatal(err)
			}
			_, err = src.Scan(t.Context(), (&inbox{}).take)
			if err == nil || !strings.Contains(err.Error(), tt.wantErr) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, tt.wantErr)
			}
		})
	}
}

// A feed may be as hostile as any page: a few kilobytes of HTML must not become
// gigabytes of Markdown.
func TestFeedHostile(t *testing.T) {
	const cell = "<td>甲</td>"
	tests := []struct{ name, body, want string }{
		{"spans", `<table><tr><th>製品</th><th>版</th></tr>` + strings.Repeat(`<tr><td colspan=1000000 rowspan=1000000>乙</td></tr>`, 100) + `</table>`, "| 製品 | 版 |"},
		{"wide and long", `<table><tr>` + strings.Repeat(cell, 3_000) + `</tr>` + strings.Repeat(`<tr><td>乙</td></tr>`, 3_000) + `</table>`, "甲"},
		{"one long cell", `<table><tr><th>` + strings.Repeat("長", 30_000) + `</th></tr>` + strings.Repeat(`<tr><td>乙</td></tr>`, 3_000) + `</table>`, "乙"},
		{"nested", strings.Repeat(`<table><tr><td>外<br>`, 60) + "甲" + strings.Repeat(`</td></tr></table>`, 60), "甲"},
		{"quotations in quotations", strings.Repeat("<blockquote>", 400) + strings.Repeat("甲<br>", 3_000), "> 甲"},
		{"lists in lists", strings.Repeat("<ul><li>", 200) + strings.Repeat("<p>甲", 2_000), "- 甲"},
		{"table in a table", `<table><tr><td>外<table><tr><th>製品</th></tr><tr><td>乙</td></tr></table></td></tr></table>`, "| 製品 |"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newConverter().ConvertString(tt.body)
			if err != nil || !strings.Contains(got, tt.want) {
				t.Errorf("error %v, or %q is not in %.200q", err, tt.want, got)
			}
			if most := 10*len(tt.body) + 1000; len(got) > most {
				t.Errorf("%d bytes of HTML became %d bytes", len(tt.body), len(got))
			}
		})
	}
}
