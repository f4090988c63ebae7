package digest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"cyberbrief/briefing"
)

// Gold is what people say a digest holds: the format of hand-made labels,
// one JSON file a digest. Line numbers are 1-based lines of the file.
type Gold struct {
	File      string          `json:"file"`
	Date      briefing.Date   `json:"date"`
	KeyPoints []GoldKeyPoint  `json:"key_points"`
	Stories   []GoldLine      `json:"stories"`
	DeepDive  []GoldLine      `json:"deep_dive"`
	Glossary  []briefing.Term `json:"glossary"`
	// Conclusion and Outlook are heading lines, nil for none.
	Conclusion  *int       `json:"conclusion"`
	Outlook     *int       `json:"outlook"`
	Citations   []GoldLink `json:"citations"`
	ItemSources []GoldLink `json:"item_sources"`
	Artifacts   []int      `json:"artifacts"`
}

// GoldKeyPoint is a key point, the headings that a reader would accept as
// its details, best first, and the URLs that are its sources.
type GoldKeyPoint struct {
	Line    int      `json:"line"`
	Details []int    `json:"details"`
	Sources []string `json:"sources"`
}

// GoldLine is a heading by its line.
type GoldLine struct {
	Line int `json:"line"`
}

// GoldLink is a citation, or a source line of a story; URL nil for none.
type GoldLink struct {
	Line int     `json:"line"`
	URL  *string `json:"url"`
}

// Count compares what was found with what the labels want.
type Count struct {
	Right int // found and wanted
	Wrong int // found, not wanted
	Lost  int // wanted, not found
}

// Precision is the share of what was found that is right, 1 for nothing.
func (c Count) Precision() float64 { return ratio(c.Right, c.Right+c.Wrong) }

// Recall is the share of what is wanted that was found, 1 for nothing.
func (c Count) Recall() float64 { return ratio(c.Right, c.Right+c.Lost) }

// F1 is the harmonic mean of the two.
func (c Count) F1() float64 { return ratio(2*c.Right, 2*c.Right+c.Wrong+c.Lost) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// Field is one row of a report.
type Field struct {
	Name string
	Count
}

// Report adds up comparisons. Misses says what was wrong or lost, one line
// each, as file:line: field: what.
type Report struct {
	Digests int
	Fields  []Field
	Misses  []string
}

// EvalDir reads every digest of dir that gold has labels for and compares.
// A label without its digest is an error.
func EvalDir(dir, gold string) (Report, error) {
	names, err := filepath.Glob(filepath.Join(gold, "*.json"))
	if err != nil {
		return Report{}, fmt.Errorf("list labels in %s: %w", gold, err)
	}
	if len(names) == 0 {
		return Report{}, fmt.Errorf("no labels (*.json) in %s", gold)
	}
	var r Report
	for _, name := range names {
		g, err := readGold(name)
		if err != nil {
			return Report{}, err
		}
		body, err := os.ReadFile(filepath.Join(dir, filepath.Base(g.File)))
		if err != nil {
			return Report{}, fmt.Errorf("read the digest of %s: %w", name, err)
		}
		r.Add(Read(g.File, body), g)
	}
	return r, nil
}

func readGold(name string) (Gold, error) {
	var g Gold
	b, err := os.ReadFile(name)
	if err != nil {
		return g, fmt.Errorf("read labels: %w", err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		return g, fmt.Errorf("read labels %s: %w", name, err)
	}
	if g.File == "" {
		g.File = strings.TrimSuffix(filepath.Base(name), ".json") + ".md"
	}
	return g, nil
}

// Add compares one digest with its labels.
func (r *Report) Add(d *briefing.Digest, g Gold) {
	r.Digests++
	c := comparison{report: r, file: g.File}
	titled := dateIn(d.Title)
	if titled == "" {
		titled = d.Date
	}
	c.compare("date", []string{string(titled)}, []string{string(g.Date)})
	c.keyPoints(d, g)
	c.compare("stories", lines(d.Stories, func(s briefing.Story) []int { return append([]int{s.Line}, s.Also...) }),
		lines(g.Stories, GoldLine.lines))
	c.compare("deep dives", lines(d.DeepDives, func(s briefing.Section) []int { return []int{s.Line} }), lines(g.DeepDive, GoldLine.lines))
	c.compare("glossary", terms(d.Glossary), terms(g.Glossary))
	c.compare("aliases", aliases(d.Glossary), aliases(g.Glossary))
	c.compare("outlook", passageLine(d.Outlook), pointed(g.Outlook))
	c.compare("conclusion", passageLine(d.Conclusion), pointed(g.Conclusion))
	listed := map[int]bool{}
	for _, l := range g.Citations {
		listed[l.Line] = true
	}
	c.compare("citations", links(d.Citations), goldLinks(g.Citations))
	var own []briefing.Citation
	for _, s := range d.Stories {
		for _, src := range s.Sources {
			if !listed[src.Line] {
				own = append(own, src)
			}
		}
	}
	c.compare("item sources", distinct(links(own)), distinct(goldLinks(g.ItemSources)))
	var marked []string
	for _, w := range d.Warnings {
		if w.Code == codeLeftover {
			marked = append(marked, fmt.Sprint(w.Line))
		}
	}
	var wanted []string
	for _, n := range g.Artifacts {
		wanted = append(wanted, fmt.Sprint(n))
	}
	c.compare("leftovers", marked, wanted)
}

// WriteTo prints the table, and below it every miss.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	var sb strings.Builder
	tw := tabwriter.NewWriter(&sb, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "field\tprecision\trecall\tF1\tright\twrong\tlost\t\n")
	for _, f := range r.Fields {
		fmt.Fprintf(tw, "%s\t%.3f\t%.3f\t%.3f\t%d\t%d\t%d\t\n", f.Name, f.Precision(), f.Recall(), f.F1(), f.Right, f.Wrong, f.Lost)
	}
	tw.Flush()
	fmt.Fprintf(&sb, "\n%d digests\n", r.Digests)
	for _, m := range r.Misses {
		fmt.Fprintln(&sb, m)
	}
	n, err := io.WriteString(w, sb.String())
	return int64(n), err
}

// Field is the count of a field by its name in the table.
func (r Report) Field(name string) Count {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Count
		}
	}
	return Count{}
}

