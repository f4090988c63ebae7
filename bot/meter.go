package bot

import "time"

// Meter counts what goes on between a platform and its bot, for whoever
// watches the bot. Its methods take no time and never fail. Platforms call it.
type Meter interface {
	// Acknowledged is told how long a person's command or press waited from
	// its arrival here until its acknowledgement was sent.
	Acknowledged(p Platform, took time.Duration)
	// Connections is told how many connections stand that commands come
	// through: Slack's sockets, Discord's gateway. It is not called where
	// commands come as signed requests.
	Connections(p Platform, open int)
	// SessionBegun is called for each connection that is begun, of which a
	// platform allows a number a day.
	SessionBegun(p Platform)
}

// CommandMeter counts the commands that people gave. The Router calls it.
type CommandMeter interface {
	// Commanded gets the name of the command, CommandUnknown for one that the
	// bot does not have.
	Commanded(p Platform, command string, outcome CommandOutcome)
}

// CommandUnknown stands for the names of all commands that there are not.
const CommandUnknown = "unknown"

// CommandOutcome is what became of a command.
type CommandOutcome string

// The outcomes.
const (
	CommandAnswered CommandOutcome = "answered"
	CommandRefused  CommandOutcome = "refused" // a mistake, or not for this person
	CommandLimited  CommandOutcome = "limited" // too many of them
	CommandFailed   CommandOutcome = "failed"  // an error of ours
)

// Unmetered is a Meter and CommandMeter that counts nothing.
type Unmetered struct{}

// Acknowledged implements Meter.
func (Unmetered) Acknowledged(Platform, time.Duration) {}

// Connections implements Meter.
func (Unmetered) Connections(Platform, int) {}

// SessionBegun implements Meter.
func (Unmetered) SessionBegun(Platform) {}

// Commanded implements CommandMeter.
func (Unmetered) Commanded(Platform, string, CommandOutcome) {}
