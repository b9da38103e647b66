package election

import (
	"net/netip"

	"github.com/hald-project/hald/netif"
)

// Holding is what an instance has on one interface, and how much of it is there
// as the kernel last told.
type Holding struct {
	Interface  string   `json:"interface"`
	Addresses  []string `json:"addresses"`
	Held       int      `json:"held"` // of these addresses
	Routes     []string `json:"routes"`
	HeldRoutes int      `json:"held_routes"` // of these routes
}

// Holdings are what an instance has where, in the order of the configuration.
// With no links nothing is held.
func (c Instance) Holdings(links netif.Links) []Holding {
	at := map[string]int{}
	list := []Holding{}
	on := func(name string) *Holding {
		if _, known := at[name]; !known {
			at[name] = len(list)
			list = append(list, Holding{Interface: name, Addresses: []string{}, Routes: []string{}})
		}
		return &list[at[name]]
	}
	present := map[string]map[netip.Prefix]bool{}
	for _, a := range c.Addresses {
		name := c.linkOf(a)
		if present[name] == nil {
			present[name] = marked(links[name])
		}
		h := on(name)
		h.Addresses = append(h.Addresses, a.Prefix.String())
		if present[name][a.Prefix] {
			h.Held++
		}
	}
	for _, r := range c.routes() {
		h := on(r.Interface)
		h.Routes = append(h.Routes, r.String())
		for _, held := range links[r.Interface].Routes {
			if held.Key() == r.key() {
				h.HeldRoutes++
			}
		}
	}
	return list
}

// marked are the addresses on a link that may be ours: where the kernel keeps no
// marks, all.
func marked(l netif.Link) map[netip.Prefix]bool {
	set := make(map[netip.Prefix]bool, len(l.Addrs))
	for _, a := range l.Addrs {
		if a.Ours() || a.Protocol == 0 {
			set[a.Prefix] = true
		}
	}
	return set
}
