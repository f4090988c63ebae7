package discord

import (
	"cmp"
	"slices"
	"strings"

	"cyberbrief/bot"
)

// maxRowBytes is the most that one row of components may take of a message,
// so that a row always fits a message of its own.
const maxRowBytes = maxMessageBytes / 2

// buttons adds rows of buttons. What Discord would refuse or shorten is named
// in the text.
func (p *packer) buttons(bs bot.Buttons) {
	p.flushHeadings()
	var row []component
	var actions []bot.Action
	for _, b := range bs {
		c, ok := newButton(b)
		if !ok || c.Label != label(b.Label) {
			p.text(style{kind: note}, prepare([]bot.Span{{Text: b.Label, URL: b.URL}}))
		}
		if ok {
			row, actions = append(row, c), append(actions, b.Action)
		}
	}
	for i := 0; i < len(row); i += maxRowButtons {
		end := min(i+maxRowButtons, len(row))
		p.addRow(row[i:end], actions[i:end])
	}
}

// newButton is b without its custom_id; false if Discord would refuse it.
func newButton(b bot.Button) (component, bool) {
	text := cmp.Or(label(b.Label), label(b.Action.Argument))
	c := component{Type: typeButton, Style: styleSecondary, Label: cutTo(text, maxLabelChars)}
	if b.URL == "" {
		return c, text != "" && canIdentify(b.Action)
	}
	target, ok := safeURL(b.URL)
	c.Style, c.URL = styleLink, target
	return c, ok && text != "" && len(target) <= maxButtonURLChars && bot.Honest(text, target)
}

// menu adds a select, or several where there are more options than fit one.
func (p *packer) menu(m bot.Menu) {
	p.flushHeadings()
	if !canIdentify(m.Action) {
		m.Options = nil
	}
	for _, chunk := range optionRows(p.options(m.Options)) {
		c := component{Type: typeStringSelect, Placeholder: cutTo(label(m.Placeholder), maxPlaceholderChars), Options: chunk}
		p.addRow([]component{c}, []bot.Action{m.Action})
	}
}

// options are those that Discord takes, each value once; the others, and
// labels that had to be shortened, are named in the text.
func (p *packer) options(all []bot.Option) []selectOption {
	var out []selectOption
	for _, o := range all {
		text := cmp.Or(label(o.Label), label(o.Value))
		known := slices.ContainsFunc(out, func(s selectOption) bool { return s.Value == o.Value })
		ok := text != "" && !known && strings.TrimSpace(o.Value) != "" && utf16Len(o.Value) <= maxOptionChars
		if !ok || utf16Len(text) > maxOptionChars {
			p.text(style{kind: note}, prepare([]bot.Span{{Text: o.Label}}))
		}
		if ok {
			out = append(out, selectOption{cutTo(text, maxOptionChars), o.Value})
		}
	}
	return out
}

// optionRows parts options into as many as one select and one row may hold.
func optionRows(options []selectOption) [][]selectOption {
	var rows [][]selectOption
	bytes := 0
	for _, o := range options {
		n := len(o.Label) + len(o.Value)
		last := len(rows) - 1
		if last < 0 || len(rows[last]) == maxOptions || bytes+n > maxRowBytes-maxPlaceholderChars*4 {
			rows, bytes, last = append(rows, nil), 0, last+1
		}
		rows[last] = append(rows[last], o)
		bytes += n
	}
	return rows
}

// addRow puts components under the message at hand, or under a new one where
// that has no room left, and gives each its custom_id.
func (p *packer) addRow(row []component, actions []bot.Action) {
	need := size{bytes: rowBytes(row, actions)}
	if m := p.message(); len(m.Components) == maxRows || !need.fits(p.left) {
		p.nextMessage()
	}
	m := p.message()
	if len(m.Embeds) == 0 {
		p.place(onlyRows, prose, prose)
	}
	for i := range row {
		if row[i].URL == "" {
			row[i].CustomID = p.newID(actions[i])
		}
	}
	m.Components = append(m.Components, actionRow{typeActionRow, row})
	p.left = p.left.minus(need)
}

func rowBytes(row []component, actions []bot.Action) int {
	n := 0
	for i, c := range row {
		n += len(c.Label) + len(c.URL) + len(c.Placeholder) + len(actions[i].Argument) + maxCustomIDChars/2
		for _, o := range c.Options {
			n += len(o.Label) + len(o.Value)
		}
	}
	return n
}

// maxComponents bounds the number that tells equal actions apart.
const maxComponents = maxRows * maxRowButtons

// canIdentify says whether an action fits a custom_id, whatever number it
// needs to be told from others.
func canIdentify(a bot.Action) bool {
	_, ok := customID(a, maxComponents)
	return ok && a.Command != ""
}

// newID is a custom_id that the message at hand does not have yet.
func (p *packer) newID(a bot.Action) string {
	for n := 0; ; n++ {
		if id, _ := customID(a, n); !p.ids[id] {
			p.ids[id] = true
			return id
		}
	}
}
