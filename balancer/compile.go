package balancer

import (
	"fmt"
	"iter"
	"net/netip"

	"github.com/hald-project/hald/ipvsctl"
)

// service is a Service with its names resolved to what the kernel calls them.
type service struct {
	Service
	keys    []ipvsctl.Key // one for each address, or that of the mark
	flags   ipvsctl.Flags
	members []member // real servers in order, then the sorry server
	failed  action   // what becomes of a failed server
	waits   bool     // servers of it have never been found yet
	asking  bool     // and may be soon: the first answer is not in
	given   *Service // with the servers to be found; nil: it has none
}

// member is one server of a service.
type member struct {
	name         string
	address      netip.AddrPort // port 0: the service's
	weight       int
	upper, lower uint32
	method       ipvsctl.Method
	tunnel       ipvsctl.Encapsulation
	disabled     bool
	sorry        bool
	found        bool      // its address was found under a name, or in a file
	checks       []checkID // they run, and are known by what they are
	scales       []checkID // those of them that give it its weight
}

// onFail is the configuration's words for what becomes of a failed server.
var onFail = map[string]action{"remove": remove, "drain": leave, "quiesce": quiesce}

// compile resolves a service, and notes its checks. The error names the first value
// that means nothing here; the director checks them all before.
func compile(s Service, all checks) (compiled service, err error) {
	keys, err := keysOf(s)
	if err != nil {
		return compiled, fmt.Errorf("virtual server %q: %w", s.Name, err)
	}
	flags, err := flagsOf(s)
	if err != nil {
		return compiled, fmt.Errorf("virtual server %q: %w", s.Name, err)
	}
	failed, known := onFail[s.OnFail]
	if !known {
		return compiled, fmt.Errorf("virtual server %q: unknown on_fail %q", s.Name, s.OnFail)
	}
	servers, real := s.Servers, len(s.Servers)
	if s.Sorry != nil {
		servers = append(servers[:real:real], *s.Sorry)
	}
	s.Servers, s.Sorry = nil, nil
	compiled = service{Service: s, keys: keys, flags: flags, failed: failed, members: make([]member, 0, len(servers))}
	for i, server := range servers {
		method, err := ipvsctl.ParseMethod(server.Forwarding)
		if err != nil {
			return compiled, fmt.Errorf("virtual server %q: server %q: %w", s.Name, server.Name, err)
		}
		tunnel, err := encapsulation(server.Tunnel)
		if err != nil {
			return compiled, fmt.Errorf("virtual server %q: server %q: %w", s.Name, server.Name, err)
		}
		m := member{
			name: server.Name, address: server.Address, weight: server.Weight, upper: server.Upper, lower: server.Lower, method: method, tunnel: tunnel,
			disabled: server.Disabled, sorry: i == real, found: server.Find != nil,
		}
		for i := range server.Checks {
			check := &server.Checks[i]
			id := all.note(check, s.target(check, server.Address))
			m.checks = append(m.checks, id)
			if check.Weighs {
				m.scales = append(m.scales, id)
			}
		}
		compiled.members = append(compiled.members, m)
	}
	return compiled, nil
}

// first is the service address that status and events speak of.
func (s *service) first() ipvsctl.Key {
	if len(s.keys) == 0 {
		return ipvsctl.Key{}
	}
	return s.keys[0]
}

// destination is the member in the table of one service address.
func (m *member) destination(key ipvsctl.Key, weight int) ipvsctl.Destination {
	return ipvsctl.Destination{Address: m.at(key), Method: m.method, Weight: weight, Upper: m.upper, Lower: m.lower, Tunnel: m.tunnel}
}

// at is the member's address behind one service address: port 0 is the
// service's.
func (m *member) at(key ipvsctl.Key) netip.AddrPort { return m.place().behind(key) }

// behind is where a server with this identity is behind a service address.
func (p place) behind(key ipvsctl.Key) netip.AddrPort {
	if p.address.Port() != 0 {
		return p.address
	}
	return netip.AddrPortFrom(p.address.Addr(), key.Address.Port())
}

// behind is a server's address behind the first service address, which status and events show.
func (s *service) behind(p place) netip.AddrPort { return p.behind(s.first()) }

// probed are the checks that run: a disabled server is left in peace.
func (m *member) probed() []checkID {
	if m.disabled {
		return nil
	}
	return m.checks
}

// probed are those of all members, more than once where members share them.
func (s *service) probed() iter.Seq[checkID] {
	return func(yield func(checkID) bool) {
		for i := range s.members {
			for _, id := range s.members[i].probed() {
				if !yield(id) {
					return
				}
			}
		}
	}
}

// place is a member's identity.
func (m *member) place() place { return place{address: m.address, sorry: m.sorry} }
