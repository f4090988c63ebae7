package bot

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// item is a block of a list; para one of running text.
func item(s string) briefing.Block {
	return briefing.Block{Kind: briefing.Item, Spans: []briefing.Span{{Text: s}}}
}

func para(spans ...briefing.Span) briefing.Block { return briefing.Block{Spans: spans} }

// day is a digest with something of everything.
func day() *briefing.Digest {
	return &briefing.Digest{
		Date:  "2025-07-02",
		Title: "2025年7月2日 セキュリティの朝刊",
		KeyPoints: []briefing.KeyPoint{
			{
				Line: 5, Text: briefing.Plain("架空のメール基盤 Ｍａｉｌｂｏｘ に穴（CVE-2025-10001）。今日のうちに更新を。"),
				Details: []briefing.Detail{{Line: 11, Heading: "Mailboxの穴をふさぐ更新"}, {Line: 30, Heading: "更新をためない仕組み"}},
				Sources: []briefing.Source{{Title: "架空社のお知らせ", URL: "https://vendor.example/a"}, {Title: "", URL: "https://news.example/mailbox"}},
			},
			{
				Line: 6, Text: briefing.Text{para(briefing.Span{Text: "港の荷役が"}, briefing.Span{Text: "三日ぶり", Strong: true}, briefing.Span{Text: "に再開しました。"})},
				Details: []briefing.Detail{{Line: 15, Heading: "港の荷役、再開（短い版）"}, {Line: 21, Heading: "港の荷役システム、三日ぶりに再開　取引先への影響は来週まで残る見通しで代替の手順が続く"}},
			},
			{Line: 7, Text: briefing.Plain("記事のない要点です。")},
		},
		Stories: []briefing.Story{
			{
				Line: 11, Heading: "Mailboxの穴をふさぐ更新", Section: "国内ニュース",
				Text: briefing.Text{
					para(briefing.Span{Text: "架空社は"}, briefing.Span{Text: "更新", URL: "https://vendor.example/fix"}, briefing.Span{Text: "を出しました。CVE-2025-10001 は認証なしで使われます。"}),
					{Kind: briefing.Heading, Level: 4, Spans: []briefing.Span{{Text: "手当て"}}},
					item("外から見えないようにする"),
					{Kind: briefing.Item, Number: 2, Level: 1, Spans: []briefing.Span{{Text: "更新する"}}},
					{Kind: briefing.Code, Spans: []briefing.Span{{Text: "mailbox --version\nmailbox update"}}},
					{Kind: briefing.Quote, Spans: []briefing.Span{{Text: "「急いでください」"}}},
					{Kind: briefing.Row, Spans: []briefing.Span{{Text: "版 | 状態"}}},
				},
				Sources: []briefing.Citation{{Title: "架空社のお知らせ", URL: "https://vendor.example/a"}, {Title: "紙の資料"}},
			},
			{
				Line: 21, Also: []int{15}, Heading: "港の荷役システム、三日ぶりに再開", Section: "海外ニュース",
				Text: briefing.Plain("紙の伝票で動かしていた港が、いつもの姿に戻りました。"), Short: briefing.Plain("港が再開。"),
			},
			{Line: 25, Heading: "短い版だけの記事", Section: "海外ニュース", Short: briefing.Plain("長い版はありません。")},
		},
		DeepDives:  []briefing.Section{{Line: 30, Heading: "更新をためない仕組み", Text: briefing.Plain("毎週決まった時間に、小さく当てます。")}},
		Sections:   []briefing.Section{{Line: 34, Heading: "おことわり", Text: briefing.Plain("数字は速報です。")}},
		Outlook:    &briefing.Passage{Line: 40, Text: briefing.Plain("しばらくは MAILBOX を探る動きが続きそうです。")},
		Conclusion: &briefing.Passage{Line: 44, Text: briefing.Plain("棚卸しから始めましょう。")},
		Glossary: []briefing.Term{
			{Line: 50, Term: "多要素認証", Aliases: []string{"MFA"}, Definition: "二つ以上の証拠で確かめること。"},
			{Line: 51, Term: "棚卸し", Definition: "持ち物を書き出すこと。"},
			{Line: 52, Term: "多要素認証", Definition: "もう一度。"},
		},
		Citations: []briefing.Citation{{Line: 60, Title: "架空社のお知らせ", URL: "https://vendor.example/a"}, {Line: 61, Title: "紙の資料"}, {Line: 62, URL: "https://news.example/mailbox"}},
		CVEs:      []string{"CVE-2025-10001"},
	}
}

