package config

import (
	"fmt"
	"net/netip"

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

// readServers reads the real_server blocks of a service and compares them.
func (r *reader) readServers(b *block, forwarding field[string], port field[uint16], checks []serviceCheck) []server {
	blocks := b.blocks("real_server")
	all, names, taken := r.rack.cleared()
	for _, sb := range blocks {
		r.checkLabel(sb)
		r.unique(names, sb.label, sb.labelAt, "Duplicate real_server")
		s := r.readServer(sb, forwarding)
		own := checks
		if len(sb.nested["check"]) > 0 {
			own = r.readChecks(sb)
		}
		if s.address.ok {
			if other, again := taken[s.Address]; again {
				r.fail(s.address.at, "Duplicate real server address", fmt.Sprintf("%s is already the address of real_server %q in this virtual server.", s.address.shown(), other))
			}
			taken[s.Address] = sb.label
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
	taken   map[netip.AddrPort]string
}

func (k *rack) cleared() (servers []server, names map[string]hcl.Range, taken map[netip.AddrPort]string) {
	if k.names == nil {
		k.names, k.taken = make(map[string]hcl.Range), make(map[netip.AddrPort]string)
	}
	clear(k.servers)
	clear(k.names)
	clear(k.taken)
	return k.servers[:0], k.names, k.taken
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

// checkSorry reports a sorry server that is a real server as well: the kernel
// has one entry for both.
func (r *reader) checkSorry(sorry server, servers []server) {
	for _, s := range servers {
		if sorry.address.ok && s.address.ok && s.Address == sorry.Address {
			r.fail(sorry.address.at, "Duplicate real server address", fmt.Sprintf("%s is already the address of real_server %q in this virtual server.", sorry.address.shown(), s.Name))
		}
	}
}
