package slack

import (
	"sync"
	"time"
)

// ackTimeout is how long Slack waits for an acknowledgement.
const ackTimeout = 3 * time.Second

// acks counts the acknowledgements that a connection owes Slack. slack-go takes
// them into a queue, and drops what stands there when it is stopped.
type acks struct {
	mu   sync.Mutex
	owed int
	paid chan struct{} // closed when nothing is owed; nil while nobody waits
}

// owe notes a delivery that is to be acknowledged.
func (a *acks) owe() { a.add(1) }

// pay notes an acknowledgement that went out, or that cannot any more.
func (a *acks) pay() { a.add(-1) }

func (a *acks) add(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.owed = max(0, a.owed+n)
	a.tell()
}

// forgive is for a new connection: Slack delivers again what the last one did
// not acknowledge.
func (a *acks) forgive() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.owed = 0
	a.tell()
}

func (a *acks) tell() {
	if a.owed == 0 && a.paid != nil {
		close(a.paid)
		a.paid = nil
	}
}

// settle waits until nothing is owed, for as long as that is of any use.
func (a *acks) settle() {
	a.mu.Lock()
	if a.owed == 0 {
		a.mu.Unlock()
		return
	}
	paid := make(chan struct{})
	a.paid = paid
	a.mu.Unlock()
	patience := time.NewTimer(ackTimeout)
	defer patience.Stop()
	select {
	case <-paid:
	case <-patience.C:
	}
}
