package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
)

// TestPreviewsCanBePasted: each element of a preview is the body of a request
// as Slack and Discord take it, the parent first.
func TestPreviewsCanBePasted(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	for to, refuses := range map[string]func([]byte) []string{"slack": bottest.SlackRefuses, "discord": bottest.DiscordRefuses} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"preview", "--to", to}, none, strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("%s: exit %d: %s", to, code, &errs)
		}
		var messages []json.RawMessage
		if err := json.Unmarshal(out.Bytes(), &messages); err != nil || len(messages) < 2 {
			t.Fatalf("%s: %d messages, %v", to, len(messages), err)
		}
		for i, m := range messages {
			if why := refuses(m); len(why) > 0 {
				t.Errorf("%s, message %d: %q", to, i, why)
			}
			for _, no := range []string{`"channel"`, `"thread_ts"`, `"nonce"`} {
				if bytes.Contains(m, []byte(no)) {
					t.Errorf("%s, message %d has %s", to, i, no)
				}
			}
		}
		if title := "2025年7月3日"; !bytes.Contains(messages[0], []byte(title)) {
			t.Errorf("%s: the first message is not the parent: %.200s", to, messages[0])
		}
	}
}
