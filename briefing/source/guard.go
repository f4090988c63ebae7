package source

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// errRefused says that an address is not one of the public internet.
var errRefused = errors.New("address is not public; DIGEST_ALLOW_PRIVATE=true allows it")

// notPublic are the networks that no digest is fetched from: those that the
// IANA registries of special-purpose addresses do not call globally reachable,
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry, those that only
// lead to others (NAT64, 6to4, Teredo), and what clouds use inside.
var notPublic = prefixes(
	"0.0.0.0/8",        // this host
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // carrier-grade NAT; Alibaba metadata
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // Azure wire server
	"169.254.0.0/16",   // link-local; metadata of most clouds
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; Oracle metadata
	"192.0.2.0/24",     // documentation
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, broadcast
	"2001::/23",        // protocol assignments, Teredo
	"2001:db8::/32",    // documentation
	"2002::/16",        // 6to4
	"3fff::/20",        // documentation
)

// publicV6 is all that was ever given out of IPv6 for the internet. Loopback,
// link-local, unique local, multicast and NAT64 addresses lie outside.
var publicV6 = netip.MustParsePrefix("2000::/3")

// prefixes reads networks that are constants of this program.
func prefixes(ss ...string) []netip.Prefix {
	ps := make([]netip.Prefix, len(ss))
	for i, s := range ss {
		ps[i] = netip.MustParsePrefix(s)
	}
	return ps
}

// public says whether an address belongs to the public internet. An IPv4
// address in IPv6 clothes counts as what it is; one with a zone never does.
func public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.Is6() && !publicV6.Contains(a) {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// guard is a net.Dialer.Control that refuses everything but web servers of
// the public internet. It sees the address that is really dialled, after name
// resolution and for every redirect, so neither a name that changes its mind
// nor an address in odd notation gets past it.
func guard(_, address string, _ syscall.RawConn) error {
	const http, https = 80, 443
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, errRefused)
	}
	if !public(ap.Addr()) {
		return fmt.Errorf("dial %s: %w", ap.Addr(), errRefused)
	}
	if p := ap.Port(); p != http && p != https {
		return fmt.Errorf("dial port %d: only ports 80 and 443 are fetched from; DIGEST_ALLOW_PRIVATE=true allows others", p)
	}
	return nil
}
