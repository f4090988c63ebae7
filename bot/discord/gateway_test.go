package discord_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// hasty makes the gateway's waits short.
func hasty(t testing.TB) (*discord.Discord, *bottest.Discord) {
	d, fake := start(t)
	d.Hasten(300*time.Millisecond, 20*time.Millisecond)
	return d, fake
}

// answers checks that the bot answers through session n.
func answers(t *testing.T, fake *bottest.Discord, n int) {
	t.Helper()
	if err := fake.AwaitReady(testContext(t), n); err != nil {
		t.Fatalf("session %d is not ready: %v", n, err)
	}
	if _, err := fake.Command(testContext(t), guild, channel, member(), "term"); err != nil {
		t.Errorf("session %d: %v", n, err)
	}
}

// TestGatewayComesBack: whatever ends a connection, the next one answers.
func TestGatewayComesBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bottest.Discord){
		"reconnect":         func(f *bottest.Discord) { f.SendOp(bottest.GatewayReconnect, nil) },
		"invalid session":   func(f *bottest.Discord) { f.SendOp(bottest.GatewayInvalid, false) },
		"resumable session": func(f *bottest.Discord) { f.SendOp(bottest.GatewayInvalid, true) },
		"close 1000":        func(f *bottest.Discord) { f.CloseGateway(1000) },
		"close 4000":        func(f *bottest.Discord) { f.CloseGateway(4000) },
		"close 4008":        func(f *bottest.Discord) { f.CloseGateway(4008) },
		"close 4009":        func(f *bottest.Discord) { f.CloseGateway(4009) },
		"a heartbeat asked": func(f *bottest.Discord) { f.SendOp(1, nil); f.CloseGateway(1001) },
		"an unknown op":     func(f *bottest.Discord) { f.SendOp(99, "?"); f.CloseGateway(1001) },
		"no JSON":           func(f *bottest.Discord) { f.SendRaw("{"); f.SendOp(bottest.GatewayReconnect, nil) },
		"an event of no shape": func(f *bottest.Discord) {
			f.SendRaw(`{"op":0,"t":"INTERACTION_CREATE","s":9,"d":[1]}`)
			f.CloseGateway(1001)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := hasty(t)
			run(t, d, echo)
			answers(t, fake, 1)
			end(fake)
			answers(t, fake, 2)
		})
	}
}

