package glossary

import (
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

const (
	// sameMeaning is how alike two definitions are, from 0 to 1, that say the
	// same in other words. In a series that defines a term anew every few days
	// nine pairs of ten are above it, and those below it really tell something
	// else (an organisation and a tool of the same name).
	sameMeaning = 0.2
	// shortDefinition is the number of letter pairs below which two
	// definitions share many by chance; those are one meaning only when they
	// are nearly the same.
	shortDefinition     = 16
	sameShortDefinition = 0.8
)

// meanings are the definitions of a group that differ in what they say, newest
// first, each in its newest wording.
func (g group) meanings() []briefing.Meaning {
	var out []briefing.Meaning
	var wordings [][]map[[2]rune]bool // of each meaning, all it was said in
	for _, m := range g[:min(len(g), maxMentions)] {
		definition := strings.TrimSpace(m.Definition)
		if definition == "" {
			continue
		}
		pairs := letterPairs(definition)
		known := false
		for i := range wordings {
			for _, w := range wordings[i] {
				if alike(pairs, w) {
					known = true
				}
			}
			if known {
				wordings[i] = append(wordings[i], pairs)
				break
			}
		}
		if !known {
			out = append(out, briefing.Meaning{Definition: definition, Date: m.date})
			wordings = append(wordings, []map[[2]rune]bool{pairs})
		}
	}
	return out
}

// alike compares two definitions by the letter pairs they share (Dice).
func alike(a, b map[[2]rune]bool) bool {
	limit := sameMeaning
	if min(len(a), len(b)) < shortDefinition {
		limit = sameShortDefinition
	}
	shared := 0
	for p := range a {
		if b[p] {
			shared++
		}
	}
	return 2*float64(shared) >= limit*float64(len(a)+len(b))
}

// letterPairs are all pairs of letters that follow each other, signs aside.
func letterPairs(s string) map[[2]rune]bool {
	pairs := map[[2]rune]bool{}
	var last rune
	for _, r := range widthKey(s) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != longVowel {
			continue
		}
		if last != 0 {
			pairs[[2]rune{last, r}] = true
		}
		last = r
	}
	return pairs
}
