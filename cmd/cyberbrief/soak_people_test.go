package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/briefing"
)

// soakUsers is how many people give commands.
const soakUsers = 40

func soakUser(i int) string { return fmt.Sprintf("U%08d", i%soakUsers) }

// people counts what became of commands.
type people struct{ given, answered, unheard, failed atomic.Int64 }

func (p *people) String() string {
	return fmt.Sprintf("%d given, %d answered, %d while the platform was out, %d failed", p.given.Load(), p.answered.Load(), p.unheard.Load(), p.failed.Load())
}

// commandPatience is how long somebody waits for an answer.
const commandPatience = 2 * time.Minute

// act lets people give a day's commands, evenly over it and some at once.
func (s *soaked) act(n int, from time.Time) {
	today := (n+1)*s.size.commands/s.size.days - n*s.size.commands/s.size.days
	gap := 22 * time.Hour / time.Duration(max(today, 1))
	var wg sync.WaitGroup
	for i := range today {
		if i%25 >= 3 { // three come together now and then
			time.Sleep(time.Until(from.Add(time.Duration(i) * gap)))
		}
		wg.Go(func() { s.give(n*1000 + i) })
	}
	wg.Wait()
}

// give has one person give one command.
func (s *soaked) give(i int) {
	ctx, cancel := context.WithTimeout(s.Context(), commandPatience)
	defer cancel()
	out := s.out(time.Now())
	err := s.ask(ctx, i)
	s.people.given.Add(1)
	switch {
	case err == nil:
		s.people.answered.Add(1)
	case out || s.out(time.Now()):
		s.people.unheard.Add(1)
	default:
		s.people.failed.Add(1)
		s.Logf("command %d: %v", i, err)
	}
}

// out says that a platform cannot be reached.
func (s *soaked) out(at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.troubles {
		if t.platform != "" && !at.Before(t.from) && at.Before(t.to) {
			return true
		}
	}
	return false
}

// ask gives one of many kinds of commands and waits for its answer.
func (s *soaked) ask(ctx context.Context, i int) error {
	if i%97 == 0 {
		for _, path := range []string{"/", "/terms", "/search?q=" + "試験", "/feed.atom", "/healthz"} {
			s.get(path)
		}
	}
	c := s.channels[i%len(s.channels)]
	command, text := soakCommand(i)
	if c.Platform == bot.Discord {
		return s.askDiscord(ctx, c, i, command, text)
	}
	user := soakUser(i)
	if command == "briefing-admin" && i%3 > 0 {
		user = bottest.SlackAdmin // the others are refused
	}
	if command == "press" {
		return s.pressSlack(ctx, c, user)
	}
	_, err := s.slack.Command(ctx, c.Channel, user, "/"+command, text)
	return err
}

// soakCommand is a command and its text.
func soakCommand(i int) (command, text string) {
	date := briefing.Date("2025-07-01").AddDays(i / 1000)
	switch i % 16 {
	case 0:
		return "term", ""
	case 1, 2:
		return "term", fmt.Sprintf("試験用語%d%d", i%10, i%3)
	case 3:
		return "term", fmt.Sprintf("ｔｔ%d%d", i%10, i%3)
	case 4:
		return "term", fmt.Sprintf("未知の語%d", i%200)
	case 5:
		return "term", fmt.Sprintf("試験用悟%d%d", i%10, i%3)
	case 6:
		return "briefing", ""
	case 7:
		return "briefing", string(date.AddDays(-3))
	case 8:
		return "briefing", fmt.Sprintf("search 架空の事案%d", i%10)
	case 9:
		return "briefing", "search CVE-2025-10003"
	case 10:
		return "briefing", "help"
	case 11:
		return "briefing-admin", "status"
	case 12:
		return "briefing-admin", "list"
	case 13:
		return "briefing-admin", "preview"
	}
	return "press", ""
}

// pressSlack presses a term below the newest briefing.
func (s *soaked) pressSlack(ctx context.Context, c bot.Channel, user string) error {
	all := s.slack.Messages(c.Channel)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Thread != "" || all[i].Metadata == nil {
			continue
		}
		for k := range 10 {
			if answer, err := s.slack.Press(ctx, user, all[i], fmt.Sprintf("試験用語%d0", k)); err == nil || len(answer.Acks) > 0 {
				return err
			}
		}
	}
	_, err := s.slack.Command(ctx, c.Channel, user, "/term", "試験用語10")
	return err
}

func (s *soaked) askDiscord(ctx context.Context, c bot.Channel, i int, command, text string) error {
	user := bottest.DiscordUser{ID: fmt.Sprint(700000 + i%soakUsers), Name: "user"}
	if i%3 > 0 {
		user.Permissions = "32" // Manage Server
	}
	if command == "press" && i%2 == 0 {
		choices, err := s.discord.Autocomplete(ctx, c.Tenant, c.Channel, user, "term", "word", "試験")
		if err == nil && len(choices) == 0 && len(s.m.library.Dates()) > 0 {
			return errors.New("nothing is offered")
		}
		return err
	}
	var options []bottest.DiscordOption
	switch command {
	case "press":
		return s.pressDiscord(ctx, c, user)
	case "term":
		if text != "" {
			options = []bottest.DiscordOption{{Name: "word", Value: text}}
		}
	default:
		options = soakOptions(text)
	}
	_, err := s.discord.Command(ctx, c.Tenant, c.Channel, user, command, options...)
	return err
}

