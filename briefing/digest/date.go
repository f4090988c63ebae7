package digest

import (
	"path"
	"regexp"
	"strings"
	"time"

	"cyberbrief/briefing"
)

// dateIn is the first real date in s, as titles and file names write it:
// 2025年7月2日, 2025-07-02, 2025_07_02, 2025/7/2, 2025.07.02, 20250702,
// July 2, 2025; full-width too.
func dateIn(s string) briefing.Date {
	s = halfWidth(s)
	for i := 0; i+4 <= len(s); i++ {
		if s[i] != '2' || s[i+1] != '0' || !isDigit(s[i+2]) || !isDigit(s[i+3]) || i > 0 && isDigit(s[i-1]) {
			continue
		}
		if d := dateFrom(s[i:]); d != "" {
			return d
		}
	}
	if m := englishDate.FindStringSubmatch(s); m != nil {
		for _, layout := range []string{"January 2 2006", "Jan 2 2006"} {
			if t, err := time.Parse(layout, m[1]+" "+m[2]+" "+m[3]); err == nil {
				return briefing.DateOf(t)
			}
		}
	}
	if m := britishDate.FindStringSubmatch(s); m != nil {
		return dateIn(m[2] + " " + m[1] + ", " + m[3])
	}
	return ""
}

var britishDate = regexp.MustCompile(`(\d{1,2})(?:st|nd|rd|th)? ([A-Z][a-z]{2,8})\.?,? (20\d{2})`)

var englishDate = regexp.MustCompile(`([A-Z][a-z]{2,8})\.? (\d{1,2})(?:st|nd|rd|th)?,? (20\d{2})`)

// dateFrom reads a date that begins with its year at the start of s.
func dateFrom(s string) briefing.Date {
	year, rest := s[:4], s[4:]
	if len(rest) >= 4 && number(rest) == 4 {
		return makeDate(year, rest[:2], rest[2:4])
	}
	rest, ok := cutMark(rest, "年")
	n := number(rest)
	if !ok || n == 0 || n > 2 {
		return ""
	}
	month := rest[:n]
	rest, ok = cutMark(rest[n:], "月")
	n = number(rest)
	if !ok || n == 0 || n > 2 {
		return ""
	}
	return makeDate(year, month, rest[:n])
}

// cutMark cuts what stands between two numbers of a date.
func cutMark(s, kanji string) (rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if after, found := strings.CutPrefix(s, kanji); found {
		return strings.TrimLeft(after, " "), true
	}
	if s != "" && strings.IndexByte("-_/.", s[0]) >= 0 {
		return strings.TrimLeft(s[1:], " "), true
	}
	return s, false
}

// number is how many digits s begins with.
func number(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func makeDate(y, m, d string) briefing.Date {
	pad := func(s string) string { return strings.Repeat("0", 2-len(s)) + s }
	date, err := briefing.ParseDate(y + "-" + pad(m) + "-" + pad(d))
	if err != nil {
		return ""
	}
	return date
}

// halfWidth folds full-width letters, digits and signs to ASCII.
func halfWidth(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= '！' && c <= '～' {
			return c - ('！' - '!')
		}
		return c
	}, s)
}

// baseName is the last element of a file name or address, without a query.
func baseName(name string) string {
	name, _, _ = strings.Cut(name, "?")
	return path.Base(strings.ReplaceAll(name, `\`, "/"))
}
