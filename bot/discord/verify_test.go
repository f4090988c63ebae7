package discord_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

// signed makes a bot that takes signed requests at the fake's disposal.
func signed(t testing.TB) (*discord.Discord, *bottest.Discord, string) {
	_, fake := start(t, func(o *discord.Options) {})
	d, err := discord.New(discord.Options{Token: bottest.DiscordToken, APIURL: fake.URL(), PublicKey: fake.PublicKey()})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d.Interactions())
	t.Cleanup(server.Close)
	fake.SignTo(server.URL)
	return d, fake, server.URL
}

func TestSignedInteractions(t *testing.T) {
	t.Parallel()
	d, fake, _ := signed(t)
	run(t, d, echo)
	i := bottest.DiscordInteraction{Command: "term", Options: []bottest.DiscordOption{option("word", "署名")}}
	got, err := give(testContext(t), fake, i)
	if err != nil || !got.Private || !strings.Contains(got.Text, "答え: term 署名") {
		t.Errorf("got %+v, %v", got, err)
	}
	if choices, err := fake.Autocomplete(testContext(t), guild, channel, member(), "term", "word", "署"); err != nil || len(choices) != 25 {
		t.Errorf("got %q, %v", choices, err)
	}
	if n := fake.Connects(); n != 0 {
		t.Errorf("%d gateway connections beside signed requests", n)
	}
	if n := len(fake.Requests("POST interactions/{interaction}/{token}/callback")); n != 0 {
		t.Errorf("%d callbacks: the response is the callback", n)
	}
}

const ping = `{"id":"1","application_id":"2","type":1,"token":"t","version":1}`

func TestPing(t *testing.T) {
	t.Parallel()
	_, fake, url := signed(t)
	resp, err := fake.PostSigned(testContext(t), url, []byte(ping))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || strings.TrimSpace(string(body)) != `{"type":1}` {
		t.Errorf("got %s %s", resp.Status, body)
	}
}

