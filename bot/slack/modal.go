package slack

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// What Slack wants within three seconds: a view opened with the trigger of an
// interaction, an answer to a form. The queue may be longer than that while
// the database stalls, so this work has room of its own.
const (
	maxUrgent = 128

	// openPatience is how long the answer may take before something is opened
	// in its place; well within the life of a trigger, the way to Slack
	// included.
	// https://docs.slack.dev/interactivity/handling-user-interaction/#modal_responses
	openPatience = 700 * time.Millisecond

	// submitPatience is how long a form that was sent waits for its answer
	// before the modal says that it is being worked on.
	submitPatience = 1500 * time.Millisecond

	// ackHeadStart is how long an update of a modal waits for the
	// acknowledgement that it follows: they go different ways.
	ackHeadStart = 500 * time.Millisecond
)

// admit lets urgent work in, to be answered by r under ctx; nil ends that.
func (in *intake) admit(ctx context.Context, r bot.Responder) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.ctx, in.responder = ctx, r
}

// soon does work at once, beside the queue. It is false when nobody answers
// or there is no room.
func (in *intake) soon(work func(context.Context, bot.Responder)) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.responder == nil || in.urgent >= maxUrgent {
		return false
	}
	in.urgent++
	ctx, r := in.ctx, in.responder
	in.running.Go(func() {
		defer func() {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.urgent--
		}()
		work(ctx, r)
	})
	return true
}

// opens says whether the answer to a job opens a view, which cannot wait.
// A modal that is open already is changed without haste.
func (in *intake) opens(j job) bool {
	in.mu.Lock()
	r := in.responder
	in.mu.Unlock()
	switch {
	case j.trigger == "" || j.surface == inModal || j.surface == atHome:
		return false
	case j.surface == overHome:
		return true
	}
	return r != nil && r.Opens(j.Request)
}

// prompt opens the view that answers a job.
func (in *intake) prompt(j job) *busyNotice {
	if in.soon(func(ctx context.Context, r bot.Responder) { in.open(ctx, r, j) }) {
		return nil
	}
	in.slack.log.Warn("no room to open a view", "command", j.Command)
	return &busyNotice{"ephemeral", busyText(j.Language)}
}

// open opens the answer, or what stands in for it until it is there.
func (in *intake) open(ctx context.Context, r bot.Responder, j job) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answered := make(chan bot.Reply, 1)
	go func() { answered <- in.respond(ctx, r, j.Request) }()
	patience := time.NewTimer(openPatience)
	defer patience.Stop()
	var reply bot.Reply
	var err error
	select {
	case reply = <-answered:
		err = in.slack.openReply(ctx, j, reply)
	case <-patience.C:
		j.view, err = in.slack.openView(ctx, j.trigger, waiting(j.Ref.Channel, j.Language))
		if reply = <-answered; err == nil {
			err = in.slack.show(ctx, j, reply)
		}
	}
	in.refresh(j, reply)
	if err == nil {
		return
	}
	in.slack.log.Warn("view was not opened", "command", j.Command, "user", j.User.ID, "error", err)
	if j.surface == inChannel {
		reply.Form = nil
		in.say(ctx, j, reply)
	}
}

// waiting is what a modal shows until there is an answer.
func waiting(channel string, lang briefing.Language) []byte {
	text := in(lang, "⏳ 読み込んでいます…", "⏳ Loading…")
	b, err := RenderModal(bot.Document{bot.Prose{Spans: []bot.Span{{Text: text}}}}, channel, lang)
	if err != nil {
		panic(err) // it is a constant
	}
	return b
}

// openReply opens the view of a reply; a quiet one opens none.
func (s *Slack) openReply(ctx context.Context, j job, reply bot.Reply) error {
	if reply.Quiet {
		return nil
	}
	v, err := renderView(reply, j.Ref.Channel, j.Language)
	if err != nil {
		return err
	}
	_, err = s.openView(ctx, j.trigger, v)
	return err
}

// openView opens a view and gives its id.
func (s *Slack) openView(ctx context.Context, trigger string, v []byte) (string, error) {
	var opened struct {
		View struct {
			ID string `json:"id"`
		} `json:"view"`
	}
	err := s.api.call(ctx, "views.open", url.Values{"trigger_id": {trigger}, "view": {string(v)}}, &opened)
	if err == nil && opened.View.ID == "" {
		err = &bot.OutcomeError{Class: bot.Doubtful, Code: emptyAnswer, Err: errors.New("slack views.open: success without an id")}
	}
	return opened.View.ID, err
}

