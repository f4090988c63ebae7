package digest

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
)

// TestSeedLayout holds the JSON of the layout that the series began with to
// the letter.
func TestSeedLayout(t *testing.T) {
	src, err := os.ReadFile("testdata/seed_2025-07-02.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/seed_2025-07-02.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(Read("seed_2025-07-02.md", src), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestEmphasis(t *testing.T) {
	for _, tt := range []struct {
		src  string
		want []briefing.Span
	}{
		{"**「重要」**です", []briefing.Span{{Text: "「重要」", Strong: true}, {Text: "です"}}},
		{"これは**「重要」**です", []briefing.Span{{Text: "これは"}, {Text: "「重要」", Strong: true}, {Text: "です"}}},
		{"**重要。**次に", []briefing.Span{{Text: "重要。", Strong: true}, {Text: "次に"}}},
		{"**A（B）**、**C**は", []briefing.Span{{Text: "A（B）", Strong: true}, {Text: "、"}, {Text: "C", Strong: true}, {Text: "は"}}},
		{"前*「斜体」*後", []briefing.Span{{Text: "前「斜体」後"}}},
		{"snake_case_name と **太字**", []briefing.Span{{Text: "snake_case_name と "}, {Text: "太字", Strong: true}}},
		{"** 太字でない** ", []briefing.Span{{Text: "太字でない"}}},
		{"`**code**` と **[名](https://a.example/)**", []briefing.Span{{Text: "**code**", Code: true}, {Text: " と "}, {Text: "名", URL: "https://a.example/", Strong: true}}},
		{"詳細はhttps://a.example/x_y_z。次", []briefing.Span{{Text: "詳細は"}, {Text: "https://a.example/x_y_z", URL: "https://a.example/x_y_z"}, {Text: "。次"}}},
		{"(https://a.example/a_(b))", []briefing.Span{{Text: "("}, {Text: "https://a.example/a_(b)", URL: "https://a.example/a_(b)"}, {Text: ")"}}},
		{"[x](javascript:alert(1))", []briefing.Span{{Text: "x (javascript:alert(1))"}}},
		{`A &amp; B \*C\*`, []briefing.Span{{Text: "A & B *C*"}}},
		{"一行目\n二行目 and\nthird", []briefing.Span{{Text: "一行目二行目 and third"}}},
		{"上<br>下 <b>太</b>", []briefing.Span{{Text: "上\n下 太"}}},
	} {
		r := &reader{digest: empty(), src: []byte(tt.src)}
		r.outline()
		var got []briefing.Span
		if text := r.text(r.root.blocks); len(text) > 0 {
			got = text[0].Spans
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.src, diff)
		}
	}
}

func TestCleanLine(t *testing.T) {
	for src, want := range map[string]string{
		"発見された,,。次":                            "発見された。次",
		"標的としており,、攻撃者は":                        "標的としており、攻撃者は",
		"報告書,, CISA Advisory":                  "報告書, CISA Advisory",
		"悪用される,,,":                             "悪用される",
		"「…」,":                                 "「…」",
		"1,000件、2,000件":                        "1,000件、2,000件",
		"https://a.example/?a=1,,b":            "https://a.example/?a=1,,b",
		"「…」 — [戦略報告書, 49-51]":                 "「…」 — [戦略報告書]",
		"[報告, 8, 29, 157-160]。":                "[報告]。",
		"[Blog (Dec 5, 2026)]":                 "[Blog (Dec 5, 2026)]",
		"[T, due Feb 16, 2026]":                "[T, due Feb 16, 2026]",
		"[上位, 10](https://a.example/)":         "[上位, 10](https://a.example/)",
		"報告があった【3†source】。":                    "報告があった。",
		"【速報】大手で障害":                            "【速報】大手で障害",
		"脅威評価](source_9)":                      "脅威評価]",
		"傾向は(1)高速化、(2)自動化":                     "傾向は(1)高速化、(2)自動化",
		"前\ue200cite\ue202turn0search1\ue201後": "前後",
	} {
		if got := cleanLine(src); got != want {
			t.Errorf("cleanLine(%q) = %q, want %q", src, got, want)
		}
	}
}

