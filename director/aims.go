package director

import (
	"net/netip"
	"slices"

	"github.com/hald-project/hald/balancer"
	"github.com/hald-project/hald/config"
)

// aims are the checks of a service's servers, which most servers share once the targets are told as the server's own.
type aims struct {
	was, now []config.Check // of the server before, and of this one
	made     []balancer.Check
}

// of are the checks of the next server.
func (a *aims) of(s config.Service, r config.Server) []balancer.Check {
	a.now = append(a.now[:0], r.Checks...)
	for i := range a.now {
		a.now[i].Target = own(a.now[i], s, r)
	}
	if slices.Equal(a.now, a.was) {
		return a.made
	}
	a.was, a.now, a.made = a.now, a.was, nil
	for _, c := range a.was {
		a.made = append(a.made, check(c))
	}
	return a.made
}

// own is a check's target, with 0.0.0.0 and port 0 where it is the server's. One of a server to be found has
// them already, and one of a file is none.
func own(c config.Check, s config.Service, r config.Server) netip.AddrPort {
	if r.Find != nil || c.Kind == "file" {
		return c.Target
	}
	address, port := c.Target.Addr(), c.Target.Port()
	if address == r.Address.Addr() {
		address = netip.IPv4Unspecified()
	}
	theirs := r.Address.Port()
	if theirs == 0 && len(s.Addresses) > 0 {
		theirs = s.Addresses[0].Port()
	}
	if port == theirs {
		port = 0
	}
	return netip.AddrPortFrom(address, port)
}
