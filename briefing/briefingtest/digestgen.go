package briefingtest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"cyberbrief/briefing"
)

// Made is a digest in a random layout, and what a careful reader finds in it.
// Lines are 1-based lines of Source.
type Made struct {
	Name   string
	Source string
	Date   briefing.Date
	Title  string
	// KeyPoints are in order; each is told by one of the stories.
	KeyPoints []MadePoint
	// Stories has every heading that tells a story; Again is the line where
	// the same story is told in short, 0 for once only.
	Stories    []MadeStory
	DeepDives  []int
	Terms      []briefing.Term // without definitions
	Outlook    int             // 0 for none, as Conclusion
	Conclusion int
	Citations  []briefing.Citation // without titles
}

// MadePoint is a key point, the story that tells it and the story's source.
type MadePoint struct {
	Line  int
	Story int // index into Stories
	URL   string
}

// MadeStory is the heading of a story, and the source that stands below it.
type MadeStory struct {
	Line, Again int
	Heading     string
	URL         string
}

// MakeDigest writes a digest in a layout of chance: other words for the same
// parts, other numbering, brackets, list markers, levels, forms of sources,
// terms and citations, full-width characters, line ends. The same r gives the
// same digest.
func MakeDigest(r *rand.Rand) Made {
	w := &writer{r: r}
	w.plan()
	w.write()
	w.made.Source = w.finish()
	return w.made
}

// subject is a piece of news that no other one is like.
type subject struct{ who, what, how, word string }

var subjects = []subject{
	{"青葉電機", "販売管理システムが停止", "VPN装置の脆弱性を突かれ", "Aoba Denki outage"},
	{"みなと銀行", "口座番号の一部が流出", "委託先の設定の誤りで", "Minato Bank leak"},
	{"北星大学", "学生の名簿が閲覧可能に", "クラウドの共有設定を誤り", "Hokusei University exposure"},
	{"Quartzmail", "深刻な脆弱性CVE-2031-20417を修正", "認証を回避する欠陥が見つかり", "Quartzmail authentication flaw"},
	{"白樺製薬", "臨床試験のデータが暗号化", "取引先を経由した侵入を受け", "Shirakaba pharma ransomware"},
	{"海野市", "住民票の発行が一日止まる", "庁内の端末がウイルスに感染し", "Unno city systems down"},
	{"Pelican Router", "出荷時のパスワードが推測可能", "製造番号から導ける欠陥があり", "Pelican Router default password"},
	{"総務庁舎組合", "職員を装う電子メールに注意を呼びかけ", "偽の請求書が全国に届き", "fake invoices"},
}

// Words for the parts. Every list has words that the real series never used.
var (
	keyWords        = []string{"主要ポイント", "今日の要点", "ハイライト", "本日の重要ポイント", "Key Points", "エグゼクティブサマリー", "まず押さえたい3点"}
	newsWords       = []string{"ニュース紹介", "ニュース詳細", "個別ニュース", "詳細ニュース", "トップニュース"}
	groupWords      = [][2]string{{"国内ニュース", "海外ニュース"}, {"国内の動き", "世界の動き"}, {"日本国内のインシデント", "海外の重大事例"}}
	themeWords      = []string{"企業を狙う侵入の広がり", "製品の欠陥と更新", "自治体と学校の備え"}
	deepWords       = []string{"深掘り", "深堀り", "特集", "ディープダイブ", "掘り下げ"}
	glossaryWords   = []string{"用語解説", "用語集", "今日の用語", "重要な用語", "キーワード解説", "Glossary"}
	outlookWords    = []string{"今後の展望", "今後の見通し", "先行き", "今後の予測と対策", "Outlook"}
	conclusionWords = []string{"結論", "まとめ", "総括", "総括と教訓", "おわりに", "Conclusion"}
	citationWords   = []string{"主要引用", "引用", "参考文献", "出典一覧", "References", "情報源", "参考リンク"}
	topics          = []string{"委託先という見えない入口", "更新が間に合わない理由", "復旧の手順を誰が知っているか"}
)

// terms have a name, other names as one writes them, and the same apart.
var terms = []struct {
	name, written string
	aliases       []string
}{
	{"多要素認証", "多要素認証（MFA: Multi-Factor Authentication）", []string{"MFA", "Multi-Factor Authentication"}},
	{"踏み台", "踏み台", nil},
	{"EDR", "EDR (Endpoint Detection and Response)", []string{"Endpoint Detection and Response"}},
	{"標的型メール", "標的型メール（スピアフィッシング、Spear Phishing）", []string{"スピアフィッシング", "Spear Phishing"}},
	{"IDOR", "IDOR / BOLA", []string{"BOLA"}},
	{"KEV カタログ", "KEV (Known Exploited Vulnerabilities) カタログ", []string{"Known Exploited Vulnerabilities"}},
}

