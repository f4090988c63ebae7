package bot

import (
	"time"

	"cyberbrief/briefing"
)

// ChannelStatus is how a channel stands, as `status --json` prints it.
type ChannelStatus struct {
	Ref   Ref    `json:"ref"`
	State string `json:"state"` // active or paused
	// Reason is the code of why it is paused, empty while it is active.
	Reason   string     `json:"reason"`
	LastPost *LastPost  `json:"last_post"`
	Slot     SlotStatus `json:"slot"`
	NextSlot time.Time  `json:"next_slot,omitzero"`
}

// LastPost is the newest briefing that a channel got.
type LastPost struct {
	Slot   briefing.Date `json:"slot"`
	Digest briefing.Date `json:"digest"`
	At     time.Time     `json:"at"`
}

// SlotStatus is the newest slot of a channel. State is one of due, waiting,
// posted, no_digest, missed, doubtful, failed.
type SlotStatus struct {
	Date   briefing.Date `json:"date"`
	State  string        `json:"state"`
	Reason string        `json:"reason"`
}

// StatusReport is how everything stands, as `status --json` prints it.
type StatusReport struct {
	Channels []ChannelStatus `json:"channels"`
	Sources  []SourceCheck   `json:"sources"`
	Rejected []Rejected      `json:"rejected"`
}