// comparison is one digest being added to a report.
type comparison struct {
	report *Report
	file   string
}

// compare counts two lists as sets with repetition.
func (c comparison) compare(field string, found, wanted []string) {
	n := c.field(field)
	left := slices.Clone(wanted)
	for _, f := range found {
		if i := slices.Index(left, f); i >= 0 {
			left = slices.Delete(left, i, i+1)
			n.Right++
			continue
		}
		n.Wrong++
		c.miss(field, "wrong", f)
	}
	n.Lost += len(left)
	for _, l := range left {
		c.miss(field, "lost", l)
	}
}

func (c comparison) field(name string) *Count {
	for i := range c.report.Fields {
		if c.report.Fields[i].Name == name {
			return &c.report.Fields[i].Count
		}
	}
	c.report.Fields = append(c.report.Fields, Field{Name: name})
	return &c.report.Fields[len(c.report.Fields)-1].Count
}

func (c comparison) miss(field, how, what string) {
	line, rest, _ := strings.Cut(what, " ")
	c.report.Misses = append(c.report.Misses, strings.TrimSpace(fmt.Sprintf("%s:%s: %s: %s %s", c.file, line, field, how, rest)))
}

// keyPoints compares key points by line, and of those that match whether the
// first detail is one that the labels accept, all details, and the sources.
func (c comparison) keyPoints(d *briefing.Digest, g Gold) {
	c.compare("key points", lines(d.KeyPoints, func(k briefing.KeyPoint) []int { return []int{k.Line} }),
		lines(g.KeyPoints, func(k GoldKeyPoint) []int { return []int{k.Line} }))
	first, all, sources := c.field("details first"), "details", "sources"
	for _, k := range d.KeyPoints {
		i := slices.IndexFunc(g.KeyPoints, func(w GoldKeyPoint) bool { return w.Line == k.Line })
		if i < 0 {
			continue
		}
		want := g.KeyPoints[i]
		switch {
		case len(want.Details) == 0:
		case len(k.Details) == 0:
			first.Lost++
			c.miss("details first", "lost", fmt.Sprintf("%d want %v", k.Line, want.Details))
		case slices.Contains(want.Details, k.Details[0].Line):
			first.Right++
		default:
			first.Wrong++
			first.Lost++
			c.miss("details first", "wrong", fmt.Sprintf("%d %d want %v", k.Line, k.Details[0].Line, want.Details))
		}
		var have, wanted, urls, wantURLs []string
		for _, det := range k.Details {
			have = append(have, fmt.Sprintf("%d %d", k.Line, det.Line))
			for _, s := range d.Stories {
				if s.Line == det.Line { // a story stands for all its headings
					for _, also := range s.Also {
						if slices.Contains(want.Details, also) {
							have = append(have, fmt.Sprintf("%d %d", k.Line, also))
						}
					}
				}
			}
		}
		for _, n := range want.Details {
			wanted = append(wanted, fmt.Sprintf("%d %d", k.Line, n))
		}
		c.compare(all, have, wanted)
		for _, s := range k.Sources {
			urls = append(urls, fmt.Sprintf("%d %s", k.Line, s.URL))
		}
		for _, u := range want.Sources {
			wantURLs = append(wantURLs, fmt.Sprintf("%d %s", k.Line, u))
		}
		c.compare(sources, urls, wantURLs)
	}
}

func (l GoldLine) lines() []int { return []int{l.Line} }

func lines[T any](list []T, of func(T) []int) []string {
	var out []string
	for _, e := range list {
		for _, n := range of(e) {
			out = append(out, fmt.Sprint(n))
		}
	}
	return out
}

func terms(list []briefing.Term) []string {
	var out []string
	for _, t := range list {
		out = append(out, fmt.Sprintf("%d %s", t.Line, sameName(t.Term)))
	}
	return out
}

func aliases(list []briefing.Term) []string {
	var out []string
	for _, t := range list {
		for _, a := range t.Aliases {
			out = append(out, fmt.Sprintf("%d %s", t.Line, sameName(a)))
		}
	}
	return out
}

// sameName folds what does not tell two names apart: width and spaces.
func sameName(s string) string { return strings.Join(strings.Fields(halfWidth(s)), "") }

func links(list []briefing.Citation) []string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprintf("%d %s", c.Line, c.URL))
	}
	return out
}

func goldLinks(list []GoldLink) []string {
	var out []string
	for _, l := range list {
		url := ""
		if l.URL != nil {
			url = *l.URL
		}
		out = append(out, fmt.Sprintf("%d %s", l.Line, url))
	}
	return out
}

// distinct drops repetitions: two sources on one line without URLs are one
// label.
func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func passageLine(p *briefing.Passage) []string {
	if p == nil {
		return nil
	}
	return []string{fmt.Sprint(p.Line)}
}

func pointed(n *int) []string {
	if n == nil {
		return nil
	}
	return []string{fmt.Sprint(*n)}
}