// writer puts a digest together line by line.
type writer struct {
	r     *rand.Rand
	made  Made
	lines []string

	stories  []subject
	twice    bool // short and long
	grouped  bool // items under two groups
	numbered bool
	brackets bool // [heading]
	wide     bool // full-width colons, digits and brackets
	tight    bool // no empty lines
	marker   string
	level    int // of the parts; items are one deeper
}

func (w *writer) chance(percent int) bool { return w.r.IntN(100) < percent }

func pick[T any](w *writer, list []T) T { return list[w.r.IntN(len(list))] }

// plan throws the dice for the whole digest.
func (w *writer) plan() {
	order := w.r.Perm(len(subjects))
	for _, i := range order[:3+w.r.IntN(3)] {
		w.stories = append(w.stories, subjects[i])
	}
	w.twice = w.chance(40)
	w.grouped = !w.twice && w.chance(50)
	w.numbered, w.brackets = w.chance(60), w.chance(20)
	w.wide, w.tight = w.chance(30), w.chance(30)
	w.marker = pick(w, []string{"* ", "*   ", "- ", "+ ", "1. ", "・"})
	w.level = 2
	w.made.Date = briefing.Date("2031-03-04").AddDays(w.r.IntN(300))
	w.made.Name = "digest_" + string(w.made.Date) + ".md"
	w.made.Title = w.date() + pick(w, []string{" サイバーセキュリティニュースまとめ", "のセキュリティ通信", " 朝のセキュリティ便"})
}

// date writes the digest's date in one of the forms that titles have.
func (w *writer) date() string {
	t := w.made.Date.Time()
	return pick(w, []string{t.Format("2006年1月2日"), t.Format("2006年01月02日"), t.Format("2006-01-02"), t.Format("2006/01/02"), "[" + t.Format("2006年1月2日") + "]"})
}

// add writes a line and gives its number.
func (w *writer) add(format string, args ...any) int {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
	return len(w.lines)
}

// gap writes an empty line, where the digest has them.
func (w *writer) gap() {
	if !w.tight {
		w.add("")
	}
}

// heading writes a heading and gives its line. Numbers count from 1; 0 is
// for headings that have none.
func (w *writer) heading(level int, text string, number int) int {
	if number > 0 && w.numbered {
		text = pick(w, []string{fmt.Sprintf("%d. %s", number, text), fmt.Sprintf("%d．%s", number, text)})
	}
	if w.brackets && number == 0 {
		text = "[" + text + "]"
	}
	no := w.add("%s %s", strings.Repeat("#", level), text)
	w.gap()
	return no
}

func (w *writer) colon() string {
	if w.wide {
		return "："
	}
	return ": "
}

// write writes all parts.
func (w *writer) write() {
	w.add("# %s", w.made.Title)
	w.gap()
	w.keyPoints()
	if w.twice {
		w.themes()
		w.add("---")
		w.gap()
		w.add("# %s 詳細", w.made.Title)
		w.gap()
	}
	w.news()
	w.deepDive()
	w.glossary()
	w.outlook()
	if w.chance(80) {
		w.made.Conclusion = w.heading(w.level, pick(w, conclusionWords), 0)
		w.add("本日は守る側の備えが問われる一日でした。手順を見直し、連絡先を確かめておくことが役に立ちます。")
		w.gap()
	}
	w.citations()
}

func (w *writer) keyPoints() {
	if w.chance(80) {
		w.heading(w.level, pick(w, keyWords), 0)
	} else if w.marker == "・" {
		w.marker = "- "
	}
	for i, s := range w.stories {
		text := fmt.Sprintf("%sで%sしたと発表がありました。", s.who, s.what)
		if w.chance(40) {
			text = "**" + s.who + w.colon() + "** " + s.how + "、" + s.what + "。"
		}
		marker := w.marker
		if marker == "1. " {
			marker = fmt.Sprintf("%d. ", i+1)
		}
		w.made.KeyPoints = append(w.made.KeyPoints, MadePoint{Line: w.add("%s%s", marker, text), Story: i})
	}
	w.add("")
}

// themes tells stories in short, one a theme.
func (w *writer) themes() {
	for i, theme := range themeWords[:min(len(themeWords), len(w.stories))] {
		s := w.stories[i]
		no := w.heading(w.level, theme, 0)
		w.add("%s", w.body(s))
		w.gap()
		w.made.Stories = append(w.made.Stories, MadeStory{Again: no})
	}
}

// body is what is said of a subject, in short and in full.
func (w *writer) body(s subject) string {
	return fmt.Sprintf("%sは、%s、%sしたことを公表しました。%sの担当者は原因の調査を続けています。", s.who, s.how, s.what, s.who)
}

