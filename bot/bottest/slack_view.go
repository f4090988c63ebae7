package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Bounds of views.
// https://docs.slack.dev/reference/views/
const (
	slackViewsURL    = "https://docs.slack.dev/reference/views/"
	slackTriggerLife = 3 * time.Second
	maxSlackView     = 250_000
	maxSlackViewName = 24
	maxSlackPrivate  = 3_000
)

// SlackView is a modal or a home tab as a member sees it.
type SlackView struct {
	ID, User, Type string
	// Title is a modal's, CallbackID what tells ours apart.
	Title, CallbackID string
	Private           string // private_metadata
	Blocks            []json.RawMessage
	// Errors are what a form that was sent is refused for, by label.
	Errors map[string]string
	// Closed says that the modal was closed by the answer to a form.
	Closed bool
	// Body is the view as it came.
	Body json.RawMessage
	// edition counts what was shown to the user before it.
	edition int
}

// slackViews are the views of all members.
type slackViews struct {
	mu       sync.Mutex
	triggers map[string]slackTrigger
	homes    map[string]SlackView
	modals   map[string]SlackView // the newest of each member
	shown    int
}

type slackTrigger struct {
	user string
	at   time.Time
	used bool
}

func (v *slackViews) init() {
	v.triggers, v.homes, v.modals = map[string]slackTrigger{}, map[string]SlackView{}, map[string]SlackView{}
}

// trigger is a trigger_id for what a member does now.
func (v *slackViews) trigger(serial int, user string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	id := strconv.Itoa(serial) + ".trigger"
	v.triggers[id] = slackTrigger{user: user, at: time.Now()}
	return id
}

// ExpireTriggers makes every trigger_id so far too old.
func (s *Slack) ExpireTriggers() {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	for id, t := range s.views.triggers {
		t.at = t.at.Add(-slackTriggerLife)
		s.views.triggers[id] = t
	}
}

// use takes a trigger: it is good once, for three seconds.
func (v *slackViews) use(id string) (user, code string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t, known := v.triggers[id]
	switch {
	case !known:
		return "", "invalid_trigger_id"
	case t.used:
		return "", "exchanged_trigger_id"
	case time.Since(t.at) > slackTriggerLife:
		return "", "expired_trigger_id"
	}
	t.used = true
	v.triggers[id] = t
	return t.user, ""
}

// readView checks a view; why is nil for one that Slack takes.
func readView(raw, kind string) (v SlackView, code string, why []string) {
	var b struct {
		Type     string            `json:"type"`
		Title    any               `json:"title"`
		Submit   any               `json:"submit"`
		Close    any               `json:"close"`
		Callback string            `json:"callback_id"`
		Private  string            `json:"private_metadata"`
		Blocks   []json.RawMessage `json:"blocks"`
	}
	if len(raw) > maxSlackView {
		return v, "view_too_large", []string{"https://docs.slack.dev/reference/methods/views.open/"}
	}
	if json.Unmarshal([]byte(raw), &b) != nil {
		return v, "invalid_arguments", []string{"view is no JSON object"}
	}
	c := &slackCheck{where: "view"}
	c.why = append(c.why, checkSlackBlocks(b.Blocks, maxSlackViewBlocks)...)
	if b.Type != kind {
		c.fail(slackViewsURL, "type %q, want %q", b.Type, kind)
	}
	if len(b.Blocks) == 0 {
		c.fail(slackViewsURL, "no blocks")
	}
	if slackLen(b.Private) > maxSlackPrivate {
		c.fail(slackViewsURL, "private_metadata has %d characters, at most %d", slackLen(b.Private), maxSlackPrivate)
	}
	if slackLen(b.Callback) > 255 {
		c.fail(slackViewsURL, "callback_id has %d characters, at most 255", slackLen(b.Callback))
	}
	c.names(kind, b.Title, b.Submit, b.Close)
	if kind == "modal" && b.Submit == nil && slices.ContainsFunc(b.Blocks, slackSendable) {
		c.fail(slackViewsURL+"modal-views/", "input blocks without submit")
	}
	title := slackTextObject(b.Title)
	v = SlackView{Type: b.Type, Title: title, CallbackID: b.Callback, Private: b.Private, Blocks: slackBlockIDs(b.Blocks), Body: json.RawMessage(raw)}
	if len(c.why) > 0 {
		return v, "invalid_arguments", c.why
	}
	return v, "", nil
}

