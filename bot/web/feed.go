package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// feedEntries is how many days the feed holds.
const feedEntries = 30

// The parts of an Atom feed, RFC 4287.
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string      `xml:"xml:lang,attr"`
		ID      string      `xml:"id"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Links   []atomLink  `xml:"link"`
		Author  string      `xml:"author>name"`
		Entries []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID        string   `xml:"id"`
		Title     string   `xml:"title"`
		Published string   `xml:"published"`
		Updated   string   `xml:"updated"`
		Link      atomLink `xml:"link"`
		Summary   string   `xml:"summary"`
	}
)

// feedHandler keeps the feed where it says the same to everyone: without an
// address of its own the site uses each reader's.
func (s *Site) feedHandler() handler {
	if s.opts.PublicURL == "" {
		return s.feed
	}
	return s.kept(s.feed)
}

// feed is the newest briefings for feed readers: titles and key points.
func (s *Site) feed(r *http.Request) (*answer, error) {
	base := s.base(r)
	p := s.newPage(r)
	f := atomFeed{
		Lang: string(p.Lang), ID: base + "/feed.atom", Title: p.Words.SiteTitle, Author: "cyberbrief",
		Links: []atomLink{{"self", base + p.Href("/feed.atom")}, {"alternate", base + p.Href("/")}},
	}
	newest := time.Unix(0, 0) // of a feed without entries
	for _, date := range s.opts.Library.Dates() {
		d, err := s.opts.Library.Digest(date)
		if err != nil {
			continue // withdrawn since
		}
		e, updated := s.entry(base, d)
		if updated.After(newest) {
			newest = updated
		}
		if f.Entries = append(f.Entries, e); len(f.Entries) == feedEntries {
			break
		}
	}
	f.Updated = newest.UTC().Format(time.RFC3339)
	b := bytes.NewBufferString(xml.Header)
	if err := xml.NewEncoder(b).Encode(f); err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	return newAnswer(http.StatusOK, "application/atom+xml; charset=utf-8", b.Bytes()).pack(), nil
}

// entry is one day in the feed, and when it changed last.
func (s *Site) entry(base string, d *briefing.Digest) (atomEntry, time.Time) {
	first := s.opts.Editions.FirstAt(d.Date)
	if first.IsZero() {
		first = d.Date.Time()
	}
	updated := first
	if t := s.opts.Editions.Revised(d.Date); !t.IsZero() {
		updated = t
	}
	var points []string
	for _, k := range d.KeyPoints {
		points = append(points, "・"+plain(k.Text.String(), 300))
	}
	url := bot.PageURL(base, d.Date, "")
	return atomEntry{
		ID: url, Title: plain(d.Title, 200), Link: atomLink{"alternate", url},
		Published: first.UTC().Format(time.RFC3339), Updated: updated.UTC().Format(time.RFC3339),
		Summary: strings.Join(points, "\n"),
	}, updated
}
