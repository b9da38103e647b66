package realserver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/hald-project/hald/config"
)

// Role is what the configuration wants of one machine: for each virtual server that
// counts it among its real servers, how packets reach it.
type Role struct {
	Services []Service // in file order
	Notes    []string  // what the configuration leaves to the operator
	Director string    // as which this machine could hold one of the addresses; empty: as none
}

// Service is one virtual server and how it reaches this machine.
type Service struct {
	Name       string
	Server     string     // name of the real_server
	Address    netip.Addr // the machine's, as the configuration has it
	Forwarding string     // "nat", "dr" or "tun"
	Tunnel     config.Tunnel
	Virtual    []netip.Addr // what clients connect to; empty for a firewall mark
}

// Find tells the role of the machine that has these addresses and this host name. views are the
// configuration as each director sees it. It is an error if the machine is none of the
// real servers, or, where only is not empty, none of that virtual server's.
func Find(views []*config.Config, own []netip.Addr, host, only string) (Role, error) {
	var role Role
	var names, servers []string
	part := false
	for _, view := range views {
		for _, sv := range view.Services {
			names = append(names, sv.Name)
			for _, s := range withSorry(sv) {
				mine := s.Find == nil && slices.Contains(own, s.Address.Addr())
				if mine {
					role.add(sv, s)
				}
				if only == "" || only == sv.Name {
					servers, part = append(servers, shown(s)), part || mine
				}
			}
		}
	}
	if only != "" && !slices.Contains(names, only) {
		return Role{}, fmt.Errorf("there is no virtual_server %q; there is %s", only, listed(names, "none"))
	}
	if !part {
		of := "the cluster"
		if only != "" {
			of = fmt.Sprintf("virtual_server %q", only)
		}
		return Role{}, fmt.Errorf("this machine is no real server of %s: it has %s, and the real servers are %s",
			of, listed(texts(own), "no address"), listed(servers, "none"))
	}
	role.Director = role.director(views, own, host)
	return role, nil
}

func shown(s config.Server) string {
	if s.Find != nil {
		return fmt.Sprintf("%s (found by %s, so that it cannot be told from here)", s.Name, s.Find.Kind)
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.Address.Addr())
}

func withSorry(sv config.Service) []config.Server {
	if sv.Sorry == nil {
		return sv.Servers
	}
	return append(slices.Clone(sv.Servers), *sv.Sorry)
}

// add takes note of a service, once for all directors that see it alike.
func (r *Role) add(sv config.Service, s config.Server) {
	found := Service{Name: sv.Name, Server: s.Name, Address: s.Address.Addr(), Forwarding: s.Forwarding, Tunnel: s.Tunnel}
	for _, a := range sv.Addresses {
		if !slices.Contains(found.Virtual, a.Addr()) {
			found.Virtual = append(found.Virtual, a.Addr())
		}
	}
	if slices.ContainsFunc(r.Services, found.equal) {
		return
	}
	r.Services = append(r.Services, found)
	switch {
	case s.Forwarding == "nat":
		r.note("virtual_server %q reaches %s by NAT: nothing is to be set up, but its answers must leave through the master", sv.Name, s.Name)
	case sv.Mark != 0:
		r.note("virtual_server %q takes packets of a firewall mark, whose addresses the configuration does not tell: put them on lo yourself", sv.Name)
	}
}

func (s Service) equal(o Service) bool {
	return s.Name == o.Name && s.Server == o.Server && s.Address == o.Address && s.Forwarding == o.Forwarding && s.Tunnel == o.Tunnel && slices.Equal(s.Virtual, o.Virtual)
}

func (r *Role) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(r.Notes, text) {
		r.Notes = append(r.Notes, text)
	}
}

// director is the one that this machine is and that could become master of one of the
// role's addresses; empty if there is none.
func (r Role) director(views []*config.Config, own []netip.Addr, host string) string {
	short, _, _ := strings.Cut(host, ".")
	for _, view := range views {
		d := view.Director
		if !slices.Contains(own, d.Address) && !strings.EqualFold(d.Name, host) && !strings.EqualFold(d.Name, short) {
			continue
		}
		for _, in := range view.Instances {
			if slices.ContainsFunc(in.Addresses, func(a config.Address) bool { return r.holds(a.Prefix.Addr()) }) {
				return d.Name
			}
		}
	}
	return ""
}

// Conflict says why this machine must not hold the role's addresses on lo, if so.
func (r Role) Conflict() error {
	if r.Director == "" {
		return nil
	}
	return fmt.Errorf("this machine is director %q, which may become master of these addresses: with them on lo it would answer its clients itself, as master and as backup", r.Director)
}

func (r Role) holds(addr netip.Addr) bool {
	return slices.ContainsFunc(r.Services, func(s Service) bool { return s.Forwarding != "nat" && slices.Contains(s.Virtual, addr) })
}

func texts[T fmt.Stringer](values []T) (all []string) {
	for _, v := range values {
		all = append(all, v.String())
	}
	return all
}

func listed(all []string, none string) string {
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return none
	}
	return strings.Join(all, ", ")
}