// pressDiscord presses the first button below the newest briefing.
func (s *soaked) pressDiscord(ctx context.Context, c bot.Channel, user bottest.DiscordUser) error {
	all := s.discord.Messages(c.Channel)
	for i := len(all) - 1; i >= 0; i-- {
		for _, button := range all[i].Components {
			if button.CustomID != "" && len(button.Options) == 0 {
				_, err := s.discord.Press(ctx, c.Tenant, c.Channel, user, button.CustomID)
				return err
			}
		}
	}
	_, err := s.discord.Command(ctx, c.Tenant, c.Channel, user, "term")
	return err
}

// soakOptions are the arguments of a command as Discord names them.
func soakOptions(text string) []bottest.DiscordOption {
	switch word, rest, _ := strings.Cut(text, " "); word {
	case "":
		return nil
	case "search":
		return []bottest.DiscordOption{{Name: "search", Value: rest}}
	case "status", "list", "preview":
		return []bottest.DiscordOption{{Name: word}}
	}
	return []bottest.DiscordOption{{Name: "date", Value: text}}
}

// order has the admin of the workspace give a command that must be carried
// out.
func (s *soaked) order(c bot.Channel, text string) {
	ctx, cancel := context.WithTimeout(s.Context(), commandPatience)
	defer cancel()
	if _, err := s.slack.Command(ctx, c.Channel, bottest.SlackAdmin, "/briefing-admin", text); err != nil {
		s.Errorf("%s: %v", text, err)
	}
	s.work()
}

// mishaps are what goes wrong on a day, and what admins do about a channel.
// Which slots can be missed for it stands in troubles.
func (s *soaked) mishaps(n int, from time.Time) []event {
	hours := func(h float64) time.Time { return from.Add(time.Duration(h * float64(time.Hour))) }
	all := []event{{from, func() { s.faults(n) }}}
	out := func(host string, p bot.Platform, begins, ends float64) {
		s.troubleIs(trouble{from: hours(begins), to: hours(ends).Add(15 * time.Minute), platform: p})
		all = append(all, event{hours(begins), func() { s.wire.SetDown(host, true) }}, event{hours(ends), func() { s.wire.SetDown(host, false) }})
	}
	switch n % 17 {
	case 1: // over one slot's time
		out(bottest.SlackHost, bot.Slack, 4, 5)
	case 2: // over whole windows
		out(bottest.DiscordHost, bot.Discord, 3, 9.5)
	}
	if n%29 == 3 { // suspended over some
		s.troubleIs(trouble{from: hours(4), to: hours(9)})
	}
	paused := s.channels[8%len(s.channels)]
	switch n % 21 {
	case 1:
		s.troubleIs(trouble{from: from, to: from.AddDate(0, 0, 2), ref: paused.Ref})
		all = append(all, event{hours(0.5), func() { s.order(paused, "pause here") }})
	case 2:
		all = append(all, event{hours(0.5), func() { s.order(paused, "resume here") }})
	}
	gone := s.channels[6%len(s.channels)]
	switch n % 60 {
	case 2:
		s.troubleIs(trouble{from: from, to: from.AddDate(0, 0, 3), ref: gone.Ref})
		all = append(all, event{hours(0.5), func() {
			s.slack.AddChannel(bottest.SlackChannel{ID: gone.Channel, Name: gone.Channel, Member: true, Archived: true})
		}})
	case 3:
		all = append(all, event{hours(0.5), func() {
			s.slack.AddChannel(bottest.SlackChannel{ID: gone.Channel, Name: gone.Channel, Member: true})
		}})
	}
	if n%40 == 3 {
		date := briefing.DateOf(from.Add(9 * time.Hour)).AddDays(-2)
		all = append(all, event{hours(1), func() { s.order(s.channels[0], "retract "+string(date)) }})
	}
	return all
}

func (s *soaked) troubleIs(t trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = append(s.troubles, t)
}

// faults lets some of a day's posts go wrong, on one platform or the other.
func (s *soaked) faults(n int) {
	if n%12 == 7 {
		return // nothing is posted
	}
	if n%2 == 0 {
		ok := bottest.SlackFault{Plain: true}
		s.slack.FailNext("chat.postMessage", ok, bottest.SlackFault{Status: 500}, ok, bottest.SlackFault{Status: 429, RetryAfter: "3"}, ok,
			bottest.SlackFault{Reset: true}, bottest.SlackFault{Reset: true, Accept: true}, ok, bottest.SlackFault{Status: 502, Accept: true}, ok, ok,
			bottest.SlackFault{Silence: true, Accept: true}, bottest.SlackFault{Error: "internal_error"})
		s.slack.FailNext("conversations.history", bottest.SlackFault{Status: 503})
		return
	}
	for _, f := range []bottest.DiscordFault{
		{Status: 500}, {Status: 429, RetryAfter: 2.5}, {Reset: true}, {Reset: true, Accepted: true}, {Status: 502, Accepted: true}, {Silent: true, Accepted: true},
		{Status: 429, Body: bottest.Cloudflare, Header: map[string]string{"Retry-After": "20"}},
	} {
		s.discord.FailNext("POST channels/{channel}/messages", f)
	}
	s.discord.FailNext("GET channels/{channel}/messages", bottest.DiscordFault{Status: 503})
}
