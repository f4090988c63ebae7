package slack

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"testing"

	"cyberbrief/bot"
)

// Every error that Slack documents has a class of its own; see also
// https://docs.slack.dev/reference/methods/.
func TestEveryDocumentedErrorHasAClass(t *testing.T) {
	const path = "../../../shared/specs/slack-methods.json"
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Methods map[string]struct{ Errors []string }
	}
	if err := json.Unmarshal(raw, &spec); err != nil || len(spec.Methods) == 0 {
		t.Fatalf("%d methods, %v", len(spec.Methods), err)
	}
	for method, m := range spec.Methods {
		for _, code := range m.Errors {
			if classOf(code) == bot.Unknown {
				t.Errorf("%s: %s has no class", method, code)
			}
		}
	}
}

func TestClassOf(t *testing.T) {
	for code, want := range map[string]bot.Class{
		"ratelimited": bot.Limited, "rate_limited": bot.Limited,
		"internal_error": bot.Doubtful, "fatal_error": bot.Doubtful, "duplicate_message_not_found": bot.Doubtful,
		"service_unavailable": bot.Transient, "request_timeout": bot.Transient,
		"not_in_channel": bot.ChannelGone, "restricted_action_read_only_channel": bot.ChannelGone,
		"msg_blocks_too_long": bot.Payload, "invalid_blocks": bot.Payload,
		"account_inactive": bot.InstallationGone, "missing_scope": bot.InstallationGone,
		"not_allowed_token_type": bot.Fatal, "unknown_method": bot.Fatal,
		"message_not_found": bot.MessageGone, "": bot.Unknown, "no_such_word": bot.Unknown,
	} {
		if got := classOf(code); got != want {
			t.Errorf("%q is %v, want %v", code, got, want)
		}
	}
}

// No status other than 200 is ever read as success, and those of a server
// error never as "certainly not processed".
func TestClassOfEveryStatus(t *testing.T) {
	count := map[bot.Class]int{}
	for status := 100; status < 600; status++ {
		class := classOfStatus(status)
		count[class]++
		switch {
		case status >= 500 && class != bot.Doubtful:
			t.Errorf("%d is %v", status, class)
		case status >= 300 && status < 400 && class != bot.Transient:
			t.Errorf("%d is %v", status, class)
		case status < 300 && class != bot.Unknown:
			t.Errorf("%d is %v", status, class)
		}
	}
	if classOfStatus(http.StatusTooManyRequests) != bot.Limited || count[bot.Limited] != 1 {
		t.Errorf("%d statuses are limits", count[bot.Limited])
	}
}
