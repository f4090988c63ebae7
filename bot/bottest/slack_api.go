package bottest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slackArgs are the arguments of a method; JSON values stay JSON.
type slackArgs map[string]string

func (a slackArgs) bool(name string) bool { return a[name] == "true" || a[name] == "1" }

// maxSlackRequest bounds what the fake reads of a request.
const maxSlackRequest = 8 << 20

// slackMethods are the methods of the Web API that the fake knows.
func slackMethods() map[string]func(*Slack, slackArgs) map[string]any {
	return map[string]func(*Slack, slackArgs) map[string]any{
		"auth.test":             (*Slack).authTest,
		"apps.connections.open": (*Slack).openConnection,
		"chat.postMessage":      (*Slack).postMessage,
		"chat.postEphemeral":    (*Slack).postEphemeral,
		"chat.update":           (*Slack).updateMessage,
		"chat.delete":           (*Slack).deleteMessage,
		"chat.getPermalink":     (*Slack).permalink,
		"conversations.history": (*Slack).history,
		"conversations.replies": (*Slack).replies,
		"conversations.info":    (*Slack).channelInfo,
		"conversations.join":    (*Slack).joinChannel,
		"conversations.list":    (*Slack).listChannels,
		"conversations.members": (*Slack).members,
		"users.info":            (*Slack).userInfo,
		"views.publish":         (*Slack).publishView,
		"views.open":            (*Slack).openView,
		"views.update":          (*Slack).updateView,
	}
}

// serveAPI answers one request of the Web API.
func (s *Slack) serveAPI(w http.ResponseWriter, r *http.Request) {
	method := r.PathValue("method")
	carryOut, known := slackMethods()[method]
	args, err := readSlackArgs(r)
	if err != nil {
		writeSlackJSON(w, http.StatusOK, s.refuse("invalid_form_data", err.Error()))
		return
	}
	token := args["token"]
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	delete(args, "token")
	s.writeHeaders(w.Header())
	s.mu.Lock()
	s.calls = append(s.calls, SlackCall{method, maps.Clone(args), time.Now()})
	s.mu.Unlock()
	s.answer(w, r, s.nextFault(method), func() map[string]any {
		switch refusal := s.admit(method, token); {
		case refusal != "":
			return s.refuse(refusal)
		case !known:
			return s.refuse("unknown_method", method)
		}
		return carryOut(s, args)
	})
}

// admit says why a token does not open a method; empty when it does.
func (s *Slack) admit(method, token string) string {
	wanted, other := SlackBotToken, SlackAppToken
	if method == "apps.connections.open" {
		wanted, other = other, wanted
	}
	switch token {
	case wanted:
		return ""
	case other:
		return "not_allowed_token_type"
	case "":
		return "not_authed"
	}
	return "invalid_auth"
}

// readSlackArgs reads the query and a body that is a form or JSON.
func readSlackArgs(r *http.Request) (slackArgs, error) {
	args := slackArgs{}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSlackRequest))
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") && len(body) > 0 {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return nil, err
		}
		for name, raw := range fields {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			args[name] = text
		}
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	for name, values := range r.Form {
		args[name] = values[0]
	}
	return args, nil
}

func (s *Slack) authTest(slackArgs) map[string]any {
	return map[string]any{"ok": true, "url": "https://fake.slack.com/", "team": "Fake", "user": "cyberbrief",
		"team_id": SlackTeam, "user_id": SlackBotUser, "bot_id": SlackBotID, "is_enterprise_install": false}
}

// reach finds a channel that the bot may use; the code says why it may not.
// The lock is held.
func (s *Slack) reach(id string) (c *slackChannel, code string) {
	for _, known := range s.channels {
		if known.ID == id || "#"+known.Name == id {
			c = known
		}
	}
	switch {
	case c == nil || c.Private && !c.Member:
		return nil, "channel_not_found"
	case !c.Member:
		return nil, "not_in_channel"
	}
	return c, ""
}

// compose checks what posting, editing and ephemeral messages share.
func (s *Slack) compose(args slackArgs, budget int) (m SlackMessage, code string, why []string) {
	m = SlackMessage{Text: args["text"], Unfurls: args["unfurl_links"] != "false" || args["unfurl_media"] != "false",
		LinksNames: args.bool("link_names") || args["parse"] == "full"}
	if blocks := args["blocks"]; blocks != "" {
		if json.Unmarshal([]byte(blocks), &m.Blocks) != nil {
			return m, "invalid_blocks_format", []string{"blocks is no array of JSON objects"}
		}
	}
	if code, why = checkSlackMessage(m, budget); code != "" {
		return m, code, why
	}
	if metadata := args["metadata"]; metadata != "" {
		if code, why = checkSlackMetadata(metadata); code != "" {
			return m, code, why
		}
		m.Metadata = json.RawMessage(metadata)
	}
	m.Blocks = slackBlockIDs(m.Blocks)
	return m, "", nil
}

