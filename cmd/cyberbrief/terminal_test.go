package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"cyberbrief/bot"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/sample"
)

// sampleOnTerminal is the newest sample as a terminal shows it.
func sampleOnTerminal(t *testing.T, lang briefing.Language, colour bool) string {
	t.Helper()
	files := sample.Files()
	newest := files[len(files)-1]
	d := digest.Read(newest.Name, newest.Body)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	post := bot.Layout(briefing.Compose(d, briefing.Options{Language: lang}, nil))
	if err := printPost(&out, post, colour); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestTerminalFitsEightyColumns: no line is wider, addresses excepted, none
// but a paragraph's end is much shorter than it could be, and no two lines in
// a row are empty.
func TestTerminalFitsEightyColumns(t *testing.T) {
	address := regexp.MustCompile(`^ *\[\d+\] https?://`)
	for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
		text := sampleOnTerminal(t, lang, false)
		for line := range strings.Lines(text) {
			if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > terminalWidth && !address.MatchString(line) {
				t.Errorf("%d columns: %s", w, line)
			}
			if strings.ContainsAny(line, "─━│┃") {
				t.Errorf("a line that is twice as wide on some terminals: %s", line)
			}
			if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
				t.Errorf("line ends in a space: %q", line)
			}
		}
		if strings.Contains(text, "\n\n\n") {
			t.Error("two empty lines in a row")
		}
		if strings.Contains(text, "\x1b") {
			t.Error("colour where none is wanted")
		}
	}
}

// TestTerminalColour: with colour the text is the same, and every line ends
// as it began.
func TestTerminalColour(t *testing.T) {
	plain, coloured := sampleOnTerminal(t, briefing.Japanese, false), sampleOnTerminal(t, briefing.Japanese, true)
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, ""); got != plain {
		t.Error("the text is another one")
	}
	for line := range strings.Lines(coloured) {
		if n := strings.Count(line, "\x1b["); n != 0 && (n != 2 || !strings.HasSuffix(line, "\x1b[0m\n")) {
			t.Errorf("%q", line)
		}
	}
}
