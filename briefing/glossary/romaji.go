package glossary

import (
	"strings"
	"unicode"
)

// A romaji key is how a name in kana sounds, in Latin letters. People write
// these in several ways (shi, si; fisshingu, fishingu; sa-ba-, saba), so
// names and queries are brought to the bluntest of them: the sounds of one row
// have one letter, doubled letters and long vowels are single.

// romajiRows are the rows of kana in the order of a, i, u, e, o, hiragana,
// with the letter they begin with.
var romajiRows = []struct{ begin, kana string }{
	{"", "あいうえお"}, {"k", "かきくけこ"}, {"g", "がぎぐげご"}, {"s", "さしすせそ"}, {"z", "ざじずぜぞ"},
	{"t", "たちつてと"}, {"d", "だぢづでど"}, {"n", "なにぬねの"}, {"h", "はひふへほ"}, {"b", "ばびぶべぼ"},
	{"p", "ぱぴぷぺぽ"}, {"m", "まみむめも"}, {"y", "や　ゆ　よ"}, {"r", "らりるれろ"}, {"w", "わ　　　を"},
}

// romajiOfKana has the sound of each kana.
var romajiOfKana = func() map[rune]string {
	sounds := map[rune]string{'ん': "n", 'っ': "", longVowel: ""}
	for _, row := range romajiRows {
		for i, r := range []rune(row.kana) {
			sounds[r] = row.begin + "aiueo"[i:i+1]
		}
	}
	sounds['ぢ'], sounds['づ'] = "zi", "zu"
	return sounds
}()

// smallKana change the vowel of the kana before them.
var smallKana = map[rune]string{'ぁ': "a", 'ぃ': "i", 'ぅ': "u", 'ぇ': "e", 'ぉ': "o", 'ゃ': "ya", 'ゅ': "yu", 'ょ': "yo"}

// minRomaji is how many letters a romaji key has at the least: in short words
// a long vowel matters (biru, biiru), and they are words of other languages.
const minRomaji = 6

// romajiKey is the sound of a name that is all kana, else empty.
func romajiKey(name string) string {
	var sb strings.Builder
	var last rune
	for _, r := range letters(widthKey(name)) {
		if isKatakana(r) && r <= 'ヶ' {
			r -= 'ァ' - 'ぁ'
		}
		sound, ok := romajiOfKana[r]
		if small, isSmall := smallKana[r]; isSmall {
			joined := joinSmall(sb.String(), last, small)
			sb.Reset()
			sound, ok = joined, true
		}
		if !ok {
			return ""
		}
		sb.WriteString(sound)
		last = r
	}
	return longEnough(bluntRomaji(sb.String()))
}

// joinSmall puts the sound of a small kana after that of the kana before it:
// き and ゃ are kya, う and ぇ we, ふ and ぃ hi, し and ぇ sye.
func joinSmall(before string, last rune, small string) string {
	switch {
	case last == 'う' && small[0] != 'y':
		return strings.TrimSuffix(before, "u") + "w" + small
	case strings.ContainsRune("しじち", last) && small == "e":
		return strings.TrimSuffix(before, "i") + "ye"
	case before == "":
		return small
	}
	return strings.TrimRight(before, "aiueo") + small
}

// romajiOf is the key of a text that is all Latin letters, else empty.
func romajiOf(text string) string {
	typed := widthKey(text)
	letter := func(r rune) bool { return r <= unicode.MaxASCII && unicode.IsLetter(r) }
	if strings.ContainsFunc(typed, func(r rune) bool { return !letter(r) && !strings.ContainsRune(" -'", r) }) {
		return ""
	}
	typed = strings.NewReplacer(" ", "", "-", "", "'", "").Replace(typed)
	return longEnough(bluntRomaji(spelledSounds.Replace(typed)))
}

// spelledSounds writes the sounds that Hepburn spells as English does in the
// letter of their row.
var spelledSounds = strings.NewReplacer(
	"sshi", "si", "shi", "si", "sha", "sya", "shu", "syu", "sho", "syo", "she", "sye",
	"tchi", "ti", "cchi", "ti", "chi", "ti", "cha", "tya", "chu", "tyu", "cho", "tyo", "che", "tye",
	"tsu", "tu", "f", "h", "ji", "zi", "jya", "zya", "jyu", "zyu", "jyo", "zyo", "ja", "zya", "ju", "zyu", "jo", "zyo", "je", "zye",
	"va", "ba", "vi", "bi", "ve", "be", "vo", "bo", "vu", "bu", "mb", "nb", "mp", "np", "thi", "ti", "dhi", "di",
)

// bluntRomaji makes doubled letters and long vowels single. The second of two
// vowels that are the same, and u after o, is the same vowel held longer.
func bluntRomaji(s string) string {
	var sb strings.Builder
	var last rune
	for _, r := range s {
		if r == last || r == 'u' && last == 'o' {
			continue
		}
		sb.WriteRune(r)
		last = r
	}
	return sb.String()
}

func longEnough(key string) string {
	if len(key) < minRomaji {
		return ""
	}
	return key
}
