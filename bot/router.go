package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// Glossary explains terms. Implemented by briefing/glossary.
type Glossary interface {
	Lookup(query string) briefing.Answer
	Newest(n int) []briefing.Entry
	Complete(prefix string, n int) []string
	// Mentioned are at most n terms that a text names, in its order.
	Mentioned(text string, n int) []briefing.Entry
}

// Reporter says how the channels stand. Implemented by bot/delivery.
type Reporter interface {
	Status(ctx context.Context, in InstallationID) ([]ChannelStatus, error)
}

// Checker asks a platform whether the bot can post in a channel; the error
// says what to do, and is ErrUnchecked where nobody knows. Implemented by the
// platforms.
type Checker interface {
	Check(context.Context, Ref) error
}

// RouterOptions are what a Router works with.
type RouterOptions struct {
	Glossary Glossary
	Library  *Library
	Channels ChannelKeeper
	Words    WordCounter
	Reporter Reporter
	// Retractor removes what was posted.
	Retractor Retractor
	// Tester posts test messages, Auditor reads the audit log.
	Tester  Tester
	Auditor Auditor
	// Checkers are the platforms in use.
	Checkers map[Platform]Checker
	// Defaults are the settings of a channel that an admin adds.
	Defaults  Settings
	PublicURL string
	// Meter counts commands; nil counts nothing.
	Meter  CommandMeter
	Clock  func() time.Time
	Logger *slog.Logger
}

// Router answers commands, the same on every platform. It is a Responder and
// safe for concurrent use.
type Router struct {
	opts  RouterOptions
	limit *limiter
}

