package looks

import (
	"html"
	"html/template"
	"net/url"
	"strings"
)

// paper is HTML in the making. Text gets on it only escaped; tags and class
// names are constants of this package.
type paper struct{ strings.Builder }

// box writes an element around what inside writes.
func (p *paper) box(tag, class string, inside func()) {
	p.WriteString("<" + tag)
	if class != "" {
		p.WriteString(` class="` + class + `"`)
	}
	p.WriteString(">")
	inside()
	p.WriteString("</" + tag + ">")
}

// say writes an element with plain text.
func (p *paper) say(tag, class, text string) { p.box(tag, class, func() { p.text(text) }) }

func (p *paper) text(s string) { p.WriteString(html.EscapeString(s)) }

// link writes a link if the address may be one, else only its content.
func (p *paper) link(address, class string, inside func()) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		inside()
		return
	}
	p.WriteString(`<a rel="noopener noreferrer" href="` + html.EscapeString(u.String()) + `"`)
	if class != "" {
		p.WriteString(` class="` + class + `"`)
	}
	p.WriteString(">")
	inside()
	p.WriteString("</a>")
}

// html is the sheet as far as it was written.
func (p *paper) html() template.HTML { return template.HTML(p.String()) }

// face is the bot's picture.
const face = `<svg class="face" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" fill="#0f6b66"/><path d="M20 7.5 31 11v9.2c0 6.4-4.4 10.4-11 12.6C13.4 30.6 9 26.6 9 20.2V11z" fill="#fff"/><path d="M14.5 15h11M14.5 19.5h11M14.5 24h6.5" stroke="#0f6b66" stroke-width="2.4" stroke-linecap="round"/></svg>`
