package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"os"

	"cyberbrief/bot"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/web/looks"
	"cyberbrief/briefing"
	"cyberbrief/config"
)

// previewCommand is `preview`.
type previewCommand struct {
	Digest string `arg:"" optional:"" name:"file-or-date" help:"A Markdown file, - for standard input, or a date; the newest digest when left out."`
	To     string `enum:"terminal,slack,discord,html,json" default:"terminal" help:"terminal, slack, discord, html or json."`
}

// Run shows what a channel with the default settings would get, made by the
// same code that posts. Slack's and Discord's are a JSON array: the body of
// each request, the parent's first.
func (c previewCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	d, err := c.digest(e, cfg)
	if err != nil {
		return err
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("%s cannot be posted: %w", c.Digest, err)
	}
	settings, err := defaults(cfg)
	if err != nil {
		return err
	}
	b := briefing.Compose(d, settings.Options(string(cfg.PublicURL)), nil)
	switch post := bot.Layout(b); c.To {
	case "json":
		return printJSON(e.stdout, b)
	case "slack":
		return printMessages(e, post, slack.Render)
	case "discord":
		return printMessages(e, post, discord.Render)
	case "html":
		return printLooks(e, post, d.Title, settings.Time)
	default:
		return printPost(e.stdout, post, e.colour())
	}
}

// digest is the one named: a file that exists, or one of the archive.
func (c previewCommand) digest(e *environment, cfg config.Config) (*briefing.Digest, error) {
	if c.Digest == "-" {
		return e.readDigest(c.Digest)
	}
	if _, err := os.Stat(c.Digest); err == nil {
		return e.readDigest(c.Digest)
	}
	if c.Digest != "" {
		if _, err := briefing.ParseDate(c.Digest); err != nil {
			return nil, fmt.Errorf("preview %s: neither a file nor a date such as 2025-07-02", c.Digest)
		}
	}
	a, err := openArchive(e, cfg)
	if err != nil {
		return nil, err
	}
	return a.digestNamed(c.Digest)
}

// printMessages prints the bodies of a platform's requests as an array.
func printMessages(e *environment, p bot.Post, render func(bot.Post) ([]bot.Message, error)) error {
	messages, err := render(p)
	if err != nil {
		return err
	}
	return printJSON(e.stdout, raw(messages))
}

// raw are messages as JSON that is printed as it is.
func raw(messages []bot.Message) []json.RawMessage {
	bodies := make([]json.RawMessage, len(messages))
	for i, m := range messages {
		bodies[i] = json.RawMessage(m)
	}
	return bodies
}

// printLooks prints a page that shows the very payloads as both platforms do,
// side by side.
func printLooks(e *environment, p bot.Post, title string, at bot.Clock) error {
	scene := looks.Scene{Channel: "security", Time: at.String(), ThreadTitle: p.ThreadTitle, Language: p.Language}
	var drawn []template.HTML
	for _, l := range []struct {
		render func(bot.Post) ([]bot.Message, error)
		draw   func(looks.Scene, []json.RawMessage) (template.HTML, error)
	}{{slack.Render, looks.Slack}, {discord.Render, looks.Discord}} {
		messages, err := l.render(p)
		if err != nil {
			return err
		}
		html, err := l.draw(scene, raw(messages))
		if err != nil {
			return err
		}
		drawn = append(drawn, html)
	}
	page, err := looks.Page(title, p.Language, drawn...)
	if err != nil {
		return err
	}
	_, err = e.stdout.Write(page)
	return err
}
