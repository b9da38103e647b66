package config

import (
	"fmt"
	"net/netip"
	"slices"
)

// readWho reads what clients connect to: addresses and a protocol, or a firewall
// mark and a family, which stand for packets of any protocol and port.
func (r *reader) readWho(b *block, sv *service) (protocol field[string]) {
	addresses := readList(r, b, "addresses", serviceAddress)
	sv.mark = read(r, b, "fwmark", integer(1, 1<<32-1))
	which := read(r, b, "family", oneOf([]string{"ipv4", "ipv6"}))
	protocol = read(r, b, "protocol", oneOf([]string{"tcp", "udp", "sctp"}))
	if addresses.ok && len(addresses.value) == 0 {
		r.fail(addresses.at, "Invalid addresses", "A virtual server needs at least one address.")
		addresses.ok = false
	}
	switch {
	case sv.mark.given && addresses.given:
		r.fail(sv.mark.at, "Both addresses and fwmark", "A virtual server has addresses, or takes the packets that the firewall marked. Make two of it.")
	case sv.mark.given:
		r.mustBeGiven(b, "family", "\"ipv4\" or \"ipv6\", which of the marked packets it takes", which.given)
		if attr := b.attributes["protocol"]; attr != nil {
			r.fail(attr.Expr.Range(), "Protocol of a firewall mark", "A firewall mark stands for packets of any protocol: tcp, udp or sctp is for the rule that marks them. Remove protocol.")
		}
		protocol = field[string]{ok: true}
	default:
		r.mustBeGiven(b, "addresses", "the list of ADDRESS:PORT that clients connect to", addresses.given)
		r.mustBeGiven(b, "protocol", "\"tcp\", \"udp\" or \"sctp\"", protocol.given)
		if which.given {
			r.fail(which.at, "Family without fwmark", "The family of a virtual server with addresses is theirs. Remove family.")
		}
	}
	sv.addresses = addresses.value
	for _, a := range addresses.value {
		sv.Addresses = append(sv.Addresses, a.value)
		if a.ok {
			sv.families = append(sv.families, familyOf(a.value.Addr()))
		}
	}
	if sv.mark.ok && which.ok && !addresses.given {
		sv.Mark, sv.IPv6 = uint32(sv.mark.value), which.value == "ipv6"
		sv.families = []family{ipv4}
		if sv.IPv6 {
			sv.families[0] = ipv6
		}
	}
	sv.port = field[uint16]{ok: addresses.ok && !sv.mark.given || sv.mark.ok}
	if sv.port.ok && !sv.mark.given {
		sv.port.value = addresses.value[0].value.Port()
	}
	slices.Sort(sv.families)
	sv.families = slices.Compact(sv.families)
	sv.Protocol = protocol.value
	return protocol
}

// keys are what the kernel would know the service by, with the place of each.
func (sv *service) keys(protocol field[string]) (keys []field[string]) {
	if sv.Mark != 0 {
		return []field[string]{{value: fmt.Sprintf("fwmark %d of family %v", sv.Mark, sv.families), at: sv.mark.at, text: sv.mark.text, given: true, ok: true}}
	}
	for _, a := range sv.addresses {
		if a.ok && protocol.ok && !sv.mark.given {
			keys = append(keys, field[string]{value: protocol.value + " " + a.value.String(), at: a.at, text: a.text, given: true, ok: true})
		}
	}
	return keys
}

// shown is one of its keys as messages show it.
func (sv *service) shown(key, protocol field[string]) string {
	if sv.Mark != 0 {
		return "fwmark " + key.shown() + " of that family"
	}
	return key.shown() + " with protocol " + protocol.shown()
}

// checkFamily reports a server that the kernel could not reach from a service:
// NAT and direct routing keep the packet, only a tunnel has one of another family
// in it. The kernel's protocol for connections cannot speak of those.
func (r *reader) checkFamily(sv *service, s *server, synced bool) {
	if s.Find != nil {
		r.checkFind(sv, s, synced)
		return
	}
	if !s.address.ok {
		return
	}
	mine := familyOf(s.Address.Addr())
	if !slices.ContainsFunc(sv.families, func(f family) bool { return f != mine }) {
		return
	}
	switch {
	case s.Forwarding == "nat" || s.Forwarding == "dr":
		r.fail(s.address.at, "Mixed families without a tunnel", fmt.Sprintf(
			"%s is %s and the virtual server is %s: only forwarding \"tun\" leads from one to the other.", s.address.shown(), mine, spoken(sv.families)))
	case s.Forwarding == "tun" && synced:
		r.fail(s.address.at, "Mixed families with connection_sync", fmt.Sprintf(
			"%s is %s and the virtual server is %s: the kernel refuses such a server while it synchronises connections. Remove ipvs.connection_sync, or give the server an address of the other family.",
			s.address.shown(), mine, spoken(sv.families)))
	}
}

// portless are the checks that connect to no port.
var portless = []string{"exec", "ping", "file", "none"}

// checkPorts reports a check that has no port from anywhere: a firewall mark is of
// none.
func (r *reader) checkPorts(sv *service, s *server) {
	at := s.address.at
	if s.Find != nil {
		at = s.find.at
	}
	if !sv.mark.given || !s.address.ok && s.Find == nil || !sv.port.ok || s.Find != nil && s.Find.Kind == "srv" {
		return
	}
	for _, c := range s.Checks {
		if c.Target.Port() == 0 && !slices.Contains(portless, c.Kind) {
			r.fail(at, "Check without a port", fmt.Sprintf(
				"A firewall mark has no port, so check %q of %s does not know where to connect: give the check a port.", c.Kind, s.block.title()))
			return
		}
	}
}

// reachable accepts a server's address that IPVS can send to.
func reachable(a netip.Addr, v value) error {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return complain("%s is a link-local address; IPVS knows no interface to reach it by.", v)
	}
	return nil
}

// spoken is families in a sentence.
func spoken(families []family) string {
	if len(families) > 1 {
		return "IPv4 and IPv6"
	}
	return fmt.Sprint(families[0])
}
