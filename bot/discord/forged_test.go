package discord_test

import (
	"crypto/ed25519"
	crand "crypto/rand"
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

	"cyberbrief/bot/discord"
)

var forged = flag.Int("forged", 1500, "how many forged requests are made")

// freshEvery is after how many forgeries a genuine request comes, for the
// next ones to be made of.
const freshEvery = 500

// signer signs as Discord does.
type signer ed25519.PrivateKey

func newSigner(t testing.TB) (public string, s signer) {
	t.Helper()
	key, private, err := ed25519.GenerateKey(crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(key), signer(private)
}

func (s signer) sign(stamp, body string) string {
	return hex.EncodeToString(ed25519.Sign(ed25519.PrivateKey(s), []byte(stamp+body)))
}

// asking is a request: what Discord's headers say, and the body.
type asking struct{ stamp, signature, body string }

func (s signer) genuine(at time.Time, i int) asking {
	stamp := strconv.FormatInt(at.Unix(), 10)
	body := fmt.Sprintf(`{"id":"%d","application_id":"2","type":2,"token":"t%d","guild_id":"3","channel_id":"4","data":{"name":"term"},"member":{"user":{"id":"5"}}}`, 1000+i, i)
	return asking{stamp, s.sign(stamp, body), body}
}

// forger makes a request that is not Discord's, or not of now, or not new.
// own signs as Discord, other as somebody else.
type forger struct {
	name string
	make func(r *rand.Rand, own, other signer, now time.Time, g asking) asking
}

func forgers() []forger {
	at := func(now time.Time, d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	resigned := func(s signer, stamp string, g asking) asking { return asking{stamp, s.sign(stamp, g.body), g.body} }
	flip := func(r *rand.Rand, b []byte) []byte {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		return b
	}
	late := 5*time.Minute + time.Second
	return []forger{
		{"replayed", func(_ *rand.Rand, _, _ signer, _ time.Time, g asking) asking { return g }},
		{"replayed in capitals", func(_ *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			return asking{g.stamp, strings.ToUpper(g.signature), g.body}
		}},
		{"stale", func(r *rand.Rand, own, _ signer, now time.Time, g asking) asking {
			return resigned(own, at(now, -late-time.Duration(r.Int64N(int64(1000*time.Hour)))), g)
		}},
		{"of tomorrow", func(r *rand.Rand, own, _ signer, now time.Time, g asking) asking {
			return resigned(own, at(now, late+time.Duration(r.Int64N(int64(1000*time.Hour)))), g)
		}},
		{"another key", func(_ *rand.Rand, _, other signer, _ time.Time, g asking) asking { return resigned(other, g.stamp, g) }},
		{"random signature", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			b := make([]byte, ed25519.SignatureSize)
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			return asking{g.stamp, hex.EncodeToString(b), g.body}
		}},
		{"a bit of the signature", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			b, _ := hex.DecodeString(g.signature)
			return asking{g.stamp, hex.EncodeToString(flip(r, b)), g.body}
		}},
		{"a bit of the body", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			return asking{g.stamp, g.signature, string(flip(r, []byte(g.body)))}
		}},
		{"another time", func(r *rand.Rand, _, _ signer, now time.Time, g asking) asking {
			return asking{at(now, time.Duration(1+r.IntN(299))*time.Second), g.signature, g.body}
		}},
		{"longer", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			return asking{g.stamp, g.signature, g.body + strings.Repeat(" ", 1+r.IntN(20))}
		}},
		{"shorter", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			return asking{g.stamp, g.signature, g.body[:r.IntN(len(g.body))]}
		}},
		{"part of the signature", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			return asking{g.stamp, g.signature[:r.IntN(len(g.signature))], g.body}
		}},
		// Nothing parts the time from the body in what is signed.
		{"the time in the body", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			cut := r.IntN(len(g.stamp))
			return asking{g.stamp[:cut], g.signature, g.stamp[cut:] + g.body}
		}},
		{"the body in the time", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			cut := 1 + r.IntN(len(g.body))
			return asking{g.stamp + g.body[:cut], g.signature, g.body[cut:]}
		}},
		{"another form of the time", func(r *rand.Rand, own, _ signer, _ time.Time, g asking) asking {
			return resigned(own, []string{"+", "-", " ", "0x"}[r.IntN(4)]+g.stamp, g)
		}},
		{"no header", func(r *rand.Rand, _, _ signer, _ time.Time, g asking) asking {
			if r.IntN(2) == 0 {
				g.stamp = ""
			} else {
				g.signature = ""
			}
			return g
		}},
	}
}

// TestForgedRequests makes forgeries of all kinds of genuine requests that
// came a moment before. None is let through, and each of the genuine ones is,
// once.
//
//	go test ./bot/discord -run TestForgedRequests -v -args -forged=1000000
func TestForgedRequests(t *testing.T) {
	t.Parallel()
	public, own := newSigner(t)
	_, other := newSigner(t)
	now := time.Date(2025, 7, 2, 8, 30, 0, 0, time.UTC)
	d, _ := start(t, func(o *discord.Options) {
		o.PublicKey, o.Clock, o.Logger = public, func() time.Time { return now }, nil
	})
	who := &responder{reply: echo}
	stop := runResponder(t, d, who)
	handler, kinds := d.Interactions(), forgers()
	send := func(a asking) int {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(a.body))
		r.Header.Set("X-Signature-Timestamp", a.stamp)
		r.Header.Set("X-Signature-Ed25519", a.signature)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	for send(own.genuine(now, -1)) == http.StatusServiceUnavailable {
		time.Sleep(time.Millisecond) // until it runs
	}
	random := rand.New(rand.NewPCG(1, 2))
	let, taken := map[string]int{}, 1
	var g asking
	for i := range *forged {
		if i%freshEvery == 0 {
			g = own.genuine(now, i)
			if code := send(g); code != http.StatusOK {
				t.Fatalf("a genuine request: %d", code)
			}
			taken++
		}
		kind := kinds[i%len(kinds)]
		want := http.StatusUnauthorized
		if strings.HasPrefix(kind.name, "replayed") {
			want = http.StatusConflict
		}
		if send(kind.make(random, own, other, now, g)) != want {
			let[kind.name]++
		}
	}
	stop() // the answers under way are given
	who.mu.Lock()
	defer who.mu.Unlock()
	if len(let) > 0 || len(who.asked) != taken {
		t.Errorf("let through: %v; %d answered, %d were genuine", let, len(who.asked), taken)
	}
	t.Logf("%d forged requests of %d kinds, let through: %d; %d genuine ones, answered: %d", *forged, len(kinds), len(let), taken, len(who.asked))
}
