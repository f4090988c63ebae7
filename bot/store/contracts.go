package store

import (
	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
)

// What this package promises to the packages that call it.
var (
	_ bot.ArchiveKeeper = (*Store)(nil)
	_ bot.ChannelKeeper = (*Store)(nil)
	_ bot.WordCounter   = (*Store)(nil)
	_ bot.SourceKeeper  = (*Store)(nil)

	_ delivery.Ledger     = (*Ledger)(nil)
	_ delivery.Progress   = (*Ledger)(nil)
	_ delivery.Settlement = (*Ledger)(nil)
	_ delivery.Amendment  = (*Ledger)(nil)
	_ delivery.Care       = (*Ledger)(nil)
	_ delivery.Board      = (*Ledger)(nil)
	_ delivery.Survey     = (*Ledger)(nil)
)
