package glossary

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"cyberbrief/briefing"
)

const (
	// maxRelated keeps an answer short.
	maxRelated = 8
	// maxNeighbours is how many terms are looked at for being related to one.
	// Real digests have a dozen.
	maxNeighbours = 100
	// maxMentions is how many definitions of one term are compared with each
	// other, the newest ones.
	maxMentions = 200
)

// mention is one term of one digest.
type mention struct {
	date briefing.Date
	briefing.Term
}

// group is all mentions of one term, newest first.
type group []mention

// merge makes one entry of all mentions of a term. Mentions are one term when
// their headwords have the same spelling, and when the headword of one is
// another name of the other (see sameTerm).
func merge(days map[briefing.Date][]briefing.Term) []briefing.Entry {
	groups := bySpelling(days)
	groups = byOtherName(groups)
	entries := make([]briefing.Entry, len(groups))
	dates := newestFirst(days)
	for i, g := range groups {
		entries[i] = g.entry()
		// Most terms are of one day; those of a day share its date.
		if e := &entries[i]; len(e.Digests) == 1 {
			at, _ := slices.BinarySearchFunc(dates, e.FirstSeen, func(a, b briefing.Date) int { return cmp.Compare(b, a) })
			e.Digests = dates[at : at+1 : at+1]
		}
	}
	relate(entries, days)
	return entries
}

// bySpelling groups mentions, newest group first.
func bySpelling(days map[briefing.Date][]briefing.Term) []group {
	var order []string
	groups := map[string]group{}
	for _, date := range newestFirst(days) {
		for _, t := range days[date] {
			key := spellingKey(t.Term)
			if key == "" {
				continue
			}
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], mention{date, t})
		}
	}
	out := make([]group, len(order))
	for i, key := range order {
		out[i] = groups[key]
	}
	return out
}

func newestFirst(days map[briefing.Date][]briefing.Term) []briefing.Date {
	dates := make([]briefing.Date, 0, len(days))
	for d := range days {
		dates = append(dates, d)
	}
	slices.SortFunc(dates, func(a, b briefing.Date) int { return cmp.Compare(b, a) })
	return dates
}

// byOtherName joins the group of a headword to the one group that gives this
// headword as another name. A name that several groups give decides nothing.
func byOtherName(groups []group) []group {
	givers := map[string][]int{} // spelling of another name → groups that give it
	for i, g := range groups {
		for key := range g.otherNames() {
			givers[key] = append(givers[key], i)
		}
	}
	into := make([]int, len(groups))
	for i := range into {
		into[i] = i
	}
	root := func(i int) int {
		for into[i] != i {
			i = into[i]
		}
		return i
	}
	for i, g := range groups {
		from := givers[spellingKey(g[0].Term.Term)]
		if len(from) == 1 && root(from[0]) != root(i) && sameTerm(groups[from[0]], g) {
			a, b := root(from[0]), root(i)
			into[max(a, b)] = min(a, b)
		}
	}
	return joined(groups, root)
}

// joined puts each group into its root, keeping newest first.
func joined(groups []group, root func(int) int) []group {
	out := make([]group, 0, len(groups))
	at := map[int]int{}
	for i, g := range groups {
		if r := root(i); r != i {
			out[at[r]] = append(out[at[r]], g...)
		} else {
			at[i] = len(out)
			out = append(out, g)
		}
	}
	for _, g := range out {
		slices.SortStableFunc(g, func(a, b mention) int { return cmp.Compare(b.date, a.date) })
	}
	return out
}

// otherNames are the spellings of the other names that a group gives.
func (g group) otherNames() map[string]bool {
	names := map[string]bool{}
	for _, m := range g {
		for _, a := range m.Aliases {
			if key := spellingKey(a); key != "" && key != spellingKey(m.Term.Term) {
				names[key] = true
			}
		}
	}
	return names
}

