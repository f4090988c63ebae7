package glossary_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyberbrief/briefing"
	"cyberbrief/briefing/glossary"
)

func TestMentioned(t *testing.T) {
	x := glossary.New()
	x.Put(&briefing.Digest{Date: "2025-07-02", Glossary: []briefing.Term{
		{Term: "ゼロトラスト", Aliases: []string{"Zero Trust", "ZT"}, Definition: "何も信じない。"},
		{Term: "サーバー", Definition: "仕える機械。"},
		{Term: "RAT", Definition: "遠くから操る。"},
		{Term: "多要素認証", Aliases: []string{"MFA"}, Definition: "二つ以上で確かめる。"},
		{Term: "認証", Definition: "確かめる。"},
		{Term: "ビル", Definition: "建物。"},
		{Term: "C", Definition: "一文字。"},
	}})
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"何もない文", nil},
		{"ＭＦＡ と zero trust、そして多要素認証", []string{"多要素認証", "ゼロトラスト"}},
		{"多要素認証だけ", []string{"多要素認証"}},
		{"認証と多要素認証", []string{"認証", "多要素認証"}},
		{"ゼロ・トラストの考え方", []string{"ゼロトラスト"}},
		{"ZEROTRUST", []string{"ゼロトラスト"}},
		{"サーバの更新、サーバーの停止", []string{"サーバー"}},
		{"サーバールームの扉", nil},
		{"operation and RATs", nil},
		{"a RAT came", []string{"RAT"}},
		{"oper a tion", nil},
		{"ビールとビルディング", nil},
		{"高いビルの上", []string{"ビル"}},
		{"C と言う", nil},
		{strings.Repeat("あ", 4001) + "MFA", nil},
	} {
		var got []string
		for _, e := range x.Mentioned(c.text, 5) {
			got = append(got, e.Term)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%.40q (-want +got):\n%s", c.text, diff)
		}
	}
	if got := x.Mentioned("MFA、RAT、ゼロトラスト", 2); len(got) != 2 || got[1].Term != "RAT" {
		t.Errorf("at most two: %+v", got)
	}
}
