package digest

import (
	"cyberbrief/briefing"
)

// reader is the state of one reading. It is made by Read and dropped by it.
type reader struct {
	name       string
	src        []byte // after clean: the same lines, without leftovers
	digest     *briefing.Digest
	metaTitle  string        // of the front matter
	metaDate   briefing.Date // of the front matter
	root       *section
	targets    map[int]string // what a reference mark such as [3] points at
	leads      map[int]string // by line: where a link within the page leads
	words      *vocabulary
	told       []*told // what Digest.Stories was made of, in the same order
	points     []bag   // of the key points
	cited      []bag   // of the titles of the citations
	diveTitles []bag   // of the headings of the deep dives
}

// Read reads the digest in body. Name is its file name or address, or ""
// where it has none; the date in it is the digest's identity. Read never
// returns nil and never panics: what is wrong with the digest stands in its
// Warnings, and Digest.Err says whether it can be posted. Read keeps no
// reference to body and is safe for concurrent use.
func Read(name string, body []byte) *briefing.Digest {
	r := &reader{name: name, digest: empty(), words: newVocabulary(), leads: map[int]string{}}
	defer r.words.free()
	if !r.guard(body) {
		r.digest.Date = dateIn(baseName(name))
		return r.finish()
	}
	r.clean(body)
	r.frontMatter()
	r.htmlHeadings()
	r.outline()
	r.assemble()
	r.link()
	r.check()
	return r.finish()
}

// Lint reports what an author should change in the digest, in line order.
func Lint(name string, body []byte) []briefing.Warning {
	return Read(name, body).Warnings
}

// empty is a digest whose lists marshal as [].
func empty() *briefing.Digest {
	return &briefing.Digest{
		KeyPoints: []briefing.KeyPoint{},
		Stories:   []briefing.Story{},
		DeepDives: []briefing.Section{},
		Glossary:  []briefing.Term{},
		Citations: []briefing.Citation{},
		Sections:  []briefing.Section{},
		CVEs:      []string{},
		Warnings:  []briefing.Warning{},
	}
}
