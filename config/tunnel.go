package config

import (
	"fmt"
	"net/netip"
	"slices"
)

// readTunnel reads a block's tunnel: how packets to a server are wrapped. found
// is false where there is none.
func (r *reader) readTunnel(b *block) (t Tunnel, found bool) {
	blocks := b.blocks("tunnel")
	if len(blocks) == 0 {
		return Tunnel{}, false
	}
	in := blocks[0]
	kind := read(r, in, "type", oneOf([]string{"ipip", "gue", "gre"})).or("ipip")
	port := read(r, in, "port", integer(1, 65535))
	checksum := read(r, in, "checksum", boolean).or(false)
	if kind.ok {
		switch {
		case kind.value == "gue" && !port.given:
			r.fail(in.at, "Missing attribute port", "A tunnel of type \"gue\" needs port: the UDP port on which the server takes the wrapped packets, by convention 6080.")
		case kind.value != "gue" && port.given:
			r.fail(port.at, "Port of a tunnel without ports", fmt.Sprintf("Only a tunnel of type \"gue\" has a port; this one is %s.", orDefault(kind)))
		}
		if kind.value == "ipip" && checksum.given && checksum.value {
			r.fail(checksum.at, "Checksum of a tunnel without one", fmt.Sprintf("Tunnels of type \"gue\" and \"gre\" can have a checksum; this one is %s.", orDefault(kind)))
		}
	}
	return Tunnel{Type: kind.value, Port: uint16(port.value), Checksum: checksum.value}, true
}

// wrap gives a server its own tunnel or the service's. One that nothing goes
// through is a mistake.
func (r *reader) wrap(s *server, inherited Tunnel) {
	own, found := r.readTunnel(s.block)
	switch {
	case found && (s.Forwarding == "nat" || s.Forwarding == "dr"):
		r.fail(s.block.only("tunnel").at, "Tunnel that is not used", fmt.Sprintf("%s is forwarded to with %q, without a tunnel. Set forwarding = \"tun\", or remove the block.", s.block.title(), s.Forwarding))
	case s.Forwarding != "tun":
	case found:
		s.Tunnel = own
	default:
		s.Tunnel = inherited
	}
}

// checkTunnel reports a service's tunnel that no server is reached through.
func (r *reader) checkTunnel(b *block, servers []server, sorry *server) {
	own := b.nested["tunnel"]
	if len(own) == 0 || b.defaults || b.broken {
		return
	}
	for _, s := range servers {
		if s.Forwarding == "tun" || s.Forwarding == "" {
			return
		}
	}
	if sorry != nil && sorry.Forwarding == "tun" || len(servers) == 0 {
		return
	}
	r.fail(own[0].at, "Tunnel that is not used", fmt.Sprintf("No server of %s is forwarded to with \"tun\". Set forwarding = \"tun\", or remove the block.", b.title()))
}

// checkTunnelPort warns of a port that no packet gets to: what is in a tunnel arrives as the
// client sent it, for the service's port.
func (r *reader) checkTunnelPort(sv *service, s *server) {
	if s.Forwarding != "tun" || s.Address.Port() == 0 {
		return
	}
	text, at := s.address.shown(), s.address.at
	if s.Find != nil {
		text, at = s.find.shown(), s.find.at
	}
	another := func(a field[netip.AddrPort]) bool { return a.ok && a.value.Port() != s.Address.Port() }
	if sv.mark.given || slices.ContainsFunc(sv.addresses, another) {
		r.source.warn(&at, "Port of a server behind a tunnel", fmt.Sprintf(
			"%s has a port, but a tunnel carries packets as they came: clients get to the service's port, and this one is only where it is checked. Leave it out, or give the check a port.", text))
	}
}