// NewRouter makes a router.
func NewRouter(opts RouterOptions) *Router {
	if opts.Meter == nil {
		opts.Meter = Unmetered{}
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Router{opts, newLimiter(opts.Clock)}
}

// command is one command and who may give it.
type command struct {
	name  string
	admin bool
	most  int // characters of its argument; 0 where nobody types one
	run   func(*Router, context.Context, Request) (Reply, error)
}

// commands are those that people type; each has a file of its own.
func commands() []command {
	return []command{
		{"term", false, maxQueryRunes, says((*Router).term)},
		{"briefing", false, maxPagedRunes, says((*Router).briefing)},
		{"briefing-admin", true, maxSettingRunes, (*Router).admin},
	}
}

// gestures are commands that nobody types: platforms give them for what
// people do otherwise.
func gestures() []command {
	return []command{
		{"term-form", false, 0, (*Router).termForm},
		{"lookup", false, 0, says((*Router).lookup)},
		{"home", false, 0, says((*Router).home)},
	}
}

// says is a command that is answered by a document.
func says(run func(*Router, context.Context, Request) (Document, error)) func(*Router, context.Context, Request) (Reply, error) {
	return func(r *Router, ctx context.Context, req Request) (Reply, error) {
		doc, err := run(r, ctx, req)
		return Reply{Document: doc}, err
	}
}

// Respond answers a request; see Responder.
func (r *Router) Respond(ctx context.Context, req Request) (reply Reply) {
	outcome := CommandFailed
	defer func() {
		if p := recover(); p != nil {
			r.opts.Logger.Error("command panicked", "command", req.Command, "panic", p, "stack", string(debug.Stack()))
			reply, outcome = Reply{Document: sorry(req.Language)}, CommandFailed
		}
		r.opts.Meter.Commanded(req.Ref.Platform, meteredName(req.Command), outcome)
	}()
	if wait := r.wait(req); wait > 0 {
		r.opts.Logger.Warn("too many commands", "installation", req.Ref.ID(), "channel", req.Ref.Channel, "user", req.User.ID, "wait", wait)
		outcome = CommandLimited
		return Reply{Document: tooMany(wait, req.Language)}
	}
	if req.Command == shareCommand {
		reply, outcome = r.share(ctx, req)
		return reply
	}
	for _, c := range slices.Concat(commands(), gestures()) {
		if c.name == req.Command {
			reply, outcome = r.answer(ctx, c, req)
			return reply
		}
	}
	outcome = CommandRefused
	return Reply{Document: r.help(req.Language)}
}

// meteredName is the name under which a command is counted.
func meteredName(name string) string {
	known := func(c command) bool { return c.name == name }
	if name == shareCommand || slices.ContainsFunc(slices.Concat(commands(), gestures()), known) {
		return name
	}
	return CommandUnknown
}

// wait is how long a person has to wait who has asked too much. What only
// opens a form or a tab is not counted, nor what an admin has filled in and
// would lose: opening that form was counted.
func (r *Router) wait(req Request) time.Duration {
	filledIn := req.Answers != nil && req.Command == "briefing-admin"
	if filledIn || req.Command == "term-form" || req.Command == "home" {
		return 0
	}
	return r.limit.take(req)
}

// answer runs one command after asking whether the person may give it; the
// reply says why if it was not answered.
func (r *Router) answer(ctx context.Context, c command, req Request) (Reply, CommandOutcome) {
	if c.admin {
		if refusal := r.refuse(ctx, req); refusal != nil {
			return Reply{Document: refusal}, CommandRefused
		}
	}
	reply, err := Reply{}, tooLong(c, req.Text)
	if err == nil {
		reply, err = c.run(r, ctx, req)
	}
	if err == nil {
		return reply, CommandAnswered
	}
	if public, ok := errors.AsType[*userError](err); ok {
		return Reply{Document: Document{Prose{plain(public.say(req.Language))}}}, CommandRefused
	}
	r.opts.Logger.Error("command failed", "command", req.Command, "installation", req.Ref.ID(), "error", err)
	return Reply{Document: sorry(req.Language)}, CommandFailed
}

// Opens says whether a request will be answered by a form; see Responder.
func (r *Router) Opens(req Request) bool {
	word, _ := cutWord(req.Text)
	isForm := func(f adminForm) bool { return f.name == fold(word) }
	return req.Answers == nil && (req.Command == "term-form" || req.Command == "briefing-admin" && slices.ContainsFunc(adminForms(), isForm))
}

// Complete gives at most 25 terms for what has been typed; see Responder.
func (r *Router) Complete(_ context.Context, prefix string) (terms []string) {
	defer func() {
		if p := recover(); p != nil {
			r.opts.Logger.Error("completion panicked", "panic", p, "stack", string(debug.Stack()))
			terms = nil
		}
	}()
	return r.opts.Glossary.Complete(prefix, MaxOptions)
}

// sorry is all that people are told of an error inside; the log has the rest.
func sorry(lang briefing.Language) Document {
	return Document{Prose{plain(in(lang,
		"⚠️ いま処理できませんでした。しばらくしてからもう一度お試しください。",
		"⚠️ That did not work just now. Please try again in a while."))}}
}

// refuse says no to a person who is no admin; nil lets the request through.
// When the platform cannot be asked the answer is no.
func (r *Router) refuse(ctx context.Context, req Request) Document {
	var ok bool
	var err error
	if req.User.Admin != nil {
		ok, err = req.User.Admin(ctx)
	}
	switch {
	case err != nil:
		r.opts.Logger.Warn("admin check failed", "installation", req.Ref.ID(), "user", req.User.ID, "error", err)
		return Document{Prose{plain(in(req.Language,
			"⚠️ 管理者かどうかを確認できませんでした。しばらくしてからもう一度お試しください。",
			"⚠️ Could not check whether you are an admin. Please try again in a while."))}}
	case !ok:
		return Document{Prose{plain(in(req.Language,
			"🔒 このコマンドは管理者だけが使えます。",
			"🔒 Only admins can use this command."))}}
	}
	return nil
}

// userError is a mistake that the asker can put right; it is shown as it is.
type userError struct{ ja, en string }

func (e *userError) Error() string                     { return e.en }
func (e *userError) say(lang briefing.Language) string { return in(lang, e.ja, e.en) }
func mistake(ja, en string, args ...any) error {
	return &userError{fmt.Sprintf(ja, args...), fmt.Sprintf(en, args...)}
}

// How long an argument may be, in characters: a question, one for a page of
// a search, and a setting, which may be a list of words.
const (
	maxQueryRunes   = 200
	maxPagedRunes   = maxQueryRunes + len("search  page 10000")
	maxSettingRunes = 4000
)

// tooLong is a mistake when an argument is longer than any that makes sense.
func tooLong(c command, text string) error {
	if c.most == 0 || utf8.RuneCountInString(strings.TrimSpace(text)) <= c.most {
		return nil
	}
	return mistake("入力が長すぎます（%d 文字まで）。", "That is too long (at most %d characters).", c.most)
}

// cutWord parts the first word from the rest; full-width spaces count.
func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	i := strings.IndexFunc(s, unicode.IsSpace)
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// shareButton posts the same answer to the channel.
func shareButton(req Request) Button {
	return Button{
		Label:  in(req.Language, "📣 チャンネルに共有", "📣 Share to channel"),
		Action: Action{Command: shareCommand, Argument: strings.TrimSpace(req.Command + " " + strings.TrimSpace(req.Text))},
	}
}
