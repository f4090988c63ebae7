package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/glossary"
)

// TestExportUnknown writes what people of two workspaces asked for, most first,
// without what a digest has explained since and without who asked.
func TestExportUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案") // explains 試験用語
	s, err := store.Open(t.Context(), w.env["DATABASE_URL"], store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 7, 1, 9, 0, 0, 0, time.UTC)
	for i, word := range []string{"SASE", "=1+1|*", "SASE", "試験用語", "SASE", "test term"} {
		tenant := []string{"T1", "T2"}[i%2]
		in := bot.Installation{Platform: bot.Slack, Tenant: tenant}.ID()
		if err := s.CountUnknown(t.Context(), in, word, at.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{
		"csv":  "word,times,first_asked,last_asked\nSASE,3,2025-07-01T09:00:00Z,2025-07-01T13:00:00Z\n'=1+1|*,1,2025-07-01T10:00:00Z,2025-07-01T10:00:00Z\n",
		"json": `[{"word":"SASE","times":3,"first_asked":"2025-07-01T09:00:00Z","last_asked":"2025-07-01T13:00:00Z"},{"word":"=1+1|*","times":1,"first_asked":"2025-07-01T10:00:00Z","last_asked":"2025-07-01T10:00:00Z"}]`,
		"md":   "# まだ説明のない言葉\n\n| 言葉 | 回数 | 最初 | 最後 |\n| --- | --- | --- | --- |\n| SASE | 3 | 2025-07-01 | 2025-07-01 |\n| =1+1\\|\\* | 1 | 2025-07-01 | 2025-07-01 |\n",
	} {
		var out bytes.Buffer
		if err := (exportUnknownCommand{Format: format}).Run(w.environment(t.Context(), morning, &out)); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if format == "json" {
			got = strings.Join(strings.Fields(got), "")
		}
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", format, got, want)
		}
	}
}

// TestTermsOutliveRestarts: every term of every digest ever taken in is known
// after a restart, as the digests stand then: a correction replaces what its
// digest said, and what was withdrawn is gone unless another day tells it too.
func TestTermsOutliveRestarts(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		body := func(terms ...string) []byte {
			text := "# まとめ\n\n## 主要ポイント\n\n* 架空の事案\n\n## 国内ニュース\n\n### 架空の事案\n\n架空の事案の説明。\n\n## 用語解説\n\n"
			for _, term := range terms {
				text += "* **" + term + "**: " + term + "についての説明文。\n"
			}
			return []byte(text)
		}
		file := func(date string) string { return "cybersecurity_news_" + date + ".md" }
		open := func() (*store.Store, *archive) {
			s, err := store.Open(t.Context(), url, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			a := &archive{glossary: glossary.New()}
			a.library = newLibrary(w.environment(t.Context(), morning, &output{}), s, a.glossary, nil, slog.New(slog.DiscardHandler), nil)
			if err := a.library.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s, a
		}
		check := func(when string, a *archive) {
			t.Helper()
			for term, want := range map[string]string{
				"古い用語": "2025-07-01", "直された用語": "2025-07-02", "二日の用語": "2025-07-01", "消された用語": "", "取り下げの用語": "",
			} {
				answer := a.glossary.Lookup(term)
				got := ""
				if answer.Match == briefing.MatchExact {
					got = string(answer.Terms[0].LastSeen)
				}
				if got != want {
					t.Errorf("%s: %s is of %q, want %q", when, term, got, want)
				}
			}
		}
		s, a := open()
		take := func(date string, terms ...string) {
			t.Helper()
			if _, err := a.library.Take(t.Context(), file(date), body(terms...), "folder"); err != nil {
				t.Fatal(err)
			}
		}
		take("2025-07-01", "古い用語", "二日の用語")
		take("2025-07-02", "消された用語")
		take("2025-07-03", "取り下げの用語", "二日の用語")
		take("2025-07-02", "直された用語")
		if err := a.library.Withdraw(t.Context(), file("2025-07-03"), "folder"); err != nil {
			t.Fatal(err)
		}
		check("before the restart", a)
		if err := s.Shutdown(); err != nil {
			t.Fatal(err)
		}
		s, a = open()
		defer s.Shutdown()
		check("after the restart", a)
	})
}
