package looks

import (
	"encoding/json"
	"fmt"
	"html/template"
)

// discordMessage is the body of Create Message as far as it is drawn.
// https://discord.com/developers/docs/resources/message
type discordMessage struct {
	Content    string         `json:"content"`
	Embeds     []discordEmbed `json:"embeds"`
	Components []discordRow   `json:"components"`
}

type discordEmbed struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	Description string `json:"description"`
	Color       int    `json:"color"`
	Fields      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields"`
	Footer struct {
		Text string `json:"text"`
	} `json:"footer"`
}

type discordRow struct {
	Components []struct {
		Type        int    `json:"type"`
		Style       int    `json:"style"`
		Label       string `json:"label"`
		URL         string `json:"url"`
		Placeholder string `json:"placeholder"`
		Options     []struct {
			Label string `json:"label"`
		} `json:"options"`
	} `json:"components"`
}

// The component types and button styles that are drawn.
// https://discord.com/developers/docs/components/reference
const (
	discordButton = 2
	discordSelect = 3

	discordLinkStyle = 5
)

// Discord draws messages as Discord shows them: the first in the channel,
// the others in its thread.
func Discord(at Scene, messages []json.RawMessage) (template.HTML, error) {
	all, err := read[discordMessage]("discord", messages)
	if err != nil {
		return "", err
	}
	d := &discordDrawer{at: at}
	d.box("section", "discord", func() {
		d.say("h2", "name", "Discord")
		d.box("div", "pane", func() {
			d.say("header", "bar", "# "+at.Channel)
			if len(all) > 0 {
				d.message(all[0], len(all)-1)
			}
		})
		if len(all) > 1 {
			d.box("div", "pane side", func() {
				d.say("header", "bar", "🧵 "+at.ThreadTitle)
				for _, m := range all[1:] {
					d.message(m, 0)
				}
			})
		}
	})
	return d.html(), nil
}

type discordDrawer struct {
	paper
	at Scene
}

func (d *discordDrawer) message(m discordMessage, replies int) {
	d.box("article", "msg", func() {
		d.WriteString(face)
		d.box("div", "", func() {
			d.box("p", "who", func() {
				d.say("b", "", "cyberbrief")
				d.say("span", "app", d.at.in("アプリ", "APP"))
				d.say("time", "", d.at.Time)
			})
			if m.Content != "" {
				d.box("div", "md", func() { d.markdown(m.Content) })
			}
			for _, e := range m.Embeds {
				d.embed(e)
			}
			for _, row := range m.Components {
				d.row(row)
			}
			if replies > 0 {
				d.box("p", "replies", func() {
					d.say("b", "", d.at.ThreadTitle)
					d.text(" " + fmt.Sprintf(d.at.in("%d 件のメッセージ ›", "%d messages ›"), replies))
				})
			}
		})
	})
}

func (d *discordDrawer) embed(e discordEmbed) {
	// A style attribute is against the page's policy, an SVG's fill is not.
	d.box("div", "embed", func() {
		fmt.Fprintf(d, `<svg class="edge" aria-hidden="true"><rect width="4" height="100%%" fill="#%06x"/></svg>`, e.Color&0xFFFFFF)
		if e.Title != "" {
			d.box("h3", "", func() { d.link(e.URL, "", func() { d.inline(e.Title) }) })
		}
		d.box("div", "md", func() { d.markdown(e.Description) })
		for _, f := range e.Fields {
			d.box("h4", "", func() { d.inline(f.Name) })
			d.box("div", "md", func() { d.markdown(f.Value) })
		}
		if e.Footer.Text != "" {
			d.say("p", "small", e.Footer.Text)
		}
	})
}

func (d *discordDrawer) row(r discordRow) {
	d.box("div", "acts", func() {
		for _, c := range r.Components {
			switch c.Type {
			case discordButton:
				label := c.Label
				if c.Style == discordLinkStyle {
					label += " ↗"
				}
				d.link(c.URL, "", func() { d.say("span", "btn "+discordStyle(c.Style), label) })
			case discordSelect:
				d.box("select", "", func() {
					d.say("option", "", c.Placeholder)
					for _, o := range c.Options {
						d.say("option", "", o.Label)
					}
				})
			default:
				d.say("span", "unknown", fmt.Sprintf("[component %d]", c.Type))
			}
		}
	})
}

func discordStyle(style int) string {
	return map[int]string{1: "primary", 3: "success", 4: "danger"}[style]
}
