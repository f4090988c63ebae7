package digest

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

// missing lists what stands in the source and in no field of the digest: a
// judge of its own that knows nothing of the reader. It compares runs of
// letters and digits, as long ones as markup leaves whole. What it lets go,
// because a reader does not miss it: bare role words in headings, which the
// fields stand for, and machine leftovers, which are taken out on purpose.
func missing(src string, d *briefing.Digest) []string {
	b, err := json.Marshal(d)
	if err != nil {
		return []string{err.Error()}
	}
	var fields any
	if err := json.Unmarshal(b, &fields); err != nil {
		return []string{err.Error()}
	}
	var out strings.Builder
	collect(fields, &out)
	text := letters(out.String())
	var lost []string
	for _, l := range strings.Split(src, "\n") {
		if structural(l) {
			continue
		}
		if head, rest, ok := cutColon(strings.TrimLeft(l, "# ")); ok && strings.HasPrefix(l, "#") {
			if _, sure := bareRole(head); sure {
				l = rest // 用語解説: X is the term X
			}
		}
		l = leftoverPattern.ReplaceAllString(l, "｜")
		for _, run := range markupPattern.Split(l, -1) {
			if run = letters(run); run != "" && !strings.Contains(text, run) {
				lost = append(lost, run)
			}
		}
	}
	return lost
}

// collect writes every string of a JSON value.
func collect(v any, out *strings.Builder) {
	switch v := v.(type) {
	case string:
		out.WriteString(v + "\n")
	case []any:
		for _, e := range v {
			collect(e, out)
		}
	case map[string]any:
		for _, e := range v {
			collect(e, out)
		}
	}
}

// letters keeps letters and digits.
func letters(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, s)
}

var (
	markupPattern   = regexp.MustCompile("[*_`#\\[\\]()（）<>|:：,、。;]+|https?://[^\\s)\\]]+|\\s+|&[a-z]+;|^\\s*[-+]\\s|\\d+\\.\\s")
	leftoverPattern = regexp.MustCompile(`\[\^?\d{1,3}(?:[-,、 ]+\d{1,3})*\]:?|(?:, ?\d{1,3}(?:-\d{1,3})?)+\]|\(source_\d+\)|(?:サブトピック|ニュースカテゴリ)\d*[:：]?|\[(?:出典|引用): [\d, ]+\]|\[\d+: |(?:出典|情報源)\s*[:：]|引用 ?\d+:`)
)

// structural says whether a line only names a part: a heading that is a bare
// role word or the digest's title again, or a date.
func structural(l string) bool {
	raw := l
	l = strings.Trim(strings.TrimSpace(l), "#* ")
	text, _, _ := cleanHeading(l)
	if text == "" {
		return true
	}
	if _, sure := bareRole(text); sure {
		return true
	}
	if strings.HasPrefix(strings.TrimPrefix(raw, "\ufeff"), "# ") && (strings.Contains(text, "ニュース") || dateIn(text) != "") {
		return true // the title, and the title again
	}
	if m := meaningOf(normal(text)); strings.HasPrefix(raw, "#") {
		for _, w := range m {
			if w.all {
				return true
			}
		}
	}
	if strings.HasPrefix(raw, "| 用語 |") {
		return true // the head of a table of terms
	}
	return dateIn(text) != "" && len([]rune(text)) < 60 && (strings.Contains(text, "ニュース") || len(text) < 16)
}
