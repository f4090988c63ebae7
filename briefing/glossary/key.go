package glossary

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A name is compared in four forms, each blunter than the one before; equal
// in one form means equal in all the later ones. The blunt forms forgive what
// people type differently, the sharp ones keep apart what only looks alike.
//
//	caseKey      upper and lower case, spaces around and in a row
//	spellingKey  also width, separators, ヴ and a long vowel mark at the end of
//	             a katakana word of three letters or more (サーバ, サーバー)
//	kanaKey      also hiragana for katakana, small kana (ウェア, ウエア), old
//	             forms of kanji (證明書) and words that are written half in
//	             kanji (漏えい, 漏洩)
//	soundKey     also every long vowel mark (インタフェース, インターフェイス)

// caseKey folds case only.
func caseKey(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFC.String(s)), " "))
}

// widthKey folds case and the width of letters.
func widthKey(s string) string { return caseKey(norm.NFKC.String(s)) }

// spellingKey decides which names are the same term.
func spellingKey(s string) string {
	return trimLongVowels(string(letters(widthKey(s))))
}

// kanaKey is what prefixes, parts and typos are looked for in.
func kanaKey(s string) string { return kanaOf(spellingKey(s)) }

func kanaOf(spelling string) string {
	return halfKanji.Replace(strings.Map(plainLetter, spelling))
}

// soundKey is the bluntest form, made of a kanaKey; only long words are
// compared in it. イ after an E is a long vowel too: フェイス, フェース.
func soundKey(kana string) string {
	var sb strings.Builder
	var last rune
	for _, r := range kana {
		if r != longVowel && (r != 'い' || !strings.ContainsRune("えけげせぜてでねへべぺめれ", last)) {
			sb.WriteRune(r)
		}
		last = r
	}
	return sb.String()
}

const longVowel = 'ー'

// letters drops what only separates, and writes ヴ the other way. Signs that
// are part of names (C++, C#, .NET, A/B) stay. A dash after kana is a long
// vowel mark that was typed on another key.
func letters(s string) []rune {
	in := []rune(vu.Replace(s))
	out := make([]rune, 0, len(in))
	for i, r := range in {
		switch {
		case isDash(r):
			betweenKana := i > 0 && isKana(in[i-1]) && (i+1 == len(in) || isKana(in[i+1]))
			if betweenKana && r != '-' {
				out = append(out, longVowel)
			}
		case unicode.IsSpace(r) || isSeparator(r) || unicode.Is(unicode.Cf, r) || r == '.' && ofAcronym(in, i):
		default:
			out = append(out, r)
		}
	}
	return out
}

// ofAcronym holds for a dot after a single Latin letter that another such
// letter or the end of a word follows (A.P.T.). The dots of .NET, Node.js and
// 3.0 stand elsewhere.
func ofAcronym(in []rune, dot int) bool {
	single := func(i int) bool {
		return unicode.Is(unicode.Latin, in[i]) && (i == 0 || !partOfWord(in[i-1]))
	}
	if dot == 0 || !single(dot-1) {
		return false
	}
	next := dot + 1
	return next == len(in) || !partOfWord(in[next]) || unicode.Is(unicode.Latin, in[next]) && (next+1 == len(in) || !partOfWord(in[next+1]))
}

func partOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// vu writes the sound that Japanese borrowed for V as people say it.
var vu = strings.NewReplacer("ヴァ", "バ", "ヴィ", "ビ", "ヴェ", "ベ", "ヴォ", "ボ", "ヴ", "ブ",
	"ゔぁ", "ば", "ゔぃ", "び", "ゔぇ", "べ", "ゔぉ", "ぼ", "ゔ", "ぶ")

// isSeparator holds for middle dots, quotation marks and the like.
func isSeparator(r rune) bool {
	return strings.ContainsRune("・·•‧∙⋅_'\"“”‘’「」『』【】〈〉《》()[]、,", r)
}

// isDash holds for every horizontal stroke but the long vowel mark.
func isDash(r rune) bool { return strings.ContainsRune("-‐‑‒–—―−─━~〜", r) }

func isKatakana(r rune) bool { return r >= 'ァ' && r <= 'ヺ' }

func isHiragana(r rune) bool { return r >= 'ぁ' && r <= 'ゖ' }

func isKana(r rune) bool { return isKatakana(r) || isHiragana(r) || r == longVowel }

// longWord is how many kana a word needs before a long vowel mark at its end
// can be left out, as JIS Z 8301 had it: サーバ for サーバー, but never コピ
// for コピー.
const longWord = 3

// trimLongVowels drops the mark at the end of each long word in kana.
func trimLongVowels(s string) string {
	if !strings.ContainsRune(s, longVowel) {
		return s
	}
	in := []rune(s)
	out := make([]rune, 0, len(in))
	word := 0 // letters of one kana script so far, marks included
	for i, r := range in {
		if r == longVowel && word >= longWord && (i+1 == len(in) || !isKana(in[i+1])) {
			continue
		}
		switch {
		case !isKana(r):
			word = 0
		case r != longVowel && i > 0 && isHiragana(r) != isHiragana(in[i-1]) && in[i-1] != longVowel:
			word = 1
		default:
			word++
		}
		out = append(out, r)
	}
	return string(out)
}

// plainLetter folds katakana, small kana, the two pairs of one sound, and old
// forms of kanji.
func plainLetter(r rune) rune {
	if unicode.Is(unicode.Han, r) {
		if plain, ok := oldKanji[r]; ok {
			return plain
		}
		return r
	}
	if isKatakana(r) && r <= 'ヶ' {
		r -= 'ァ' - 'ぁ'
	}
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'ゃ', 'ゅ', 'ょ', 'っ', 'ゎ':
		return r + 1
	case 'ぢ':
		return 'じ'
	case 'づ':
		return 'ず'
	}
	return r
}

// oldKanji are old forms, and those of other countries' keyboards, of kanji
// that terms are made of, each before the form in use.
var oldKanji = func() map[rune]rune {
	const pairs = "國国學学證証號号擊撃體体會会關関權権惡悪應応變変覺覚圖図廣広續続總総數数濟済當当發発驗験處処讀読轉転傳伝對対團団戰戦檢検" +
		"條条假仮價価經経輕軽縣県實実收収從従壓圧圍囲醫医營営榮栄圓円鹽塩歐欧殘残點点區区查査亂乱來来兩両獨独盜盗爭争竊窃聲声繼継稱称" +
		"攝摂屬属單単斷断遞逓鐵鉄燈灯黨党內内拂払佛仏邊辺辨弁辯弁寶宝豫予餘余譽誉樣様龍竜隱隠參参慘惨絲糸齒歯兒児釋釈壽寿晝昼"
	forms := map[rune]rune{}
	letters := []rune(pairs)
	for i := 0; i+1 < len(letters); i += 2 {
		forms[letters[i]] = letters[i+1]
	}
	return forms
}()

// halfKanji are words whose harder half is often written in kana, after
// plainLetter.
var halfKanji = strings.NewReplacer(
	"漏えい", "漏洩", "改ざん", "改竄", "ぜい弱", "脆弱", "隠ぺい", "隠蔽", "ねつ造", "捏造",
	"遮へい", "遮蔽", "破たん", "破綻", "かく乱", "攪乱", "撹乱", "攪乱",
	"踏台", "踏み台", "乗取り", "乗っ取り", "乗つ取り", "乗っ取り", "成りすまし", "なりすまし", "成り済まし", "なりすまし",
)
