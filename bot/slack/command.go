package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// How much work is taken in at a time. Everything is acknowledged before it
// waits, so the queue may be long; who finds it full is told so at once.
const (
	workers     = 16
	queueLength = 1024
	// answerTimeout bounds one answer, posting it included.
	answerTimeout = 60 * time.Second
	// drainTimeout is how long acknowledged work may go on after Run's
	// context ended.
	drainTimeout = 5 * time.Second
)

// intake takes in what people did, whichever way it came, and has it
// answered by a bounded number of workers. What has to be answered within
// moments does not wait for its turn; see modal.go.
type intake struct {
	slack *Slack
	queue chan job
	seen  *bot.Recent
	homes *viewers

	mu        sync.Mutex
	responder bot.Responder   // nil while nobody answers
	ctx       context.Context // of what does not wait
	urgent    int             // how much of it is under way
	running   sync.WaitGroup
}

// job is a request with the places where its answer can go.
type job struct {
	bot.Request
	surface     surface
	responseURL string
	thread      string // the thread in which a button was pressed
	trigger     string // opens a view, once and within three seconds
	view        string // the modal in which a button was pressed
}

// surface is where an answer is shown.
type surface int

const (
	inChannel surface = iota
	inModal           // in place of what the modal shows
	overHome          // in a modal above the home tab
	atHome            // as the home tab itself
)

func newIntake(s *Slack) *intake {
	return &intake{slack: s, queue: make(chan job, queueLength), seen: bot.NewRecent(s.opts.Clock), homes: newViewers(s.opts.Clock)}
}

// busyNotice is what an acknowledgement says when the queue is full.
type busyNotice struct {
	ResponseType string `json:"response_type"`
	Text         string `json:"text"`
}

// accept puts a job into the queue without waiting. A job with an id that
// was accepted before is dropped. A notice is returned when there is no room.
func (in *intake) accept(j job) *busyNotice {
	if !in.seen.First(j.ID) {
		return nil
	}
	if in.opens(j) {
		return in.prompt(j)
	}
	select {
	case in.queue <- j:
		return nil
	default:
		in.slack.log.Warn("queue of commands is full", "command", j.Command)
		return &busyNotice{"ephemeral", busyText(j.Language)}
	}
}

func busyText(lang briefing.Language) string {
	return in(lang, "⏳ 混み合っています。少し待ってからもう一度お試しください。", "⏳ Too many requests just now. Please try again in a moment.")
}

// work answers jobs until ctx ends, then those that are left, for at most
// drainTimeout.
func (in *intake) work(ctx context.Context, r bot.Responder) {
	finishing, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	in.admit(finishing, r)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { in.worker(ctx, finishing, r) })
	}
	<-ctx.Done()
	in.admit(finishing, nil)
	ended := make(chan struct{})
	go func() { wg.Wait(); in.running.Wait(); close(ended) }()
	patience := time.NewTimer(drainTimeout)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
		in.slack.log.Warn("commands were left unanswered at the end", "count", len(in.queue))
		stop()
		<-ended
	}
}

func (in *intake) worker(ctx, finishing context.Context, r bot.Responder) {
	for {
		select {
		case j := <-in.queue:
			in.answer(finishing, r, j)
		case <-ctx.Done():
			for finishing.Err() == nil {
				select {
				case j := <-in.queue:
					in.answer(finishing, r, j)
				default:
					return
				}
			}
			return
		}
	}
}

// answer has one job answered and posts what comes of it.
func (in *intake) answer(ctx context.Context, r bot.Responder, j job) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	reply := in.respond(ctx, r, j.Request)
	defer in.refresh(j, reply)
	if j.surface != inChannel {
		if err := in.slack.show(ctx, j, reply); err != nil {
			in.slack.log.Warn("view was not shown", "command", j.Command, "user", j.User.ID, "error", err)
		}
		return
	}
	in.say(ctx, j, reply)
}

// say posts an answer where it was asked for.
func (in *intake) say(ctx context.Context, j job, reply bot.Reply) {
	messages, err := RenderReply(reply, j.Language)
	if err != nil {
		in.slack.log.Error("answer cannot be rendered", "command", j.Command, "error", err)
		return
	}
	for i, m := range messages {
		if err := in.slack.deliver(ctx, j, i, m, reply.Public); err != nil {
			in.slack.log.Error("answer was not delivered", "command", j.Command, "channel", j.Ref, "part", i, "error", err)
			return
		}
	}
}

