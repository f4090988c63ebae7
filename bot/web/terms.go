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

// terms lists all terms, those of the newest digests first.
func (s *Site) terms(w http.ResponseWriter, r *http.Request) error {
	all := slices.Clone(s.opts.Glossary.All())
	slices.SortFunc(all, func(a, b briefing.Entry) int {
		return cmp.Or(strings.Compare(string(b.LastSeen), string(a.LastSeen)), strings.Compare(a.Term, b.Term))
	})
	shown, pager, err := paged(r, all, termsPerPage)
	if err != nil {
		return err
	}
	p := s.newPage(r)
	p.Title, p.Section = p.Words.Terms, "terms"
	p.Content = map[string]any{"Terms": shown, "Count": len(all), "Pager": pager}
	return s.show(w, r, "terms", p)
}

// term explains one term, by any of its names. What is only similar is
// suggested, with status 404.
func (s *Site) term(w http.ResponseWriter, r *http.Request) error {
	word := plain(r.PathValue("term"), maxQuery)
	a := s.opts.Glossary.Lookup(word)
	p := s.newPage(r)
	p.Section = "terms"
	switch a.Match {
	case briefing.MatchExact, briefing.MatchAlias, briefing.MatchVariant:
		p.Title = plain(a.Terms[0].Term, 80)
		p.Description = plain(a.Terms[0].Definition, 160)
		p.Canonical = s.base(r) + termURL(a.Terms[0].Term)
		p.Content = a
		return s.show(w, r, "term", p)
	}
	p.Title = fmt.Sprintf(p.Words.NoSuchTerm, word)
	p.Query = word
	p.Content = similar(a)
	return s.showAs(w, r, http.StatusNotFound, "similar", p)
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
	// maxHits is how deep results can be paged.
	maxHits = 600
	// termsFound is how many terms stand above the passages.
	termsFound = 5
)

// result is one passage found; the pieces of its texts say what matched.
type result struct {
	Date             briefing.Date
	Anchor           string
	Heading, Snippet []piece
}

// search finds terms and passages.
func (s *Site) search(w http.ResponseWriter, r *http.Request) error {
	words := plain(r.URL.Query().Get("q"), maxQuery)
	var found []bot.Hit
	var terms []briefing.Entry
	if words != "" {
		found = s.opts.Search.Search(words, maxHits)
		terms = s.opts.Glossary.Lookup(words).Terms
		terms = terms[:min(len(terms), termsFound)]
	}
	shown, pager, err := paged(r, found, hitsPerPage)
	if err != nil {
		return err
	}
	if pager.Page > 1 {
		terms = nil
	}
	results := make([]result, 0, len(shown))
	for _, h := range shown {
		results = append(results, result{h.Date, h.Anchor, mark(bot.Clean(h.Heading), words), mark(bot.Clean(h.Snippet), words)})
	}
	p := s.newPage(r)
	p.Title, p.Section, p.Query = p.Words.Search, "search", words
	p.Content = map[string]any{"Hits": results, "Terms": terms, "Count": len(found), "Many": len(found) == maxHits, "Pager": pager}
	return s.show(w, r, "search", p)
}