func TestLayout(t *testing.T) {
	earlier := []briefing.Headline{{Date: "2025-07-01", Title: "2025年7月1日 セキュリティの朝刊"}, {Date: "2025-06-30", Title: "週明けの号"}}
	for _, c := range []struct {
		name    string
		change  func(*briefing.Digest)
		opts    briefing.Options
		earlier []briefing.Headline
		revised time.Time
	}{
		{name: "thread"},
		{name: "pages", opts: briefing.Options{PublicURL: "https://brief.example/"}, earlier: earlier},
		{name: "english", opts: briefing.Options{Language: briefing.English}, earlier: earlier, revised: at(10, 15)},
		{name: "key-points-only", opts: briefing.Options{KeyPointsOnly: true}, earlier: earlier, revised: at(10, 15)},
		{name: "key-points-only-pages", opts: briefing.Options{KeyPointsOnly: true, PublicURL: "https://brief.example"}},
		{name: "left-out", opts: briefing.Options{LeaveOut: []briefing.Part{briefing.PartStories, briefing.PartCitations, briefing.PartOutlook}}},
		{name: "all-left-out", opts: briefing.Options{LeaveOut: briefing.Parts()}},
		{name: "watch-words", opts: briefing.Options{WatchWords: []string{"mailbox", "box", "三日ぶりに", "出てこない語", "紙の伝票"}}},
		{name: "no-key-points", change: func(d *briefing.Digest) { d.KeyPoints = nil }},
		{name: "many-terms-and-cves", change: func(d *briefing.Digest) {
			d.Glossary, d.CVEs = nil, nil
			for i := range 30 {
				d.Glossary = append(d.Glossary, briefing.Term{Term: fmt.Sprintf("用語%d", i+1)})
			}
			for i := range 10 {
				d.CVEs = append(d.CVEs, fmt.Sprintf("CVE-2025-%d", 10001+i))
			}
		}},
		{name: "bare", change: func(d *briefing.Digest) {
			*d = briefing.Digest{Date: d.Date, Title: "無題", KeyPoints: []briefing.KeyPoint{{Line: 1, Text: briefing.Plain("要点だけの日。")}}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := day()
			if c.change != nil {
				c.change(d)
			}
			b := briefing.Compose(d, c.opts, c.earlier)
			b.Revised = c.revised
			post := Layout(b)
			golden(t, "layout-"+c.name, txtar.Archive{
				Comment: []byte(fmt.Sprintf("thread title: %s\n", post.ThreadTitle)),
				Files:   []txtar.File{{Name: "parent", Data: []byte(show(post.Parent))}, {Name: "thread", Data: []byte(show(post.Thread))}},
			})
		})
	}
}

// golden compares with a file in testdata; -update rewrites it.
func golden(t *testing.T, name string, got txtar.Archive) {
	t.Helper()
	file := filepath.Join("testdata", name+".txtar")
	text := txtar.Format(&got)
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(text)); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// show writes a document so that people can read and compare it.
func show(doc Document) string {
	var sb strings.Builder
	for _, b := range doc {
		sb.WriteString(showBlock(b) + "\n")
	}
	return sb.String()
}

func showBlock(b Block) string {
	switch b := b.(type) {
	case Title:
		return "# " + showSpan(Span{Text: b.Text, URL: b.URL})
	case Heading:
		return strings.Repeat("#", b.Level+1) + " " + showSpan(Span{Text: b.Text, URL: b.URL})
	case Prose:
		return showSpans(b.Spans)
	case Point:
		point := fmt.Sprintf("%d) %s", b.Number, showSpans(b.Spans))
		if len(b.Note) > 0 {
			point += "\n   ~ " + showSpans(b.Note)
		}
		return point
	case ListItem:
		return strings.Repeat("  ", b.Level) + b.Marker + " " + showSpans(b.Spans)
	case CodeText:
		return "```\n" + b.Text + "\n```"
	case QuoteText:
		return "> " + showSpans(b.Spans)
	case Note:
		return "  ~ " + showSpans(b.Spans)
	case Divider:
		return "----"
	case Buttons:
		var labels []string
		for _, x := range b {
			labels = append(labels, fmt.Sprintf("[%s → /%s %s%s]", x.Label, x.Action.Command, x.Action.Argument, x.URL))
		}
		return strings.Join(labels, " ")
	case Menu:
		var labels []string
		for _, o := range b.Options {
			labels = append(labels, fmt.Sprintf("%s=%s", o.Label, o.Value))
		}
		return fmt.Sprintf("[%s ▾ /%s: %s]", b.Placeholder, b.Action.Command, strings.Join(labels, ", "))
	case Ask:
		return fmt.Sprintf("[%s … /%s]", b.Label, b.Action.Command)
	}
	return fmt.Sprintf("unknown block %T", b)
}

func showSpans(spans []Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(showSpan(s))
	}
	return sb.String()
}