func TestCleanHeading(t *testing.T) {
	for _, tt := range []struct {
		src, want string
		leftovers bool
	}{
		{"[用語解説]", "用語解説", true},
		{"[2025年7月2日] ニュース", "[2025年7月2日] ニュース", false},
		{"サブトピック1: 自動化", "自動化", true},
		{"サブトピック２：自動化", "自動化", true},
		{"サブトピック1", "", true},
		{"ニュースカテゴリ2: 海外", "海外", true},
		{"ニュースカテゴリ", "ニュースカテゴリ", false},
		{"トピック3選", "トピック3選", false},
		{"1. 大手で障害", "1. 大手で障害", false},
	} {
		if got, _, leftovers := cleanHeading(tt.src); got != tt.want || leftovers != tt.leftovers {
			t.Errorf("cleanHeading(%q) = %q, %v; want %q, %v", tt.src, got, leftovers, tt.want, tt.leftovers)
		}
	}
}

func TestReferenceMarks(t *testing.T) {
	const src = "# 2031-01-02 ニュース\n\n## 主要ポイント\n\n* 甲社で障害\n\n## ニュース紹介\n\n### 甲社で障害\n\n" +
		"甲社で障害が起きた[1][9]。原因は不明[2, 7]。復旧した[^3]。\n\n## 引用\n\n[1] 甲社の発表: https://a.example/1\n[2: 乙紙](https://a.example/2)\n\n[^3]: [丙紙](https://a.example/3)\n"
	d := Read("", []byte(src))
	want := "甲社で障害が起きた[1] (https://a.example/1)。原因は不明[2] (https://a.example/2)。復旧した[3] (https://a.example/3)。"
	if got := d.Stories[0].Text.String(); got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
	var titles []string
	for _, c := range d.Citations {
		titles = append(titles, c.Title+" "+c.URL)
	}
	if diff := cmp.Diff([]string{"甲社の発表 https://a.example/1", "乙紙 https://a.example/2", "丙紙 https://a.example/3"}, titles); diff != "" {
		t.Errorf("citations (-want +got):\n%s", diff)
	}
	if !warned(d, codeLeftover) {
		t.Error("no warning for [9] and 7, which point at nothing")
	}
}

func TestSplitNames(t *testing.T) {
	for src, want := range map[string][]string{
		"国家サイバー統括室（NCO: National Cybersecurity Office）":             {"国家サイバー統括室", "NCO", "National Cybersecurity Office"},
		"多要素認証 (Multi-Factor Authentication, MFA)":                  {"多要素認証", "Multi-Factor Authentication", "MFA"},
		"DMARC (Domain-based Authentication, Reporting, and Rules)": {"DMARC", "Domain-based Authentication, Reporting, and Rules"},
		"KEV (Known Exploited Vulnerabilities) カタログ":                {"KEV カタログ", "Known Exploited Vulnerabilities"},
		"KEV（Known Exploited Vulnerabilities）カタログ":                  {"KEVカタログ", "Known Exploited Vulnerabilities"},
		"IDOR / BOLA": {"IDOR", "BOLA"},
		"CI/CD":       {"CI/CD"},
		"ランサムウェア":     {"ランサムウェア"},
		"「二重恐喝」（Double Extortion）":           {"二重恐喝", "Double Extortion"},
		"SBOM（ソフトウェア部品表、別名: 部品一覧）":           {"SBOM", "ソフトウェア部品表", "部品一覧"},
		"境界外書き込み（Out-of-bounds (OOB) Write）": {"境界外書き込み", "Out-of-bounds (OOB) Write"},
	} {
		name, aliases := splitNames(src)
		if diff := cmp.Diff(want, append([]string{name}, aliases...)); diff != "" {
			t.Errorf("splitNames(%q) (-want +got):\n%s", src, diff)
		}
	}
}

