package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cyberbrief/bot"
)

// Operator is the page on which the operator sees how the channels stand.
type Operator struct {
	// Token is what opens the page. Where it is empty there is no page.
	Token string
	// Status says how everything stands. It must answer within its context.
	Status func(context.Context) (bot.StatusReport, error)
	// Clock is time.Now where it is nil.
	Clock func() time.Time
}

const (
	operatorPath  = "/channels"
	sessionCookie = "cyberbrief_operator"
	// maxLoginBytes bounds the form of a login.
	maxLoginBytes = 8 << 10
	// statusTimeout bounds the look at the database: better a page that says
	// so than one that never comes.
	statusTimeout = 5 * time.Second
)

// operator serves the page and its login.
type operator struct {
	site     *Site
	opts     Operator
	sessions sessions
	attempts *attempts
	// secure keeps the session off plain HTTP where people come by https.
	secure bool
}

// newOperator is nil where there is no token.
func newOperator(s *Site) *operator {
	o := s.opts.Operator
	if o.Token == "" || o.Status == nil {
		return nil
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	secure := strings.HasPrefix(s.opts.PublicURL, "https:")
	return &operator{s, o, newSessions(o.Token), newAttempts(), secure}
}

// handlers are what the operator's pages add to the site, by pattern.
func (o *operator) handlers() map[string]http.Handler {
	foreign := http.NewCrossOriginProtection()
	form := func(h http.HandlerFunc) http.Handler { return foreign.Handler(named(h)) }
	return map[string]http.Handler{
		"GET " + operatorPath:             named(o.site.serve(o.show)),
		"POST " + operatorPath:            form(o.login),
		"POST " + operatorPath + "/leave": form(o.logout),
	}
}

// named lets browsers name the site as the origin of the forms that they send
// back to it. The site's own policy has them hide it, and behind plain HTTP
// nothing else says that a form is ours.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// loginForm is what the page before the login shows.
type loginForm struct{ Problem string }

// health is what the operator sees.
type health struct {
	bot.StatusReport
	// At is when this was so; all times are in its zone.
	At time.Time
	// Trouble is how many channels and sources need a look.
	Trouble int
}

// show is the page of those who are logged in, and the login of all others.
func (o *operator) show(r *http.Request) (*answer, error) {
	if !o.known(r) {
		return o.form(r, http.StatusOK, "")
	}
	ctx, cancel := context.WithTimeout(r.Context(), statusTimeout)
	defer cancel()
	report, err := o.opts.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("status of the channels: %w", err)
	}
	h := health{StatusReport: report, At: o.opts.Clock().In(o.site.opts.Zone)}
	for _, c := range report.Channels {
		if l := levelOf(c); l == "watch" || l == "bad" {
			h.Trouble++
		}
	}
	for _, s := range report.Sources {
		if s.Error != "" {
			h.Trouble++
		}
	}
	p := o.page(r)
	p.Content = h
	return o.private(http.StatusOK, "health", p)
}

// known says whether the browser's session is one of ours.
func (o *operator) known(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	return err == nil && o.sessions.valid(c.Value, o.opts.Clock())
}

func (o *operator) page(r *http.Request) page {
	p := o.site.newPage(r)
	p.Title, p.Section = p.Words.Health, "health"
	p.Here.Path, p.Here.RawPath = operatorPath, ""
	p.Canonical = ""
	return p
}

func (o *operator) form(r *http.Request, status int, problem string) (*answer, error) {
	p := o.page(r)
	p.Title = p.Words.Login
	p.Content = loginForm{problem}
	return o.private(status, "login", p)
}

// private is a page that nothing keeps and nothing compresses.
func (o *operator) private(status int, name string, p page) (*answer, error) {
	a, err := o.site.fill(status, name, p)
	if err == nil {
		a.private = true
	}
	return a, err
}

// login takes the token and gives a session for it.
func (o *operator) login(w http.ResponseWriter, r *http.Request) {
	words := wordsFor(o.site.language(r))
	r.Body = http.MaxBytesReader(w, r.Body, maxLoginBytes)
	err := r.ParseForm()
	_, tooMuch := errors.AsType[*http.MaxBytesError](err)
	switch {
	case !o.attempts.allow(r.RemoteAddr, o.opts.Clock()):
		o.site.log.Warn("operator login refused: too many attempts", "from", r.RemoteAddr)
		w.Header().Set("Retry-After", strconv.Itoa(int(attemptEvery.Seconds())))
		o.refuse(w, r, http.StatusTooManyRequests, words.TooManyAttempts)
	case tooMuch, err != nil, !o.sessions.knows(strings.TrimSpace(r.PostForm.Get("token"))):
		o.site.log.Warn("operator login refused: wrong token", "from", r.RemoteAddr)
		o.refuse(w, r, http.StatusUnauthorized, words.WrongToken)
	default:
		o.site.log.Info("operator logged in", "from", r.RemoteAddr)
		until := o.opts.Clock().Add(sessionTime)
		o.give(w, r, o.sessions.open(until), int(sessionTime.Seconds()))
	}
}

// logout has the browser forget its session.
func (o *operator) logout(w http.ResponseWriter, r *http.Request) { o.give(w, r, "", -1) }

// give sets the session of the browser and sends it to the page.
func (o *operator) give(w http.ResponseWriter, r *http.Request, session string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: session, Path: operatorPath, MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: o.secure || r.TLS != nil,
	})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, o.site.newPage(r).Href(operatorPath), http.StatusSeeOther)
}

func (o *operator) refuse(w http.ResponseWriter, r *http.Request, status int, problem string) {
	a, err := o.form(r, status, problem)
	if err != nil {
		a = o.site.failed(r, err)
	}
	a.send(w, r)
}

// levelOf says how a channel stands in one word: good, watch, bad, or
// rest where a person wants it to.
func levelOf(c bot.ChannelStatus) string {
	switch {
	case c.State == "paused" && c.Reason == bot.PausedByAdmin:
		return "rest"
	case c.State == "paused", c.Slot.State == "missed", c.Slot.State == "failed":
		return "bad"
	case c.Slot.State == "doubtful", c.Slot.State == "no_digest":
		return "watch"
	}
	return "good"
}
