package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cyberbrief/bot"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/source"
)

// digestCommands are `digest show|lint|eval`.
type digestCommands struct {
	Show digestShowCommand `cmd:"" help:"Show how a digest is read."`
	Lint digestLintCommand `cmd:"" help:"Print what is wrong with digests as file:line: code: message; exit 1 when any is an error."`
	Eval digestEvalCommand `cmd:"" help:"Measure the reading of a folder of digests against hand-made labels."`
}

// readFile reads a file named on the command line; - is standard input. A
// file that is too long is cut: the reader refuses it by its length.
func (e *environment) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(e.stdin, source.MaxDigest+1))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read digest: %w", err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, source.MaxDigest+1))
	if err != nil {
		return nil, fmt.Errorf("read digest: %w", err)
	}
	return body, nil
}

// digestName is the name that a digest read from a file has; standard input
// has none.
func digestName(file string) string {
	if file == "-" {
		return ""
	}
	return filepath.Base(file)
}

// readDigest reads a file as a digest.
func (e *environment) readDigest(file string) (*briefing.Digest, error) {
	body, err := e.readFile(file)
	if err != nil {
		return nil, err
	}
	return digest.Read(digestName(file), body), nil
}

// digestShowCommand is `digest show`.
type digestShowCommand struct {
	JSON bool   `name:"json" help:"Print JSON."`
	File string `arg:"" help:"A Markdown file, or - for standard input."`
}

// Run shows a digest to people, or as JSON to programs.
func (c digestShowCommand) Run(e *environment) error {
	d, err := e.readDigest(c.File)
	if err != nil {
		return err
	}
	if c.JSON {
		err = printJSON(e.stdout, d)
	} else {
		err = printDigest(e.stdout, d)
	}
	if err != nil {
		return err
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return nil
}

// printJSON prints v readably and without HTML escapes.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printDigest prints the roles of a digest's parts with their lines.
func printDigest(w io.Writer, d *briefing.Digest) error {
	p := &printer{w: w}
	p.line("%s  %s", d.Date, d.Title)
	for _, k := range d.KeyPoints {
		p.line("\n%4d  key point  %s", k.Line, k.Text)
		for _, s := range k.Details {
			p.line("            → %d  %s", s.Line, s.Heading)
		}
		for _, s := range k.Sources {
			p.line("            ↗ %s", s.URL)
		}
	}
	for _, s := range d.Stories {
		p.line("\n%4d  story      %s", s.Line, s.Heading)
		for _, c := range s.Sources {
			p.line("            ↗ %s %s", c.Title, c.URL)
		}
	}
	for _, s := range d.DeepDives {
		p.line("%4d  deep dive  %s", s.Line, s.Heading)
	}
	for _, s := range d.Sections {
		p.line("%4d  section    %s", s.Line, s.Heading)
	}
	for _, t := range d.Glossary {
		p.line("%4d  term       %s %q", t.Line, t.Term, t.Aliases)
	}
	if d.Outlook != nil {
		p.line("%4d  outlook", d.Outlook.Line)
	}
	if d.Conclusion != nil {
		p.line("%4d  conclusion", d.Conclusion.Line)
	}
	for _, c := range d.Citations {
		p.line("%4d  citation   %s %s", c.Line, c.Title, c.URL)
	}
	for _, w := range d.Warnings {
		p.line("%4d  %s: %s", w.Line, w.Code, w.Message)
	}
	return p.err
}

// printer keeps the first error of many lines.
type printer struct {
	w   io.Writer
	err error
}

// line prints a line. What digests, files and platforms say in it cannot
// steer the terminal: controls and hidden characters are taken out.
func (p *printer) line(format string, args ...any) { p.raw(bot.Clean(fmt.Sprintf(format, args...))) }

// raw prints a line that is clean, but for our own colours.
func (p *printer) raw(line string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, line)
	}
}

// complain tells the operator of an error, as printer tells things.
func complain(stderr io.Writer, err error) {
	(&printer{w: stderr}).line("cyberbrief: %v", err)
}

// digestLintCommand is `digest lint`.
type digestLintCommand struct {
	Files []string `arg:"" help:"Markdown files; - for standard input."`
}

// Run prints every warning. A file that cannot be opened is an error too, and
// the others are looked at all the same.
func (c digestLintCommand) Run(e *environment) error {
	failed := false
	for _, file := range c.Files {
		d, err := e.readDigest(file)
		if err != nil {
			complain(e.stderr, err)
			failed = true
			continue
		}
		p := &printer{w: e.stdout}
		for _, w := range d.Warnings {
			p.line("%s:%d: %s: %s", file, w.Line, w.Code, w.Message)
		}
		if p.err != nil {
			return p.err
		}
		failed = failed || d.Err() != nil
	}
	if failed {
		return errQuiet
	}
	return nil
}

// digestEvalCommand is `digest eval`.
type digestEvalCommand struct {
	Dir  string `arg:"" type:"existingdir" help:"Folder of digests."`
	Gold string `arg:"" type:"existingdir" help:"Folder of labels: a JSON file for each digest that has one."`
}

// Run prints precision, recall and F1 per field.
func (c digestEvalCommand) Run(e *environment) error {
	report, err := digest.EvalDir(c.Dir, c.Gold)
	if err != nil {
		return err
	}
	_, err = report.WriteTo(e.stdout)
	return err
}
