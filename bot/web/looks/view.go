package looks

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
)

// slackView is a modal or a home tab as far as it is drawn.
// https://docs.slack.dev/reference/views/
type slackView struct {
	Type   string       `json:"type"`
	Title  slackText    `json:"title"`
	Submit *slackText   `json:"submit"`
	Close  *slackText   `json:"close"`
	Blocks []slackBlock `json:"blocks"`
}

// SlackView draws a modal or a home tab as Slack shows it.
func SlackView(at Scene, view json.RawMessage) (template.HTML, error) {
	var v slackView
	if err := json.Unmarshal(view, &v); err != nil {
		return "", fmt.Errorf("draw slack view: %w", err)
	}
	s := &slackDrawer{at: at}
	s.box("section", "slack", func() {
		s.box("div", "pane view "+v.kind(), func() {
			s.say("header", "bar", v.name(at))
			s.box("div", "inside", func() {
				for _, b := range v.Blocks {
					s.block(b)
				}
			})
			if v.Type == "modal" {
				s.foot(v)
			}
		})
	})
	return s.html(), nil
}

func (v slackView) kind() string {
	if v.Type == "modal" {
		return "modal"
	}
	return "home"
}

func (v slackView) name(at Scene) string {
	if v.Type == "modal" {
		return v.Title.Text
	}
	return at.in("cyberbrief ・ ホーム", "cyberbrief · Home")
}

// foot is the row of buttons below a modal.
func (s *slackDrawer) foot(v slackView) {
	s.box("footer", "foot", func() {
		if v.Close != nil {
			s.say("span", "btn", v.Close.Text)
		}
		if v.Submit != nil {
			s.say("span", "btn primary", v.Submit.Text)
		}
	})
}

func (s *slackDrawer) input(b slackBlock) {
	s.box("div", "field", func() {
		s.box("p", "label", func() {
			s.text(b.Label.Text)
			if b.Optional {
				s.say("span", "opt", s.at.in("（任意）", " (optional)"))
			}
		})
		s.fill(b.Element)
		if b.Hint.Text != "" {
			s.say("p", "hint", b.Hint.Text)
		}
	})
}

// fill draws what an input is filled in with.
func (s *slackDrawer) fill(e slackElement) {
	switch e.Type {
	case "plain_text_input":
		s.typed(e.InitialValue, e.Placeholder.Text)
	case "timepicker":
		s.typed(e.InitialTime+" "+e.Timezone, e.Placeholder.Text)
	case "conversations_select":
		s.typed("# "+e.InitialConversation, "")
	case "static_select":
		picked := ""
		if e.InitialOption != nil {
			picked = e.InitialOption.Text.Text
		}
		s.typed(picked+" ▾", "")
	case "checkboxes":
		s.boxes(e, "☐ ", "☑ ")
	case "radio_buttons":
		s.boxes(e, "○ ", "◉ ")
	default:
		s.say("span", "unknown", "["+e.Type+"]")
	}
}

// boxes are options side by side with what is picked.
func (s *slackDrawer) boxes(e slackElement, empty, picked string) {
	for _, o := range e.Options {
		mark := empty
		if slices.Contains(e.InitialOptions, o) || e.InitialOption != nil && *e.InitialOption == o {
			mark = picked
		}
		s.say("p", "box", mark+o.Text.Text)
	}
}

// typed is a line to type into.
func (p *paper) typed(value, placeholder string) {
	if value == "" {
		p.box("p", "line", func() { p.say("span", "ghost", placeholder+"\u00a0") })
		return
	}
	p.say("p", "line", value)
}

// discordModal is a modal as far as it is drawn.
// https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-modal
type discordModal struct {
	Title      string `json:"title"`
	Components []struct {
		Components []struct {
			Type        int    `json:"type"`
			Label       string `json:"label"`
			Value       string `json:"value"`
			Placeholder string `json:"placeholder"`
			Required    bool   `json:"required"`
		} `json:"components"`
	} `json:"components"`
}

// discordTextInput is a line to type into.
const discordTextInput = 4

// DiscordModal draws a modal as Discord shows it.
func DiscordModal(at Scene, modal json.RawMessage) (template.HTML, error) {
	var m discordModal
	if err := json.Unmarshal(modal, &m); err != nil {
		return "", fmt.Errorf("draw discord modal: %w", err)
	}
	d := &discordDrawer{at: at}
	d.box("section", "discord", func() {
		d.box("div", "pane view modal", func() {
			d.say("header", "bar", m.Title)
			d.box("div", "inside", func() {
				for _, row := range m.Components {
					for _, c := range row.Components {
						if c.Type != discordTextInput {
							d.say("span", "unknown", fmt.Sprintf("[component %d]", c.Type))
							continue
						}
						d.box("div", "field", func() {
							d.box("p", "label", func() {
								d.text(c.Label)
								if c.Required {
									d.say("span", "must", " *")
								}
							})
							d.typed(c.Value, c.Placeholder)
						})
					}
				}
			})
			d.box("footer", "foot", func() {
				d.say("span", "btn", at.in("キャンセル", "Cancel"))
				d.say("span", "btn primary", at.in("送信", "Submit"))
			})
		})
	})
	return d.html(), nil
}
