package bot

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"cyberbrief/briefing"
)

// MessageID is the platform's own id of a message: a Slack ts, a Discord
// snowflake. It is never empty for a message that exists.
type MessageID string

// Marker names one message of one delivery. A platform hides it in the
// message, so that the message can be found again when an answer was lost.
type Marker struct {
	Delivery string
	Part     int // 0 is the parent
}

// DeliveryID is the stable name of what a channel gets for a slot: the same
// on every replica and after every crash. It is 16 characters, a–z and 2–7.
func DeliveryID(ref Ref, slot briefing.Date) string {
	sum := sha256.Sum256([]byte(ref.String() + " " + string(slot)))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// String is the marker in 25 characters or fewer, for Part below 1,000.
func (m Marker) String() string { return fmt.Sprintf("cb-%s-%d", m.Delivery, m.Part) }

// Target says where one message of a delivery goes.
type Target struct {
	Ref
	// Thread is the parent's id for a message in its thread, else empty.
	Thread MessageID
	// ThreadTitle names a thread that has yet to be opened.
	ThreadTitle string
	Marker      Marker
}