func TestSources(t *testing.T) {
	const u = "https://a.example/1"
	for _, tt := range []struct {
		src, prose string
		want       []briefing.Citation
	}{
		{"[出典: 甲紙 - 見出し](" + u + ")", "", []briefing.Citation{{Title: "甲紙 - 見出し", URL: u}}},
		{"[出典: 甲紙 - 見出し] (" + u + ")", "", []briefing.Citation{{Title: "甲紙 - 見出し", URL: u}}},
		{"[出典: 甲紙 - 見出し]", "", []briefing.Citation{{Title: "甲紙 - 見出し"}}},
		{"出典: 見出し - 甲紙 (" + u + ")", "", []briefing.Citation{{Title: "見出し - 甲紙", URL: u}}},
		{"**出典:** [見出し](" + u + ")", "", []briefing.Citation{{Title: "見出し", URL: u}}},
		{"**出典**：[見出し](" + u + ")", "", []briefing.Citation{{Title: "見出し", URL: u}}},
		{"出典: " + u, "", []briefing.Citation{{Title: "a.example", URL: u}}},
		{"[出典: [見出し](" + u + ")]", "", []briefing.Citation{{Title: "見出し", URL: u}}},
		{"[出典: 甲] [出典: 乙](" + u + ")", "", []briefing.Citation{{Title: "甲"}, {Title: "乙", URL: u}}},
		{"出典: [甲](" + u + "), [乙](" + u + "2)", "", []briefing.Citation{{Title: "甲", URL: u}, {Title: "乙", URL: u + "2"}}},
		{"（出典：甲紙）", "", []briefing.Citation{{Title: "甲紙"}}},
		{"本文です。（出典: [甲紙](" + u + ")）", "本文です。", []briefing.Citation{{Title: "甲紙", URL: u}}},
		{"[出典: 甲紙 (2031) 続報](レポートに基づく)", "", []briefing.Citation{{Title: "甲紙 (2031) 続報 (レポートに基づく)"}}},
		{"[出典: 1, 2, 30]", "", nil},
		{"Source: [Title](" + u + ")", "", []briefing.Citation{{Title: "Title", URL: u}}},
		{"情報源の特定は難しい。", "情報源の特定は難しい。", nil},
	} {
		r := &reader{digest: empty(), src: []byte(tt.src)}
		r.outline()
		rest, got := r.takeSources(r.root.blocks)
		for i := range got {
			got[i].Line = 0
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.src, diff)
		}
		if prose := r.text(rest).String(); prose != tt.prose {
			t.Errorf("%q leaves %q, want %q", tt.src, prose, tt.prose)
		}
	}
}

func TestDateIn(t *testing.T) {
	for src, want := range map[string]briefing.Date{
		"2025年7月2日 まとめ":                    "2025-07-02",
		"[2025年07月02日] まとめ":                "2025-07-02",
		"2025-07-02":                       "2025-07-02",
		"2025/7/2 まとめ":                     "2025-07-02",
		"cybersecurity_news_2025_06_01.md": "2025-06-01",
		"digest20250702.md":                "2025-07-02",
		"２０２５年７月２日":                        "2025-07-02",
		"Security news for July 2, 2025":   "2025-07-02",
		"2026年2月中旬 まとめ":                    "",
		"2025年13月40日":                      "",
		"CVE-2025-12345":                   "",
		"レポート：2025年11月5日":                  "2025-11-05",
	} {
		if got := dateIn(src); got != want {
			t.Errorf("dateIn(%q) = %q, want %q", src, got, want)
		}
	}
}

