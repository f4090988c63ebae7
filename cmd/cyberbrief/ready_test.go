package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"cyberbrief/bot/bottest"
)

// TestReadyWhileAPlatformRefusesTheBot: a platform that will not have the bot
// post makes /readyz red, and says which and why; the other goes on.
func TestReadyWhileAPlatformRefusesTheBot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.slack.FailNext("chat.postMessage", bottest.SlackFault{Error: "not_allowed_token_type"})
	w.publish("2025-07-03", "架空の事案")
	p := w.run(morning)
	w.await("Discord gets its briefing", func() bool { return len(parents(w.inDiscord())) == 1 })
	w.await("the bot has started", func() bool { return strings.Contains(p.out.String(), "msg=ready") })
	_, after, _ := strings.Cut(p.out.String(), "address=")
	address := strings.Trim(strings.Fields(after)[0], `"`)
	w.await("the bot is not ready, and says why", func() bool {
		resp, err := http.Get(address + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode == http.StatusServiceUnavailable &&
			strings.Contains(string(body), "post to slack") && strings.Contains(string(body), "not_allowed_token_type")
	})
}