// slackSendable says whether a block is an input that is sent with the form.
func slackSendable(raw json.RawMessage) bool {
	var b struct {
		Type     string `json:"type"`
		Dispatch bool   `json:"dispatch_action"`
	}
	return json.Unmarshal(raw, &b) == nil && b.Type == "input" && !b.Dispatch
}

// names checks what stands on the frame of a view; a home tab has none.
func (c *slackCheck) names(kind string, title, submit, end any) {
	if kind == "home" {
		if title != nil || submit != nil || end != nil {
			c.fail(slackViewsURL+"home-tab-views/", "title, submit or close")
		}
		return
	}
	c.text(slackViewsURL+"modal-views/", title, maxSlackViewName, "plain_text")
	for _, label := range []any{submit, end} {
		if label != nil {
			c.text(slackViewsURL+"modal-views/", label, maxSlackViewName, "plain_text")
		}
	}
}

// keep shows a view to its member. The lock of the views is held.
func (s *Slack) keep(v SlackView) map[string]any {
	s.views.shown++
	v.edition = s.views.shown
	if v.Type == "home" {
		s.views.homes[v.User] = v
	} else {
		s.views.modals[v.User] = v
	}
	s.sockets.bell.ring()
	return map[string]any{"ok": true, "view": map[string]any{"id": v.ID, "type": v.Type, "hash": strconv.Itoa(v.edition)}}
}

func (s *Slack) newViewID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("V%d", s.newSerial())
}

func (s *Slack) publishView(args slackArgs) map[string]any {
	v, code, why := readView(args["view"], "home")
	s.mu.Lock()
	_, known := s.users[args["user_id"]]
	s.mu.Unlock()
	if code == "" && !known {
		code = "user_not_found"
	}
	if code != "" {
		return s.refuse(code, why...)
	}
	v.ID, v.User = s.newViewID(), args["user_id"]
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	return s.keep(v)
}

func (s *Slack) openView(args slackArgs) map[string]any {
	v, code, why := readView(args["view"], "modal")
	if code == "" {
		v.User, code = s.views.use(args["trigger_id"])
	}
	if code != "" {
		return s.refuse(code, why...)
	}
	v.ID = s.newViewID()
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	return s.keep(v)
}

func (s *Slack) updateView(args slackArgs) map[string]any {
	v, code, why := readView(args["view"], "modal")
	if v.ID, v.User = s.views.open(args["view_id"]); code == "" && v.ID == "" {
		code = "not_found"
	}
	if code != "" {
		return s.refuse(code, why...)
	}
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	return s.keep(v)
}

// open finds the modal of that id if it is still open.
func (v *slackViews) open(id string) (known, user string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range v.modals {
		if m.ID == id && !m.Closed {
			return m.ID, m.User
		}
	}
	return "", ""
}

// Modal is what a member sees in front of everything, Home their home tab;
// an empty ID is nothing.
func (s *Slack) Modal(user string) SlackView { return s.seenView(user, "modal") }

// Home is a member's home tab.
func (s *Slack) Home(user string) SlackView { return s.seenView(user, "home") }

func (s *Slack) seenView(user, kind string) SlackView {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	if kind == "home" {
		return s.views.homes[user]
	}
	return s.views.modals[user]
}

// PlainText is what people read of a view.
func (v SlackView) PlainText() string { return slackBlocksText(v.Blocks) }

// waits says whether a view only stands in for what is to come.
func (v SlackView) waits() bool { return strings.Contains(v.PlainText(), "⏳") && len(v.Blocks) == 1 }

