package source

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/width"

	"cyberbrief/briefing"
)

// dateForms are the ways in which names and titles write a date: with any
// separator, or as eight digits.
var dateForms = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|\D)(\d{4})\s*[-_/.年]\s*(\d{1,2})\s*[-_/.月]\s*(\d{1,2})(?:\D|$)`),
	regexp.MustCompile(`(?:^|\D)((?:19|20)\d{2})(\d{2})(\d{2})(?:\D|$)`),
}

// dateIn is the first date that a name or title holds, zero for none.
func dateIn(s string) briefing.Date {
	s = width.Narrow.String(s)
	for _, form := range dateForms {
		for _, m := range form.FindAllStringSubmatch(s, -1) {
			if t, err := time.Parse("2006-1-2", strings.Join(m[1:], "-")); err == nil {
				return briefing.DateOf(t)
			}
		}
	}
	return ""
}
