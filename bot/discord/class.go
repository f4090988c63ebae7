package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
)

// JSON error codes that the code asks for by name.
// https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
const (
	codeUnknownChannel     = 10003
	codeUnknownMessage     = 10008
	codeUnknownWebhook     = 10015
	codeUnknownInteraction = 10062
	codeAcknowledged       = 40060
	codeMissingAccess      = 50001
	codeMissingPermissions = 50013
	codeWrongChannelType   = 50024
	codeThreadArchived     = 50083
	codeMayNotReply        = 160002
	codeThreadExists       = 160004
	codeThreadLocked       = 160005
)

// cloudflareWait is how long everything rests after Discord's front refused
// us without a word of its own: a ban of the address is lifted after an hour
// at most, and asking sooner prolongs it.
// https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
const cloudflareWait = 10 * time.Minute

// problem is the body of a refusal.
type problem struct {
	Code       int             `json:"code"`
	Message    string          `json:"message"`
	RetryAfter float64         `json:"retry_after"`
	Global     bool            `json:"global"`
	Errors     json.RawMessage `json:"errors"`
}

// refusal is what an answer that is no success means.
func refusal(status int, h http.Header, body []byte, now time.Time) *bot.OutcomeError {
	var p problem
	if err := json.Unmarshal(body, &p); err != nil || !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return wordless(status, h, now)
	}
	oe := &bot.OutcomeError{Class: classOf(status, p.Code), Code: codeName(p.Code), Err: p.err()}
	if p.Code == 0 {
		oe.Code = httpName(status)
	}
	if oe.Class == bot.Limited {
		oe.RetryAfter = bot.RetryAfter(h, now)
		if p.RetryAfter > 0 {
			oe.RetryAfter = bot.ClampRetryAfter(p.RetryAfter)
		}
		oe.Global = p.Global || strings.EqualFold(h.Get("X-RateLimit-Global"), "true") || h.Get("X-RateLimit-Scope") == "global"
	}
	if p.Code == 40333 {
		oe.RetryAfter, oe.Global = max(oe.RetryAfter, cloudflareWait), true
	}
	return oe
}

// wordless classes an answer that is not Discord's JSON: a proxy in between,
// most often Cloudflare.
func wordless(status int, h http.Header, now time.Time) *bot.OutcomeError {
	oe := &bot.OutcomeError{Class: classOf(status, 0), Code: httpName(status), Err: errors.New("the answer is not Discord's own: something on the way refused the request")}
	if status == http.StatusForbidden || status == http.StatusTooManyRequests {
		oe.Class, oe.Global = bot.Limited, true
		oe.RetryAfter = max(bot.RetryAfter(h, now), cloudflareWait)
	}
	return oe
}

func codeName(code int) string   { return strconv.Itoa(code) }
func httpName(status int) string { return "http " + strconv.Itoa(status) }

// maxDetail is how much of Discord's own explanation an error shows, in bytes.
const maxDetail = 400

func (p problem) err() error {
	text := p.Message
	if len(p.Errors) > 0 && string(p.Errors) != "null" {
		text += " " + string(p.Errors)
	}
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	if text == "" {
		text = "no reason given"
	}
	return errors.New(bot.Clean(text))
}

// classOf is the table of Discord's refusals: some statuses speak for
// themselves, then the JSON code decides, then the status. A code that is not
// here is Unknown. 5xx is Doubtful, see request.once.
func classOf(status, code int) bot.Class {
	switch {
	case status == http.StatusUnauthorized:
		return bot.Fatal
	case status == http.StatusTooManyRequests:
		return bot.Limited
	case status >= 500:
		return bot.Doubtful
	case code != 0:
		return classOfCode(code)
	}
	return classOfStatus(status)
}

func classOfStatus(status int) bot.Class {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return bot.Payload
	case http.StatusForbidden:
		return bot.ChannelGone
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect, http.StatusRequestTimeout:
		return bot.Transient
	}
	return bot.Unknown
}

// https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
func classOfCode(code int) bot.Class {
	switch code {
	case 20016, 20022, 20028, 20029, // slow mode, announcement edits, write rates of channel and server
		30046,        // edits of messages older than an hour
		40003, 40062, // messages too fast, resource limited
		40333: // Cloudflare
		return bot.Limited
	case 40004, 40006, 110000, 110001, 130000, // switched off for a while, overloaded
		160006, 160007: // too many threads at the same time, which end by themselves
		return bot.Transient
	case codeUnknownChannel, codeMissingAccess, codeMissingPermissions, // gone, hidden, no permission
		50003, 50008, 50009, codeWrongChannelType, 40058, 40067, // a kind of channel nobody can post in like this
		codeThreadArchived, codeMayNotReply, codeThreadLocked: // of the bot's own threads, see orThreadless
		return bot.ChannelGone
	case 10004, 40007, 50055, 50095: // guild gone, banned, not available
		return bot.InstallationGone
	case 40001, 50014, 50025, // token
		10002, 20001, 20002, 20012, 40002, 50010, 50026, 50041, 50067: // application, API version
		return bot.Fatal
	case 50035, 50006, 40005, 50109, 50068, // form, empty, too large, no JSON, type
		30015, 50028, 50080, 50081, 50146, // attachments, role, stickers
		20009, 200000, 200001, 240000: // filtered for what it says
		return bot.Payload
	case codeUnknownMessage, 50005, 50021, // to be edited or deleted
		codeUnknownWebhook, codeUnknownInteraction, codeAcknowledged, 50027, 40094: // to be answered
		return bot.MessageGone
	}
	return bot.Unknown
}
