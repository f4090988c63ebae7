package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

// oneMessage is a rendered message and where it goes.
func oneMessage(t *testing.T) (bot.Target, bot.Message) {
	t.Helper()
	messages, err := slack.Render(bot.Post{Parent: bot.Document{bot.Title{Text: "朝刊"}, bot.Prose{Spans: []bot.Span{{Text: "本文"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	at := ref(bottest.SlackChannelID)
	return bot.Target{Ref: at, Marker: bot.Marker{Delivery: bot.DeliveryID(at, "2025-07-02")}}, messages[0]
}

// impatient gives up soon, so that silence costs a test little.
func impatient(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// How a request can go wrong, and what may be done then.
func TestSendClasses(t *testing.T) {
	for _, tc := range []struct {
		name       string
		fault      bottest.SlackFault
		class      bot.Class
		code       string
		retryAfter time.Duration
		posted     bool
	}{
		{"429 with seconds", bottest.SlackFault{Status: 429, RetryAfter: "30"}, bot.Limited, "http 429", 30 * time.Second, false},
		{"429 with a fraction", bottest.SlackFault{Status: 429, RetryAfter: "1.5"}, bot.Limited, "http 429", 1500 * time.Millisecond, false},
		{"429 without a word", bottest.SlackFault{Status: 429}, bot.Limited, "http 429", 0, false},
		{"429 with nonsense", bottest.SlackFault{Status: 429, RetryAfter: "soon"}, bot.Limited, "http 429", 0, false},
		{"429 with a negative", bottest.SlackFault{Status: 429, RetryAfter: "-1"}, bot.Limited, "http 429", time.Second, false},
		{"429 with an age", bottest.SlackFault{Status: 429, RetryAfter: "99999999999"}, bot.Limited, "http 429", 24 * time.Hour, false},
		{"429 as HTML", bottest.SlackFault{Status: 429, Body: "<html>slow down</html>"}, bot.Limited, "http 429", 0, false},
		{"limited in the body", bottest.SlackFault{Error: "ratelimited", RetryAfter: "7"}, bot.Limited, "ratelimited", 7 * time.Second, false},
		{"500", bottest.SlackFault{Status: 500, Body: "<html>oops</html>"}, bot.Doubtful, "http 500", 0, false},
		{"503", bottest.SlackFault{Status: 503}, bot.Doubtful, "http 503", 0, false},
		{"502 after it was posted", bottest.SlackFault{Status: 502, Accept: true}, bot.Doubtful, "http 502", 0, true},
		{"a redirect", bottest.SlackFault{Status: 302}, bot.Transient, "http 302", 0, false},
		{"404", bottest.SlackFault{Status: 404}, bot.Transient, "http 404", 0, false},
		{"accepted, then silence", bottest.SlackFault{Accept: true, Silence: true}, bot.Doubtful, "timeout", 0, true},
		{"accepted, then a reset", bottest.SlackFault{Accept: true, Reset: true}, bot.Doubtful, "connection failed", 0, true},
		{"a reset", bottest.SlackFault{Reset: true}, bot.Doubtful, "connection failed", 0, false},
		{"an empty object", bottest.SlackFault{Body: "{}"}, bot.Doubtful, "empty answer", 0, false},
		{"null", bottest.SlackFault{Body: "null"}, bot.Doubtful, "empty answer", 0, false},
		{"not ok, without a reason", bottest.SlackFault{Body: `{"ok":false}`}, bot.Doubtful, "empty answer", 0, false},
		{"ok without a ts", bottest.SlackFault{Body: `{"ok":true,"channel":"C1"}`}, bot.Doubtful, "empty answer", 0, false},
		{"ok with a ts of another kind", bottest.SlackFault{Body: `{"ok":true,"ts":17}`}, bot.Doubtful, "unreadable answer", 0, false},
		{"HTML", bottest.SlackFault{Body: "<html>"}, bot.Doubtful, "unreadable answer", 0, false},
		{"half of an answer", bottest.SlackFault{Body: `{"ok":tr`, Accept: true}, bot.Doubtful, "unreadable answer", 0, true},
		{"an answer without end", bottest.SlackFault{Huge: 64 << 20}, bot.Doubtful, "answer too long", 0, false},
		{"a bug of ours", bottest.SlackFault{Error: "invalid_arguments"}, bot.Fatal, "invalid_arguments", 0, false},
		{"Slack's own error", bottest.SlackFault{Error: "internal_error"}, bot.Doubtful, "internal_error", 0, false},
		{"a word that nobody knows", bottest.SlackFault{Error: "mercury_retrograde"}, bot.Unknown, "mercury_retrograde", 0, false},
		{"a token that was revoked", bottest.SlackFault{Error: "token_revoked"}, bot.InstallationGone, "token_revoked", 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fake, s := start(t, nil)
			fake.FailNext("chat.postMessage", tc.fault)
			to, m := oneMessage(t)
			ctx := t.Context()
			if tc.fault.Silence {
				ctx = impatient(t, 200*time.Millisecond)
			}
			id, err := s.Send(ctx, to, m)
			oe, ok := errors.AsType[*bot.OutcomeError](err)
			if !ok || id != "" {
				t.Fatalf("got %q and %T %v", id, err, err)
			}
			if oe.Class != tc.class || oe.Code != tc.code || oe.RetryAfter != tc.retryAfter {
				t.Errorf("got %v %q after %v, want %v %q after %v", oe.Class, oe.Code, oe.RetryAfter, tc.class, tc.code, tc.retryAfter)
			}
			if n := len(fake.Calls("chat.postMessage")); n != 1 {
				t.Errorf("%d requests were made for one call", n)
			}
			// Looking afterwards tells what really happened.
			found, err := s.Find(t.Context(), to, time.Now())
			if err != nil || (found != "") != tc.posted {
				t.Errorf("found %q, %v; posted: %v", found, err, tc.posted)
			}
		})
	}
}

func TestSendWhereNobodyListens(t *testing.T) {
	_, s := start(t, func(o *slack.Options) { o.APIURL = "http://127.0.0.1:1/api" })
	to, m := oneMessage(t)
	if _, err := s.Send(t.Context(), to, m); bot.ClassOf(err) != bot.Transient {
		t.Errorf("got %v", err)
	}
}

func TestSendToChannelsThatRefuse(t *testing.T) {
	fake, s := start(t, nil)
	fake.AddChannel(bottest.SlackChannel{ID: "CPRIVATE", Name: "secret", Private: true})
	fake.AddChannel(bottest.SlackChannel{ID: "CSTRANGE", Name: "strange"})
	fake.AddChannel(bottest.SlackChannel{ID: "COLD", Name: "old", Member: true, Archived: true})
	for channel, code := range map[string]string{"C404": "channel_not_found", "CPRIVATE": "channel_not_found", "CSTRANGE": "not_in_channel", "COLD": "is_archived"} {
		to, m := oneMessage(t)
		to.Channel = channel
		_, err := s.Send(t.Context(), to, m)
		if oe, ok := errors.AsType[*bot.OutcomeError](err); !ok || oe.Class != bot.ChannelGone || oe.Code != code {
			t.Errorf("send to %s: %v, want %s", channel, err, code)
		}
	}
}

func TestSendMarksAndLinksNothing(t *testing.T) {
	fake, s := start(t, nil)
	to, m := oneMessage(t)
	if _, err := s.Send(t.Context(), to, m); err != nil {
		t.Fatal(err)
	}
	posted := fake.Messages(bottest.SlackChannelID)[0]
	if posted.Unfurls || posted.LinksNames {
		t.Errorf("opens cards: %v, links names: %v", posted.Unfurls, posted.LinksNames)
	}
	if want := `{"event_type":"cyberbrief","event_payload":{"delivery":"` + to.Marker.Delivery + `","part":0}}`; string(posted.Metadata) != want {
		t.Errorf("metadata is %s, want %s", posted.Metadata, want)
	}
	if !strings.Contains(string(posted.Blocks[0]), `"block_id":"`+to.Marker.String()+`"`) {
		t.Errorf("first block is %s", posted.Blocks[0])
	}
}

// Slack may ignore metadata: the block_id is found all the same. It may
// change block_ids: the metadata is found all the same.
func TestFindByEitherMarker(t *testing.T) {
	at := ref(bottest.SlackChannelID)
	marker := bot.Marker{Delivery: bot.DeliveryID(at, "2025-07-02"), Part: 3}
	for name, page := range map[string]string{
		"block_id":         `{"ok":true,"messages":[{"ts":"1.2","blocks":[{"type":"header","block_id":"` + marker.String() + `"}]}]}`,
		"metadata":         `{"ok":true,"messages":[{"ts":"1.2","metadata":{"event_type":"cyberbrief","event_payload":{"delivery":"` + marker.Delivery + `","part":3}}}]}`,
		"beside strangers": `{"ok":true,"messages":[17,{"ts":5},{"ts":"0.1","metadata":{"event_type":"x","event_payload":[1]},"blocks":["?"]},{"ts":"1.2","metadata":{"event_type":"cyberbrief","event_payload":{"delivery":"` + marker.Delivery + `","part":3}}}]}`,
	} {
		fake, s := start(t, nil)
		fake.FailNext("conversations.history", bottest.SlackFault{Body: page})
		if id, err := s.Find(t.Context(), bot.Target{Ref: at, Marker: marker}, time.Now()); err != nil || id != "1.2" {
			t.Errorf("by %s: %q, %v", name, id, err)
		}
	}
}

func TestFindReadsEveryPage(t *testing.T) {
	fake, s := start(t, nil)
	to, m := oneMessage(t)
	id, err := s.Send(t.Context(), to, m)
	if err != nil {
		t.Fatal(err)
	}
	for range 250 {
		fake.Say(bottest.SlackChannelID, "ほかの話")
	}
	if found, err := s.Find(t.Context(), to, time.Now()); err != nil || found != id {
		t.Errorf("found %q, %v; want %q", found, err, id)
	}
	if found, err := s.Find(t.Context(), to, time.Now().Add(time.Hour)); err != nil || found != "" {
		t.Errorf("found %q, %v, which is older than asked for", found, err)
	}
	for range 1000 {
		fake.Say(bottest.SlackChannelID, "ほかの話")
	}
	if found, err := s.Find(t.Context(), to, time.Now()); bot.ClassOf(err) != bot.Transient || found != "" {
		t.Errorf("gave up with %q, %v", found, err)
	}
}

// An error says that Find could not look; nothing may be concluded from it.
func TestFindErrors(t *testing.T) {
	for _, tc := range []struct {
		fault bottest.SlackFault
		class bot.Class
	}{
		{bottest.SlackFault{Error: "not_in_channel"}, bot.ChannelGone},
		{bottest.SlackFault{Error: "missing_scope"}, bot.InstallationGone},
		{bottest.SlackFault{Status: 500}, bot.Transient},
		{bottest.SlackFault{Reset: true}, bot.Transient},
		{bottest.SlackFault{Body: "{}"}, bot.Transient},
		{bottest.SlackFault{Status: 429, RetryAfter: "3"}, bot.Limited},
	} {
		fake, s := start(t, nil)
		fake.FailNext("conversations.history", tc.fault)
		to, _ := oneMessage(t)
		if id, err := s.Find(t.Context(), to, time.Now()); id != "" || bot.ClassOf(err) != tc.class {
			t.Errorf("%+v: %q, %v; want %v", tc.fault, id, err, tc.class)
		}
	}
}

func TestEditKeepsTheMarker(t *testing.T) {
	fake, s := start(t, nil)
	to, m := oneMessage(t)
	id, err := s.Send(t.Context(), to, m)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Edit(t.Context(), to, id, m); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(t.Context(), to, time.Now()); err != nil || found != id || !fake.Messages(bottest.SlackChannelID)[0].Edited {
		t.Errorf("found %q, %v after an edit", found, err)
	}
}

func TestEditAndDeleteClasses(t *testing.T) {
	for code, class := range map[string]bot.Class{
		"message_not_found": bot.MessageGone, "edit_window_closed": bot.MessageKept, "cant_update_message": bot.MessageKept,
		"is_inactive": bot.ChannelGone, "msg_too_long": bot.Payload,
	} {
		fake, s := start(t, nil)
		to, m := oneMessage(t)
		fake.FailNext("chat.update", bottest.SlackFault{Error: code})
		if err := s.Edit(t.Context(), to, "1.2", m); bot.ClassOf(err) != class {
			t.Errorf("edit, %s: %v, want %v", code, err, class)
		}
		fake.FailNext("chat.delete", bottest.SlackFault{Error: "cant_delete_message"})
		if err := s.Delete(t.Context(), to, "1.2"); bot.ClassOf(err) != bot.MessageKept {
			t.Errorf("delete: %v", err)
		}
	}
}

func TestSendRefusesWhatItDidNotRender(t *testing.T) {
	fake, s := start(t, nil)
	to, _ := oneMessage(t)
	for _, m := range []string{``, `[]`, `{"blocks":[17]}`} {
		if _, err := s.Send(t.Context(), to, bot.Message(m)); bot.ClassOf(err) != bot.Payload {
			t.Errorf("%q: %v", m, err)
		}
	}
	if n := len(fake.Calls("")); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

// leaky answers every request with the secrets that came with it.
type leaky struct{}

func (leaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "conversations.history") {
		return nil, errors.New("dial https://x/?token=" + r.Header.Get("Authorization"))
	}
	body, err := json.Marshal(map[string]any{"ok": false, "error": "missing_scope", "needed": r.Header.Get("Authorization")})
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body))), Request: r}, nil
}

func TestErrorsHoldNoSecret(t *testing.T) {
	_, s := start(t, func(o *slack.Options) { o.Base, o.BotToken = leaky{}, "an-unusual-secret" })
	to, m := oneMessage(t)
	_, sendErr := s.Send(t.Context(), to, m)
	_, findErr := s.Find(t.Context(), to, time.Now())
	for _, err := range []error{sendErr, findErr, s.Edit(t.Context(), to, "1", m), s.Delete(t.Context(), to, "1"), s.Check(t.Context(), to.Ref)} {
		if err == nil || strings.Contains(err.Error(), "unusual") {
			t.Errorf("error is %v", err)
		}
	}
}

// TestThreadRefused: what Slack says of a thread is not said of its channel.
func TestThreadRefused(t *testing.T) {
	for code, want := range map[string]bot.Class{
		"cannot_reply_to_message": bot.MessageKept, "restricted_action_thread_locked": bot.MessageKept,
		"restricted_action_non_threadable_channel": bot.MessageKept,
		"is_archived": bot.ChannelGone, "thread_not_found": bot.MessageGone,
	} {
		fake, s := start(t, nil)
		to, m := oneMessage(t)
		parent, err := s.Send(t.Context(), to, m)
		if err != nil {
			t.Fatal(err)
		}
		to.Thread, to.Marker.Part = parent, 1
		fake.FailNext("chat.postMessage", bottest.SlackFault{Error: code})
		_, err = s.Send(t.Context(), to, m)
		if oe, _ := errors.AsType[*bot.OutcomeError](err); oe == nil || oe.Class != want || oe.Code != code {
			t.Errorf("%s: got %v, want it %v", code, err, want)
		}
	}
}
