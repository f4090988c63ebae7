package web_test

import (
	"net/url"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/briefing"
)

// hostileShelf says texts in every field of a digest and a glossary.
func hostileShelf(texts ...string) (shelf, bot.Post) {
	d := &briefing.Digest{Date: "2025-07-02", Title: texts[0]}
	s := shelf{digests: []*briefing.Digest{d}}
	var own bot.Post // names the addresses that may be links
	for i, x := range texts {
		spans := []briefing.Span{{Text: x}, {Text: x, Strong: true}, {Text: x, Code: true}, {Text: x, URL: "https://own.example/page"}, {Text: "題名", URL: x}}
		text := briefing.Text{}
		for _, kind := range []briefing.BlockKind{briefing.Paragraph, briefing.Heading, briefing.Item, briefing.Quote, briefing.Code, briefing.Row} {
			text = append(text, briefing.Block{Kind: kind, Line: 10 * i, Level: 3, Spans: spans})
		}
		own.Parent = append(own.Parent, bot.Prose{Spans: []bot.Span{{Text: x, URL: x}, {URL: "https://own.example/page"}}})
		line := 1000 + 10*i
		d.KeyPoints = append(d.KeyPoints, briefing.KeyPoint{Line: line, Text: text, Details: []briefing.Detail{{Line: line + 1, Heading: x}}, Sources: []briefing.Source{{Title: x, URL: "https://own.example/page"}, {Title: "題", URL: x}}})
		d.Stories = append(d.Stories, briefing.Story{Line: line + 1, Heading: x, Section: x, Text: text, Short: text, Sources: []briefing.Citation{{Line: line + 2, Title: x, URL: "https://own.example/page"}, {Title: x, URL: x}}})
		d.DeepDives = append(d.DeepDives, briefing.Section{Line: line + 3, Heading: x, Text: text})
		d.Sections = append(d.Sections, briefing.Section{Line: line + 4, Heading: x, Text: text})
		d.Glossary = append(d.Glossary, briefing.Term{Line: line + 5, Term: x, Aliases: []string{x}, Definition: x})
		d.Citations = append(d.Citations, briefing.Citation{Line: line + 6, Title: x, URL: "https://own.example/page"}, briefing.Citation{Title: x, URL: x})
		s.entries = append(s.entries, briefing.Entry{Term: x, Aliases: []string{x}, Definition: x, FirstSeen: "2025-07-02", LastSeen: "2025-07-02", Related: []string{x}, Digests: []briefing.Date{"2025-07-02"}})
	}
	own.Parent = append(own.Parent, bot.Prose{Spans: []bot.Span{{URL: "https://nvd.nist.gov/"}, {URL: "https://jvndb.jvn.jp/"}}})
	return s, own
}

// plainMarks are the elements and attributes of pages with harmless text.
func plainMarks(t *testing.T) bottest.Live {
	t.Helper()
	s, _ := hostileShelf("無害な文")
	server := start(t, s, nil)
	all := bottest.Live{Marks: map[string]bool{}}
	for _, path := range []string{"/", "/terms", "/search?q=無害", "/terms/" + url.PathEscape("無害な文"), "/terms/none"} {
		_, page := get(t, server.URL+path)
		for mark := range bottest.HTMLLive([]byte(page)).Marks {
			all.Marks[mark] = true
		}
	}
	return all
}

// TestHostileTableStaysText: no payload of the table is anything but text on
// the pages.
func TestHostileTableStaysText(t *testing.T) {
	kinds := map[string][]string{}
	for _, p := range bottest.Hostile() {
		if p.Kind != "size" {
			kinds[p.Kind] = append(kinds[p.Kind], p.Text)
		}
	}
	allowed := plainMarks(t)
	for kind, texts := range kinds {
		s, own := hostileShelf(texts...)
		server := start(t, s, nil)
		for _, path := range []string{"/", "/terms", "/search?q=" + url.QueryEscape(texts[0]), "/terms/" + url.PathEscape(strings.ToValidUTF8(texts[1], ""))} {
			_, body := get(t, server.URL+path)
			if wrong := bottest.HTMLLive([]byte(body)).Wrong(allowed, own); len(wrong) > 0 {
				t.Errorf("%s on %.60s: %d, the first ones %.600q", kind, path, len(wrong), wrong[:min(5, len(wrong))])
			}
		}
	}
}