// slackBlockIDs gives an id to the blocks that have none, as Slack does.
func slackBlockIDs(blocks []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, len(blocks))
	for i, raw := range blocks {
		var fields map[string]any
		if json.Unmarshal(raw, &fields) == nil && fields["block_id"] == nil {
			fields["block_id"] = fmt.Sprintf("auto%d", i)
			raw, _ = json.Marshal(fields)
		}
		out[i] = raw
	}
	return out
}

func (s *Slack) postMessage(args slackArgs) map[string]any {
	m, code, why := s.compose(args, maxSlackMessageText)
	if code != "" {
		return s.refuse(code, why...)
	}
	s.mu.Lock()
	c, code := s.conversation(args["channel"]), ""
	if c == nil {
		c, code = s.reach(args["channel"])
	}
	switch thread := args["thread_ts"]; {
	case code != "":
	case c.Archived:
		code = "is_archived"
	case thread != "" && c.find(thread) == nil:
		code = "thread_not_found"
	}
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	m.Channel, m.TS, m.Thread = c.ID, s.newTS(), args["thread_ts"]
	c.messages = append(c.messages, &m)
	return map[string]any{"ok": true, "channel": c.ID, "ts": m.TS, "message": m.wire(true)}
}

// conversation is the bot's own with a user, nil when nobody has this id. The
// lock is held.
// https://docs.slack.dev/reference/methods/chat.postMessage/#app_home
func (s *Slack) conversation(user string) *slackChannel {
	if _, known := s.users[user]; !known {
		return nil
	}
	id := SlackConversation(user)
	if s.channels[id] == nil {
		s.channels[id] = &slackChannel{SlackChannel: SlackChannel{ID: id, Private: true, Member: true}}
	}
	return s.channels[id]
}

// SlackConversation is the id of the bot's conversation with a user.
func SlackConversation(user string) string { return "D" + user }

func (s *Slack) postEphemeral(args slackArgs) map[string]any {
	m, code, why := s.compose(args, maxSlackMessageText)
	if code != "" {
		return s.refuse(code, why...)
	}
	s.mu.Lock()
	c, code := s.reach(args["channel"])
	if _, known := s.users[args["user"]]; code == "" && !known {
		code = "user_not_in_channel"
	}
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	m.Channel, m.TS, m.Thread, m.For = c.ID, s.newTS(), args["thread_ts"], args["user"]
	c.messages = append(c.messages, &m)
	return map[string]any{"ok": true, "message_ts": m.TS}
}

// updateMessage keeps the metadata unless it is given anew, and drops the
// blocks when only a text is given.
func (s *Slack) updateMessage(args slackArgs) map[string]any {
	m, code, why := s.compose(args, maxSlackMessageText)
	if code != "" {
		return s.refuse(code, why...)
	}
	s.mu.Lock()
	c, code := s.reach(args["channel"])
	var old *SlackMessage
	if code == "" {
		if old = c.find(args["ts"]); old == nil || old.For != "" {
			code = "message_not_found"
		}
	}
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	old.Text, old.Blocks, old.Edited = m.Text, m.Blocks, true
	if m.Metadata != nil {
		old.Metadata = m.Metadata
	}
	return map[string]any{"ok": true, "channel": c.ID, "ts": old.TS, "text": old.Text, "message": old.wire(true)}
}

func (s *Slack) deleteMessage(args slackArgs) map[string]any {
	s.mu.Lock()
	c, code := s.reach(args["channel"])
	var m *SlackMessage
	if code == "" {
		if m = c.find(args["ts"]); m == nil {
			code = "message_not_found"
		}
	}
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	m.gone = true
	return map[string]any{"ok": true, "channel": c.ID, "ts": m.TS}
}

func (s *Slack) permalink(args slackArgs) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	link := "https://fake.slack.com/archives/" + args["channel"] + "/p" + strings.ReplaceAll(args["message_ts"], ".", "")
	return map[string]any{"ok": true, "channel": args["channel"], "permalink": link}
}

// wire is the message as the Web API gives it. Without the wish for all
// metadata only the type of it is told.
func (m *SlackMessage) wire(allMetadata bool) map[string]any {
	w := map[string]any{"type": "message", "user": SlackBotUser, "bot_id": SlackBotID, "app_id": "A1", "team": SlackTeam, "ts": m.TS, "text": m.Text}
	if m.Blocks != nil {
		w["blocks"] = m.Blocks
	}
	if m.Thread != "" {
		w["thread_ts"] = m.Thread
	}
	if m.Metadata != nil {
		w["metadata"] = m.Metadata
		if !allMetadata {
			var meta struct {
				EventType string `json:"event_type"`
			}
			_ = json.Unmarshal(m.Metadata, &meta) // it was checked when it came
			w["metadata"] = map[string]any{"event_type": meta.EventType}
		}
	}
	if m.Edited {
		w["edited"] = map[string]any{"user": SlackBotUser, "ts": m.TS}
	}
	return w
}

