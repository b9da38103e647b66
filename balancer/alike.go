package balancer

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// Servers are written down by what they have in common: ten thousand servers of which most differ in name and address
// alone are megabytes otherwise, made and read whenever a balancer begins.
type Servers []Server

// alike are servers that follow each other.
type alike struct {
	Like Server `json:"like"`          // the first, without name and address
	Who  string `json:"who,omitempty"` // a line for each: its name, a space, its address; empty: Like is a single server, whole
}

// MarshalJSON writes lists of servers that are alike.
func (all Servers) MarshalJSON() ([]byte, error) {
	groups := []alike{}
	for left := all; len(left) > 0; {
		n, who := 0, strings.Builder{}
		for n < len(left) && left[n].plain() && left[n].resembles(&left[0]) {
			fmt.Fprintf(&who, "%s %s\n", left[n].Name, left[n].Address)
			n++
		}
		like := left[0]
		if n > 0 {
			like.Name, like.Address = "", netip.AddrPort{}
		}
		groups = append(groups, alike{like, who.String()})
		left = left[max(n, 1):]
	}
	return json.Marshal(groups)
}

// plain tells whether a name and an address are enough, beside what a server has in common with others.
func (s *Server) plain() bool { return s.Find == nil && s.Address.IsValid() }

// resembles tells whether two servers have all in common but name and address. It may say no where they do.
func (s *Server) resembles(o *Server) bool {
	return s.Forwarding == o.Forwarding && s.Tunnel == o.Tunnel && s.Weight == o.Weight && s.Upper == o.Upper && s.Lower == o.Lower && s.Disabled == o.Disabled &&
		len(s.Checks) == len(o.Checks) && (len(s.Checks) == 0 || &s.Checks[0] == &o.Checks[0])
}

// UnmarshalJSON reads what MarshalJSON writes. Servers that are alike share their checks.
func (all *Servers) UnmarshalJSON(b []byte) error {
	var groups []alike
	if err := json.Unmarshal(b, &groups); err != nil {
		return err
	}
	n := 0
	for _, g := range groups {
		n += max(1, strings.Count(g.Who, "\n"))
	}
	*all = make(Servers, 0, n)
	for _, g := range groups {
		if g.Who == "" {
			*all = append(*all, g.Like)
		}
		for line := range strings.Lines(g.Who) {
			one := g.Like
			name, address, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("address of server %q: %w", name, err)
			}
			one.Name, one.Address = name, at
			*all = append(*all, one)
		}
	}
	return nil
}
