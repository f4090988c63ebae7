package discord

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
)

func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		one, two, answer := request{method: "POST", route: "1"}, request{method: "POST", route: "2"}, request{method: "POST", route: "3", open: true}
		wait := func(r request) (time.Duration, error) {
			began := time.Now()
			err := p.wait(t.Context(), r)
			return time.Since(began), err
		}
		expect := func(name string, r request, want time.Duration, class bot.Class) {
			t.Helper()
			got, err := wait(r)
			if got != want || (err == nil) != (class == 0) || err != nil && bot.ClassOf(err) != class {
				t.Errorf("%s: waited %v, %v; want %v, class %v", name, got, err, want, class)
			}
		}
		expect("at first", one, 0, 0)
		p.learn(one, http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Reset-After": {"5"}})
		expect("one left", one, 0, 0)
		p.learn(one, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset-After": {"2.5"}})
		expect("another route", two, 0, 0)
		expect("none left", one, 2500*time.Millisecond, 0)
		p.learn(one, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset-After": {"soon"}})
		expect("unreadable", one, 0, 0)
		p.refused(one, &bot.OutcomeError{Class: bot.Limited, RetryAfter: time.Minute})
		expect("too long to wait", one, 0, bot.Limited)
		time.Sleep(55 * time.Second)
		expect("the rest of it", one, 5*time.Second, 0)
		p.refused(two, &bot.OutcomeError{Class: bot.Limited, RetryAfter: 3 * time.Second, Global: true})
		expect("answers are outside of the global limit", answer, 0, 0)
		expect("everything else is not", one, 3*time.Second, 0)
		p.refused(one, &bot.OutcomeError{Class: bot.ChannelGone, RetryAfter: time.Minute})
		expect("no limit", one, 0, 0)
	})
}

func TestPacerGivesUpWithItsCaller(t *testing.T) {
	p := newPacer()
	r := request{method: "POST", route: "1"}
	p.refused(r, &bot.OutcomeError{Class: bot.Limited, RetryAfter: 5 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(ctx, r); bot.ClassOf(err) != bot.Transient {
		t.Errorf("got %v", err)
	}
}

func TestPacerForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer()
		for i := range 10 * fewRoutes {
			p.refused(request{method: "POST", route: string(rune(i))}, &bot.OutcomeError{Class: bot.Limited, RetryAfter: time.Second})
			time.Sleep(time.Second)
		}
		if len(p.free) > fewRoutes {
			t.Errorf("%d routes are remembered", len(p.free))
		}
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBackoff(timing{first: time.Second, last: time.Minute})
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			began := time.Now()
			b.sleep(t.Context(), 0)
			if got := time.Since(began); got < want*time.Second/2 || got > want*time.Second*3/2 {
				t.Errorf("slept %v, want about %d s", got, want)
			}
		}
		began := time.Now()
		b.sleep(t.Context(), time.Hour)
		if got := time.Since(began); got != time.Hour {
			t.Errorf("slept %v, was asked for an hour", got)
		}
	})
}

// TestServedWell: that the gateway asks for a new connection, as it does in
// normal times, makes the bot wait no longer each time.
func TestServedWell(t *testing.T) {
	for _, tt := range []struct {
		err    error
		lasted time.Duration
		want   bool
	}{
		{errReconnect, 20 * time.Second, true},
		{errReconnect, time.Second, false},
		{errInvalidSession, 20 * time.Second, false},
		{closed(4000), 20 * time.Second, false},
		{closed(4000), time.Minute, true},
	} {
		if got := defaultTiming().servedWell(tt.err, tt.lasted); got != tt.want {
			t.Errorf("%v after %s: %t", tt.err, tt.lasted, got)
		}
	}
}

func TestEffectivePermissions(t *testing.T) {
	const guild, me = "1", "2"
	everyone := role{identified{guild}, "1024"} // view
	writer := role{identified{"3"}, "2048"}     // send
	boss := role{identified{"4"}, "8"}          // administrator
	set := func(id, allow, deny string) overwrite { return overwrite{identified{id}, allow, deny} }
	for _, c := range []struct {
		name    string
		mine    []string
		changes []overwrite
		want    permissions
	}{
		{"everyone", nil, nil, viewChannel},
		{"with a role", []string{"3"}, nil, viewChannel | sendMessages},
		{"administrator", []string{"4"}, []overwrite{set(guild, "0", "1024")}, everything},
		{"denied to everyone", []string{"3"}, []overwrite{set(guild, "0", "3072")}, 0},
		{"denied to everyone, allowed to the role", []string{"3"}, []overwrite{set("3", "2048", "0"), set(guild, "0", "3072")}, sendMessages},
		{"denied to the role, allowed to the bot", []string{"3"}, []overwrite{set(me, "2048", "0"), set("3", "0", "2048")}, viewChannel | sendMessages},
		{"denied to another role", nil, []overwrite{set("3", "0", "1024")}, viewChannel},
	} {
		if got := effective(guild, me, c.mine, []role{everyone, writer, boss}, c.changes); got != c.want {
			t.Errorf("%s: %b, want %b", c.name, got, c.want)
		}
	}
}

func TestCustomID(t *testing.T) {
	for _, a := range []bot.Action{{Command: "term", Argument: "能動的サイバー防御"}, {Command: "briefing", Argument: ""}, {Command: "share", Argument: "term a:b~1"}} {
		for n := range 3 {
			id, ok := customID(a, n)
			if got, known := actionOf(id); !ok || !known || got != a {
				t.Errorf("%+v became %q, then %+v", a, id, got)
			}
		}
	}
	for _, id := range []string{"", "term", ":x", "~1:x"} {
		if a, ok := actionOf(id); ok {
			t.Errorf("%q was read as %+v", id, a)
		}
	}
}
