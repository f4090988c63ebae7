package slack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
)

// The types of interactions.
// https://docs.slack.dev/reference/interaction-payloads/
const (
	typeBlockActions  = "block_actions"
	typeSubmission    = "view_submission"
	typeMessageAction = "message_action" // a shortcut of a message
	typeShortcut      = "shortcut"       // a shortcut of everywhere
)

// The callback_ids of the shortcuts in the app's manifest.
const (
	LookUpShortcut = "look_up"
	SearchShortcut = "search_term"
)

// pressed is the payload of an interaction. Only what is needed is read.
type pressed struct {
	Type string `json:"type"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID       string `json:"id"`
		TeamID   string `json:"team_id"`
		Name     string `json:"name"`
		Username string `json:"username"`
	} `json:"user"`
	Channel struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		ChannelID string `json:"channel_id"`
		ThreadTS  string `json:"thread_ts"`
	} `json:"container"`
	Actions []struct {
		ID     string `json:"action_id"`
		Value  string `json:"value"`
		Option struct {
			Value string `json:"value"`
		} `json:"selected_option"`
	} `json:"actions"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
	// CallbackID is a shortcut's.
	CallbackID string `json:"callback_id"`
	// Message is what a message shortcut was used on.
	Message json.RawMessage `json:"message"`
	// View is where it happened, if not in a message.
	View struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		CallbackID string `json:"callback_id"`
		Metadata   string `json:"private_metadata"`
		State      filled `json:"state"`
	} `json:"view"`
}

// jobs are the requests in an interaction; one that is not ours to answer,
// such as a button that opens an address, gives none.
func (s *Slack) jobs(id string, p pressed) []job {
	if p.User.ID == "" {
		return nil
	}
	switch {
	case p.Type == typeBlockActions:
		return s.actionJobs(id, p)
	case p.Type == typeMessageAction && p.CallbackID == LookUpShortcut:
		return []job{s.gesture(id, p, "lookup", messageText(p.Message))}
	case p.Type == typeShortcut && p.CallbackID == SearchShortcut:
		return []job{s.gesture(id, p, "term-form", "")}
	}
	return nil
}

// actionJobs are the requests of blocks that were pressed.
func (s *Slack) actionJobs(id string, p pressed) []job {
	var jobs []job
	for i, a := range p.Actions {
		command, ok := commandOf(a.ID)
		if !ok {
			continue
		}
		j := s.gesture(id, p, command, cmp.Or(a.Option.Value, a.Value))
		if i > 0 {
			j.ID = fmt.Sprintf("%s-%d", id, i)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// gesture is the job of an interaction that gives a command.
func (s *Slack) gesture(id string, p pressed, command, text string) job {
	channel := cmp.Or(p.Channel.ID, p.Container.ChannelID, originOf(p.View.Metadata).Channel)
	req := s.request(id, cmp.Or(p.Team.ID, p.User.TeamID), channel, p.User.ID, cmp.Or(p.User.Username, p.User.Name))
	req.Command, req.Text = command, text
	j := job{Request: req, responseURL: p.ResponseURL, thread: p.Container.ThreadTS, trigger: p.TriggerID}
	switch p.View.Type {
	case homeView:
		j.surface = overHome
	case modalView:
		j.surface, j.view = inModal, p.View.ID
	}
	return j
}

// submission is the job of a form that was sent; ok is false for what is no
// form of ours.
func (s *Slack) submission(id string, p pressed) (j job, ok bool) {
	from := originOf(p.View.Metadata)
	if p.Type != typeSubmission || p.View.CallbackID != formCallback || from.Command == "" || p.User.ID == "" {
		return job{}, false
	}
	j = s.gesture(id, p, from.Command, from.Argument)
	j.Answers = p.View.State.answers()
	return j, true
}

// messageText is all text of a message: that of its blocks, or where it has
// none, its text without the mark-up that hides letters.
func messageText(raw json.RawMessage) string {
	var m struct {
		Text   string            `json:"text"`
		Blocks []json.RawMessage `json:"blocks"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return ""
	}
	var lines []string
	for _, b := range m.Blocks {
		var v any
		if json.Unmarshal(b, &v) == nil {
			lines = append(lines, textsBelow(v))
		}
	}
	if text := strings.TrimSpace(strings.Join(lines, "\n")); text != "" {
		return text
	}
	return unescape.Replace(m.Text)
}

// textsBelow are the texts in a block, in order; what stands in one run of
// rich text is not parted.
func textsBelow(v any) string {
	var sb strings.Builder
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			sb.WriteString(textsBelow(e))
		}
	case map[string]any:
		if text, ok := v["text"].(string); ok {
			sb.WriteString(text)
		} else {
			sb.WriteString(textsBelow(v["text"]))
		}
		for _, name := range []string{"fields", "elements"} {
			sb.WriteString(textsBelow(v[name]))
		}
		if kind, _ := v["type"].(string); kind != "text" && kind != "link" {
			sb.WriteByte('\n')
		}
	}
	return sb.String()
}

// take takes in an interaction and says what it is acknowledged with, nil for
// nothing. A form that was sent makes it wait for the answer, for at most
// submitPatience; nothing else does. Nobody can be told here that there is no
// room: Slack shows nothing of an answer to a button.
func (s *Slack) take(id string, payload []byte) any {
	var p pressed
	if err := json.Unmarshal(payload, &p); err != nil {
		s.log.Warn("interaction cannot be read", "error", err)
		return nil
	}
	if j, ok := s.submission(id, p); ok {
		return s.intake.submit(j)
	}
	for _, j := range s.jobs(id, p) {
		s.intake.accept(j)
	}
	return nil
}

// isSubmission says whether an interaction is a form that was sent.
func isSubmission(payload []byte) bool {
	var p struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(payload, &p) == nil && p.Type == typeSubmission
}

// event is what the Events API delivers.
// https://docs.slack.dev/reference/events/app_home_opened/
type event struct {
	TeamID  string `json:"team_id"`
	EventID string `json:"event_id"`
	Event   struct {
		Type string `json:"type"`
		User string `json:"user"`
		Tab  string `json:"tab"`
	} `json:"event"`
}

// takeEvent takes in an event. The same event comes again, under another
// envelope or signature, until it is acknowledged.
func (s *Slack) takeEvent(payload []byte) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		s.log.Warn("event cannot be read", "error", err)
		return
	}
	if e.Event.Type != "app_home_opened" || e.Event.Tab != homeView || e.Event.User == "" {
		return
	}
	s.intake.homes.add(e.TeamID, e.Event.User)
	s.intake.accept(s.homeJob(e.EventID, e.TeamID, e.Event.User))
}

// homeJob has the home tab of a member drawn.
func (s *Slack) homeJob(id, team, user string) job {
	req := s.request(id, team, "", user, "")
	req.Command = "home"
	return job{Request: req, surface: atHome}
}