func showSpan(s Span) string {
	text := s.Text
	if s.Code {
		text = "`" + text + "`"
	}
	if s.Strong {
		text = "**" + text + "**"
	}
	if s.URL != "" {
		text = "[" + text + "](" + s.URL + ")"
	}
	if s.Mention != "" {
		text += "@" + s.Mention
	}
	return text
}

// TestLayoutLosesNothing: with everything shown, every text of the digest
// stands in the post.
func TestLayoutLosesNothing(t *testing.T) {
	d := day()
	post := Layout(briefing.Compose(d, briefing.Options{}, nil))
	text := show(post.Parent) + show(post.Thread)
	for _, want := range []string{
		d.Title, "今日のうちに更新を", "三日ぶり", "記事のない要点", "国内ニュース", "海外ニュース", "手当て", "外から見えない",
		"mailbox update", "「急いでください」", "版 | 状態", "紙の資料", "いつもの姿", "長い版はありません", "毎週決まった時間",
		"数字は速報", "探る動き", "棚卸しから", "news.example", "多要素認証", "https://vendor.example/fix",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is nowhere in the post", want)
		}
	}
}

// TestLayoutBounds: whatever a digest says, the bounds of a document hold.
func TestLayoutBounds(t *testing.T) {
	briefingtest.Check(t, func(t *rapid.T) {
		d := &briefing.Digest{Date: "2025-07-02", Title: "題"}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"", "甲", "乙", "丙", "丁", "戊", "己", "庚"}), 0, 20).Draw(t, "few") {
			d.Glossary = append(d.Glossary, briefing.Term{Term: name})
		}
		for i := range rapid.IntRange(0, 80).Draw(t, "stories") {
			d.Stories = append(d.Stories, briefing.Story{Line: 1 + i/2, Heading: "見出し"})
			d.Glossary = append(d.Glossary, briefing.Term{Term: fmt.Sprint("語", rapid.IntRange(0, 60).Draw(t, "term"))})
		}
		doc := slices.Concat(Layout(briefing.Compose(d, briefing.Options{}, nil)).Parent, readOn(d, briefing.Japanese))
		for _, b := range doc {
			switch b := b.(type) {
			case Buttons:
				if len(b) == 0 || len(b) > MaxButtons {
					t.Fatalf("%d buttons in a row", len(b))
				}
			case Menu:
				if len(b.Options) == 0 || len(b.Options) > MaxOptions || len(distinct(b.Options)) != len(b.Options) {
					t.Fatalf("menu %s", showBlock(b))
				}
			}
		}
	})
}

