package bot

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxCombining is how many combining marks may follow one letter. Scripts in
// use need no more; more is a trick to paint over the lines around.
const maxCombining = 4

// Clean takes out of outside text what a reader cannot see but a display
// obeys: control characters, bidirectional overrides, zero-width characters
// (joiners inside emoji stay), tags, piled-up combining marks. Line breaks
// and tabs stay. The result is valid UTF-8 in NFC; cleaning it again changes
// nothing.
func Clean(s string) string { return new(cleaner).clean(s) }

// CleanSpans cleans the texts of spans as one text, in which marks pile up
// from one span to the next.
func CleanSpans(spans []Span) []Span {
	c := new(cleaner)
	out := slices.Clone(spans)
	for i := range out {
		out[i].Text = c.clean(out[i].Text)
	}
	return out
}

// cleaner is what has to be known of the text before.
type cleaner struct {
	marks int  // combining marks since the last letter
	last  rune // written
}

func (c *cleaner) clean(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	var sb strings.Builder
	sb.Grow(len(s))
	for i, r := range s {
		switch {
		case r == zeroWidthJoiner && sb.Len() > 0 && joinsEmoji(c.last, s[i+len(string(zeroWidthJoiner)):]):
		case r != '\n' && r != '\t' && invisible(r):
			continue // and what follows still stands on the same letter
		case unicode.In(r, unicode.Mn, unicode.Me):
			c.marks++
			if c.marks > maxCombining || variation(r) && variation(c.last) {
				continue
			}
		default:
			c.marks = 0
		}
		sb.WriteRune(r)
		c.last = r
	}
	// What was taken out may have kept a letter and its mark apart.
	return norm.NFC.String(sb.String())
}

const zeroWidthJoiner = '\u200D'

// invisible holds for controls, format characters (bidi, zero width, tags,
// soft hyphen, BOM), line and paragraph separators and blank fillers.
func invisible(r rune) bool {
	switch r {
	case '\u115F', '\u1160', '\u3164', '\uFFA0', '\u034F', '\u17B4', '\u17B5', '\u2028', '\u2029', '\u2800':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co)
}

// variation holds for the variation selectors. One chooses the look of the
// character before it; a chain of them can only carry hidden text.
func variation(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }

// joinsEmoji says whether a zero-width joiner stands between two pictures.
func joinsEmoji(before rune, after string) bool {
	next, _ := utf8.DecodeRuneInString(after)
	return pictographic(before) && pictographic(next)
}

// emojiLook is the variation selector that turns a character into a picture.
const emojiLook = '\uFE0F'

func pictographic(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2190 && r <= 0x2BFF || r == emojiLook
}
