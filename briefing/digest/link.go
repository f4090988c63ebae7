package digest

import (
	"cmp"
	"slices"
	"strings"

	"cyberbrief/briefing"
)

// candidate is a heading that may tell the story of a key point.
type candidate struct {
	detail briefing.Detail
	story  *briefing.Story // nil for deep dives and sections
	bag    bag
	title  bag
	prior  float64
}

// What multiplies the score of a candidate: a news item that names its
// source is the better answer to "where does this come from", a themed
// summary or a deep dive the worse one at the same score.
const (
	priorSourced = 1.15
	priorItem    = 1.05
	priorTheme   = 0.90
	priorDive    = 0.85
	priorSection = 0.60
)

const (
	// minDetail is the score below which nothing is a detail.
	minDetail = 0.30
	// nearDetail is how close to the best a further detail must be.
	nearDetail = 0.62
	// namedDetail is the same for a heading that alone names what the key point
	// names, too: see ties.sharedName. A key point that lists three companies is
	// told under three headings, and no two of them are equally like it.
	namedDetail = 0.45
	// minNamed is the least weight of such a name, some three rare pairs of
	// characters.
	minNamed = 11.0
	// newsFirst is how close to a deep dive a story must be to go before it.
	newsFirst = 0.70
	// maxDetails is how many are given.
	maxDetails = 4
)

// A heading that shares no word of weight with a key point tells its story only
// if it tells a fair part of it. A key point whose story is told nowhere would
// otherwise go to whatever is least unlike it.
const (
	minHeadline = 0.10
	minCovered  = 0.20
)

// A detail need not be near the best one when that much of the key point is
// told there: the themed summary that mentions it, the deep dive that goes
// into it.
const (
	themeTold = 0.28
	diveTold  = 0.57
)

// ties are the texts of a digest, ready to be compared.
type ties struct {
	*index
	candidates []candidate
	cited      []bag         // by citation: the tokens of its title
	hints      []bag         // by candidate: the tokens of its headlines, see headlines
	points     []bag         // by key point
	sharers    map[int][]int // by candidate: the key points that it tells best
}

// link ties key points to the headings that tell their stories, and both to
// their sources.
func (r *reader) link() {
	d := r.digest
	t := &ties{sharers: map[int][]int{}, candidates: r.candidates(), points: r.points, cited: r.cited}
	if len(d.KeyPoints)*len(t.candidates) > maxPairs || len(d.Citations)*(len(t.candidates)+len(d.KeyPoints)) > maxPairs {
		r.advise(1, codeTooMany, "too many key points, sections or citations to tie together; no links are made")
		return
	}
	var bodies, titles []bag
	for _, c := range t.candidates {
		bodies, titles = append(bodies, c.bag), append(titles, c.title)
		t.hints = append(t.hints, r.headlines(c))
	}
	t.index = newIndex(r.words, bodies, titles)
	found := make([][]scored, len(t.points))
	for i := range t.points {
		if found[i] = t.rank(&t.points[i]); len(found[i]) > 0 {
			best := found[i][0].n
			t.sharers[best] = append(t.sharers[best], i)
		}
	}
	for i := range d.KeyPoints {
		r.linkPoint(t, i, found[i])
	}
	r.linkStories(t)
}

// candidates are the headings that key points can be tied to.
func (r *reader) candidates() []candidate {
	d := r.digest
	out := make([]candidate, 0, len(d.Stories)+len(d.DeepDives)+len(d.Sections))
	for i := range d.Stories {
		s := &d.Stories[i]
		prior := priorItem
		switch {
		case len(s.Sources) > 0:
			prior = priorSourced
		case !numbered(s.Heading) && s.Section == "":
			prior = priorTheme
		}
		out = append(out, candidate{briefing.Detail{Line: s.Line, Heading: s.Heading}, s, r.told[i].bag, r.told[i].title, prior})
	}
	add := func(s briefing.Section, title bag, prior float64) {
		out = append(out, candidate{briefing.Detail{Line: s.Line, Heading: s.Heading}, nil, r.words.text(s.Heading, s.Text), title, prior})
	}
	for i, s := range d.DeepDives {
		add(s, r.diveTitles[i], priorDive)
	}
	for _, s := range d.Sections {
		if s.Heading != d.Title {
			add(s, r.words.list(s.Heading), priorSection)
		}
	}
	return out
}

