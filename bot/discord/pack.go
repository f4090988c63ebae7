package discord

import (
	"strings"

	"cyberbrief/bot"
)

// reservedBytes are kept free in every message for the marker that Send hides
// in it and for the mentions of its content.
const reservedBytes = 600

// onlyRows stands as the text of a message that has nothing but components:
// Discord refuses a message that says nothing.
const onlyRows = "▼"

// packer fills messages from top to bottom.
type packer struct {
	messages []*message
	// left is what the last message has room for.
	left size
	// ids are the custom_ids of the last message.
	ids map[string]bool
	// held are headings that wait for the text below them.
	held []markup
	// last is the kind of text at the end of the last embed.
	last kind
	// endEmbed makes the next text open a new embed.
	endEmbed bool
}

// size measures text in both of Discord's units.
type size struct{ chars, bytes int }

func sizeOf(texts ...markup) size {
	var s size
	for _, t := range texts {
		s.chars += utf16Len(string(t))
		s.bytes += len(t)
	}
	return s
}

func (s size) fits(room size) bool { return s.chars <= room.chars && s.bytes <= room.bytes }

func (s size) minus(t size) size { return size{s.chars - t.chars, s.bytes - t.bytes} }

// cost is s as one number that is at most limitOf(room) when s fits room.
func (s size) cost(room size) int { return max(s.chars*room.bytes, s.bytes*room.chars) }

func limitOf(room size) int { return room.chars * room.bytes }

func (p *packer) message() *message {
	if len(p.messages) == 0 {
		p.nextMessage()
	}
	return p.messages[len(p.messages)-1]
}

func (p *packer) nextMessage() {
	p.messages = append(p.messages, &message{})
	p.left = size{maxEmbedsChars, maxMessageBytes - reservedBytes}
	p.ids = map[string]bool{}
	p.endEmbed = false
}

// openEmbed begins a box, in the next message if this one has no room for
// the box and a little text.
func (p *packer) openEmbed(e embed) {
	const little = 100
	need := sizeOf(e.Title, markup(e.URL))
	m := p.message()
	if len(m.Embeds) == maxEmbeds || !(size{need.chars + little, need.bytes + 3*little}).fits(p.left) {
		p.nextMessage()
		m = p.message()
	}
	m.Embeds = append(m.Embeds, e)
	p.left = p.left.minus(need)
	p.endEmbed = false
}

// maxHeld is how many headings in a row wait for text: more are an index.
const maxHeld = 3

func (p *packer) hold(heading markup) {
	if len(p.held) == maxHeld {
		p.flushHeadings()
	}
	p.held = append(p.held, heading)
}

// flushHeadings writes headings that no text follows.
func (p *packer) flushHeadings() {
	if held := p.takeHeld(); held != "" {
		p.place(held, heading, heading)
	}
}

func (p *packer) takeHeld() markup {
	var out markup
	for i, h := range p.held {
		if i > 0 {
			out += "\n"
		}
		out += h
	}
	p.held = nil
	return out
}

// text writes spans in a style: into the box at hand, else into a new box,
// else into a new message, else split over several messages.
func (p *packer) text(st style, spans []bot.Span) {
	if isBlank(spans) {
		return
	}
	first := st.kind
	head := p.takeHeld()
	if head != "" {
		head, first = head+"\n", heading
	}
	if p.place(head+st.render(spans), first, st.kind) {
		return
	}
	room := size{maxDescriptionChars, maxMessageBytes - reservedBytes}.minus(sizeOf(head))
	measure := func(s []bot.Span) int { return sizeOf(st.render(s)).cost(room) }
	for _, piece := range bot.Split(spans, limitOf(room), measure) {
		if !isBlank(piece) {
			p.place(head+st.render(piece), first, st.kind)
			head, first = "", st.kind
		}
	}
}

// isBlank holds for spans that show nothing: Discord counts such a text as
// no text at all.
func isBlank(spans []bot.Span) bool {
	for _, s := range spans {
		if s.Mention != "" || strings.TrimSpace(s.Text) != "" {
			return false
		}
	}
	return true
}

// place appends text to the message at hand or to a new one; false if it is
// too long for any. First and last are the kinds at its two ends.
func (p *packer) place(text markup, first, last kind) bool {
	m := p.message()
	if n := len(m.Embeds); n > 0 && !p.endEmbed {
		e := &m.Embeds[n-1]
		more := text
		if e.Description != "" {
			more = gap(p.last, first) + text
		}
		if sizeOf(more).fits(p.left) && sizeOf(e.Description, more).chars <= maxDescriptionChars {
			p.append(e, more, last)
			return true
		}
	}
	need := sizeOf(text)
	if need.chars > maxDescriptionChars || need.bytes > maxMessageBytes-reservedBytes {
		return false
	}
	if len(m.Embeds) == maxEmbeds || !need.fits(p.left) {
		p.nextMessage()
		m = p.message()
	}
	m.Embeds = append(m.Embeds, embed{Color: accent})
	p.append(&m.Embeds[len(m.Embeds)-1], text, last)
	return true
}

func (p *packer) append(e *embed, text markup, last kind) {
	e.Description += text
	p.left = p.left.minus(sizeOf(text))
	p.last, p.endEmbed = last, false
}
