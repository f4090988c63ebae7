package bot

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"cyberbrief/briefing"
)

// page is the address of a line of this digest on the bot's own pages, empty
// where there are none; line 0 is the top.
func (l *layout) page(line int) string {
	return PageURL(l.b.Options.PublicURL, l.d.Date, l.anchors[line])
}

// PageURL is the address of a digest's page, or of the place on it that an
// anchor names (see briefing.Anchors; empty: the top); empty when base is.
func PageURL(base string, date briefing.Date, anchor string) string {
	if base == "" {
		return ""
	}
	u := strings.TrimSuffix(base, "/") + "/briefings/" + string(date)
	if anchor != "" {
		u += "#" + anchor
	}
	return u
}

// NVD is the page of a CVE ID in the National Vulnerability Database.
func NVD(id string) string { return "https://nvd.nist.gov/vuln/detail/" + url.PathEscape(id) }

// JVN is the search for a CVE ID in JVN iPedia, which is in Japanese and has
// its own numbers.
func JVN(id string) string {
	return "https://jvndb.jvn.jp/search/index.php?mode=_vulnerability_search_IA_VulnSearch&lang=ja&keyword=" + url.QueryEscape(id)
}

var cveID = regexp.MustCompile(`\bCVE-\d{4}-\d{4,}`)

// LinkCVEs parts a span around the CVE IDs in it: NVD's page for readers of
// English, JVN's for all others. What is a link or code already stays so.
func LinkCVEs(s briefing.Span, lang briefing.Language) []briefing.Span {
	if s.URL != "" || s.Code {
		return []briefing.Span{s}
	}
	link := NVD
	if lang != briefing.English {
		link = JVN
	}
	var out []briefing.Span
	end := 0
	piece := func(to int) {
		if end < to {
			out = append(out, briefing.Span{Text: s.Text[end:to], Strong: s.Strong})
		}
	}
	for _, at := range cveID.FindAllStringIndex(s.Text, -1) {
		piece(at[0])
		id := s.Text[at[0]:at[1]]
		out = append(out, briefing.Span{Text: id, URL: link(id), Strong: s.Strong})
		end = at[1]
	}
	piece(len(s.Text))
	return out
}

// sourceTitle is the title, or the host where there is none.
func sourceTitle(title, link string) string {
	if title != "" && title != link {
		return title
	}
	if u, err := url.Parse(link); err == nil && u.Host != "" {
		return u.Host
	}
	return cmp.Or(title, link)
}

// sourceHosts are links to sources, named by the host that each leads to:
// short, and what a reader trusts or does not. The whole titles stand with
// the story.
func sourceHosts(sources []briefing.Source) []Span {
	var links []Span
	seen := map[string]int{}
	for _, s := range sources {
		name := HostOf(s.URL)
		if name == "" {
			links = append(links, Span{Text: sourceTitle(s.Title, s.URL), URL: s.URL})
			continue
		}
		if seen[name]++; seen[name] > 1 {
			name += " (" + strconv.Itoa(seen[name]) + ")"
		}
		links = append(links, Span{Text: name, URL: s.URL})
	}
	return links
}
