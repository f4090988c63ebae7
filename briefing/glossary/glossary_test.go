package glossary

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cyberbrief/briefing"
)

// digest makes a digest of lines written "term | other name, other name | definition".
func digest(date briefing.Date, lines ...string) *briefing.Digest {
	d := &briefing.Digest{Date: date}
	for i, l := range lines {
		parts := append(strings.Split(l, "|"), "", "")
		t := briefing.Term{Line: i + 1, Term: strings.TrimSpace(parts[0]), Definition: strings.TrimSpace(parts[2])}
		for a := range strings.SplitSeq(parts[1], ",") {
			if a = strings.TrimSpace(a); a != "" {
				t.Aliases = append(t.Aliases, a)
			}
		}
		d.Glossary = append(d.Glossary, t)
	}
	return d
}

// index puts digests into an index.
func index(ds ...*briefing.Digest) *Index {
	x := New()
	for _, d := range ds {
		x.Put(d)
	}
	return x
}

func termsOf(es []briefing.Entry) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Term)
	}
	return strings.Join(out, ", ")
}

func TestHistory(t *testing.T) {
	x := index(
		digest("2025-07-02", "国家サイバー統括室 | NCO, National Cybersecurity Office | 国のサイバー政策を束ねる内閣官房の組織として新しく置かれた司令塔。", "ゼロデイ | | 直す前に突かれる弱点。"),
		digest("2025-07-05", "ＮＣＯ | | 国のサイバー政策を束ね、各省庁の間を取り持つ内閣官房の組織。"),
		digest("2025-08-01", "国家サイバー統括室 | NCO | 国のサイバー政策を束ねる内閣官房の組織。"),
	)
	got := x.Lookup("nco")
	if got.Match != briefing.MatchAlias || len(got.Terms) != 1 {
		t.Fatalf("match %s, terms %s", got.Match, termsOf(got.Terms))
	}
	e := got.Terms[0]
	if e.Term != "国家サイバー統括室" || e.FirstSeen != "2025-07-02" || e.LastSeen != "2025-08-01" {
		t.Errorf("entry %+v", e)
	}
	if want := []briefing.Date{"2025-08-01", "2025-07-05", "2025-07-02"}; !slices.Equal(e.Digests, want) {
		t.Errorf("digests %v, want %v", e.Digests, want)
	}
	if want := []string{"NCO", "National Cybersecurity Office"}; !slices.Equal(e.Aliases, want) {
		t.Errorf("aliases %q, want %q", e.Aliases, want)
	}
	if len(e.Meanings) != 1 || e.Definition != "国のサイバー政策を束ねる内閣官房の組織。" {
		t.Errorf("meanings %+v", e.Meanings)
	}
}

func TestMeanings(t *testing.T) {
	const (
		office   = "国のサイバーセキュリティ政策をまとめ上げる、内閣官房に置かれた新しい組織のこと。"
		reworded = "内閣官房に置かれ、国のサイバーセキュリティ政策をまとめる組織。"
		tool     = "設定の誤りを自動で探し出して直す、米国の会社が公開した道具の名前。"
	)
	tests := []struct {
		name string
		defs []string // oldest first, a day each
		want []string // newest first
	}{
		{"one", []string{office}, []string{office}},
		{"the same again", []string{office, office}, []string{office}},
		{"in other words", []string{office, reworded}, []string{reworded}},
		{"another thing", []string{office, tool}, []string{tool, office}},
		{"back to the first", []string{office, tool, reworded}, []string{reworded, tool}},
		{"short ones differ", []string{"古い意味。", "新しい意味。"}, []string{"新しい意味。", "古い意味。"}},
		{"short ones but for a sign", []string{"新しい意味", "新しい意味。"}, []string{"新しい意味。"}},
		{"none", []string{"", office}, []string{office}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, date := New(), briefing.Date("2025-07-01")
			for _, def := range tt.defs {
				x.Put(digest(date, "NCO | | "+def))
				date = date.AddDays(1)
			}
			var got []string
			e := x.Lookup("NCO").Terms[0]
			for _, m := range e.Meanings {
				got = append(got, m.Definition)
			}
			if !slices.Equal(got, tt.want) || e.Definition != tt.want[0] {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if newest := date.AddDays(-1); e.Meanings[0].Date != newest {
				t.Errorf("meaning of %s, want %s", e.Meanings[0].Date, newest)
			}
		})
	}
}

