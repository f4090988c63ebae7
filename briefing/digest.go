package briefing

// Digest is what one day's file says, by the role of its parts. Line numbers
// are 1-based lines of the file. A list without entries marshals as [].
type Digest struct {
	Date      Date       `json:"date"`
	Title     string     `json:"title"`
	KeyPoints []KeyPoint `json:"key_points"`
	Stories   []Story    `json:"stories"`
	DeepDives []Section  `json:"deep_dives"`
	Glossary  []Term     `json:"glossary"`
	// Outlook and Conclusion are nil where the digest has none.
	Outlook    *Passage   `json:"outlook"`
	Conclusion *Passage   `json:"conclusion"`
	Citations  []Citation `json:"citations"`
	// Sections have no other role: nothing of a digest is lost silently.
	Sections []Section `json:"sections"`
	// CVEs are the CVE IDs that the digest names, each once, in order of
	// appearance.
	CVEs     []string  `json:"cves"`
	Warnings []Warning `json:"warnings"`
}

// KeyPoint is one of the few sentences that everybody is to read.
type KeyPoint struct {
	Line int  `json:"line"`
	Text Text `json:"text"`
	// Details are the headings that tell the story of this point, best
	// first; empty when none does.
	Details []Detail `json:"details"`
	// Sources are only those that are really about this point.
	Sources []Source `json:"sources"`
}

// Detail points at the heading of a story, section or deep dive.
type Detail struct {
	Line    int    `json:"line"`
	Heading string `json:"heading"`
}

// Source is a publication that a key point stands on. URL is never empty.
type Source struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Story is one piece of news. Also lists the lines of other headings that
// tell the same story again (short and long version); its Text is then the
// long one and Short the short one. Section is the heading it stands under.
type Story struct {
	Line    int        `json:"line"`
	Also    []int      `json:"also"`
	Heading string     `json:"heading"`
	Section string     `json:"section"`
	Text    Text       `json:"text"`
	Short   Text       `json:"short,omitempty"`
	Sources []Citation `json:"sources"`
}

// Section is a heading and what stands below it.
type Section struct {
	Line    int    `json:"line"`
	Heading string `json:"heading"`
	Text    Text   `json:"text"`
}

// Passage is a part that a digest has at most once.
type Passage struct {
	Line int  `json:"line"`
	Text Text `json:"text"`
}

// Term is one glossary entry of one digest.
type Term struct {
	Line       int      `json:"line"`
	Term       string   `json:"term"`
	Aliases    []string `json:"aliases"`
	Definition string   `json:"definition"`
}

// Citation is a source as the digest gives it; URL may be empty.
type Citation struct {
	Line  int    `json:"line"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Severity says whether a digest with this warning can be posted.
type Severity int

// The severities: only an Error keeps a digest from being posted.
const (
	Advice Severity = iota
	Error
)

// Warning is something that a reader of the digest should know, with a
// stable code to search for and a message that says what to change.
type Warning struct {
	Line     int      `json:"line"`
	Code     string   `json:"code"`
	Message  string   `json:"message"`
	Severity Severity `json:"-"`
}

// Err is the first warning that keeps the digest from being posted, or nil.
func (d *Digest) Err() error {
	for _, w := range d.Warnings {
		if w.Severity == Error {
			return &UnreadableError{Date: d.Date, Warning: w}
		}
	}
	return nil
}
