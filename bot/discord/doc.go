// Package discord is the bot on Discord: it renders documents as embeds and
// components (render.go, pack.go, text.go), posts, finds, edits and deletes
// messages through a strict client of the REST API (client.go, post.go),
// takes commands in through the gateway (gateway.go) or signed HTTP requests
// (verify.go), which share one intake (intake.go, command.go), and asks
// Discord where the bot can post (admin.go). discordgo keeps the gateway
// session, under a supervisor and with an ear on its wire (wire.go); it is
// trusted with neither retries, time-outs, reconnects nor REST.
package discord
