package balancer

import (
	"net/netip"
	"slices"
	"time"

	"github.com/hald-project/hald/discovery"
)

// finding is what is known of a source.
type finding struct {
	servers []discovery.Server // of the last good answer
	known   bool               // there was one, now or in an earlier life
	good    time.Time          // when; zero: in an earlier life
	failure string             // of the last answer, empty when it was good
}

type findings map[Source]finding

// assemble compiles a service with the servers that were found.
func assemble(s Service, f findings, all checks) (service, error) {
	compiled, err := compile(expand(s, f), all)
	if !s.finds() {
		return compiled, err
	}
	compiled.given = &s
	for _, m := range s.Servers {
		if m.Find == nil || f[*m.Find].known {
			continue
		}
		compiled.waits = true
		compiled.asking = compiled.asking || f[*m.Find].failure == ""
	}
	return compiled, err
}

// finds tells whether a service has servers to be found.
func (s Service) finds() bool {
	return slices.ContainsFunc(s.Servers, func(m Server) bool { return m.Find != nil })
}

// asks tells whether a service has servers to be found in a source.
func (s *service) asks(source Source) bool {
	return s.given != nil && slices.ContainsFunc(s.given.Servers, func(m Server) bool { return m.Find != nil && *m.Find == source })
}

// expand puts the servers that were found in the place of those to be found, each with
// a name of its own. One with an address that another server of the service has is left out:
// the kernel has one entry for both.
func expand(s Service, f findings) Service {
	if !s.finds() {
		return s
	}
	taken := make(map[netip.AddrPort]bool)
	for _, m := range s.Servers {
		if m.Find == nil {
			taken[s.at(m.Address)] = true
		}
	}
	if s.Sorry != nil {
		taken[s.at(s.Sorry.Address)] = true
	}
	all := make([]Server, 0, len(s.Servers))
	for _, m := range s.Servers {
		if m.Find == nil {
			all = append(all, m)
			continue
		}
		for _, found := range f[*m.Find].servers {
			one := s.found(m, found)
			if !taken[s.at(one.Address)] {
				taken[s.at(one.Address)] = true
				all = append(all, one)
			}
		}
	}
	s.Servers = all
	return s
}

// found is one of the servers that are meant by m.
func (s Service) found(m Server, found discovery.Server) Server {
	port := found.Address.Port()
	m.Name += "/" + found.Address.Addr().String()
	if port != 0 {
		m.Name = m.Name[:len(m.Name)-len(found.Address.Addr().String())] + found.Address.String()
	} else {
		port = m.Address.Port()
	}
	m.Address = netip.AddrPortFrom(found.Address.Addr(), port)
	if found.Weight != nil {
		m.Weight = *found.Weight
	}
	return m
}

// target is what a check of a server is of.
func (s Service) target(c *Check, server netip.AddrPort) netip.AddrPort {
	switch c.Kind {
	case "file":
		return c.Target
	case "ping":
		return netip.AddrPortFrom(s.aim(c.Target, server).Addr(), 0)
	}
	return s.aim(c.Target, server)
}

// aim fills in what a check's target leaves to the server.
func (s Service) aim(target, server netip.AddrPort) netip.AddrPort {
	address, port := target.Addr(), target.Port()
	if address.IsUnspecified() {
		address = server.Addr()
	}
	if port == 0 {
		port = s.at(server).Port()
	}
	return netip.AddrPortFrom(address, port)
}

// at is a server's address behind the first address of the service.
func (s Service) at(server netip.AddrPort) netip.AddrPort {
	if server.Port() != 0 || len(s.Addresses) == 0 {
		return server
	}
	return netip.AddrPortFrom(server.Addr(), s.Addresses[0].Port())
}

// sources are what has to be asked.
func sources(services []*virtual) map[Source]bool {
	all := make(map[Source]bool)
	for _, v := range services {
		if v.service.given == nil {
			continue
		}
		for _, m := range v.service.given.Servers {
			if m.Find != nil {
				all[*m.Find] = true
			}
		}
	}
	return all
}
