package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
)

const (
	// signatureWindow is how far a request's time may be from ours.
	// https://docs.slack.dev/authentication/verifying-requests-from-slack/
	signatureWindow = 5 * time.Minute

	// maxRequestBody is far above what Slack sends for a command or a button.
	maxRequestBody = 128 << 10

	signatureHeader = "X-Slack-Signature"
	timestampHeader = "X-Slack-Request-Timestamp"
	signaturePrefix = "v0="
)

// errForged is all that is ever said about a request that is not Slack's: a
// reason would help to make a better one.
var errForged = errors.New("request is not signed by slack")

// verify checks the signature of a body. It takes the same time wherever the
// signature differs.
func verify(secret string, h http.Header, body []byte, now time.Time) error {
	stamps, signatures := h.Values(timestampHeader), h.Values(signatureHeader)
	if secret == "" || len(stamps) != 1 || len(signatures) != 1 || !digits(stamps[0]) {
		return errForged
	}
	seconds, err := strconv.ParseInt(stamps[0], 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > signatureWindow {
		return errForged
	}
	given, err := hex.DecodeString(strings.TrimPrefix(signatures[0], signaturePrefix))
	if err != nil || !strings.HasPrefix(signatures[0], signaturePrefix) {
		return errForged
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamps[0] + ":"))
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), given) {
		return errForged
	}
	return nil
}

// digits accepts a time as Slack writes it: no sign, no spaces, and short
// enough that it cannot overflow.
func digits(s string) bool {
	return len(s) >= 1 && len(s) <= 12 && strings.Trim(s, "0123456789") == ""
}

// Commands is the handler of /slack/commands.
func (s *Slack) Commands() http.Handler {
	return s.signed(func(id string, body []byte) any {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		j, err := s.commandJob(id, typedForm(form))
		if err != nil {
			return nil // a probe, such as ssl_check
		}
		if busy := s.intake.accept(j); busy != nil {
			return busy
		}
		return nil
	})
}

// Interactions is the handler of /slack/interactions.
func (s *Slack) Interactions() http.Handler {
	return s.signed(func(id string, body []byte) any {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		return s.take(id, []byte(form.Get("payload")))
	})
}

// Events is the handler of /slack/events: it proves to Slack that the
// address is ours, and takes in and acknowledges every event.
func (s *Slack) Events() http.Handler {
	return s.signed(func(_ string, body []byte) any {
		var e struct {
			Type      string `json:"type"`
			Challenge string `json:"challenge"`
		}
		switch err := json.Unmarshal(body, &e); {
		case err == nil && e.Type == "url_verification":
			return map[string]string{"challenge": e.Challenge}
		case err == nil && e.Type == "event_callback":
			s.takeEvent(body)
		}
		return nil
	})
}

// signed lets through what Slack has signed, once, and answers the rest with
// a bare 401. What take returns is the body of the answer; its id is the
// signature, which no two requests share.
func (s *Slack) signed(take func(id string, body []byte) any) http.Handler {
	seen := bot.NewRecent(s.opts.Clock)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBody))
		if err == nil {
			err = verify(s.opts.SigningSecret, r.Header, body, s.opts.Clock())
		}
		// Upper and lower case sign the same.
		id := strings.ToLower(r.Header.Get(signatureHeader))
		if err != nil || !seen.First(id) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer := take(id, body)
		defer func() { s.opts.Meter.Acknowledged(bot.Slack, time.Since(began)) }()
		if answer == nil {
			w.WriteHeader(http.StatusOK)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			s.log.Debug("acknowledgement was not read", "error", err)
		}
	})
}
