package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cyberbrief/briefing"
)

// hand is a clock that a test moves.
type hand struct{ now time.Time }

func (h *hand) clock() time.Time { return h.now }

func from(tenant, channel, user string) Request {
	return Request{Ref: Ref{Installation{Slack, tenant}, channel}, User: User{ID: user}, Command: "term"}
}

func sharing(req Request) Request { req.Command = shareCommand; return req }

func TestLimits(t *testing.T) {
	tests := []struct {
		name string
		allowance
		req func(i int) Request
	}{
		{"a person", perUser, func(i int) Request { return from("T1", fmt.Sprint("C", i), "U1") }},
		{"a channel", perChannel, func(i int) Request { return from("T1", "C1", fmt.Sprint("U", i)) }},
		{"an installation", perInstallation, func(i int) Request { return from("T1", fmt.Sprint("C", i), fmt.Sprint("U", i)) }},
		{"a person who shares", sharesPerUser, func(i int) Request { return sharing(from("T1", fmt.Sprint("C", i), "U1")) }},
		{"a channel that is shared to", sharesPerChannel, func(i int) Request { return sharing(from("T1", "C1", fmt.Sprint("U", i))) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &hand{at(9, 0)}
			l := newLimiter(h.clock)
			for i := range tt.burst {
				if wait := l.take(tt.req(i)); wait > 0 {
					t.Fatalf("command %d of %d has to wait %s", i+1, tt.burst, wait)
				}
			}
			if wait := l.take(tt.req(tt.burst)); wait != tt.every {
				t.Errorf("one more has to wait %s, want %s", wait, tt.every)
			}
			if wait := l.take(from("T2", "C1", "U1")); wait > 0 {
				t.Errorf("another installation has to wait %s", wait)
			}
			h.now = h.now.Add(tt.every)
			if wait := l.take(tt.req(tt.burst)); wait > 0 {
				t.Errorf("after %s it still has to wait %s", tt.every, wait)
			}
			if wait := l.take(tt.req(tt.burst + 1)); wait != tt.every {
				t.Errorf("the next has to wait %s, want %s", wait, tt.every)
			}
			h.now = h.now.Add(-24 * time.Hour)
			if wait := l.take(tt.req(0)); wait > time.Duration(tt.burst)*tt.every {
				t.Errorf("a clock that was set back makes people wait %s", wait)
			}
		})
	}
}

// TestLimiterForgets: nobody can fill memory with names.
func TestLimiterForgets(t *testing.T) {
	h := &hand{at(9, 0)}
	l := newLimiter(h.clock)
	for i := range 3 * maxLimited {
		l.take(from(fmt.Sprint("T", i), "C1", "U1"))
		if len(l.paid) > maxLimited {
			t.Fatalf("%d askers are remembered, want at most %d", len(l.paid), maxLimited)
		}
	}
}

// TestOnePersonUnderLoad: 50 commands a second under one name, for ten
// minutes, are all answered, and so is what a test sends all at once.
func TestOnePersonUnderLoad(t *testing.T) {
	h := &hand{at(9, 0)}
	l := newLimiter(h.clock)
	ask := func(i int) {
		if wait := l.take(from("T1", "C1", "U1")); wait > 0 {
			t.Fatalf("command %d has to wait %s", i+1, wait)
		}
	}
	for i := range 1000 {
		ask(i)
	}
	for i := range 10 * 60 * 50 {
		h.now = h.now.Add(time.Second / 50)
		ask(i)
	}
}

// TestRouterLimits shares until it is too much, in both languages; the answer
// is private then, and those to other commands still come.
func TestRouterLimits(t *testing.T) {
	for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
		d := newDesk(t)
		ask := func(user, command, text string) Reply {
			return d.Respond(t.Context(), Request{Ref: here, User: User{ID: user}, Command: command, Text: text, Language: lang})
		}
		for range sharesPerUser.burst {
			if reply := ask("U1", "share", "term 一語"); !reply.Public {
				t.Fatalf("%s: not shared: %s", lang, show(reply.Document))
			}
		}
		want := in(lang, "⏳ コマンドが続きました。2 秒ほど待って", "⏳ That was a lot at once. Please try again in about 2 s")
		if reply := ask("U1", "share", "term 一語"); reply.Public || !strings.HasPrefix(show(reply.Document), want) {
			t.Errorf("%s: public %t: %s", lang, reply.Public, show(reply.Document))
		}
		if reply := ask("U2", "share", "term 一語"); !reply.Public {
			t.Errorf("%s: another person pays for it: %s", lang, show(reply.Document))
		}
		if reply := ask("U1", "term", "一語"); !strings.Contains(show(reply.Document), "一語") || strings.HasPrefix(show(reply.Document), "⏳") {
			t.Errorf("%s: who may not share may not ask either: %s", lang, show(reply.Document))
		}
		for range 2 * perUser.burst {
			if len(d.Complete(t.Context(), "い")) == 0 {
				t.Fatal("what is being typed counts as a command")
			}
		}
	}
}
