// Package briefing is the domain of cyberbrief: what a digest says, what a
// term means, and what a team is told in the morning. It knows nothing of
// Slack, Discord, databases or files, and imports only the standard library.
//
// # A tour of the whole
//
// A digest is one Markdown file a day, written by people or machines outside
// this project. A briefing is what a channel gets of it. On its way a digest
// passes these packages, in this direction only:
//
//	briefing/source    finds digests: a folder, a URL template, a feed, a push
//	briefing/digest    reads Markdown into a Digest: roles, links, clean text
//	bot/store          keeps the file itself, the channels and the ledger
//	bot/schedule       says which slot of which channel is due at an instant
//	bot/delivery       claims the slot, composes, sends, records, resolves doubt
//	briefing (Compose) picks and orders what this channel is to see
//	bot (Layout)       lays it out as a platform-neutral Post
//	bot/slack, bot/discord, bot/console
//	                   render the Post in the platform's own look and send it
//
// A command travels the other way round and comes back:
//
//	platform → bot.Router → briefing/glossary, bot/store → bot.Reply → platform
//
// bot/web shows the same archive as pages. cmd/cyberbrief wires everything
// and is the only package that knows the configuration. Read Digest first,
// then Compose, then bot.Document.
package briefing
