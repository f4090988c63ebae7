package discord_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const all = 1<<10 | 1<<11 | 1<<14 | 1<<16 | 1<<35 | 1<<38
	for _, c := range []struct {
		name    string
		prepare func(*bottest.Discord)
		ref     func(*bot.Ref)
		want    string // in the error; empty for none
	}{
		{name: "fine"},
		{name: "just enough", prepare: func(f *bottest.Discord) { f.SetPermissions(guild, fmt.Sprint(all)) }},
		{name: "administrator", prepare: func(f *bottest.Discord) { f.SetPermissions(guild, "8"); f.DenyInChannel(channel, fmt.Sprint(all)) }},
		{name: "absent", ref: func(r *bot.Ref) { r.Channel = absent }, want: "招待してください / there is no such channel"},
		{name: "hidden", prepare: func(f *bottest.Discord) {
			f.FailNext("GET channels/{channel}", bottest.DiscordFault{Status: 403, Code: 50001})
		}, want: "「チャンネルを見る」を許すか、サーバーに招待してください / the bot cannot see the channel: give it View Channel"},
		{name: "forbidden", prepare: func(f *bottest.Discord) {
			f.FailNext("GET channels/{channel}", bottest.DiscordFault{Status: 403, Code: 50013})
		}, want: "「チャンネルを見る」を許すか、サーバーに招待してください / the bot cannot see the channel: give it View Channel"},
		{name: "on another server", ref: func(r *bot.Ref) { r.Tenant = "1" }, want: "別のサーバーのチャンネルです / the channel is on another server"},
		{name: "voice", prepare: func(f *bottest.Discord) { f.AddVoiceChannel(guild, channel) }, want: "アナウンスチャンネルでもありません / it is not a text or announcement"},
		{name: "no threads", prepare: func(f *bottest.Discord) { f.SetPermissions(guild, fmt.Sprint(all&^(1<<35))) }, want: "許してください / give the bot these permissions in the channel: Create Public Threads"},
		{name: "denied here", prepare: func(f *bottest.Discord) {
			f.SetPermissions(guild, fmt.Sprint(all))
			f.DenyInChannel(channel, fmt.Sprint(1<<11|1<<14))
		}, want: "Send Messages, Embed Links"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, fake := start(t)
			r := ref()
			if c.prepare != nil {
				c.prepare(fake)
			}
			if c.ref != nil {
				c.ref(&r)
			}
			err := d.Check(testContext(t), r)
			if c.want == "" && err != nil || c.want != "" && (bot.ClassOf(err) != bot.ChannelGone || errors.Is(err, bot.ErrUnchecked) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestCheckThatCannotAsk: only a clear no is one.
func TestCheckThatCannotAsk(t *testing.T) {
	t.Parallel()
	const (
		room    = "GET channels/{channel}"
		me      = "GET users/@me"
		members = "GET guilds/{guild}/members/{user}"
		roles   = "GET guilds/{guild}/roles"
	)
	for _, c := range []struct {
		name, route string
		fault       bottest.DiscordFault
	}{
		{"server error", room, bottest.DiscordFault{Status: 503}},
		{"no route", room, bottest.DiscordFault{Status: 404, Body: "404 page not found"}},
		{"404 without a code", room, bottest.DiscordFault{Status: 404, Message: "404: Not Found"}},
		{"403 without a code", room, bottest.DiscordFault{Status: 403, Message: "no"}},
		{"Cloudflare", room, bottest.DiscordFault{Status: 403, Body: bottest.Cloudflare}},
		{"limited", room, bottest.DiscordFault{Status: 429, RetryAfter: 60}},
		{"wrong token", room, bottest.DiscordFault{Status: 401, Message: "401: Unauthorized"}},
		{"reset", room, bottest.DiscordFault{Reset: true}},
		{"an empty object", room, bottest.DiscordFault{Status: 200, Body: "{}"}},
		{"the bot is not told", me, bottest.DiscordFault{Status: 404, Body: "404 page not found"}},
		{"its roles are not told", members, bottest.DiscordFault{Status: 404, Body: "404 page not found"}},
		{"permissions not told", roles, bottest.DiscordFault{Status: 403, Code: 50013}},
		{"no role of everyone", roles, bottest.DiscordFault{Status: 200, Body: "[]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, fake := start(t)
			fake.FailNext(c.route, c.fault)
			if err := d.Check(testContext(t), ref()); !errors.Is(err, bot.ErrUnchecked) || len(err.Error()) < len("could not be checked: x") {
				t.Errorf("got %v, want it unchecked and why", err)
			}
			if err := d.Check(testContext(t), ref()); bot.ClassOf(err) != bot.Limited && err != nil {
				t.Errorf("when asked again: %v", err)
			}
		})
	}
}
