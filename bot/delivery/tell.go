package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// How those who care for channels are told that these were paused.
const (
	// tellFor is how long after the pause it is tried to tell of it.
	tellFor = 24 * time.Hour
	// refusedWait is the shortest wait after a refusal that will hardly change
	// by itself: asking often does harm.
	refusedWait = time.Hour
	// tellWait is how long after a sweep the next one comes at the latest while
	// somebody is still to be told: others can have been paused meanwhile.
	tellWait = time.Minute
	// tellDoubt is how long after its intent a notice that nobody settled has
	// lost its process. It exceeds the time that a request takes.
	tellDoubt = sendTimeout + bookTimeout + tellWait
)

// Tell tells those who care for channels of those that were paused. One
// message to a person names all channels of an installation that there is
// something to tell of. It is told at most once: what was cut off by the end
// of a process, or may have been taken, is not repeated. *Later while somebody
// is still to be told.
func (d *Deliverer) Tell(ctx context.Context) error {
	open, err := d.opts.Books.OpenNotices(ctx)
	if err != nil {
		return fmt.Errorf("tell of paused channels: %w", err)
	}
	if len(open) == 0 {
		return nil
	}
	working, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	defer context.AfterFunc(d.drained, cancel)()
	due, failures := d.writeOff(ctx, open)
	letters, next := lettersOf(due), tellWait
	for len(letters) > 0 && working.Err() == nil {
		l := letters[0]
		letters = letters[1:]
		if early := l.ready().Sub(d.opts.Clock()); early > 0 {
			next = min(next, max(early, time.Second))
			continue
		}
		wait, err := d.tell(ctx, working, l)
		failures = errors.Join(failures, err)
		if wait > 0 { // nobody else there can be told either
			letters, err = d.putOff(ctx, letters, l, wait)
			failures = errors.Join(failures, err)
		}
	}
	if failures != nil {
		return fmt.Errorf("tell of paused channels: %w", failures)
	}
	return &Later{next, "somebody is still to be told of paused channels"}
}

// writeOff settles the notices whose process died after the intent: whether
// they were read, nobody knows. It returns those that are due.
func (d *Deliverer) writeOff(ctx context.Context, open []Notice) (due []Notice, err error) {
	var lost []Notice
	for _, n := range open {
		switch age := d.opts.Clock().Sub(n.IntentAt); {
		case n.State == NoticeDue:
			due = append(due, n)
		case age > tellDoubt || age < -tellDoubt:
			lost = append(lost, n)
		}
	}
	if len(lost) == 0 {
		return due, nil
	}
	return due, d.doubtful(ctx, lost, "interrupted", nil)
}

// tell makes one try: intent, request, outcome. A wait is for all letters of
// the installation.
func (d *Deliverer) tell(ctx, working context.Context, l letter) (wait time.Duration, err error) {
	ref := l.notices[0].Ref
	sender, known := d.opts.Senders[ref.Platform]
	notifier, can := sender.(Notifier)
	switch {
	case l.person == "":
		return 0, d.giveUp(ctx, l.notices, "no person added it", nil)
	case known && !can:
		return 0, d.giveUp(ctx, l.notices, "the platform has no messages to one person", nil)
	case !known || d.gates.whyStopped(ref.Platform) != "":
		return 0, d.again(ctx, l.notices, "the platform is not in use", refusedWait, nil)
	case d.gates.closedFor(ref) > 0:
		return 0, nil
	}
	if _, err := d.gates.turn(working, ref); err != nil {
		return 0, nil // others have waited longer
	}
	if l.notices, err = d.opts.Books.IntendNotices(ctx, l.notices, d.opts.Clock()); err != nil || len(l.notices) == 0 {
		return 0, err
	}
	return d.told(ctx, l, d.notify(ctx, sender, notifier, l))
}

// notify makes the request.
func (d *Deliverer) notify(ctx context.Context, s Sender, n Notifier, l letter) error {
	var lang briefing.Language
	if c, err := d.opts.Channels.Channel(ctx, l.notices[0].Ref); err == nil {
		lang = c.Language
	}
	var paused []bot.Paused
	for _, notice := range l.notices {
		paused = append(paused, bot.Paused{Ref: notice.Ref, Code: notice.Code})
	}
	bodies, err := s.Render(bot.Post{Parent: bot.PauseNotice(lang, paused), Language: lang})
	if err != nil || len(bodies) != 1 {
		return &bot.OutcomeError{Class: bot.Payload, Code: "notice cannot be rendered", Err: err}
	}
	// No two notices have the same name, or the platform would take the second
	// for the first repeated.
	to := bot.Ref{Installation: l.notices[0].Ref.Installation, Channel: l.person}
	name := bot.DeliveryID(to, briefing.Date("notice "+d.opts.Clock().Format(time.RFC3339Nano)))
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return n.Notify(ctx, bot.Target{Ref: to, Marker: bot.Marker{Delivery: name}}, bodies[0])
}

