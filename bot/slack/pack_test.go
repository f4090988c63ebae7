package slack_test

import (
	"testing"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
)

var packer = bottest.Packer{
	Render: slack.Render, Refuses: bottest.SlackRefuses, Read: bottest.ReadSlack,
	MayEndWithHeading: func(_ bot.Document, text string) bool {
		const short = 2000 // characters, in a message that many small blocks fill
		return len([]rune(text)) <= short
	},
	Fills: 10_000, // see messageBudget
}

func TestAnyDocumentIsPackedWhole(t *testing.T) { t.Parallel(); packer.TestAny(t) }
func TestHardDocumentsArePacked(t *testing.T)   { t.Parallel(); packer.TestHard(t) }
func FuzzPack(f *testing.F)                     { packer.Fuzz(f) }
func BenchmarkRender(b *testing.B)              { packer.Benchmark(b) }
