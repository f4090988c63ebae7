package glossary

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTyped is the longest name that slips are counted in, in letters.
const maxTyped = 64

// maxSlips is how many slips a name of n letters may hold.
func maxSlips(n int) int {
	switch {
	case n < 6:
		return 1
	case n < 16:
		return 2
	default:
		return 3
	}
}

// slips says whether at most d letters were mistyped, left out, added or
// swapped with a neighbour between q and n. They may not be when the two are
// rather different words than one word and its typo:
//
//   - numbers differ (TLS 1.2, TLS 1.3; 二重脅迫, 三重脅迫);
//   - more than one Chinese character differs (サイバー攻撃, サイバー犯罪), one
//     was added (非標的型攻撃), or, in a word of up to four letters, one that
//     does not sound the same (暗号鍵, 暗号化);
//   - they are too short for that many slips. Latin words of up to four letters
//     are mostly acronyms and never typos of each other (IPS, ISP); longer ones
//     may hold one slip in five letters. Kana words of up to three letters have
//     neighbours everywhere (ビール, ビル, ボール); longer ones may hold one
//     slip in three letters, as may words with Chinese characters.
func slips(q, n []rune, d int) bool {
	size := max(len(q), len(n))
	if size > maxTyped || d > maxSlips(size) || abs(len(q)-len(n)) > d {
		return false
	}
	if distance(q, n, d) > d || !sameNumbers(q, n) {
		return false
	}
	switch hanQ, hanN := count(q, unicode.Han), count(n, unicode.Han); {
	case hanQ == 0 && hanN == 0 && count(q, unicode.Latin)+count(n, unicode.Latin) > size:
		return size > 4 && 5*d <= size
	case hanQ == 0 && hanN == 0:
		return size > 3 && 3*d <= size
	default:
		return size > 2 && 3*d <= size && sameHan(q, n)
	}
}

// shortHan is up to how many letters a word with Chinese characters is another
// word when a character is replaced by one of another sound.
const shortHan = 4

// sameHan says whether the Chinese characters of q may be meant to be those of
// n.
func sameHan(q, n []rune) bool {
	switch otherHan(q, n) {
	case 0:
		return true
	case 1:
		return len(q) <= len(n) && (len(n) > shortHan || len(q) < len(n) || soundsAlike(q, n))
	}
	return false
}

// soundsAlike says whether the first letters in which q and n differ are
// characters that an input method offers for one sound.
func soundsAlike(q, n []rune) bool {
	for i := range q {
		if q[i] != n[i] {
			return slices.ContainsFunc(homophones, func(group string) bool {
				return strings.ContainsRune(group, q[i]) && strings.ContainsRune(group, n[i])
			})
		}
	}
	return true
}

// homophones are characters of the same reading that terms are made of.
var homophones = []string{
	"性生正制政整成精製静清声勢姓", "証承障症照商省称章傷賞", "防坊房妨暴望謀亡", "要用容溶様陽養", "能脳納農", "迫拍白泊薄", "撃激劇",
	"対待耐体退帯態隊代台", "権検険件券圏研見", "監管感完観換環間関館官", "侵進浸新信真診深審申", "号合豪剛", "策作索錯", "犯範反半判版般",
	"攻公工構功効交抗口港行校項", "機器記期基規危企起揮鬼気", "視施使始指私士支試資紙詞", "盗統等当投党透登頭答", "認人任忍", "暗安案",
	"弱若", "脆税", "電伝田", "書署所処緒", "名明命", "量料両領", "情状場条上常", "報方法包放", "漏労", "洩影営映", "選線戦占専", "設接説摂",
	"定程低提停", "的敵適摘", "標評表票", "動導同堂", "復複服副", "限元原減現", "素組祖", "装送総操相", "化下可加価科家仮", "鍵建件",
	"面麺", "解改回会開", "罪在材", "網盲", "遮写", "断段談", "査差", "識式", "路炉", "位異移医",
}

func count(s []rune, script *unicode.RangeTable) int {
	n := 0
	for _, r := range s {
		if unicode.Is(script, r) {
			n++
		}
	}
	return n
}

// otherHan counts the Chinese characters of q that n does not have.
func otherHan(q, n []rune) int {
	c := 0
	for _, r := range q {
		if unicode.Is(unicode.Han, r) && !slices.Contains(n, r) {
			c++
		}
	}
	return c
}

// numerals are the numbers that are written in Chinese characters.
const numerals = "一二三四五六七八九十"

// sameNumbers says whether two names have the same digits, in order.
func sameNumbers(q, n []rune) bool {
	digits := func(s []rune) string {
		var out [maxTyped * utf8.UTFMax]byte
		b := out[:0]
		for _, r := range s {
			if unicode.IsDigit(r) || strings.ContainsRune(numerals, r) {
				b = utf8.AppendRune(b, r)
			}
		}
		return string(b)
	}
	return digits(q) == digits(n)
}

func abs(n int) int { return max(n, -n) }

// distance is the optimal string alignment distance of a and b, which are at
// most maxTyped long; anything over limit for more than that.
func distance(a, b []rune, limit int) int {
	var rows [3][maxTyped + 1]uint8 // small: they are cleared each time
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		best := row[0]
		for j := 1; j <= len(b); j++ {
			cost := uint8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			best = min(best, row[j])
		}
		if int(best) > limit {
			return int(best)
		}
		before, last, row = last, row, before
	}
	return int(last[len(b)])
}
