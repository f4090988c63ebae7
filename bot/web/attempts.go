package web

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// attemptsAtOnce is how often an address may try the token in a row.
	attemptsAtOnce = 5
	// attemptEvery is how long it then waits for each further try.
	attemptEvery = 12 * time.Second
	// maxTriers is how many addresses are told apart. Beyond it all new ones
	// share one pace, so that nobody gains by having many.
	maxTriers = 4096
)

// attempts bounds how fast the token can be guessed. It is safe for
// concurrent use.
type attempts struct {
	mu     sync.Mutex
	triers map[netip.Prefix]*rate.Limiter
	others *rate.Limiter
}

func newAttempts() *attempts {
	return &attempts{triers: map[netip.Prefix]*rate.Limiter{}, others: newTrier()}
}

func newTrier() *rate.Limiter { return rate.NewLimiter(rate.Every(attemptEvery), attemptsAtOnce) }

// allow counts an attempt and says whether it may be made.
func (a *attempts) allow(remote string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	who := network(remote)
	trier, known := a.triers[who]
	if !known {
		a.forget(now)
		if trier = a.others; len(a.triers) < maxTriers {
			trier = newTrier()
			a.triers[who] = trier
		}
	}
	return trier.AllowN(now, 1)
}

// forget drops, when the table is full, whoever has waited long enough to
// begin afresh. The caller holds mu.
func (a *attempts) forget(now time.Time) {
	if len(a.triers) < maxTriers {
		return
	}
	for who, trier := range a.triers {
		if trier.TokensAt(now) >= attemptsAtOnce {
			delete(a.triers, who)
		}
	}
}

// network is what one household or machine commonly has: one IPv4 address or
// a /64 of IPv6.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	address = address.Unmap()
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
