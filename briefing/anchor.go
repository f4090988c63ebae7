package briefing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Anchors name the places of a digest that a link can lead to, by the line at
// which each begins. A name follows from what stands there and not from where
// it stands: it stays when a correction moves lines, adds a story, changes a
// text or renumbers headings. Lines that tell one story share its name.
type Anchors map[int]string

// Anchors names the places of d: stories, sections, sub-headings, terms by
// their words; key points, of which there are few and whose words change, by
// their number; the outlook and the conclusion as such.
func (d *Digest) Anchors() Anchors {
	n := naming{anchors: Anchors{}, given: map[string]bool{}}
	for _, s := range d.Stories {
		name := n.name("s-", s.Heading, s.Line)
		for _, line := range s.Also {
			n.add(line, name)
		}
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		n.name("s-", s.Heading, s.Line)
	}
	if d.Outlook != nil {
		n.add(d.Outlook.Line, "outlook")
	}
	if d.Conclusion != nil {
		n.add(d.Conclusion.Line, "conclusion")
	}
	for _, t := range d.Glossary {
		n.name("t-", t.Term, t.Line)
	}
	n.headings(d)
	for i, k := range d.KeyPoints {
		n.add(k.Line, KeyPointAnchor(i))
	}
	return n.anchors
}

// KeyPointAnchor names the key point with index i, whatever else its line
// may be the beginning of.
func KeyPointAnchor(i int) string { return fmt.Sprintf("k-%d", i+1) }

// naming gives names, each once.
type naming struct {
	anchors Anchors
	given   map[string]bool
}

// add names a line that has no name yet. Line 0 is none.
func (n *naming) add(line int, name string) {
	if _, named := n.anchors[line]; line > 0 && !named {
		n.anchors[line] = name
	}
}

// name names a line after its words; the same words again get a number.
func (n *naming) name(kind, words string, line int) string {
	if name, named := n.anchors[line]; named {
		return name
	}
	sum := sha256.Sum256([]byte(essence(words)))
	first := kind + hex.EncodeToString(sum[:4])
	name := first
	for i := 2; n.given[name]; i++ {
		name = fmt.Sprintf("%s-%d", first, i)
	}
	n.given[name] = true
	n.add(line, name)
	return name
}

// headings names the sub-headings of every part.
func (n *naming) headings(d *Digest) {
	var texts []Text
	for _, s := range d.Stories {
		texts = append(texts, s.Text, s.Short)
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		texts = append(texts, s.Text)
	}
	for _, p := range []*Passage{d.Outlook, d.Conclusion} {
		if p != nil {
			texts = append(texts, p.Text)
		}
	}
	for _, b := range slices.Concat(texts...) {
		if b.Kind == Heading && b.Line > 0 {
			n.name("s-", b.String(), b.Line)
		}
	}
}

// essence is what of a heading makes it this heading: its letters and digits
// without case, and without a number in front.
func essence(words string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, words)
	if cut := strings.TrimLeftFunc(bare, unicode.IsDigit); cut != "" {
		return cut
	}
	return bare
}
