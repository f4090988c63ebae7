package discord

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"cyberbrief/bot"
)

// Diagnose looks at the token, the application, the servers and the clock,
// for the operator. It posts nothing and opens no gateway.
func (d *Discord) Diagnose(ctx context.Context) []bot.Finding {
	defer d.api.transport.CloseIdleConnections()
	var me struct {
		identified
		Username string `json:"username"`
	}
	var header http.Header
	asked := d.opts.Clock()
	err := d.api.do(ctx, request{method: http.MethodGet, path: "users/@me", heard: func(h http.Header) { header = h }}, &me)
	answered := d.opts.Clock()
	findings := []bot.Finding{tokenFinding(err, me.Username, me.ID)}
	if header != nil {
		findings = append(findings, bot.CheckClock(header, asked, answered))
	}
	if err != nil {
		return findings
	}
	findings = append(findings, d.applicationFindings(ctx)...)
	return append(findings, d.guildFinding(ctx))
}

func tokenFinding(err error, name, id string) bot.Finding {
	f := bot.Finding{Check: "token", Grade: bot.OK, Text: fmt.Sprintf("bot %s (%s)", name, id)}
	switch {
	case err == nil:
		return f
	case bot.ClassOf(err) == bot.Fatal:
		f.Text = "Discord refuses DISCORD_TOKEN"
		f.Next = "discord.com/developers/applications → your application → Bot → Reset Token, and set DISCORD_TOKEN to the new one"
	default:
		return unasked("token", err)
	}
	f.Grade = bot.Fail
	return f
}

// unasked is a check that Discord gave no answer to.
func unasked(check string, err error) bot.Finding {
	return bot.Finding{Check: check, Grade: bot.Fail, Text: fmt.Sprintf("Discord cannot be asked: %v", err),
		Next: "see whether this machine reaches discord.com, and https://discordstatus.com"}
}

// applicationFindings compares the application's own page with what is set.
// https://discord.com/developers/docs/resources/application#application-object
func (d *Discord) applicationFindings(ctx context.Context) []bot.Finding {
	var app struct {
		identified
		Key      string `json:"verify_key"`
		Endpoint string `json:"interactions_endpoint_url"`
	}
	if err := d.api.get(ctx, "applications/@me", &app); err != nil {
		return []bot.Finding{unasked("application", err)}
	}
	const page = "discord.com/developers/applications → your application → General Information"
	id := bot.Finding{Check: "application", Grade: bot.OK, Text: "id " + app.ID}
	if d.opts.ApplicationID != "" && d.opts.ApplicationID != app.ID {
		id.Grade, id.Text = bot.Fail, fmt.Sprintf("DISCORD_APPLICATION_ID is %s, the token belongs to %s", d.opts.ApplicationID, app.ID)
		id.Next = "leave DISCORD_APPLICATION_ID out, or copy it from " + page
	}
	way := bot.Finding{Check: "commands", Grade: bot.OK, Text: "come through the gateway"}
	switch {
	case d.key == nil && app.Endpoint != "":
		way.Grade, way.Text = bot.Fail, "Discord sends commands to the Interactions Endpoint URL, and the bot waits for them at the gateway"
		way.Next = "clear the Interactions Endpoint URL at " + page + ", or set DISCORD_PUBLIC_KEY"
	case d.key == nil:
	case app.Key != "" && !strings.EqualFold(app.Key, hex.EncodeToString(d.key)):
		way.Grade, way.Text = bot.Fail, "DISCORD_PUBLIC_KEY is not the application's: every command would be refused"
		way.Next = "copy the Public Key from " + page
	case app.Endpoint == "":
		way.Grade, way.Text = bot.Fail, "DISCORD_PUBLIC_KEY is set, but Discord knows no address to send commands to"
		way.Next = "set the Interactions Endpoint URL at " + page + " to PUBLIC_URL/discord/interactions, or leave DISCORD_PUBLIC_KEY out"
	default:
		way.Text = "come as signed requests; the key is the application's"
	}
	return []bot.Finding{id, way}
}

// guildFinding says on which servers the bot is.
func (d *Discord) guildFinding(ctx context.Context) bot.Finding {
	var guilds []struct {
		identified
		Name string `json:"name"`
	}
	err := d.api.get(ctx, "users/@me/guilds", &guilds)
	switch {
	case err != nil:
		return unasked("servers", err)
	case len(guilds) == 0:
		return bot.Finding{Check: "servers", Grade: bot.Fail, Text: "the bot is on no server", Next: "open the address that `cyberbrief setup discord` prints, and choose one"}
	}
	var names []string
	for _, g := range guilds[:min(len(guilds), maxNamed)] {
		names = append(names, fmt.Sprintf("%s (%s)", bot.Clean(g.Name), g.ID))
	}
	if more := len(guilds) - maxNamed; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return bot.Finding{Check: "servers", Grade: bot.OK, Text: strings.Join(names, ", ")}
}

// maxNamed is how many servers are named.
const maxNamed = 5