// show shows a reply where its job's answers are shown, other than in a
// channel: in an open modal, or as the home tab.
func (s *Slack) show(ctx context.Context, j job, reply bot.Reply) error {
	if j.surface == atHome {
		v, err := RenderHome(reply.Document, j.Language)
		if err != nil {
			return err
		}
		return s.api.call(ctx, "views.publish", url.Values{"user_id": {j.User.ID}, "view": {string(v)}}, nil)
	}
	v, err := renderView(reply, j.Ref.Channel, j.Language)
	if err != nil {
		return err
	}
	err = s.api.call(ctx, "views.update", url.Values{"view_id": {j.view}, "view": {string(v)}}, nil)
	if bot.ClassOf(err) == bot.MessageGone {
		return nil // closed meanwhile
	}
	return err
}

// viewAnswer acknowledges a form that was sent.
// https://docs.slack.dev/surfaces/modals/#updating_response
type viewAnswer struct {
	Action string            `json:"response_action"`
	View   json.RawMessage   `json:"view,omitempty"`
	Errors map[string]string `json:"errors,omitempty"`
}

// submit has a form that was sent answered and gives what it is acknowledged
// with; nil closes the modal. An answer that takes too long, or is too long
// for an acknowledgement, is shown in the modal afterwards.
func (in *intake) submit(j job) any {
	if !in.seen.First(j.ID) {
		return nil
	}
	answered, left := make(chan any), make(chan struct{})
	defer close(left)
	work := func(ctx context.Context, r bot.Responder) { in.answerForm(ctx, r, j, answered, left) }
	if !in.soon(work) {
		return busyForm(j)
	}
	patience := time.NewTimer(submitPatience)
	defer patience.Stop()
	select {
	case ack := <-answered:
		return ack
	case <-patience.C:
		return viewAnswer{Action: "update", View: waiting(j.Ref.Channel, j.Language)}
	}
}

// answerForm hands over the answer to a form, or shows it itself when nobody
// waits for it any more.
func (in *intake) answerForm(ctx context.Context, r bot.Responder, j job, answered chan<- any, left <-chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	reply := in.respond(ctx, r, j.Request)
	defer in.refresh(j, reply)
	ack := in.slack.formAnswer(j, reply)
	select {
	case answered <- ack:
		if _, follows := ack.(standIn); !follows {
			return
		}
		<-left
	case <-left:
	}
	select {
	case <-time.After(ackHeadStart):
	case <-ctx.Done():
		return
	}
	if err := in.slack.show(ctx, j, reply); err != nil {
		in.slack.log.Warn("answer to a form was not shown", "command", j.Command, "user", j.User.ID, "error", err)
	}
}

// standIn is an acknowledgement that the answer follows.
type standIn struct{ viewAnswer }

// formAnswer is what a form is acknowledged with: its mistakes, or the view
// that follows it.
func (s *Slack) formAnswer(j job, reply bot.Reply) any {
	if reply.Quiet {
		return nil
	}
	if reply.Form != nil {
		if errs := problems(*reply.Form, j.Answers); len(errs) > 0 {
			return viewAnswer{Action: "errors", Errors: errs}
		}
	}
	v, err := renderView(reply, j.Ref.Channel, j.Language)
	if err != nil {
		s.log.Error("answer cannot be rendered", "command", j.Command, "error", err)
		v, _ = RenderModal(bot.Document{bot.Prose{Spans: []bot.Span{{Text: sorryText(j.Language)}}}}, j.Ref.Channel, j.Language)
	}
	if len(v) > maxAck {
		return standIn{viewAnswer{Action: "update", View: waiting(j.Ref.Channel, j.Language)}}
	}
	return viewAnswer{Action: "update", View: v}
}

// problems are the mistakes of a form by block; Slack refuses one for a block
// that the modal has not.
func problems(f bot.Form, sent map[string]string) map[string]string {
	errs := map[string]string{}
	for _, field := range f.Fields {
		if _, there := sent[field.Name]; there && field.Problem != "" {
			errs[fieldBlock(field.Name)] = field.Problem
		}
	}
	return errs
}

// busyForm keeps a form open that nobody can look at now.
func busyForm(j job) any {
	names := slices.Sorted(maps.Keys(j.Answers))
	if len(names) == 0 {
		return nil
	}
	return viewAnswer{Action: "errors", Errors: map[string]string{fieldBlock(names[0]): busyText(j.Language)}}
}
