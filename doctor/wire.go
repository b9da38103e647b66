package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hald-project/hald/config"
	"github.com/hald-project/hald/garp"
	"github.com/hald-project/hald/vrrp"
)

// claimants are the MACs that say that an address is theirs.
func (w Wire) claimants(addr netip.Addr) (macs []garp.MAC) {
	for _, c := range w.Claims {
		if c.Addr == addr && !slices.Contains(macs, c.MAC) {
			macs = append(macs, c.MAC)
		}
	}
	return macs
}

// routers looks for strangers among the senders of adverts: another cluster with our
// VRID, or with our addresses.
func (d *diagnosis) routers(in config.Instance) {
	w, listened := d.Wire[in.Interface]
	if !listened {
		return
	}
	clean := true
	for _, s := range w.Heard {
		if s.Source.Is6() != isIPv6(in) || d.own(s.Source) {
			continue
		}
		switch same := s.VRID == in.VRID; {
		case same && d.isStranger(in, s):
			clean = false
			d.fail("vrid", in.Name, fmt.Sprintf("virtual_router_id = %d (no one is heard with that)", w.free(d.Config, in)),
				"virtual router %d is in use on %s by %s, which is none of the directors: priority %d, addresses %s", s.VRID, in.Interface, s.Source, s.Priority, addressList(s.Addresses))
		case !same && d.claims(in, s) && !d.isOurs(in.Interface, s.VRID):
			clean = false
			d.fail("vrid", in.Name, fmt.Sprintf("take %s out of virtual router %d at %s, or out of this configuration", addressList(s.Addresses), s.VRID, s.Source),
				"%s on %s holds our addresses as virtual router %d", s.Source, in.Interface, s.VRID)
		}
	}
	if clean {
		d.ok("vrid", in.Name, "no stranger has virtual router %d on %s (listened for %v)", in.VRID, in.Interface, d.Listened)
	}
}

// isStranger tells whether the sender with our VRID is none of our directors. Where it is
// not known what addresses they send from on this link, it is one if it has
// the same virtual addresses.
func (d *diagnosis) isStranger(in config.Instance, s vrrp.Sighting) bool {
	if slices.ContainsFunc(d.others(), func(o config.Director) bool { return o.Address == s.Source }) {
		return false
	}
	unknown := func(o config.Director) bool {
		way, known := d.Routes[o.Address]
		return !known || way.Interface != in.Interface || way.Gateway.IsValid() || o.Address.Is6() != s.Source.Is6()
	}
	guess := in.SourceAddress.IsValid() || s.Source.IsLinkLocalUnicast() || slices.ContainsFunc(d.others(), unknown)
	return !guess || !d.claims(in, s)
}

// claims tells whether an advert names one of the instance's addresses, or whether both
// have none.
func (d *diagnosis) claims(in config.Instance, s vrrp.Sighting) bool {
	if len(in.Addresses) == 0 && s.VRID == in.VRID {
		return true
	}
	return slices.ContainsFunc(in.Addresses, func(a config.Address) bool { return slices.Contains(s.Addresses, a.Prefix.Addr()) })
}

func (d *diagnosis) isOurs(link string, vrid uint8) bool {
	return slices.ContainsFunc(d.Instances, func(in config.Instance) bool { return in.Interface == link && in.VRID == vrid })
}

// free is the next VRID that nobody has on the link.
func (w Wire) free(c *config.Config, in config.Instance) uint8 {
	taken := map[uint8]bool{}
	for _, s := range w.Heard {
		taken[s.VRID] = true
	}
	for _, i := range c.Instances {
		taken[i.VRID] = true
	}
	for n := 1; n < 256; n++ {
		if id := uint8((int(in.VRID)+n-1)%255 + 1); !taken[id] {
			return id
		}
	}
	return in.VRID
}

func addressList(addrs []netip.Addr) string {
	var all []string
	for i, a := range addrs {
		if i == 3 {
			all = append(all, fmt.Sprintf("and %d more", len(addrs)-i))
			break
		}
		all = append(all, a.String())
	}
	return orNothing(strings.Join(all, " "))
}

// addresses looks who answers for the virtual addresses: the master alone may.
func (d *diagnosis) addresses(in config.Instance) {
	for _, a := range in.Addresses {
		addr, link := a.Prefix.Addr(), linkOf(in, a)
		w, asked := d.Wire[link]
		if !asked || !slices.Contains(w.Asked, addr) {
			continue
		}
		before := len(d.chart)
		for _, mac := range w.claimants(addr) {
			d.claimant(in, addr, link, w, mac)
		}
		switch {
		case len(d.chart) > before:
		case d.Daemon.Masters[in.Name]:
			d.ok("virtual_address", addr.String(), "held here, and nobody else answers for it")
		case len(w.claimants(addr)) > 0:
			d.ok("virtual_address", addr.String(), "the master answers for it")
		default:
			d.ok("virtual_address", addr.String(), "nobody answers for it yet")
		}
	}
}

// claimant judges one that answers for a virtual address.
func (d *diagnosis) claimant(in config.Instance, addr netip.Addr, link string, w Wire, mac garp.MAC) {
	peer, server, silent := d.who(in, w, mac, addr)
	switch {
	case peer != "" && d.Daemon.Masters[in.Name]:
		d.fail("virtual_address", addr.String(), fmt.Sprintf("on %s: hald status", peer), "%s answers for it on %s, while it is held here: two masters", peer, link)
	case peer != "" || mac == virtualMAC(in):
	case silent:
		d.fail("virtual_address", addr.String(), fmt.Sprintf("on %s: hald realserver up", server), "the real server %s (%s) answers for it on %s: clients that believe it go past the directors", server, mac, link)
	case server != "":
		d.fail("virtual_address", addr.String(), fmt.Sprintf("on %s: ip address delete %s dev INTERFACE", server, addr), "the real server %s (%s) answers for it on %s, which is not forwarded to it with it", server, mac, link)
	default:
		d.fail("virtual_address", addr.String(), fmt.Sprintf("on that machine: ip address delete %s dev INTERFACE", addr), "a stranger, %s, answers for it on %s", mac, link)
	}
}

// who is behind a MAC: another director, or a real server, which should have the address
// and be silent. A master whose address is not configured is known by its adverts.
func (d *diagnosis) who(in config.Instance, w Wire, mac garp.MAC, addr netip.Addr) (peer, server string, silent bool) {
	has := func(addr netip.Addr) bool { return slices.Contains(w.claimants(addr), mac) }
	for _, o := range d.others() {
		if o.Address.IsValid() && has(o.Address) {
			return o.Name, "", false
		}
	}
	for _, s := range w.Heard {
		if s.VRID == in.VRID && !d.own(s.Source) && !d.isStranger(in, s) && has(s.Source.WithZone("")) {
			return s.Source.String(), "", false
		}
	}
	serversOf(d.Config, func(sv config.Service, s config.Server) {
		if has(s.Address.Addr()) {
			server = s.Name
			silent = silent || s.Forwarding != "nat" && slices.ContainsFunc(sv.Addresses, func(v netip.AddrPort) bool { return v.Addr() == addr })
		}
	})
	return "", server, silent
}

// virtualMAC is RFC 9568, 7.3.
func virtualMAC(in config.Instance) garp.MAC {
	mac := garp.MAC{0, 0, 0x5e, 0, 1, in.VRID}
	if isIPv6(in) {
		mac[4] = 2
	}
	return mac
}