// sameTerm decides whether two headwords, the second of which is another name
// of the first, are one term. What stands in brackets after a headword may
// also be an example or a wider word (攻撃（フィッシング）), hence one of these
// is asked for: each names the other, one is the translation of the other into
// another script, or one is the acronym of the other.
func sameTerm(giver, named group) bool {
	a, b := giver[0].Term.Term, named[0].Term.Term
	return named.otherNames()[spellingKey(a)] || latin(a) != latin(b) || acronym(a, b) || acronym(b, a)
}

// latin holds for names without Japanese letters.
func latin(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return isKana(r) || unicode.Is(unicode.Han, r) })
}

// acronym says whether short is made of the first letters of long's words,
// the small words left out or not.
func acronym(short, long string) bool {
	words := strings.FieldsFunc(widthKey(long), func(r rune) bool { return unicode.IsSpace(r) || isDash(r) || r == '/' })
	if len(words) < 2 {
		return false
	}
	var all, big strings.Builder
	for _, w := range words {
		first := string([]rune(w)[0])
		all.WriteString(first)
		if !slices.Contains([]string{"of", "and", "the", "for", "in", "to", "as", "a", "an", "on"}, w) {
			big.WriteString(first)
		}
	}
	key := spellingKey(short)
	return key == all.String() || key == big.String()
}

// entry sums a group up. Its term is the headword used most, the newest of
// those used equally often.
func (g group) entry() briefing.Entry {
	e := briefing.Entry{Term: g.headword(), Aliases: []string{}, Meanings: g.meanings(), LastSeen: g[0].date, FirstSeen: g[len(g)-1].date}
	if len(e.Meanings) > 0 {
		e.Definition = e.Meanings[0].Definition
	}
	known := map[string]bool{spellingKey(e.Term): true, "": true}
	for _, m := range g {
		if n := len(e.Digests); n == 0 || e.Digests[n-1] != m.date {
			e.Digests = append(e.Digests, m.date)
		}
		for _, name := range append([]string{m.Term.Term}, m.Aliases...) {
			if key := spellingKey(name); !known[key] {
				known[key] = true
				e.Aliases = append(e.Aliases, strings.TrimSpace(name))
			}
		}
	}
	return e
}

func (g group) headword() string {
	uses := map[string]int{}
	for _, m := range g {
		uses[strings.TrimSpace(m.Term.Term)]++
	}
	best := strings.TrimSpace(g[0].Term.Term)
	for _, m := range g {
		if w := strings.TrimSpace(m.Term.Term); uses[w] > uses[best] {
			best = w
		}
	}
	return best
}

// relate notes for each entry the terms of its digests that its definition
// names, the newest digest's first.
func relate(entries []briefing.Entry, days map[briefing.Date][]briefing.Term) {
	byKey := map[string]int{}
	for i, e := range entries {
		for _, name := range append([]string{e.Term}, e.Aliases...) {
			if _, taken := byKey[spellingKey(name)]; !taken {
				byKey[spellingKey(name)] = i
			}
		}
	}
	for i := range entries {
		e := &entries[i]
		definition := spellingKey(e.Definition)
		for _, t := range neighbours(e, days) {
			j, ok := byKey[spellingKey(t.Term)]
			if ok && j != i && !slices.Contains(e.Related, entries[j].Term) && names(definition, t) {
				e.Related = append(e.Related, entries[j].Term)
			}
		}
		e.Related = e.Related[:min(len(e.Related), maxRelated)]
	}
}

// neighbours are the terms of the digests that define e, the newest digest's
// first, as far as maxNeighbours allows.
func neighbours(e *briefing.Entry, days map[briefing.Date][]briefing.Term) []briefing.Term {
	var out []briefing.Term
	for _, date := range e.Digests {
		if terms := days[date]; len(out)+len(terms) <= maxNeighbours {
			out = append(out, terms...)
		}
	}
	return out
}

// minNamed is how many letters a name needs to be found inside running text.
const minNamed = 2

// names says whether a definition, as a spelling key, holds a name of t.
func names(definition string, t briefing.Term) bool {
	return slices.ContainsFunc(append([]string{t.Term}, t.Aliases...), func(name string) bool {
		key := spellingKey(name)
		return len([]rune(key)) >= minNamed && strings.Contains(definition, key)
	})
}
