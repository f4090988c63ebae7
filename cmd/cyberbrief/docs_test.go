package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"cyberbrief/config"
)

var updateDocs = flag.Bool("update-docs", false, "rewrite the tables of variables and commands in docs")

// A generated part of a page stands between these two lines.
const (
	docsBegin = "<!-- written by TestDocsAreCurrent -update-docs -->\n"
	docsEnd   = "<!-- end of what was written -->\n"
)

// sheet is a document.
type sheet struct{ path, text string }

// pages are all documents for people, by path from the top of the repository.
func pages(t *testing.T) []sheet {
	t.Helper()
	var all []sheet
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		paths, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			all = append(all, readPage(t, path))
		}
	}
	if len(all) == 0 {
		t.Fatal("no documents")
	}
	return all
}

func readPage(t *testing.T, path string) sheet {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sheet{strings.TrimPrefix(path, "../../"), string(text)}
}

// grammarOf is the command line as it is parsed.
func grammarOf(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&commandLine{}, kong.Name("cyberbrief"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func TestDocsAreCurrent(t *testing.T) {
	for path, want := range map[string]string{
		"../../docs/configuration.md": variableTable(),
		"../../docs/cli.md":           commandReference(grammarOf(t)),
	} {
		p := readPage(t, path)
		before, rest, ok := strings.Cut(p.text, docsBegin)
		got, after, ended := strings.Cut(rest, docsEnd)
		switch {
		case !ok || !ended:
			t.Errorf("%s has no part to be written", p.path)
		case got == want:
		case !*updateDocs:
			t.Errorf("%s is not what the code says; after a change that is meant:\n\tgo test ./cmd/cyberbrief -run %s -args -update-docs\n%s", p.path, t.Name(), differences(want, got))
		default:
			if err := os.WriteFile(path, []byte(before+docsBegin+want+docsEnd+after), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// variableTable is the table of variables.
func variableTable() string {
	var sb strings.Builder
	sb.WriteString("| variable | default | meaning |\n| --- | --- | --- |\n")
	for _, v := range config.Variables() {
		fmt.Fprintf(&sb, "%s%s |\n", variableRow(v), v.Help)
	}
	return sb.String()
}

// variableRow is how the row of a variable begins, in every language.
func variableRow(v config.Variable) string {
	if v.Default == "" {
		return "| `" + v.Name + "` |  | "
	}
	return "| `" + v.Name + "` | `" + v.Default + "` | "
}

// TestDocsNameEveryVariable holds the Japanese table to the code.
func TestDocsNameEveryVariable(t *testing.T) {
	p := readPage(t, "../../docs/configuration.ja.md")
	for _, v := range config.Variables() {
		if !strings.Contains(p.text, "\n"+variableRow(v)) {
			t.Errorf("%s: no row that begins %q", p.path, variableRow(v))
		}
	}
	if got, want := strings.Count(p.text, "\n| `"), len(config.Variables()); got != want {
		t.Errorf("%s has %d rows for %d variables", p.path, got, want)
	}
}

// commandReference explains every command, in the order of `--help`.
func commandReference(app *kong.Application) string {
	var sb strings.Builder
	for _, leaf := range app.Leaves(false) {
		fmt.Fprintf(&sb, "### `%s`\n\n%s\n", leaf.Path()+arguments(leaf), leaf.Help)
		rows := ""
		for _, p := range leaf.Positional {
			rows += fmt.Sprintf("| %s | %s | %s |\n", strings.ToUpper(p.Name), code(p.Default), inTable(p.Help))
		}
		for _, f := range leaf.Flags {
			if f.Name == "help" {
				continue
			}
			rows += fmt.Sprintf("| `--%s` | %s | %s |\n", f.Name, code(f.Default), inTable(f.Help))
		}
		if rows != "" {
			sb.WriteString("\n| argument | default | meaning |\n| --- | --- | --- |\n" + rows)
		}
		sb.WriteString("\n")
	}
	return sb.String()
}

// arguments are those of a command as they are typed.
func arguments(leaf *kong.Node) string {
	text := ""
	for _, p := range leaf.Positional {
		name := strings.ToUpper(p.Name)
		if p.IsSlice() {
			name += "…"
		}
		if !p.Required {
			name = "[" + name + "]"
		}
		text += " " + name
	}
	return text
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func inTable(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// foreign are names in capitals in the documents that are no variables of
// the bot: those of compose.yaml, of the build and of the tests, and words.
var foreign = []string{
	"POSTGRES_PASSWORD", "DIGEST_FOLDER", "VERSION", "REVISION", "GOOS", "GOARCH", "CI",
	"CYBERBRIEF_TEST_POSTGRES", "APPLICATION_ID", "UPDATE_SCRIPTS", "SHA256SUMS", "THIRD_PARTY",
}

// named finds what may be a variable: a word of capitals with an underscore,
// or any at the beginning of an assignment.
var named = regexp.MustCompile(`\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b|\b([A-Z][A-Z0-9]+)=`)

func TestDocsNameOnlyVariables(t *testing.T) {
	known := slices.Clone(foreign)
	for _, v := range config.Variables() {
		known = append(known, v.Name)
	}
	for _, p := range pages(t) {
		for _, text := range append(spans(p.text), fences(p.text)...) {
			for _, m := range named.FindAllStringSubmatch(text, -1) {
				if name := m[1] + m[2]; !slices.Contains(known, name) {
					t.Errorf("%s names %s, which the bot does not read", p.path, name)
				}
			}
		}
	}
}

// spans are the code spans of a page, fences its blocks of code.
func spans(text string) []string {
	var all []string
	for _, s := range span.FindAllString(withoutFences(text), -1) {
		all = append(all, strings.Trim(s, "`"))
	}
	return all
}

var fence = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")

func fences(text string) []string {
	var all []string
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		if m[1] != "mermaid" {
			all = append(all, m[2])
		}
	}
	return all
}

func withoutFences(text string) string { return fence.ReplaceAllString(text, "") }

var span = regexp.MustCompile("`[^`\n]+`")

func withoutCode(text string) string { return span.ReplaceAllString(withoutFences(text), "") }

// typed finds the program where it is typed, with what follows.
var typed = regexp.MustCompile(`(?:^|[\s/]|\| )cyberbrief((?: [^\s|;&#)]+)*)`)

// TestDocsTypeOnlyCommands reads every command line in the documents as the
// program would: commands and flags that are not there would be a stumble.
func TestDocsTypeOnlyCommands(t *testing.T) {
	app, count := grammarOf(t), 0
	for _, p := range pages(t) {
		var lines []string
		for _, s := range spans(p.text) {
			if strings.HasPrefix(s, "cyberbrief ") || strings.Contains(s, "/cyberbrief ") {
				lines = append(lines, s)
			}
		}
		for _, f := range fences(p.text) {
			lines = append(lines, strings.Split(f, "\n")...)
		}
		for _, line := range lines {
			for _, m := range typed.FindAllStringSubmatch(line, -1) {
				if why := unknownIn(app.Node, strings.Fields(m[1])); why != "" {
					t.Errorf("%s types %q: %s", p.path, strings.TrimSpace(line), why)
				}
				count++
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d command lines found: the search is broken", count)
	}
}

// unknownIn says what of a command line the program would not know; a line
// that goes on with no command is not one.
func unknownIn(node *kong.Node, words []string) string {
	for i, word := range words {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		if isFlag {
			if !hasFlag(node, name) {
				return "no flag --" + name + " of " + node.FullPath()
			}
			continue
		}
		// `term|channel|post` names several.
		for _, one := range strings.Split(word, "|") {
			child := childOf(node, one)
			if child == nil && len(node.Children) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(one) && i < 2 {
				return "no command " + one + " of " + node.FullPath()
			}
			if child != nil && one == word {
				node = child
			}
		}
	}
	return ""
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

func hasFlag(node *kong.Node, name string) bool {
	return slices.ContainsFunc(node.AllFlags(false), func(group []*kong.Flag) bool {
		return slices.ContainsFunc(group, func(f *kong.Flag) bool { return f.Name == name })
	})
}

func TestUnknownIn(t *testing.T) {
	app := grammarOf(t)
	for line, want := range map[string]string{
		"status --json":                     "",
		"channel add slack:T1/C1 09:00":     "",
		"preview FILE --to=terminal":        "",
		"term 能動的サイバー防御":                    "",
		"frobnicate":                        "no command frobnicate of cyberbrief",
		"channel frobnicate":                "no command frobnicate of cyberbrief channel",
		"status --yaml":                     "no flag --yaml of cyberbrief status",
		"post --date 2025-07-02 --dry-rune": "no flag --dry-rune of cyberbrief post",
	} {
		if got := unknownIn(app.Node, strings.Fields(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestDocsInTwoLanguages compares the shapes of an English page and its
// Japanese twin: headings, blocks of code, tables, lists, links.
func TestDocsInTwoLanguages(t *testing.T) {
	twins := 0
	for _, p := range pages(t) {
		english, isJapanese := strings.CutSuffix(p.path, ".ja.md")
		if !isJapanese {
			continue
		}
		twins++
		want := shape(readPage(t, "../../"+english+".md").text)
		if got := shape(p.text); !slices.Equal(got, want) {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s and %s.md differ from part %d on:\n%q\n%q", p.path, english, i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
		}
	}
	if twins < 8 {
		t.Errorf("%d pages in Japanese: README and the pages for who installs, operates, writes digests and develops have to be", twins)
	}
}

var (
	commentInCode = regexp.MustCompile(`(?m) *(#|--) .*$`)
	linkTarget    = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
)

// shape is a page without its words: the level of each heading, each block of
// code without its comments, the columns of each row, the steps of lists, and
// the pages that it links to.
func shape(text string) []string {
	var parts []string
	for _, f := range fence.FindAllStringSubmatch(text, -1) {
		body := ""
		if f[1] != "mermaid" && f[1] != "text" { // words of people
			body = strings.TrimSpace(commentInCode.ReplaceAllString(f[2], ""))
		}
		parts = append(parts, "code "+f[1]+" "+body)
	}
	for line := range strings.SplitSeq(withoutFences(text), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			parts = append(parts, "heading "+line[:strings.Index(line, " ")])
		case strings.HasPrefix(line, "|"):
			parts = append(parts, fmt.Sprint("row of ", strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")))
		case regexp.MustCompile(`^(\d+\.|-) `).MatchString(trimmed):
			parts = append(parts, "item "+trimmed[:1])
		}
		for _, m := range linkTarget.FindAllStringSubmatch(line, -1) {
			parts = append(parts, "link "+strings.Replace(strings.Replace(m[1], ".ja.md", ".md", 1), "README.md", "README", 1))
		}
	}
	return parts
}

// TestDocsQuoteTheBot: what a table of troubles says that the bot says, it says.
func TestDocsQuoteTheBot(t *testing.T) {
	var sources strings.Builder
	for _, folder := range []string{"bot", "briefing", "config", "cmd/cyberbrief"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			sources.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	quotes := 0
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .* \\|$")
	for _, p := range pages(t) {
		for _, header := range []string{"| it says |", "| 出る言葉 |"} {
			_, table, _ := strings.Cut(p.text, header)
			table, _, _ = strings.Cut(table, "\n\n")
			for _, m := range row.FindAllStringSubmatch(table, -1) {
				quotes++
				if !strings.Contains(sources.String(), m[1]) {
					t.Errorf("%s: nothing says %q", p.path, m[1])
				}
			}
		}
	}
	if quotes < 30 {
		t.Errorf("only %d quotes found: the search is broken", quotes)
	}
}

// TestDocsLinks follows every link between documents, to the heading.
func TestDocsLinks(t *testing.T) {
	for _, p := range pages(t) {
		for _, m := range linkTarget.FindAllStringSubmatch(withoutCode(p.text), -1) {
			target, anchor := m[1], strings.TrimPrefix(m[2], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			to := p
			if target != "" {
				path := filepath.Join("../..", filepath.Dir(p.path), target)
				if _, err := os.Stat(path); err != nil {
					t.Errorf("%s links to %s, which is not there", p.path, target)
					continue
				}
				if filepath.Ext(path) != ".md" {
					continue
				}
				to = readPage(t, path)
			}
			if anchor != "" && !slices.Contains(anchors(to.text), anchor) {
				t.Errorf("%s links to #%s of %s, which has no such heading", p.path, anchor, to.path)
			}
		}
	}
}

// anchors are what headings are linked by on the pages of code hosts.
func anchors(text string) []string {
	var all []string
	drop := regexp.MustCompile(`[^\p{L}\p{N}\p{M} _-]`)
	for line := range strings.SplitSeq(withoutFences(text), "\n") {
		if hashes, heading, ok := strings.Cut(line, " "); ok && hashes != "" && strings.Trim(hashes, "#") == "" {
			all = append(all, strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(heading), ""), " ", "-"))
		}
	}
	return all
}

// TestReadmeBeginsWithTheDemo: what the bot looks like and how to try it stand
// on the first screen, in both languages.
func TestReadmeBeginsWithTheDemo(t *testing.T) {
	const screen = 20 // lines
	for _, path := range []string{"../../README.md", "../../README.ja.md"} {
		p := readPage(t, path)
		first := strings.Join(strings.Split(p.text, "\n")[:screen], "\n")
		for _, want := range []string{
			"# cyberbrief\n", "docs/pictures/slack.png", "docs/pictures/discord.png",
			"\ngo run ./cmd/cyberbrief demo ", "\ngo test ./...\n", "README",
		} {
			if !strings.Contains(first, want) {
				t.Errorf("%s: the first %d lines lack %q", p.path, screen, want)
			}
		}
	}
}

var (
	testNamed   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)`")
	testWritten = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)\(\w+ \*testing\.`)
)

// testsOf are the names of all tests in the repository.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, folder := range []string{"bot", "briefing", "config", "cmd"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, _ os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range testWritten.FindAllStringSubmatch(string(text), -1) {
				names[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// TestDocsNameTests: every test that a document names is there.
func TestDocsNameTests(t *testing.T) {
	written := testsOf(t)
	for _, p := range pages(t) {
		for _, m := range testNamed.FindAllStringSubmatch(p.text, -1) {
			if !written[m[1]] {
				t.Errorf("%s names %s, which is no test here", p.path, m[1])
			}
		}
	}
}

// TestDocsProveEveryThreat: each row of the table of threats says what is done
// and names a test.
func TestDocsProveEveryThreat(t *testing.T) {
	p := readPage(t, "../../docs/security.md")
	_, table, ok := strings.Cut(p.text, "| threat | what the bot does | proven by |\n| --- | --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(strings.TrimSpace(table), "\n")
	if !ok || len(rows) < 20 {
		t.Fatalf("%d rows in the table of threats: the search is broken", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 3 || cells[1] == "" || !testNamed.MatchString(cells[2]) {
			t.Errorf("a threat without an answer or a test: %s", row)
		}
	}
}
