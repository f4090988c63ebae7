package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/config"
)

// exportUnknownCommand is `export unknown`: what the author could explain.
type exportUnknownCommand struct {
	Format string `enum:"csv,json,md" default:"csv" help:"csv, json or md."`
}

// unknownWord is a word as `export unknown` writes it.
type unknownWord struct {
	Word       string    `json:"word"`
	Times      int64     `json:"times"`
	FirstAsked time.Time `json:"first_asked"`
	LastAsked  time.Time `json:"last_asked"`
}

// Run writes the words that were asked for most first, without those that a
// digest has explained since. Who asked is not known.
func (c exportUnknownCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	words, err := unknownWords(e, cfg)
	if err != nil {
		return err
	}
	switch c.Format {
	case "json":
		return printJSON(e.stdout, words)
	case "md":
		return unknownMarkdown(e, words)
	}
	rows := [][]string{{"word", "times", "first_asked", "last_asked"}}
	for _, w := range words {
		rows = append(rows, []string{w.Word, strconv.FormatInt(w.Times, 10), w.FirstAsked.Format(time.RFC3339), w.LastAsked.Format(time.RFC3339)})
	}
	return writeCSV(e, rows)
}

// maxExported is how many words are written: more than anybody explains.
const maxExported = 10_000

// unknownWords are those of the database; none where there is no database.
func unknownWords(e *environment, cfg config.Config) ([]unknownWord, error) {
	words := []unknownWord{}
	if !databaseExists(cfg.DatabaseURL.Reveal()) {
		return words, nil
	}
	a, err := openArchive(e, cfg)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(e.ctx, cfg.DatabaseURL.Reveal(), store.Options{Clock: e.clock})
	if err != nil {
		return nil, err
	}
	defer s.Shutdown()
	counted, err := s.UnknownWords(e.ctx, maxExported)
	for _, w := range counted {
		match := a.glossary.Lookup(w.Word).Match
		if !slices.Contains([]briefing.Match{briefing.MatchExact, briefing.MatchAlias, briefing.MatchVariant}, match) {
			words = append(words, unknownWord{w.Word, w.Times, w.FirstAt.UTC(), w.LastAt.UTC()})
		}
	}
	return words, err
}

func unknownMarkdown(e *environment, words []unknownWord) error {
	p := &printer{w: e.stdout}
	p.line("# まだ説明のない言葉\n\n| 言葉 | 回数 | 最初 | 最後 |\n| --- | --- | --- | --- |")
	for _, w := range words {
		p.line("| %s | %d | %s | %s |", markdownCell.Replace(w.Word), w.Times, w.FirstAsked.Format(time.DateOnly), w.LastAsked.Format(time.DateOnly))
	}
	return p.err
}

// markdownCell keeps what people typed from being mark-up in a table.
var markdownCell = strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", "&", "&amp;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "!", "\\!", "#", "\\#", "~", "\\~")