// TestSameTerm says which headwords of two days are one entry.
func TestSameTerm(t *testing.T) {
	tests := []struct {
		a, b string
		one  bool
	}{
		{"ランサムウェア", "ﾗﾝｻﾑｳｪｱ", true},
		{"ゼロデイ脆弱性", "ゼロデイ 脆弱性", true},
		{"サーバー", "サーバ", true},
		{"ヴィッシング", "ビッシング", true},
		{"Ransomware-as-a-Service", "ransomware as a service", true},
		{"サイバー・レジリエンス", "サイバーレジリエンス", true},
		{"RaaS | Ransomware as a Service", "Ransomware-as-a-Service", true},
		{"KEV | Known Exploited Vulnerabilities", "Known Exploited Vulnerabilities", true},
		{"耐量子計算機暗号 | PQC", "PQC | Post-Quantum Cryptography", true},
		{"耐量子計算機暗号 | PQC, Post-Quantum Cryptography", "Post-quantum cryptography", true},
		{"多要素認証 | 複数要素の認証", "複数要素の認証 | 多要素認証", true},
		{"サイバー攻撃 | フィッシング", "フィッシング", false},
		{"マルウェア | 不正プログラム", "ウイルス | 不正プログラム", false},
		{"ビール", "ビル", false},
		{"IPS", "ISP", false},
		{"DDoS攻撃", "DoS攻撃", false},
		{"Windows 10", "Windows 11", false},
		{"コピー", "コピ", false},
		{"C", "C++", false},
		{"Java", "JavaScript", false},
	}
	for _, tt := range tests {
		t.Run(tt.a+" and "+tt.b, func(t *testing.T) {
			for _, ds := range [][]*briefing.Digest{
				{digest("2025-07-01", tt.a), digest("2025-07-02", tt.b)},
				{digest("2025-07-01", tt.b), digest("2025-07-02", tt.a)},
			} {
				if all := index(ds...).All(); (len(all) == 1) != tt.one {
					t.Errorf("entries: %s", termsOf(all))
				}
			}
		})
	}
}

func TestOtherNameOfTwo(t *testing.T) {
	x := index(
		digest("2025-07-01", "緊急対応チーム | CSIRT"),
		digest("2025-07-02", "事故対応班 | CSIRT"),
	)
	if got := x.Lookup("csirt"); got.Match != briefing.MatchAlias || termsOf(got.Terms) != "事故対応班, 緊急対応チーム" {
		t.Errorf("%s: %s; want both, newest first", got.Match, termsOf(got.Terms))
	}
	x.Put(digest("2025-07-03", "CSIRT"))
	if got := x.Lookup("csirt"); got.Match != briefing.MatchExact || termsOf(got.Terms) != "CSIRT" {
		t.Errorf("%s: %s; a name that two terms claim belongs to neither", got.Match, termsOf(got.Terms))
	}
}

func TestPutReplacesAndRemoveForgets(t *testing.T) {
	x := index(digest("2025-07-01", "古い語", "残る語"), digest("2025-07-02", "残る語"))
	if got := x.Lookup("古い語"); got.Match != briefing.MatchExact {
		t.Fatalf("got %s", got.Match)
	}
	x.Put(digest("2025-07-01", "新しい語"))
	if got := x.Lookup("古い語"); got.Match == briefing.MatchExact {
		t.Error("a term of the replaced edition is still there")
	}
	if got := x.Lookup("残る語"); len(got.Terms[0].Digests) != 1 {
		t.Errorf("history of the replaced edition is still there: %v", got.Terms[0].Digests)
	}
	x.Remove("2025-07-02")
	if got := termsOf(x.All()); got != "新しい語" {
		t.Errorf("left: %s", got)
	}
	x.Remove("2025-07-01")
	if a := x.Lookup("新しい語"); a.Match != briefing.MatchNone || a.Terms == nil || a.Suggestions == nil {
		t.Errorf("an empty glossary answers %+v", a)
	}
	x.Put(digest("", "日付のない語"))
	if got := termsOf(x.All()); got != "" {
		t.Errorf("a digest without a date was taken in: %s", got)
	}
}

