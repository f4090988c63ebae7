package discord_test

import (
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
		{name: "absent", ref: func(r *bot.Ref) { r.Channel = absent }, want: "no such channel"},
		{name: "hidden", prepare: func(f *bottest.Discord) {
			f.FailNext("GET channels/{channel}", bottest.DiscordFault{Status: 403, Code: 50001})
		}, want: "View Channel"},
		{name: "on another server", ref: func(r *bot.Ref) { r.Tenant = "1" }, want: "another server"},
		{name: "voice", prepare: func(f *bottest.Discord) { f.AddVoiceChannel(guild, channel) }, want: "text or announcement"},
		{name: "no threads", prepare: func(f *bottest.Discord) { f.SetPermissions(guild, fmt.Sprint(all&^(1<<35))) }, want: "permissions in the channel: Create Public Threads"},
		{name: "denied here", prepare: func(f *bottest.Discord) {
			f.SetPermissions(guild, fmt.Sprint(all))
			f.DenyInChannel(channel, fmt.Sprint(1<<11|1<<14))
		}, want: "Send Messages, Embed Links"},
		{name: "permissions not told", prepare: func(f *bottest.Discord) {
			f.FailNext("GET guilds/{guild}/roles", bottest.DiscordFault{Status: 403, Code: 50013})
		}},
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
			if c.want == "" && err != nil || c.want != "" && (bot.ClassOf(err) != bot.ChannelGone || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestCheckThatCannotAsk(t *testing.T) {
	t.Parallel()
	d, fake := start(t)
	fake.FailNext("GET channels/{channel}", bottest.DiscordFault{Status: 503})
	if err := d.Check(testContext(t), ref()); bot.ClassOf(err) != bot.Transient {
		t.Errorf("got %v", err)
	}
}
