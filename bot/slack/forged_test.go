package slack

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

var forged = flag.Int("forged", 3000, "how many forged requests are made")

// freshEvery is after how many forgeries a genuine request comes, for the
// next ones to be made of.
const freshEvery = 1000

// genuine is a request of Slack's.
type genuine struct{ stamp, signature, body string }

func genuineAt(at time.Time, i int) genuine {
	stamp := strconv.FormatInt(at.Unix(), 10)
	body := fmt.Sprint(exampleBody, "&n=", i)
	return genuine{stamp, signature(testSecret, stamp, body), body}
}

// forger makes a request that is not Slack's, or not of now, or not new.
type forger struct {
	name string
	make func(r *rand.Rand, now time.Time, g genuine) (http.Header, string)
}

func forgers() []forger {
	at := func(now time.Time, d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	same := func(g genuine) http.Header { return signedHeader(g.stamp, g.signature) }
	late := 5*time.Minute + time.Second
	return []forger{
		{"replayed", func(_ *rand.Rand, _ time.Time, g genuine) (http.Header, string) { return same(g), g.body }},
		{"replayed in capitals", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			return signedHeader(g.stamp, "v0="+randomCase(r, g.signature[3:])), g.body
		}},
		{"stale", func(r *rand.Rand, now time.Time, g genuine) (http.Header, string) {
			stamp := at(now, -late-time.Duration(r.Int64N(int64(1000*time.Hour))))
			return signedHeader(stamp, signature(testSecret, stamp, g.body)), g.body
		}},
		{"of tomorrow", func(r *rand.Rand, now time.Time, g genuine) (http.Header, string) {
			stamp := at(now, late+time.Duration(r.Int64N(int64(1000*time.Hour))))
			return signedHeader(stamp, signature(testSecret, stamp, g.body)), g.body
		}},
		{"another secret", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			return signedHeader(g.stamp, signature(testSecret[:r.IntN(len(testSecret))], g.stamp, g.body)), g.body
		}},
		{"random signature", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			return signedHeader(g.stamp, "v0="+randomHex(r, 32)), g.body
		}},
		{"a bit of the signature", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			b, _ := hex.DecodeString(g.signature[3:])
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			return signedHeader(g.stamp, "v0="+hex.EncodeToString(b)), g.body
		}},
		{"a bit of the body", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			b := []byte(g.body)
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
			return same(g), string(b)
		}},
		{"another time", func(r *rand.Rand, now time.Time, g genuine) (http.Header, string) {
			return signedHeader(at(now, time.Duration(1+r.IntN(299))*time.Second), g.signature), g.body
		}},
		{"longer", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			return same(g), g.body + randomHex(r, 1+r.IntN(20))
		}},
		{"shorter", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			return same(g), g.body[:r.IntN(len(g.body))]
		}},
		{"part of the signature", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			return signedHeader(g.stamp, g.signature[:r.IntN(len(g.signature))]), g.body
		}},
		{"the time in the body", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			cut := r.IntN(len(g.stamp))
			return signedHeader(g.stamp[:cut], g.signature), g.stamp[cut:] + ":" + g.body
		}},
		{"another form of the time", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			stamp := []string{"+", "0", "-", " ", "0x", ""}[r.IntN(6)] + g.stamp + []string{" ", ".0", "e0", "_"}[r.IntN(4)]
			return signedHeader(stamp, signature(testSecret, stamp, g.body)), g.body
		}},
		{"two signatures", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			h := same(g)
			h.Add(signatureHeader, "v0="+randomHex(r, 32))
			return h, g.body + "&x"
		}},
		{"no header", func(r *rand.Rand, _ time.Time, g genuine) (http.Header, string) {
			h := same(g)
			h.Del([]string{signatureHeader, timestampHeader}[r.IntN(2)])
			return h, g.body
		}},
	}
}

func randomHex(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return hex.EncodeToString(b)
}

func randomCase(r *rand.Rand, s string) string {
	upper := []rune(strings.ToUpper(s))
	return strings.Map(func(c rune) rune {
		defer func() { upper = upper[1:] }()
		if r.IntN(2) == 0 {
			return upper[0]
		}
		return c
	}, s)
}

// TestForgedRequests makes forgeries of all kinds of genuine requests that
// came a moment before. None is let through, and each of the genuine ones is,
// once.
//
//	go test ./bot/slack -run TestForgedRequests -v -args -forged=1000000
func TestForgedRequests(t *testing.T) {
	now := exampleTime()
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: testSecret, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	handler, kinds := s.Commands(), forgers()
	send := func(h http.Header, body string) int {
		r := httptest.NewRequest(http.MethodPost, "/slack/commands", strings.NewReader(body))
		r.Header = h
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	random := rand.New(rand.NewPCG(1, 2))
	let, taken := map[string]int{}, 0
	var g genuine
	for i := range *forged {
		if i%freshEvery == 0 {
			now = now.Add(time.Second)
			g = genuineAt(now, i)
			if code := send(signedHeader(g.stamp, g.signature), g.body); code != http.StatusOK {
				t.Fatalf("a genuine request: %d", code)
			}
			<-s.intake.queue
			taken++
		}
		kind := kinds[i%len(kinds)]
		if h, body := kind.make(random, now, g); send(h, body) != http.StatusUnauthorized {
			let[kind.name]++
		}
	}
	if len(let) > 0 || len(s.intake.queue) > 0 {
		t.Errorf("let through: %v, taken in: %d", let, len(s.intake.queue))
	}
	t.Logf("%d forged requests of %d kinds, let through: %d; %d genuine ones, all taken in", *forged, len(kinds), len(let), taken)
}