// told writes down what became of a request, also when the process is about
// to end.
func (d *Deliverer) told(ctx context.Context, l letter, err error) (wait time.Duration, bookErr error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookTimeout)
	defer cancel()
	if err == nil {
		d.opts.Logger.Info("admin told that channels are paused", "channels", l.refs(), "person", l.person)
		return 0, d.opts.Books.SettleNotices(ctx, l.notices, NoticeTold, "", time.Time{})
	}
	ref, class := l.notices[0].Ref, bot.ClassOf(err)
	d.opts.Meter.Failed(ref.Platform, class, codeOf(err))
	wait = backOff(l.attempts())
	switch class {
	case bot.Doubtful, bot.Unknown:
		return 0, d.doubtful(ctx, l.notices, codeOf(err), err)
	case bot.Transient:
		return 0, d.again(ctx, l.notices, codeOf(err), wait, err)
	case bot.Limited:
		wait = max(wait, d.leaveAlone(ref.Platform, err))
	case bot.Fatal:
		d.gates.stop(ref.Platform, codeOf(err))
		d.opts.Logger.Error("platform stopped: it refuses the bot itself", "platform", ref.Platform, "code", codeOf(err), "cause", err)
		wait = max(wait, refusedWait)
	case bot.InstallationGone:
		wait = max(wait, refusedWait)
	default: // this person
		return 0, d.again(ctx, l.notices, codeOf(err), max(wait, refusedWait), err)
	}
	return wait, d.again(ctx, l.notices, codeOf(err), wait, err)
}

// leaveAlone is how long a platform that refused for the rate wants to be left
// alone.
func (d *Deliverer) leaveAlone(p bot.Platform, err error) time.Duration {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if !ok {
		return retryAfter(0)
	}
	wait := retryAfter(oe.RetryAfter)
	if oe.Global {
		d.gates.holdPlatform(p, wait)
	}
	return wait
}

// putOff lets the other letters of an installation wait as one of them has to,
// and returns the rest.
func (d *Deliverer) putOff(ctx context.Context, letters []letter, one letter, wait time.Duration) (rest []letter, err error) {
	for _, l := range letters {
		if l.installation() != one.installation() {
			rest = append(rest, l)
			continue
		}
		err = errors.Join(err, d.again(ctx, l.notices, "the installation cannot be written to", wait, nil))
	}
	return rest, err
}

// again puts off notices of which certainly nobody was told; those of pauses
// that are a day old are given up.
func (d *Deliverer) again(ctx context.Context, notices []Notice, reason string, wait time.Duration, cause error) error {
	now := d.opts.Clock()
	var old, others []Notice
	for _, n := range notices {
		if now.Sub(n.PausedAt) >= tellFor {
			old = append(old, n)
		} else {
			others = append(others, n)
		}
	}
	var err error
	if len(old) > 0 {
		err = d.giveUp(ctx, old, reason, cause)
	}
	if len(others) > 0 {
		d.opts.Logger.Info("an admin is told later that channels are paused", "channels", letter{notices: others}.refs(), "reason", reason, "after", wait, "cause", cause)
		err = errors.Join(err, d.opts.Books.SettleNotices(ctx, others, NoticeDue, reason, now.Add(wait)))
	}
	return err
}

// giveUp ends notices of which nobody could be told: status tells of the pause.
func (d *Deliverer) giveUp(ctx context.Context, notices []Notice, reason string, cause error) error {
	d.opts.Logger.Warn("nobody was told that channels are paused", "channels", letter{notices: notices}.refs(), "reason", reason, "cause", cause)
	return d.opts.Books.SettleNotices(ctx, notices, NoticeGivenUp, reason, time.Time{})
}

// doubtful ends notices of which somebody may have been told.
func (d *Deliverer) doubtful(ctx context.Context, notices []Notice, reason string, cause error) error {
	d.opts.Logger.Warn("nobody knows whether an admin was told that channels are paused; it is not repeated", "channels", letter{notices: notices}.refs(), "reason", reason, "cause", cause)
	return d.opts.Books.SettleNotices(ctx, notices, NoticeDoubtful, reason, time.Time{})
}