func TestRelated(t *testing.T) {
	x := index(
		digest("2025-07-01", "RaaS | | ランサムウェアを貸し出す商売。MFAの突破にも使われる。", "ランサムウェア | | 身代金を求める不正プログラム。", "多要素認証 | MFA | 本人確認を重ねること。"),
		digest("2025-07-02", "フィッシング | | ランサムウェアの入り口。"),
	)
	if got := x.Lookup("RaaS").Terms[0].Related; !slices.Equal(got, []string{"ランサムウェア", "多要素認証"}) {
		t.Errorf("related %q", got)
	}
	if got := x.Lookup("フィッシング").Terms[0].Related; len(got) != 0 {
		t.Errorf("related %q, want only terms of the same digest", got)
	}
}

func TestNewestAndComplete(t *testing.T) {
	x := index(
		digest("2025-07-01", "ランサムウェア", "サーバー証明書", "RaaS | Ransomware as a Service"),
		digest("2025-07-02", "ランサムウェア", "ランサムノート", "二重脅迫"),
	)
	if got := termsOf(x.Newest(3)); got != "ランサムノート, 二重脅迫, ランサムウェア" {
		t.Errorf("newest: %s", got)
	}
	if got := len(x.Newest(100)); got != 5 {
		t.Errorf("%d newest of 5", got)
	}
	tests := []struct {
		prefix string
		n      int
		want   []string
	}{
		{"ラン", 25, []string{"ランサムウェア", "ランサムノート"}},
		{"らんさ", 25, []string{"ランサムウェア", "ランサムノート"}},
		{"ranso", 25, []string{"RaaS"}},
		{"証明", 25, []string{"サーバー証明書"}},
		{"ラン", 1, []string{"ランサムウェア"}},
		{"", 2, []string{"ランサムノート", "二重脅迫"}},
		{"ない", 25, []string{}},
		{"ラン", 0, []string{}},
	}
	for _, tt := range tests {
		if got := x.Complete(tt.prefix, tt.n); !slices.Equal(got, tt.want) {
			t.Errorf("Complete(%q, %d) = %q, want %q", tt.prefix, tt.n, got, tt.want)
		}
	}
}

// TestHostileDigest fills a digest with as many terms as fit, one term with
// many definitions, and a name without end. Work that grows with the square
// of any of them would not end before the test's time is up.
func TestHostileDigest(t *testing.T) {
	var lines []string
	for i := range 30000 {
		lines = append(lines, fmt.Sprintf("語%d | 別名%d | 語%dと語%dの説明", i, i, i+1, i+2), fmt.Sprintf("同じ語 | | 定義その%d、ほかのどれとも違う長い説明の文%d", i, i*7919))
	}
	x := index(digest("2025-07-01", append(lines, strings.Repeat("長", 300000))...))
	if got := x.Lookup("語29999"); got.Match != briefing.MatchExact {
		t.Errorf("got %s", got.Match)
	}
	if got := x.Lookup("別各29999"); got.Match != briefing.MatchTypo {
		t.Errorf("got %s", got.Match)
	}
}

func TestConcurrentUse(t *testing.T) {
	x := New()
	done := make(chan struct{})
	for i := range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for j := range 50 {
				date := briefing.Date("2025-07-01").AddDays(i*50 + j)
				x.Put(digest(date, "語"+string(date)))
				if a := x.Lookup("語" + string(date)); a.Match != briefing.MatchExact {
					t.Errorf("%s is not there: %s", date, a.Match)
				}
			}
		}()
	}
	for range 4 {
		<-done
	}
	if n := len(x.All()); n != 200 {
		t.Errorf("%d entries, want 200", n)
	}
}

func FuzzLookup(f *testing.F) {
	x := index(digest("2025-07-01", "ランサムウェア | Ransomware", "脆弱性", "C++", "ー", "・", "\u200b"))
	for _, q := range []string{"", "ー", "・・", "ヴ", "\xff\xfe", strings.Repeat("ー", 500), "らんさむ", "🏴‍☠️", "a\u0301", "\x00\x00\x00\x10"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		a := x.Lookup(q)
		if len(a.Suggestions) > maxSuggestions || (a.Match == briefing.MatchNone) != (len(a.Terms) == 0) {
			t.Errorf("%q: %+v", q, a)
		}
		if got := x.Lookup(strings.ToUpper(strings.ToLower(q))); a.Match == briefing.MatchExact && got.Match == briefing.MatchNone {
			t.Errorf("%q is lost when its case changes", q)
		}
		x.Complete(q, 25)
	})
}