// respond asks the responder. A panic costs this answer only.
func (in *intake) respond(ctx context.Context, r bot.Responder, req bot.Request) (reply bot.Reply) {
	defer func() {
		if p := recover(); p != nil {
			in.slack.log.Error("answer panicked", "command", req.Command, "panic", p, "stack", string(debug.Stack()))
			reply = bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: sorryText(req.Language)}}}}}
		}
	}()
	return r.Respond(ctx, req)
}

func sorryText(lang briefing.Language) string {
	return in(lang, "⚠️ いま処理できませんでした。しばらくしてからもう一度お試しください。", "⚠️ That did not work just now. Please try again in a while.")
}

// deliver posts the part of an answer through its response_url, and where
// that cannot be used any more through the Web API.
func (s *Slack) deliver(ctx context.Context, j job, part int, m bot.Message, public bool) error {
	m, err := inThread(m, j.thread)
	if err != nil {
		return err
	}
	failed := errors.New("no response_url")
	if part < responseURLUses && s.trusts(j.responseURL) {
		if failed = s.api.respond(ctx, j.responseURL, m); failed == nil || bot.ClassOf(failed) == bot.Doubtful {
			return failed
		}
	}
	if err := s.postAnswer(ctx, j, m, public); err != nil {
		return fmt.Errorf("%w; before that: %w", err, failed)
	}
	return nil
}

// postAnswer posts an answer by chat.postMessage or chat.postEphemeral.
func (s *Slack) postAnswer(ctx context.Context, j job, m bot.Message, public bool) error {
	args, err := arguments(bot.Target{Ref: j.Ref}, m)
	if err != nil {
		return err
	}
	if j.thread != "" {
		args.Set("thread_ts", j.thread)
	}
	method := "chat.postMessage"
	if !public {
		method = "chat.postEphemeral"
		args.Set("user", j.User.ID)
	}
	return s.api.call(ctx, method, args, nil)
}

// inThread makes an answer appear in the thread where the button was.
func inThread(m bot.Message, thread string) (bot.Message, error) {
	if thread == "" {
		return m, nil
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(m, &body); err != nil {
		return nil, fmt.Errorf("put answer into thread: %w", err)
	}
	ts, err := marshal(thread)
	if err != nil {
		return nil, err
	}
	body["thread_ts"] = ts
	return marshal(body)
}

// trusts says whether a response_url leads to Slack, or to the server that
// stands in for it.
func (s *Slack) trusts(responseURL string) bool {
	u, err := url.Parse(responseURL)
	if err != nil || responseURL == "" {
		return false
	}
	if s.opts.APIURL != defaultAPIURL {
		return u.Scheme == "http" || u.Scheme == "https"
	}
	return u.Scheme == "https" && u.User == nil && (u.Host == "hooks.slack.com" || u.Host == "hooks.slack-gov.com")
}

// typed is a slash command, as JSON from a socket or as a form. Only what is
// needed is read: Slack sends null where it feels like it.
// https://docs.slack.dev/interactivity/implementing-slash-commands/
type typed struct {
	TeamID      string `json:"team_id"`
	ChannelID   string `json:"channel_id"`
	UserID      string `json:"user_id"`
	UserName    string `json:"user_name"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

func typedForm(form url.Values) typed {
	return typed{
		TeamID: form.Get("team_id"), ChannelID: form.Get("channel_id"),
		UserID: form.Get("user_id"), UserName: form.Get("user_name"),
		Command: form.Get("command"), Text: form.Get("text"), ResponseURL: form.Get("response_url"),
		TriggerID: form.Get("trigger_id"),
	}
}

// unescape undoes what Slack does to the text of a command.
var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

func (s *Slack) commandJob(id string, t typed) (job, error) {
	if t.Command == "" || t.UserID == "" {
		return job{}, errors.New("slash command without a command or a user")
	}
	req := s.request(id, t.TeamID, t.ChannelID, t.UserID, t.UserName)
	req.Command, req.Text = strings.TrimPrefix(t.Command, "/"), unescape.Replace(t.Text)
	return job{Request: req, responseURL: t.ResponseURL, trigger: t.TriggerID}, nil
}

// request is what commands and buttons have in common.
func (s *Slack) request(id, team, channel, user, name string) bot.Request {
	ref := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: team}, Channel: channel}
	return bot.Request{
		ID:       id,
		Ref:      ref,
		Language: s.opts.Language(ref),
		User: bot.User{ID: user, Name: name, Admin: func(ctx context.Context) (bool, error) {
			return s.IsAdmin(ctx, ref.ID(), user)
		}},
	}
}
