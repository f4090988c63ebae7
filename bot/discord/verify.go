package discord

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
)

// Bounds of a signed request.
const (
	// maxSkew is how old, or how far ahead, its timestamp may be.
	maxSkew = 5 * time.Minute
	// maxRequestBytes is more than any interaction; it is applied before the
	// signature is checked.
	maxRequestBytes = 128 << 10
)

// parseKey reads the application's public key. ed25519.Verify panics on a key
// of another length, so it is checked here, at the start.
func parseKey(s string) (ed25519.PublicKey, error) {
	key, err := hex.DecodeString(s)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, errors.New("want the 64 hexadecimal digits of the Public Key (Developer Portal, your application, General Information)")
	}
	return key, nil
}

// verified says whether a request is Discord's, and of now.
// https://discord.com/developers/docs/interactions/overview#setting-up-an-endpoint-validating-security-request-headers
func verified(key ed25519.PublicKey, signature, timestamp string, body []byte, now time.Time) bool {
	sig, err := hex.DecodeString(signature)
	if err != nil || len(sig) != ed25519.SignatureSize {
		return false
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strings.Trim(timestamp, "0123456789") != "" {
		return false
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > maxSkew || age < -maxSkew {
		return false
	}
	return ed25519.Verify(key, append([]byte(timestamp), body...), sig)
}

// Interactions takes interactions as signed HTTP requests, at the address
// that the Developer Portal calls Interactions Endpoint URL. Without a public
// key it answers 404, while Run does not run 503.
func (d *Discord) Interactions() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.key == nil {
			http.NotFound(w, r)
			return
		}
		i, status := d.readSigned(w, r)
		if status != http.StatusOK {
			w.WriteHeader(status) // and not a word why
			return
		}
		d.replySigned(w, i)
	})
}

func (d *Discord) readSigned(w http.ResponseWriter, r *http.Request) (i interaction, status int) {
	if r.Method != http.MethodPost {
		return i, http.StatusMethodNotAllowed
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		return i, http.StatusRequestEntityTooLarge
	}
	if !verified(d.key, r.Header.Get("X-Signature-Ed25519"), r.Header.Get("X-Signature-Timestamp"), body, d.opts.Clock()) {
		return i, http.StatusUnauthorized
	}
	if err := json.Unmarshal(body, &i); err != nil {
		return i, http.StatusBadRequest
	}
	return i, http.StatusOK
}

// replySigned gives the first answer in the response itself; the rest is done
// after it.
func (d *Discord) replySigned(w http.ResponseWriter, i interaction) {
	began := time.Now()
	switch {
	case i.Type == interactionPing:
		d.respondWith(w, callback{Type: callbackPong})
		return
	case !d.intake.isOpen():
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	first, sent := make(chan callback, 1), make(chan struct{})
	defer close(sent)
	admitted := d.intake.admit(i.ID, func(ctx context.Context, busy bool) {
		b := d.first(ctx, i, busy)
		first <- b.callback
		if <-sent; b.then != nil {
			b.then(ctx)
		}
	})
	if !admitted {
		w.WriteHeader(http.StatusConflict) // taken already, or no room
		return
	}
	d.respondWith(w, <-first)
	d.opts.Meter.Acknowledged(bot.Discord, time.Since(began))
}

func (d *Discord) respondWith(w http.ResponseWriter, c callback) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(c); err != nil {
		d.log.Warn("interaction not acknowledged", "error", err)
	}
	_ = http.NewResponseController(w).Flush()
}
