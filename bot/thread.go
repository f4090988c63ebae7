package bot

import (
	"regexp"
	"slices"
	"strconv"

	"cyberbrief/briefing"
)

// thread is everything the channel wants to see below the parent.
func (l *layout) thread() Document {
	var doc Document
	for _, p := range briefing.Parts() {
		if l.b.Shows(p) {
			doc = append(doc, l.part(p)...)
		}
	}
	if len(doc) > 0 && doc[0] == Block(Divider{}) {
		doc = doc[1:] // nothing stands above it
	}
	return doc
}

// part is one part of the thread, empty where the digest has none.
func (l *layout) part(p briefing.Part) Document {
	switch p {
	case briefing.PartStories:
		return l.stories()
	case briefing.PartDeepDive:
		return l.sections(l.in("深掘り", "Deep dive"), l.d.DeepDives)
	case briefing.PartSections:
		return l.sections(l.in("そのほか", "More"), l.d.Sections)
	case briefing.PartOutlook:
		return l.passage(l.in("今後の展望", "Outlook"), l.d.Outlook)
	case briefing.PartConclusion:
		return l.passage(l.in("結論", "Conclusion"), l.d.Conclusion)
	case briefing.PartCitations:
		return l.citations()
	}
	return nil
}

func (l *layout) stories() Document {
	var doc Document
	section := ""
	for _, s := range l.d.Stories {
		if s.Section != section && s.Section != "" {
			doc = append(doc, Heading{Level: 1, Text: s.Section})
		}
		section = s.Section
		doc = append(doc, l.story(s)...)
	}
	return doc
}

func (l *layout) story(s briefing.Story) Document {
	text := s.Text
	if len(text) == 0 {
		text = s.Short
	}
	doc := append(Document{l.numbered(s.Line, s.Heading, text)}, l.text(text)...)
	if len(s.Sources) == 0 {
		return doc
	}
	spans := plain(l.in("出典: ", "Source: "))
	for i, c := range s.Sources {
		if i > 0 {
			spans = append(spans, Span{Text: l.in("、", ", ")})
		}
		spans = append(spans, Span{Text: sourceTitle(c.Title, c.URL), URL: c.URL})
	}
	return append(doc, Note{Spans: spans})
}

// numbered is the heading that key points point at.
func (l *layout) numbered(line int, heading string, text briefing.Text) Heading {
	number := ""
	if n, ok := l.number[line]; ok {
		number, heading = strconv.Itoa(n)+". ", ownNumber.ReplaceAllString(heading, "")
	}
	return Heading{Level: 2, Text: number + l.heading(heading, text), URL: l.page(line)}
}

// ownNumber is the number that a digest gave a heading: the thread has its
// own, and two would confuse.
var ownNumber = regexp.MustCompile(`^\s*(?:[(（][0-9０-９]{1,2}[)）]\s*|[0-9０-９]{1,2}(?:\.\s+|[．、)）:：]\s*)|[①-⑳]\s*)`)

func (l *layout) sections(group string, sections []briefing.Section) Document {
	if len(sections) == 0 {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: group}}
	for _, s := range sections {
		doc = append(doc, l.section(s)...)
	}
	return doc
}

func (l *layout) section(s briefing.Section) Document {
	return append(Document{l.numbered(s.Line, s.Heading, s.Text)}, l.text(s.Text)...)
}

func (l *layout) passage(heading string, p *briefing.Passage) Document {
	if p == nil {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: heading}}
	return append(doc, l.text(p.Text)...)
}

func (l *layout) citations() Document {
	if len(l.d.Citations) == 0 {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: l.in("引用・出典", "Citations")}}
	for _, c := range l.d.Citations {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: sourceTitle(c.Title, c.URL), URL: c.URL}}})
	}
	return doc
}

// standingAt is what stands at a line of the digest: a story, section, key
// point, passage or term; nil when nothing does.
func (l *layout) standingAt(line int) Document {
	for _, s := range l.d.Stories {
		if s.Line == line || slices.Contains(s.Also, line) {
			return l.story(s)
		}
	}
	for _, s := range slices.Concat(l.d.DeepDives, l.d.Sections) {
		if s.Line == line {
			return l.section(s)
		}
	}
	if p := l.d.Outlook; p != nil && p.Line == line {
		return l.part(briefing.PartOutlook)[1:] // without the divider
	}
	if p := l.d.Conclusion; p != nil && p.Line == line {
		return l.part(briefing.PartConclusion)[1:]
	}
	for _, k := range l.d.KeyPoints {
		if k.Line == line {
			return append(Document{Title{Text: l.d.Title, URL: l.page(0)}}, l.text(k.Text)...)
		}
	}
	for _, t := range l.d.Glossary {
		if t.Line == line {
			return Document{Heading{Level: 2, Text: t.Term}, Prose{plain(t.Definition)}}
		}
	}
	return nil
}

// text turns a digest's text into blocks of a document.
func (l *layout) text(t briefing.Text) Document {
	var doc Document
	for _, b := range t {
		spans, _ := l.marked(l.spans(b.Spans))
		switch b.Kind {
		case briefing.Heading:
			doc = append(doc, Heading{Level: 3, Text: joined(spans), URL: firstLink(spans)})
		case briefing.Item:
			doc = append(doc, ListItem{Level: b.Level, Marker: b.Marker(), Spans: spans})
		case briefing.Quote:
			doc = append(doc, QuoteText{Spans: spans})
		case briefing.Code:
			doc = append(doc, CodeText{Text: joined(spans)})
		default:
			doc = append(doc, Prose{Spans: spans})
		}
	}
	return doc
}

// firstLink is the first address that spans link to: a heading has one link.
func firstLink(spans []Span) string {
	for _, s := range spans {
		if s.URL != "" {
			return s.URL
		}
	}
	return ""
}

// spans turns a digest's spans into a document's, with CVE IDs linked.
func (l *layout) spans(from []briefing.Span) []Span {
	var to []Span
	for _, whole := range from {
		for _, s := range LinkCVEs(whole, l.lang) {
			l.linked[s.Text] = l.linked[s.Text] || s.URL == JVN(s.Text)
			to = append(to, Span{Text: s.Text, URL: s.URL, Strong: s.Strong, Code: s.Code})
		}
	}
	return to
}

// flatten joins the blocks of a key point into one line of spans.
func flatten(t briefing.Text) []briefing.Span {
	var spans []briefing.Span
	for i, b := range t {
		if i > 0 {
			spans = append(spans, briefing.Span{Text: " "})
		}
		spans = append(spans, b.Spans...)
	}
	return spans
}
