package discord

import "time"

// Hasten shortens what the gateway waits for, so that tests need not.
func (d *Discord) Hasten(hello, first time.Duration) {
	d.times = timing{hello, first, 4 * first}
}

// Crowd makes the bot busy sooner.
func (d *Discord) Crowd(workers, waiting int) { d.intake = newIntake(workers, waiting) }