func (w *writer) news() {
	short := w.made.Stories
	w.made.Stories = nil
	group := pick(w, groupWords)
	if !w.grouped {
		w.heading(w.level, pick(w, newsWords), 0)
	}
	for i, s := range w.stories {
		if w.grouped && (i == 0 || i == len(w.stories)/2) {
			w.heading(w.level, group[min(i, 1)], 0)
		}
		st := MadeStory{Heading: s.who + "、" + s.what}
		st.Line = w.heading(w.level+1, st.Heading, i+1)
		w.add("%s", w.body(s))
		w.add("影響を受けた利用者には個別に連絡し、窓口を設けるとしています。")
		if w.chance(70) {
			st.URL = fmt.Sprintf("https://news.example/%d/%s", i, strings.ReplaceAll(strings.ToLower(s.word), " ", "-"))
			w.gap()
			w.source(s, st.URL)
		}
		w.add("")
		if i < len(short) {
			st.Again = short[i].Again
		}
		w.made.Stories = append(w.made.Stories, st)
		w.made.KeyPoints[i].URL = st.URL
	}
}

// source writes the source line of a story in one of its forms.
func (w *writer) source(s subject, url string) {
	title := "例示新聞 - " + s.who + "、" + s.what
	w.add("%s", pick(w, []string{
		"[出典: " + title + "](" + url + ")",
		"[出典: " + title + "] (" + url + ")",
		"出典: " + title + " (" + url + ")",
		"出典：" + title + " " + url,
		"**出典:** [" + title + "](" + url + ")",
		"出典: [" + title + "](" + url + ")",
		"（出典：[" + title + "](" + url + ")）",
		"[情報源: [" + title + "](" + url + ")]",
		"出典: " + url,
	}))
}

func (w *writer) deepDive() {
	if !w.chance(80) {
		return
	}
	w.heading(w.level, pick(w, deepWords), 0)
	for _, topic := range topics[:1+w.r.IntN(2)] {
		w.made.DeepDives = append(w.made.DeepDives, w.heading(w.level+1, topic, 0))
		w.add("守る側の仕事は、攻撃の巧みさよりも**「日々の手順」**に左右されます。")
		w.gap()
		if w.chance(50) {
			w.heading(w.level+2, "見落とされがちな点", 0)
			w.add("*   **連絡先**: 夜間に誰へ電話するかを決めておく。")
			w.add("*   **控え**: 紙の手順書を一部残す。")
			w.gap()
		}
	}
}

// glossary writes the terms in one form for all of them.
func (w *writer) glossary() {
	if !w.chance(85) {
		return
	}
	w.heading(w.level+w.r.IntN(2), pick(w, glossaryWords), 0)
	form := w.r.IntN(5)
	if form == 4 {
		w.add("| 用語 | 説明 |")
		w.add("| --- | --- |")
	}
	for _, i := range w.r.Perm(len(terms))[:2+w.r.IntN(3)] {
		t := terms[i]
		if form == 4 && strings.Contains(t.written, "/") {
			continue
		}
		definition := "「" + t.name + "」は、日々の守りで繰り返し出てくる考え方の一つ。"
		var no int
		switch form {
		case 0:
			no = w.add("*   **%s**%s%s", t.written, w.colon(), definition)
		case 1:
			no = w.add("- **%s%s** %s", t.written, strings.TrimSpace(w.colon()), definition)
		case 2:
			no = w.add("**%s**%s  ", t.written, w.colon())
			w.add("%s", definition)
			w.add("")
		case 3:
			no = w.add("* %s%s%s", t.written, w.colon(), definition)
		default:
			no = w.add("| %s | %s |", t.written, definition)
		}
		aliases := t.aliases
		if aliases == nil {
			aliases = []string{}
		}
		w.made.Terms = append(w.made.Terms, briefing.Term{Line: no, Term: t.name, Aliases: aliases})
	}
	w.add("")
}

func (w *writer) outlook() {
	if !w.chance(80) {
		return
	}
	w.made.Outlook = w.heading(w.level, pick(w, outlookWords), 0)
	w.add("来月には新しい指針が示される見込みで、各組織は準備を始めています。")
	w.gap()
}

func (w *writer) citations() {
	if !w.chance(90) {
		return
	}
	w.heading(w.level, pick(w, citationWords), 0)
	form := w.r.IntN(6)
	for i, s := range w.stories {
		url := fmt.Sprintf("https://paper.example/%d", 1000+i)
		title := s.who + "の件について - 例示通信"
		var no int
		switch form {
		case 0:
			no = w.add("*   [%s](%s)", title, url)
		case 1:
			no = w.add("*   %s: [%s](%s)", title, url, url)
		case 2:
			no = w.add("- %s %s", title, url)
		case 3:
			no = w.add("%d. %s（%s）", i+1, title, url)
		case 4:
			url = ""
			no = w.add("* 「%sの対応は早かった。」 — 例示通信", s.who)
		default:
			url = ""
			no = w.add("*   「%s」", title)
		}
		w.made.Citations = append(w.made.Citations, briefing.Citation{Line: no, URL: url})
	}
}

// finish joins the lines with the digest's line ends.
func (w *writer) finish() string {
	end := "\n"
	if w.chance(10) {
		end = "\r\n"
	}
	text := strings.Join(w.lines, end) + end
	if w.chance(10) {
		text = "\ufeff" + text
	}
	return text
}
