package doctor

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/hald-project/hald/config"
)

func prefixesOf(all []config.Address) (prefixes []netip.Prefix) {
	for _, a := range all {
		prefixes = append(prefixes, a.Prefix)
	}
	return prefixes
}

// mtus: neither an advert nor a wrapped packet may be longer than what its link takes.
func (d *diagnosis) mtus() {
	for _, in := range d.Instances {
		l, there := d.Links[in.Interface]
		if size := advertSize(in); there && size > l.MTU {
			d.fail("mtu", in.Interface, fmt.Sprintf("ip link set %s mtu %d", in.Interface, size), "an advert of %q is %d bytes long, and the link takes %d", in.Name, size, l.MTU)
		}
	}
	serversOf(d.Config, func(sv config.Service, s config.Server) {
		if s.Forwarding == "tun" {
			d.wrapped(sv, s)
		}
	})
	d.chart = unique(d.chart)
}

// advertSize is the whole packet's, in bytes (RFC 9568, 5.1, and the trailer of signed
// ones).
func advertSize(in config.Instance) int {
	size := 8
	for _, a := range in.Addresses {
		if a.Prefix.Addr().Is6() == isIPv6(in) && !a.Quiet {
			size += a.Prefix.Addr().BitLen() / 8
		}
	}
	if in.Version == 2 {
		size += 8 // authentication data
	}
	if len(in.Keys) > 0 {
		size += 28
	}
	if isIPv6(in) {
		return size + 40
	}
	return size + 20
}

// wrapped compares the ways of a packet in and out.
func (d *diagnosis) wrapped(sv config.Service, s config.Server) {
	way, known := d.Routes[s.Address.Addr()]
	if !known {
		return
	}
	in := 0
	name := ""
	for _, i := range d.Instances {
		for _, a := range i.Addresses {
			if slices.ContainsFunc(sv.Addresses, func(v netip.AddrPort) bool { return v.Addr() == a.Prefix.Addr() }) {
				if l, there := d.Links[linkOf(i, a)]; there && l.MTU > in {
					in, name = l.MTU, l.Name
				}
			}
		}
	}
	need := in + overhead(s)
	switch {
	case in == 0:
	case way.MTU >= need:
		d.ok("mtu", s.Name, "the way to it takes %d bytes: a whole packet of %s and its wrapping", way.MTU, name)
	case way.Interface == name:
		d.warn("mtu", s.Name, fmt.Sprintf("on %s: ip route change default via GATEWAY advmss %d", s.Name, in-overhead(s)-40), "a packet of %d bytes from a client is %d when it is wrapped, and the way to %s takes %d: the client is told so by ICMP, which some firewalls swallow", in, need, s.Name, way.MTU)
	default:
		d.warn("mtu", s.Name, fmt.Sprintf("ip link set %s mtu %d", way.Interface, need), "a packet of %d bytes from %s is %d when it is wrapped, and the way to %s takes %d: the client is told so by ICMP, which some firewalls swallow", in, name, need, s.Name, way.MTU)
	}
}

// overhead is what a tunnel adds to a packet, in bytes: the outer header, and that of GRE
// (RFC 2784) or of UDP and GUE.
func overhead(s config.Server) int {
	outer := 20
	if s.Address.Addr().Is6() {
		outer = 40
	}
	switch {
	case s.Tunnel.Type == "gue":
		return outer + 8 + 4
	case s.Tunnel.Type == "gre" && s.Tunnel.Checksum:
		return outer + 8
	case s.Tunnel.Type == "gre":
		return outer + 4
	}
	return outer
}

// servers judges whether packets can reach the real servers as they are forwarded.
func (d *diagnosis) servers() {
	seen := map[netip.Addr]bool{}
	serversOf(d.Config, func(_ config.Service, s config.Server) {
		addr := s.Address.Addr()
		way, reachable := d.Routes[addr]
		if seen[addr] || d.own(addr) {
			return
		}
		seen[addr] = true
		switch {
		case !reachable:
			d.fail("real_server", s.Name, fmt.Sprintf("ip route add %s via GATEWAY", netip.PrefixFrom(addr, addr.BitLen())), "there is no route to %s", addr)
		case s.Forwarding == "dr" && way.Gateway.IsValid():
			d.fail("real_server", s.Name, "forward with \"tun\", or give it an address on a link of the directors", "%s is behind the router %s: direct routing reaches only what is on the same link", addr, way.Gateway)
		default:
			d.answering(s, way)
		}
	})
}

// answering: one on the link answers ARP, or neighbour solicitations, for its own
// address.
func (d *diagnosis) answering(s config.Server, way Route) {
	addr := s.Address.Addr()
	w, heard := d.Wire[way.Interface]
	switch {
	case way.Gateway.IsValid() || !heard || !slices.Contains(w.Asked, addr):
		d.ok("real_server", s.Name, "there is a way to %s by %s", addr, way.Interface)
	case len(w.claimants(addr)) == 0:
		d.warn("real_server", s.Name, fmt.Sprintf("ping -c 1 -I %s %s", way.Interface, addr), "%s does not answer on %s: it is down, or elsewhere", addr, way.Interface)
	default:
		d.ok("real_server", s.Name, "%s answers on %s", addr, way.Interface)
	}
}

// firewall reports what would drop adverts.
func (d *diagnosis) firewall() {
	for _, w := range d.Walls {
		direction, proto := "come in", "ip protocol 112"
		if w.Out {
			direction = "go out"
		}
		if w.IPv6 {
			proto = "ip6 nexthdr 112"
		}
		cure := fmt.Sprintf("nft insert rule %s %s accept", w.Chain, proto)
		if w.Sure {
			d.fail("firewall", w.Interface, cure, "adverts (IP protocol 112) that %s by %s are dropped in %s", direction, w.Interface, w.Chain)
		} else {
			d.warn("firewall", w.Interface, cure, "adverts (IP protocol 112) that %s by %s may be dropped in %s: it has rules that cannot be judged from here", direction, w.Interface, w.Chain)
		}
	}
}
