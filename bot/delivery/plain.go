package delivery

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// composed is a post and the edition of the digest that it shows.
type composed struct {
	bot.Post
	edition string
}

// compose composes the slot's briefing for its channel; revised marks it as
// a correction.
func compose(o Options, c bot.Channel, slot Slot, revised time.Time) (*composed, error) {
	p, err := o.Library.Printing(slot.Digest)
	if err != nil {
		return nil, fmt.Errorf("compose for %s: %w", c.Ref, err)
	}
	var headlines []briefing.Headline
	for _, date := range slot.Earlier {
		if e, err := o.Library.Printing(date); err == nil { // one withdrawn since needs no line
			headlines = append(headlines, briefing.Headline{Date: date, Title: e.Digest.Title})
		}
	}
	b := briefing.Compose(p.Digest, c.Options(o.PublicURL), headlines)
	b.Revised = revised
	return &composed{o.Layout(b), p.Edition}, nil
}

// post composes once a run.
func (r *run) post() (*composed, error) {
	if r.composed == nil {
		p, err := compose(r.Options, r.channel, r.slot, r.revised)
		if err != nil {
			return nil, err
		}
		r.composed = p
	}
	return r.composed, nil
}

// threadTitle names the thread; a digest that is gone by now leaves none.
func (r *run) threadTitle() string {
	p, err := r.post()
	if err != nil {
		return ""
	}
	return p.ThreadTitle
}

// compose renders the whole post, plain if it cannot be rendered otherwise.
func (r *run) compose() (edition string, bodies []bot.Message, err error) {
	p, err := r.post()
	if err != nil {
		return "", nil, err
	}
	bodies, err = r.sender.Render(p.Post)
	if err != nil {
		r.Logger.Warn("post cannot be rendered: its text is posted plain", "channel", r.slot.Ref, "digest", r.slot.Digest, "cause", err)
		bodies, err = r.sender.Render(plainPost(p.Post))
	}
	if err == nil && len(bodies) == 0 {
		err = fmt.Errorf("render digest %s: no message", r.slot.Digest)
	}
	return p.edition, bodies, err
}

// composePlain renders what the messages from index on say as plain text.
func (r *run) composePlain(index int) ([]bot.Message, error) {
	p, err := r.post()
	if err != nil {
		return nil, err
	}
	if index == 0 {
		return r.sender.Render(plainPost(p.Post))
	}
	told, err := r.told(p.Post, index)
	if err != nil {
		return nil, err
	}
	return r.replies(p, told)
}

// replies renders a document as messages in the thread of a parent that
// stands.
func (r *run) replies(p *composed, d bot.Document) ([]bot.Message, error) {
	bodies, err := r.sender.Render(bot.Post{
		Parent:      bot.Document{bot.Title{Text: p.ThreadTitle}}, // stands for the one that was posted
		Thread:      d,
		ThreadTitle: p.ThreadTitle,
		Language:    p.Language,
	})
	if err != nil || len(bodies) == 0 {
		return nil, err
	}
	return bodies[1:], nil
}

// told is the plain text of all blocks that the first n messages do not
// tell to their end. A block that was split is told again from its start:
// rather a few lines twice than one not at all.
func (r *run) told(p bot.Post, n int) (bot.Document, error) {
	var failed error
	exceeds := func(blocks int) bool {
		bodies, err := r.sender.Render(bot.Post{Parent: p.Parent, Thread: p.Thread[:blocks], ThreadTitle: p.ThreadTitle, Language: p.Language})
		if err != nil {
			failed = err
		}
		return len(bodies) > n
	}
	if exceeds(0) { // the parent itself goes on in the thread
		return plainDocument(slices.Concat(p.Parent, p.Thread)), failed
	}
	whole := sort.Search(len(p.Thread), func(i int) bool { return exceeds(i + 1) })
	return plainDocument(p.Thread[whole:]), failed
}

// plainPost is the post as text alone.
func plainPost(p bot.Post) bot.Post {
	p.Parent, p.Thread = plainDocument(p.Parent), plainDocument(p.Thread)
	return p
}

// plainDocument keeps the words of a document and the addresses of its
// links, and nothing else that a platform could refuse.
func plainDocument(d bot.Document) bot.Document {
	var lines bot.Document
	for _, b := range d {
		if text := plainText(b); text != "" {
			lines = append(lines, bot.Prose{Spans: []bot.Span{{Text: text}}})
		}
	}
	return lines
}

func plainText(b bot.Block) string {
	switch b := b.(type) {
	case bot.Title:
		return b.Text
	case bot.Heading:
		return b.Text
	case bot.Prose:
		return plainSpans(b.Spans)
	case bot.Point:
		return strings.TrimSpace(strconv.Itoa(b.Number) + ". " + plainSpans(b.Spans) + "\n" + plainSpans(b.Note))
	case bot.ListItem:
		return b.Marker + " " + plainSpans(b.Spans)
	case bot.CodeText:
		return b.Text
	case bot.QuoteText:
		return plainSpans(b.Spans)
	case bot.Note:
		return plainSpans(b.Spans)
	}
	return "" // dividers, buttons and menus say nothing of the digest
}

func plainSpans(spans []bot.Span) string {
	var sb strings.Builder
	for _, s := range spans {
		sb.WriteString(s.Text)
		if s.URL != "" && s.URL != s.Text {
			sb.WriteString(" (" + s.URL + ")")
		}
	}
	return sb.String()
}
