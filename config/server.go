package config

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// server is a Server with the places its later checks point at.
type server struct {
	Server
	block   *block
	address field[netip.AddrPort]
	find    field[string] // given: instead of the address
	weight  field[int]
}

// readServers reads the real_server blocks of a service.
func (r *reader) readServers(b *block, forwarding field[string], port field[uint16], checks []serviceCheck) []server {
	blocks := b.blocks("real_server")
	all, names := r.rack.cleared()
	for _, sb := range blocks {
		r.checkLabel(sb)
		r.unique(names, sb.label, sb.labelAt, "Duplicate real_server")
		s := r.readServer(sb, forwarding)
		own := checks
		if len(sb.nested["check"]) > 0 {
			own = r.readChecks(sb)
		}
		if s.address.ok && port.ok {
			s.Checks = r.aim(own, s.Address, port.value)
		}
		if s.Find != nil {
			s.Checks = r.aim(own, s.Address, 0)
		}
		all = append(all, s)
	}
	r.rack.servers = all
	return all
}

// rack is where the servers of one service are while it is read, and what is asked of each. The next service has it
// after that: each is a kilobyte.
type rack struct {
	servers []server
	names   map[string]hcl.Range
	taken   map[seat]sitter
}

// seat is a place in the kernel's table: behind a service's port, at an address.
type seat struct {
	port uint16
	at   netip.AddrPort
}

// sitter is the server that has it, and the port that it was given; 0: none.
type sitter struct {
	name string
	port uint16
}

func (k *rack) cleared() (servers []server, names map[string]hcl.Range) {
	if k.names == nil {
		k.names, k.taken = make(map[string]hcl.Range), make(map[seat]sitter)
	}
	clear(k.servers)
	clear(k.names)
	clear(k.taken)
	return k.servers[:0], k.names
}

// readServer reads a real_server or sorry_server without its checks.
func (r *reader) readServer(b *block, inherited field[string]) server {
	s := server{block: b}
	r.readWhere(b, &s)
	forwarding := read(r, b, "forwarding", oneOf(forwardings))
	if !forwarding.given {
		forwarding = inherited
	}
	if s.address.ok && forwarding.ok && forwarding.value == "dr" && s.address.value.Port() != 0 {
		r.fail(s.address.at, "Port on a direct-routing server", fmt.Sprintf(
			"%s has a port, but with forwarding \"dr\" packets reach the server unchanged: leave the port out, or forward with \"nat\" or \"tun\".", s.address.shown()))
	}
	s.weight = read(r, b, "weight", integer(0, 65535)).or(1)
	upper := read(r, b, "upper_threshold", integer(0, 1<<32-1)).or(0)
	lower := read(r, b, "lower_threshold", integer(0, 1<<32-1)).or(0)
	if upper.ok && lower.ok && lower.value > upper.value {
		r.fail(lower.at, "Invalid lower_threshold", fmt.Sprintf("%s is above upper_threshold, which is %s. New connections start again when the count falls below the lower one.", lower.shown(), upper.shown()))
	}
	s.Name = b.label
	if s.Find == nil {
		s.Address = s.address.value
	}
	s.Forwarding = forwarding.value
	s.Weight = s.weight.value
	s.UpperThreshold, s.LowerThreshold = uint32(upper.value), uint32(lower.value)
	s.Disabled = read(r, b, "disabled", boolean).or(false).value
	return s
}

// checkSeat reports a server, or sorry server, that is one with another of the same service for the kernel: without a
// port of its own it has the service's. And it warns of one that is where clients connect to.
func (r *reader) checkSeat(sv *service, s *server) {
	if !s.address.ok {
		return
	}
	other, again := sitter{}, false
	if len(sv.addresses) == 0 {
		other, again = r.rack.sit(s, 0)
	}
	for i := 0; i < len(sv.addresses) && !again; i++ {
		other, again = r.rack.sit(s, sv.addresses[i].value.Port())
	}
	if again {
		why := ""
		if other.port != s.Address.Port() {
			why = ": without a port it has the virtual server's"
		}
		r.fail(s.address.at, "Duplicate real server address", fmt.Sprintf("%s is already the address of real_server %q in this virtual server%s.", s.address.shown(), other.name, why))
	}
	if slices.ContainsFunc(sv.addresses, func(a field[netip.AddrPort]) bool { return a.ok && a.value.Addr() == s.Address.Addr() }) {
		r.source.warn(&s.address.at, "Real server at a virtual address", fmt.Sprintf(
			"%s is where clients connect to: a director that is master would be the server itself, and the others would check the master.", s.address.shown()))
	}
}

// sit gives a server its place behind a service's port, or tells who has it.
func (k *rack) sit(s *server, port uint16) (other sitter, taken bool) {
	place := seat{port, s.Address}
	if s.Address.Port() == 0 {
		place.at = netip.AddrPortFrom(s.Address.Addr(), port)
	}
	if other, taken = k.taken[place]; taken {
		return other, other.name != s.Name
	}
	k.taken[place] = sitter{s.Name, s.Address.Port()}
	return sitter{}, false
}
