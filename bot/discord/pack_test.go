package discord_test

import (
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
)

var packer = bottest.Packer{
	Render: discord.Render, Refuses: bottest.DiscordRefuses, Read: bottest.ReadDiscord,
	MayEndWithHeading: func(doc bot.Document, _ string) bool { return isIndex(doc) },
	Fills:             6000, // in all embeds, https://discord.com/developers/docs/resources/message#embed-object-embed-limits
}

// isIndex says whether a document has more headings in a row than wait for the
// text below them.
func isIndex(doc bot.Document) bool {
	const most = 3
	row := 0
	for _, b := range doc {
		if _, ok := b.(bot.Heading); ok {
			row++
		} else if _, ok := b.(bot.Divider); !ok {
			row = 0
		}
		if row > most {
			return true
		}
	}
	return false
}

func TestAnyDocumentIsPackedWhole(t *testing.T) { t.Parallel(); packer.TestAny(t) }
func TestHardDocumentsArePacked(t *testing.T)   { t.Parallel(); packer.TestHard(t) }
func FuzzPack(f *testing.F)                     { packer.Fuzz(f) }
func BenchmarkRender(b *testing.B)              { packer.Benchmark(b) }
