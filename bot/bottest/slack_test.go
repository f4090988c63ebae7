package bottest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// slackCallAPI makes a request as a client would: a form with the token in
// the body, or JSON with the token in the header.
func slackCallAPI(t *testing.T, s *Slack, method string, args map[string]any, asJSON bool) map[string]any {
	t.Helper()
	var body, kind string
	if asJSON {
		raw, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		body, kind = string(raw), "application/json; charset=utf-8"
	} else {
		form := url.Values{"token": {SlackBotToken}}
		for name, value := range args {
			if text, ok := value.(string); ok {
				form.Set(name, text)
				continue
			}
			raw, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			form.Set(name, string(raw))
		}
		body, kind = form.Encode(), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	if asJSON {
		req.Header.Set("Authorization", "Bearer "+SlackBotToken)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return answer
}

func TestSlackSpeaksFormAndJSON(t *testing.T) {
	s := NewSlack(t)
	for _, asJSON := range []bool{false, true} {
		args := map[string]any{"channel": "C1", "text": "本文 <https://example.com|題>", "unfurl_links": false, "unfurl_media": false,
			"blocks": []any{map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": "本文 &lt;x&gt; <https://example.com|題>"}}}}
		answer := slackCallAPI(t, s, "chat.postMessage", args, asJSON)
		if answer["ok"] != true || answer["ts"] == "" {
			t.Fatalf("JSON %v: %v", asJSON, answer)
		}
		args["thread_ts"] = answer["ts"]
		if reply := slackCallAPI(t, s, "chat.postMessage", args, asJSON); reply["ok"] != true || reply["ts"] == answer["ts"] {
			t.Fatalf("JSON %v: reply %v", asJSON, reply)
		}
	}
	seen := s.Seen("C1")
	if len(seen) != 4 || seen[0].Text != "本文 <x> 題" || seen[0].Thread || !seen[1].Thread || seen[2].Thread {
		t.Errorf("seen: %+v", seen)
	}
}

// What Slack refuses, the fake refuses, and says where Slack says so.
func TestSlackRefuses(t *testing.T) {
	s := NewSlack(t)
	text := func(kind string, n int) map[string]any {
		return map[string]any{"type": kind, "text": strings.Repeat("あ", n)}
	}
	block := func(kind string, more map[string]any) map[string]any {
		b := map[string]any{"type": kind}
		for name, value := range more {
			b[name] = value
		}
		return b
	}
	button := func(more map[string]any) map[string]any {
		b := block("button", map[string]any{"text": text("plain_text", 1), "action_id": "a"})
		for name, value := range more {
			b[name] = value
		}
		return block("actions", map[string]any{"elements": []any{b}})
	}
	options := func(count, label, value int) map[string]any {
		var all []any
		for range count {
			all = append(all, map[string]any{"text": text("plain_text", label), "value": strings.Repeat("v", value)})
		}
		return block("actions", map[string]any{"elements": []any{block("static_select", map[string]any{"action_id": "a", "options": all})}})
	}
	rich := func(elements ...any) map[string]any { return block("rich_text", map[string]any{"elements": elements}) }
	section := func(pieces ...any) map[string]any {
		return block("rich_text_section", map[string]any{"elements": pieces})
	}
	many := func(n int, b any) (all []any) {
		for range n {
			all = append(all, b)
		}
		return all
	}
	for _, tc := range []struct {
		name   string
		blocks any
		code   string // empty: accepted
		page   string
	}{
		{"50 blocks", many(50, block("divider", nil)), "", ""},
		{"51 blocks", many(51, block("divider", nil)), "invalid_blocks", slackBlocksURL},
		{"no array", "divider", "invalid_blocks_format", ""},
		{"unknown block", []any{block("hologram", nil)}, "invalid_blocks", slackBlocksURL},
		{"same block_id twice", many(2, block("divider", map[string]any{"block_id": "x"})), "invalid_blocks", "block_id"},
		{"block_id of 256", []any{block("divider", map[string]any{"block_id": strings.Repeat("x", 256)})}, "invalid_blocks", "255"},
		{"header of 150", []any{block("header", map[string]any{"text": text("plain_text", 150)})}, "", ""},
		{"header of 151", []any{block("header", map[string]any{"text": text("plain_text", 151)})}, "invalid_blocks", "header-block"},
		{"header in mrkdwn", []any{block("header", map[string]any{"text": text("mrkdwn", 1)})}, "invalid_blocks", "text-object"},
		{"empty header", []any{block("header", map[string]any{"text": text("plain_text", 0)})}, "invalid_blocks", "header-block"},
		{"section of 3000", []any{block("section", map[string]any{"text": text("mrkdwn", 3000)})}, "", ""},
		{"section of 3001", []any{block("section", map[string]any{"text": text("mrkdwn", 3001)})}, "invalid_blocks", "section-block"},
		{"section of nothing", []any{block("section", nil)}, "invalid_blocks", "section-block"},
		{"10 in small print", []any{block("context", map[string]any{"elements": many(10, text("mrkdwn", 1))})}, "", ""},
		{"11 in small print", []any{block("context", map[string]any{"elements": many(11, text("mrkdwn", 1))})}, "invalid_blocks", "context-block"},
		{"button of 75", []any{button(map[string]any{"text": text("plain_text", 75)})}, "", ""},
		{"button of 76", []any{button(map[string]any{"text": text("plain_text", 76)})}, "invalid_blocks", "button-element"},
		{"button value of 2001", []any{button(map[string]any{"value": strings.Repeat("v", 2001)})}, "invalid_blocks", "button-element"},
		{"button to nowhere", []any{button(map[string]any{"url": "javascript:x"})}, "invalid_blocks", "button-element"},
		{"two buttons of one id", []any{block("actions", map[string]any{"elements": many(2, block("button", map[string]any{"text": text("plain_text", 1), "action_id": "a"}))})}, "invalid_blocks", "action_id"},
		{"100 options", []any{options(100, 1, 1)}, "", ""},
		{"101 options", []any{options(101, 1, 1)}, "invalid_blocks", "select-menu"},
		{"no option", []any{options(0, 1, 1)}, "invalid_blocks", "select-menu"},
		{"option of 76", []any{options(1, 76, 1)}, "invalid_blocks", "option-object"},
		{"option value of 76", []any{options(1, 1, 76)}, "invalid_blocks", "option-object"},
		{"rich text", []any{rich(section(text("text", 5), block("link", map[string]any{"url": "https://example.com"})))}, "", ""},
		{"empty rich text", []any{rich(section(text("text", 0)))}, "invalid_blocks", "rich-text-block"},
		{"rich text without pieces", []any{rich(section())}, "invalid_blocks", "rich-text-block"},
		{"quote in a list", []any{rich(block("rich_text_list", map[string]any{"style": "bullet", "elements": []any{block("rich_text_quote", nil)}}))}, "invalid_blocks", "rich-text-block"},
		{"mention in code", []any{rich(block("rich_text_preformatted", map[string]any{"elements": []any{block("user", map[string]any{"user_id": "U1"})}}))}, "invalid_blocks", "rich-text-block"},
		{"all texts together", many(4, block("section", map[string]any{"text": text("mrkdwn", 2900)})), "msg_blocks_too_long", slackBudgetURL},
	} {
		answer := slackCallAPI(t, s, "chat.postMessage", map[string]any{"channel": "C1", "text": "x", "blocks": tc.blocks}, true)
		code, _ := answer["error"].(string)
		if code != tc.code || tc.page != "" && !strings.Contains(fmt.Sprint(answer), tc.page) {
			t.Errorf("%s: %v, want %q and a word of %q", tc.name, answer, tc.code, tc.page)
		}
	}
	for metadata, want := range map[string]string{
		`{"event_type":"x","event_payload":{"a":1}}`:                                   "",
		`{"event_type":"x"}`:                                                           "invalid_metadata_format",
		`{"event_type":"x","event_payload":{"A-b":1}}`:                                 "invalid_metadata_format",
		`{"event_type":"x","event_payload":{"a":{"b":{}}}}`:                            "invalid_metadata_format",
		`{"event_type":"x","event_payload":{"a":"` + strings.Repeat("a", 2000) + `"}}`: "metadata_too_large",
		`17`: "invalid_metadata_format",
	} {
		answer := slackCallAPI(t, s, "chat.postMessage", map[string]any{"channel": "C1", "text": "x", "metadata": metadata}, false)
		if code, _ := answer["error"].(string); code != want {
			t.Errorf("metadata %.60s: %v, want %q", metadata, answer, want)
		}
	}
	if answer := slackCallAPI(t, s, "chat.postMessage", map[string]any{"channel": "C1"}, false); answer["error"] != "no_text" {
		t.Errorf("nothing to say: %v", answer)
	}
}

func TestSlackSeesPings(t *testing.T) {
	blocks := func(s string) []json.RawMessage { return []json.RawMessage{json.RawMessage(s)} }
	for _, tc := range []struct {
		m    SlackMessage
		want int
	}{
		{SlackMessage{Text: "<!here> <@U1> <!subteam^S1|x> &lt;!here&gt; <https://example.com|x>"}, 3},
		{SlackMessage{Text: "@here @channel", LinksNames: true}, 2},
		{SlackMessage{Text: "@here @channel"}, 0},
		{SlackMessage{Blocks: blocks(`{"type":"section","text":{"type":"mrkdwn","text":"<!channel>"}}`)}, 1},
		{SlackMessage{Blocks: blocks(`{"type":"header","text":{"type":"plain_text","text":"<!channel>"}}`)}, 0},
		{SlackMessage{Blocks: blocks(`{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"<!here>"},{"type":"user","user_id":"U1"},{"type":"broadcast","range":"here"}]}]}`)}, 2},
	} {
		if got := tc.m.Pings(); len(got) != tc.want {
			t.Errorf("%+v pings %q, want %d", tc.m, got, tc.want)
		}
	}
}

func TestSlackMessageIDsAreUnique(t *testing.T) {
	s := NewSlack(t)
	seen := map[string]bool{}
	last := ""
	for range 1000 {
		ts := s.Say("C1", "x")
		if seen[ts] || ts <= last {
			t.Fatalf("%s after %s", ts, last)
		}
		seen[ts], last = true, ts
	}
}

func TestSlackTokensOpenTheirOwnMethods(t *testing.T) {
	s := NewSlack(t)
	for token, want := range map[string]string{"": "not_authed", "xoxb-other": "invalid_auth", SlackAppToken: "not_allowed_token_type", SlackBotToken: ""} {
		if got := s.admit("chat.postMessage", token); got != want {
			t.Errorf("%q: %q, want %q", token, got, want)
		}
	}
	if got := s.admit("apps.connections.open", SlackAppToken); got != "" {
		t.Errorf("app token: %q", got)
	}
}

func TestSlackFaultsComeInOrder(t *testing.T) {
	s := NewSlack(t)
	s.FailNext("auth.test", SlackFault{Error: "fatal_error"}, SlackFault{Plain: true}, SlackFault{Status: 500, Body: `{"half":1}`}, SlackFault{Delay: time.Millisecond})
	var got []string
	for range 5 {
		answer := slackCallAPI(t, s, "auth.test", nil, false)
		got = append(got, fmt.Sprintf("%v %v %v", answer["ok"], answer["error"], answer["half"]))
	}
	if want := "[false fatal_error <nil> true <nil> <nil> <nil> <nil> 1 true <nil> <nil> true <nil> <nil>]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestSlackRefusesViews(t *testing.T) {
	s := NewSlack(t)
	plain := func(n int) map[string]any {
		return map[string]any{"type": "plain_text", "text": strings.Repeat("あ", n)}
	}
	input := func(element map[string]any) map[string]any {
		element["action_id"] = "v"
		return map[string]any{"type": "input", "block_id": "b", "label": plain(1), "element": element}
	}
	option := func(value string) map[string]any { return map[string]any{"text": plain(1), "value": value} }
	line := func() map[string]any { return input(map[string]any{"type": "plain_text_input"}) }
	divider := map[string]any{"type": "divider"}
	modal := func(change map[string]any, blocks ...any) map[string]any {
		v := map[string]any{"type": "modal", "title": plain(24), "submit": plain(24), "close": plain(24), "blocks": blocks}
		for name, value := range change {
			v[name] = value
		}
		return v
	}
	many := func(n int) (all []any) {
		for range n {
			all = append(all, divider)
		}
		return all
	}
	for _, tc := range []struct {
		name string
		view map[string]any
		word string // of the refusal; empty: accepted
	}{
		{"the most there may be", modal(map[string]any{"callback_id": strings.Repeat("c", 255), "private_metadata": strings.Repeat("m", 3000)}, many(100)...), ""},
		{"101 blocks", modal(nil, many(101)...), "101 blocks"},
		{"no blocks", modal(nil), "no blocks"},
		{"a title of 25", modal(map[string]any{"title": plain(25)}, divider), "25 characters, at most 24"},
		{"no title", modal(map[string]any{"title": nil}, divider), "text object"},
		{"a submit of 25", modal(map[string]any{"submit": plain(25)}, divider), "25 characters, at most 24"},
		{"a close of 25", modal(map[string]any{"close": plain(25)}, divider), "25 characters, at most 24"},
		{"metadata of 3001", modal(map[string]any{"private_metadata": strings.Repeat("m", 3001)}, divider), "private_metadata"},
		{"callback_id of 256", modal(map[string]any{"callback_id": strings.Repeat("c", 256)}, divider), "callback_id"},
		{"an unknown block", modal(nil, map[string]any{"type": "hologram"}), "hologram"},
		{"a table", modal(nil, map[string]any{"type": "table"}), "table"},
		{"one block_id twice", modal(nil, line(), line()), "stands twice"},
		{"a field without submit", modal(map[string]any{"submit": nil}, line()), "without submit"},
		{"a home tab", modal(map[string]any{"type": "home"}, divider), `type "home"`},
		{"a button in an input", modal(nil, input(map[string]any{"type": "button", "text": plain(1)})), "input block"},
		{"a time of 9:15", modal(nil, input(map[string]any{"type": "timepicker", "initial_time": "9:15"})), "HH:mm"},
		{"a zone that is none", modal(nil, input(map[string]any{"type": "timepicker", "timezone": "Mars/Base"})), "timezone"},
		{"a time", modal(nil, input(map[string]any{"type": "timepicker", "initial_time": "09:15", "timezone": "Asia/Tokyo"})), ""},
		{"11 boxes", modal(nil, input(map[string]any{"type": "checkboxes", "options": []any{option("1"), option("2"), option("3"), option("4"), option("5"), option("6"), option("7"), option("8"), option("9"), option("10"), option("11")}})), "11 options"},
		{"a tick at what is not there", modal(nil, input(map[string]any{"type": "checkboxes", "options": []any{option("1")}, "initial_options": []any{option("2")}})), "none of the options"},
		{"no ticks", modal(nil, input(map[string]any{"type": "checkboxes", "options": []any{option("1")}, "initial_options": []any{}})), "initial_options is empty"},
		{"a pick of what is not there", modal(nil, input(map[string]any{"type": "static_select", "options": []any{option("1")}, "initial_option": option("2")})), "none of the options"},
		{"a long view", modal(map[string]any{"external_id": strings.Repeat("x", 250_000)}, divider), "view_too_large"},
	} {
		answer := slackCallAPI(t, s, "views.open", map[string]any{"trigger_id": s.views.trigger(1, "U1"), "view": tc.view}, true)
		if (answer["ok"] == true) != (tc.word == "") || !strings.Contains(fmt.Sprint(answer), tc.word) {
			t.Errorf("%s: %.300s, want a word of %q", tc.name, fmt.Sprint(answer), tc.word)
		}
	}
	home := func(change map[string]any) map[string]any {
		v := map[string]any{"type": "home", "blocks": []any{divider}}
		for name, value := range change {
			v[name] = value
		}
		return map[string]any{"user_id": "U1", "view": v}
	}
	for name, tc := range map[string]struct {
		args map[string]any
		word string
	}{
		"a home tab": {home(nil), ""}, "with a title": {home(map[string]any{"title": plain(1)}), "title"},
		"a modal": {home(map[string]any{"type": "modal"}), `type "modal"`}, "for nobody": {map[string]any{"user_id": "U404", "view": home(nil)["view"]}, "user_not_found"},
	} {
		if answer := slackCallAPI(t, s, "views.publish", tc.args, true); (answer["ok"] == true) != (tc.word == "") || !strings.Contains(fmt.Sprint(answer), tc.word) {
			t.Errorf("%s: %v, want a word of %q", name, answer, tc.word)
		}
	}
}

// A trigger opens one view, within three seconds.
func TestSlackTriggersAreGoodOnce(t *testing.T) {
	s := NewSlack(t)
	view := map[string]any{"type": "modal", "title": map[string]any{"type": "plain_text", "text": "x"}, "blocks": []any{map[string]any{"type": "divider"}}}
	open := func(trigger string) any {
		return slackCallAPI(t, s, "views.open", map[string]any{"trigger_id": trigger, "view": view}, true)["error"]
	}
	once := s.views.trigger(1, "U1")
	for trigger, want := range map[string]any{"never given": "invalid_trigger_id", once: nil} {
		if got := open(trigger); got != want {
			t.Errorf("%s: %v, want %v", trigger, got, want)
		}
	}
	if got := open(once); got != "exchanged_trigger_id" {
		t.Errorf("a trigger again: %v", got)
	}
	old := s.views.trigger(2, "U1")
	s.ExpireTriggers()
	if got := open(old); got != "expired_trigger_id" {
		t.Errorf("an old trigger: %v", got)
	}
	if got := slackCallAPI(t, s, "views.update", map[string]any{"view_id": "V404", "view": view}, true)["error"]; got != "not_found" {
		t.Errorf("an update of nothing: %v", got)
	}
}

// What a form must not be answered with is an error that people would see.
func TestSlackRefusesAnswersToForms(t *testing.T) {
	s := NewSlack(t)
	v := SlackView{ID: "V1", User: "U1", Type: "modal", Blocks: []json.RawMessage{
		json.RawMessage(`{"type":"input","block_id":"b","label":{"type":"plain_text","text":"欄"},"element":{"type":"plain_text_input","action_id":"v"}}`)}}
	for ack, want := range map[string]string{
		``: "", `null`: "", `{"response_action":"clear"}`: "", `{"response_action":"errors","errors":{"b":"だめ"}}`: "",
		`{"response_action":"update","view":{"type":"modal","title":{"type":"plain_text","text":"x"},"blocks":[{"type":"divider"}]}}`: "",
		`{"response_action":"errors","errors":{"other":"だめ"}}`:                                                                        "no input of the modal",
		`{"response_action":"errors","errors":{"b":""}}`:                                                                              "no input of the modal",
		`{"response_action":"errors"}`:                                                                                                "errors without any",
		`{"response_action":"update","view":{"type":"home"}}`:                                                                         `type "home"`,
		`{"response_action":"dance"}`:                                                                                                 "dance",
		`{}`:                                                                                                                          "response_action",
		`"ok"`:                                                                                                                        "no JSON",
	} {
		if _, err := s.answerForm(v, json.RawMessage(ack)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a word of %q", ack, err, want)
		}
	}
}
