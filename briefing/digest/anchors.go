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

// maxMore is how long the words of a link that only leads somewhere are, in
// characters.
const maxMore = 12

// Words of links within the page: more are those that lead to the telling of a
// key point, navigation those that end a link back. Any other link within the
// page is a part of the sentence it stands in.
var (
	more       = []string{"詳細", "詳しく", "くわしく", "続き", "つづき", "もっと", "本文", "全文", "記事へ", "→", "↓", "more", "detail", "jump"}
	navigation = []string{"戻る", "もどる", "目次", "目次へ", "トップへ", "先頭へ", "backtotop", "totop", "contents"}
)

// contents are the headings of a table of contents.
var contents = []string{"目次", "もくじ", "インデックス", "contents", "tableofcontents", "toc", "index"}

// anchors takes links within the page out of a block, and says whether
// anything is left of it. It keeps where each line led to.
func (r *reader) anchors(b *block) bool {
	kept := b.lines[:0]
	for _, l := range b.lines {
		if i := slices.IndexFunc(l.spans, func(s span) bool { return s.anchor != "" }); i >= 0 {
			r.leads[l.no] = l.spans[i].anchor
			if onlyAnchors(l) && says(l.spans[i], navigation, strings.HasSuffix) {
				r.leftover(l.no)
				continue
			}
			l = r.withoutMore(l)
		}
		kept = append(kept, l)
	}
	b.lines = kept
	return len(kept) > 0
}

// withoutMore is a line without the links that lead to more, which are what it
// leads to. A line that is nothing but links keeps them.
func (r *reader) withoutMore(l line) line {
	if onlyAnchors(l) {
		return l
	}
	for i, s := range slices.Backward(l.spans) {
		if s.anchor != "" && says(s, more, strings.Contains) {
			r.leads[l.no] = s.anchor
			r.leftover(l.no)
			l.spans = withoutLink(l.spans, i)
			break
		}
	}
	return l
}

// says whether a link is short and has one of the words, as has finds it.
func says(s span, words []string, has func(s, word string) bool) bool {
	text := normal(s.text)
	return utf8.RuneCountInString(text) <= maxMore && slices.ContainsFunc(words, func(w string) bool { return has(text, w) })
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
	dropped, parents := map[*section]bool{}, map[*section]bool{}
	for _, s := range all {
		if !slices.Contains(contents, s.norm) || len(s.children) > 0 || len(s.blocks) == 0 || slices.ContainsFunc(s.blocks, r.stays) {
			continue
		}
		for _, b := range s.blocks {
			r.leftover(b.lines[0].no)
		}
		dropped[s], parents[s.parent] = true, true
	}
	for p := range parents {
		p.children = slices.DeleteFunc(p.children, func(c *section) bool { return dropped[c] })
	}
}

// stays says whether a block has a line that says more than the links within
// the page that it has.
func (r *reader) stays(b *block) bool {
	return slices.ContainsFunc(b.lines, func(l line) bool {
		linked, other := 0, 0
		for _, s := range l.spans {
			if n := utf8.RuneCountInString(s.text); s.anchor != "" {
				linked += n
			} else {
				other += n
			}
		}
		return linked <= other
	})
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
