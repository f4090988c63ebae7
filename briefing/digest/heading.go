package digest

import "strings"

// placeholders are what templates call their slots. One with a number at the
// start of a heading was never meant for a reader: サブトピック1: …
var placeholders = []string{"サブトピック", "ニュースカテゴリー", "ニュースカテゴリ", "サブカテゴリ", "カテゴリー", "カテゴリ", "トピック", "セクション", "subtopic", "category"}

// cleanHeading takes template leftovers out of a heading: square brackets
// round the whole of it and numbered placeholders. Sub says that it was a
// numbered sub-topic.
func cleanHeading(text string) (clean string, sub, leftovers bool) {
	clean = strings.TrimSpace(text)
	clean, leftovers = wholeBracket(clean)
	if c, _ := firstRune(clean); !strings.ContainsRune("サニカトセsScC", c) {
		return clean, false, leftovers // no placeholder begins like this
	}
	for _, p := range placeholders {
		if len(clean) > 0 && clean[0]|0x20 != p[0]|0x20 {
			continue
		}
		if len(clean) < len(p) || !strings.EqualFold(clean[:len(p)], p) {
			continue
		}
		rest := strings.TrimLeft(clean[len(p):], " 　")
		tail := strings.TrimLeft(rest, "0123456789０１２３４５６７８９①②③④⑤⑥⑦⑧⑨")
		if tail == rest {
			continue
		}
		after := strings.TrimLeft(tail, ":： 　.．-")
		if after != "" && after == tail {
			continue // トピック3選 is a word, not a slot
		}
		return after, strings.HasPrefix(strings.ToLower(p), "サブ") || strings.HasPrefix(p, "sub"), true
	}
	return clean, false, leftovers
}

// cutColon parts a heading at its first colon.
func cutColon(text string) (head, rest string, ok bool) {
	at := strings.IndexByte(text, ':')
	if n := strings.Index(text, "："); n >= 0 && (at < 0 || n < at) {
		at = n
	}
	if at < 0 {
		return text, "", false
	}
	_, n := firstRune(text[at:])
	head, rest = strings.TrimSpace(text[:at]), strings.TrimSpace(text[at+n:])
	return head, rest, head != "" && rest != ""
}

// wholeBracket takes square brackets off that hold the whole of s.
func wholeBracket(s string) (inner string, bracketed bool) {
	for _, pair := range [][2]string{{"[", "]"}, {"［", "］"}} {
		if t, ok := strings.CutPrefix(s, pair[0]); ok {
			if t, ok = strings.CutSuffix(t, pair[1]); ok && !strings.Contains(t, pair[0]) && sourceWord(t) == 0 {
				return strings.TrimSpace(t), true
			}
		}
	}
	return s, false
}
