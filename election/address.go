package election

import (
	"net/netip"
	"slices"

	"github.com/hald-project/hald/netif"
)

// Address is one virtual address and how it is held.
type Address struct {
	Prefix    netip.Prefix `json:"prefix"`
	Interface string       `json:"interface"` // empty: the instance's
	Label     string       `json:"label"`     // IPv4; empty: the interface's name
	Scope     uint8        `json:"scope"`     // IPv4; as rtnetlink(7) numbers scopes
	Quiet     bool         `json:"quiet"`     // held, but not in the advertisements
}

// prefixes are all addresses of an instance.
func (c Instance) prefixes() []netip.Prefix {
	list := make([]netip.Prefix, len(c.Addresses))
	for i, a := range c.Addresses {
		list[i] = a.Prefix
	}
	return list
}

// linkOf is the interface on which an address is held.
func (c Instance) linkOf(a Address) string {
	if a.Interface == "" || a.Interface == c.Interface {
		return c.home()
	}
	return a.Interface
}

// elsewhere are the other interfaces that an instance holds something on.
func (c Instance) elsewhere() (names []string) {
	for _, a := range c.Addresses {
		if name := c.linkOf(a); name != c.home() && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, r := range c.routes() {
		if r.Interface != c.Interface && r.Interface != c.home() && !slices.Contains(names, r.Interface) {
			names = append(names, r.Interface)
		}
	}
	return names
}

// has tells whether an address belongs to the instance on this interface.
func (c Instance) has(link string, p netip.Prefix) bool {
	return slices.ContainsFunc(c.Addresses, func(a Address) bool { return a.Prefix == p && c.linkOf(a) == link })
}

// is6 tells whether the advertisements go over IPv6: the family of the first
// address decides, and where there is none that of the peers.
func (c Instance) is6() bool {
	switch {
	case len(c.Addresses) > 0:
		return c.Addresses[0].Prefix.Addr().Is6()
	case len(c.Peers) > 0:
		return c.Peers[0].Is6()
	}
	return false
}

// advertised are the addresses that go into the advertisements: those of their
// family that are not quiet. The others move along.
func (c Instance) advertised() (addrs []netip.Addr) {
	for _, a := range c.Addresses {
		if ip := a.Prefix.Addr(); !a.Quiet && ip.Is6() == c.is6() {
			addrs = append(addrs, ip)
		}
	}
	return addrs
}

// trouble is why an instance cannot hold what it has on other interfaces than
// its own: the reason and, after a colon, the interface. Empty when it can.
func (c Instance) trouble(links netif.Links) string {
	for _, name := range c.elsewhere() {
		switch l, ok := links[name]; {
		case !ok:
			return faultNoInterface + ":" + name
		case !l.Up:
			return faultLinkDown + ":" + name
		}
	}
	return ""
}
