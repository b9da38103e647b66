package netif

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
)

// Protocol is the number that marks an address (IFA_PROTO, linux/if_addr.h) or a
// route (rtm_protocol, linux/rtnetlink.h) as claimed by hald. The kernel itself
// uses 1 to 4.
const Protocol = 0x68

// Links is a snapshot of all links by name. A delivered snapshot and the
// slices in it are never written again.
type Links map[string]Link

// Link is one network interface and the addresses on it.
type Link struct {
	Name    string
	Index   int // as the kernel numbers it; a link made again gets another
	MAC     net.HardwareAddr
	Up      bool // administratively up and with carrier (IFF_UP and IFF_RUNNING)
	MTU     int
	Parent  int       // index of the link it is on top of; 0: none
	Virtual bool      // a link of ours with a virtual MAC, see [VirtualLink]
	mark    mark      // of such a link
	Addrs   []Address // IPv4 in the kernel's order, primaries first; then IPv6 in ascending order

	Losses []Loss // the last few addresses that were removed, the newest last

	Routes []Route // over this link that bear our mark, in ascending order

	// Forwarding6 says that the kernel forwards IPv6 packets that come in here,
	// and therefore calls itself a router in its neighbour advertisements.
	Forwarding6 bool
}

// Address is one address on a link.
type Address struct {
	Prefix    netip.Prefix // the address itself, not masked
	Secondary bool         // another address of the subnet is its primary; IPv4 only
	Permanent bool         // no lifetime
	Protocol  uint8        // who added it, [Protocol] for hald; 0 where unknown

	// IPv6 only (RFC 4862, 5.4 and 5.5.4).
	Tentative  bool // unusable until duplicate address detection ends
	DADFailed  bool // unusable: another node has the address
	Deprecated bool // not to be the source of new connections
}

// Virtual is an address to be claimed.
type Virtual struct {
	Prefix netip.Prefix // the address itself, not masked
	Label  string       // IPv4 only: what old tools list it as, the link's name and a suffix; empty: the link's name
	Scope  uint8        // IPv4 only: how far it is valid, as rtnetlink(7) numbers scopes; 0: everywhere
}

// Ours reports whether the address carries hald's mark.
func (a Address) Ours() bool { return a.Protocol == Protocol }

// Holds reports whether exactly this address and prefix length is on the link.
func (l Link) Holds(p netip.Prefix) bool {
	return slices.ContainsFunc(l.Addrs, func(a Address) bool { return a.Prefix == p })
}

// PrimaryIPv4 returns the link's primary IPv4 address in the sense of RFC 9568,
// 1.7: one of the real addresses of the interface, here the first that
// is neither marked as ours nor among virtual. An address that the kernel calls
// secondary is taken only when there is no other.
func (l Link) PrimaryIPv4(virtual []netip.Prefix) (netip.Addr, bool) {
	var second netip.Addr
	for _, a := range l.Addrs {
		ip := a.Prefix.Addr()
		if !ip.Is4() || a.Ours() || containsAddr(virtual, ip) {
			continue
		}
		if !a.Secondary {
			return ip, true
		}
		if !second.IsValid() {
			second = ip
		}
	}
	return second, second.IsValid()
}

// LinkLocal returns a link-local IPv6 address to send advertisements from
// (RFC 9568, 5.1.2.1): the lowest of the host's own that can be used. Virtual
// addresses are left out by their mark, where there are no marks because they are
// deprecated, and an address owner's because they are among virtual. The address
// carries no zone.
func (l Link) LinkLocal(virtual []netip.Prefix) (netip.Addr, bool) {
	for _, a := range l.Addrs {
		ip := a.Prefix.Addr()
		if ip.Is6() && ip.IsLinkLocalUnicast() && !a.Ours() && !a.Tentative && !a.DADFailed && !a.Deprecated && !containsAddr(virtual, ip) {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

func containsAddr(prefixes []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Addr() == ip })
}

func (l Link) equal(o Link) bool {
	return l.Name == o.Name && l.Index == o.Index && l.Up == o.Up && l.MTU == o.MTU && l.Forwarding6 == o.Forwarding6 &&
		l.Parent == o.Parent && l.Virtual == o.Virtual &&
		bytes.Equal(l.MAC, o.MAC) && slices.Equal(l.Addrs, o.Addrs) && slices.Equal(l.Routes, o.Routes)
}
