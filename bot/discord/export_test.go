package discord

import (
	"strconv"
	"time"

	"cyberbrief/bot"
)

// Hasten shortens what the gateway waits for, so that tests need not.
func (d *Discord) Hasten(hello, first time.Duration) {
	d.times = timing{hello, first, 4 * first, first}
}

// Crowd makes the bot busy sooner.
func (d *Discord) Crowd(workers, waiting int) { d.intake = newIntake(workers, waiting, d.opts.Clock) }

// RememberedThreads are as many as are kept after n were opened.
func RememberedThreads(n int) (kept int, newest string) {
	t := newThreads(time.Now)
	for i := range n {
		t.remember(parent{"1", bot.MessageID(strconv.Itoa(i))}, strconv.Itoa(-i))
	}
	return len(t.ids), t.id(parent{"1", bot.MessageID(strconv.Itoa(n - 1))})
}