func TestRoles(t *testing.T) {
	for text, want := range map[string]role{
		"主要ポイント": roleKeyPoints, "本日のハイライト": roleKeyPoints, "1. 今日の要点": roleKeyPoints,
		"ニュース紹介": roleNews, "詳細ニュース": roleNews, "深掘り": roleDeepDive, "深掘り分析": roleDeepDive,
		"関連知識": roleBackground, "[用語解説]": roleGlossary, "重要な用語や概念の解説": roleGlossary, "５．用語集": roleGlossary,
		"今後の展望": roleOutlook, "今後の予測と対策についての考察": roleOutlook, "結論": roleConclusion, "総括と教訓": roleConclusion,
		"ニュース全体の総括と教訓": roleConclusion, "主要引用": roleCitations, "参考情報・引用": roleCitations, "Key Citations": roleCitations,
		"■ 出典": roleCitations, "国際機関への攻撃の背景と影響": roleNone, "甲社で情報漏えい": roleNone, "甲社、今後の展望を発表": roleNone, "国内ニュース": roleNone,
	} {
		if got, _ := bareRole(text); got != want {
			t.Errorf("bareRole(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	const body = "\n\n## 主要ポイント\n\n* 甲社で障害が起きた\n\n## 国内ニュース\n\n### 甲社で障害\n\n甲社の販売システムで障害が起き、受注が止まりました。\n"
	for _, tt := range []struct {
		name, file, src string
		want            []string
	}{
		{"nothing", "2031-01-02.md", "# 2031-01-02 ニュース" + body, nil},
		{"other date", "2031-01-03.md", "# 2031-01-02 ニュース" + body, []string{"1 date-mismatch"}},
		{"no date", "a.md", "# 朝のセキュリティ便" + body, []string{"1 no-date"}},
		{"no title", "2031-01-02.md", strings.TrimLeft(body, "\n"), []string{"1 no-title"}},
		{"empty", "2031-01-02.md", "", []string{"1 no-content", "1 no-title"}},
		{"prose only", "2031-01-02.md", "# 2031-01-02 ニュース\n\n前書きだけです。\n", []string{"1 no-content", "1 no-role"}},
		{"leftover", "2031-01-02.md", "# 2031-01-02 ニュース" + body + "復旧した,,。\n", []string{"12 leftover"}},
		{"empty heading", "2031-01-02.md", "# 2031-01-02 ニュース" + body + "\n### 空の見出し\n", []string{"13 empty"}},
		{"unknown part", "2031-01-02.md", "# 2031-01-02 ニュース" + body + "\n## 編集後記\n\n今日は良い天気でした。\n", []string{"13 no-role"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, w := range Lint(tt.file, []byte(tt.src)) {
				got = append(got, strings.TrimSpace(strings.Join([]string{itoa(w.Line), w.Code}, " ")))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// TestTwice reads a story that is told short and long as one story, and a
// theme that covers several as a story of its own.
func TestTwice(t *testing.T) {
	const src = `# 2031年1月2日 ニュースまとめ
## 主要ポイント
* 甲電機の受注システムが停止
## 企業の被害
甲電機の受注システムが停止し、乙銀行でも口座情報の一部が流出しました。業種を問わず被害が続いています。
## 海外
### 丙国の港でクレーンが止まる
丙国の港でクレーンの制御装置が止まり、荷役が半日遅れました。
---
# 2031年1月2日 ニュース詳細
## ニュース紹介
### 1. 甲電機、受注システムが停止
甲電機は保守用の回線から侵入され、受注システムが停止したと発表しました。再開は来週の見込みです。
### 2. 乙銀行、口座情報の一部が流出
乙銀行は委託先の設定の誤りで、口座情報の一部が外部から見える状態だったと発表しました。
### 3. 丙国の港でクレーンが止まる
丙国の港でクレーンの制御装置が止まり、荷役が半日遅れました。当局は原因を調べています。
`
	d := Read("2031-01-02.md", []byte(src))
	var got []string
	for _, s := range d.Stories {
		b, _ := json.Marshal(s.Also)
		got = append(got, itoa(s.Line)+" "+string(b)+" "+s.Section+" / "+s.Heading)
	}
	want := []string{
		"4 []  / 企業の被害",
		"12 [] ニュース紹介 / 1. 甲電機、受注システムが停止",
		"14 [] ニュース紹介 / 2. 乙銀行、口座情報の一部が流出",
		"16 [7] 海外 / 3. 丙国の港でクレーンが止まる",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stories (-want +got):\n%s", diff)
	}
	if got := d.KeyPoints[0].Details[0].Line; got != 12 {
		t.Errorf("first detail on line %d, want 12", got)
	}
}

// TestConcurrentReads is for the race detector: readings share nothing.
func TestConcurrentReads(t *testing.T) {
	src, err := os.ReadFile("testdata/seed_2025-07-02.md")
	if err != nil {
		t.Fatal(err)
	}
	want := Read("seed_2025-07-02.md", src)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if diff := cmp.Diff(want, Read("seed_2025-07-02.md", src)); diff != "" {
				t.Errorf("a concurrent reading differs:\n%s", diff)
			}
		})
	}
	wg.Wait()
}

// FuzzRead looks for files that make reading panic, lie about lines, or hang.
func FuzzRead(f *testing.F) {
	f.Add("2031-01-02.md", "# 2031年1月2日\n## 主要ポイント\n* **「甲」**で障害[1]\n## 用語解説\n* **A（B: C）**: d\n## 引用\n[1] t: https://a.example/\n")
	f.Add("", "| 用語 | 説明 |\n| - | - |\n| a | b |\n\n---\n\n> 「引用」 — [x, 3-4]\n\n```\n**x**\n```\n")
	f.Add("x", "# a\n### 1. b\n出典: [c](https://a.example/) [出典: d]\n- e\n  - f\n#### [g]\nサブトピック1\n==\n")
	f.Fuzz(func(t *testing.T, name, src string) {
		d := Read(name, []byte(src))
		if d == nil {
			t.Fatal("Read() = nil")
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatalf("marshal: %v", err)
		}
		last := strings.Count(src, "\n") + 1
		for _, w := range d.Warnings {
			if w.Line < 1 || w.Line > last {
				t.Errorf("warning %+v is on no line of %d", w, last)
			}
		}
		for _, s := range d.Stories {
			if s.Line < 1 || s.Line > last {
				t.Errorf("story on line %d of %d", s.Line, last)
			}
		}
	})
}