// AwaitView waits until a member sees a view of a kind that is newer than an
// edition and no longer a stand-in.
func (s *Slack) awaitView(ctx context.Context, user, kind string, after int) (SlackView, error) {
	err := s.Wait(ctx, func() bool {
		v := s.seenView(user, kind)
		return v.edition > after && !v.waits()
	})
	return s.seenView(user, kind), err
}

func (s *Slack) editions() int {
	s.views.mu.Lock()
	defer s.views.mu.Unlock()
	return s.views.shown
}

// OpenHome opens the home tab and waits until it is drawn.
func (s *Slack) OpenHome(ctx context.Context, user string) (SlackView, error) {
	after := s.editions()
	s.mu.Lock()
	id := s.newSerial()
	s.mu.Unlock()
	payload := map[string]any{
		"token": "legacy", "team_id": SlackTeam, "api_app_id": "A1", "type": "event_callback", "event_id": fmt.Sprintf("Ev%d", id), "event_time": time.Now().Unix(),
		"event": map[string]any{"type": "app_home_opened", "user": user, "channel": SlackConversation(user), "tab": "home", "event_ts": "1.2"},
	}
	if _, err := s.bring(ctx, "events_api", payload, 1); err != nil {
		return SlackView{}, err
	}
	return s.awaitView(ctx, user, "home", after)
}

// who is the part of an interaction that says who did it.
func (s *Slack) who(user, kind string) map[string]any {
	s.mu.Lock()
	name, serial := s.users[user].Name, s.newSerial()
	s.mu.Unlock()
	return map[string]any{
		"type": kind, "api_app_id": "A1", "token": "legacy", "trigger_id": s.views.trigger(serial, user),
		"team": map[string]any{"id": SlackTeam, "domain": "fake"},
		"user": map[string]any{"id": user, "username": name, "name": name, "team_id": SlackTeam},
	}
}

// PressFor presses a button in a message that opens a modal, and waits for it.
func (s *Slack) PressFor(ctx context.Context, user string, m SlackMessage, label string) (SlackView, error) {
	action := findAction(m, label)
	if action == nil {
		return SlackView{}, fmt.Errorf("nothing is labelled %q in %q", label, m.PlainText())
	}
	after := s.editions()
	_, payload := s.pressedIn(user, m, action)
	if _, err := s.bring(ctx, "interactive", payload, 1); err != nil {
		return SlackView{}, err
	}
	return s.awaitView(ctx, user, "modal", after)
}

// PressIn presses a button, or picks an option, in a view and waits for the
// modal that answers.
func (s *Slack) PressIn(ctx context.Context, v SlackView, label string) (SlackView, error) {
	action := actionBelow(v.Blocks, "1.2", label)
	if action == nil {
		return SlackView{}, fmt.Errorf("nothing is labelled %q in %q", label, v.PlainText())
	}
	return s.act(ctx, v, action)
}

// TypeIn types into the line of a view with that label, and Enter.
func (s *Slack) TypeIn(ctx context.Context, v SlackView, label, text string) (SlackView, error) {
	for _, raw := range v.Blocks {
		var b slackObject
		if json.Unmarshal(raw, &b) == nil && b["dispatch_action"] == true && slackTextObject(b["label"]) == label {
			e, _ := b["element"].(slackObject)
			return s.act(ctx, v, map[string]any{"type": e["type"], "action_id": e["action_id"], "block_id": b["block_id"], "action_ts": "1.2", "value": text})
		}
	}
	return SlackView{}, fmt.Errorf("no line is labelled %q in %q", label, v.PlainText())
}

func (s *Slack) act(ctx context.Context, v SlackView, action map[string]any) (SlackView, error) {
	after := s.editions()
	payload := s.who(v.User, "block_actions")
	payload["actions"], payload["container"] = []any{action}, map[string]any{"type": "view", "view_id": v.ID}
	payload["view"] = v.payload(nil)
	if _, err := s.bring(ctx, "interactive", payload, 1); err != nil {
		return SlackView{}, err
	}
	return s.awaitView(ctx, v.User, "modal", after)
}

