package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"cyberbrief/bot"
)

func TestExpandHome(t *testing.T) {
	for _, tt := range []struct{ home, path, want string }{
		{"/home/a", "~/digests", "/home/a/digests"},
		{"/home/a", "/srv/~/digests", "/srv/~/digests"},
		{"/home/a", "~b/digests", "~b/digests"},
		{"", "~/digests", "~/digests"},
	} {
		e := &environment{lookup: func(name string) (string, bool) { return tt.home, name == "HOME" && tt.home != "" }}
		if got := e.expandHome(tt.path); got != tt.want {
			t.Errorf("%q with home %q: %q, want %q", tt.path, tt.home, got, tt.want)
		}
	}
}

func TestLogCheck(t *testing.T) {
	var out bytes.Buffer
	m := &machine{log: slog.New(slog.NewTextHandler(&out, nil)), sourceErrors: map[string]string{}}
	for _, failure := range []string{"", "down", "down", "", "", "down"} {
		m.logCheck(bot.SourceCheck{Source: "a", Error: failure})
	}
	m.logCheck(bot.SourceCheck{Source: "b", Error: "down"})
	const want = "cannot a, again a, cannot a, cannot b"
	var got []string
	for line := range strings.Lines(out.String()) {
		what, _, _ := strings.Cut(line[strings.Index(line, "source can")+len("source "):], " ")
		if what == "can" {
			what = "again"
		}
		got = append(got, what+" "+line[strings.Index(line, "source=")+len("source="):][:1])
	}
	if strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
