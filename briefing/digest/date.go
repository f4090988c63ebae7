package digest

import (
	"path"
	"regexp"
	"strings"
	"time"

	"cyberbrief/briefing"
)

// datePattern finds a date as titles and file names write it: 2025年7月2日,
// 2025-07-02, 2025_07_02, 2025/7/2, 2025.07.02, 20250702, July 2, 2025.
var datePattern = regexp.MustCompile(`(?i)(20\d{2})\s*[年\-_/.]\s*(\d{1,2})\s*[月\-_/.]\s*(\d{1,2})|(20\d{2})(\d{2})(\d{2})|([A-Z][a-z]{2,8})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(20\d{2})`)

// dateIn is the first real date in s, or none.
func dateIn(s string) briefing.Date {
	if !strings.Contains(s, "20") && !strings.Contains(s, "２０") {
		return ""
	}
	for _, m := range datePattern.FindAllStringSubmatch(halfWidth(s), -1) {
		var d briefing.Date
		switch {
		case m[1] != "":
			d = makeDate(m[1], m[2], m[3])
		case m[4] != "":
			d = makeDate(m[4], m[5], m[6])
		default:
			for _, layout := range []string{"January 2 2006", "Jan 2 2006"} {
				if t, err := time.Parse(layout, m[7]+" "+m[8]+" "+m[9]); err == nil {
					d = briefing.DateOf(t)
				}
			}
		}
		if d != "" {
			return d
		}
	}
	return ""
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
