package main

import (
	"strings"

	"cyberbrief/briefing"
)

// termCommand is `term`.
type termCommand struct {
	JSON bool   `name:"json" help:"Print JSON."`
	Word string `arg:"" help:"The term, in any spelling."`
}

// Run looks a term up; exit 1 when there is none.
func (c termCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	a, err := openArchive(e, cfg)
	if err != nil {
		return err
	}
	answer := a.glossary.Lookup(c.Word)
	if c.JSON {
		err = printJSON(e.stdout, answer)
	} else {
		err = printAnswer(e, answer)
	}
	if err == nil && answer.Match == briefing.MatchNone {
		err = errQuiet
	}
	return err
}

func printAnswer(e *environment, a briefing.Answer) error {
	p := &printer{w: e.stdout}
	for _, t := range a.Terms {
		p.line("%s", t.Term)
		if len(t.Aliases) > 0 {
			p.line("  別名: %s", strings.Join(t.Aliases, "、"))
		}
		p.line("  %s", t.Definition)
		p.line("  初出 %s、最新 %s、掲載 %d 回", t.FirstSeen, t.LastSeen, len(t.Digests))
	}
	if len(a.Terms) == 0 {
		p.line("「%s」は用語集にありません。", a.Query)
	}
	if len(a.Suggestions) > 0 {
		p.line("もしかして: %s", strings.Join(a.Suggestions, "、"))
	}
	return p.err
}

// exportCommand is `export`.
type exportCommand struct {
	Glossary exportGlossaryCommand `cmd:"" help:"Write out all terms with their history."`
	Unknown  exportUnknownCommand  `cmd:"" help:"Write out the words that people asked for and no digest explains."`
}

// exportGlossaryCommand is `export glossary`.
type exportGlossaryCommand struct {
	Format string `enum:"csv,json,md" default:"csv" help:"csv, json or md."`
}

// Run writes the whole glossary.
func (c exportGlossaryCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	a, err := openArchive(e, cfg)
	if err != nil {
		return err
	}
	entries := a.glossary.All()
	switch c.Format {
	case "json":
		return printJSON(e.stdout, entries)
	case "md":
		return exportMarkdown(e, entries)
	}
	return exportCSV(e, entries)
}

func exportMarkdown(e *environment, entries []briefing.Entry) error {
	p := &printer{w: e.stdout}
	p.line("# 用語集")
	for _, t := range entries {
		p.line("\n## %s\n", t.Term)
		if len(t.Aliases) > 0 {
			p.line("別名: %s\n", strings.Join(t.Aliases, "、"))
		}
		p.line("%s\n\n初出 %s、最新 %s", t.Definition, t.FirstSeen, t.LastSeen)
	}
	return p.err
}
