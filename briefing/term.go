package briefing

// Match says how a look-up found its terms, best first.
type Match string

// The kinds of match. A variant differs in width, kana or long vowels only.
const (
	MatchExact     Match = "exact"
	MatchAlias     Match = "alias"
	MatchVariant   Match = "variant"
	MatchPrefix    Match = "prefix"
	MatchSubstring Match = "substring"
	MatchTypo      Match = "typo"
	MatchNone      Match = "none"
)

// Entry is a term with its history over all digests read: one entry a term,
// however many days name it.
type Entry struct {
	Term    string   `json:"term"`
	Aliases []string `json:"aliases"`
	// Definition is the newest one; Meanings holds all that differ, newest
	// first, Definition included.
	Definition string    `json:"definition"`
	Meanings   []Meaning `json:"-"`
	FirstSeen  Date      `json:"first_seen"`
	LastSeen   Date      `json:"last_seen"`
	// Digests are the dates that define the term, newest first.
	Digests []Date `json:"digests"`
	// Related are other terms of the same digests that the definition names.
	Related []string `json:"-"`
}

// Meaning is one definition and the date that gave it last.
type Meaning struct {
	Definition string
	Date       Date
}

// Answer is what a look-up found. Suggestions are at most five terms that
// the asker may have meant; they are given when nothing matches well.
type Answer struct {
	Query       string   `json:"query"`
	Match       Match    `json:"match"`
	Terms       []Entry  `json:"terms"`
	Suggestions []string `json:"suggestions"`
}