func TestLinkCVEs(t *testing.T) {
	for _, c := range []struct {
		in   string
		lang briefing.Language
		want string
	}{
		{"CVE-2025-1234", briefing.English, "[CVE-2025-1234](https://nvd.nist.gov/vuln/detail/CVE-2025-1234)"},
		{"穴CVE-2025-1234が", briefing.Japanese, "穴[CVE-2025-1234](" + JVN("CVE-2025-1234") + ")が"},
		{"CVE-2025-1、CVE-2025-123", briefing.English, "CVE-2025-1、CVE-2025-123"},
		{"XCVE-2025-1234", briefing.English, "XCVE-2025-1234"},
		{"", briefing.English, ""},
	} {
		if got := showSpans((newLayout(&briefing.Briefing{Digest: &briefing.Digest{}, Options: briefing.Options{Language: c.lang}})).spans([]briefing.Span{{Text: c.in}})); got != c.want {
			t.Errorf("%q is shown as %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPageURL(t *testing.T) {
	for _, c := range []struct {
		base   string
		anchor string
		want   string
	}{
		{"", "s-1", ""},
		{"https://brief.example", "", "https://brief.example/briefings/2025-07-02"},
		{"https://brief.example/sub/", "s-7", "https://brief.example/sub/briefings/2025-07-02#s-7"},
	} {
		if got := PageURL(c.base, "2025-07-02", c.anchor); got != c.want {
			t.Errorf("PageURL(%q, %q) = %q, want %q", c.base, c.anchor, got, c.want)
		}
	}
}

func TestWatch(t *testing.T) {
	for _, c := range []struct {
		words, text, want string // matches in brackets
	}{
		{"Exchange", "Exchangeの穴、exchange と EXCHANGE", "[Exchange]の穴、[exchange] と [EXCHANGE]"},
		{"SAP", "Sapporo の SAP社、sap。", "Sapporo の [SAP]社、[sap]。"},
		{"Forti Gate", "Ｆｏｒｔｉ　Ｇａｔｅ", "[Ｆｏｒｔｉ　Ｇａｔｅ]"},
		{"サイバー", "ｻｲﾊﾞｰ攻撃", "[ｻｲﾊﾞｰ]攻撃"},
		{"港,港の荷役", "港の荷役", "[港の荷役]"},
		{"aa", "aaa aa", "aaa [aa]"},
		{"C++", "C++とC", "[C++]とC"},
		{"", "何も", "何も"},
		{"　", "何 も", "何 も"},
	} {
		got, last := "", 0
		for _, r := range newWatch(strings.Split(c.words, ",")).matches(c.text) {
			got += c.text[last:r[0]] + "[" + c.text[r[0]:r[1]] + "]"
			last = r[1]
		}
		if got += c.text[last:]; got != c.want {
			t.Errorf("watching %q: %s, want %s", c.words, got, c.want)
		}
	}
}

func FuzzWatch(f *testing.F) {
	f.Add("mailbox", "Ｍａｉｌ", "ｂｏｘの穴 ㈱ﾊﾞ")
	f.Fuzz(func(t *testing.T, word, a, b string) {
		l := newLayout(&briefing.Briefing{Digest: &briefing.Digest{}, Options: briefing.Options{WatchWords: []string{word}}})
		spans := []Span{{Text: a}, {Text: b, Code: true}}
		got, found := l.marked(spans)
		if joined(got) != a+b {
			t.Errorf("marked text %q, want %q", joined(got), a+b)
		}
		for _, s := range got {
			if utf8.ValidString(a) && utf8.ValidString(b) && !utf8.ValidString(s.Text) {
				t.Errorf("a character was cut: %q", s.Text)
			}
		}
		if bold := slices.ContainsFunc(got, func(s Span) bool { return s.Strong }); bold != found {
			t.Errorf("found %v, bold %v in %+v", found, bold, got)
		}
	})
}
