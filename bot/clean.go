package bot

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxCombining is how many combining marks may follow one letter. Scripts in
// use need no more; more is a trick to paint over the lines around.
const maxCombining = 4

// Clean takes out of outside text what a reader cannot see but a display
// obeys: control characters, bidirectional overrides, zero-width characters
// (joiners inside emoji stay), tags, piled-up combining marks. Line breaks
// and tabs stay. The result is in NFC.
func Clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	var sb strings.Builder
	combining := 0
	var last rune
	for i, r := range s {
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			if combining++; combining > maxCombining {
				continue
			}
		} else {
			combining = 0
		}
		if r == '\u200D' && joinsEmoji(last, s[i+len("\u200D"):]) {
			sb.WriteRune(r)
			continue
		}
		if r != '\n' && r != '\t' && invisible(r) {
			continue
		}
		sb.WriteRune(r)
		last = r
	}
	return sb.String()
}

// invisible holds for controls, format characters (bidi, zero width, tags,
// soft hyphen, BOM), line and paragraph separators and blank fillers.
func invisible(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u034F', '\u17B4', '\u17B5', '\u2028', '\u2029', '\u2800':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r)
}

// joinsEmoji says whether a zero-width joiner stands between two pictures.
func joinsEmoji(before rune, after string) bool {
	next := []rune(after)
	return pictographic(before) && len(next) > 0 && pictographic(next[0])
}

func pictographic(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2190 && r <= 0x2BFF || r == '\uFE0F'
}