// payload is a view as Slack reports it.
func (v SlackView) payload(values map[string]any) map[string]any {
	return map[string]any{"id": v.ID, "team_id": SlackTeam, "type": v.Type, "callback_id": v.CallbackID, "private_metadata": v.Private,
		"hash": strconv.Itoa(v.edition), "state": map[string]any{"values": values}}
}

// Shortcut uses a shortcut of everywhere, and waits for the modal.
func (s *Slack) Shortcut(ctx context.Context, user, callback string) (SlackView, error) {
	after := s.editions()
	payload := s.who(user, "shortcut")
	payload["callback_id"] = callback
	if _, err := s.bring(ctx, "interactive", payload, 1); err != nil {
		return SlackView{}, err
	}
	return s.awaitView(ctx, user, "modal", after)
}

// MessageShortcut uses a shortcut on a message, and waits for the answer.
func (s *Slack) MessageShortcut(ctx context.Context, user string, m SlackMessage, callback string) (SlackAnswer, error) {
	answers, responseURL, _ := s.newAnswers(m.Channel, user)
	payload := s.who(user, "message_action")
	payload["callback_id"], payload["response_url"], payload["message_ts"] = callback, responseURL, m.TS
	payload["channel"] = map[string]any{"id": m.Channel, "name": "general"}
	payload["message"] = m.wire(false)
	return s.ask(ctx, answers, "interactive", payload, 1)
}

// Fields are the values of a form's fields by label, in the words of
// bot.Field: what stands in them at first.
func (v SlackView) Fields() map[string]string {
	all := map[string]string{}
	for _, b := range v.inputs() {
		all[slackTextObject(b["label"])] = slackFirst(b["element"])
	}
	return all
}

func (v SlackView) inputs() []slackObject {
	var all []slackObject
	for _, raw := range v.Blocks {
		var b slackObject
		if json.Unmarshal(raw, &b) == nil && b["type"] == "input" {
			all = append(all, b)
		}
	}
	return all
}

// slackFirst is what stands in an element at first.
func slackFirst(element any) string {
	e, _ := element.(slackObject)
	for _, name := range []string{"initial_value", "initial_time", "initial_conversation"} {
		if s, ok := e[name].(string); ok {
			return s
		}
	}
	if o, ok := e["initial_option"].(slackObject); ok {
		return fmt.Sprint(o["value"])
	}
	var ticked []string
	for _, o := range slackObjects(e["initial_options"]) {
		ticked = append(ticked, fmt.Sprint(o["value"]))
	}
	return strings.Join(ticked, ",")
}

// Submit fills a modal in, by label, and sends it. The view that it gives is
// the one that follows; the same one with Errors; or it is Closed.
func (s *Slack) Submit(ctx context.Context, v SlackView, values map[string]string) (SlackView, error) {
	after := s.editions()
	state, err := v.state(values)
	if err != nil {
		return v, err
	}
	payload := s.who(v.User, "view_submission")
	payload["view"], payload["response_urls"] = v.payload(state), []any{}
	acks, err := s.bring(ctx, "interactive", payload, 1)
	if err != nil {
		return v, err
	}
	next, err := s.answerForm(v, acks[0].Payload)
	if err != nil || len(next.Errors) > 0 || next.Closed || !next.waits() {
		return next, err
	}
	return s.awaitView(ctx, v.User, "modal", after)
}

// state is what a form is sent with.
func (v SlackView) state(values map[string]string) (map[string]any, error) {
	state, left := map[string]any{}, len(values)
	for _, b := range v.inputs() {
		e, _ := b["element"].(slackObject)
		value, given := values[slackTextObject(b["label"])]
		if given {
			left--
		} else {
			value = slackFirst(e)
		}
		if value == "" && b["optional"] != true {
			return nil, fmt.Errorf("the form cannot be sent: %q is empty", slackTextObject(b["label"]))
		}
		entry, err := slackEntry(e, value)
		if err != nil {
			return nil, err
		}
		state[b["block_id"].(string)] = map[string]any{e["action_id"].(string): entry}
	}
	if left > 0 {
		return nil, fmt.Errorf("no field for all of %v in %q", values, v.PlainText())
	}
	return state, nil
}

