package bot

import "cyberbrief/briefing"

// Document is what a message says before a platform gives it its look:
// blocks from top to bottom. A platform renders a document into one message
// or, where its limits ask for it, several; it drops nothing. All strings in
// a document are plain text from outside: no platform reads mark-up in them.
type Document []Block

// Block is one of the types below.
type Block interface{ block() }

type (
	// Title is the heading of the whole message. URL may be empty.
	Title struct{ Text, URL string }
	// Heading opens a part. Level is 1 for a group, 2 for an item in it.
	Heading struct {
		Level int
		Text  string
		URL   string
	}
	// Prose is one paragraph.
	Prose struct{ Spans []Span }
	// Point is one of the few things that everybody is to read. Note is small
	// print that belongs to it: where to read on. Number is at least 1.
	Point struct {
		Number int
		Spans  []Span
		Note   []Span
	}
	// ListItem is an item of a list; Marker is what stands before it.
	ListItem struct {
		Level  int
		Marker string
		Spans  []Span
	}
	// CodeText is text whose line breaks matter.
	CodeText struct{ Text string }
	// QuoteText is a quoted paragraph.
	QuoteText struct{ Spans []Span }
	// Note is small print: context, sources.
	Note struct{ Spans []Span }
	// Divider parts what is above from what is below.
	Divider struct{}
	// Buttons stand in one row, at most MaxButtons of them.
	Buttons []Button
	// Menu lets one option be picked, at most MaxOptions of them.
	Menu struct {
		Placeholder string
		Action      Action
		Options     []Option
	}
	// Ask is a line to type into; what is typed is the argument of Action. A
	// platform without such a thing shows a button that runs Action with
	// nothing typed.
	Ask struct {
		Label, Placeholder string
		Action             Action
	}
)

// The bounds that every platform's own limits leave room for.
const (
	MaxButtons = 5
	MaxOptions = 25
)

func (Title) block()     {}
func (Heading) block()   {}
func (Prose) block()     {}
func (Point) block()     {}
func (ListItem) block()  {}
func (CodeText) block()  {}
func (QuoteText) block() {}
func (Note) block()      {}
func (Divider) block()   {}
func (Buttons) block()   {}
func (Menu) block()      {}
func (Ask) block()       {}

// Span is text in one style. A span with a URL is a link; only http and
// https are ever rendered as one.
type Span struct {
	Text   string
	URL    string
	Strong bool
	Code   bool
	// Mention is the platform's id of a group or role that an admin chose to
	// be told; the only way that anything in a document can notify anyone.
	Mention string
	// Channel is the platform's id of a channel, shown by its name where the
	// platform knows how; Text stands for it elsewhere.
	Channel string
}

// Action names what a button or menu does: a command, with its argument.
// For a menu the argument is the value of the option picked.
type Action struct {
	Command  string
	Argument string
}

// Button runs Action when pressed, or opens URL when that is set.
type Button struct {
	Label  string
	Action Action
	URL    string
}

// Option is one choice of a menu.
type Option struct{ Label, Value string }

// Post is a whole briefing: the parent, and what stands in the thread below.
type Post struct {
	Parent Document
	Thread Document
	// ThreadTitle names the thread where a platform gives it a name.
	ThreadTitle string
	Language    briefing.Language
}

// Message is a rendered message: the JSON body of the request that posts it,
// without the channel and the thread. The first of a post is the parent.
type Message []byte

// plain is unstyled text.
func plain(s string) []Span { return []Span{{Text: s}} }