// TestGatewayThatNeverOpens: the connection is given up and tried again, and
// opens when the gateway behaves.
func TestGatewayThatNeverOpens(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]bottest.DiscordGateway{
		"never hello":               {NeverHello: true},
		"never ready":               {NeverReady: true},
		"reconnect as first packet": {FirstOp: bottest.GatewayReconnect},
		"invalid as first packet":   {FirstOp: bottest.GatewayInvalid},
		"closed as first packet":    {CloseOnIdentify: 4000},
		"no heartbeat acknowledged": {NoAcks: true, Heartbeat: 50 * time.Millisecond},
		"an absurd heartbeat":       {NoAcks: true, Heartbeat: 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := hasty(t)
			fake.SetGateway(g)
			run(t, d, echo)
			if err := fake.AwaitConnects(testContext(t), 2); err != nil {
				t.Fatalf("no second connection: %v", err)
			}
			fake.SetGateway(bottest.DiscordGateway{Heartbeat: time.Minute})
			// A connection made before that may still be on its way out.
			for {
				_, err := fake.Command(testContext(t), guild, channel, member(), "term")
				if err == nil {
					break
				}
				if t.Context().Err() != nil || fake.Connects() > 50 {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestFatalClose: Run ends after one attempt and says which variable is wrong.
func TestFatalClose(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{4004: "DISCORD_TOKEN", 4010: "DISCORD_PUBLIC_KEY", 4011: "DISCORD_PUBLIC_KEY", 4012: "DISCORD_API_URL", 4013: "intents", 4014: "intents"} {
		t.Run(want, func(t *testing.T) {
			d, fake := hasty(t)
			fake.SetGateway(bottest.DiscordGateway{CloseOnIdentify: code})
			err := d.Run(testContext(t), &responder{reply: echo})
			if bot.ClassOf(err) != bot.Fatal || !strings.Contains(err.Error(), want) {
				t.Errorf("close %d: run ended with %v, want it fatal and to name %s", code, err, want)
			}
			if n := fake.Identifies(); n != 1 {
				t.Errorf("close %d: %d attempts, want 1", code, n)
			}
		})
	}
}

// TestFatalCloseLater: a token that is reset while the bot runs.
func TestFatalCloseLater(t *testing.T) {
	t.Parallel()
	d, fake := hasty(t)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(testContext(t), &responder{reply: echo}) }()
	answers(t, fake, 1)
	fake.CloseGateway(4004)
	if err := <-ended; bot.ClassOf(err) != bot.Fatal || !strings.Contains(err.Error(), "DISCORD_TOKEN") {
		t.Errorf("run ended with %v", err)
	}
	if n := fake.Identifies(); n != 1 {
		t.Errorf("%d attempts, want 1", n)
	}
}

func TestWrongToken(t *testing.T) {
	t.Parallel()
	d, fake := start(t, func(o *discord.Options) { o.Token = "a.wrong.token" })
	err := d.Run(testContext(t), &responder{reply: echo})
	if bot.ClassOf(err) != bot.Fatal || !strings.Contains(err.Error(), "DISCORD_TOKEN") || strings.Contains(err.Error(), "a.wrong.token") {
		t.Errorf("run ended with %v", err)
	}
	if n := len(fake.Requests("")); n != 1 {
		t.Errorf("%d requests with a wrong token, want 1: each counts towards a ban", n)
	}
}

// TestNoSessionsLeft: at Discord's own count of sessions the bot waits.
func TestNoSessionsLeft(t *testing.T) {
	t.Parallel()
	d, fake := hasty(t)
	fake.SetGateway(bottest.DiscordGateway{Identified: 1000})
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, &responder{reply: echo}) }()
	for len(fake.Requests("GET gateway/bot")) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
	if n := fake.Connects(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

// TestSessionsAreRemembered: a bot that is started again and again stops
// before Discord takes its token away.
func TestSessionsAreRemembered(t *testing.T) {
	t.Parallel()
	today := "[" + strings.TrimSuffix(strings.Repeat(fmt.Sprint(time.Now().UnixMilli())+",", 200), ",") + "]"
	d, fake := start(t, func(o *discord.Options) { o.Notes = note(today) })
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, &responder{reply: echo}) }()
	for len(fake.Requests("GET gateway/bot")) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
	if n := fake.Connects(); n != 0 {
		t.Errorf("%d connections, want none", n)
	}
}

// note is a note that never changes.
type note string

func (n note) Note(context.Context, string) (string, error) { return string(n), nil }
func (note) PutNote(context.Context, string, string) error  { return nil }

// TestDiscordDownAtTheStart: the bot waits until Discord is there.
func TestDiscordDownAtTheStart(t *testing.T) {
	t.Parallel()
	d, fake := hasty(t)
	fake.FailNext("GET users/@me", bottest.DiscordFault{Status: 503, Times: 2})
	fake.FailNext("GET gateway/bot", bottest.DiscordFault{Status: 502, Body: bottest.Cloudflare, Times: 2})
	fake.FailNext("GET gateway", bottest.DiscordFault{Reset: true, Times: 2})
	run(t, d, echo)
	answers(t, fake, 1)
}

// TestRunEndsInTheMiddle: at any moment of a connection, Run ends with its
// context and leaves nothing behind.
func TestRunEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, g := range map[string]bottest.DiscordGateway{
		"before hello": {NeverHello: true},
		"before ready": {NeverReady: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake := start(t)
			fake.SetGateway(g)
			stop := run(t, d, echo)
			if err := fake.AwaitConnects(testContext(t), 1); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			stop()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("run took %v to end", took)
			}
		})
	}
}

// TestSessionsLeftUnsaid: a limit of which nothing is told does not bind.
func TestSessionsLeftUnsaid(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{`{}`, `{"remaining":null}`, `null`} {
		t.Run(limit, func(t *testing.T) {
			t.Parallel()
			d, fake := hasty(t)
			address := "ws" + strings.TrimSuffix(strings.TrimPrefix(fake.URL(), "http"), "/api/v9/") + "/gateway"
			fake.FailNext("GET gateway/bot", bottest.DiscordFault{Status: 200, Body: `{"url":"` + address + `","session_start_limit":` + limit + `}`})
			run(t, d, echo)
			answers(t, fake, 1)
		})
	}
}