// headlines are the tokens of what heads a story: its heading, those of its
// short telling, the titles of its own sources and the words of their
// addresses, which are often the headline in English.
func (r *reader) headlines(c candidate) bag {
	texts := []string{c.detail.Heading}
	if c.story != nil {
		for _, b := range c.story.Short {
			if b.Kind == briefing.Heading {
				texts = append(texts, b.String())
			}
		}
		for _, s := range c.story.Sources {
			_, rest, _ := strings.Cut(s.URL, "://")
			_, path, _ := strings.Cut(rest, "/")
			texts = append(texts, s.Title, path)
		}
	}
	return r.words.bag(texts...)
}

// scored is a candidate and how well it tells a key point.
type scored struct {
	n     int
	score float64
}

// rank lists the candidates that tell a key point, best first.
func (t *ties) rank(query *bag) []scored {
	var found []scored
	known := t.known(query)
	for n, c := range t.candidates {
		s := t.score(query, n, known) * c.prior
		if s >= minDetail && (c.prior == priorTheme || t.headline(query, n) >= minHeadline || t.covered(query, n) >= minCovered) {
			found = append(found, scored{n, s})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	if len(found) > 0 && t.candidates[found[0].n].story == nil {
		// News first: a deep dive is for those who have read the news.
		at := slices.IndexFunc(found, func(f scored) bool { return t.candidates[f.n].story != nil })
		if at > 0 && found[at].score >= newsFirst*found[0].score {
			news := found[at]
			found = slices.Insert(slices.Delete(found, at, at+1), 0, news)
		}
	}
	return found
}

// sharedName is the weight of what the heading of candidate n shares with the
// query and with no other heading, and that one more text has at the most.
func (t *ties) sharedName(query *bag, n int) float64 {
	sum := 0.0
	for _, id := range t.titles[n].ids {
		if query.has(id) && t.titled[id] == 1 && t.texts[id] <= 2 {
			sum += t.weight[id]
		}
	}
	return sum
}

// tells says whether a candidate tells enough of a key point to be a detail of
// it beside a better one.
func (t *ties) tells(query *bag, f scored, best, known float64) bool {
	switch prior := t.candidates[f.n].prior; {
	case prior == priorTheme:
		return t.share(query, f.n, known) >= themeTold
	case prior == priorDive && t.share(query, f.n, known) >= diveTold:
		return true
	default:
		return f.score >= namedDetail*best && t.sharedName(query, f.n) >= minNamed
	}
}

// linkPoint gives a key point its details and sources.
func (r *reader) linkPoint(t *ties, i int, found []scored) {
	k := &r.digest.KeyPoints[i]
	k.Sources = append(k.Sources, r.linked(k.Text)...)
	best := 0.0
	for _, f := range found {
		best = max(best, f.score)
	}
	if anchor := r.leads[k.Line]; anchor != "" {
		n := slices.IndexFunc(t.candidates, func(c candidate) bool { return leadsTo(anchor, c.detail.Heading) })
		if n >= 0 { // its author says so
			found = slices.Insert(slices.DeleteFunc(found, func(f scored) bool { return f.n == n }), 0, scored{n, max(best, minSource)})
			best = found[0].score
		}
	}
	known := t.known(&t.points[i])
	themed := false // the best of the themed summaries is enough
	for _, f := range found {
		if len(k.Details) == maxDetails {
			break
		}
		c := t.candidates[f.n]
		theme := c.prior == priorTheme
		if !(theme && themed) && t.tells(&t.points[i], f, best, known) || f.score >= nearDetail*best {
			k.Details = append(k.Details, c.detail)
			themed = themed || theme
		}
		if f.score >= minSource {
			r.addSources(t, i, f.n, f.n == found[0].n || f.score >= sameDetail*best)
		}
	}
}

// linked are the addresses that a key point itself links to, by its words
// or a reference mark: nothing is more certainly its source.
func (r *reader) linked(t briefing.Text) []briefing.Source {
	out := []briefing.Source{}
	for _, b := range t {
		for _, s := range b.Spans {
			if s.URL == "" || slices.ContainsFunc(out, func(have briefing.Source) bool { return have.URL == s.URL }) {
				continue
			}
			title := trimBracket(strings.TrimSpace(s.Text), "[", "]")
			if at := slices.IndexFunc(r.digest.Citations, func(c briefing.Citation) bool { return c.URL == s.URL }); at >= 0 {
				title = r.digest.Citations[at].Title
			} else if title == "" || urlText(title) || isReference(title) {
				title = host(s.URL)
			}
			out = append(out, briefing.Source{Title: title, URL: s.URL})
		}
	}
	return out
}

const (
	// minSource is the score from which on the sources of a story are sources
	// of the key point, too. It is higher than minDetail: a reader forgives a
	// detail that is beside the point, not a wrong source.
	minSource = 0.62
	// sameDetail is how close to the best a story must be for the same.
	sameDetail = 0.90
)

// addSources gives key point i the sources of candidate n: those that the
// story names itself, and the citations that are certainly about both. When
// the story is not the best one for the key point, its headlines do not
// count; when several key points share it, a citation goes to the one whose
// own words it has.
func (r *reader) addSources(t *ties, i, n int, best bool) {
	k, story := &r.digest.KeyPoints[i], t.candidates[n].story
	if story == nil {
		return
	}
	add := func(c briefing.Citation) {
		if c.URL != "" && !slices.ContainsFunc(k.Sources, func(s briefing.Source) bool { return s.URL == c.URL }) {
			k.Sources = append(k.Sources, briefing.Source{Title: c.Title, URL: c.URL})
		}
	}
	for _, c := range story.Sources {
		add(c)
	}
	hints := &bag{}
	if best {
		hints = &t.hints[n]
	}
	for c, cite := range r.digest.Citations {
		sure := t.certain(c, n, &t.points[i], hints) || best && r.named(t, c, n)
		if cite.URL != "" && sure && t.alone(c, i, n) {
			add(cite)
		}
	}
}

// alone says whether, of the key points that share the story of candidate n,
// it is i that citation c is about. The only one needs no further proof.
func (t *ties) alone(c, i, n int) bool {
	const least, margin = 3.0, 2.0
	if len(t.sharers[n]) < 2 {
		return true
	}
	own := t.agreement(c, i)
	for _, other := range t.sharers[n] {
		if other != i && own < margin*t.agreement(c, other) {
			return false
		}
	}
	return own >= least
}

// agreement is the weight of what citation c and key point i share.
func (t *ties) agreement(c, i int) float64 {
	sum := 0.0
	for _, id := range t.cited[c].ids {
		if t.points[i].has(id) {
			sum += t.weight[id]
		}
	}
	return sum
}

// What makes a citation certain.
const (
	// minTitle is how many tokens a title has at least. A shorter one is the
	// name of a publication, which stands for anything that it publishes.
	minTitle = 4
	// minEvidence is the least weight that citation and story share, some
	// four rare pairs of characters or one rare Latin word.
	minEvidence = 14.0
	// minMargin is how far the story must be ahead of every other one.
	minMargin = 1.8
	// minAgreed is how much of the shared weight must stand in the key point
	// or a headline of the story. A story may mention another company in
	// passing; a citation about that one shares its name with the text only.
	minAgreed = 0.28
	// minAgreedEvidence is the least weight of that part.
	minAgreedEvidence = 12.0
)

// certain says whether citation i is about the story of candidate n, and
// about what the key point or the given headlines name.
func (t *ties) certain(i, n int, point, hints *bag) bool {
	if len(t.cited[i].ids) < minTitle {
		return false
	}
	evidence, agreed := 0.0, 0.0
	for _, id := range t.cited[i].ids {
		w := t.weight[id]
		if !t.bodies[n].has(id) && !point.has(id) && !t.hints[n].has(id) {
			continue
		}
		evidence += w
		if point.has(id) || hints.has(id) {
			agreed += w
		}
	}
	if evidence < minEvidence || agreed < minAgreedEvidence || agreed < minAgreed*evidence {
		return false
	}
	for other, c := range t.candidates {
		if other == n || c.story == nil {
			continue
		}
		rival := 0.0
		for _, id := range t.cited[i].ids {
			if t.bodies[other].has(id) || t.hints[other].has(id) {
				rival += t.weight[id]
			}
		}
		if evidence < minMargin*rival {
			return false
		}
	}
	return true
}

// linkStories gives stories that name no source the citations that are
// certainly theirs.
func (r *reader) linkStories(t *ties) {
	for n, c := range t.candidates {
		if c.story == nil || len(c.story.Sources) > 0 {
			continue
		}
		for i, cite := range r.digest.Citations {
			sure := t.certain(i, n, &bag{}, &t.hints[n]) || r.named(t, i, n)
			if cite.URL != "" && sure && !slices.ContainsFunc(c.story.Sources, func(s briefing.Citation) bool { return s.URL == cite.URL }) {
				c.story.Sources = append(c.story.Sources, cite)
			}
		}
	}
}