// slackEntry is one value of a form's state.
func slackEntry(e slackObject, value string) (map[string]any, error) {
	entry := map[string]any{"type": e["type"]}
	picked := []any{}
	for _, o := range slackObjects(e["options"]) {
		if slices.Contains(strings.Split(value, ","), fmt.Sprint(o["value"])) {
			picked = append(picked, o)
		}
	}
	var or any // an empty element is null
	if value != "" {
		or = value
	}
	switch e["type"] {
	case "plain_text_input":
		entry["value"] = or
	case "timepicker":
		if value != "" && !slackTime.MatchString(value) {
			return nil, fmt.Errorf("nobody can pick %q", value)
		}
		entry["selected_time"] = or
	case "conversations_select":
		entry["selected_conversation"] = or
	case "checkboxes":
		entry["selected_options"] = picked
	case "static_select", "radio_buttons":
		if len(picked) == 0 {
			return nil, fmt.Errorf("nobody can pick %q", value)
		}
		entry["selected_option"] = picked[0]
	default:
		return nil, fmt.Errorf("cannot fill in %v", e["type"])
	}
	return entry, nil
}

// answerForm takes the acknowledgement of a form.
// https://docs.slack.dev/surfaces/modals/#updating_response
func (s *Slack) answerForm(v SlackView, ack json.RawMessage) (SlackView, error) {
	var a struct {
		Action string            `json:"response_action"`
		View   json.RawMessage   `json:"view"`
		Errors map[string]string `json:"errors"`
	}
	wrong := func(format string, args ...any) (SlackView, error) {
		why := fmt.Sprintf(format, args...)
		s.refuse("bad_view_submission_answer", why)
		return v, errors.New("We had some trouble connecting. Try again? " + why)
	}
	show := func(v SlackView) (SlackView, error) {
		s.views.mu.Lock()
		defer s.views.mu.Unlock()
		s.keep(v)
		return s.views.modals[v.User], nil
	}
	if len(ack) == 0 || string(ack) == "null" {
		v.Closed = true
		return show(v)
	}
	if err := json.Unmarshal(ack, &a); err != nil {
		return wrong("no JSON: %v", err)
	}
	switch a.Action {
	case "errors":
		v.Errors = map[string]string{}
		for block, text := range a.Errors {
			i := slices.IndexFunc(v.inputs(), func(b slackObject) bool { return b["block_id"] == block })
			if i < 0 || text == "" {
				return wrong("error %q for block %q, which is no input of the modal", text, block)
			}
			v.Errors[slackTextObject(v.inputs()[i]["label"])] = text
		}
		if len(v.Errors) == 0 {
			return wrong("errors without any")
		}
		return v, nil
	case "update":
		next, code, why := readView(string(a.View), "modal")
		if code != "" {
			return wrong("%s %v", code, why)
		}
		next.ID, next.User = v.ID, v.User
		return show(next)
	case "clear":
		v.Closed = true
		return show(v)
	}
	return wrong("response_action %q", a.Action)
}

// Seen is the view as people see it. Only its member does.
func (v SlackView) Seen() SeenForm {
	f := SeenForm{Title: v.Title, Handle: v}
	for _, b := range v.inputs() {
		label := slackTextObject(b["label"])
		f.Fields = append(f.Fields, SeenField{label, slackFirst(b["element"]), v.Errors[label]})
	}
	if len(f.Fields) == 0 {
		f.Message = Seen{Text: v.PlainText(), Private: true}
	}
	return f
}

// SlackRefusesView says why Slack would refuse a view, nothing for one that it
// takes.
func SlackRefusesView(raw string) []string {
	var b struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal([]byte(raw), &b) // readView says what is wrong with it
	if b.Type != "home" {
		b.Type = "modal"
	}
	_, code, why := readView(raw, b.Type)
	if code != "" {
		why = append(why, code)
	}
	return why
}
