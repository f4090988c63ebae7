package digest

import (
	"slices"
	"testing"
)

const namedDay = `# 2025年7月2日 まとめ

## 主要ポイント

* 県は新しい組織「県民情報見守り班」を置き、相談を受け始める。
* 架空の銀行で送金の仕組みが止まった。

## 国内ニュース

### 県、「県民情報見守り班」を設ける

県は、暮らしの中の情報の困りごとに答える窓口を設けた。

### 架空の銀行、送金が停止

架空の銀行の送金の仕組みが半日止まった。

## 主要引用

* 「困る前に相談を」県庁に「県民情報見守り班」誕生 - 架空日報: [https://example.com/a](https://example.com/a)
* 「朝の話題」まとめ - 架空日報: [https://example.com/b](https://example.com/b)
`

func TestQuotedNameTiesACitationToItsStory(t *testing.T) {
	d := Read("digest_2025-07-02.md", []byte(namedDay))
	if got := d.Stories[0].Sources; len(got) != 1 || got[0].URL != "https://example.com/a" {
		t.Errorf("sources of the story: %+v", got)
	}
	if got := d.KeyPoints[0].Sources; len(got) != 1 || got[0].URL != "https://example.com/a" {
		t.Errorf("sources of the key point: %+v", got)
	}
	if got := d.Stories[1].Sources; len(got) != 0 {
		t.Errorf("sources of the other story: %+v", got)
	}
}

func TestQuoted(t *testing.T) {
	for text, want := range map[string][]string{
		"":        nil,
		"「甲」と「乙」": {"甲", "乙"},
		"「甲「乙」丙」": {"乙"},
		"閉じない「甲":  nil,
		"」逆さ「甲」":  {"甲"},
	} {
		if got := quoted(text); !slices.Equal(got, want) {
			t.Errorf("quoted(%q) = %q, want %q", text, got, want)
		}
	}
}
