package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// sessionTime is how long an operator stays logged in: a working day.
const sessionTime = 12 * time.Hour

// sessions signs what a browser shows to prove that its user knew the token.
// Nothing is remembered here, so every replica with the same token takes the
// same sessions, and another token ends them all. One session cannot be ended
// before its time, only forgotten by its browser.
type sessions struct {
	token [sha256.Size]byte // hash of the token
	key   []byte
}

func newSessions(token string) sessions {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("cyberbrief operator session"))
	return sessions{sha256.Sum256([]byte(token)), mac.Sum(nil)}
}

// knows says whether a word is the token, in a time that does not tell how
// much of it was right.
func (s sessions) knows(word string) bool {
	sum := sha256.Sum256([]byte(word))
	return hmac.Equal(sum[:], s.token[:])
}

// open is a session that ends at an instant.
func (s sessions) open(until time.Time) string {
	end := strconv.FormatInt(until.Unix(), 10)
	return end + "." + s.sign(end)
}

// valid says whether a session was opened here and has not ended.
func (s sessions) valid(session string, now time.Time) bool {
	end, mac, _ := strings.Cut(session, ".")
	if !hmac.Equal([]byte(mac), []byte(s.sign(end))) {
		return false
	}
	seconds, err := strconv.ParseInt(end, 10, 64)
	return err == nil && now.Before(time.Unix(seconds, 0))
}

func (s sessions) sign(end string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(end))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
