package briefing

import (
	"slices"
	"time"
	"unicode/utf8"
)

// Language is the language of the words around a digest, not of the digest.
type Language string

// The languages. Japanese is the default.
const (
	Japanese Language = "ja"
	English  Language = "en"
)

// Options are what a channel chose to see.
type Options struct {
	Language      Language
	KeyPointsOnly bool
	// LeaveOut names parts that the channel does not want, see Part.
	LeaveOut []Part
	// WatchWords are product names and the like, marked where they appear.
	WatchWords []string
	// Mention is the platform's id of a group that is told when a watched
	// word appears; empty for none.
	Mention string
	// PublicURL is the address of this bot's own pages, without a slash at
	// its end; empty where there are none.
	PublicURL string
}

// Part names a part of a briefing that a channel can leave out.
type Part string

// The parts of a thread, in the order they are posted.
const (
	PartStories    Part = "stories"
	PartDeepDive   Part = "deep-dive"
	PartOutlook    Part = "outlook"
	PartConclusion Part = "conclusion"
	PartSections   Part = "sections"
	PartCitations  Part = "citations"
)

// Parts are all parts in the order they are posted.
func Parts() []Part {
	return []Part{PartStories, PartDeepDive, PartSections, PartOutlook, PartConclusion, PartCitations}
}

// Briefing is what one channel is told of one digest: the digest, what the
// channel chose to see of it, and what it missed before.
type Briefing struct {
	Digest  *Digest `json:"digest"`
	Options Options `json:"-"`
	// ReadingMinutes is for everything the channel is shown, at least one.
	ReadingMinutes int `json:"reading_minutes"`
	// Earlier are unseen digests since the channel's last post, newest first.
	Earlier []Headline `json:"earlier"`
	// Revised is when a correction was read, in the channel's zone; zero for
	// a first edition.
	Revised time.Time `json:"revised,omitzero"`
}

// Headline is a digest in one line.
type Headline struct {
	Date  Date   `json:"date"`
	Title string `json:"title"`
}

// charsPerMinute is how fast Japanese prose is read silently, in characters.
// Studies give 400 to 600 for adults; news for work is read at the brisk end.
const charsPerMinute = 500

// Compose makes the briefing of d for a channel. Earlier are the digests
// that the channel has not had, newest first.
func Compose(d *Digest, opts Options, earlier []Headline) *Briefing {
	b := &Briefing{Digest: d, Options: opts, Earlier: append([]Headline{}, earlier...)}
	chars := 0
	for _, k := range d.KeyPoints {
		chars += k.Text.chars()
	}
	for _, p := range Parts() {
		if b.Shows(p) {
			chars += d.chars(p)
		}
	}
	b.ReadingMinutes = max(1, (chars+charsPerMinute/2)/charsPerMinute)
	return b
}

// Shows says whether the channel sees this part in the thread.
func (b *Briefing) Shows(p Part) bool {
	return !b.Options.KeyPointsOnly && !slices.Contains(b.Options.LeaveOut, p)
}

// chars counts the characters of a part. Citations are looked up, not read.
func (d *Digest) chars(p Part) int {
	n := 0
	switch p {
	case PartStories:
		for _, s := range d.Stories {
			if len(s.Text) == 0 {
				n += s.Short.chars() // shown in its stead
			}
			n += s.Text.chars()
		}
	case PartDeepDive:
		for _, s := range d.DeepDives {
			n += s.Text.chars()
		}
	case PartSections:
		for _, s := range d.Sections {
			n += s.Text.chars()
		}
	case PartOutlook:
		if d.Outlook != nil {
			n = d.Outlook.Text.chars()
		}
	case PartConclusion:
		if d.Conclusion != nil {
			n = d.Conclusion.Text.chars()
		}
	}
	return n
}

// chars counts the characters that are read: no addresses, no spaces between
// blocks.
func (t Text) chars() int {
	n := 0
	for _, b := range t {
		for _, s := range b.Spans {
			n += utf8.RuneCountInString(s.Text)
		}
	}
	return n
}