func TestNotRunning(t *testing.T) {
	t.Parallel()
	_, fake, url := signed(t)
	resp, err := fake.PostSigned(testContext(t), url, []byte(`{"id":"1","type":2,"guild_id":"3","data":{"name":"term"}}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s", resp.Status)
	}
}

func TestWithoutAKey(t *testing.T) {
	t.Parallel()
	d, _ := start(t)
	w := httptest.NewRecorder()
	d.Interactions().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(ping)))
	if w.Code != http.StatusNotFound {
		t.Errorf("got %d", w.Code)
	}
}

// TestForgeries: everything but Discord's own request of now is refused
// without a word.
func TestForgeries(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 7, 2, 8, 30, 0, 0, time.UTC)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, err := discord.New(discord.Options{Token: "x", PublicKey: hex.EncodeToString(public), Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(at time.Time, body string) (timestamp, signature string) {
		timestamp = strconv.FormatInt(at.Unix(), 10)
		return timestamp, hex.EncodeToString(ed25519.Sign(private, []byte(timestamp+body)))
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stamp, good := sign(now, ping)
	for _, c := range []struct {
		name, method, timestamp, signature, body string
		want                                     int
	}{
		{"genuine", "POST", stamp, good, ping, 200},
		{"in capitals", "POST", stamp, strings.ToUpper(good), ping, 200},
		{"another body", "POST", stamp, good, ping + " ", 401},
		{"another time", "POST", strconv.FormatInt(now.Unix()+1, 10), good, ping, 401},
		{"another key", "POST", stamp, hex.EncodeToString(ed25519.Sign(other, []byte(stamp+ping))), ping, 401},
		{"no signature", "POST", stamp, "", ping, 401},
		{"short signature", "POST", stamp, good[:126], ping, 401},
		{"long signature", "POST", stamp, good + "00", ping, 401},
		{"no hexadecimal", "POST", stamp, strings.Repeat("zz", 64), ping, 401},
		{"no time", "POST", "", good, ping, 401},
		{"a time with a sign", "POST", "+" + stamp, good, ping, 401},
		{"too long", "POST", stamp, good, strings.Repeat("x", 200<<10), 413},
		{"GET", "GET", stamp, good, ping, 405},
	} {
		r := httptest.NewRequest(c.method, "/", strings.NewReader(c.body))
		r.Header.Set("X-Signature-Timestamp", c.timestamp)
		r.Header.Set("X-Signature-Ed25519", c.signature)
		w := httptest.NewRecorder()
		d.Interactions().ServeHTTP(w, r)
		if w.Code != c.want || c.want != 200 && w.Body.Len() > 0 {
			t.Errorf("%s: got %d %q, want %d and silence", c.name, w.Code, w.Body, c.want)
		}
	}
	for age, want := range map[time.Duration]int{-6 * time.Minute: 401, -5 * time.Minute: 200, 5 * time.Minute: 200, 6 * time.Minute: 401, 365 * 24 * time.Hour: 401} {
		timestamp, signature := sign(now.Add(-age), ping)
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(ping))
		r.Header.Set("X-Signature-Timestamp", timestamp)
		r.Header.Set("X-Signature-Ed25519", signature)
		w := httptest.NewRecorder()
		if d.Interactions().ServeHTTP(w, r); w.Code != want {
			t.Errorf("signed %v ago: got %d, want %d", age, w.Code, want)
		}
	}
}

// TestReplayIsAnsweredOnce: the same signed request again does nothing.
func TestReplayIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	d, fake, url := signed(t)
	r := &responder{reply: echo}
	runResponder(t, d, r)
	i := bottest.DiscordInteraction{Command: "term", Options: []bottest.DiscordOption{option("word", "再送")}, Twice: true}
	if _, err := give(testContext(t), fake, i); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) != 1 {
		t.Errorf("answered %d times (at %s)", len(r.asked), url)
	}
}

// FuzzInteractions: whatever is sent without the key is refused.
func FuzzInteractions(f *testing.F) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	d, err := discord.New(discord.Options{Token: "x", PublicKey: hex.EncodeToString(public)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("1751445000", strings.Repeat("00", 64), []byte(ping))
	f.Add(strconv.FormatInt(time.Now().Unix(), 10), strings.Repeat("ab", 64), []byte(ping))
	f.Fuzz(func(t *testing.T, timestamp, signature string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		r.Header["X-Signature-Timestamp"] = []string{timestamp}
		r.Header["X-Signature-Ed25519"] = []string{signature}
		w := httptest.NewRecorder()
		d.Interactions().ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized && w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d", w.Code)
		}
	})
}

// TestSignedRegistration: the commands need the application's id and nothing
// else, and are registered when Discord is there.
func TestSignedRegistration(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*bottest.Discord){
		"nobody tells who the bot is": func(f *bottest.Discord) {
			f.FailNext("GET users/@me", bottest.DiscordFault{Status: 404, Times: 1000})
		},
		"the list is not told": func(f *bottest.Discord) {
			f.FailNext("GET applications/{application}/commands", bottest.DiscordFault{Status: 404, Times: 1000})
		},
		"Discord is down at first": func(f *bottest.Discord) {
			f.FailNext("", bottest.DiscordFault{Status: 503, Times: 5})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, fake, _ := signed(t)
			d.Hasten(time.Second, 50*time.Millisecond)
			prepare(fake)
			run(t, d, echo)
			ctx := testContext(t)
			for fake.Registrations() == 0 { // the faults are meant for it, not for the answer
				select {
				case <-ctx.Done():
					t.Fatal("the commands were not written")
				case <-time.After(time.Millisecond):
				}
			}
			if got, err := give(ctx, fake, bottest.DiscordInteraction{Command: "term"}); err != nil || !strings.Contains(got.Text, "答え") {
				t.Errorf("got %+v, %v", got, err)
			}
			if n := fake.Registrations(); n != 1 {
				t.Errorf("the commands were written %d times, want once", n)
			}
		})
	}
}

// TestSignedWrongToken: without a gateway, too, Run ends and names the
// variable; an application that is refused does not end it.
func TestSignedWrongToken(t *testing.T) {
	t.Parallel()
	_, fake, _ := signed(t)
	d, err := discord.New(discord.Options{Token: "a.wrong.token", APIURL: fake.URL(), PublicKey: fake.PublicKey(), ApplicationID: bottest.DiscordApplicationID})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(testContext(t), &responder{reply: echo}); bot.ClassOf(err) != bot.Fatal || !strings.Contains(err.Error(), "DISCORD_TOKEN") {
		t.Errorf("run ended with %v", err)
	}
	d, fake, _ = signed(t)
	fake.FailNext("GET applications/@me", bottest.DiscordFault{Status: 404, Code: 10002})
	stop := run(t, d, echo)
	for len(fake.Requests("GET users/@me")) == 0 {
		time.Sleep(time.Millisecond)
	}
	stop() // checks that Run ended well
}
