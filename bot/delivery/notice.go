package delivery

import (
	"context"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// tellEvery is the shortest time between two notices about a channel.
const tellEvery = 7 * 24 * time.Hour

// tellTimeout bounds all notices of one pause: the slot is held meanwhile.
const tellTimeout = sendTimeout

// tell tells those who care for channels that they were paused just now, each
// person once. Nothing depends on it: a notice that fails, or is lost with the
// process, is in the log and in status all the same.
func (r *run) tell(ctx context.Context, code string, paused []bot.Ref) {
	notifier, ok := r.sender.(Notifier)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	for person, refs := range r.contacts(ctx, paused) {
		err := r.notify(ctx, notifier, person, code, refs)
		if err != nil {
			r.Logger.Warn("nobody was told that channels are paused", "channels", refs, "person", person, "cause", err)
			if class := bot.ClassOf(err); class == bot.InstallationGone || class == bot.Fatal || class == bot.Limited {
				return // nobody else can be told either, and asking again does harm
			}
			continue
		}
		r.Logger.Info("admin told that channels are paused", "channels", refs, "person", person)
	}
}

// contacts are the people to tell of, apart from what they have been told of
// lately.
func (r *run) contacts(ctx context.Context, paused []bot.Ref) map[string][]bot.Ref {
	people := map[string][]bot.Ref{}
	for _, ref := range paused {
		person, err := r.Books.Contact(ctx, ref)
		switch {
		case err != nil:
			r.Logger.Warn("nobody was told that a channel is paused", "channel", ref, "cause", err)
			continue
		case person == "":
			r.Logger.Info("nobody to tell that a channel is paused: no person added it", "channel", ref)
			continue
		}
		if first, err := r.Books.Once(ctx, "notice of "+ref.String(), r.Clock(), tellEvery); err != nil || !first {
			r.Logger.Info("an admin was told lately", "channel", ref, "cause", err)
			continue
		}
		people[person] = append(people[person], ref)
	}
	return people
}

func (r *run) notify(ctx context.Context, n Notifier, person, code string, refs []bot.Ref) error {
	lang := r.channel.Language
	bodies, err := r.sender.Render(bot.Post{Parent: bot.PauseNotice(lang, code, refs), Language: lang})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	for i, body := range bodies {
		if _, err := r.gates.turn(ctx, r.slot.Ref); err != nil {
			return err
		}
		if err := n.Notify(ctx, r.personal(person, i), body); err != nil {
			return err
		}
	}
	return nil
}

// personal says where part i of a notice goes. No two notices have the same
// name.
func (r *run) personal(person string, i int) bot.Target {
	to := bot.Ref{Installation: r.slot.Ref.Installation, Channel: person}
	name := bot.DeliveryID(to, briefing.Date("notice "+r.Clock().Format(time.RFC3339Nano)))
	return bot.Target{Ref: to, Marker: bot.Marker{Delivery: name, Part: i}}
}
