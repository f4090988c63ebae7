package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// day is what the page of a briefing shows.
type day struct {
	*briefing.Digest
	Minutes int
	// Revised is when a correction came, zero for a first edition.
	Revised      time.Time
	Newer, Older briefing.Date
	Groups       []group
	anchors      *anchors
	lang         briefing.Language
}

// lead is a link to where the page tells a key point's story.
type lead struct{ Anchor, Heading string }

// group is a run of stories that stand under one heading of the digest.
type group struct {
	Heading string
	Stories []briefing.Story
}

// latest is the newest briefing, or the news that there is none yet.
func (s *Site) latest(r *http.Request) (*answer, error) {
	d, err := s.opts.Library.Latest()
	if errors.Is(err, briefing.ErrNotFound) {
		p := s.newPage(r)
		p.Title, p.Section, p.Content = p.Words.Latest, "latest", hint{Hint: p.Words.NothingYet}
		return s.show("problem", p)
	}
	if err != nil {
		return nil, fmt.Errorf("latest briefing: %w", err)
	}
	return s.showDay(r, d, "latest")
}

// day is the briefing of a date.
func (s *Site) day(r *http.Request) (*answer, error) {
	date, err := briefing.ParseDate(r.PathValue("date"))
	if err != nil {
		return nil, fmt.Errorf("briefing %q: %w", r.PathValue("date"), briefing.ErrNotFound)
	}
	d, err := s.opts.Library.Digest(date)
	if err != nil {
		return nil, fmt.Errorf("briefing %s: %w", date, err)
	}
	return s.showDay(r, d, "archive")
}

func (s *Site) showDay(r *http.Request, d *briefing.Digest, section string) (*answer, error) {
	p := s.newPage(r)
	p.Title = plain(d.Title, 120)
	p.Description = plain(summary(d), 160)
	p.Article = d.Date
	p.Section = section
	p.Canonical = bot.PageURL(s.opts.PublicURL, d.Date, "")
	p.Content = s.dayOf(d, p.Lang)
	return s.show("day", p)
}

func (s *Site) dayOf(d *briefing.Digest, lang briefing.Language) day {
	page := day{
		Digest:  d,
		Minutes: briefing.Compose(d, briefing.Options{}, nil).ReadingMinutes,
		Groups:  groups(d.Stories),
		anchors: newAnchors(d),
		lang:    lang,
	}
	if t := s.opts.Editions.Revised(d.Date); !t.IsZero() {
		page.Revised = t.In(s.opts.Zone)
	}
	dates := s.opts.Library.Dates()
	if i := slices.Index(dates, d.Date); i >= 0 {
		if i > 0 {
			page.Newer = dates[i-1]
		}
		if i+1 < len(dates) {
			page.Older = dates[i+1]
		}
	}
	return page
}

// Leads are the details of a key point that this page really has, each with
// its anchor.
func (d day) Leads(k briefing.KeyPoint) []lead {
	var leads []lead
	for _, x := range k.Details {
		anchor := d.anchors.names[x.Line]
		if anchor != "" && !strings.HasPrefix(anchor, "k-") && !slices.ContainsFunc(leads, func(l lead) bool { return l.Anchor == anchor }) {
			leads = append(leads, lead{anchor, x.Heading})
		}
	}
	return leads
}

// Anchor names the place of a line.
func (d day) Anchor(line int) string { return d.anchors.names[line] }

// Own is the anchor of a line if the part that begins there is to have it,
// else empty.
func (d day) Own(line int) string { return d.anchors.take(line, true) }

// Point is the anchor of the key point with index i.
func (day) Point(i int) string { return briefing.KeyPointAnchor(i) }

// Nodes is a text whose sub-headings have an anchor where they may, and whose
// CVE IDs are linked.
func (d day) Nodes(t briefing.Text) []node {
	all := nodes(linked(t, d.lang))
	for i, n := range all {
		if n.Kind == "h" {
			all[i].ID = d.anchors.take(n.Line, false)
		}
	}
	return all
}

// groups parts stories where the heading above them changes.
func groups(stories []briefing.Story) []group {
	var out []group
	for _, s := range stories {
		if len(out) == 0 || out[len(out)-1].Heading != s.Section {
			out = append(out, group{Heading: s.Section})
		}
		last := &out[len(out)-1]
		last.Stories = append(last.Stories, s)
	}
	return out
}

// summary is the digest in a sentence or two, for previews of links.
func summary(d *briefing.Digest) string {
	text := ""
	for _, k := range d.KeyPoints {
		text += k.Text.String() + " "
	}
	if text == "" && len(d.Stories) > 0 {
		text = d.Stories[0].Heading
	}
	return text
}
