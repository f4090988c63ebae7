package digest

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Links within the page mean nothing in a message: what they say stays, where
// they lead to is kept apart. 詳細 behind a key point says which heading tells
// it; a table of contents and the way back to it are navigation, and go.

// maxMore is how long the words of a link to more are, in characters.
const maxMore = 12

// navigation are the words of links that lead back.
var navigation = []string{"戻る", "もどる", "目次", "トップへ", "先頭へ", "backtotop", "totop", "contents"}

// contents are the headings of a table of contents.
var contents = []string{"目次", "もくじ", "インデックス", "contents", "tableofcontents", "toc", "index"}

// anchors takes links within the page out of a block, and says whether
// anything is left of it. It keeps where each line led to.
func (r *reader) anchors(b *block) bool {
	kept := b.lines[:0]
	for _, l := range b.lines {
		i := slices.IndexFunc(l.spans, func(s span) bool { return s.anchor != "" })
		if i < 0 {
			kept = append(kept, l)
			continue
		}
		r.leads[l.no] = l.spans[i].anchor
		words := normal(l.spans[i].text)
		if alone := onlyAnchors(l); alone && slices.ContainsFunc(navigation, func(w string) bool { return strings.Contains(words, w) }) {
			r.leftover(l.no)
			continue
		} else if !alone && utf8.RuneCountInString(words) <= maxMore {
			l.spans = withoutLink(l.spans, i)
		}
		kept = append(kept, l)
	}
	b.lines = kept
	return len(kept) > 0
}

// onlyAnchors says whether a line is links within the page and nothing else
// that can be read.
func onlyAnchors(l line) bool {
	return !slices.ContainsFunc(l.spans, func(s span) bool { return s.anchor == "" && worded(s.text) })
}

// worded says whether a text has anything to read.
func worded(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) })
}

// withoutLink is spans without the i-th and the brackets round it.
func withoutLink(spans []span, i int) []span {
	out := slices.Clone(spans)
	if i > 0 {
		out[i-1].text = strings.TrimRight(strings.TrimRight(out[i-1].text, "([（［ 　"), "→▶►>・|｜")
	}
	if i+1 < len(out) {
		out[i+1].text = strings.TrimLeft(out[i+1].text, ")]）］ 　")
	}
	return slices.Delete(out, i, i+1)
}

// dropContents takes tables of contents away: a heading for it, and below it
// nothing but links within the page.
func (r *reader) dropContents(all []*section) {
	for _, s := range all {
		if !slices.Contains(contents, s.norm) || len(s.children) > 0 || len(s.blocks) == 0 || slices.ContainsFunc(s.blocks, r.stays) {
			continue
		}
		for _, b := range s.blocks {
			r.leftover(b.lines[0].no)
		}
		s.parent.children = slices.DeleteFunc(s.parent.children, func(c *section) bool { return c == s })
	}
}

// stays says whether a block has a line that leads nowhere within the page.
func (r *reader) stays(b *block) bool {
	return slices.ContainsFunc(b.lines, func(l line) bool { return r.leads[l.no] == "" })
}

// leadsTo says whether an anchor leads to a heading, as the renderers of
// Markdown name headings: its letters and digits in lower case.
func leadsTo(anchor, heading string) bool {
	letters := func(s string) string {
		return strings.Map(func(c rune) rune {
			if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
				return -1
			}
			return unicode.ToLower(c)
		}, s)
	}
	name := letters(anchor)
	return name != "" && name == letters(heading)
}