// history gives the messages of a channel, newest first, without threads.
func (s *Slack) history(args slackArgs) map[string]any {
	return s.page(args, func(c *slackChannel) ([]*SlackMessage, string) {
		var found []*SlackMessage
		for _, m := range slices.Backward(c.messages) {
			if m.Thread == "" {
				found = append(found, m)
			}
		}
		return found, ""
	})
}

// replies gives a parent and its thread, oldest first.
func (s *Slack) replies(args slackArgs) map[string]any {
	return s.page(args, func(c *slackChannel) ([]*SlackMessage, string) {
		if c.find(args["ts"]) == nil {
			return nil, "thread_not_found"
		}
		var found []*SlackMessage
		for _, m := range c.messages {
			if m.TS == args["ts"] || m.Thread == args["ts"] {
				found = append(found, m)
			}
		}
		return found, ""
	})
}

// page is one page of what list finds. The cursor is where the next begins.
func (s *Slack) page(args slackArgs, list func(*slackChannel) ([]*SlackMessage, string)) map[string]any {
	s.mu.Lock()
	c, code := s.reach(args["channel"])
	var found []*SlackMessage
	if code == "" {
		found, code = list(c)
	}
	limit, from := 100, 0
	var err error
	if args["limit"] != "" {
		if limit, err = strconv.Atoi(args["limit"]); err != nil || limit < 1 || limit > 999 {
			code = "invalid_limit"
		}
	}
	if args["cursor"] != "" {
		if from, err = strconv.Atoi(args["cursor"]); err != nil {
			code = "invalid_cursor"
		}
	}
	if _, err := strconv.ParseFloat("0"+args["oldest"], 64); err != nil {
		code = "invalid_ts_oldest"
	}
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	found = slices.DeleteFunc(found, func(m *SlackMessage) bool {
		return m.gone || m.For != "" || m.TS < args["oldest"] || args["latest"] != "" && m.TS > args["latest"]
	})
	end := min(len(found), from+limit)
	messages := []any{}
	for _, m := range found[min(from, end):end] {
		messages = append(messages, m.wire(args.bool("include_all_metadata")))
	}
	answer := map[string]any{"ok": true, "messages": messages, "has_more": end < len(found)}
	if end < len(found) {
		answer["response_metadata"] = map[string]any{"next_cursor": strconv.Itoa(end)}
	}
	return answer
}

func (c *slackChannel) wire() map[string]any {
	return map[string]any{"id": c.ID, "name": c.Name, "is_channel": true, "is_private": c.Private,
		"is_archived": c.Archived, "is_member": c.Member, "context_team_id": SlackTeam}
}

func (s *Slack) channelInfo(args slackArgs) map[string]any {
	s.mu.Lock()
	c := s.channels[args["channel"]]
	s.mu.Unlock()
	if c == nil || c.Private && !c.Member {
		return s.refuse("channel_not_found")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"ok": true, "channel": c.wire()}
}

func (s *Slack) joinChannel(args slackArgs) map[string]any {
	s.mu.Lock()
	c, code := s.channels[args["channel"]], ""
	switch {
	case c == nil || c.Private && !c.Member:
		code = "channel_not_found"
	case c.Archived:
		code = "is_archived"
	case c.Private:
		code = "method_not_supported_for_channel_type"
	}
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	c.Member = true
	return map[string]any{"ok": true, "channel": c.wire()}
}

func (s *Slack) listChannels(slackArgs) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(s.channels)) {
		list = append(list, s.channels[id].wire())
	}
	return map[string]any{"ok": true, "channels": list}
}

func (s *Slack) members(args slackArgs) map[string]any {
	s.mu.Lock()
	c, code := s.reach(args["channel"])
	if code != "" {
		s.mu.Unlock()
		return s.refuse(code)
	}
	defer s.mu.Unlock()
	members := slices.Sorted(maps.Keys(s.users))
	if c.Member {
		members = append(members, SlackBotUser)
	}
	return map[string]any{"ok": true, "members": members}
}

func (s *Slack) userInfo(args slackArgs) map[string]any {
	s.mu.Lock()
	u, known := s.users[args["user"]]
	s.mu.Unlock()
	if !known {
		return s.refuse("user_not_found")
	}
	return map[string]any{"ok": true, "user": map[string]any{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "deleted": u.Deleted, "is_bot": u.Bot,
		"is_admin": u.Admin, "is_owner": u.Owner, "is_primary_owner": u.Primary,
		"is_restricted": u.Guest || u.Guest1, "is_ultra_restricted": u.Guest1, "is_stranger": u.Stranger,
	}}
}
