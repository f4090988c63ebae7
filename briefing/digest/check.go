package digest

import (
	"fmt"
	"slices"

	"cyberbrief/briefing"
)

// The codes of warnings, stable for scripts.
const (
	codeTooLarge     = "too-large"     // error: more than 1 MiB
	codeNotUTF8      = "not-utf8"      // error: another encoding
	codeTooDeep      = "too-deep"      // error: nested beyond reason
	codeNoContent    = "no-content"    // error: neither key points nor stories
	codeNoDate       = "no-date"       // error: no date in name or title
	codeDateMismatch = "date-mismatch" // file name and title differ
	codeNoTitle      = "no-title"
	codeNoKeyPoints  = "no-key-points"
	codeNoStories    = "no-stories"
	codeNoDetail     = "no-detail"    // a key point that nothing tells in full
	codeNoRole       = "no-role"      // text kept as a section
	codeEmpty        = "empty"        // a heading without text
	codeLeftover     = "leftover"     // a machine leftover was taken out
	codeFrontMatter  = "front-matter" // YAML above the title, left out
	codeTooMany      = "too-many"     // links left out
)

// maxWarnings is how many warnings are given; a file with more is not one
// that is mended line by line.
const maxWarnings = 200

// dates sets the date and title of the digest and warns where they differ.
func (r *reader) dates() {
	d := r.digest
	named := dateIn(baseName(r.name))
	if named == "" {
		named = dateIn(r.name)
	}
	titled, line := dateIn(d.Title), 1
	if d.Title == "" {
		d.Title = r.metaTitle
		titled = dateIn(d.Title)
	}
	r.eachSection(func(s *section) {
		if !s.title {
			return
		}
		date := dateIn(s.heading.text)
		switch {
		case date == "":
		case titled == "":
			titled, line = date, s.heading.line
		case date != titled:
			r.advise(s.heading.line, codeDateMismatch, fmt.Sprintf("this title says %s, the one at the top %s", date, titled))
		case s.heading.text == d.Title:
			line = s.heading.line
		}
	})
	if titled == "" {
		titled = r.metaDate
	}
	d.Date = named
	if d.Date == "" {
		d.Date = titled
	}
	if named != "" && titled != "" && named != titled {
		r.advise(line, codeDateMismatch, fmt.Sprintf("the title says %s, the file name %s; the file name counts", titled, named))
	}
	if d.Title == "" {
		d.Title = string(d.Date)
		r.advise(1, codeNoTitle, "no heading names the digest; start the file with a title and its date")
	}
	if d.Date == "" {
		r.fail(1, codeNoDate, "neither the file name nor the title has a date such as 2025-07-02")
	}
}

// check warns about what the digest lacks.
func (r *reader) check() {
	d := r.digest
	switch {
	case len(d.KeyPoints) == 0 && len(d.Stories) == 0:
		r.fail(1, codeNoContent, "no key points and no stories were found; a digest needs one of them")
	case len(d.KeyPoints) == 0:
		r.advise(1, codeNoKeyPoints, "no key points: add a list under a heading such as 主要ポイント")
	case len(d.Stories) == 0:
		r.advise(1, codeNoStories, "no stories: add a heading for each piece of news")
	}
	for _, k := range d.KeyPoints {
		if len(k.Details) == 0 && len(d.Stories) > 0 {
			r.advise(k.Line, codeNoDetail, "no section tells the story of this key point")
		}
	}
}

// leftover notes that something was taken out of a line.
func (r *reader) leftover(no int) {
	for _, w := range r.digest.Warnings {
		if w.Line == no && w.Code == codeLeftover {
			return
		}
	}
	if len(r.digest.Warnings) < 2*maxWarnings {
		r.advise(no, codeLeftover, "a leftover of the tool that wrote this was taken out (stray commas, a mark without a target, a template's placeholder, tag or brackets, a table of contents)")
	}
}

func (r *reader) warnEmpty(s *section) {
	r.advise(s.heading.line, codeEmpty, fmt.Sprintf("nothing stands below %q", s.heading.text))
}

// finish orders the warnings and drops doubles. Errors come first among
// those of a line.
func (r *reader) finish() *briefing.Digest {
	w := r.digest.Warnings
	slices.SortStableFunc(w, func(a, b briefing.Warning) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return int(b.Severity) - int(a.Severity)
	})
	w = slices.Compact(w)
	if len(w) > maxWarnings {
		more := len(w) - maxWarnings
		serious := slices.DeleteFunc(slices.Clone(w[maxWarnings:]), func(w briefing.Warning) bool { return w.Severity != briefing.Error })
		w = append(w[:maxWarnings:maxWarnings], serious...)
		w = append(w, briefing.Warning{Line: w[len(w)-1].Line, Code: codeTooMany, Message: fmt.Sprintf("%d more warnings", more)})
	}
	r.digest.Warnings = w
	return r.digest
}
