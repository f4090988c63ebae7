package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// termsPerPage keeps the list's pages within 100 kB.
const termsPerPage = 80

// listed is what a page of the list of terms shows.
type listed struct {
	Asked string // what the list was narrowed down to, if anything
	Terms []briefing.Entry
	Count int
	// NoSuch and Meant are said where nothing was found.
	NoSuch string
	Meant  []string
	Pager  pager
}

// terms lists all terms, those of the newest digests first, or those that
// ?q= asks for, the best first.
func (s *Site) terms(r *http.Request) (*answer, error) {
	p := s.newPage(r)
	p.Title, p.Section = p.Words.Terms, "terms"
	asked := plain(r.URL.Query().Get("q"), maxQuery)
	content := listed{Asked: asked}
	all := s.newestTerms()
	if asked != "" {
		answer := s.opts.Glossary.Lookup(asked)
		if all = termsNamed(answer.Terms, all, asked); len(all) == 0 {
			content.NoSuch, content.Meant = fmt.Sprintf(p.Words.NoSuchTerm, asked), similar(answer)
		}
	}
	var err error
	if content.Terms, content.Pager, err = paged(r, all, termsPerPage); err != nil {
		return nil, err
	}
	content.Count = len(all)
	p.Content = content
	return s.show("terms", p)
}

func (s *Site) newestTerms() []briefing.Entry {
	all := slices.Clone(s.opts.Glossary.All())
	slices.SortFunc(all, func(a, b briefing.Entry) int {
		return cmp.Or(strings.Compare(string(b.LastSeen), string(a.LastSeen)), strings.Compare(a.Term, b.Term))
	})
	return all
}

// termsNamed are the terms that a look-up found, and after them all others that
// have the word in one of their names.
func termsNamed(found, all []briefing.Entry, word string) []briefing.Entry {
	out := slices.Clone(found)
	for _, e := range all {
		known := slices.ContainsFunc(found, func(f briefing.Entry) bool { return f.Term == e.Term })
		if !known && slices.ContainsFunc(append([]string{e.Term}, e.Aliases...), func(name string) bool {
			return len(bot.Places(name, word)) > 0
		}) {
			out = append(out, e)
		}
	}
	return out
}

// term explains one term, by any of its names. What is only similar is
// suggested, with status 404.
func (s *Site) term(r *http.Request) (*answer, error) {
	word := plain(r.PathValue("term"), maxQuery)
	a := s.opts.Glossary.Lookup(word)
	p := s.newPage(r)
	p.Section = "terms"
	switch a.Match {
	case briefing.MatchExact, briefing.MatchAlias, briefing.MatchVariant:
		p.Title = plain(a.Terms[0].Term, 80)
		p.Description = plain(a.Terms[0].Definition, 160)
		if s.opts.PublicURL != "" {
			p.Canonical = s.opts.PublicURL + termURL(a.Terms[0].Term)
		}
		p.Content = map[string]any{"Terms": mapped(a.Terms, s.explain)}
		return s.show("term", p)
	}
	p.Title = fmt.Sprintf(p.Words.NoSuchTerm, word)
	p.Query = word
	p.Content = similar(a)
	return s.showAs(http.StatusNotFound, "similar", p)
}

// similar are terms that the reader may have meant, each once.
func similar(a briefing.Answer) []string {
	var out []string
	for _, e := range a.Terms {
		out = append(out, e.Term)
	}
	for _, t := range a.Suggestions {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out[:min(len(out), 10)]
}

const (
	// maxQuery is how much of a search is read, in characters.
	maxQuery = 200
	// hitsPerPage is how many passages a page of results shows.
	hitsPerPage = 30
	// termsFound is how many terms stand above the passages.
	termsFound = 5
)

// found is what a page of results shows.
type found struct {
	Terms []briefing.Entry
	Hits  []bot.Hit
	Count int
	Pager pager
}

// search finds terms and passages.
func (s *Site) search(r *http.Request) (*answer, error) {
	number, err := pageNumber(r)
	if err != nil {
		return nil, err
	}
	words := plain(r.URL.Query().Get("q"), maxQuery)
	var result found
	if words != "" {
		result.Hits, result.Count = s.opts.Search.SearchPage(words, (number-1)*hitsPerPage, hitsPerPage)
	}
	if words != "" && number == 1 {
		terms := s.opts.Glossary.Lookup(words).Terms
		result.Terms = terms[:min(len(terms), termsFound)]
	}
	result.Pager = pagerOf(number, hitsPerPage, result.Count)
	p := s.newPage(r)
	p.Title, p.Section, p.Query = p.Words.Search, "search", words
	if words != "" {
		p.Title = words + " – " + p.Title
	}
	p.Content = result
	return s.show("search", p)
}
